"""Sightings: hits as rules see them, those that are made now and those that a log has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from estampe.events import V4, V6, Form, Mirror, Parsed, Redirection, Unparsed, Unsubscribe, Web
from estampe.verdicts import Classification, Sighting

if TYPE_CHECKING:
    from msgspec import UnsetType

    from estampe.events import Client, HitDetail, Link
    from estampe.verdicts import Facts

_ANNOTATION = b',"classification":'
"""What comes before the classification in an annotated event; inside of strings quotes are escaped."""

_classifications = msgspec.json.Decoder(Classification | None)


def parted(line: bytes) -> tuple[bytes, Classification | None]:
    """Return an annotated hit as its event, and what was judged of it; None if nothing was."""
    event, _, classification = line.rpartition(_ANNOTATION)
    return event + b"}", _classifications.decode(classification[:-1])


def sighting_of(detail: HitDetail, *, time_ms: int, since_ms: int | None, facts: Facts | None, robot: str) -> Sighting:
    """Return a hit as rules see it.

    Parameters:
        detail: what its event says.
        time_ms: when it was made, Unix milliseconds.
        since_ms: how long after the activation it was made, milliseconds; None if unknown.
        facts: what was kept beside the event; None if nothing was.
        robot: as what lists of robots know its agent; empty if none does.
    """
    return Sighting(
        time_ms=time_ms,
        kind=detail.link.type,
        target=target_of(detail.link),
        agent=agent_of(detail.client),
        robot=robot,
        address=_address_of(detail.client),
        since_ms=since_ms,
        facts=facts,
    )


def agent_of(client: Client) -> str:
    """Return the user agent of whoever made a hit; empty if it is unknown."""
    agent = client.ua if isinstance(client, Web) else UNSET
    return agent.ua if isinstance(agent, Parsed | Unparsed) else ""


def target_of(link: Link) -> str:
    """Return what tells a link from the others of its kind in its message: where it leads and what it is called."""
    match link:
        case Redirection(destination=where, label=label):
            return f"{where} {_text(label)}"
        case Form(form=form, label=label):
            return f"{_text(form)} {_text(label)}"
        case Unsubscribe(label=label) | Mirror(label=label):
            return _text(label)
        case _:  # an open, or a kind of tomorrow
            return ""


def _address_of(client: Client) -> str:
    address = client.ip if isinstance(client, Web) else UNSET
    return address.value if isinstance(address, V4 | V6) else ""


def _text(text: str | UnsetType) -> str:
    return "" if text is UNSET else text
