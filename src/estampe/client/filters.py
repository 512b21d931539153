"""What narrows a list, and the test of an event for what no list of the API narrows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from estampe.client.failures import InvalidSelection, InvalidTime
from estampe.events import REACTIONS, facets, hash_of, set_of
from estampe.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from estampe.events import Event, Facets

Moment = int | str | datetime
"""Unix milliseconds, an ISO 8601 text as the API takes it, or a datetime with an offset."""

Words = str | Iterable[str]
"""One word, or several of which any will do."""


class Filters(TypedDict, total=False):
    """What narrows a list; each is optional, and all that are given must hold.

    `type`, `subtype`: words of the event (see docs/events.md); several may be given.
    `channel`: `email`, `notification`, `sms`, `display`.
    `action`, `campaign`: their ids. `contact`, `hash`, `unicity`: one of a contact's three names.
    `start`, `end`: timestamp >= start, timestamp < end.
    `activation_start`, `activation_end`: the same for the time of the activation that a reaction belongs to.
    `sort`: by timestamp; absent, the server's cheapest order.
    `classification`: classes of hits, or `all`; only with `type="hit"`, which without it has those judged human.
    `annotate`: give each hit the member `classification`.
    """

    type: Words
    subtype: Words
    channel: str
    action: str | int
    campaign: str
    contact: str
    hash: str
    unicity: str
    start: Moment
    end: Moment
    activation_start: Moment
    activation_end: Moment
    sort: Literal["asc", "desc"]
    classification: Words
    annotate: bool


CONTACT = ("contact", "hash", "unicity")
"""The names by which a contact may be told; one of them at a time."""

_WORDS = {"type", "subtype", "classification"}
_TIMES = {"start", "end", "activation_start", "activation_end"}


def given(filters: Filters) -> dict[str, Any]:
    """Return the filters that are set: words as tuples, times as Unix milliseconds, ids as texts.

    Raises:
        InvalidSelection: a filter is unknown, or they do not go together.
        InvalidTime, InvalidInstant: a time is none.
    """
    if unknown := filters.keys() - Filters.__annotations__.keys():
        raise InvalidSelection(f"there is no filter {min(unknown)!r}; there are {', '.join(Filters.__annotations__)}")
    values = {name: _plain(name, value) for name, value in filters.items() if value is not None}
    values = {name: value for name, value in values.items() if value is not False and value != ()}
    if len(values.keys() & set(CONTACT)) > 1:
        raise InvalidSelection("name a contact once: by contact, by hash or by unicity")
    if values.keys() & {"activation_start", "activation_end"} and not set(values.get("type", ())) <= set(REACTIONS):
        raise InvalidSelection(f"what has an activation window is a reaction: type is one of {', '.join(REACTIONS)}")
    if "classification" in values and values.get("type") != ("hit",):
        raise InvalidSelection('only hits are classified: classification goes with type="hit"')
    return values


def time_ms(moment: Moment) -> int:
    """Return a moment as Unix milliseconds; a fraction of one is rounded up, as the API does.

    Raises:
        InvalidInstant: a text is no instant.
        InvalidTime: a datetime has no offset.
    """
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise InvalidTime(f"{moment} has no offset: write datetime(…, tzinfo=UTC), say")
        return parse_instant(moment.astimezone(UTC).isoformat())
    return parse_instant(moment) if isinstance(moment, str) else moment


def keeping(values: Mapping[str, Any]) -> Callable[[Event], bool] | None:
    """Return what tells whether an event meets filters; None where they say nothing of single events."""
    tests = [_test(name, value) for name, value in values.items() if name in _TOLD]
    if not tests:
        return None
    return lambda event: all(test(told) for told in (facets(event),) for test in tests)


def _plain(name: str, value: Any) -> Any:
    if name in _WORDS:
        return (value,) if isinstance(value, str) else tuple(value)
    if name in _TIMES:
        return time_ms(value)
    if name == "hash":
        return value.lower()
    return value if name == "annotate" else str(value)


_TOLD: dict[str, Callable[[Facets], tuple[str, ...]]] = {
    "type": lambda told: (told.type,),
    "subtype": lambda told: (told.subtype,),
    "channel": lambda told: (told.channel,),
    "action": lambda told: (told.action,),
    "campaign": lambda told: (told.action, str(told.set)),
    "contact": lambda told: (told.contact,),
    "hash": lambda told: (told.hash,),
    "unicity": lambda told: (told.hash,),
}
"""What of an event a filter looks at."""


def _test(name: str, value: Any) -> Callable[[Facets], bool]:
    told = _TOLD[name]
    if name == "unicity":
        value = hash_of(value)
    if name == "campaign":
        value = str(set_of(value) or value)
    allowed = set(value) if isinstance(value, tuple) else {value}
    return lambda facts: not allowed.isdisjoint(told(facts))
