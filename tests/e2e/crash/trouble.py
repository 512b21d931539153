"""Trouble: a server that is killed by SIGKILL and started again, while others go on using it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from tests.e2e.crash.server import Server

LONGEST_LIFE_S = 1.5
EARLY = 0.15
"""How many servers are killed while they start."""


class Trouble:
    """The killing of one server, and what should not have happened.

    Parameters:
        server: the server.
        draw: draws when it is killed.
    """

    def __init__(self, server: Server, draw: Random) -> None:
        self.server = server
        self.violations: list[str] = []
        self.kills = 0
        self._draw = draw

    def begin(self) -> None:
        """Start the server for the first time."""
        self.server.start(hurried=False)
        self.check_start()

    def kill(self, times: int) -> None:
        """Kill the server so many times, each at a random moment, and have it run at the end."""
        for _ in range(times):
            self._kill()
        self.check_start()

    def check_start(self) -> None:
        """See that the server starts."""
        if not self.server.ready():
            self.violations.append(f"the server did not start: {self.server.said.read_text()}")

    def _kill(self) -> None:
        if self._draw.random() < EARLY:
            time.sleep(self._draw.uniform(0, 1))
        else:
            self.check_start()
            time.sleep(self._draw.uniform(0, LONGEST_LIFE_S))
        if not self.server.runs():
            self.violations.append(f"the server ended by itself: {self.server.said.read_text()}")
        self.server.kill()
        self.kills += 1
        if "Traceback" in (said := self.server.said.read_text()):
            self.violations.append(f"the server failed at something: {said}")
        self.server.start(hurried=self._draw.random() < 0.5)
