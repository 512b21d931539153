"""A log in a folder of its own."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from log_samples import CUSTOMER

from estampe.log import SqliteEventLog, history, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the log."""
    return path_of(tmp_path, CUSTOMER)


@pytest.fixture
def log(path: Path) -> Iterator[SqliteEventLog]:
    """A new log."""
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        yield log


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seal twenty events at a time."""
    monkeypatch.setattr(history, "SEGMENT_EVENTS", 20)
