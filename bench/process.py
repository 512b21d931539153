"""Processes that a benchmark starts: their start, their cost, their end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

TICKS = os.sysconf("SC_CLK_TCK")


class Unavailable(Exception):
    """Something that a comparison needs is not here; the message says what."""


class Memory(NamedTuple):
    """Resident memory of a process and its descendants, bytes: all of it, and what is not in a file."""

    resident: int
    anonymous: int


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class Process:
    """A server of ours in its own process group, ready when its port answers.

    Parameters:
        command: what to run.
        port: the port of 127.0.0.1 that it will listen on; None: ready at once.
        log: the file that takes its output.
        env: variables in addition to ours.
        patience_s: how long it may take to answer, seconds.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        port: int | None = None,
        env: Mapping[str, str] | None = None,
        patience_s: float = 120,
    ) -> None:
        self._log = log
        with log.open("wb") as output:
            self._popen = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        try:
            if port is not None:
                self._await(port, time.monotonic() + patience_s)
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _await(self, port: int, deadline: float) -> None:
        while time.monotonic() < deadline:
            if self._popen.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        last = " ".join(self._log.read_text(errors="replace").split())[-300:]
        raise Unavailable(f"{self._log.stem} did not start; its output ends: {last}")

    def cpu_s(self, word: str = "") -> float:
        """Return the processor time that it and its descendants have taken, seconds.

        Parameters:
            word: counts those alone whose command has it.
        """
        return sum(_cpu_s(pid) for pid in _family(self._popen.pid) if word.encode() in _command(pid))

    def memory(self) -> Memory:
        """Return what it and its descendants hold now."""
        return Memory(*map(sum, zip(*map(_memory, _family(self._popen.pid)), strict=True)))

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, and after twenty seconds end its process group."""
        if self._popen.poll() is None:
            self._popen.send_signal(how)
            try:
                self._popen.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()


def _family(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return [pid, *(member for child in children for member in _family(child))]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def _memory(pid: int) -> Memory:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return Memory(0, 0)
    sizes = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return Memory(*(int(sizes.get(name, "0").split()[0]) * 1024 for name in ("VmRSS", "RssAnon")))
