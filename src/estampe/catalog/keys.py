"""Keys: who may read and publish whose events; shown once, kept as a hash of the secret."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, get_args

import msgspec

from estampe.catalog.tables import keys
from estampe.errors import EstampeError
from estampe.events import Customer
from estampe.instants import LAST_MS, InvalidInstant, InvalidSpan, clock_ms, format_instant, parse_instant, parse_span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from sqlalchemy import Row

    from estampe.catalog.store import Catalog

Scope = Literal["read", "write"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

_TEXT = re.compile(r"est_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_NO_DIGEST = bytes(32)


class KeyRefused(EstampeError):
    """A key does not open anything."""


class WrongKey(KeyRefused):
    """No such key was ever made, or its secret is another one."""

    def __init__(self) -> None:
        super().__init__("no such key; make one with: estampe key create AGENCY/CUSTOMER")


class RevokedKey(KeyRefused):
    """The key was revoked."""

    def __init__(self, key: Key) -> None:
        super().__init__(f"key {key.id} is revoked; make a new one with: estampe key create {key.customer.name}")


class ExpiredKey(KeyRefused):
    """The key's time is over."""

    def __init__(self, key: Key, expires_ms: int) -> None:
        super().__init__(
            f"key {key.id} expired at {format_instant(expires_ms)}; "
            f"make a new one with: estampe key create {key.customer.name}"
        )


class UnknownKey(EstampeError):
    """No key has this id."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"no key has the id {key_id!r}; see: estampe key list")


class InvalidScope(EstampeError):
    """A scope that a key cannot have."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no scope; write {' or '.join(SCOPES)}, or both with a comma")


class InvalidExpiry(EstampeError):
    """An expiry that cannot be."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no time to come; write a span such as 90d or a date such as 2030-01-31")


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its secret; times are Unix milliseconds."""

    id: str
    customer: Customer
    scopes: tuple[Scope, ...]
    label: str = ""
    created_ms: int
    expires_ms: int | None = None
    revoked_ms: int | None = None


class NewKey(NamedTuple):
    """A key just made, with the text that is shown this once."""

    key: Key
    text: str


class _Kept(NamedTuple):
    key: Key
    digest: bytes

    @classmethod
    def of(cls, row: Row[tuple[object, ...]]) -> Self:
        names = row._asdict()
        digest = names.pop("digest")
        customer = Customer(agency=names.pop("agency"), customer=names.pop("customer"))
        scopes = parse_scopes(names.pop("scopes"))
        return cls(Key(customer=customer, scopes=scopes, **names), digest)


