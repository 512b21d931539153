"""A reader: the process that reads agents, as the server sees it."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from estampe.confinement import environment
from estampe.tracking.agents.profiles import decode, raw

if TYPE_CHECKING:
    from estampe.tracking.agents.profiles import Profile

_MODULE = "estampe.tracking.agents.reading"

_TRIES = 2
_REST_S = 60.0
"""How long to wait after a process that did not get ready."""

_END_S = 10.0

log = logging.getLogger(__name__)


class Reader:
    """Reads agents in a process, which is started when there is one to read, and anew when it ends; for one thread.

    Parameters:
        module: what the process runs; see `reading.run`.
    """

    def __init__(self, module: str = _MODULE) -> None:
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._not_before_s = 0.0

    def read(self, agent: str) -> Profile | None:
        """Return what an agent tells: nothing if the process ends over it; None if none can be started."""
        for _ in range(_TRIES):
            process = self._process or self._start()
            if not process:
                return None
            if line := _answer(process, msgspec.json.encode(agent) + b"\n"):
                return decode(line)
            status = self._end(0)
            log.warning("the process that reads user agents ended (status %s) at %.200r", status, agent)
            if status == -signal.SIGPROF:
                break
        return raw(agent)

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._end(_END_S)

    def _start(self) -> subprocess.Popen[bytes] | None:
        if time.monotonic() < self._not_before_s:
            return None
        command = (sys.executable, "-P", "-m", self._module)
        with suppress(OSError):
            self._process = subprocess.Popen(  # noqa: S603  the command is ours
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
            )
            if _answer(self._process, b""):
                return self._process
            self._end(0)
        self._not_before_s = time.monotonic() + _REST_S
        log.critical("no process can be started to read user agents: hits tell nothing of them")
        return None

    def _end(self, seconds: float) -> int:
        """Let the process end, make it end after so many seconds, and return its status."""
        process, self._process = self._process, None
        if not process:
            return 0
        with process:  # closes the pipes
            with suppress(BrokenPipeError):
                process.stdin.close()  # type: ignore[union-attr]  # both are pipes
            try:
                return process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                return process.wait()


def _answer(process: subprocess.Popen[bytes], question: bytes) -> bytes:
    """Return the process's next line, whole; nothing if it has ended."""
    if not process.stdin or not process.stdout:
        return b""
    with suppress(BrokenPipeError):
        process.stdin.write(question)
        process.stdin.flush()
    line = process.stdout.readline()
    return line if line.endswith(b"\n") else b""
