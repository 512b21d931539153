"""Mails are taken apart however they are made, and within limits."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from bench.accuracy.corpus import corpus
from bench.fuzz.faults import broken, faults
from hypothesis import given
from hypothesis import strategies as st

from estampe.bounces.reports import Limits, MailTooLarge, parse, read
from estampe.bounces.reports.charsets import text
from estampe.bounces.reports.head import decoded, media_type
from estampe.bounces.reports.markup import shown
from estampe.bounces.reports.prose import prose
from estampe.bounces.reports.transfer import carried

if TYPE_CHECKING:
    import random

MULTIPART = (
    b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
    b"--b\n\none\n--b\nContent-Type: text/html\n\n<p>two\n--b--\n"
)
OURS = [*corpus().mails.values()]


def leaves(octets: bytes) -> list[str]:
    return [part.text.strip() for part in parse(octets).walk() if not part.parts]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b"\r\r\n"])
def test_lines_end_in_any_way(end: bytes) -> None:
    mail = parse(MULTIPART.replace(b"\n", end))
    assert mail.head.get("subject") == "x"
    assert [part.text.strip() for part in mail.parts] == ["one", "two"]


def test_a_lone_cr_ends_no_line_where_others_do() -> None:
    assert parse(b"E: f\r\nA: b\rc\r\n\r\none\rtwo\r\nthree").head.get("a") == "b c"
    assert parse(b"E: f\r\n\r\none\rtwo\r\nthree").text == "one two\nthree"


@pytest.mark.parametrize("before", [b"\n\n", b"From x@y Mon Jan  1 00:00:00 2001\n", b">From x@y\n"])
def test_what_comes_before_the_header_is_skipped(before: bytes) -> None:
    assert parse(before + b"Subject: x\n\nbody").head.get("subject") == "x"


def test_a_header_goes_on_after_a_line_that_should_have_been_folded() -> None:
    mail = parse(b"Received: by x\nfor <a@b>\nSubject: x\n\nbody")
    assert (mail.head.get("received"), mail.head.get("subject"), mail.text) == ("by x for <a@b>", "x", "body")


def test_a_body_may_follow_its_header_without_an_empty_line() -> None:
    mail = parse(b"Subject: x\nNobody is here.\n\nmore")
    assert (mail.head.get("subject"), mail.text) == ("x", "Nobody is here.\n\nmore")


@pytest.mark.parametrize(
    "octets",
    [
        MULTIPART.replace(b"--b--\n", b""),
        MULTIPART.replace(b"boundary=b", b'boundary="b'),
        MULTIPART.replace(b"boundary=b", b'boundary*0="";\n boundary*1=b'),
        MULTIPART.replace(b"\n--b\n\none", b"\n--b-else\n--bb\n--b  \n\none").replace(b"--b-else\n--bb\n", b""),
        MULTIPART.replace(
            b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: multipart/mixed; boundary=c"
        ).replace(b"--b\n\none", b"--b\nContent-Type: text/plain\n\none"),
        MULTIPART.replace(b"Content-Type: multipart/mixed; boundary=b\n", b"").replace(
            b"--b\n\none", b"--b\nContent-Type: text/plain\n\none"
        ),
    ],
    ids=["never closed", "no closing quote", "continued", "spaces after it", "a wrong one", "no type"],
)
def test_parts_are_found_by_sloppy_boundaries(octets: bytes) -> None:
    assert leaves(octets) == ["one", "two"]


def test_a_boundary_may_begin_as_another() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=bb\n\n--bb\n\ninner\n"  # never closed
    mail = parse(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + inner + b"--b\n\nouter\n--b--\n")
    assert [part.text.strip() for part in mail.walk() if not part.parts] == ["inner", "outer"]


def test_a_multipart_without_parts_is_plain_text() -> None:
    mail = parse(b"Content-Type: multipart/report; boundary=b\n\nno such user\n")
    assert (mail.kind, mail.text) == ("text/plain", "no such user\n")


def test_a_mail_within_a_mail_may_be_encoded() -> None:
    inner = base64.encodebytes(b"Subject: inner\r\n\r\ntext")
    mail = parse(b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + inner)
    assert (mail.parts[0].head.get("subject"), mail.parts[0].text) == ("inner", "text")


def test_statuses_may_be_encoded() -> None:
    inner = base64.b64encode(b"Final-Recipient: rfc822; a@b.example\r\n")
    mail = parse(b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: BASE64\n\n" + inner)
    assert mail.text == "Final-Recipient: rfc822; a@b.example\n"


@pytest.mark.parametrize(
    ("written", "kind", "parameters"),
    [
        ("text/plain; charset=utf-8", "text/plain", {"charset": "utf-8"}),
        (
            'Multipart/Report; report-type=x;boundary="a;b c"',
            "multipart/report",
            {"report-type": "x", "boundary": "a;b c"},
        ),
        (r'text/x; name="a\"b"', "text/x", {"name": 'a"b'}),
        ("text/x boundary=b", "text/x", {"boundary": "b"}),
        ("text/x; a=1; a=2", "text/x", {"a": "1"}),
        ("text/x; name*=utf-8''%C3%A9", "text/x", {"name": "é"}),
        ("text/x; name*0*=utf-8'en'%C3; name*1*=%A9", "text/x", {"name": "é"}),
        ("text", "", {}),
    ],
)
def test_media_types(written: str, kind: str, parameters: dict[str, str]) -> None:
    assert media_type(written) == (kind, parameters)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("=?utf-8?q?caf=C3=A9_x?=", "café x"),
        ("=?UTF-8?B?w6k=?= =?UTF-8?B?w6k?=", "éé"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        ("a =?iso-8859-1*fr?Q?=E9?= b", "a é b"),
        ("=?iso-2022-jp?B?GyRCTD4bKEI=?=", "名"),
        ("=?nonsense?q?x?=", "x"),
        ("=?utf-8?q?broken", "=?utf-8?q?broken"),
        ("=?utf-8?q?a=0D=0ABcc:_x?=", "a  Bcc: x"),
    ],
)
def test_encoded_words(written: str, read: str) -> None:
    assert decoded(written) == read


@pytest.mark.parametrize(
    ("octets", "charset", "read"),
    [
        ("é".encode(), "", "é"),
        (b"\xe9", "utf-8", "é"),
        ("éééé".encode()[:-1], "", "ééé\ufffd"),
        (b"\x93x\x94", "iso-8859-1", "“x”"),
        ("名".encode("iso-2022-jp"), "us-ascii", "名"),
        ("名".encode("cp932"), "Shift_JIS", "名"),
        ("名".encode("euc-jp"), "x-euc-jp", "名"),
        ("名".encode("big5"), "BIG5", "名"),
        ("名".encode("gb2312"), "GB2312", "名"),
        ("Привет".encode("koi8-r"), "KOI8-R", "Привет"),
        ("Привет".encode("cp1251"), "windows-1251", "Привет"),
        ("é".encode(), "UFT-8", "é"),
        ("é".encode(), "unknown-8bit", "é"),
        (b"a\0b\x07c", "", "ab?c"),
        (b"+2AA-", "utf-7", "\ufffd"),
        (b"deadbeef", "hex", "deadbeef"),
        (rb"\x41", "unicode_escape", r"\x41"),
        (b"xn--a-ecp.ru", "idna", "xn--a-ecp.ru"),
        (b"plain", "utf-16", "plain"),
    ],
)
def test_charsets(octets: bytes, charset: str, read: str) -> None:
    assert text(octets, charset) == read


def test_transfer_encodings_may_be_wrong_or_cut_off() -> None:
    assert carried(b"not base64 at all", "base64") == b"not base64 at all"
    assert carried(b"YWJjZA", " BASE64 ") == b"abcd"
    assert carried(b"YWJjZ", "base64") == b"abc"
    assert carried(b"a=\nb=3D=XY", "quoted-printable") == b"ab==XY"
    assert carried(b"a=3D", "8bit") == b"a=3D"


def test_html_is_read_as_it_is_seen() -> None:
    html = (
        "<html><head><title>t</title><style>p {}</style></head><!-- <p>hidden --><body>"
        "<p>No such\nuser&nbsp;here: <a@b.example> &lt;c@d.example&gt;</p>"
        "<table><tr><td>Status:</td><td>5.1.1</td></tr></table>"
        "<pre>a\nb</pre>&#99999999999;&#x41;"
    )
    lines = [line for line in shown(html).split("\n") if line]
    assert lines == [
        "No such user here: <a@b.example> <c@d.example>",
        "Status: 5.1.1",
        "a",
        "b",
        "\ufffd9999;A",
    ]
    assert shown("no\ntags") == "no\ntags"


def test_a_mail_may_be_too_large() -> None:
    with pytest.raises(MailTooLarge, match="more than 10 bytes"):
        parse(b"x" * 11, Limits(octets=10))


def test_depth_and_parts_have_limits() -> None:
    nested = parse(b"Content-Type: message/rfc822\n\n" * 100)
    assert len(list(nested.walk())) == Limits().depth + 1
    assert len(list(parse(MULTIPART + b"--b\n" * 10_000).walk())) == 3  # it was closed
    assert len(list(parse(MULTIPART.replace(b"--b--", b"--b\n" * 10_000)).walk())) == Limits().parts


def test_headers_have_limits() -> None:
    limits = Limits(fields=3, head=20)
    assert [name for name, _ in parse(b"a: 1\nb: 2\nc: 3\nd: 4\n\nbody", limits).head.fields] == ["a", "b", "c"]
    assert parse(b"a: 1\n" * 100 + b"\nbody", limits).text == "body"
    many = b"--b\na: b\n\n" * 200
    heads = parse(b"Content-Type: multipart/mixed; boundary=b\n\n" + many, Limits(heads=100)).walk()
    assert sum(len(part.head.fields) for part in heads) < 20


def test_texts_have_limits() -> None:
    part = b"--b\n\n" + b"x" * 100 + b"\n"
    mail = parse(b"Content-Type: multipart/mixed; boundary=b\n\n" + part * 10, Limits(text=50, texts=120))
    assert [len(each.text) for each in mail.parts] == [50, 50, 20, 0, 0, 0, 0, 0, 0, 0]


def test_parts_share_the_octets_of_their_mail() -> None:
    nested = b"".join(b"Content-Type: multipart/x; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(16))
    mail = parse(nested + b"\nx" * 1000)
    assert len({id(part._span.octets) for part in mail.walk()}) == 1


@given(st.sampled_from(OURS), st.randoms(use_true_random=False))
def test_broken_mails_are_read_without_fault(mail: bytes, chance: random.Random) -> None:
    assert not list(faults(broken(mail[:20_000], chance)))


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_without_fault(octets: bytes) -> None:
    assert not list(faults(octets))


def test_what_many_recipients_share_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(prose, "transcript", lambda lines: asked.append(lines) or {})
    recipients = b"".join(b"<u%d@b.example>:\n\n" % number for number in range(100))
    mail = b"From: MAILER-DAEMON\nSubject: failure notice\n\nHi. This is the qmail-send program at x.\n\n" + recipients
    assert len(read(mail)) == 100
    assert len(asked) == 1
