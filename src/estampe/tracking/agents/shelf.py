"""The shelf: profiles that were read once, in a file that can be thrown away."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

import msgspec

from estampe.tracking.agents.profiles import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from estampe.tracking.agents.profiles import Profile

T = TypeVar("T")

_BUSY_S = 5.0

_BEGIN = """
BEGIN IMMEDIATE;
DROP TABLE IF EXISTS profiles;
CREATE TABLE profiles (agent BLOB PRIMARY KEY, profile BLOB NOT NULL, day INTEGER NOT NULL);
PRAGMA user_version = {edition};
COMMIT;
"""
_FIND = "SELECT profile, day FROM profiles WHERE agent = ?"
_TOUCH = "UPDATE profiles SET day = ? WHERE agent = ?"
_PUT = "INSERT OR REPLACE INTO profiles (agent, profile, day) VALUES (?, ?, ?)"
_SIZE = (
    "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
)
_FORGET = """
DELETE FROM profiles WHERE rowid IN (
    SELECT rowid FROM profiles ORDER BY day, rowid LIMIT (SELECT count(*) / 8 + 1 FROM profiles)
)
"""

log = logging.getLogger(__name__)


class Shelf:
    """Keeps profiles by their agents. Whatever is wrong with its file, it only knows less; for one thread.

    Parameters:
        path: the file; it is made when it is missing, and anew when it is damaged or of another edition.
        edition: what profiles depend on, in a number of 31 bits.
        limit: how many bytes it may take; what was not used for longest goes first.
    """

    def __init__(self, path: Path, edition: int, limit: int) -> None:
        self._path = path
        self._edition = edition
        self._limit = limit
        self._connection: sqlite3.Connection | None = None
        self._complained = False

    def find(self, agents: Iterable[str], day: int) -> dict[str, Profile]:
        """Return the profiles that it has of some agents, and note that they were used on a day."""
        return self._try(lambda connection: _found(connection, agents, day)) or {}

    def put(self, agent: str, profile: Profile, day: int) -> None:
        """Keep a profile."""
        self._try(lambda connection: self._put(connection, agent, profile, day))

    def close(self) -> None:
        """Close the file."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _put(self, connection: sqlite3.Connection, agent: str, profile: Profile, day: int) -> None:
        with connection:
            connection.execute(_PUT, (_key(agent), encode(profile), day))
        if connection.execute(_SIZE).fetchone()[0] > self._limit:
            with connection:
                connection.execute(_FORGET)

    def _try(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        try:
            return work(self._open())
        except (sqlite3.OperationalError, OSError) as exc:
            self._complain(exc)
        except sqlite3.DatabaseError as exc:
            self._complain(exc)
            self._throw_away()
        return None

    def _open(self) -> sqlite3.Connection:
        if not self._connection:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # It is made in one thread, used in another, and closed in the first when that has ended.
            self._connection = sqlite3.connect(self._path, timeout=_BUSY_S, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = OFF")
            if self._connection.execute("PRAGMA user_version").fetchone()[0] != self._edition:
                self._connection.executescript(_BEGIN.format(edition=self._edition))
        return self._connection

    def _throw_away(self) -> None:
        self.close()
        for end in ("", "-wal", "-shm"):
            with suppress(OSError):
                self._path.with_name(self._path.name + end).unlink()

    def _complain(self, exc: Exception) -> None:
        if not self._complained:
            log.warning("%s cannot be used, and user agents are read again: %s", self._path.name, exc)
        self._complained = True


def _found(connection: sqlite3.Connection, agents: Iterable[str], day: int) -> dict[str, Profile]:
    found: dict[str, Profile] = {}
    old: list[tuple[int, bytes]] = []
    for agent in agents:
        key = _key(agent)
        row = connection.execute(_FIND, (key,)).fetchone()
        profile = _profile(row[0]) if row else None
        if profile and profile.ua.ua == agent:
            found[agent] = profile
            if row[1] < day:
                old.append((day, key))
    if old:
        with connection:
            connection.executemany(_TOUCH, old)
    return found


def _profile(json: bytes) -> Profile | None:
    with suppress(msgspec.MsgspecError, TypeError):
        return decode(json)
    return None


def _key(agent: str) -> bytes:
    return blake2b(agent.encode(), digest_size=16).digest()
