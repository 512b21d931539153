"""A made-up history of every channel, its hits judged, and what each list of it must hold: read off the JSON."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import pytest

from contract.activity import JUDGEMENTS
from estampe import demo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estampe.http.routes import Route
    from estampe.verdicts import Classification

START_MS = 1_600_000_000_000
STEP_MS = 60_000
HUMAN = "human"

_SUBTYPE = {
    "hit": ("link", "type"),
    "bounce": ("bounce", "analysis", "verdict"),
    "cancellation": ("cancellation", "type"),
    "optout": ("optout", "type"),
    "reply": ("reply", "type"),
    "complaint": ("complaint", "type"),
}


class Facts(NamedTuple):
    """What lists ask of an event."""

    type: str
    subtype: str
    channel: str
    action: str
    contact: str | None
    hash: str | None
    campaign: str | None
    activation_ms: int | None
    hit_class: str | None


class Happening(NamedTuple):
    """An event, what lists ask of it, and its bytes."""

    event: dict[str, Any]
    facts: Facts
    body: bytes

    @property
    def timestamp_ms(self) -> int:
        """When it was published."""
        return int(self.event["timestamp"])


class History:
    """What happened to a dozen contacts."""

    def __init__(self, count: int) -> None:
        with pytest.MonkeyPatch.context() as few:
            few.setattr(demo, "CONTACTS", 12)
            few.setattr(demo, "PEOPLE", 12)
            self.bodies = list(demo.Generator(1, "DEMO/028").history(count, START_MS, STEP_MS))
        events = [json.loads(body) for body in self.bodies]
        hits = [UUID(event["id"]) for event in events if event["type"] == "hit"]
        self.judged = {hit: judged for hit, judged in zip(hits, cycle(JUDGEMENTS), strict=False) if judged}
        self.all = [
            Happening(event, _facts(event, self.judged), body) for event, body in zip(events, self.bodies, strict=True)
        ]
        self.action = self._commonest("action", "email")
        self.notification = self._commonest("action", "notification")
        self.contact = self._commonest("contact", "email")
        self.hash = self._commonest("hash", "email")
        self.campaign = self._commonest("campaign", "email")
        self.unicity = self._unicity()

    def named(self, route: Route) -> dict[str, str]:
        """Return what a list is of, by the member of a query: what is there most often."""
        action = self.notification if route.path.startswith("/notifications") else self.action
        return {"action": action, "contact": self.contact, "campaign": self.campaign}

    def of(self, route: Any, named: Mapping[str, str], classes: frozenset[str] = frozenset({HUMAN})) -> list[Happening]:
        """Return what a list must hold, oldest first.

        Parameters:
            route: the list.
            named: what it is of, by name as in `Facts`.
            classes: the classes of hits that a list of hits only shows.
        """
        return [each for each in self.all if _is_held(each.facts, route, named, classes)]

    def _commonest(self, name: str, channel: str) -> str:
        found = Counter(getattr(each.facts, name) for each in self.all if each.facts.channel == channel)
        return next(str(value) for value, _ in found.most_common() if value)

    def _unicity(self) -> str:
        contacts = (_block(each.event)[1] for each in self.all)
        return next(str(contact["unicity"]) for contact in contacts if contact.get("hash") == self.hash)


@cache
def history(count: int = 2_000) -> History:
    """Return a history of so many events, made once."""
    return History(count)


def _block(event: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    detail = event["source"]["detail"]
    block = detail.get("activation") or detail["execution"]
    return block, block.get("receiver") or block["recipient"]


def _facts(event: dict[str, Any], judged: Mapping[UUID, Classification]) -> Facts:
    detail = event["source"]["detail"]
    block, contact = _block(event)
    subtype: Any = detail
    for name in _SUBTYPE.get(event["type"], ()):
        subtype = subtype[name]
    judgement = judged.get(UUID(event["id"]))
    return Facts(
        type=event["type"],
        subtype="" if subtype is detail else subtype,
        channel=event["source"]["type"],
        action=str(block["id"]),
        contact=contact.get("id") or contact.get("value"),
        hash=contact.get("hash"),
        campaign=block["stamp"].get("set"),
        activation_ms=block["stamp"]["time"] if "activation" in detail else None,
        hit_class=(judgement.hit_class if judgement else HUMAN) if event["type"] == "hit" else None,
    )


def _is_held(facts: Facts, route: Any, named: Mapping[str, str], classes: frozenset[str]) -> bool:
    return (
        (not route.types or facts.type in route.types)
        and (not route.subtypes or facts.subtype in route.subtypes)
        and route.channel in {None, facts.channel}
        and all(getattr(facts, name) == value for name, value in named.items())
        and (route.types != ("hit",) or facts.hit_class in classes)
    )
