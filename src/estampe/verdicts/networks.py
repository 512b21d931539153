"""Networks: whose program it is that comes from an address, as far as public documents say.

Rows are data, `networks.csv`; an operator's own files of the same form come on top of them.
"""

from __future__ import annotations

import csv
import ipaddress
import socket
from datetime import date
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from estampe.errors import EstampeError
from estampe.verdicts.hits import HitClass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


class NoNetworks(EstampeError):
    """The folder with an operator's lists of networks is not there."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is no folder; make it, or unset ESTAMPE_NETWORKS")


class Certainty(StrEnum):
    """Whether none but the owner's programs come from a network."""

    CERTAIN = "certain"
    PROBABLE = "probable"  # people come from it too


_KEPT = 4_096

_V4_BITS, _V6_BITS = 32, 128
_KEPT_BITS = {_V4_BITS: 24, _V6_BITS: 48}
"""What a shortened address still has."""

_MAPPED = bytes(10) + b"\xff\xff"
"""What an IPv4 address starts with that is written as IPv6 (RFC 4291 section 2.5.5.2)."""


class InvalidNetworks(EstampeError):
    """A list of networks cannot be read."""

    def __init__(self, name: str, line: int, found: str, allowed: str) -> None:
        super().__init__(f"{name}, line {line}: {found!r:.100} is wrong; write {allowed}")


class Network(NamedTuple):
    """A row of a list.

    Parameters:
        network: in CIDR notation (RFC 4632), IPv4 or IPv6.
        owner: whose it is.
        hit_class: whose programs come from it; `human` takes a part out of a larger network.
        certainty: whether only they do.
        source: who says so.
        date: when that was read.
    """

    network: str
    owner: str
    hit_class: HitClass
    certainty: Certainty
    source: str
    date: date


COLUMNS = ("network", "owner", "class", "certainty", "source", "date")
"""The first line of a list."""


class Networks:
    """Finds the network that an address is in.

    Parameters:
        rows: the networks; of two rows for one the last holds.
    """

    def __init__(self, rows: Iterable[Network]) -> None:
        by_length: dict[tuple[int, int], dict[int, Network]] = {}
        for row in rows:
            network = ipaddress.ip_network(row.network)
            bits, length = network.max_prefixlen, network.prefixlen
            by_length.setdefault((bits, length), {})[int(network.network_address) >> bits - length] = row
        self._lengths: dict[int, list[tuple[int, dict[int, Network]]]] = {family: [] for family in _KEPT_BITS}
        for (family, length), found in sorted(by_length.items(), reverse=True):
            self._lengths[family].append((length, found))

    @classmethod
    def of(cls, extra: Path | None) -> Networks:
        """Return the networks that are known.

        Parameters:
            extra: a folder with an operator's lists, `*.csv`, which come on top of ours; None if there is none.

        Raises:
            NoNetworks: there is no such folder.
            InvalidNetworks: a list cannot be read; the message names the file, the line and what is wrong.
        """
        if extra and not extra.is_dir():
            raise NoNetworks(extra)
        rows = list(ours())
        for path in sorted(extra.glob("*.csv")) if extra else ():
            rows += _read(f"{path}", _text(path))
        return cls(rows)

    def find(self, address: str) -> Network | None:
        """Return the smallest network that an address is in, None if it is in none.

        An address that may have been shortened is in no network that is smaller than what is left of it.
        """
        bits, number = _number(address)
        for length, rows in self._lengths.get(bits, ()):
            row = rows.get(number >> bits - length)
            if row and (length <= _KEPT_BITS[bits] or not _is_shortened(bits, number)):
                return row
        return None


@lru_cache(_KEPT)
def site_of(address: str) -> tuple[int, int] | None:
    """Return what addresses of one site have in common, which is left when one is shortened; None if it is none."""
    bits, number = _number(address)
    return (bits, number >> bits - _KEPT_BITS[bits]) if bits else None


def _is_shortened(bits: int, number: int) -> bool:
    return number & (1 << bits - _KEPT_BITS[bits]) - 1 == 0


def _number(address: str) -> tuple[int, int]:
    """Return how many bits an address has, and these as a number; no bits if it is none."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        octets = socket.inet_pton(family, address)
    except (OSError, ValueError):
        return 0, 0
    octets = octets.removeprefix(_MAPPED)
    return 8 * len(octets), int.from_bytes(octets)


def ours() -> Iterator[Network]:
    """Yield the rows of our own list."""
    return _read("networks.csv", files("estampe").joinpath("verdicts", "networks.csv").read_text())


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as exc:
        raise InvalidNetworks(f"{path}", 1, f"{exc}", "a text file in UTF-8 that the server may read") from exc


def _read(name: str, text: str) -> Iterator[Network]:
    lines = csv.reader(text.splitlines())
    head = tuple(next(lines, ()))
    if head != COLUMNS:
        raise InvalidNetworks(name, 1, ",".join(head), ",".join(COLUMNS))
    for fields in lines:
        if fields:
            yield _row(name, lines.line_num, fields)


_FIELDS: dict[int, tuple[Callable[[str], object], str]] = {
    0: (ipaddress.ip_network, "a network such as 192.0.2.0/24 or 2001:db8::/32"),
    2: (HitClass, f"one of {', '.join(HitClass)}"),
    3: (Certainty, f"one of {', '.join(Certainty)}"),
    5: (date.fromisoformat, "a date such as 2026-01-31"),
}
"""How fields are read that may not be any text."""


def _row(name: str, line: int, fields: list[str]) -> Network:
    if len(fields) != len(COLUMNS):
        raise InvalidNetworks(name, line, ",".join(fields), f"{len(COLUMNS)} fields with commas between")
    read = [field.strip() for field in fields]
    for at, (reading, allowed) in _FIELDS.items():
        try:
            reading(read[at])
        except ValueError as exc:
            raise InvalidNetworks(name, line, read[at], allowed) from exc
    network, owner, hit_class, certainty, source, day = read
    return Network(network, owner, HitClass(hit_class), Certainty(certainty), source, date.fromisoformat(day))
