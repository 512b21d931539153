"""Bounces: what a refusal means for the address it is about.

The verdict is not read off the code, which often lies: what the other server says in words comes first.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec
from msgspec import UNSET

from estampe.events import Analysis, StatusDetail, StatusSubject, Subject, SubjectDetail, Verdict
from estampe.verdicts.refusals import BY_REPLY, RULES

_LONGEST = 2_000
_KEPT = 4_096
_UNDEFINED = "0.0"

_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", re.ASCII)
_LEADING = re.compile(r"(?:[245][0-9]{2}[ -])?#?([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])", re.ASCII)
_ADDRESS = re.compile(r"<?[^\s<>\"'()\[\],;@]{1,64}@[^\s<>\"'()\[\],;@]{1,255}>?")
_SPACES = re.compile(r"\s+")

_SUBJECTS = tuple(StatusSubject)
_DETAILS = {name.removeprefix("X_").replace("_", "."): detail for name, detail in StatusDetail.__members__.items()}
_OPERATORS = frozenset(operator for rule in RULES for operator in rule.operators)


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a refusal means.

    Parameters:
        verdict: hard, the address is dead, or soft.
        subject: what it is about, in the words of RFC 3463.
        detail: what exactly is wrong, where that is known.
        enhanced: the enhanced status code, as it was said or as it should have been.
        rule: the name of the rule that judged.
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


def judge(*, basic: int | None, enhanced: str, diagnostic: str, mta: str = "") -> Judgement:
    """Judge a refusal, or a report of one.

    Parameters:
        basic: the SMTP reply code, None if there was none.
        enhanced: the enhanced status code, empty if there was none; then it may stand first in the diagnostic.
        diagnostic: what was said.
        mta: the name of the server that said it, as far as known.
    """
    said = diagnostic[:_LONGEST].lower()
    leading = _LEADING.match(said)
    code = enhanced if _ENHANCED.fullmatch(enhanced) else leading[1] if leading else ""
    text = _SPACES.sub(" ", _ADDRESS.sub("@", said))  # an address may be called spam@ or unknown@
    sayer = f"{mta.lower()} {said}"
    return _judged(basic, code, text, frozenset(each for each in _OPERATORS if each in sayer))


@lru_cache(_KEPT)
def _judged(basic: int | None, enhanced: str, text: str, operators: frozenset[str]) -> Judgement:
    code = enhanced.partition(".")[2]
    rule = next(rule for rule in RULES if rule.applies(basic, code, text, operators))
    meant = rule.code or code or BY_REPLY.get(basic, _UNDEFINED)
    is_temporary = enhanced.startswith("4") or (basic is not None and basic // 100 == 4)  # noqa: PLR2004  RFC 5321
    return Judgement(
        verdict=Verdict.SOFT if is_temporary else rule.verdict,
        subject=_subject(meant),
        detail=None if meant == _UNDEFINED else _DETAILS.get(meant),
        enhanced=enhanced or f"{4 if is_temporary else 5}.{meant}",
        rule=rule.name,
    )


def _subject(code: str) -> StatusSubject:
    number = int(code.partition(".")[0])
    return _SUBJECTS[number] if number < len(_SUBJECTS) else StatusSubject.OTHER
