"""Dates: when things happened, as mails say it."""

from __future__ import annotations

import re
from email.utils import mktime_tz, parsedate_tz

from estampe.errors import EstampeError
from estampe.instants import FIRST_MS, LAST_MS, parse_instant

_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", re.ASCII)
_LONGEST = 200


def instant_ms(text: str) -> int | None:
    """Return an instant that a mail names, Unix milliseconds; None if that cannot be told.

    Parameters:
        text: a date as in RFC 5322 section 3.3, also in the ways of old (RFC 822) and of the careless; or ISO 8601.
    """
    try:
        if _ISO.match(text.strip()):
            return parse_instant(text.strip())
        parsed = parsedate_tz(text[:_LONGEST])
        found = None if parsed is None else int(mktime_tz((*parsed[:9], parsed[9] or 0))) * 1_000
    except (ValueError, OverflowError, IndexError, TypeError, EstampeError):
        return None
    return found if found is not None and FIRST_MS <= found <= LAST_MS else None
