"""Explanations: which rule judged a refusal, by which words, and what it overruled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from estampe.verdicts.bounces import Judgement, Reading, Refusal, detail_of, read_refusal, subject_of
from estampe.verdicts.refusals import LONGEST, RULES, pattern

if TYPE_CHECKING:
    from estampe.verdicts.refusals import Rule, Said

_SPACE = r"(?:\s|[245][0-9]{2}[- ]#?[245]\.[0-9]{1,3}\.[0-9]{1,3}\s|[245][0-9]{2}-){1,8}"
"""What may lie between two words: lines of a reply begin with codes."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that applies to a refusal.

    Parameters:
        rule: its id.
        judgement: what the refusal means by it.
        piece: the words of the diagnostic that it found, empty if it asks for none.
        begin: where they begin in the diagnostic, characters from its start; None if other words lie between.
        source: who says that this means that.
    """

    rule: str
    judgement: Judgement
    piece: str
    begin: int | None
    source: str


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a refusal means what it does.

    Parameters:
        judgement: what it means.
        match: the rule that judged.
        overruled: all others that would have applied, in their order; those that ask for codes alone are left out.
        code: what the enhanced code says by itself, a sentence; empty where there is none.
        code_agrees: whether the code's subject is the judgement's.
    """

    judgement: Judgement
    match: Match
    overruled: tuple[Match, ...]
    code: str
    code_agrees: bool


def explain(refusal: Refusal) -> Explanation:
    """Explain what `judge` makes of a refusal."""
    reading = read_refusal(refusal)
    said = reading.said()
    first, *others = (rule for rule in RULES if rule.applies(said))
    judgement = reading.judged_by(first)
    return Explanation(
        judgement=judgement,
        match=_match(first, reading, said, refusal.diagnostic),
        overruled=tuple(
            _match(rule, reading, said, refusal.diagnostic) for rule in others if not rule.is_of_last_resort
        ),
        code=_meaning(reading.enhanced),
        code_agrees=not reading.code or subject_of(reading.code) == judgement.subject,
    )


def _match(rule: Rule, reading: Reading, said: Said, diagnostic: str) -> Match:
    phrases = [phrase for phrase in rule.phrases if phrase in said.phrases]
    places = [found for phrase in phrases if (found := _place(phrase, diagnostic))]
    first = min(places, key=lambda found: (found.start(), -found.end()), default=None)
    return Match(
        rule=rule.id,
        judgement=reading.judged_by(rule),
        piece=first[0] if first else phrases[0].strip() if phrases else "",
        begin=first.start() if first else None,
        source=rule.source,
    )


def _place(phrase: str, diagnostic: str) -> re.Match[str] | None:
    return re.search(pattern(phrase.strip(), _SPACE), diagnostic[:LONGEST], re.IGNORECASE | re.DOTALL)


def _meaning(enhanced: str) -> str:
    if not enhanced:
        return ""
    code = enhanced.partition(".")[2]
    kind = "refused for now" if enhanced.startswith("4") else "refused for good"
    return f"{enhanced} says {kind}: {detail_of(code) or subject_of(code)}"
