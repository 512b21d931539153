"""How often, and after how long, a client tries again."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from random import SystemRandom
from typing import TYPE_CHECKING

import msgspec

from estampe.client.failures import Refused

if TYPE_CHECKING:
    from estampe.client.conversation import Reply
    from estampe.errors import EstampeError

BELIEVED_S = 86_400
"""The longest wait that a server is believed to ask for, seconds."""

_random = SystemRandom()


class Retries(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about 429, 5xx, and connections that fail: wait and try again, each time twice as long.

    Parameters:
        attempts: how often to ask in all; 1 never tries again.
        first_s: how long to wait before the second attempt, seconds; between half of it and all of it by chance.
        longest_s: how long to wait at most, seconds; a server that asks for longer is not waited for, save by
            followers.
    """

    attempts: int = 6
    first_s: float = 0.5
    longest_s: float = 60


class Tries:
    """The attempts of one call.

    Parameters:
        retries: the rules.
    """

    def __init__(self, retries: Retries) -> None:
        self.endless = False
        self._retries = retries
        self._failed = 0

    def succeeded(self) -> None:
        """Count from the beginning again."""
        self._failed = 0

    def wait_s(self, failure: EstampeError) -> float:
        """Return how long to wait before the next attempt, seconds.

        Raises:
            EstampeError: the failure itself, if there is none.
        """
        rules = self._retries
        self._failed += 1
        asked_s = failure.retry_after_s if isinstance(failure, Refused) else None
        if not self.endless and (self._failed >= rules.attempts or (asked_s or 0) > rules.longest_s):
            raise failure
        most_s = min(rules.first_s * 2.0 ** min(self._failed - 1, 60), rules.longest_s)
        return max(_random.uniform(most_s / 2, most_s), asked_s or 0)


def asked_wait_s(reply: Reply) -> float | None:
    """Return how long the server asks to wait, seconds: by Retry-After, or else, of 429, by X-RateLimit-Reset.

    None where it does not ask, or for more than a day, which is a mistake or another unit.
    """
    text = reply.headers.get("retry-after", "").strip()
    if not text and reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        text = reply.headers.get("x-ratelimit-reset", "").strip()
    asked_s = float(text) if text.isascii() and text.isdecimal() else _until_s(text)
    return None if asked_s is None or asked_s > BELIEVED_S else asked_s


def _until_s(date: str) -> float | None:
    """Return seconds until a date (RFC 9110, section 10.2.3)."""
    try:
        return max(parsedate_to_datetime(date).timestamp() - time.time(), 0.0)
    except (ValueError, OverflowError):
        return None
