"""Who is behind a hit: an event never changes, a judgement of it may."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class HitClass(StrEnum):
    """Who is behind a hit."""

    HUMAN = "human"
    GENERIC_ROBOT = "genericrobot"
    MPP = "mpp"  # Apple's mail privacy proxy
    GSR = "gsr"  # Google's security robot


class Classification(msgspec.Struct, frozen=True, kw_only=True, rename={"hit_class": "class"}):
    """Who is judged to be behind a hit, and why.

    Parameters:
        hit_class: the judgement; `class` in JSON.
        evidence: what speaks for it, a few words each.
        ruleset: name and version of the rules that judged.
    """

    hit_class: HitClass
    evidence: tuple[str, ...] = ()
    ruleset: str = ""
