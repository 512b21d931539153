"""Notices: bounces and complaints that Amazon SES tells in JSON, by a mail of its notification service.

Source: "Amazon SNS notification contents for Amazon SES", Amazon SES developer guide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from estampe.bounces.reports import codes
from estampe.bounces.reports.dates import instant_ms
from estampe.bounces.reports.mail import Head
from estampe.bounces.reports.report import Kind, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.bounces.reports.mail import Part

FORMAT = "amazon-ses"

_FOLD = re.compile(r"!\n ")  # how Sendmail breaks lines that are too long
_MARKS = ("notificationType", "eventType")
_END = re.compile(r"\}[ \t]{0,9}(?:\n\s{0,99}--|\s{0,99}\Z)")
_TYPED = re.compile(r"\s{0,9}[A-Za-z0-9_.-]{1,40}\s{0,9};\s{0,9}")
_KINDS = {"Bounce": Kind.BOUNCE, "Complaint": Kind.COMPLAINT, "Delivery": Kind.DELIVERED, "DeliveryDelay": Kind.DELAYED}


class _Person(msgspec.Struct, rename="camel"):
    email_address: str = ""
    status: str = ""
    diagnostic_code: str = ""


class _Event(msgspec.Struct, rename="camel"):
    bounced_recipients: list[_Person] = []
    complained_recipients: list[_Person] = []
    delayed_recipients: list[_Person] = []
    recipients: list[str] = []
    reporting_mta: str = msgspec.field(default="", name="reportingMTA")
    user_agent: str = ""
    complaint_feedback_type: str | None = ""
    bounce_sub_type: str = ""
    smtp_response: str = ""


class _Field(msgspec.Struct):
    name: str = ""
    value: str = ""


class _Message(msgspec.Struct, rename="camel"):
    timestamp: str = ""
    source: str = ""
    headers: list[_Field] = []


class _Notice(msgspec.Struct, rename="camel"):
    notification_type: str = ""
    event_type: str = ""
    bounce: _Event | None = None
    complaint: _Event | None = None
    delivery: _Event | None = None
    delivery_delay: _Event | None = None
    mail: _Message = msgspec.field(default_factory=_Message)


class _Envelope(msgspec.Struct):
    message: str = msgspec.field(default="", name="Message")


def statements(mail: Part) -> Iterator[Statement]:
    """Yield what a notice in JSON says of each recipient; nothing where a mail holds none."""
    notice = _notice(mail)
    if notice is None:
        return
    event = notice.bounce or notice.complaint or notice.delivery or notice.delivery_delay
    kind = _KINDS.get(notice.notification_type or notice.event_type)
    if event is None or kind is None:
        return
    people = event.bounced_recipients or event.complained_recipients or event.delayed_recipients
    for person in people or [_Person(each, "", event.smtp_response) for each in event.recipients]:
        said = codes.one_line(_TYPED.sub("", person.diagnostic_code, count=1))
        is_complaint = kind is Kind.COMPLAINT
        yield Statement(
            kind=kind,
            recipient=codes.address(person.email_address),
            format=FORMAT,
            enhanced=person.status or codes.enhanced(said),
            basic=codes.basic(said),
            diagnostic=said or codes.one_line(event.bounce_sub_type),
            reporting_mta=codes.named_host(_TYPED.sub("", event.reporting_mta, count=1)),
            arrival_ms=instant_ms(notice.mail.timestamp),
            feedback=(event.complaint_feedback_type or "abuse") if is_complaint else "",
            agent=event.user_agent if is_complaint else "",
        )


def header(mail: Part) -> Head:
    """Return the header of the message that a notice is about, as far as it repeats it; empty for no notice."""
    notice = _notice(mail)
    if notice is None:
        return Head([])
    fields = [(each.name.lower(), each.value) for each in notice.mail.headers]
    return Head([*fields, ("return-path", notice.mail.source)])


def _notice(mail: Part) -> _Notice | None:
    part = mail.first("text/plain", "application/json")
    if part is None or not any(mark in part.text for mark in _MARKS):
        return None
    text = _FOLD.sub("", part.text)
    begin = text.find("{")
    end = _END.search(text, max(begin, 0))
    if begin < 0 or not end:
        return None
    told = text[begin : end.start() + 1]
    try:
        inner = msgspec.json.decode(told, type=_Envelope).message
        return msgspec.json.decode(inner or told, type=_Notice)
    except (msgspec.DecodeError, RecursionError):
        return None
