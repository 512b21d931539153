"""Hits: what a visit is, as its event tells it."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING

from msgspec import UNSET

from estampe.events import (
    V4,
    V6,
    Channel,
    Draft,
    EventType,
    Form,
    HitDetail,
    Mirror,
    Open,
    Redirection,
    Source,
    Unsubscribe,
    Web,
)
from estampe.tracking.linking.links import LinkKind, Part
from estampe.verdicts import Facts

if TYPE_CHECKING:
    from uuid import UUID

    from msgspec import UnsetType

    from estampe.events import Activation, Ip, UserAgent
    from estampe.events import Link as Followed
    from estampe.tracking.linking.links import Link
    from estampe.tracking.spooling.visits import Visit

_SOURCES: dict[Part, str | UnsetType] = {
    Part.UNKNOWN: UNSET,
    Part.HTML: "html",
    Part.TEXT: "text",
    Part.HEADER: "header",
}


def hit(event_id: UUID, detail: HitDetail) -> Draft:
    """Return the draft of a hit."""
    return Draft(type=EventType.HIT, id=event_id, source=Source(type=Channel.EMAIL, detail=detail))


def detail_of(visit: Visit, link: Link, activation: Activation, agent: UserAgent) -> HitDetail:
    """Return what a hit's event tells of a visit.

    Parameters:
        visit: the request.
        link: the link that it followed.
        activation: the message.
        agent: what its user agent tells.
    """
    return HitDetail(activation=activation, link=_followed(link), client=Web(ip=_ip(visit.address), ua=agent))


def facts_of(visit: Visit, link: Link, now_ms: int) -> Facts:
    """Return what is known of a visit besides; `now_ms` is when its event is published."""
    return Facts(
        method=intern(visit.method),  # so that the default is left out
        headers=visit.names(),
        waited_ms=round(max(0, now_ms - visit.time_ms), -2),
        decoy=link.decoy,
        one_click=visit.one_click,
    )


def _followed(link: Link) -> Followed:
    source = _SOURCES[link.part]
    label = link.label or UNSET
    match link.kind:
        case LinkKind.OPEN:
            return Open()
        case LinkKind.REDIRECTION:
            return Redirection(label=link.label, source=source, destination=link.target)
        case LinkKind.FORM:
            return Form(label=link.label, source=source, form=link.form)
        case LinkKind.MIRROR:
            return Mirror(label=label, source=source)
        case LinkKind.UNSUBSCRIBE:
            return Unsubscribe(label=label, source=source)


def _ip(address: str) -> Ip | UnsetType:
    if not address:
        return UNSET
    return V6(value=address) if ":" in address else V4(value=address)
