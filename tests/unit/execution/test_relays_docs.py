"""The examples of docs/relays.md are read as settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from estampe.execution.relaying.relay import _SCHEMES
from estampe.execution.relaying.relays import Relays, parse_schedule
from estampe.settings import Settings

PAGE = (Path(__file__).parents[3] / "docs/relays.md").read_text()
EXAMPLES = [line for line in PAGE.splitlines() if line.startswith("ESTAMPE_")]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_can_be_used(example: str) -> None:
    variable, _, value = example.partition("=")
    settings = Settings.from_env({variable: value})
    Relays(settings)
    parse_schedule(settings.retry_schedule)


def test_every_scheme_and_its_port_is_told() -> None:
    rows = [line.split("|")[1:3] for line in PAGE.splitlines() if line.startswith("| `smtp")]
    assert [(scheme.strip(" `:/"), int(port)) for scheme, port in rows] == [
        (scheme, port) for scheme, (_, port) in _SCHEMES.items()
    ]
