"""Reading: a mail's reports, one for each recipient, whatever form they came in."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from estampe.bounces.reports import automatic, codes, feedback, notices, prose, statuses
from estampe.bounces.reports.mail import Limits, parse
from estampe.bounces.reports.original import original, returned
from estampe.bounces.reports.report import Kind, Report

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estampe.bounces.reports.mail import Part
    from estampe.bounces.reports.report import Original, Statement

_FILLED = ("sent_to", "basic", "mta", "reporting_mta", "command", "arrival_ms", "feedback", "agent")
_FAILED = (Kind.BOUNCE, Kind.DELAYED)
_REPLIES = range(200, 600)


def read(octets: bytes, limits: Limits | None = None) -> tuple[Report, ...]:
    """Return what a mail reports, in the order in which it does; empty where it is no report.

    Parameters:
        octets: any bytes that claim to be a mail.
        limits: how much of it is read.

    Raises:
        MailTooLarge: it has more bytes than may be read.
    """
    limits = limits or Limits()
    mail = parse(octets, limits)
    stated = _merged(islice(_statements(mail), limits.reports))
    if not stated:
        return ()
    about = original(mail)
    return tuple(_report(statement, about) for statement in stated)


def _statements(mail: Part) -> Iterable[Statement]:
    """Return what is said, by the form that can be trusted most: complaints, statuses, words, automatic replies."""
    complaints = list(feedback.statements(mail)) or list(notices.statements(mail))
    if complaints:
        return complaints
    if stated := list(statuses.statements(mail)):
        return _completed(stated, mail)
    return _addressed(prose.statements(mail), mail) or automatic.statements(mail)


def _completed(stated: list[Statement], mail: Part) -> list[Statement]:
    """Return statuses together with what the text for people says of the same recipients, where they lack it."""
    if all(each.recipient and _is_telling(each) for each in stated):
        return stated
    told = prose.statements(mail)
    by_recipient = {each.recipient.lower(): each for each in told}
    named = [each for each in stated if each.recipient]
    if not named:
        rest = msgspec.structs.replace(stated[0], recipient="")
        return [_joined(each, rest) for each in told] or _addressed(stated[:1], mail)
    only = told[0] if len(named) == len(told) == 1 else None
    return [_joined(each, by_recipient.get(each.recipient.lower()) or only) for each in named]


def _is_telling(statement: Statement) -> bool:
    """Return whether a statement says enough by itself: in words, or that nothing failed."""
    return statement.kind is Kind.DELIVERED or codes.has_words(statement.diagnostic)


def _joined(first: Statement, second: Statement | None) -> Statement:
    """Return the first of two statements, with what it lacks taken from the second."""
    if second is None:
        return first
    given = {name: getattr(second, name) for name in _FILLED if not getattr(first, name) and getattr(second, name)}
    if codes.has_words(second.diagnostic) and not codes.has_words(first.diagnostic):
        given["diagnostic"] = second.diagnostic
    if second.enhanced and (
        not first.enhanced or (codes.is_vague(first.enhanced) and not codes.is_vague(second.enhanced))
    ):
        given["enhanced"] = second.enhanced
    return msgspec.structs.replace(first, **given)


def _addressed(stated: list[Statement], mail: Part) -> list[Statement]:
    """Return statements with the recipient of the message's copy where they name none; without those of nobody."""
    if all(each.recipient for each in stated):
        return stated
    to = list(codes.addresses(returned(mail).get("to")))
    if len(to) != 1:
        return [each for each in stated if each.recipient]
    return [each if each.recipient else msgspec.structs.replace(each, recipient=to[0]) for each in stated]


def _merged(stated: Iterable[Statement]) -> list[Statement]:
    """Return one statement for each recipient and kind, in the order of the mail."""
    found: dict[tuple[str, bool], Statement] = {}
    for each in stated:
        key = (each.recipient.lower(), each.kind in _FAILED)
        found[key] = _joined(found[key], each) if key in found else each
    return list(found.values())


def _report(statement: Statement, about: Original) -> Report:
    mended = {
        "enhanced": statement.enhanced if codes.is_enhanced(statement.enhanced) else "",
        "basic": statement.basic if statement.basic in _REPLIES else None,
        "diagnostic": codes.one_line(statement.diagnostic),
    }
    return Report(**{**msgspec.structs.asdict(statement), **mended}, original=about)
