"""Codes: refusals of which nothing but the codes is known."""

from __future__ import annotations

from estampe.events import Verdict
from estampe.verdicts.refusals.rule import Rule

HARD, SOFT = Verdict.HARD, Verdict.SOFT

RULES = (
    Rule(
        "code-of-a-dead-address",
        HARD,
        "",
        enhanced=("1.1", "1.2", "1.3", "1.6", "1.10", "1.351"),
        source="RFC 3463, RFC 7505",
        example="550 5.1.1 no",
    ),
    Rule(
        "code-of-no-mail",
        HARD,
        "1.2",
        enhanced=("", "0.0"),
        basic=(556,),
        source="RFC 7504",
        example="556 no",
    ),
    Rule(
        "code-of-a-host-without-mail",
        HARD,
        "3.2",
        enhanced=("", "0.0", "3.2"),
        basic=(521,),
        source="RFC 7504",
        example="521 no",
    ),
    Rule(
        "code-of-another-place",
        HARD,
        "1.6",
        enhanced=("",),
        basic=(551,),
        source="RFC 5321 section 3.4",
        example="551 please use <tom@example.net>",
    ),
    Rule(
        "nothing-else",
        SOFT,
        "",
        source="RFC 3463, RFC 5321",
        example="550 5.2.0 no",
    ),
)
"""Rows that ask for codes alone; the last asks for nothing."""

BY_REPLY: dict[int | None, str] = {
    450: "2.0",
    451: "3.0",
    452: "3.1",
    421: "3.2",
    500: "5.1",
    501: "5.4",
    502: "5.1",
    503: "5.1",
    504: "5.4",
    530: "7.0",
    535: "7.0",
    552: "2.2",
    571: "7.1",
}
"""What a reply code means that comes with neither an enhanced code nor words (RFC 5321 section 4.2.2)."""
