"""Measuring: what is read of a corpus, beside what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.accuracy.reasons import SUBJECTS

from estampe.bounces.reading import Finding, findings

if TYPE_CHECKING:
    from bench.accuracy.corpus import Corpus, Fact

AIMS = {"found": 0.97, "verdict": 0.95, "subject": 0.90}


class Judged(NamedTuple):
    """What is known of a recipient, and what was found; None where nothing was."""

    fact: Fact
    finding: Finding | None

    @property
    def verdict(self) -> str:
        """What was found, in the corpus' words for kinds."""
        if self.finding is None:
            return "none"
        return self.finding.verdict or self.finding.report.kind

    @property
    def is_verdict_right(self) -> bool:
        """Whether the verdict is the known one; of a message that is only late, `soft`."""
        return self.verdict == self.fact.kind

    @property
    def is_subject_right(self) -> bool:
        """Whether the subject says what the known reason does."""
        judgement = self.finding and self.finding.judgement
        return bool(judgement) and judgement.subject in SUBJECTS[self.fact.reason]

    def __str__(self) -> str:
        known = f"{self.fact.file:26} {self.fact.recipient:34} {self.fact.kind} {self.fact.reason}"
        if self.finding is None:
            return f"{known}: not found"
        report, judgement = self.finding.report, self.finding.judgement
        subject = f"{judgement.subject}, rule {judgement.rule}" if judgement else ""
        return f"{known}: {self.verdict} ({report.format}; {subject}) {report.enhanced} {report.diagnostic[:120]!r}"


class Run(NamedTuple):
    """What came of a corpus; `false` are files without reports of which something was read."""

    judged: list[Judged]
    false: list[str]

    @property
    def shares(self) -> dict[str, float]:
        """How much is right, by what is aimed at."""
        bounces = [each for each in self.judged if each.fact.kind in ("hard", "soft")]
        return {
            "found": _share([each.finding is not None for each in self.judged]),
            "verdict": _share([each.is_verdict_right for each in self.judged]),
            "subject": _share([each.is_subject_right for each in bounces]),
        }

    @property
    def is_good(self) -> bool:
        """Whether all aims are met, and nothing is read where there is nothing."""
        return not self.false and all(self.shares[name] >= aim for name, aim in AIMS.items())

    def misses(self) -> list[Judged]:
        """Return all that is not right."""
        return [
            each
            for each in self.judged
            if not each.is_verdict_right or (each.fact.kind in ("hard", "soft") and not each.is_subject_right)
        ]


def measured(corpus: Corpus) -> Run:
    """Read a corpus; a fact is found if there is a report for its recipient, letter case aside."""
    found = {name: findings(mail) for name, mail in corpus.mails.items()}
    judged = [Judged(fact, _of(fact.recipient, found[fact.file])) for fact in corpus.facts]
    return Run(judged, [name for name, mail in corpus.others.items() if findings(mail)])


def _of(recipient: str, found: list[Finding] | tuple[Finding, ...]) -> Finding | None:
    return next((each for each in found if each.report.recipient.lower() == recipient.lower()), None)


def _share(right: list[bool]) -> float:
    return sum(right) / len(right) if right else 1.0
