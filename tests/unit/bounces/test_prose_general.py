# ruff: noqa: E501, ISC004, RUF001  a mail in a line, in many languages
"""Reports of servers that nobody knows are read by their words; ordinary mails, whatever they speak of, are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.bounces.reports import Kind, parse
from estampe.bounces.reports.prose import statements

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


WRITTEN = (
    "here is your list of failed recipients\n\n<tom@example.org> ... 550 Host unknown\n\nhere is your returned mail\n\n",
    "|------------------------- Message log follows: -------------------------|\n no valid recipients were found for this message\n|------------------------- Failed addresses follow: ---------------------|\n <tom@example.org> ... unknown host\n|------------------------- Message text follows: ------------------------|\nReceived: x\n",
    "This is the machine generated message from mail service.\n\nUnfortunately, we were not able to deliver your message to the following address(es):\n\n<tom@example.org>: mailbox quota exceeded\n\n--- Below the next line is a copy of the message.\n\n",
    "The following addresses did NOT receive a copy of your message:\n\n> tom@example.org\n\n--- Session Transcript ---\n --> RCPT To:<tom@example.org>\n <-- 550 <tom@example.org>... User unknown\n",
    "Intended recipient: tom@example.org\n\nThe user you attempted to reach is over quota.\n\n--------RETURNED MAIL FOLLOWS--------\n",
    "Sorry, your mail was not delivered.\nUndeliverable Address: tom@example.org\nReason: no such account\n\nOriginal message attached\n",
    "This message was created automatically by mail delivery software.\n\nYour message addressed to 'tom@example.org' could not be delivered: user unknown\n\n---- START OF RETURNED MESSAGE ----\n",
    "The email below could not be delivered to the following user:\n<tom@example.org>\n\nOld message:\n",
    "Delivery to the following recipients failed.\n\n       tom@example.org\n\n",
    "Delivery to the following recipients was aborted after 3.0 hour(s):\n\n  * tom@example.org\n",
    "Your message\n\n  To:      tom@example.org\n  Subject: News\n\nwas not delivered to:\n\n  tom@example.org\n\nbecause:\n\n  Router: user not found\n",
    "Sorry, unable to deliver your message to tom@example.org for the following reason:\n\nAccount not found\n\nA copy of the original message\n",
    "A message could not be delivered to:\n\ntom@example.org\n\nSubject: News\n",
    "Invalid final delivery userid: tom@example.org\n\nOriginal message follows.\n",
    "------ Failed Recipients ------\n\n<tom@example.org>: [550] no such user\n\n-------- Returned Mail --------\n",
    "A message that you sent could not be delivered to one or more of its recipients (tom@example.org). The server answered: user unknown.\n\n---\n",
    "--> Error description:\n\nError-for:  tom@example.org\nError-Code: 3\nError-text: No such user\n\nError-End: One error reported.\n",
    "Your message has encountered delivery problems\nto the following recipient(s):\n\nYour message addressed to tom@example.org was rejected: mailbox full\n\nYour message reads (in part):\n",
    "This is the deliver program at mx.example.net.\nI was not able to deliver your message:\n\ntom@example.org Mail quota exceeded.\n\n---\n",
    "Could not deliver message to the following recipient(s):\n\nFailed Recipient: tom@example.org\nReason: Remote host said: 550 no such user\n\n   -- The header and top 20 lines of the message follows --\n",
    "Message not delivered to the following addresses:\n\n tom@example.org\n\nError detail:\n   tom@example.org: 550 unknown\n",
    "Your message to <tom@example.org> was automatically rejected:\nQuota exceeded\n",
    "A message that you sent was rejected by the local scanning code that checks incoming messages on this system.\n\n  tom@example.org\n    550 spam\n\n------ This is a copy of your message ------\n",
    "Message could not be delivered to some recipients.\nThe following recipient(s) could not be reached:\n\n   Recipient: [SMTP:tom@example.org]\n   Reason:    Remote SMTP Server Returned: 550 5.1.1 unknown\n\nMessage headers follow:\n",
    "This is a delivery failure notification message indicating that\nan email you addressed to email address :\n-- tom@example.org\n\ncould not be delivered. The problem appears to be :\n-- Recipient email server rejected the message\n\nAdditional information follows :\n-- 5.3.0 - Other mail system problem 550-'No such user'\n",
    "Delivery has failed for [tom@example.org]: mailbox over quota\n\nOriginal message details:\n",
    'This is an advisory-only email. Delivery of email from "ann@example.com" to "tom@example.org" has been postponed.\n',
    "Your message to:\n   tom@example.org\n\nhas not yet been delivered. This is just a warning, you do not need to take any action\n",
    "The message that you sent was undeliverable to the following:\n\ttom@example.org (Message quota exceeded)\n\nPossibly truncated original message follows:\n",
    "We had trouble delivering your message. Full details of the failure follow:\n\n    * tom@example.org\n      reason: 553 5.3.0 <tom@example.org>... No such user here\n      arrival-date: Thu, 1 Oct 2026\n",
    "We're sorry. There's a problem with the e-mail address(es) you're trying to send to. Please verify the address(es) and try again.\n\n<tom@example.org>:\nChild status 100... The e-mail message could not be delivered because of a permanent error\n\n",
    "Mail from ann@example.com to tom@example.org was rejected by mx.example.org:\n  550 5.7.1 Blocked\n",
    "Sorry, we couldn't send your email to tom@example.org\n\nWhat went wrong: the mailbox is full\n\nTechnical details:\n552 5.2.2 mailbox full (mx.example.org)\n",
    "The following message to <tom@example.org> was undeliverable.\nThe reason for the problem:\n5.1.0 - Unknown address error 550-'5.1.1 unknown'\n",
    "Your mail could not be delivered to the following recipients\n\n tom@example.org   (reason: 5.4.7 delivery expired)\n",
    "メール配信に失敗しました。\n\n以下のメールアドレスに送信できませんでした。\ntom@example.org\n\nエラー内容: 550 User unknown\n",
    "Este mensaje fue creado automáticamente.\nSu mensaje no pudo ser entregado a:\n\n   tom@example.org\n   El buzón está lleno\n",
    "Die folgende Nachricht an <tom@example.org> konnte nicht zugestellt werden. Grund: Postfach voll.\n",
    "Bonjour,\n\nVotre message n'a pas pu être remis à <tom@example.org>\n\nRaison : 550 boîte inconnue\n",
    "The following text was generated during the delivery attempt:\n\n------ tom@example.org ------\n\n550 unknown user\n\n------ This is a copy of the message, including all the headers. ------\n",
    "Hello, this is the mail server on mx.example.net.\n\nThe following recipients\n\n  <tom@example.org>\n\nhave a full mailbox, your mail was not delivered.\n",
    "Dear user,\n\nthe message could not be delivered due to the following reason(s):\n\nYour message was not delivered because the destination computer was not reachable within the allowed queue period.\n\nThe following recipients did not receive this message:\n<tom@example.org>\n\nPlease reply to postmaster@mx.example.net if you feel this message to be in error.\n",
)
"""As many servers write, of one recipient; each from what is publicly known of a program."""


@pytest.mark.parametrize("text", WRITTEN)
def test_whom_other_servers_name_is_found(text: str) -> None:
    found = statements(parse(f"{DAEMON}Subject: Returned mail\n\n{text}".encode()))

    assert [each.recipient for each in found] == ["tom@example.org"]
    assert found[0].diagnostic


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
    "a receipt": "Return-Path: <>\nFrom: Tim <tim@example.net>\nSubject: Not read: News\nContent-Type: multipart/report\n\n"
    "Your message to tom@example.org was deleted without being read.\n",
    "a moderator": "From: users-bounces@example.net\nSubject: Your message to users awaits moderator approval\n\n"
    "Your mail to 'users@example.net' is being held until the list moderator can review it.\n",
    "a quarantine": "From: Postmaster <postmaster@example.net>\nSubject: Spam quarantine summary\n\n"
    "Held for tom@example.org:\n  spam@example.org  Undelivered Mail\n",
    "a domain's report": "Return-Path: <>\nFrom: noreply-dmarc@example.net\nSubject: Report domain: example.com\n\n"
    "This is an aggregate report. Write to dmarc@example.net.\n",
    "a subscription": "Return-Path: <>\nFrom: users-request@example.net\nSubject: confirm 5f0e\n\n"
    "We have received a request for subscription of tom@example.org.\n",
    "an alarm": "From: monitor@example.net\nSubject: mx: queue warning\n\n5 mails to tom@example.org wait: 450 4.7.1 Greylisted\n",
    "nothing": "\n\n",
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_mails_report_nothing(name: str) -> None:
    assert statements(parse(f"To: ann@example.com\n{ORDINARY[name]}".encode())) == []


@given(st.text(alphabet=st.sampled_from(list("@<>:. \n\t-=*a1é5")), max_size=400))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = statements(parse(f"{DAEMON}Subject: Undeliverable\n\n{text}".encode()))

    assert all("@" in each.recipient and "\n" not in each.diagnostic for each in found)
