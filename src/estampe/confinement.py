"""Confinement: what processes of a server may see and take that work on what strangers wrote."""

from __future__ import annotations

import os
import resource
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEEN = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "PYTHONHOME")


def environment() -> dict[str, str]:
    """Return what such a process sees of the environment, which may hold passwords of relays and of the database."""
    return {name: os.environ[name] for name in _SEEN if name in os.environ}


def leave_ending_to_the_server() -> None:
    """Let neither Ctrl-C nor a service manager end this process: they tell the server, which decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a server that is gone is no fault to be told of


@contextmanager
def answers_within(memory: int) -> Iterator[BinaryIO]:
    """Give where answers go, standard output, and hold this process to its present size and so many bytes more."""
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what anything prints does not get between the answers
        _bound(memory)
        yield answers


def _bound(memory: int) -> None:
    """Set the ceiling, and leave no core, which might hold a key."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    size = Path("/proc/self/statm")
    if size.exists():  # on Linux; elsewhere address space says little
        ceiling = int(size.read_text().split()[0]) * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
