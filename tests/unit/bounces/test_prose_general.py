# ruff: noqa: E501, ISC004, RUF001  a mail in a line, in many languages
"""Reports of servers that nobody knows are read by their words; ordinary mails, whatever they speak of, are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.bounces.reports import Kind, parse
from estampe.bounces.reports.prose import said_of, statements

DAEMON = "Return-Path: <>\nFrom: Mail Daemon <mailer-daemon@mx.example.net>\nTo: Ann <ann@example.com>\n"
COPY = (
    "\n\nReceived: from a.example.com by mx.example.net; Thu, 1 Oct 2026 10:00:00 +0000\n"
    "Message-ID: <1@example.com>\nFrom: Ann <ann@example.com>\nTo: list@example.com\nSubject: News\n\n"
    "Write to help@example.com, or call 555 1234.\n"
)

UNKNOWN = {
    "a line for each": "Subject: Undeliverable mail\n\nThe following recipients could not be reached:\n\n {to}: {said}\n",
    "below": "Subject: Mail failure\n\nYour message was not delivered to\n\n   {to}\n\nfor this reason:\n\n   {said}\n",
    "in a sentence": "Subject: Delivery failed\n\nWe could not deliver your message to <{to}>.\nThe server said: {said}\n",
    "bulleted": "Subject: Delivery failure\n\nWe had trouble delivering your message. Details:\n\n  * {to}: {said}\n",
    "labelled": "Subject: returned mail\n\nDelivery failed.\n\nRecipient: {to}\nError: {said}\nContact: help@mx.example.net\n",
    "talk": "Subject: Mail error\n\nTranscript:\n\n>>> RCPT TO:<{to}>\n<<< {said}\n>>> QUIT\n\nNot delivered.\n",
    "quoted": 'Subject: Failed mail\n\nThe mail to "{to}" has been rejected by the remote server.\nReason: {said}\n',
    "german": "Subject: Unzustellbar: Neues\n\nIhre Nachricht konnte nicht zugestellt werden:\n\nEmpfänger: {to}\nGrund: {said}\n",
    "french": "Subject: Non remis : Nouvelles\n\nVotre message n'a pas pu être remis à : {to}\n\nMotif : {said}\n",
    "spanish": "Subject: No se pudo entregar\n\nNo se pudo entregar su mensaje al destinatario {to}\n\nMotivo: {said}\n",
    "portuguese": "Subject: Não entregue\n\nA sua mensagem não pôde ser entregue para: {to}\n\n{said}\n",
    "italian": "Subject: Mancato recapito\n\nNon è stato possibile consegnare il messaggio a\n\n{to}\n\n{said}\n",
    "russian": "Subject: Недоставленное сообщение\n\nВаше письмо не может быть доставлено.\n\nПолучатель: {to}\n{said}\n",
    "japanese": "Subject: 配信エラー\n\n次の宛先へのメールは送信できませんでした。\n\n宛先: <{to}>\n{said}\n",
    "chinese": "Subject: 系统退信\n\n很抱歉，您的邮件无法投递。\n\n收件人：{to}\n退信原因：{said}\n",
    "polish": "Subject: Wiadomość niedostarczona\n\nWiadomość nie została dostarczona.\n\nOdbiorca: {to}\n{said}\n",
}

SAID = ("550 5.1.1 User unknown", "552 5.2.2 Mailbox full", "554 Message refused", "452 4.2.2 Over quota")

PERSONS = st.from_regex(
    r"[a-z][a-z0-9._+-]{0,18}[a-z0-9]@[a-z][a-z0-9-]{0,8}[a-z0-9]\.(org|net|co\.uk|fr)", fullmatch=True
)


@pytest.mark.parametrize("name", UNKNOWN)
@pytest.mark.parametrize("copy", ["", COPY, f"\n--- Original message ---\n{COPY}"], ids=["alone", "copied", "marked"])
@given(person=PERSONS, said=st.sampled_from(SAID))
def test_what_a_template_says_is_found_again(name: str, copy: str, person: str, said: str) -> None:
    mail = parse((DAEMON + UNKNOWN[name].format(to=person, said=said) + copy).encode())

    found = statements(mail)

    assert [(each.recipient, each.diagnostic, each.basic) for each in found] == [(person, said, int(said[:3]))]


@pytest.mark.parametrize(
    ("text", "recipient", "said"),
    [
        (
            "This message was created automatically by mail delivery software.\n\nA message that you have sent could not "
            "be delivered to one or more\nrecipients.  This is a permanent error.  The following address failed:\n\n"
            "  <tom@example.org>: 550 5.1.1 No such user\n\nIncluded is a copy of the message header:\n"
            "-----------------------------------------\n",
            "tom@example.org",
            "550 5.1.1 No such user",
        ),
        (
            "   ----- The following addresses had permanent fatal errors -----\n<tom@example.org>\n\n"
            "   ----- Transcript of session follows -----\n>>> RCPT TO:<tom@example.org>\n"
            "<<< 553 Invalid recipient tom@example.org (Mode: normal)\n\n   ----- Message header follows -----\n",
            "tom@example.org",
            "553 Invalid recipient tom@example.org (Mode: normal)",
        ),
        (
            "Hello, this is the mail server on mx.example.net.\n\nI am sending you this message to inform you on the "
            "delivery status of a\nmessage you previously sent.  Immediately below you will find a list of\nthe "
            "affected recipients;\n\n  <tom@example.org> (Undeliverable)\n    550 5.7.1 [C12] RBL Restriction\n",
            "tom@example.org",
            "550 5.7.1 [C12] RBL Restriction",
        ),
        ("User's mailbox is full: <tom@example.org>\nUnable to deliver mail.\n", "tom@example.org", None),
        ("The e-mail account tom@example.org does not exist.\n", "tom@example.org", None),
    ],
)
def test_what_is_like_a_known_server_is_read_too(text: str, recipient: str, said: str | None) -> None:
    found = statements(parse((f"{DAEMON}Subject: Returned mail\n\n{text}").encode()))

    assert [each.recipient for each in found] == [recipient]
    assert said is None or found[0].diagnostic == said


def test_several_recipients_have_each_their_own() -> None:
    text = (
        "Subject: Undelivered\n\nYour message could not be delivered:\n\n"
        "<tom@example.org>: 550 5.1.1 Unknown\n<tim@example.org>:\n   host mx.example.org[192.0.2.1] said:\n"
        "   552 5.2.2 Full\n"
    )

    found = statements(parse((DAEMON + text).encode()))

    assert [(each.recipient, each.enhanced, each.mta) for each in found] == [
        ("tom@example.org", "5.1.1", ""),
        ("tim@example.org", "5.2.2", "mx.example.org"),
    ]


def test_recipients_who_share_a_reason_share_it() -> None:
    text = "Subject: Undelivered\n\nCould not be delivered to:\n\n<tom@example.org>\n<tim@example.org>\n\n550 Gone\n"

    found = statements(parse((DAEMON + text).encode()))

    assert {(each.recipient, each.diagnostic) for each in found} == {
        ("tom@example.org", "550 Gone"),
        ("tim@example.org", "550 Gone"),
    }


def test_who_is_named_nowhere_but_in_the_copy_is_meant() -> None:
    copy = COPY.replace("list@example.com", "tom@example.org")

    found = statements(
        parse(f"{DAEMON}Subject: Undeliverable\n\nYour mail was not delivered: user unknown.{copy}".encode())
    )

    assert [each.recipient for each in found] == ["tom@example.org"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Warning only: <tom@example.org> could not be reached; it will be retried for 2 days.", Kind.DELAYED),
        ("Not delivered to <tom@example.org> after 3 days: giving up.", Kind.BOUNCE),
        ("Your message has been successfully delivered to\n\n<tom@example.org>", Kind.DELIVERED),
        (
            "Ihre Nachricht an <tom@example.org> wurde noch nicht zugestellt; weitere Zustellversuche folgen.",
            Kind.DELAYED,
        ),
    ],
)
def test_kinds_are_told_apart(text: str, kind: Kind) -> None:
    found = statements(parse(f"{DAEMON}Subject: Mail delivery report\n\n{text}\n".encode()))

    assert [(each.recipient, each.kind) for each in found] == [("tom@example.org", kind)]


FAILURE = "<tom@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1 User unknown"

ORDINARY = {
    "a person asks": f"From: Tim <tim@example.net>\nSubject: Undelivered Mail Returned to Sender\n\nWhat is this?\n\n{FAILURE}\n",
    "a person forwards": f"From: Tim <tim@example.net>\nSubject: Fwd: failure notice\n\nHi. This is the qmail-send program "
    f"at mx.example.net.\n\n{FAILURE}\n",
    "a person answers": f"From: Tim <tim@example.net>\nSubject: Re: Delivery Status Notification (Failure)\n\n> {FAILURE}\n",
    "a list discusses": f"From: Tim <tim@example.net>\nList-Id: <users.example.net>\nSubject: failure notice\n\n{FAILURE}\n",
    "a newsletter": "Return-Path: <b+1@example.net>\nFrom: News <news@example.net>\nSubject: Deliver more\n"
    "List-Unsubscribe: <mailto:off@example.net>\n\nYour mail could not be delivered? Write to tom@example.org.\n",
    "a log": f"From: root@mx.example.net (Cron Daemon)\nSubject: Logwatch for mx\n\n{FAILURE}\n550 user unknown: 3 times\n",
    "a parcel": "From: Parcels <no-reply@parcels.example.net>\nAuto-Submitted: auto-generated\n"
    "Subject: Delivery failed: your parcel\n\nWe could not deliver your parcel. Questions: tom@example.org\n",
    "an absence": "Return-Path: <>\nFrom: Tim <tim@example.net>\nAuto-Submitted: auto-replied\n"
    "Subject: Automatic reply: News\n\nI am away. Write to tom@example.org, or your mail cannot be answered.\n",
    "an old address": "Return-Path: <>\nFrom: Tim <tim@example.net>\nAuto-Submitted: auto-replied\n"
    "Subject: Re: News\n\nThis address is rarely read. Please use tom@example.org from now on.\n",
    "a password": "From: Shop <no-reply@example.net>\nSubject: Reset your password\n\nUser tom@example.org asked for it.\n",
    "an order": "From: Shop <shop@example.net>\nSubject: Order 550 confirmed\n\nTo: tom@example.org\n550 units, code 5.1.1\n",
    "a postmaster writes": "From: Postmaster <postmaster@example.net>\nSubject: Maintenance on Sunday\n\n"
    "Mail to tom@example.org will be slow.\n",
    "a digest": f"From: users-request@example.net\nSubject: users Digest, Vol 5\nList-Id: <users.example.net>\n\n{FAILURE}\n",
    "spam": "Return-Path: <x@example.net>\nFrom: Mail Support <admin@example.net>\nSubject: Your mailbox is full\n\n"
    "Dear tom@example.org, your mailbox is full. Click here.\n",
    "a calendar": "From: Tim <tim@example.net>\nSubject: Accepted: Delivery report review\n\ntom@example.org accepted.\n",
    "a ticket": f"From: Support <support@example.net>\nAuto-Submitted: auto-generated\nSubject: [#550] Mail problem\n\n{FAILURE}\n",
    "nothing": "\n\n",
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_mails_report_nothing(name: str) -> None:
    assert statements(parse(f"To: ann@example.com\n{ORDINARY[name]}".encode())) == []


def test_the_words_about_one_recipient_are_found_in_any_report() -> None:
    mail = parse(f"{DAEMON}Subject: Undelivered\n\nNot delivered:\n\n{FAILURE}\n".encode())

    assert said_of(mail, "Tom@example.org") == "550 5.1.1 User unknown"
    assert said_of(mail, "tim@example.org") == ""


@given(st.text(alphabet=st.sampled_from(list("@<>:. \n\t-=*a1é5")), max_size=400))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = statements(parse(f"{DAEMON}Subject: Undeliverable\n\n{text}".encode()))

    assert all("@" in each.recipient and "\n" not in each.diagnostic for each in found)
