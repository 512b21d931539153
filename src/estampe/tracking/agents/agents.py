"""User agents: who is behind them, as far as they tell."""

from __future__ import annotations

import time
from importlib.metadata import version
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

from estampe.tracking.agents.profiles import raw
from estampe.tracking.agents.reader import Reader
from estampe.tracking.agents.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Mapping
    from pathlib import Path

    from estampe.tracking.agents.profiles import Profile

K = TypeVar("K")
V = TypeVar("V")

_REMEMBERED = 32_768
"""Profiles in memory."""

_SHELF_BYTES = 64 << 20

_PARTIES = 65_536
"""Whose time is remembered."""

_ALLOWANCE_S = 10.0
"""How long the agents that one party brings may take to read: some hundreds of them."""

_DAY_S = 86_400

_LIBRARIES = ("device-detector", "crawler-user-agents")

_NOTHING: Mapping[str, Hashable] = {}


class Agents:
    """Tells what is known of user agents. It blocks, and is for one thread; whatever fails, an agent tells nothing.

    An agent is read once, in a process of its own, and then kept: in memory, and in a file that can be thrown away.

    Parameters:
        folder: where the file is.
        reader: reads agents.
        clock: Unix seconds.
    """

    def __init__(self, folder: Path, reader: Reader | None = None, clock: Callable[[], float] = time.time) -> None:
        self._shelf = Shelf(folder / "agents.db", edition(), _SHELF_BYTES)
        self._reader = reader or Reader()
        self._clock = clock
        self._known: dict[str, Profile] = {}
        self._day = 0
        self._took_s: dict[Hashable, float] = {}

    def of(self, agents: Collection[str], whose: Mapping[str, Hashable] = _NOTHING) -> dict[str, Profile]:
        """Return what is known of some agents.

        Parameters:
            agents: as they came; each is in the answer.
            whose: who brought which of them, such as a message; who brings many that are new is not given time for
                all of them, and the rest tell nothing.
        """
        self._begin_day()
        asked = set(agents)
        profiles = {agent: self._known.pop(agent) for agent in asked if agent in self._known}
        profiles |= self._shelf.find(asked - profiles.keys(), self._day)
        for agent in asked - profiles.keys():
            if profile := self._read(agent, whose.get(agent)):
                profiles[agent] = profile
        self._known |= profiles  # what was asked for last is forgotten last
        _forget(self._known, _REMEMBERED)
        return profiles | {agent: raw(agent) for agent in asked - profiles.keys()}

    def close(self) -> None:
        """End the process and close the file; nothing is asked any more."""
        self._reader.close()
        self._shelf.close()

    def _begin_day(self) -> None:
        """Forget what is in memory once a day, so that the file hears what is in use."""
        day = int(self._clock() // _DAY_S)
        if day != self._day:
            self._known.clear()
            self._day = day

    def _read(self, agent: str, party: Hashable) -> Profile | None:
        if not agent or self._took_s.get(party, 0.0) >= _ALLOWANCE_S:
            return None
        began_s = time.perf_counter()
        profile = self._reader.read(agent)
        self._charge(party, time.perf_counter() - began_s)
        if profile:
            self._shelf.put(agent, profile, self._day)
        return profile

    def _charge(self, party: Hashable, seconds: float) -> None:
        if party is not None:
            self._took_s[party] = self._took_s.pop(party, 0.0) + seconds
            _forget(self._took_s, _PARTIES)


def edition() -> int:
    """Return what profiles depend on: the versions of libraries, and the files beside this one, in 31 bits."""
    total = crc32("".join(version(library) for library in _LIBRARIES).encode())
    for file in sorted(files(__package__).iterdir(), key=lambda file: file.name):
        if file.name.endswith((".py", ".toml")):
            total = crc32(file.read_bytes(), total)
    return total >> 1 or 1  # 0 is a file that is new


def _forget(known: dict[K, V], most: int) -> None:
    for name in list(islice(known, max(0, len(known) - most))):
        del known[name]
