"""Explanations: the rule that judged, the words it found, and what it overruled."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.events import StatusSubject, Verdict
from estampe.verdicts import RULES, Refusal, explain, judge

HARD, SOFT = Verdict.HARD, Verdict.SOFT


def test_an_explanation_names_the_rule_and_the_words_where_they_stand() -> None:
    said = "<tom@example.org>: Recipient address rejected: User unknown in virtual mailbox table"
    explained = explain(Refusal(basic=550, enhanced="5.1.1", diagnostic=said))
    assert explained.judgement == judge(Refusal(basic=550, enhanced="5.1.1", diagnostic=said))
    assert (explained.match.rule, explained.match.piece) == ("unknown-and-coded-so", "User unknown")
    assert explained.match.begin == said.index("User unknown")
    assert explained.match.source
    assert explained.code == "5.1.1 says refused for good: bad destination mailbox address"
    assert explained.code_agrees


def test_words_that_lie_in_two_lines_of_a_reply_are_found() -> None:
    said = "550-5.2.1 The user you are trying to contact is receiving mail at 550 5.2.1 a rate that prevents more"
    explained = explain(Refusal(basic=550, enhanced="5.2.1", diagnostic=said))
    assert explained.match.rule == "google-receiving-rate"
    assert explained.match.piece == "receiving mail at 550 5.2.1 a rate"


def test_what_was_overruled_is_told_with_what_it_would_have_meant() -> None:
    said = "550 5.1.1 Blocked by zen.spamhaus.org: User suspended, mailbox full"
    explained = explain(Refusal(basic=550, enhanced="5.2.1", diagnostic=said))
    assert explained.match.rule == "listed"
    overruled = {each.rule: each for each in explained.overruled}
    assert overruled["mailbox-full"].piece == "mailbox full"
    assert overruled["mailbox-full"].judgement.subject == StatusSubject.MAILBOX
    assert "suspended" in overruled
    assert "nothing-else" not in overruled


def test_a_code_that_says_something_else_is_told() -> None:
    explained = explain(Refusal(basic=550, enhanced="5.2.2", diagnostic="No such user here"))
    assert explained.judgement.verdict == HARD
    assert explained.code == "5.2.2 says refused for good: mailbox full"
    assert not explained.code_agrees


def test_a_code_alone_is_explained_without_words() -> None:
    explained = explain(Refusal(basic=550, enhanced="5.1.1", diagnostic="no"))
    assert (explained.match.rule, explained.match.piece, explained.match.begin) == ("code-of-a-dead-address", "", None)
    assert explained.overruled == ()
    assert explain(Refusal(basic=None, enhanced="", diagnostic="")).code == ""


def test_words_with_a_name_between_are_told_though_they_have_no_place() -> None:
    explained = explain(Refusal(basic=550, enhanced="", diagnostic="Address rejected tom@example.org"))
    assert explained.match.rule == "mailbox-unavailable"
    assert (explained.match.piece, explained.match.begin) == ("address rejected @", None)


@pytest.mark.parametrize(
    ("command", "verdict"), [("RCPT TO", HARD), ("", HARD), ("DATA", SOFT), ("end of DATA", SOFT), ("EHLO", SOFT)]
)
def test_who_was_taken_before_is_not_unknown(command: str, verdict: Verdict) -> None:
    assert judge(Refusal(basic=550, enhanced="", diagnostic="Unknown user", command=command)).verdict == verdict


@pytest.mark.parametrize("enhanced", ["5.2.1", "5.7.1"])
@pytest.mark.parametrize(("command", "verdict"), [("RCPT TO", HARD), ("", SOFT), ("MAIL FROM", SOFT)])
def test_a_code_that_contradicts_counts_unless_the_recipient_was_refused(
    enhanced: str, command: str, verdict: Verdict
) -> None:
    assert judge(Refusal(basic=550, enhanced=enhanced, diagnostic="User unknown", command=command)).verdict == verdict


def test_the_command_is_read_off_the_text_of_a_postfix() -> None:
    said = "host mx.example.org[192.0.2.1] said: 550 Unknown user (in reply to end of DATA command)"
    assert judge(Refusal(basic=550, enhanced="5.0.0", diagnostic=said)).rule == "unknown-after-data"


@pytest.mark.parametrize("words", ["no such user", "Domain not found", "mailbox unavailable", "tom does not exist"])
def test_an_answer_to_the_sender_is_about_the_sender(words: str) -> None:
    said = f"550 {words} (in reply to MAIL FROM command)"
    assert judge(Refusal(basic=550, enhanced="", diagnostic=said)).rule == "sender-unknown"
    assert judge(Refusal(basic=550, enhanced="", diagnostic=words, command="connect")).rule == "greeting-refused"
    assert judge(Refusal(basic=550, enhanced="", diagnostic=words, command="RCPT TO")).verdict == HARD


def test_apostrophes_of_all_kinds_are_one() -> None:
    explained = explain(Refusal(basic=550, enhanced="", diagnostic="The address couldn\u2019t be found."))
    assert explained.judgement.verdict == HARD
    assert explained.match.piece == "address couldn\u2019t be found"


def test_what_is_still_tried_is_soft() -> None:
    late = judge(Refusal(basic=None, enhanced="", diagnostic="Domain name not found", is_final=False))
    assert (late.verdict, late.subject, late.enhanced) == (SOFT, StatusSubject.NETWORK, "4.4.4")
    assert judge(Refusal(basic=550, enhanced="5.1.1", diagnostic="User unknown", is_final=False)).verdict == SOFT


def test_the_server_that_reports_counts_where_no_other_is_known() -> None:
    told = judge(Refusal(basic=550, enhanced="", diagnostic="Unknown user", reporting_mta="mfsmax.docomo.ne.jp"))
    assert told.rule == "docomo-filter"
    other = judge(
        Refusal(
            basic=550, enhanced="", diagnostic="Unknown user", mta="mx.example.org", reporting_mta="mfsmax.docomo.ne.jp"
        )
    )
    assert other.rule == "unknown"


def test_a_telling_code_in_the_text_counts_more_than_one_that_says_nothing() -> None:
    assert judge(Refusal(basic=550, enhanced="5.0.0", diagnostic="550 5.1.1 no")).verdict == HARD
    assert judge(Refusal(basic=None, enhanced="", diagnostic="Sorry, it is so. (#5.1.1)")).enhanced == "5.1.1"
    assert judge(Refusal(basic=None, enhanced="5.0.0", diagnostic="451 4.1.1 no")).enhanced == "5.0.0"
    assert judge(Refusal(basic=None, enhanced="", diagnostic="450 4.2.0 no")).verdict == SOFT


@pytest.mark.parametrize(
    "host", ["antispam.mx.example.org", "blacklist.greylist.example.net", "quota.exceeded.full.example"]
)
def test_what_a_server_is_called_says_nothing(host: str) -> None:
    assert judge(Refusal(basic=550, enhanced="5.2.0", diagnostic=f"{host} says no")).rule == "nothing-else"


@pytest.mark.parametrize(
    "text", ["account " * 4_000, ("a" * 63 + ".") * 500, "a@" * 5_000, " " * 9_000, "550-5.1.1 " * 3_000]
)
def test_no_text_takes_long(text: str) -> None:
    began = time.perf_counter()
    explain(Refusal(basic=550, enhanced="", diagnostic=text))
    assert time.perf_counter() - began < 1


@given(
    basic=st.none() | st.integers(200, 599),
    enhanced=st.from_regex(r"\A[245]\.[0-9]{1,3}\.[0-9]{1,3}\Z") | st.just(""),
    diagnostic=st.text(max_size=100) | st.sampled_from([rule.example for rule in RULES]),
    command=st.sampled_from(["", "RCPT TO", "DATA", "EHLO", "MAIL FROM", "connect"]),
    is_final=st.booleans(),
)
def test_whatever_is_judged_is_explained_alike(
    *, basic: int | None, enhanced: str, diagnostic: str, command: str, is_final: bool
) -> None:
    explained = explain(
        Refusal(basic=basic, enhanced=enhanced, diagnostic=diagnostic, command=command, is_final=is_final)
    )
    judgement = judge(
        Refusal(basic=basic, enhanced=enhanced, diagnostic=diagnostic, command=command, is_final=is_final)
    )
    match = explained.match
    assert explained.judgement == match.judgement == judgement
    assert match.begin is None or diagnostic[match.begin :].startswith(match.piece)
    assert all(each.rule != match.rule for each in explained.overruled)
