"""Plausible activity of one customer, the same for the same seed: for the demo, tests and benchmarks."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from hashlib import md5
from importlib import resources
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Message = dict[str, Any]
"""The values of one message, by the names they have in moulds."""
Moulds = dict[str, list["Mould"]]

ACTIONS = 200
CONTACTS = 50_000
BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FIRST_NAMES = ["Camille", "Gabriel", "Juliette", "Maxime", "Charlotte", "Matteo", "Rosalie", "Theodore"]
LAST_NAMES = ["bernard", "dubois", "lefebvre", "rousseau", "fontaine", "chevalier", "garnier", "marchand"]
SERVICES = ["commercial", "comptabilite", "logistique", "direction", "formation"]
COMPANIES = ["maison-verte", "atelier-nord", "grand-large", "petit-marche"]
PAGES = ["homepage", "lookbook", "stores", "cart", "sale"]
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737

DATA = {
    "firstname": "%(first)s",
    "voucher": "SPRING-2026-%(contact)s",
    "lang": "fr-FR",
    "points": 1250,
    "store": "https://%(site)s/%(page)s",
}
ANSWERS = {"optout": {"type": "link"}, "reply": {"type": "message"}, "complaint": {"type": "abuse"}}

# What follows the activation of a message, and for how many of a thousand.
OUTCOMES: tuple[tuple[int, tuple[str, ...]], ...] = (
    (340, ()),
    (420, ("open",)),
    (60, ("open", "open")),
    (85, ("open", "redirection")),
    (30, ("open", "redirection", "redirection")),
    (10, ("open", "mirror")),
    (6, ("open", "redirection", "form")),
    (6, ("open", "unsubscribe", "optout")),
    (5, ("reply",)),
    (3, ("open", "complaint")),
    (35, ("bounce",)),
)
CANCELLED = 0.05
SIZES = range(619, 758)


class Mould(NamedTuple):
    """An event's type and the text of its `source`, with `%(name)s` where a message's own values go."""

    type: str
    source: str


class Forms(NamedTuple):
    """In which of its forms each part of a mould is: footprint or id, with a set or not, rich or plain."""

    footprint: bool
    set: bool
    rich: bool


def now_ms() -> int:
    """Return the time, Unix milliseconds."""
    return time.time_ns() // 1_000_000


class Generator:
    """Makes up what happens to a customer's messages; the same seed and customer, the same events.

    Parameters:
        seed: any number.
        customer: whose messages, such as `DEMO/028`.
    """

    def __init__(self, seed: int, customer: str) -> None:
        agency, _, name = customer.partition("/")
        self._identity = _compact({"type": "customer", "agency": agency, "customer": name})
        self._random = Random(seed)  # noqa: S311  plausible, not secret
        self._actions = [self._action(n) for n in self._random.sample(range(36**3), ACTIONS)]
        self._contacts = [self._contact(n) for n in range(CONTACTS)]
        self._outcomes = [outcome for weight, outcome in OUTCOMES for _ in range(weight)]

    def events(self, count: int, start_ms: int, step_ms: float) -> Iterator[bytes]:
        """Yield whole events in compact JSON, timestamps rising, bodies of 619 to 757 bytes.

        Parameters:
            count: how many.
            start_ms: the first one's timestamp, Unix milliseconds.
            step_ms: from one timestamp to the next; below 1, several share one.
        """
        now = start_ms
        # So many that a message's events lie far apart, as in a real log; a compressor must not profit.
        lives = self._lives(20_000, self._fitting_moulds(), lambda: now, begun=True)
        for n, (mould, message) in zip(range(count), lives, strict=False):
            now = start_ms + int(n * step_ms)
            yield self._event(mould, message, now)

    def drafts(self, count: int, clock: Callable[[], int] = now_ms) -> Iterator[dict[str, Any]]:
        """Yield drafts that tell the lives of messages, interleaved, as a producer would publish them.

        Parameters:
            count: how many.
            clock: gives the time of a message's stamp, Unix milliseconds.
        """
        moulds = _moulds([Forms(footprint=True, set=False, rich=True)])
        for _, (mould, message) in zip(range(count), self._lives(64, moulds, clock), strict=False):
            yield {"type": mould.type, "id": self._uuid(), "source": json.loads(mould.source % message)}

    def _lives(
        self, size: int, moulds: Moulds, clock: Callable[[], int], *, begun: bool = False
    ) -> Iterator[tuple[Mould, Message]]:
        """Tell so many messages' lives at a time, in turns; one that is told makes room for a new one."""
        draw = self._random
        lives = [self._life(moulds, clock()) for _ in range(size)]
        if begun:
            lives = [(coming[: draw.randint(1, len(coming))], message) for coming, message in lives]
        while True:
            turn = int(draw.random() * size)
            coming, message = lives[turn]
            yield coming.pop(), message
            if not coming:
                lives[turn] = self._life(moulds, clock())

    def _life(self, moulds: Moulds, now: int) -> tuple[list[Mould], Message]:
        """Decide what will happen to a new message, last event first."""
        draw = self._random
        cancelled = draw.random() < CANCELLED
        told = ("cancellation",) if cancelled else ("activation", *draw.choice(self._outcomes))
        return [draw.choice(moulds[name]) for name in (*told[::-1], "execution")], self._message(now)

    def _message(self, now: int) -> Message:
        draw = self._random
        action = self._actions[int(draw.random() ** 2 * ACTIONS)]
        stamp = {"time": now - draw.randrange(20, 400), "stamp": self._uuid(), "thread": self._uuid()}
        return action | draw.choice(self._contacts) | stamp

    def _action(self, number: int) -> Message:
        draw = self._random
        site = f"{draw.choice(COMPANIES)}.example"
        return {"action": _code(number, 6), "site": site, "page": draw.choice(PAGES), "set": self._uuid()}

    def _contact(self, number: int) -> Message:
        draw = self._random
        first = draw.choice(FIRST_NAMES)
        name = f"{first.lower()}.{draw.choice(LAST_NAMES)}.{number:05}"
        address = f"{name}@{draw.choice(SERVICES)}.{draw.choice(COMPANIES)}.example"
        return {
            "contact": _code(number, 8),
            "first": first,
            "address": address,
            "hash": md5(address.encode(), usedforsecurity=False).hexdigest(),
            "ip": f"{draw.choice(NETWORKS)}.{draw.randrange(1, 255)}",
        }

    def _uuid(self) -> str:
        digits = f"{self._random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def _event(self, mould: Mould, message: Message, timestamp_ms: int) -> bytes:
        return (
            f'{{"type":"{mould.type}","id":"{self._uuid()}","timestamp":{timestamp_ms},'
            f'"identity":{self._identity},"source":{mould.source % message}}}'
        ).encode()

    def _fitting_moulds(self) -> Moulds:
        """Return the moulds whose every body is of a benchmark's size."""
        extremes = [self._message(2 * 10**12) | self._extreme(pick) for pick in (min, max)]
        moulds = _moulds(Forms(*forms) for forms in product((False, True), repeat=len(Forms._fields)))
        return {
            name: [m for m in some if all(len(self._event(m, e, 2 * 10**12)) in SIZES for e in extremes)]
            for name, some in moulds.items()
        }

    def _extreme(self, pick: Callable[..., str]) -> Message:
        return {
            name: pick((row[name] for row in rows), key=len)
            for rows in (self._actions, self._contacts)
            for name in rows[0]
        }


