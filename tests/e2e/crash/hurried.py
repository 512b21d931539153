"""`estampe` with small segments and a short WAL, so that sealing and checkpoints happen all the time.

The code is the same; only the thresholds are lower, the clock follows `Marks.shift_s`, and `Marks` shows what the
engine is at. Run as `python -m tests.e2e.crash.hurried MARKS serve --data …`.
"""

from __future__ import annotations

import sys
import time
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.e2e.crash.marks import Marks

from estampe.cli import main
from estampe.log import SqliteEventLog, history, keeper, seen, sqlite
from estampe.log.clock import Clock
from estampe.log.history import History
from estampe.log.keeper import Keeper
from estampe.log.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS: dict[str, tuple[type, str]] = {
    "opening": (SqliteEventLog, "__init__"),
    "committing": (Writer, "_commit"),
    "sealing": (History, "seal_oldest"),
    "replacing rows": (History, "_store"),
    "checkpointing": (Keeper, "_checkpoint"),
}

THRESHOLDS = {
    "SEGMENT_EVENTS": 1_024,
    "RECENT_EVENTS": 2_048,
    "FILTER_IDS": 1 << 15,
    "WAL_BYTES": 1 << 18,
    "LONG_WAL_BYTES": 1 << 20,
    "PAUSE_S": 0.02,
}


def hurry() -> None:
    """Lower every threshold, wherever the engine has it."""
    for name, value in THRESHOLDS.items():
        owners = [module for module in (history, keeper, seen, sqlite) if hasattr(module, name)]
        if not owners:
            raise LookupError(f"the engine has no {name} any more")
        for owner in owners:
            setattr(owner, name, value)


def show(marks: Marks) -> None:
    """Mark every step while it lasts."""
    for phase, (owner, name) in STEPS.items():
        setattr(owner, name, marked(marks, phase, getattr(owner, name)))


def marked(marks: Marks, phase: str, step: Callable[..., Any]) -> Callable[..., Any]:
    """Return a step that shows when it runs."""

    @wraps(step)
    def run(*args: Any, **options: Any) -> Any:
        with marks.at(phase):
            return step(*args, **options)

    return run


def shift(marks: Marks) -> None:
    """Let the engine's clock follow the marks'."""
    Clock.__init__.__defaults__ = (lambda: time.time() + marks.shift_s, time.monotonic)


if __name__ == "__main__":
    shared = Marks(Path(sys.argv.pop(1)))
    hurry()
    show(shared)
    shift(shared)
    main()