class Keys:
    """The keys of a catalog; what another process makes or revokes holds at once, on PostgreSQL within a second.

    Not thread-safe: use one in each thread.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._version = _Version(catalog) if catalog.is_sqlite else _Second()
        self._cache: dict[str, _Kept] = {}

    def create(
        self,
        customer: Customer,
        scopes: tuple[Scope, ...] = SCOPES,
        expires_ms: int | None = None,
        label: str = "",
    ) -> NewKey:
        """Make a key.

        Parameters:
            customer: whose events it opens.
            scopes: what it allows.
            expires_ms: when it ends, Unix milliseconds; None never.
            label: a word for people.
        """
        secret = secrets.token_urlsafe(32)
        key = Key(
            id=secrets.token_hex(6),
            customer=customer,
            scopes=scopes,
            label=label,
            created_ms=clock_ms(),
            expires_ms=expires_ms,
        )
        self._insert(key, _digest(secret))
        return NewKey(key, f"est_{key.id}_{secret}")

    def list(self) -> tuple[Key, ...]:
        """Return all keys, the oldest first."""
        with self._catalog.reading() as connection:
            rows = connection.execute(keys.select().order_by(keys.c.created_ms, keys.c.id))
            return tuple(_Kept.of(row).key for row in rows)

    def revoke(self, key_id: str) -> Key:
        """Revoke a key for good; doing so again changes nothing.

        Raises:
            UnknownKey: no key has this id.
        """
        alive = (keys.c.id == key_id) & keys.c.revoked_ms.is_(None)
        with self._catalog.writing() as connection:
            connection.execute(keys.update().where(alive).values(revoked_ms=clock_ms()))
        self._cache.pop(key_id, None)
        kept = self._kept(key_id)
        if kept is None:
            raise UnknownKey(key_id)
        return kept.key

    def find(self, text: str) -> Key:
        """Return the key that a text is, in the same time whether its id exists or not.

        Raises:
            WrongKey: there is none.
            RevokedKey: it was revoked.
            ExpiredKey: its time is over.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise WrongKey
        kept = self._kept(match[1])
        matches = hmac.compare_digest(_digest(match[2]), kept.digest if kept else _NO_DIGEST)
        if kept is None or not matches:
            raise WrongKey
        return _valid(kept.key)

    def close(self) -> None:
        """Let go of the database."""
        self._version.close()

    def _insert(self, key: Key, digest: bytes) -> None:
        row = msgspec.structs.asdict(key)
        row |= {"agency": key.customer.agency, "customer": key.customer.customer}
        with self._catalog.writing() as connection:
            connection.execute(keys.insert().values(row | {"scopes": ",".join(key.scopes), "digest": digest}))

    def _kept(self, key_id: str) -> _Kept | None:
        if self._version.changed():
            self._cache.clear()
        kept = self._cache.get(key_id)
        if kept is None:
            with self._catalog.reading() as connection:
                row = connection.execute(keys.select().where(keys.c.id == key_id)).one_or_none()
            if row is None:
                return None
            kept = self._cache[key_id] = _Kept.of(row)
        return kept


class _Version:
    """Asks SQLite whether another connection has committed since: a few microseconds, no query."""

    def __init__(self, catalog: Catalog) -> None:
        self._connection = catalog.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        # Asked for each request, so without SQLAlchemy's turns.
        self._cursor: Any = self._connection.connection.cursor()
        self._seen = -1

    def changed(self) -> bool:
        (version,) = self._cursor.execute("PRAGMA data_version").fetchone()
        seen, self._seen = self._seen, version
        return bool(version != seen)

    def close(self) -> None:
        self._cursor.close()
        self._connection.close()


class _Second:
    """Says once a second that a database may have changed."""

    def __init__(self) -> None:
        self._until_s = 0.0

    def changed(self) -> bool:
        now_s = time.monotonic()
        due = now_s >= self._until_s
        if due:
            self._until_s = now_s + 1
        return due

    def close(self) -> None:
        pass


def parse_scopes(text: str) -> tuple[Scope, ...]:
    """Read scopes joined by commas, such as `read,write`.

    Raises:
        InvalidScope: one is unknown, or there is none.
    """
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in SCOPES:
            raise InvalidScope(name)
    return _ordered(names)


def parse_expiry(text: str) -> int:
    """Read when a key ends: a span from now (`90d`) or an instant as the API takes it.

    Returns:
        Unix milliseconds.

    Raises:
        InvalidExpiry: the text is neither, or not to come.
    """
    now_ms = clock_ms()
    expires_ms = _expiry_ms(text, now_ms)
    if not now_ms < expires_ms <= LAST_MS:
        raise InvalidExpiry(text)
    return expires_ms


def _expiry_ms(text: str, now_ms: int) -> int:
    try:
        return now_ms + parse_span(text)
    except InvalidSpan:
        pass
    try:
        return parse_instant(text)
    except InvalidInstant as exc:
        raise InvalidExpiry(text) from exc


def _valid(key: Key) -> Key:
    if key.revoked_ms is not None:
        raise RevokedKey(key)
    if key.expires_ms is not None and key.expires_ms <= clock_ms():
        raise ExpiredKey(key, key.expires_ms)
    return key


def _ordered(names: Iterable[str]) -> tuple[Scope, ...]:
    return cast("tuple[Scope, ...]", tuple(scope for scope in SCOPES if scope in names))


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