def _moulds(variants: Iterable[Forms]) -> Moulds:
    moulds: Moulds = defaultdict(list)
    for forms in variants:
        for name, event_type, detail in _details(forms):
            source = _compact({"type": "email", "detail": detail}).replace('"%(time)d"', "%(time)d")
            moulds[name].append(Mould(event_type, source))
    return moulds


def _details(forms: Forms) -> Iterator[tuple[str, str, dict[str, Any]]]:
    samples = json.loads(resources.files("estampe").joinpath("demo_samples.json").read_bytes())
    execution, activation = _execution(forms), _activation(forms)
    yield "execution", "execution", execution
    yield "activation", "activation", activation
    for cancellation in samples["cancellations"]:
        yield "cancellation", "cancellation", {**execution, "cancellation": cancellation}
    for bounce in samples["bounces"]:
        yield "bounce", "bounce", {**activation, "bounce": bounce}
    for link, agent in product(samples["links"], samples["agents"]):
        yield link["type"], "hit", {**activation, "link": link, "client": _client(forms, agent)}
    for name, answer in ANSWERS.items():
        yield name, name, {**activation, name: answer}


def _execution(forms: Forms) -> dict[str, Any]:
    block = {"id": "%(action)s", "kind": "message", "recipient": _contact(forms)}
    data = {"data": DATA} if forms.rich else {}
    return {"execution": {**block, **data, "stamp": _stamp(forms)}}


def _activation(forms: Forms) -> dict[str, Any]:
    block = {"id": "%(action)s", "kind": "message", "receiver": _contact(forms), "stamp": _stamp(forms)}
    return {"activation": {**block, "recipient": "%(address)s"}}


def _contact(forms: Forms) -> dict[str, str]:
    if not forms.footprint:
        return {"type": "id", "value": "%(contact)s"}
    return {"type": "footprint", "id": "%(contact)s", "unicity": "%(address)s", "hash": "%(hash)s"}


def _stamp(forms: Forms) -> dict[str, str]:
    stamp = {"time": "%(time)d", "id": "%(stamp)s", "thread": "%(thread)s"}
    return {**stamp, "set": "%(set)s"} if forms.set else stamp


def _client(forms: Forms, agent: dict[str, Any]) -> dict[str, Any]:
    ua = {"type": "parsed", **agent} if forms.rich else {"type": "raw", "ua": agent["ua"]}
    return {"type": "web", "ip": {"type": "v4", "value": "%(ip)s"}, "ua": ua}


def _code(number: int, length: int) -> str:
    digits = (BASE36[number // 36**n % 36] for n in reversed(range(length)))
    return "".join(digits)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
