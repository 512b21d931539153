"""Bounces: what a refusal means for the address it is about.

The verdict is not read off the code, which often lies: what the other server says in words comes first.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec
from msgspec import UNSET

from estampe.events import Analysis, StatusDetail, StatusSubject, Subject, SubjectDetail, Verdict
from estampe.verdicts.refusals import BY_REPLY, LONGEST, RULES, Phrasebook, Rule, Said, command, wording

_KEPT = 4_096
_UNDEFINED = "0.0"

_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", re.ASCII)
_LEADING = re.compile(
    r"(?:([245][0-9]{2})(?![0-9])[ :-]{0,3})?(?:#?([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.]))?", re.ASCII
)
_MARKED = re.compile(r"#([45]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])", re.ASCII)

_SUBJECTS = tuple(StatusSubject)
_DETAILS = {name.removeprefix("X_").replace("_", "."): detail for name, detail in StatusDetail.__members__.items()}
_OPERATORS = frozenset(operator for rule in RULES for operator in rule.operators)
_PHRASES = Phrasebook(phrase for rule in RULES for phrase in rule.phrases)


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a refusal means.

    Parameters:
        verdict: hard, the address is dead, or soft.
        subject: what it is about, in the words of RFC 3463.
        detail: what exactly is wrong, where that is known.
        enhanced: the enhanced status code, as it was said or as it should have been.
        rule: the id of the rule that judged.
    """

    verdict: Verdict
    subject: StatusSubject
    detail: StatusDetail | None
    enhanced: str
    rule: str

    @property
    def analysis(self) -> Analysis:
        """The judgement as events of bounces have it."""
        detail = UNSET if self.detail is None else SubjectDetail(type=self.detail)
        return Analysis(verdict=self.verdict, subject=Subject(type=self.subject, detail=detail))


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal, or a report of one, as it came.

    Parameters:
        basic: the SMTP reply code, None if there was none; then it may stand first in the diagnostic.
        enhanced: the enhanced status code, empty if there was none; then it may stand in the diagnostic.
        diagnostic: what was said.
        mta: the name of the server that said it, as far as known.
        reporting_mta: the name of the server that reports, which counts where the other is unknown.
        command: the SMTP command that was refused, such as `RCPT TO`, empty if unknown.
        is_final: whether nobody tries any more; what is still tried is soft.
    """

    basic: int | None = None
    enhanced: str = ""
    diagnostic: str
    mta: str = ""
    reporting_mta: str = ""
    command: str = ""
    is_final: bool = True


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal as it is judged.

    Parameters:
        basic: the SMTP reply code.
        enhanced: the enhanced status code, the more telling of those that were said.
        text: its `wording`.
        operators: those of the table that are named.
        command: the kind of the refused command.
        is_final: whether nobody tries any more.
    """

    basic: int | None
    enhanced: str
    text: str
    operators: frozenset[str]
    command: str
    is_final: bool

    @property
    def code(self) -> str:
        """Subject and detail of the enhanced code."""
        return self.enhanced.partition(".")[2]

    @property
    def is_temporary(self) -> bool:
        """Whether it is refused for now only: by a code of class 4, or because it is still tried (RFC 5321)."""
        return not self.is_final or self.enhanced.startswith("4") or (self.basic or 0) // 100 == 4  # noqa: PLR2004

    def said(self) -> Said:
        """Return what rules are asked about."""
        phrases = _PHRASES.found(self.text)
        return Said(self.basic, self.code, self.is_temporary, self.command, self.operators, phrases)

    def judged_by(self, rule: Rule) -> Judgement:
        """Return what it means by a rule."""
        meant = rule.code or self.code or BY_REPLY.get(self.basic, _UNDEFINED)
        return Judgement(
            verdict=Verdict.SOFT if self.is_temporary else rule.verdict,
            subject=subject_of(meant),
            detail=None if meant == _UNDEFINED else _DETAILS.get(meant),
            enhanced=self.enhanced or f"{4 if self.is_temporary else 5}.{meant}",
            rule=rule.id,
        )


def read_refusal(refusal: Refusal) -> Reading:
    """Take a refusal apart."""
    diagnostic = refusal.diagnostic[:LONGEST]
    leading = _LEADING.match(diagnostic.strip().lower().removeprefix("smtp;").lstrip())
    first = leading[1] if leading else None
    sayer = f"{refusal.mta or refusal.reporting_mta} {diagnostic}".lower()
    return Reading(
        basic=refusal.basic if refusal.basic is not None or not first else int(first),
        enhanced=_telling(refusal.enhanced, leading[2] if leading else None, diagnostic),
        text=wording(diagnostic),
        operators=frozenset(each for each in _OPERATORS if each in sayer),
        command=command(refusal.command, diagnostic),
        is_final=refusal.is_final,
    )


def _telling(enhanced: str, leading: str | None, diagnostic: str) -> str:
    """Return the code that was given, but the one in the text where that says more."""
    given = enhanced if _ENHANCED.fullmatch(enhanced) else ""
    if given and not given.endswith(".0.0"):
        return given
    if leading and (not given or leading[0] == given[0]):
        return leading
    marked = None if given else _MARKED.search(diagnostic)
    return marked[1] if marked else given


def judge(refusal: Refusal) -> Judgement:
    """Judge a refusal, or a report of one: by the first rule that applies."""
    if len(refusal.diagnostic) > LONGEST:  # what is remembered has a limit
        refusal = msgspec.structs.replace(refusal, diagnostic=refusal.diagnostic[:LONGEST])
    return _judged(refusal)


@lru_cache(_KEPT)
def _judged(refusal: Refusal) -> Judgement:
    reading = read_refusal(refusal)
    said = reading.said()
    return reading.judged_by(next(rule for rule in RULES if rule.applies(said)))


def subject_of(code: str) -> StatusSubject:
    """Return the subject that a code without its class names (RFC 3463 section 3)."""
    number = int(code.partition(".")[0])
    return _SUBJECTS[number] if number < len(_SUBJECTS) else StatusSubject.OTHER


def detail_of(code: str) -> StatusDetail | None:
    """Return the detail that a code without its class names, None where RFC 3463 has none."""
    return _DETAILS.get(code)
