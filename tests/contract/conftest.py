"""The suite that every engine behind `EventLog` must pass."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from engines import ENGINES
from stored import AGES, stored_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engines import Engine
    from stored import Stored

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


@pytest.fixture(scope="module", params=AGES)
def stored(
    request: pytest.FixtureRequest, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stored]:
    """A log with new events, old ones, or both; only to be read."""
    with stored_in(engine, tmp_path_factory.mktemp("stored"), request.param) as stored:
        yield stored
