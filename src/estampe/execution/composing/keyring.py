"""The keyring: the folder with the keys that sign messages, `DOMAIN/SELECTOR.pem`, and who may send from a domain."""

from __future__ import annotations

import base64
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from estampe.errors import EstampeError
from estampe.execution.composing.headers import ascii_domain
from estampe.execution.composing.signing import UnusableKey, read_key
from estampe.execution.orders import Signing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from estampe.execution.composing.signing import Key
    from estampe.settings import Settings

IN_USE, WAITING = ".pem", ".new"
"""How the files of keys end that sign, and of those whose record has to be published first."""

CUSTOMERS = "customers"
"""The file in a domain's folder that names who may send from it, a customer a line; without it everybody may."""

_KEPT_S = 1.0
"""How long is remembered what the folder said of a domain."""

_KEPT = 10_000
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_TEXT = 255  # RFC 1035 section 3.3: a record of type TXT is made of strings as long at most


class InvalidKeyName(EstampeError):
    """A text is no domain, or no selector."""

    def __init__(self, text: str, kind: str, example: str) -> None:
        super().__init__(f"{text!r} is no {kind}: write one such as {example}")


class KeyExists(EstampeError):
    """A domain has a key with this selector."""

    def __init__(self, domain: str, selector: str) -> None:
        super().__init__(f"{domain} has a key {selector}; choose another --selector, a key is never made anew")


class NoKey(EstampeError):
    """A domain has no such key."""

    def __init__(self, domain: str, selector: str = "") -> None:
        wanted = f"key {selector}" if selector else "key"
        super().__init__(f"{domain} has no {wanted}; `estampe dkim create {domain}` makes one")


class ForeignSender(EstampeError):
    """A domain is not the customer's to send from."""

    def __init__(self, domain: str, customer: str) -> None:
        super().__init__(f"{customer} may not send from {domain}; the operator of the server can allow it")


class _Found(NamedTuple):
    signing: Signing | None
    customers: frozenset[str] | None


class Record(NamedTuple):
    """What is to be published in the DNS for a key (RFC 6376 section 3.6): a TXT record."""

    name: str
    value: str
    in_use: bool

    def zone_line(self) -> str:
        """Return it as a line of a zone file (RFC 1035 section 5.1), which says whether the key is in use."""
        parts = " ".join(f'"{self.value[at : at + _TEXT]}"' for at in range(0, len(self.value), _TEXT))
        return f"{self.name}. IN TXT ( {parts} ) ; {'in use' if self.in_use else 'waiting'}"


def open_keyring(settings: Settings) -> Keyring:
    """Return the keyring that an operator has chosen: `dkim_keys`, or `dkim` in the data folder."""
    return Keyring(Path(settings.dkim_keys) if settings.dkim_keys else settings.data / "dkim")


