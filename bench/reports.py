"""Reading reports of bounces, beside what else reads them in Python; all in one process, on one core."""

from __future__ import annotations

import sys
import time
from email import message_from_bytes
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from accuracy.corpus import corpus
from estampe.bounces.reading import findings
from process import Unavailable
from report import Aim, Section, Table
from rounds import interleave, middle, spread, times

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from options import Options

METHOD = """\
Each reads every mail of the corpus that accuracy is measured with ([bounces.md](bounces.md)), from its bytes to the
recipients that it finds, in this process and on one core. Estampe gives each recipient its codes, its diagnostic, what
names the original, and a judged verdict too; what it remembers of earlier mails is forgotten before each round.
flufl.bounce (`all_failures`) says which addresses failed for good and which for now; the standard library's `email` is
only asked for the recipients of standard notifications (RFC 3464). Both parse with `email.message_from_bytes`."""
OURS, FLUFL, STANDARD = "Estampe, read and judged", "flufl.bounce", "email, RFC 3464 only"
LEAST = 1_000
COLUMNS = ("reader", "mails/s", "lowest-highest", "÷ flufl.bounce", "mails with recipients")


class Read(NamedTuple):
    """A round: mails a second, and mails in which recipients were found."""

    speed: float
    found: int


def run(options: Options) -> Section:
    """Read the corpus in several ways.

    Raises:
        Unavailable: flufl.bounce is not installed.
    """
    mails = list(corpus().mails.values())
    readers = {OURS: _estampe, FLUFL: _flufl(), STANDARD: _standard}
    seen = interleave(options.rounds, {name: partial(_read, reader, mails) for name, reader in readers.items()})
    speeds = {name: middle(reads, _speed) for name, reads in seen.items()}
    rows = tuple(
        (
            name,
            f"{speeds[name]:,.0f}",
            spread(reads, _speed),
            times(speeds[name], speeds[FLUFL]),
            f"{reads[0].found / len(mails):.0%}",
        )
        for name, reads in seen.items()
    )
    return Section(
        title="Reading reports of bounces",
        method=METHOD,
        tables=(Table(caption=f"{len(mails)} mails, median of {options.rounds} rounds", columns=COLUMNS, rows=rows),),
        aims=(
            Aim(
                aim=f"at least {LEAST:,} reports of bounces a second on one core",
                reached=f"{speeds[OURS]:,.0f}, {times(speeds[OURS], speeds[FLUFL])} of flufl.bounce",
                met=speeds[OURS] >= LEAST,
            ),
        ),
    )


def _read(reader: Callable[[bytes], int], mails: Sequence[bytes]) -> Read:
    _forget()
    begun = time.process_time()
    found = sum(reader(mail) > 0 for mail in mails)
    return Read(len(mails) / (time.process_time() - begun), found)


def _forget() -> None:
    """Empty what functions of Estampe remember."""
    for name, module in list(sys.modules.items()):
        if name.startswith("estampe."):
            for value in vars(module).values():
                getattr(value, "cache_clear", lambda: None)()


def _speed(read: Read) -> float:
    return read.speed


def _estampe(mail: bytes) -> int:
    return len(findings(mail))


def _flufl() -> Callable[[bytes], int]:
    try:
        from flufl.bounce import all_failures  # noqa: PLC0415  only the benchmarks have it
    except ImportError as error:
        raise Unavailable("flufl.bounce is not installed") from error
    return lambda mail: sum(map(len, all_failures(message_from_bytes(mail))))


def _standard(mail: bytes) -> int:
    parts = (part for part in message_from_bytes(mail).walk() if part.get_content_type() == "message/delivery-status")
    groups = (group for part in parts if part.is_multipart() for group in part.get_payload())
    return sum("final-recipient" in group for group in groups)
