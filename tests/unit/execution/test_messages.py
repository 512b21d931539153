"""Messages are correct whatever they are made of, and hold nothing that nobody meant to say."""

from __future__ import annotations

import email
import email.policy
import re
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.execution.composing.headers import HeaderRefused
from estampe.execution.composing.messages import MessageTooLarge, compose
from estampe.execution.orders import Letter, Order, Rendered, Sender, Template

if TYPE_CHECKING:
    from email.message import EmailMessage

LIMIT = 1_000_000
ORDER = Order(
    stamp=UUID("d52055cd-e854-4177-8ef5-b10fd8d568a7"),
    template=Template(),
    sender=Sender(address="news@example.com", label="The Shop", reply="help@example.com"),
    to="tom@example.org",
    message_id="d52055cd-e854-4177-8ef5-b10fd8d568a7@example.com",
    return_path="b+abc@bounces.example.com",
    time_ms=1_614_089_576_625,
    feedback_id="000PE4:mailCampaign:3:estampe",
    unsubscribe="https://shop.example.com/unsubscribe/abc",
    bulk=True,
)
BOTH = Rendered(subject="Hello", html="<p>Hello</p>\n", text="Hello\n")
OURS = [
    *("From", "Reply-To", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"),
    *("Feedback-ID", "Precedence", "X-Estampe-Stamp", "MIME-Version"),
]


def composed(rendered: Rendered = BOTH, **changes: Any) -> Letter:
    return compose(msgspec.structs.replace(ORDER, **changes), rendered, LIMIT)


def read(message: bytes) -> EmailMessage:
    parsed: EmailMessage = email.message_from_bytes(message, policy=email.policy.default)  # type: ignore[assignment]
    return parsed


def decoded(message: bytes, name: str) -> str:
    """Return a field as people read it."""
    raw = email.message_from_bytes(message, policy=email.policy.compat32)[name]
    return str(make_header(decode_header(re.sub(r"\r?\n", "", raw))))


def content(part: EmailMessage) -> str:
    said: str = part.get_content()
    return said.replace("\r\n", "\n")


def parts(message: bytes) -> list[str]:
    return [content(part) for part in read(message).iter_parts()]  # type: ignore[arg-type]


def check_lines(message: bytes) -> None:
    """Hold a message to RFC 5322 section 2: ASCII, ended by CRLF, none too long, folded where it can be."""
    lines = message.split(b"\r\n")
    assert lines.pop() == b""
    assert message.isascii()
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 998
    head = lines[: lines.index(b"")]
    for line in head:
        assert re.match(rb"[!-9;-~]+: ?\S|[ \t]\S|[!-9;-~]+:$", line), line
        assert b"=?" not in line or len(line) <= 76
        assert len(line) <= 78 or len(re.findall(rb"\S (?=\S)", line)) <= 1


def kept(text: str) -> str:
    """Return what is left of a text in a field: controls are spaces."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()


def lines_of(text: str) -> list[str]:
    return text.rstrip("\r\n").splitlines()


texts = st.text(max_size=300) | st.text('ab é日=?_\r\n"\\<>@,:;()', max_size=200)
bodies = (
    st.text(max_size=2_000)
    | st.text("ab .=é\r\n\t-", max_size=2_000)
    | st.builds("{}{}".format, texts, st.just("x" * 1_200))
)


def test_a_message_is_what_it_should_be() -> None:
    letter = composed()
    assert (letter.sender, letter.recipient) == ("b+abc@bounces.example.com", "tom@example.org")
    assert letter.message.decode().splitlines() == [
        "From: The Shop <news@example.com>",
        "Reply-To: help@example.com",
        "To: tom@example.org",
        "Subject: Hello",
        "Date: Tue, 23 Feb 2021 14:12:56 +0000",
        "Message-ID: <d52055cd-e854-4177-8ef5-b10fd8d568a7@example.com>",
        "List-Unsubscribe: <https://shop.example.com/unsubscribe/abc>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Feedback-ID: 000PE4:mailCampaign:3:estampe",
        "Precedence: bulk",
        "X-Estampe-Stamp: d52055cd-e854-4177-8ef5-b10fd8d568a7",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative;",
        ' boundary="=_ad0e72a276059725d2e43e2cb44f39"',
        "",
        "--=_ad0e72a276059725d2e43e2cb44f39",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 7bit",
        "",
        "Hello",
        "",
        "--=_ad0e72a276059725d2e43e2cb44f39",
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: 7bit",
        "",
        "<p>Hello</p>",
        "",
        "--=_ad0e72a276059725d2e43e2cb44f39--",
    ]


@given(subject=texts, label=texts, value=texts, html=bodies, text=bodies)
def test_a_message_reads_as_it_was_written(subject: str, label: str, value: str, html: str, text: str) -> None:
    extra = {"X-Shop": kept(value)} if kept(value) else {}
    sender = Sender(address="news@example.com", label=label, reply="help@example.com")
    rendered = Rendered(subject=subject, html=html + "<", text=text + ".")
    message = composed(rendered, sender=sender, headers=extra).message
    check_lines(message)
    parsed = read(message)
    assert parsed.keys() == [*OURS, *extra, "Content-Type"]
    assert parsed.defects == []
    assert decoded(message, "Subject") == kept(subject)
    assert decoded(message, "X-Shop") == kept(value) if extra else True
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert [lines_of(part) for part in parts(message)] == [lines_of(text + "."), lines_of(html + "<")]


@given(label=texts)
def test_the_name_before_an_address_reads_as_it_was_written(label: str) -> None:
    message = composed(sender=Sender(address="news@example.com", label=label)).message
    shown = decoded(message, "From").removesuffix("<news@example.com>").strip()
    if shown.startswith('"') and shown.endswith('"') and kept(label) != shown:
        shown = re.sub(r"\\(.)", r"\1", shown[1:-1])
    assert shown in {kept(label), "news@example.com" if not kept(label) else kept(label)}


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("", "From: news@example.com"),
        ("The Shop", "From: The Shop <news@example.com>"),
        ("Shop, Inc.", 'From: "Shop, Inc." <news@example.com>'),
        ('The "Shop"', r'From: "The \"Shop\"" <news@example.com>'),
        ("<eve@example.net>", 'From: "<eve@example.net>" <news@example.com>'),
        ("The Café", "From: =?utf-8?q?The_Caf=C3=A9?= <news@example.com>"),
        ("商店", "From: =?utf-8?b?5ZWG5bqX?= <news@example.com>"),
        ("=?utf-8?q?Eve?=", "From: =?utf-8?b?PT91dGYtOD9xP0V2ZT89?= <news@example.com>"),
    ],
)
def test_a_name_is_quoted_or_encoded_only_where_it_must_be(label: str, field: str) -> None:
    assert composed(sender=Sender(address="news@example.com", label=label)).message.startswith(field.encode() + b"\r\n")


def test_a_long_subject_is_folded_between_words() -> None:
    subject = "word " * 40 + "x" * 100 + "  two  spaces"
    message = composed(Rendered(subject=subject, text="-")).message
    check_lines(message)
    assert read(message)["Subject"] == subject


def test_domains_are_written_in_ascii() -> None:
    letter = composed(sender=Sender(address="news@exämple.com"), to="tom@bücher.example", message_id="1@exämple.com")
    assert letter.recipient == "tom@xn--bcher-kva.example"
    assert b"To: tom@xn--bcher-kva.example\r\n" in letter.message
    assert b"From: news@xn--exmple-cua.com\r\n" in letter.message
    assert b"Message-ID: <1@xn--exmple-cua.com>\r\n" in letter.message


def test_one_part_is_no_multipart() -> None:
    for rendered, kind in ((Rendered(subject="", html="<p>Zoé"), "html"), (Rendered(subject="", text="Zoé"), "plain")):
        parsed = read(composed(rendered).message)
        assert parsed.get_content_type() == f"text/{kind}"
        assert "Zoé" in parsed.get_content()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain", "7bit"),
        ("x" * 998, "7bit"),
        ("x" * 999, "quoted-printable"),
        ("a \x00 in a line", "quoted-printable"),
        ("Zoé wrote some lines", "quoted-printable"),
        ("日本語の本文", "base64"),
    ],
)
def test_a_part_is_encoded_only_where_it_must_be_and_briefly(text: str, encoding: str) -> None:
    parsed = read(composed(Rendered(subject="", text=text)).message)
    assert parsed["Content-Transfer-Encoding"] == encoding
    assert content(parsed) == text + "\n"


def test_a_part_that_holds_the_mark_of_an_earlier_message_does_not_end_there() -> None:
    mark = read(composed().message).get_boundary()
    text = f"--{mark}--\n"
    assert parts(composed(Rendered(subject="", html="<p>", text=text)).message) == [text, "<p>\n"]


def test_the_same_order_makes_the_same_message() -> None:
    assert composed() == composed()


def test_what_answers_by_itself_is_told_what_a_message_is() -> None:
    bulk, triggered = read(composed(bulk=True).message), read(composed(bulk=False).message)
    assert (bulk["Precedence"], bulk["Auto-Submitted"]) == ("bulk", None)
    assert (triggered["Precedence"], triggered["Auto-Submitted"]) == (None, "auto-generated")


def test_what_an_order_lacks_is_not_in_the_head() -> None:
    bare = read(composed(sender=Sender(address="a@b.example"), unsubscribe="", feedback_id="").message)
    gone = {"Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID"}
    assert bare.keys() == [*(name for name in OURS if name not in gone), "Content-Type"]


def test_a_message_beyond_the_limit_is_refused() -> None:
    size = len(composed().message)
    assert compose(ORDER, BOTH, size)
    with pytest.raises(MessageTooLarge, match=f"{size:,} bytes"):
        compose(ORDER, BOTH, size - 1)


ADDRESSES = ["", "tom", "@example.com", "a b@example.com", "a@b@example.com", "a@exa mple.com", "<a@example.com>"]
CONTROLS = ["\r\nBcc: eve@example.net", "\n", "\r", "\x00", "\x0b", "\x85", "\u2028"]


@pytest.mark.parametrize("text", [*ADDRESSES, *(f"a@example.com{smuggled}" for smuggled in CONTROLS)])
def test_what_is_no_address_stands_nowhere(text: str) -> None:
    for changes in ({"sender": Sender(address=text)}, {"to": text}, {"return_path": text}, {"message_id": text}):
        with pytest.raises(HeaderRefused):
            composed(**changes)
    if text:
        with pytest.raises(HeaderRefused):
            composed(sender=Sender(address="a@b.example", reply=text))


@pytest.mark.parametrize(
    "url", ["http://a.example/", "https://a.example/>,<mailto:eve@example.net>", "https://a\r\n.b"]
)
def test_an_address_that_unsubscribes_is_https_and_one(url: str) -> None:
    with pytest.raises(HeaderRefused):
        composed(unsubscribe=url)


@pytest.mark.parametrize("smuggled", CONTROLS)
def test_no_field_smuggles_another_one_in(smuggled: str) -> None:
    sender = Sender(address="news@example.com", label=f"Shop{smuggled}", reply="help@example.com")
    rendered = Rendered(subject=f"Hello{smuggled}", text="-")
    message = composed(rendered, sender=sender, feedback_id=f"a{smuggled}").message
    check_lines(message)
    assert read(message).keys() == [*OURS, "Content-Type", "Content-Transfer-Encoding"]
    with pytest.raises(HeaderRefused, match="controls"):
        composed(headers={"X-Shop": f"a{smuggled}b"})
    with pytest.raises(HeaderRefused, match="allowed"):
        composed(headers={f"X-Shop{smuggled}": "a"})


@pytest.mark.parametrize(
    "name",
    [
        *("From", "sender", "Reply-To", "TO", "Cc", "Bcc", "Subject", "Date", "Message-ID", "MIME-Version", "Received"),
        *("Return-Path", "DKIM-Signature", "ARC-Seal", "Content-Type", "List-Unsubscribe", "Resent-To", "Feedback-ID"),
        *("Precedence", "Auto-Submitted", "X-Estampe-Stamp", "x-estampe-other", "X-SMTPAPI", "X-MC-BccAddress"),
        *("", "X-", "X-A B", "X-A:", "X-é", "X-\u212a", "\u212aeywords", "Apparently-To", "X-" + "a" * 75),
    ],
)
def test_a_call_does_not_bring_headers_that_are_ours_or_the_mail_servers(name: str) -> None:
    with pytest.raises(HeaderRefused, match="allowed"):
        composed(headers={name: "a"})


def test_a_call_brings_headers_of_its_own() -> None:
    brought = {
        "X-Order": "Zoé n°1",
        "In-Reply-To": "<a@b.example>",
        "References": "<a@b.example> " * 9 + "<c@d.example>",
    }
    message = composed(headers=brought).message
    check_lines(message)
    assert {name: decoded(message, name) for name in brought} == brought


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": ""},
        {"X-A": " "},
        {"X-A": "a" * 4_001},
        {"X-A": "a", "x-a": "b"},
        {"References": "<é@b.example>"},
        {"References": "<" + "a" * 1_000 + "@b.example>"},
        {f"X-{number}": "a" for number in range(51)},
    ],
    ids=range(7),
)
def test_headers_that_a_call_brings_have_limits(headers: dict[str, str]) -> None:
    with pytest.raises(HeaderRefused):
        composed(headers=headers)


def test_a_subject_has_a_limit() -> None:
    with pytest.raises(HeaderRefused, match="4,000"):
        composed(Rendered(subject="a" * 4_001, text="-"))
    with pytest.raises(HeaderRefused, match="4,000"):
        composed(sender=Sender(address="a@b.example", label="a" * 4_001))
