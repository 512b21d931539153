"""Files: each mail is found, with a name, and none is read further than it may be."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.bounces.intakes.files import mails

LIMIT = 1_000
FIRST = b"Subject: one\n\nOne.\n"
SECOND = b"Subject: two\r\n\r\nFrom here on, two.\r\n"
MBOX = (
    b"From MAILER-DAEMON Tue Dec  1 12:00:00 2026\n" + FIRST + b"\n"
    b"From b+abc@return.example  Tue Dec  1 12:00:01 2026 +0100\n" + SECOND.replace(b"\r\nFrom", b"\r\n>From") + b"\n"
)


def _written(folder: Path, **files: bytes) -> Path:
    for name, octets in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
    return folder


def test_a_file_is_a_mail(tmp_path: Path) -> None:
    path = _written(tmp_path, one=FIRST) / "one"
    assert list(mails(path, LIMIT)) == [(f"{path}", FIRST)]


def test_an_mbox_has_mails_that_are_numbered(tmp_path: Path) -> None:
    path = _written(tmp_path, box=MBOX) / "box"
    assert list(mails(path, LIMIT)) == [(f"{path}#1", FIRST), (f"{path}#2", SECOND)]


def test_a_mail_that_a_postmark_stands_before_keeps_its_name(tmp_path: Path) -> None:
    postmark = MBOX.partition(b"\n")[0] + b"\n"
    path = _written(tmp_path, one=postmark + FIRST) / "one"
    assert list(mails(path, LIMIT)) == [(f"{path}", FIRST)]


def test_a_mail_by_its_name_is_one_whatever_it_quotes(tmp_path: Path) -> None:
    path = tmp_path / "one.eml"
    path.write_bytes(MBOX)
    assert list(mails(path, LIMIT)) == [(f"{path}", MBOX)]


def test_a_folder_has_mails_in_order_and_a_maildir_those_that_were_delivered(tmp_path: Path) -> None:
    folder = _written(tmp_path / "folder", b=SECOND, a=FIRST)
    assert [octets for _, octets in mails(folder, LIMIT)] == [FIRST, SECOND]
    maildir = _written(tmp_path / "maildir", new__2=SECOND, cur__1=FIRST, tmp__3=b"half", other=b"none")
    assert [octets for _, octets in mails(maildir, LIMIT)] == [FIRST, SECOND]


def test_standard_input_is_a_mail_or_an_mbox(monkeypatch: pytest.MonkeyPatch) -> None:
    for octets, expected in ((FIRST, [("-", FIRST)]), (MBOX, [("-#1", FIRST), ("-#2", SECOND)])):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(octets)))
        assert list(mails(Path("-"), LIMIT)) == expected


def test_no_mail_is_read_further_than_it_may_be(tmp_path: Path) -> None:
    large = b"a: b\n\n" + b"x" * 5_000 + b"\n"
    path = _written(tmp_path, large=large) / "large"
    assert [len(octets) for _, octets in mails(path, LIMIT)] == [LIMIT + 1]
    path.write_bytes(b"From x Tue Dec  1 12:00:00 2026\n" + large + b"\n" + MBOX)
    assert [len(octets) for _, octets in mails(path, LIMIT)] == [LIMIT + 1, len(FIRST), len(SECOND)]


@pytest.mark.parametrize("octets", [b"", b"\n", b"From x Tue Dec  1 12:00:00 2026\n"])
def test_a_file_without_a_mail_is_one_that_says_nothing(octets: bytes, tmp_path: Path) -> None:
    path = _written(tmp_path, empty=octets) / "empty"
    assert [len(mail) for _, mail in mails(path, LIMIT)] == [1 if octets == b"\n" else 0]


LINES = st.lists(
    st.sampled_from([b"", b"From me Tue Dec  1 12:00:00 2026", b">From you", b"text", b"From"]), max_size=8
)


@given(st.lists(LINES, min_size=2, max_size=4))
def test_what_is_written_as_an_mbox_is_read_as_it_was(bodies: list[list[bytes]]) -> None:
    """Mails of lines, quoted as mboxrd has it."""
    written = [b"Subject: x\n\n" + b"".join(line + b"\n" for line in (*lines, b"end")) for lines in bodies]
    quoted = (mail.replace(b"\n>From ", b"\n>>From ").replace(b"\nFrom ", b"\n>From ") for mail in written)
    box = b"".join(b"From x Tue Dec  1 12:00:00 2026\n" + mail + b"\n" for mail in quoted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(box)))
        assert [mail for _, mail in mails(Path("-"), 10_000)] == written