class Keyring:
    """The keys of a folder, which holds a folder for each domain and need not exist.

    Parameters:
        folder: where they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, tuple[float, _Found]] = {}

    def signing_for(self, domain: str, customer: str | None = None) -> Signing | None:
        """Return with what a customer's messages from a domain are signed; None if there is no key.

        That is the domain's own key or else its nearest parent's; of several, the one whose selector is last, digits
        taken as numbers. What changes in the folder is seen within a second.

        Parameters:
            domain: of the sender's address.
            customer: its name; None is the operator.

        Raises:
            ForeignSender: the domain, or its nearest parent that says so, is for other customers.
            UnusableKey: the key cannot be read, or is none.
        """
        found = self._remembered(domain)
        if customer is not None and found.customers is not None and customer not in found.customers:
            raise ForeignSender(domain, customer)
        return found.signing

    def _remembered(self, domain: str) -> _Found:
        now_s = time.monotonic()
        until_s, found = self._kept.get(domain, (now_s, _Found(None, None)))
        if until_s <= now_s:
            found = _Found(self._found(domain), self._customers(domain))
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[domain] = now_s + _KEPT_S, found
        return found

    def allow(self, domain: str, customers: Collection[str]) -> tuple[str, ...]:
        """Let customers send from a domain, and nobody else who was not allowed to before; return all who may.

        Raises:
            InvalidKeyName: the domain is none.
            UnusableKey: that cannot be written.
        """
        file = self._file(domain, CUSTOMERS).with_name(CUSTOMERS)
        try:
            allowed = sorted({*customers, *(_lines(file) if file.exists() else ())})
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.write_text("".join(f"{name}\n" for name in allowed))
        except OSError as exc:
            raise UnusableKey(f"{file}", f"{exc.strerror}") from exc
        return tuple(allowed)

    def create(self, domain: str, selector: str, bits: int) -> Record:
        """Make an RSA key, which waits to be put to use, and return its record.

        Raises:
            InvalidKeyName: the domain or the selector is none.
            KeyExists: there is one.
            UnusableKey: it cannot be written.
        """
        file = self._file(domain, selector)
        if file.exists():
            raise KeyExists(domain, selector)
        pem = rsa.generate_private_key(65_537, bits).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        waiting = file.with_suffix(WAITING)
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(waiting, "xb", opener=_for_me_alone) as out:
                out.write(pem)
        except FileExistsError as exc:
            raise KeyExists(domain, selector) from exc
        except OSError as exc:
            raise UnusableKey(f"{waiting}", f"{exc.strerror}") from exc
        return _record(waiting)

    def use(self, domain: str, selector: str) -> Record:
        """Put a key to use, and return its record.

        Raises:
            InvalidKeyName: the domain or the selector is none.
            NoKey: there is none, neither waiting nor in use.
            UnusableKey: it is no key, or cannot be renamed.
        """
        file = self._file(domain, selector)
        waiting = file.with_suffix(WAITING)
        if not waiting.exists() and not file.exists():
            raise NoKey(domain, selector)
        try:
            if waiting.exists():
                _record(waiting)
                waiting.rename(file)
        except OSError as exc:
            raise UnusableKey(f"{waiting}", f"{exc.strerror}") from exc
        return _record(file)

    def records(self, domain: str) -> list[Record]:
        """Return the records of all of a domain's keys, the newest last.

        Raises:
            NoKey: it has none.
            UnusableKey: a key cannot be read, or is none.
        """
        folder = self._folder / (ascii_domain(domain).lower() or "?")
        files = [*folder.glob(f"*{IN_USE}"), *folder.glob(f"*{WAITING}")]
        if not files:
            raise NoKey(domain)
        return [_record(file) for file in sorted(files, key=_age)]

    def _file(self, domain: str, selector: str) -> Path:
        written = ascii_domain(domain).lower()
        if not written:
            raise InvalidKeyName(domain, "domain", "example.com")
        if not _SELECTOR.fullmatch(selector):
            raise InvalidKeyName(selector, "selector", "s1")
        return self._folder / written / f"{selector}{IN_USE}"

    def _folders(self, domain: str) -> Iterator[Path]:
        """Yield a domain's folder, and those of its parents."""
        labels = ascii_domain(domain).lower().split(".")
        if labels[0]:
            yield from (self._folder / ".".join(labels[first:]) for first in range(len(labels)))

    def _customers(self, domain: str) -> frozenset[str] | None:
        files = (folder / CUSTOMERS for folder in self._folders(domain))
        file = next((file for file in files if file.exists()), None)
        try:
            return _lines(file) if file else None
        except OSError as exc:
            raise UnusableKey(f"{file}", f"{exc.strerror}") from exc

    def _found(self, domain: str) -> Signing | None:
        for folder in self._folders(domain):
            file = max(folder.glob(f"*{IN_USE}"), key=_age, default=None)
            if file:
                pem, _ = _read(file)
                return Signing(domain=folder.name, selector=file.stem, key=pem)
        return None


def _lines(file: Path) -> frozenset[str]:
    return frozenset(line.strip() for line in file.read_text().splitlines() if line.strip())


def _age(file: Path) -> list[tuple[int, str]]:
    """Return a selector as it is ordered: s2 before s10."""
    return [(int(part or 0), "") if at % 2 else (0, part) for at, part in enumerate(re.split(r"([0-9]+)", file.stem))]


def _read(file: Path) -> tuple[str, Key]:
    try:
        pem = file.read_text("ascii")
    except (OSError, UnicodeError) as exc:
        raise UnusableKey(f"{file}", f"{exc}") from exc
    return pem, read_key(pem, f"{file}")


def _record(file: Path) -> Record:
    _, key = _read(file)
    if isinstance(key, Ed25519PrivateKey):  # RFC 8463 section 4: the bare key
        kind, public = "ed25519", key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        kind, public = "rsa", key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Record(
        name=f"{file.stem}._domainkey.{file.parent.name}",
        value=f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}",
        in_use=file.suffix == IN_USE,
    )


def _for_me_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
