"""Plausible activity of one customer, the same for the same seed: for the demo, tests and benchmarks."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from hashlib import md5
from importlib import resources
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from estampe.instants import clock_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Message = dict[str, Any]
"""The values of one message, by the names they have in moulds."""
Moulds = dict[str, list["Mould"]]

CONTACTS = 50_000
BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FIRST_NAMES = ["Camille", "Gabriel", "Juliette", "Maxime", "Charlotte", "Matteo", "Rosalie", "Theodore"]
LAST_NAMES = ["bernard", "dubois", "lefebvre", "rousseau", "fontaine", "chevalier", "garnier", "marchand"]
SERVICES = ["commercial", "comptabilite", "logistique", "direction", "formation"]
COMPANIES = ["maison-verte", "atelier-nord", "grand-large", "petit-marche"]
PAGES = ["homepage", "lookbook", "stores", "cart", "sale"]
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737
PEOPLE = 4_000
PROVIDERS = ["aol.com", "comcast.net", "hotmail.fr", "outlook.com", "yahoo.fr", "provider.example"]
SETS = 12

DATA = {
    "firstname": "%(first)s",
    "voucher": "SPRING-2026-%(contact)s",
    "lang": "fr-FR",
    "points": 1250,
    "store": "https://%(site)s/%(page)s",
}

CANCELLED = 0.05
SIZES = range(619, 758)


class Medium(NamedTuple):
    """How a kind of action reaches contacts; `demo_media.json` has them.

    `share`: how many of a hundred messages. `bulk`: whether messages are executed in sets. `block`, `address`: what an
    activation has before and after contact and stamp. `cancellations`, `links`, `answers`: what a message may meet
    with. `outcomes`: what follows an activation, and for how many of a thousand.
    """

    name: str
    channel: str
    share: int
    actions: int
    bulk: bool
    block: dict[str, str]
    address: dict[str, str]
    cancellations: list[str]
    links: list[str]
    answers: dict[str, list[dict[str, str]]]
    outcomes: list[tuple[int, list[str]]]


class Way(NamedTuple):
    """A medium in use: its actions, its contacts, its moulds, and what may follow, as often as it is likely."""

    actions: list[Message]
    contacts: list[Message]
    moulds: Moulds
    outcomes: list[list[str]]


class Mould(NamedTuple):
    """An event's type and the text of its `source`, with `%(name)s` where a message's own values go."""

    type: str
    source: str


class Forms(NamedTuple):
    """In which of its forms each part of a mould is: footprint or id, with a set or not, rich or plain."""

    footprint: bool
    set: bool
    rich: bool


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
        self._mail, *self._media = (Medium(**row) for row in _data("demo_media.json"))
        self._actions = self._numbered(self._mail)
        self._contacts = [self._contact(n) for n in range(CONTACTS)]

    def events(self, count: int, start_ms: int, step_ms: float) -> Iterator[bytes]:
        """Yield whole events of plain mail in compact JSON, timestamps rising, bodies of 619 to 757 bytes.

        Parameters:
            count: how many.
            start_ms: the first one's timestamp, Unix milliseconds.
            step_ms: from one timestamp to the next; below 1, several share one.
        """
        mail = Way(self._actions, self._contacts, self._fitting_moulds(), _spread(self._mail))
        # So many that a message's events lie far apart, as in a real log; a compressor must not profit.
        return self._told(20_000, lambda: mail, count, start_ms, step_ms)

    def history(self, count: int, start_ms: int, step_ms: float) -> Iterator[bytes]:
        """Yield whole events of every medium in compact JSON, timestamps rising, bodies of any size.

        Parameters:
            count: how many; five thousand have all that `demo_media.json` names.
            start_ms: the first one's timestamp, Unix milliseconds.
            step_ms: from one timestamp to the next; below 1, several share one.
        """
        forms = [Forms(*each) for each in product((False, True), (False,), (False, True))]
        return self._told(200, self._ways(forms), count, start_ms, step_ms)

    def drafts(self, count: int, clock: Callable[[], int] = clock_ms) -> Iterator[dict[str, Any]]:
        """Yield drafts that tell the lives of messages of every medium, as a producer would publish them.

        Parameters:
            count: how many.
            clock: gives the time of a message's stamp, Unix milliseconds.
        """
        lives = self._lives(64, self._ways([Forms(footprint=True, set=False, rich=True)]), clock)
        for _, (mould, message) in zip(range(count), lives, strict=False):
            yield {"type": mould.type, "id": self._uuid(), "source": json.loads(mould.source % message)}

    def _ways(self, forms: list[Forms]) -> Callable[[], Way]:
        """Take up every medium, with a set in stamps where it is bulk; return what picks one by its share."""
        draw = self._random
        people = [_person(number, contact) for number, contact in enumerate(self._contacts[:PEOPLE])]
        sets = [self._uuid() for _ in range(SETS)]
        ways = [
            Way(
                [action | {"set": draw.choice(sets), "version": self._uuid()} for action in self._numbered(medium)],
                people,
                _moulds(medium, [form._replace(set=medium.bulk) for form in forms]),
                _spread(medium),
            )
            for medium in self._media
        ]
        shares = [way for way, medium in zip(ways, self._media, strict=True) for _ in range(medium.share)]
        return lambda: draw.choice(shares)

    def _told(self, size: int, pick: Callable[[], Way], count: int, start_ms: int, step_ms: float) -> Iterator[bytes]:
        now = start_ms
        lives = self._lives(size, pick, lambda: now, begun=True)
        for n, (mould, message) in zip(range(count), lives, strict=False):
            now = start_ms + int(n * step_ms)
            yield self._event(mould, message, now)

    def _lives(
        self, size: int, pick: Callable[[], Way], clock: Callable[[], int], *, begun: bool = False
    ) -> Iterator[tuple[Mould, Message]]:
        """Tell so many messages' lives at a time, in turns; one that is told makes room for a new one."""
        draw = self._random
        lives = [self._life(pick(), clock()) for _ in range(size)]
        if begun:
            lives = [(coming[: draw.randint(1, len(coming))], message) for coming, message in lives]
        while True:
            turn = int(draw.random() * size)
            coming, message = lives[turn]
            yield coming.pop(), message
            if not coming:
                lives[turn] = self._life(pick(), clock())

    def _life(self, way: Way, now: int) -> tuple[list[Mould], Message]:
        """Decide what will happen to a new message, last event first."""
        draw = self._random
        cancelled = draw.random() < CANCELLED
        told = ["cancellation"] if cancelled else ["activation", *draw.choice(way.outcomes)]
        return [draw.choice(way.moulds[name]) for name in (*told[::-1], "execution")], self._message(way, now)

    def _message(self, way: Way, now: int) -> Message:
        draw = self._random
        action = way.actions[int(draw.random() ** 2 * len(way.actions))]
        stamp = {"time": now - draw.randrange(20, 400), "stamp": self._uuid(), "thread": self._uuid()}
        return action | draw.choice(way.contacts) | stamp

    def _numbered(self, medium: Medium) -> list[Message]:
        return [self._action(n) for n in self._random.sample(range(36**3), medium.actions)]

    def _action(self, number: int) -> Message:
        draw = self._random
        site = f"{draw.choice(COMPANIES)}.example"
        named = {"action": _code(number, 6), "number": number}
        return named | {"site": site, "page": draw.choice(PAGES), "set": self._uuid()}

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
        plain = Way(self._actions, self._contacts, {}, [])
        extremes = [self._message(plain, 2 * 10**12) | self._extreme(pick) for pick in (min, max)]
        moulds = _moulds(self._mail, [Forms(*forms) for forms in product((False, True), repeat=len(Forms._fields))])
        return {
            name: [m for m in some if all(len(self._event(m, e, 2 * 10**12)) in SIZES for e in extremes)]
            for name, some in moulds.items()
        }

    def _extreme(self, pick: Callable[..., str]) -> Message:
        return {
            name: pick((row[name] for row in rows), key=len)
            for rows in (self._actions, self._contacts)
            for name in rows[0].keys() - {"number"}
        }


