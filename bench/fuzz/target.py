"""The target: one broken mail after another, by atheris, which follows the coverage of what reads and judges."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["estampe.bounces", "estampe.verdicts"]):
    from bench.fuzz.faults import broken, faults

FAULTY = Path(__file__).parents[1] / ".work/fuzz/faulty/raised"
OURS = 0.5
"""How many are broken line by line; the others as atheris likes."""


def once(octets: bytes) -> None:
    """Read a mail.

    Raises:
        AssertionError: something in what was read is ill-formed.
    """
    try:
        fault = next(faults(octets), "")
        assert not fault, fault  # noqa: S101  what atheris looks for
    except Exception:  # it ends the process at once
        FAULTY.write_bytes(octets)
        raise


def mutated(octets: bytes, most: int, seed: int) -> bytes:
    """Return a mail broken in another way; as atheris asks for it."""
    chance = random.Random(seed)  # noqa: S311  no secret
    found: bytes = broken(octets, chance)[:most] if chance.random() < OURS else atheris.Mutate(octets, most)
    return found


if __name__ == "__main__":
    atheris.Setup(sys.argv, once, custom_mutator=mutated)
    atheris.Fuzz()
