"""What refusals mean: by words before codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.events import Code, StatusDetail, StatusSubject, Verdict
from estampe.verdicts import RULES, Judgement, Refusal, judge

if TYPE_CHECKING:
    from estampe.verdicts import Rule

HARD, SOFT = Verdict.HARD, Verdict.SOFT
SAID = re.compile(r"([245]\d\d) (?:([245]\.\d+\.\d+) )?(.*)", re.DOTALL)


def judged(said: str, mta: str = "", command: str = "") -> Judgement:
    basic, enhanced, text = SAID.fullmatch(said).groups("")  # type: ignore[union-attr]
    return judge(Refusal(basic=int(basic), enhanced=enhanced, diagnostic=text, mta=mta, command=command))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rules_example_is_judged_by_it(rule: Rule) -> None:
    judgement = judged(rule.example, command=rule.said_to)
    is_temporary = rule.example.startswith("4")
    assert judgement.rule == rule.id
    assert judgement.verdict == (SOFT if is_temporary else rule.verdict)


def test_rules_have_names_of_their_own_and_sources() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.source for rule in RULES)


def test_phrases_are_in_small_letters_and_none_is_empty() -> None:
    phrases = [phrase for rule in RULES for phrase in rule.phrases]
    assert all(phrase == phrase.lower() and len(phrase.strip()) > 1 for phrase in phrases)


class Sample(NamedTuple):
    """A refusal, and what it means."""

    said: str
    verdict: Verdict
    subject: StatusSubject
    detail: StatusDetail | None
    enhanced: str


SAMPLES = [
    Sample(
        "550 5.1.2 bad destination system: no such domain",
        HARD,
        StatusSubject.ADDRESS,
        StatusDetail.X_1_2,
        "5.1.2",
    ),
    Sample("554 5.4.4 unable to route: no mail hosts for domain", SOFT, StatusSubject.OTHER, None, "5.4.4"),
    Sample(
        "550 5.4.1 Recipient address rejected: Access denied",
        HARD,
        StatusSubject.ADDRESS,
        StatusDetail.X_1_1,
        "5.4.1",
    ),
    Sample(
        "554 5.7.1 <a@b.c>: Recipient address rejected: Access denied",
        SOFT,
        StatusSubject.SECURITY,
        StatusDetail.X_7_1,
        "5.7.1",
    ),
    Sample("550 User unknown", HARD, StatusSubject.ADDRESS, StatusDetail.X_1_1, "5.1.1"),
    Sample("550 #5.1.0 Address rejected.", HARD, StatusSubject.ADDRESS, StatusDetail.X_1_1, "5.1.0"),
    Sample("550 5.7.1 No such user!", HARD, StatusSubject.ADDRESS, StatusDetail.X_1_1, "5.7.1"),
    Sample("450 4.1.1 User unknown", SOFT, StatusSubject.ADDRESS, StatusDetail.X_1_1, "4.1.1"),
    Sample("450 5.1.1 User unknown", SOFT, StatusSubject.ADDRESS, StatusDetail.X_1_1, "5.1.1"),
    Sample("550 4.4.7 QUEUE.Expired; message expired", SOFT, StatusSubject.NETWORK, StatusDetail.X_4_7, "4.4.7"),
    Sample(
        "550 5.1.1 <a@b.c> - 192.0.2.1 has sent to too many recipients this hour",
        SOFT,
        StatusSubject.NETWORK,
        StatusDetail.X_4_5,
        "5.1.1",
    ),
    Sample(
        "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages",
        SOFT,
        StatusSubject.NETWORK,
        StatusDetail.X_4_5,
        "5.2.1",
    ),
    Sample(
        "552 5.2.2 The recipient's inbox is out of storage space and inactive.",
        SOFT,
        StatusSubject.MAILBOX,
        StatusDetail.X_2_2,
        "5.2.2",
    ),
    Sample("552 no", SOFT, StatusSubject.MAILBOX, StatusDetail.X_2_2, "5.2.2"),
    Sample("552 Message too large", SOFT, StatusSubject.MAIL_SYSTEM, StatusDetail.X_3_4, "5.3.4"),
    Sample("550 5.2.1 Mailbox disabled for this user", SOFT, StatusSubject.MAILBOX, StatusDetail.X_2_1, "5.2.1"),
    Sample("550 5.7.606 no", SOFT, StatusSubject.SECURITY, None, "5.7.606"),
    Sample("550 Rejected", SOFT, StatusSubject.OTHER, None, "5.0.0"),
    Sample("452 no", SOFT, StatusSubject.MAIL_SYSTEM, StatusDetail.X_3_1, "4.3.1"),
    Sample("550 5.9.9 no", SOFT, StatusSubject.OTHER, None, "5.9.9"),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.said[:40])
def test_a_refusal_means_what_its_server_means(sample: Sample) -> None:
    judgement = judged(sample.said)
    found = (judgement.verdict, judgement.subject, judgement.detail, judgement.enhanced)
    assert found == sample[1:]


def test_a_code_at_the_beginning_of_the_text_counts_where_there_is_no_other() -> None:
    assert judge(Refusal(basic=550, enhanced="", diagnostic="5.1.1 nobody")).enhanced == "5.1.1"
    assert judge(Refusal(basic=None, enhanced="", diagnostic="550-5.1.1 nobody")).enhanced == "5.1.1"
    assert judge(Refusal(basic=550, enhanced="5.1", diagnostic="192.0.2.1 it is")).enhanced == "5.0.0"


@pytest.mark.parametrize("local", ["spam", "user-unknown", "policy", "account.disabled", "greylist"])
def test_what_an_address_is_called_says_nothing(local: str) -> None:
    plain = judged("550 5.2.0 <tom@example.org>: no")
    assert judged(f"550 5.2.0 <{local}@example.org>: no") == plain
    assert judged(f"550 5.2.0 {local}@example.org: no") == plain


def test_the_same_words_of_another_server_may_mean_something_else() -> None:
    assert judged("550 Unknown user", mta="mx.example.org").verdict == HARD
    assert judged("550 Unknown user", mta="mfsmax.docomo.ne.jp").verdict == SOFT


def test_a_report_without_anything_is_soft() -> None:
    judgement = judge(Refusal(basic=None, enhanced="", diagnostic=""))
    assert (judgement.verdict, judgement.subject, judgement.enhanced) == (SOFT, StatusSubject.OTHER, "5.0.0")


def test_an_analysis_is_written_as_events_have_it() -> None:
    dead = judged("550 5.1.1 User unknown").analysis
    assert msgspec.to_builtins(dead) == {
        "verdict": "hard",
        "subject": {"type": "address", "detail": {"type": "bad destination mailbox address"}},
    }
    vague = judged("554 5.4.4 unable to route: no mail hosts for domain").analysis
    assert msgspec.to_builtins(vague) == {"verdict": "soft", "subject": {"type": "other or undefined status"}}


@given(
    basic=st.none() | st.integers(200, 599),
    enhanced=st.text(max_size=12) | st.from_regex(r"\A[245]\.[0-9]{1,3}\.[0-9]{1,3}\Z"),
    diagnostic=st.text(max_size=200) | st.sampled_from([rule.example for rule in RULES]),
    mta=st.text(max_size=20),
)
def test_whatever_a_server_says_is_judged_and_can_be_an_event(
    basic: int | None, enhanced: str, diagnostic: str, mta: str
) -> None:
    judgement = judge(Refusal(basic=basic, enhanced=enhanced, diagnostic=diagnostic, mta=mta))
    msgspec.convert({"enhanced": judgement.enhanced}, Code)
    is_temporary = judgement.enhanced.startswith("4") or (basic or 0) // 100 == 4
    assert judgement.verdict == SOFT or not is_temporary
