"""The suite that every engine behind `EventLog` must pass."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from engines import ENGINES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engines import Engine

    from estampe.log import EventLog


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine with everything in it small."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        engine = ENGINES[request.param]
        engine.shrink(monkeypatch)
        yield engine


@pytest.fixture
def log(engine: Engine, tmp_path: Path) -> Iterator[EventLog]:
    """A new log."""
    with closing(engine.open(tmp_path)) as log:
        yield log
