"""Which list of the API holds what is asked for, and what is still to be sorted out of it here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from estampe.client.conversation import Ask
from estampe.client.failures import InvalidSelection
from estampe.client.filters import CONTACT, given, keeping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from estampe.client.filters import Filters
    from estampe.events import Event

ACCEPTED = "application/x-ndjson, application/json;q=0.9"


class Selection(NamedTuple):
    """A list of the API, and what to keep of it.

    Parameters:
        path: the list's path.
        query: its parameters.
        start_parameter: what it calls its window's beginning.
        keep: tells whether an event is one that was asked for; None if all are.
        named: whether the path names something that may not have occurred yet.
    """

    path: str
    query: Mapping[str, str]
    start_parameter: str
    keep: Callable[[Event], bool] | None
    named: bool

    def ask(self) -> Ask:
        """Return the request for it."""
        return Ask("GET", self.path, self.query, {"accept": ACCEPTED})

    def since(self, start_ms: int) -> Ask:
        """Return the request for what it has from a time on, in order."""
        return self.ask()._replace(query={**self.query, self.start_parameter: str(start_ms), "sort": "asc"})


class _Family(NamedTuple):
    """Lists below one path: what of the filters the path stands for, and which lists there are."""

    path: str
    stands_for: frozenset[str]
    lists: frozenset[str]
    query: Mapping[str, str] = {}


_PLURALS = {
    "activation": "activations",
    "bounce": "bounces",
    "cancellation": "cancellations",
    "complaint": "complaints",
    "execution": "executions",
    "hit": "hits",
    "impression": "impressions",
    "optout": "optouts",
    "reply": "replies",
}
_NARROWER = {("hit", kind): f"hits/{kind}" for kind in ("open", "redirection", "mirror", "form", "unsubscribe")}
_NARROWER["reply", "stop"] = "responses/stop"

_EVENTS = frozenset({*_PLURALS.values(), *_NARROWER.values()}) - {"impressions"}
_REACTIVITIES = frozenset({"bounces", "hits", "hits/open", "hits/mirror", "hits/redirection", "hits/form"})
_NOTIFICATION_EVENTS = frozenset({"executions", "cancellations", "activations"})
_NOTIFICATION_REACTIVITIES = frozenset({"bounces", "hits", "impressions", "optouts"})

_EVENT_WINDOW = {"start": "start", "end": "end", "sort": "sort"}
_REACTIVITY_WINDOW = {
    "activation_start": "activationStart",
    "activation_end": "activationEnd",
    "start": "reactivityStart",
    "end": "reactivityEnd",
    "sort": "sort",
}


def select(filters: Filters) -> Selection:
    """Choose the narrowest list of the API for filters.

    Raises:
        InvalidSelection: a filter is unknown, or they do not go together.
        InvalidTime, InvalidInstant: a time is none.
    """
    values = given(filters)
    of_reactivities = "activation_start" in values or "activation_end" in values
    window = _REACTIVITY_WINDOW if of_reactivities else _EVENT_WINDOW
    family = _reactivities(values) if of_reactivities else _events(values)
    name, stands_for = _list(values, family.lists)
    return Selection(
        path="/".join(filter(None, (family.path, name))),
        query={
            **family.query,
            **{parameter: str(values[filter_]) for filter_, parameter in window.items() if filter_ in values},
            **_judgements(values, name),
        },
        start_parameter=window["start"],
        keep=keeping({each: values[each] for each in values.keys() - family.stands_for - stands_for}),
        named=not family.stands_for.isdisjoint({"action", "campaign", *CONTACT}),
    )


def segment(name: str | int) -> str:
    """Return an id as a segment of a path.

    Raises:
        InvalidSelection: it would be a step within the path instead (RFC 3986, section 3.3).
    """
    text = str(name)
    if text in {"", ".", ".."}:
        raise InvalidSelection(f"{text!r} is no id")
    return quote(text, safe="")


def _reactivities(values: Mapping[str, Any]) -> _Family:
    action = [segment(values["action"])] if "action" in values else []
    named = {"action"} & values.keys()
    if values.get("channel") == "notification":
        path = "/".join(["/notifications", *action, "reactivities"])
        return _Family(path, frozenset(named | {"channel"}), _NOTIFICATION_REACTIVITIES)
    return _Family("/".join(["/actions", *action, "reactivities"]), frozenset(named), _REACTIVITIES)


def _events(values: Mapping[str, Any]) -> _Family:
    """Choose by what names the fewest events: a contact, an action, a campaign, a channel."""
    for name in ("hash", "unicity"):
        if name in values:
            return _Family("/targets/events", frozenset({name}), _EVENTS, {name: values[name]})
    channel = values.get("channel")
    if channel == "notification" and "action" in values and "contact" not in values:
        return _named("notifications", "action", values, _NOTIFICATION_EVENTS, "channel")
    for name, place in (("contact", "targets"), ("action", "actions")):
        if name in values:
            return _named(place, name, values, _EVENTS)
    if "campaign" in values:
        return _named("campaigns", "campaign", values, frozenset())
    if channel == "display":
        return _Family("/display/events", frozenset({"channel"}), frozenset({"activations"}))
    return _Family("/actions/events", frozenset(), _EVENTS)


def _named(place: str, name: str, values: Mapping[str, Any], lists: frozenset[str], *too: str) -> _Family:
    return _Family(f"/{place}/{segment(values[name])}/events", frozenset({name, *too}), lists)


def _list(values: Mapping[str, Any], lists: frozenset[str]) -> tuple[str, set[str]]:
    """Return the narrowest list of a family, and what of the filters it stands for."""
    types, subtypes = values.get("type", ()), values.get("subtype", ())
    narrower = _NARROWER.get(types + subtypes, "") if len(types) == len(subtypes) == 1 else ""
    if narrower in lists:
        return narrower, {"type", "subtype"}
    plural = _PLURALS.get(types[0], "") if len(types) == 1 else ""
    return (plural, {"type"}) if plural in lists else ("", set())


def _judgements(values: Mapping[str, Any], name: str) -> dict[str, str]:
    judged: dict[str, str] = {}
    if "classification" in values:
        if not name.startswith("hits"):
            raise InvalidSelection("the API has no list of hits only for these filters, so leave classification out")
        judged["classification"] = ",".join(values["classification"])
    if "annotate" in values and (not name or name.startswith("hits")):
        judged["annotate"] = "classification"
    return judged
