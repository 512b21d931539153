"""The gate: which key a request carries, and whether it may pass."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from estampe.catalog import ExpiredKey, KeyRefused, RevokedKey, WrongKey
from estampe.http.problems import Flaw, Kind, Problem
from estampe.http.rates import Buckets

if TYPE_CHECKING:
    from estampe.catalog import Key, Keys, Scope
    from estampe.http.exchange import Exchange
    from estampe.settings import Settings

_CHALLENGE = ("www-authenticate", "X-Key")

_OWN = ("cache-control", "no-store")
"""A cache knows nothing of X-Key, and would give one customer's answer to another."""

_REFUSALS: dict[type[KeyRefused], Kind] = {
    WrongKey: Kind.WRONG_KEY,
    RevokedKey: Kind.REVOKED_KEY,
    ExpiredKey: Kind.EXPIRED_KEY,
}


class Gate:
    """Lets requests with a good key pass, no faster than its rate.

    Parameters:
        keys: the catalog's keys.
        settings: `rate` and `burst`.
    """

    def __init__(self, keys: Keys, settings: Settings) -> None:
        self._keys = keys
        self._burst = settings.burst
        self._buckets = Buckets(settings.rate, settings.burst) if settings.rate else None

    def admit(self, exchange: Exchange, scope: Scope) -> Key:
        """Return the request's key, and note it and its rate on the exchange.

        Raises:
            Problem: there is no key, it is refused, its rate is used up, or it lacks the scope.
        """
        exchange.extra_headers.append(_OWN)
        exchange.key = key = self._find(exchange.header(b"x-key"))
        self._count(exchange, key)
        if scope not in key.scopes:
            flaw = Flaw(place="header", name="X-Key", found=", ".join(key.scopes), allowed=scope)
            raise Problem(Kind.MISSING_SCOPE, f"This needs a key with the scope {scope!r}.", [flaw])
        return key

    def _find(self, text: str) -> Key:
        if not text:
            flaw = Flaw(place="header", name="X-Key", found="nothing", allowed="a key")
            raise Problem(Kind.MISSING_KEY, "Send your key in the header X-Key.", [flaw], headers=[_CHALLENGE])
        try:
            return self._keys.find(text)
        except KeyRefused as exc:
            flaw = Flaw(place="header", name="X-Key", allowed="a valid key")
            raise Problem(_REFUSALS[type(exc)], f"{exc}.", [flaw], headers=[_CHALLENGE]) from exc

    def _count(self, exchange: Exchange, key: Key) -> None:
        if self._buckets is None:
            return
        rate = self._buckets.take(key.id, time.monotonic())
        exchange.extra_headers += [
            ("x-ratelimit-limit", str(self._burst)),
            ("x-ratelimit-remaining", str(rate.remaining)),
            ("x-ratelimit-reset", str(rate.reset_s)),
        ]
        if not rate.allowed:
            detail = f"This key has used up its rate; try again in {rate.retry_s} s."
            raise Problem(Kind.RATE_LIMITED, detail, headers=[("retry-after", str(rate.retry_s))])
