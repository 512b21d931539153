"""The forms in which `estampe events` writes what it reads."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from estampe.cli.screen import printable
from estampe.events import decode, facets
from estampe.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable


class Listing(Protocol):
    """Takes chunks of whole lines and writes their events."""

    def add(self, chunk: bytes) -> None:
        """Write the events of a chunk."""

    def close(self) -> None:
        """Write what ends the form."""


class Lines:
    """One event a line, byte for byte."""

    def __init__(self) -> None:
        self._out = sys.stdout.buffer

    def add(self, chunk: bytes) -> None:
        """Write the lines as they are."""
        self._out.write(chunk)
        self._out.flush()

    def close(self) -> None:
        """Write nothing more."""


class Array:
    """A JSON array, as the API answers."""

    def __init__(self) -> None:
        self._out = sys.stdout.buffer
        self._before = b"["

    def add(self, chunk: bytes) -> None:
        """Write the lines with commas between."""
        self._out.write(self._before + chunk[:-1].replace(b"\n", b","))
        self._before = b","
        self._out.flush()

    def close(self) -> None:
        """Write the bracket that ends the array."""
        self._out.write(b"[]\n" if self._before == b"[" else b"]\n")
        self._out.flush()


class Values:
    """RFC 4180: a line of names, then a line an event."""

    def __init__(self) -> None:
        self._csv = csv.writer(sys.stdout)
        self._csv.writerow(Row._fields)

    def add(self, chunk: bytes) -> None:
        """Write a line an event."""
        self._csv.writerows(map(_row, chunk.splitlines()))
        sys.stdout.flush()

    def close(self) -> None:
        """Write nothing more."""


class Columns:
    """A table for people."""

    def __init__(self) -> None:
        self._console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
        self._header = True

    def add(self, chunk: bytes) -> None:
        """Write a row an event, the names above the first ones."""
        table = Table(*_columns(), box=None, expand=True, show_header=self._header, pad_edge=False)
        for row in map(_row, chunk.splitlines()):
            table.add_row(
                Text(row.time, "dim"),
                Text(printable(row.type), _STYLES.get(row.type, "")),
                *(Text(printable(text)) for text in (row.subtype, row.action, row.contact, row.recipient, row.about)),
            )
        self._console.print(table)
        self._header = False

    def close(self) -> None:
        """Say so if there was nothing."""
        if self._header:
            self._console.print("no events", style="dim")


class Row(NamedTuple):
    """An event flat."""

    timestamp: int
    time: str
    id: str
    type: str
    subtype: str
    channel: str
    action: str
    contact: str
    hash: str
    stamp: str
    recipient: str
    about: str


_FORMS: dict[str, Callable[[], Listing]] = {"table": Columns, "ndjson": Lines, "json": Array, "csv": Values}
FORMS = tuple(_FORMS)

_STYLES = {
    "bounce": "red",
    "cancellation": "yellow",
    "complaint": "red",
    "hit": "green",
    "activation": "blue",
}


def _columns() -> tuple[Column, ...]:
    """Return columns of fixed widths, so that a table written in pieces lines up."""
    widths = {"time": 24, "type": 12, "subtype": 19, "action": 6, "contact": 8}
    fixed = (Column(name, width=width, no_wrap=True) for name, width in widths.items())
    return (*fixed, *(Column(name, ratio=1, no_wrap=True) for name in ("recipient", "about")))


def _row(line: bytes) -> Row:
    event = decode(line)
    told = facets(event)
    detail = msgspec.json.decode(line)["source"]["detail"]
    return Row(
        timestamp=event.timestamp,
        time=format_instant(event.timestamp),
        id=str(event.id),
        type=told.type,
        subtype=told.subtype,
        channel=told.channel,
        action=told.action,
        contact=told.contact,
        hash=told.hash,
        stamp=str(told.stamp or ""),
        recipient=_recipient(detail),
        about=_about(detail),
    )


def _recipient(detail: Any) -> str:
    match detail:
        case {"activation": {"recipient": str(address)}}:
            return address
        case {"execution": {"recipient": {"unicity": str(unicity)}}}:
            return unicity
    return ""


def _about(detail: Any) -> str:
    """Return what a person would ask next about an event."""
    match detail:
        case {"bounce": {"status": {"diagnostic": str(text)}}}:
            return text
        case {"link": {"destination": str(where)}}:
            return where
        case {"client": {"ua": {"client": {"name": str(program)}, "os": {"name": str(system)}}}}:
            return f"{program}, {system}"
        case {"client": {"ua": {"ua": str(agent)}}}:
            return agent
        case {"cancellation": {"value": {"message": str(text)}}}:
            return text
    return ""


def listing(form: str | None) -> Listing:
    """Return the form of this name; none: a table on a terminal, else one event a line."""
    return _FORMS[form or ("table" if sys.stdout.isatty() else "ndjson")]()
