"""Refused visits: what could not become a hit is kept in a file for people to look at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec

from estampe.instants import clock_ms, format_instant
from estampe.tracking.linking.links import read
from estampe.tracking.spooling.visits import decode

if TYPE_CHECKING:
    from pathlib import Path

    from estampe.tracking.spooling.segments import Kept

_MOST_BYTES = 16 << 20


class Refused:
    """A file with one JSON object a line.

    Parameters:
        path: the file; made when it is needed, and once it is full nothing is added.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, kept: Kept, reason: str) -> None:
        """Keep a visit, and why it was refused.

        Raises:
            OSError: it cannot be written.
        """
        said = {"time": format_instant(clock_ms()), "id": kept.id, "reason": reason, **_told(kept.visit)}
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            if file.tell() < _MOST_BYTES:
                file.write(msgspec.json.encode(said) + b"\n")


def _told(octets: bytes) -> dict[str, Any]:
    """Return what a visit says, as far as it can be read."""
    try:
        visit = decode(octets)
        told: dict[str, Any] = {name: getattr(visit, name) for name in visit.__struct_fields__}
        return {**told, "link": read(visit.link)}
    except Exception:  # noqa: BLE001  whatever is wrong with it, it is shown
        return {"octets": octets}
