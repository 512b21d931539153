"""Refusals that servers are known to make mean what their makers, in `refusals.txt`, or people say they mean."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from estampe.events import StatusSubject, Verdict
from estampe.verdicts import RULES, Refusal, judge
from estampe.verdicts.refusals import Phrasebook, pattern, wording

FILES = ("refusals.txt", "refusals-gathered.txt")
LINES = [line for name in FILES for line in Path(__file__).with_name(name).read_text().splitlines()]
SAID = re.compile(r"(hard|soft) ([0-7]) ([245]\d\d)[ -](?:([245]\.\d+\.\d+) )?(.+?)(?: <- (\S+))?")
ENOUGH = 300

PHRASES = {phrase: re.compile(pattern(phrase), re.DOTALL) for rule in RULES for phrase in rule.phrases}
BOOK = Phrasebook(PHRASES)


class Known(NamedTuple):
    """A refusal, and what it is known to mean."""

    verdict: Verdict
    subject: StatusSubject
    basic: int
    enhanced: str
    text: str
    mta: str


def known(line: str) -> Known:
    found = SAID.fullmatch(line)
    assert found, line
    verdict, subject, basic, enhanced, text, mta = found.groups("")
    return Known(Verdict(verdict), tuple(StatusSubject)[int(subject)], int(basic), enhanced, text, mta)


KNOWN = [known(line) for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize(
    "refusal", KNOWN, ids=lambda refusal: f"{refusal.basic} {refusal.enhanced} {refusal.text[:60]}"
)
def test_a_known_refusal_means_what_it_is_known_to_mean(refusal: Known) -> None:
    judgement = judge(Refusal(basic=refusal.basic, enhanced=refusal.enhanced, diagnostic=refusal.text, mta=refusal.mta))
    for_now = refusal.basic // 100 == 4
    assert judgement.verdict == (Verdict.SOFT if for_now else refusal.verdict), judgement.rule
    assert judgement.subject == refusal.subject, judgement.rule


@pytest.mark.parametrize("refusal", KNOWN[::7], ids=lambda refusal: refusal.text[:40])
def test_a_refusal_means_the_same_in_the_lines_of_a_reply(refusal: Known) -> None:
    mark = f"{refusal.basic}-{refusal.enhanced} ".replace("- ", "-")
    words = refusal.text.split(" ")
    lines = [" ".join(words[at : at + 4]) for at in range(0, len(words), 4)]
    reply = " ".join(mark + line for line in lines)
    one = judge(Refusal(basic=refusal.basic, enhanced=refusal.enhanced, diagnostic=refusal.text, mta=refusal.mta))
    many = judge(Refusal(basic=refusal.basic, enhanced=refusal.enhanced, diagnostic=reply, mta=refusal.mta))
    assert (many.verdict, many.subject, many.rule) == (one.verdict, one.subject, one.rule)


def test_there_are_enough_of_them() -> None:
    assert len(KNOWN) >= ENOUGH
    assert len({refusal[2:] for refusal in KNOWN}) >= ENOUGH


@pytest.mark.parametrize("refusal", KNOWN[::3], ids=lambda refusal: refusal.text[:40])
def test_the_book_of_phrases_finds_what_looking_for_each_does(refusal: Known) -> None:
    text = wording(refusal.text)
    assert BOOK.found(text) == {phrase for phrase, exactly in PHRASES.items() if exactly.search(text)}
