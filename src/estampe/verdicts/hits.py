"""What is known of a hit and what is judged of it: an event never changes, a judgement of it may."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class HitClass(StrEnum):
    """Who is behind a hit."""

    HUMAN = "human"
    GENERIC_ROBOT = "genericrobot"
    MPP = "mpp"  # Apple's mail privacy proxy, which opens whatever arrives
    GSR = "gsr"  # Google's security robot
    SCANNER = "scanner"  # a mail security gateway, which follows links before its people may
    PREFETCH = "prefetch"  # a mailbox that loads pictures when a message arrives, read or not


class Signal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One reason for a judgement.

    Parameters:
        name: which rule speaks.
        weight: how much it says: above 0 for a robot, below 0 for a person; from 1 on it decides alone.
        seen: what was seen, a few words; alike for hits that are alike, for it is stored once for all of them.
    """

    name: str
    weight: float
    seen: str = ""


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What an event does not say of its hit, kept to judge it again.

    Parameters:
        method: of the request, such as `GET`.
        headers: which of the headers that rules know it had, by their names in lower case.
        waited_ms: how long before its publication it was made, milliseconds, to a tenth of a second.
        decoy: whether it followed a link that no person can see.
        one_click: whether it was posted by a mail program (RFC 8058).
    """

    method: str = "GET"
    headers: tuple[str, ...] = ()
    waited_ms: int = 0
    decoy: bool = False
    one_click: bool = False


class Classification(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, rename={"hit_class": "class"}
):
    """Who is judged to be behind a hit, and why.

    Parameters:
        hit_class: the judgement; `class` in JSON.
        through: the proxy that a person's program loads through, such as Gmail's; empty if there is none.
        evidence: what speaks for the judgement and against it.
        ruleset: name and version of the rules that judged.
        facts: what was known besides the event; None: nothing.
    """

    hit_class: HitClass
    through: str = ""
    evidence: tuple[Signal, ...] = ()
    ruleset: str = ""
    facts: Facts | None = None


class Sighting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A hit as rules see it.

    Parameters:
        time_ms: when it was made, Unix milliseconds.
        kind: `open`, `redirection`, `form`, `mirror`, `unsubscribe`.
        target: names the link among those of its message.
        agent: the user agent, empty if there was none.
        robot: as what robot lists of agents know it; empty if none does.
        address: where it came from, IPv4 or IPv6; empty if unknown.
        since_ms: how long after the activation it was made, milliseconds; below 0 before it, None if unknown.
        facts: what the request was like; None if unknown, as with hits that others collected.
    """

    time_ms: int
    kind: str
    target: str = ""
    agent: str = ""
    robot: str = ""
    address: str = ""
    since_ms: int | None = None
    facts: Facts | None = None
