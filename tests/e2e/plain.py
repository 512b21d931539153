"""Which events of an export a list must hold, and what statistics must count: by plain reading of their JSON."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
CONTENT = {"redirection", "form"}


class Line:
    """One event: its bytes and what they say."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.event: dict[str, Any] = json.loads(body)

    @cached_property
    def detail(self) -> dict[str, Any]:
        found: dict[str, Any] = self.event["source"]["detail"]
        return found

    @cached_property
    def block(self) -> dict[str, Any]:
        found: dict[str, Any] = self.detail.get("activation") or self.detail.get("execution") or {}
        return found

    @property
    def type(self) -> str:
        return str(self.event["type"])

    @property
    def time_ms(self) -> int:
        return int(self.event["timestamp"])

    @property
    def channel(self) -> str:
        return str(self.event["source"]["type"])

    @property
    def action(self) -> str:
        return str(self.block["id"])

    @property
    def set(self) -> str:
        return str(self.block["stamp"].get("set", ""))

    @property
    def activation_ms(self) -> int | None:
        return int(self.block["stamp"]["time"]) if "activation" in self.detail else None

    @property
    def contact(self) -> dict[str, str]:
        """The contact by each of the names that the event has of it."""
        named = self.block["receiver"] if "activation" in self.detail else self.block["recipient"]
        if named["type"] == "id":
            return {"id": named["value"]}
        return {"id": named["id"], "unicity": named["unicity"], "hash": named["hash"]}

    @property
    def subtype(self) -> str:
        """What kind of hit it is, what the bounce means, why it was cancelled, or how somebody answered."""
        detail = self.detail
        if self.type == "bounce":
            return str(detail["bounce"]["analysis"]["verdict"])
        member = "link" if self.type == "hit" else self.type
        return str(detail.get(member, {}).get("type", "")) if member not in {"activation", "execution"} else ""

    def annotated(self, judged: Mapping[str, dict[str, Any]]) -> bytes:
        """Return its bytes with the classification that it has."""
        if self.type != "hit":
            return self.body
        said = json.dumps(judged.get(self.event["id"]), separators=(",", ":"), ensure_ascii=False)
        return self.body[:-1] + b',"classification":' + said.encode() + b"}"

    def hit_class(self, judged: Mapping[str, dict[str, Any]]) -> str:
        """Return the class of a hit; who was never judged is human."""
        return str(judged[self.event["id"]]["class"]) if self.event["id"] in judged else "human"


def _type(*names: str) -> Callable[[Line], bool]:
    return lambda line: line.type in names


def _hit(kind: str) -> Callable[[Line], bool]:
    return lambda line: line.type == "hit" and line.detail["link"]["type"] == kind


HELD: dict[str, Callable[[Line], bool]] = {
    "events": lambda _: True,
    "reactivities": _type("bounce", "hit", "impression", "reply", "optout", "complaint"),
    "executions": _type("execution"),
    "activations": _type("activation"),
    "cancellations": _type("cancellation"),
    "bounces": _type("bounce"),
    "hits": _type("hit"),
    "hits/open": _hit("open"),
    "hits/redirection": _hit("redirection"),
    "hits/mirror": _hit("mirror"),
    "hits/form": _hit("form"),
    "hits/unsubscribe": _hit("unsubscribe"),
    "impressions": _type("impression"),
    "optouts": _type("optout"),
    "replies": _type("reply"),
    "complaints": _type("complaint"),
    "responses/stop": lambda line: line.type == "reply" and line.detail["reply"]["type"] == "stop",
}
"""What a list holds, by the end of its path."""

NAMES: dict[str, Callable[[Line], str]] = {
    "actions": lambda line: line.action,
    "notifications": lambda line: line.action,
    "targets": lambda line: line.contact["id"],
    "campaigns": lambda line: line.action,
}
"""What the id in a path names, by the path's start."""


def held(path: str, lines: Iterable[Line]) -> list[Line]:
    """Return what a list holds, whatever its id and parameters are."""
    start, about, end = re.fullmatch(r"/(\w+)(?:/{id})?/(events|reactivities)(?:/(.+))?", path).groups()
    channel = start.removesuffix("s") if start in {"notifications", "display"} else None
    return [line for line in lines if HELD[end or about](line) and channel in {None, line.channel}]


