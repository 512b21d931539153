"""The figures of an action, in the shape that the documented API has for them."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from estampe.events import Channel, EventType, OptoutType, StatusSubject, Verdict
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from estampe.log import Audience, Count, Facet

BY: tuple[Facet, ...] = ("channel", "type", "subtype", "trait")
"""What events are to be counted by."""


class Rejected(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Messages that were not sent (cancellations), by reason."""

    total: int
    redlist: int
    bounces: int
    blacklist: int
    marketing_pressure: int
    empty_address: int
    exclusions: int


class Dispatch(msgspec.Struct, frozen=True, kw_only=True):
    """Messages handed over, and those that were not."""

    sent: int
    rejected: Rejected


class Reactive(msgspec.Struct, frozen=True, kw_only=True):
    """Hits judged human, and contacts behind them."""

    total: int
    unique: int


class Opener(msgspec.Struct, frozen=True, kw_only=True):
    """Contacts that opened."""

    total: int


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Hits `open`."""

    total: int
    opener: Opener


class Clicker(msgspec.Struct, frozen=True, kw_only=True):
    """Contacts that clicked, and those of them that followed a link of the message's own content."""

    total: int
    effective: int


class Click(msgspec.Struct, frozen=True, kw_only=True):
    """Hits of every other kind."""

    total: int
    clicker: Clicker


class Roi(msgspec.Struct, frozen=True, kw_only=True):
    """What was bought; no event tells."""

    revenue: int = 0
    commands: int = 0
    products: int = 0


class Facebook(msgspec.Struct, frozen=True, kw_only=True):
    """What was shared; no event tells."""

    shares: int = 0


class Social(msgspec.Struct, frozen=True, kw_only=True):
    """What was shared, by network."""

    facebook: Facebook = Facebook()


class Bounces(msgspec.Struct, frozen=True, kw_only=True):
    """Bounces by verdict; `spam` are those of them whose subject is the policy of the other side."""

    soft: int
    hard: int
    spam: int


class Unsubscribe(msgspec.Struct, frozen=True, kw_only=True):
    """Optouts, those by form, and those by the List-Unsubscribe header (RFC 2369, RFC 8058)."""

    total: int
    form: int
    list: int


class Complaints(msgspec.Struct, frozen=True, kw_only=True):
    """Complaints, and those about an address of some providers; of `spamcopauto` and `sspam` no event tells."""

    total: int
    aol: int
    comcast: int
    hotmail: int
    spamcopauto: int = 0
    sspam: int = 0
    yahoo: int


class Redlist(msgspec.Struct, frozen=True, kw_only=True):
    """People who want no more messages."""

    unsubscribe: Unsubscribe
    complaint: Complaints


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    reactive: Reactive
    opening: Opening
    click: Click
    roi: Roi = Roi()
    social: Social = Social()
    bounce: Bounces
    redlist: Redlist


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one action; `type` is its channel, `mail` for email."""

    type: str
    dispatch: Dispatch
    feedback: Feedback


class _Cell(NamedTuple):
    channel: str
    type: str
    subtype: str
    trait: str


class _Cells:
    """Counts by channel, type, subtype and trait."""

    def __init__(self, counts: Iterable[Count]) -> None:
        self._events = Counter({_Cell(*count.facets): count.events for count in counts})

    def of(self, event_type: EventType, which: Callable[[_Cell], bool] = lambda _: True) -> int:
        return sum(n for cell, n in self._events.items() if cell.type == event_type and which(cell))

    def cancelled(self, reason: str) -> int:
        return self.of(EventType.CANCELLATION, lambda cell: cell.subtype == reason)

    def main_channel(self) -> str:
        channels: Counter[str] = Counter()
        for cell, n in self._events.items():
            channels[cell.channel] += n
        return max(channels, key=lambda channel: (channels[channel], channel), default="")


_PROVIDERS = {
    name: re.compile(rf"({labels})\.(com|net|[a-z]{{2}}|com?\.[a-z]{{2}})", re.ASCII)
    for name, labels in (
        ("aol", "aol"),
        ("comcast", "comcast"),
        ("hotmail", "hotmail|outlook|live|msn"),
        ("yahoo", "yahoo|ymail"),
    )
}
"""By the domain of an address: a provider's names, at the top or in a country."""


def statistics(counts: Iterable[Count], audience: Audience) -> Statistics:
    """Return an action's figures.

    Parameters:
        counts: its events, counted by `BY`.
        audience: the contacts that reacted to it.
    """
    cells = _Cells(counts)
    channel = cells.main_channel()
    return Statistics(
        type="mail" if channel == Channel.EMAIL else channel,
        dispatch=Dispatch(sent=cells.of(EventType.ACTIVATION), rejected=_rejected(cells)),
        feedback=_feedback(cells, audience),
    )


def _rejected(cells: _Cells) -> Rejected:
    return Rejected(
        total=cells.of(EventType.CANCELLATION),
        redlist=cells.cancelled("redlisted target"),
        bounces=cells.cancelled("bounced target"),
        blacklist=cells.cancelled("blacklisted target"),
        marketing_pressure=cells.cancelled("marketing pressure"),
        empty_address=cells.cancelled("empty address"),
        exclusions=cells.cancelled("excluded target"),
    )


def _feedback(cells: _Cells, audience: Audience) -> Feedback:
    opens = cells.of(EventType.HIT, lambda cell: cell.trait == HitClass.HUMAN and cell.subtype == "open")
    clicks = cells.of(EventType.HIT, lambda cell: cell.trait == HitClass.HUMAN and cell.subtype != "open")
    return Feedback(
        reactive=Reactive(total=opens + clicks, unique=audience.reactive),
        opening=Opening(total=opens, opener=Opener(total=audience.openers)),
        click=Click(total=clicks, clicker=Clicker(total=audience.clickers, effective=audience.effective)),
        bounce=Bounces(
            soft=cells.of(EventType.BOUNCE, lambda cell: cell.subtype == Verdict.SOFT),
            hard=cells.of(EventType.BOUNCE, lambda cell: cell.subtype == Verdict.HARD),
            spam=cells.of(EventType.BOUNCE, lambda cell: cell.trait == StatusSubject.SECURITY),
        ),
        redlist=Redlist(unsubscribe=_unsubscribe(cells), complaint=_complaints(cells)),
    )


def _unsubscribe(cells: _Cells) -> Unsubscribe:
    lists = {OptoutType.ONE_CLICK, OptoutType.MAIL}
    return Unsubscribe(
        total=cells.of(EventType.OPTOUT),
        form=cells.of(EventType.OPTOUT, lambda cell: cell.subtype == OptoutType.FORM),
        list=cells.of(EventType.OPTOUT, lambda cell: cell.subtype in lists),
    )


def _complaints(cells: _Cells) -> Complaints:
    by_provider = {name: cells.of(EventType.COMPLAINT, _at(domains)) for name, domains in _PROVIDERS.items()}
    return Complaints(total=cells.of(EventType.COMPLAINT), **by_provider)


def _at(domains: re.Pattern[str]) -> Callable[[_Cell], bool]:
    return lambda cell: domains.fullmatch(cell.trait) is not None
