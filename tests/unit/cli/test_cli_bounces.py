"""`estampe bounces read` and `explain` tell what reports say, of any number of files, whatever is in them."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from rich.text import Text

from estampe.cli import main

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["file", "kind", "recipient", "verdict", "enhanced", "basic", "subject", "detail", "diagnostic", "mta", "rule"]
BOUNCE = """\
From: MAILER-DAEMON@mx.example.net
To: b+x@returns.example.com
Subject: Undelivered Mail Returned to Sender
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
Remote-MTA: dns; mailbox.example.net
Diagnostic-Code: smtp; 550 5.1.1 <tom@example.net>: User unknown \x1b[2J[red]

Final-Recipient: rfc822; ann@example.net
Action: failed
Status: 5.2.2
Remote-MTA: dns; mailbox.example.net
Diagnostic-Code: smtp; 552 5.2.2 <ann@example.net>: Mailbox full

--b--
"""
COMPLAINT = """\
From: feedback@example.net
To: feedback@returns.example.com
Subject: A complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b

This is an email abuse report.

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Loop/1.0
Version: 1
Original-Rcpt-To: <tom@example.net>

--b
Content-Type: message/rfc822

From: news@example.com
To: tom@example.net
Subject: The sale
X-Estampe-Stamp: 40e7f10f-9f96-4891-a340-bccc49b13155

Hello

--b--
"""
LETTER = "From: ann@example.net\nTo: tom@example.net\nSubject: Lunch\n\nSee you at noon.\n"
TOO_LARGE = (25 << 20) + 1


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with mails."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"bounce.eml": BOUNCE, "complaint.eml": COMPLAINT, "letter.eml": LETTER}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


class Terminal(io.StringIO):
    """Standard output that people look at."""

    def isatty(self) -> bool:
        return True


def run(*arguments: str, status: int = 0, stdin: str = "") -> Result:
    done = CliRunner().invoke(main, ["bounces", *arguments], input=stdin)
    assert done.exit_code == status, done.output
    return done


def objects(done: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_recipient_is_a_line_with_its_verdict() -> None:
    tom, ann = objects(run("read", "bounce.eml"))
    assert list(tom) == list(ann) == NAMES
    assert tom.pop("rule")
    assert tom == {
        "file": "bounce.eml",
        "kind": "bounce",
        "recipient": "tom@example.net",
        "verdict": "hard",
        "enhanced": "5.1.1",
        "basic": 550,
        "subject": "address",
        "detail": "bad destination mailbox address",
        "diagnostic": tom["diagnostic"],
        "mta": "mailbox.example.net",
    }
    assert "550 5.1.1 <tom@example.net>: User unknown" in str(tom["diagnostic"])
    assert (ann["recipient"], ann["verdict"], ann["detail"]) == ("ann@example.net", "soft", "mailbox full")


def test_what_is_no_report_has_the_kind_none_and_nothing_else() -> None:
    (letter,) = objects(run("read", "--json", "letter.eml"))
    assert letter == dict.fromkeys(NAMES, "") | {"file": "letter.eml", "kind": "none", "basic": None}


def test_a_complaint_says_its_type() -> None:
    (complaint,) = objects(run("read", "complaint.eml"))
    told = [complaint[name] for name in ("kind", "recipient", "verdict", "detail", "enhanced", "rule")]
    assert told == ["complaint", "tom@example.net", "complaint", "abuse", "", ""]


def test_other_forms_say_the_same() -> None:
    lines = objects(run("read", "bounce.eml", "letter.eml"))
    assert json.loads(run("read", "--format", "json", "bounce.eml", "letter.eml").stdout) == lines
    rows = list(csv.DictReader(io.StringIO(run("read", "--format", "csv", "bounce.eml", "letter.eml").stdout)))
    assert [[row[name] for name in NAMES] for row in rows] == [
        ["" if line[name] is None else f"{line[name]}" for name in NAMES] for line in lines
    ]


def test_a_table_is_for_people_and_steers_no_terminal() -> None:
    table = run("read", "--format", "table", "bounce.eml").stdout
    assert table.splitlines()[0].split() == NAMES
    assert "\x1b" not in table


@pytest.mark.parametrize(("letters", "left_out"), [(100, {"enhanced", "basic", "mta", "rule"}), (160, set())])
def test_a_narrow_terminal_has_what_matters_most(
    letters: int, left_out: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", f"{letters}")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout", terminal)
    main.main(["bounces", "read", "bounce.eml"], standalone_mode=False)
    heads = Text.from_ansi(terminal.getvalue()).plain.splitlines()[0].split()
    assert heads == [name for name in NAMES if name not in left_out]


def test_standard_input_is_a_file_too() -> None:
    assert [each["recipient"] for each in objects(run("read", "-", stdin=BOUNCE))] == [
        "tom@example.net",
        "ann@example.net",
    ]


def test_what_cannot_be_read_is_told_and_the_others_are_read(folder: Path) -> None:
    with (folder / "large.eml").open("wb") as file:
        file.truncate(TOO_LARGE)
    done = run("read", "missing.eml", "large.eml", "letter.eml", status=1)
    assert [each["file"] for each in objects(done)] == ["letter.eml"]
    missing, large = done.stderr.splitlines()
    assert missing == "missing.eml: No such file or directory"
    assert large.startswith("large.eml: ")
    assert "26,214,400" in large


def test_a_file_may_be_called_anything(folder: Path) -> None:
    (folder / "caf\udce9.eml").write_text(LETTER)
    assert [each["file"] for each in objects(run("read", "caf\udce9.eml"))] == ["caf\N{REPLACEMENT CHARACTER}.eml"]


def test_folders_and_mboxes_hold_many_mails(folder: Path) -> None:
    (folder / "reports").mkdir()
    (folder / "reports/1.eml").write_text(BOUNCE)
    with (folder / "reports/2").open("w") as mbox:
        for text in (BOUNCE, LETTER):
            mbox.write(f"From MAILER-DAEMON Tue Dec  1 12:00:00 2026\n{text}\n")
    names = [each["file"] for each in objects(run("read", "reports", "letter.eml"))]
    assert names == ["reports/1.eml"] * 2 + ["reports/2#1"] * 2 + ["reports/2#2", "letter.eml"]


def test_thousands_of_files_are_read_in_one_call(folder: Path) -> None:
    names = [f"{number}.eml" for number in range(3_000)]
    for name in names:
        (folder / name).write_text(LETTER)
    assert [each["file"] for each in objects(run("read", *names))] == names


def test_an_explanation_shows_the_facts_the_rule_and_what_names_the_message() -> None:
    told = run("explain", "bounce.eml", "complaint.eml", "letter.eml").stdout
    assert "bounce.eml: 2 reports" in told
    assert "complaint.eml: 1 report\n" in told
    assert "letter.eml: no report" in told
    for fact in ("tom@example.net", "mailbox.example.net", "hard", "soft", "40e7f10f-9f96-4891-a340-bccc49b13155"):
        assert fact in told
    assert "\x1b" not in told
