"""What all tests share."""

from __future__ import annotations

import logging
import os
import signal
from typing import TYPE_CHECKING

import pytest
import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["postgresql"]


def pytest_configure() -> None:
    """Hear Ctrl-C, and so do the programs that tests start: a shell lets what it runs in the background ignore it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in os.environ:
        if name.startswith("ESTAMPE_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def clean_journal() -> Iterator[None]:
    """What a test sets up to be logged ends with it."""
    handlers, level = list(logging.root.handlers), logging.root.level
    yield
    logging.root.handlers[:] = [handler for handler in logging.root.handlers if handler in handlers]
    logging.root.setLevel(level)
    structlog.reset_defaults()
