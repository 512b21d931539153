"""Long work shows a bar on a terminal and plain lines elsewhere."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from estampe.cli import screen
from estampe.cli.screen import Bars, Lines, progress

if TYPE_CHECKING:
    import pytest


def test_elsewhere_than_on_a_terminal_it_is_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as report:
        report("checking pages", 0, None)
        report("reading", 1_000, 3_000)
        report("reading", 2_000, 3_000)
        report("reading", 3_000, 3_000)
    assert isinstance(report, Lines)
    assert capsys.readouterr().err.splitlines() == [
        "checking pages",
        "reading 1,000 of 3,000",
        "reading 3,000 of 3,000",
    ]


def test_each_thing_that_is_done_has_its_bar() -> None:
    bars = Progress(console=Console(quiet=True))
    report = Bars(bars)
    for done in (1, 2):
        report("reading", done, None)
    report("sealing", 5, 10)
    assert [(task.description, task.completed, task.total) for task in bars.tasks] == [
        ("reading", 2, None),
        ("sealing", 5, 10),
    ]


def test_brackets_in_what_is_done_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    terminal = Console(file=out, force_terminal=True, width=80)
    monkeypatch.setattr(screen, "Console", lambda **_: terminal)
    with progress() as report:
        report("reading [/a].json", 1, 2)
    assert "reading [/a].json" in out.getvalue()