def _spread(medium: Medium) -> list[list[str]]:
    return [outcome for weight, outcome in medium.outcomes for _ in range(weight)]


def _person(number: int, contact: Message) -> Message:
    """Give a contact a telephone, and every second one an address at a provider."""
    name, _, company = contact["address"].partition("@")
    address = f"{name}.example@{PROVIDERS[number // 2 % len(PROVIDERS)]}" if number % 2 else f"{name}@{company}"
    unicity_hash = md5(address.encode(), usedforsecurity=False).hexdigest()
    # Numbers that France keeps for fiction.
    return contact | {"phone": f"+3363998{number:04}", "address": address, "hash": unicity_hash}


def _moulds(medium: Medium, variants: list[Forms]) -> Moulds:
    samples = _data("demo_samples.json")
    moulds: Moulds = defaultdict(list)
    for forms in variants:
        for name, event_type, detail in _details(medium, samples, forms):
            source = _compact({"type": medium.channel, "detail": detail})
            moulds[name].append(Mould(event_type, re.sub(r'"(%\(\w+\)d)"', r"\1", source)))
    return moulds


def _details(medium: Medium, samples: dict[str, Any], forms: Forms) -> Iterator[tuple[str, str, dict[str, Any]]]:
    execution, activation = _execution(medium, forms), _activation(medium, forms)
    yield "execution", "execution", execution
    yield "activation", "activation", activation
    for cancellation in samples["cancellations"]:
        if cancellation["type"] in medium.cancellations:
            yield "cancellation", "cancellation", {**execution, "cancellation": cancellation}
    for bounce in samples["bounces"]:
        yield "bounce", "bounce", {**activation, "bounce": bounce}
    for link, agent in product(samples["links"], samples["agents"]):
        if link["type"] in medium.links:
            yield link["type"], "hit", {**activation, "link": link, "client": _client(forms, agent)}
    for name, answers in medium.answers.items():
        for answer in answers:
            yield name, name, {**activation, name: answer}


def _execution(medium: Medium, forms: Forms) -> dict[str, Any]:
    block = {"id": medium.block["id"], "kind": medium.block["kind"], "recipient": _contact(forms)}
    data = {"data": DATA} if forms.rich else {}
    return {"execution": {**block, **data, "stamp": _stamp(forms)}}


def _activation(medium: Medium, forms: Forms) -> dict[str, Any]:
    return {"activation": {**medium.block, "receiver": _contact(forms), "stamp": _stamp(forms), **medium.address}}


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


def _data(name: str) -> Any:
    return json.loads(resources.files("estampe").joinpath(name).read_bytes())
