"""`estampe bounces quarantine` lists, shows and replays what nobody could match."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from estampe.catalog import Quarantine, open_catalog
from estampe.cli import main

if TYPE_CHECKING:
    from pathlib import Path

NOW_MS = 1_614_089_576_625
REASON = "nobody knows the message"
SENDER = "=?utf-8?q?Mail_Delivery_System_=C3=A9_mx?= <MAILER-DAEMON@mx.example.net>"
MAIL = f"""\
From: {SENDER}
To: b+x@returns.example.com
Subject: Undelivered \x1b[2J mail {{number}}
Message-ID: <{{number}}@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b

It could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; tom@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b--
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder whose quarantine holds three mails."""
    with closing(open_catalog(tmp_path)) as catalog:
        kept = Quarantine(catalog, 1 << 20)
        for number in range(1, 4):
            kept.keep(
                mail(number),
                way="lmtp",
                time_ms=NOW_MS + number,
                reason=REASON,
                recipients=("b+x@returns.example.com",),
            )
    return tmp_path


def mail(number: int) -> bytes:
    return MAIL.format(number=number).encode()


def run(folder: Path, *arguments: str, status: int = 0) -> Result:
    done = CliRunner().invoke(main, ["bounces", "quarantine", *arguments, "--data", f"{folder}"])
    assert done.exit_code == status, done.output
    return done


def objects(done: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_mail_is_a_line_with_its_reason(folder: Path) -> None:
    first, *_ = listed = objects(run(folder, "list"))
    assert [each["number"] for each in listed] == [1, 2, 3]
    assert first == {
        "number": 1,
        "received": "2021-02-23T14:12:56.626Z",
        "way": "lmtp",
        "state": "kept",
        "reason": REASON,
        "from": "Mail Delivery System é mx <MAILER-DAEMON@mx.example.net>",
        "subject": "Undelivered \x1b[2J mail 1",
        "size": len(mail(1)),
    }


def test_a_part_is_listed_and_how_to_go_on(folder: Path) -> None:
    done = run(folder, "list", "--limit", "2")
    assert len(objects(done)) == 2
    assert done.stderr == "More are kept: go on with --after 2.\n"
    rest = run(folder, "list", "--after", "2", "--limit", "2")
    assert ([each["number"] for each in objects(rest)], rest.stderr) == ([3], "")


def test_a_table_steers_no_terminal(folder: Path, tmp_path: Path) -> None:
    assert "\x1b" not in run(folder, "list", "--format", "table").stdout
    open_catalog(tmp_path / "empty").close()
    assert run(tmp_path / "empty", "list", "--format", "table").stdout == "the quarantine is empty\n"


def test_one_is_shown_with_its_head_and_what_it_reports(folder: Path) -> None:
    shown = run(folder, "show", "2").stdout
    for fact in (REASON, "from <> to b+x@returns.example.com", "tom@example.net", "hard", "<2@mx.example.net>"):
        assert fact in shown
    assert "\x1b" not in shown


def test_one_is_written_as_it_came(folder: Path) -> None:
    assert run(folder, "show", "3", "--raw").stdout_bytes == mail(3)


def test_one_that_is_not_there_is_told(folder: Path) -> None:
    for arguments in (("show", "9"), ("replay", "1", "9")):
        assert "has no report 9" in run(folder, *arguments, status=1).stderr


def test_what_to_replay_has_to_be_said(folder: Path) -> None:
    for arguments in (("replay",), ("replay", "1", "--all")):
        assert "by their numbers, or all of them by --all" in run(folder, *arguments, status=2).stderr