def within(times_ms: Callable[[Line], int | None], start_ms: int, end_ms: int, lines: Iterable[Line]) -> list[Line]:
    """Return those lines whose time is in a window, its start included."""
    return [line for line in lines if (time_ms := times_ms(line)) is not None and start_ms <= time_ms < end_ms]


def figures(lines: Iterable[Line], judged: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return an action's figures as the documented API shows them."""
    all_lines = list(lines)
    types = Counter(line.type for line in all_lines)
    kinds = Counter((line.type, line.subtype) for line in all_lines)
    hits = [line for line in all_lines if line.type == "hit" and line.hit_class(judged) == "human"]
    opens = [line for line in hits if line.subtype == "open"]
    clicks = [line for line in hits if line.subtype != "open"]
    ((channel, _),) = Counter(line.channel for line in all_lines).most_common(1)
    bounces = [line.detail["bounce"]["analysis"] for line in all_lines if line.type == "bounce"]
    addresses = Counter(_provider(line.block.get("recipient", "")) for line in all_lines if line.type == "complaint")
    return {
        "type": "mail" if channel == "email" else channel,
        "dispatch": {
            "sent": types["activation"],
            "rejected": {
                "total": types["cancellation"],
                "redlist": kinds["cancellation", "redlisted target"],
                "bounces": kinds["cancellation", "bounced target"],
                "blacklist": kinds["cancellation", "blacklisted target"],
                "marketingPressure": kinds["cancellation", "marketing pressure"],
                "emptyAddress": kinds["cancellation", "empty address"],
                "exclusions": kinds["cancellation", "excluded target"],
            },
        },
        "feedback": {
            "reactive": {"total": len(hits), "unique": _people(hits)},
            "opening": {"total": len(opens), "opener": {"total": _people(opens)}},
            "click": {
                "total": len(clicks),
                "clicker": {
                    "total": _people(clicks),
                    "effective": _people(line for line in clicks if line.subtype in CONTENT),
                },
            },
            "roi": {"revenue": 0, "commands": 0, "products": 0},
            "social": {"facebook": {"shares": 0}},
            "bounce": {
                "soft": kinds["bounce", "soft"],
                "hard": kinds["bounce", "hard"],
                "spam": sum(analysis["subject"]["type"] == "security or policy" for analysis in bounces),
            },
            "redlist": {
                "unsubscribe": {
                    "total": types["optout"],
                    "form": kinds["optout", "form"],
                    "list": kinds["optout", "one-click"] + kinds["optout", "mail"],
                },
                "complaint": {
                    "total": types["complaint"],
                    **{name: addresses[name] for name in ("aol", "comcast", "hotmail")},
                    "spamcopauto": 0,
                    "sspam": 0,
                    "yahoo": addresses["yahoo"],
                },
            },
        },
    }


def _people(hits: Iterable[Line]) -> int:
    return len({line.contact["id"] for line in hits})


def _provider(address: str) -> str:
    name = address.rpartition("@")[2].partition(".")[0]
    return {"outlook": "hotmail", "live": "hotmail", "msn": "hotmail", "ymail": "yahoo"}.get(name, name)


def rows(lines: Iterable[Line], period_ms: int | None, names: Iterable[str]) -> list[dict[str, Any]]:
    """Return a row for each period and group that has events, in their order."""
    found: Counter[tuple[Any, ...]] = Counter(
        (*([line.time_ms // period_ms * period_ms] if period_ms else []), *(getattr(line, name) for name in names))
        for line in lines
    )
    return [_row(key, events, period_ms, list(names)) for key, events in sorted(found.items())]


def _row(key: tuple[Any, ...], events: int, period_ms: int | None, names: list[str]) -> dict[str, Any]:
    if period_ms is None:
        return {**dict(zip(names, key, strict=True)), "events": events}
    start, *values = key
    return {"start": start, "end": start + period_ms, **dict(zip(names, values, strict=True)), "events": events}
