"""Words: what device_detector says, in the words of events."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from estampe.events import Device, Software, System

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msgspec import UnsetType

BROWSER = "Browser"
MAIL = "Email client"
LIBRARY = "Library"

_GUESS = "generic"
"""The type of programs that device_detector only guesses from how an agent is written."""


class Naming(msgspec.Struct, frozen=True):
    """How an operating system is named; see words.toml."""

    family: str = ""
    vendor: str = ""
    title: str = ""
    versions: dict[str, str] = {}

    def name(self, system: str, version: str) -> str:
        """Return what one version is called."""
        parts = version.split(".")
        starts = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        if known := next((self.versions[start] for start in starts if start in self.versions), ""):
            return known
        title = self.title or f"{system} {{version}}"
        return title.format(major=parts[0], version=version).strip()


class MailProgram(msgspec.Struct, frozen=True):
    """A program that shows mail, by a pattern of its agents; see words.toml."""

    pattern: str
    name: str
    vendor: str
    proxy: bool = False
    unless: str = ""

    def software(self, agent: str) -> Software | None:
        """Return what the agent tells of it, if it is its own."""
        found = re.search(self.pattern, agent)
        if not found or (self.unless and re.search(self.unless, agent)):
            return None
        version = found.groupdict().get("version") or ""
        return Software(type=MAIL, name=self.name, version=said(version.strip(".")), vendor=self.vendor)


class Words(msgspec.Struct, frozen=True):
    """The tables of words.toml."""

    types: dict[str, str]
    types_of: dict[str, list[str]]
    names: dict[str, str]
    devices: dict[str, str]
    handheld: dict[str, list[str]]
    vendors: dict[str, list[str]]
    systems: dict[str, Naming]
    families: dict[str, str]
    mail: list[MailProgram]


WORDS = msgspec.convert(tomllib.loads((files(__package__) / "words.toml").read_text("utf-8")), Words)

_TYPE_OF = {name: kind for kind, names in WORDS.types_of.items() for name in names}
_VENDOR_OF = {name: vendor for vendor, names in WORDS.vendors.items() for name in names}
_HANDHELD = frozenset(WORDS.handheld["devices"])


def mail_program(agent: str) -> tuple[Software | None, bool]:
    """Return the mail program whose agent it is, and whether it is a proxy that fetches for its people."""
    for each in WORDS.mail:
        if software := each.software(agent):
            return software, each.proxy
    return None, False


def software(found: Mapping[str, Any], device: str, *, mobile: bool) -> Software | UnsetType:
    """Return a program.

    Parameters:
        found: what device_detector says of it.
        device: the type of device that it says it runs on.
        mobile: whether there is no such browser on desks.
    """
    client = _most_telling(found)
    if not client.get("name") or client.get("type") == _GUESS:
        return UNSET
    name = WORDS.names.get(client["name"], client["name"])
    kind = _TYPE_OF.get(name) or WORDS.types.get(client["type"], client["type"])
    if kind == BROWSER and (mobile or device in _HANDHELD):
        kind = "Mobile browser"
    version = client.get("version") or ""
    return Software(type=kind, name=name, version=said(version), vendor=said(_VENDOR_OF.get(name, "")))


def system(found: Mapping[str, Any]) -> System | UnsetType:
    """Return an operating system.

    Parameters:
        found: what device_detector says of it.
    """
    name = found.get("name") or ""
    if not name:
        return UNSET
    naming = WORDS.systems.get(name, Naming())
    title = naming.name(name, found.get("version") or "")
    family = naming.family or found.get("family") or name
    family = WORDS.families.get(family, family)
    if title.startswith("OS X"):  # what macOS was called
        family = "OS X"
    return System(name=title, family=family, vendor=said(naming.vendor))


def device(found: Mapping[str, Any], brand: str) -> Device | UnsetType:
    """Return a device.

    Parameters:
        found: what device_detector says of it.
        brand: whose it says that it is.
    """
    kind = found.get("type") or ""
    model = found.get("model") or ""
    if not (kind or model or brand):
        return UNSET
    return Device(type=said(WORDS.devices.get(kind, kind)), name=said(model), brand=said(brand))


def said(word: str) -> str | UnsetType:
    """Return a word, or nothing where there is none."""
    return word or UNSET


def _most_telling(client: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the mail program where it shows beside the browser that it is built on."""
    second = client.get("secondary_client") or {}
    return second if second.get("type") == "pim" else client
