"""Contacts as people hand them in: addresses, and files with a contact a line; each knows where it stands."""

from __future__ import annotations

import codecs
import csv
import io
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estampe.cli.items import Source, UnreadableFile, objects

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    Placed = tuple[str, dict[str, Any] | str]
    """Where something stands, and a contact's fields, or else what is wrong."""

EMAIL = "Email"
DELIMITERS = ",;\t|"

_PEEKED = 4_096


class Contact(NamedTuple):
    """A contact to be written to: where it stands, its address, and all its fields by name."""

    place: str
    address: str
    fields: dict[str, Any]


class Unfit(NamedTuple):
    """Something that cannot be written to, and why."""

    place: str
    address: str
    reason: str


class Contacts:
    """Addresses and files of contacts, in order; an address that comes again is left out and counted.

    A file is CSV, its first line naming the fields, or JSON, an array or an object a line; empty cells are left out.

    Parameters:
        addresses: contacts of which only the address is told.
        files: names as `Source` takes them.
    """

    def __init__(self, addresses: Sequence[str], files: Sequence[str]) -> None:
        self._addresses = addresses
        self._files = files
        self.repeated = 0

    def count(self) -> int | None:
        """Read the files whole and count the lines that will come; None where standard input is one of them.

        Raises:
            UnreadableFile: one cannot be read to its end.
        """
        if "-" in self._files:
            return None
        return sum(1 for _ in Contacts(self._addresses, self._files))

    def __iter__(self) -> Generator[Contact | Unfit, None, None]:
        """Yield each.

        Raises:
            UnreadableFile: a file is damaged, no UTF-8, or has no column Email.
        """
        seen: set[str] = set()
        self.repeated = 0
        for place, found in self._placed():
            line = _line(place, found)
            if isinstance(line, Contact):
                if line.address.lower() in seen:
                    self.repeated += 1
                    continue
                seen.add(line.address.lower())
            yield line

    def _placed(self) -> Iterator[Placed]:
        yield from (("--to", {EMAIL: address}) for address in self._addresses)
        for name in self._files:
            with Source(name).opened() as stream:
                yield from (_of_json if _is_json(stream) else _of_csv)(stream, name)


def _line(place: str, found: dict[str, Any] | str) -> Contact | Unfit:
    if isinstance(found, str):
        return Unfit(place, "", found)
    address = found.get(EMAIL)
    if not isinstance(address, str) or not address.strip():
        return Unfit(place, "", f"it has no {EMAIL}")
    return Contact(place, address.strip(), found)


def _is_json(stream: io.BufferedReader) -> bool:
    return stream.peek(_PEEKED).removeprefix(codecs.BOM_UTF8).lstrip()[:1] in {b"[", b"{"}


def _of_json(stream: io.BufferedReader, name: str) -> Iterator[Placed]:
    for index, text in enumerate(objects(stream, name)):
        yield f"{name}[{index}]", _members(text)


def _members(text: bytes) -> dict[str, Any] | str:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as exc:
        return f"it is no JSON object: {exc}"


def _of_csv(stream: io.BufferedReader, name: str) -> Iterator[Placed]:
    text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
    line = 1
    try:
        first = text.readline()
        rows = csv.reader(chain([first], text), delimiter=_delimiter(first), strict=True)
        names = _names(next(rows, []), name)
        line = rows.line_num + 1
        for row in rows:
            if row:
                yield f"{name}:{line}", _fields(names, row)
            line = rows.line_num + 1
    except UnicodeDecodeError as exc:
        raise UnreadableFile(f"{name} has text after line {line - 1} that is no UTF-8: save it as CSV UTF-8") from exc
    except csv.Error as exc:
        raise UnreadableFile(f"{name}:{line} is no CSV: {exc}") from exc
    finally:
        text.detach()


def _delimiter(header: str) -> str:
    """Return what parts a header into the most names."""
    return max(DELIMITERS, key=lambda each: len(next(csv.reader([header], delimiter=each), [])))


def _names(header: list[str], name: str) -> list[str]:
    names = [each.strip() for each in header]
    names = [EMAIL if each.lower() == EMAIL.lower() else each for each in names]
    if EMAIL not in names:
        raise UnreadableFile(f"{name} has no column {EMAIL}: its first line must name the fields, {EMAIL} among them")
    if "" in names or len(set(names)) < len(names):
        raise UnreadableFile(f"{name} has a column without a name, or two with the same: mend its first line")
    return names


def _fields(names: list[str], row: list[str]) -> dict[str, Any] | str:
    if len(row) != len(names):
        return f"it has {len(row)} values, and the first line {len(names)} names"
    return {name: value for name, value in zip(names, row, strict=True) if value}
