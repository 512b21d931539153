"""`estampe bounces quarantine` lists, shows and replays what nobody could match."""

from __future__ import annotations

import json
import threading
from contextlib import closing, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import pytest
from click.testing import CliRunner, Result

from estampe.catalog import Customers, Quarantine, QuarantineState, open_catalog, parse_customer
from estampe.cli import main
from estampe.events import EventType, decode_draft, event_id
from estampe.log import Logs
from reporting import bounce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CUSTOMER = parse_customer("DEMO/028")
NOW_MS = 1_614_089_576_625
STAMP = UUID(int=7)
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
        "subject": "Undelivered ?[2J mail 1",
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


def test_some_are_deleted_by_their_numbers_or_their_age(folder: Path) -> None:
    assert run(folder, "discard", "2", "2").stdout == "deleted 1\n"
    assert run(folder, "discard", "--before", "2021-02-23T14:12:56.627Z").stdout == "deleted 1\n"
    assert [each["number"] for each in objects(run(folder, "list"))] == [3]
    assert run(folder, "discard", "--before", "2021-01-01").stdout == "deleted 0\n"
    for arguments in ((), ("3", "--before", "1d")):
        assert "Name the mails to delete" in run(folder, "discard", *arguments, status=2).stderr
    assert len(objects(run(folder, "list"))) == 1


def test_one_that_is_not_there_is_told(folder: Path) -> None:
    for arguments in (("show", "9"), ("replay", "1", "9"), ("discard", "1", "9")):
        assert "has no report 9" in run(folder, *arguments, status=1).stderr


def test_what_to_replay_has_to_be_said(folder: Path) -> None:
    for arguments in (("replay",), ("replay", "1", "--all")):
        assert "by their numbers, or all of them by --all" in run(folder, *arguments, status=2).stderr


def test_one_is_taken_once_its_message_is_known(folder: Path) -> None:
    with closing(open_catalog(folder)) as catalog:
        report = bounce(to="b+x@returns.example.com", recipient="tom@example.net", stamp=f"{STAMP}")
        number = Quarantine(catalog, 1 << 20).keep(report, way="imap", time_ms=NOW_MS, reason=REASON)
    (kept,) = objects(run(folder, "replay", f"{number}"))
    assert (kept["number"], kept["outcome"]) == (number, "kept")
    assert "names no message of ours" in str(kept["reason"])
    activate(folder)
    outcomes = [(each["number"], each["outcome"]) for each in objects(run(folder, "replay", "--all"))]
    assert outcomes == [(1, "kept"), (2, "kept"), (3, "kept"), (number, "taken")]
    assert len(objects(run(folder, "list"))) == 3


def test_a_running_server_reads_them_again(folder: Path) -> None:
    def answer(kept: Quarantine) -> None:
        kept.settle(1)
        kept.put_back(2, reason="still nobody", state=QuarantineState.KEPT, due_ms=NOW_MS)

    with serving(folder, answer):
        assert objects(run(folder, "replay", "1", "2")) == [
            {"number": 1, "outcome": "taken", "reason": ""},
            {"number": 2, "outcome": "kept", "reason": "still nobody"},
        ]


def test_a_server_that_does_not_come_to_it_is_not_waited_for_long(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("estampe.cli.bounces.quarantine"), "PATIENCE_S", 0.2)
    with serving(folder, lambda _: None):
        assert objects(run(folder, "replay", "1")) == [{"number": 1, "outcome": "waiting", "reason": REASON}]


def activate(folder: Path) -> None:
    """Publish that the message was sent."""
    activation = {
        "id": "000PE4",
        "kind": "message",
        "receiver": {"type": "id", "value": "000R4M0T"},
        "stamp": {"time": NOW_MS, "id": f"{STAMP}", "thread": f"{STAMP}"},
        "recipient": "tom@example.net",
    }
    draft = {
        "type": "activation",
        "id": f"{event_id(STAMP, EventType.ACTIVATION)}",
        "source": {"type": "email", "detail": {"activation": activation}},
    }
    with closing(open_catalog(folder)) as catalog, closing(Logs(folder)) as logs:
        Customers(catalog).number_of(CUSTOMER)
        logs.of(CUSTOMER).publish([decode_draft(msgspec.json.encode(draft))]).result()


@contextmanager
def serving(folder: Path, answer: Callable[[Quarantine], None]) -> Iterator[None]:
    """Have the data folder open as a server has it, and answer when a mail waits."""
    stopping = threading.Event()

    def serve() -> None:
        with closing(open_catalog(folder)) as catalog:
            kept = Quarantine(catalog, 0)
            while not stopping.wait(0.02):
                if kept.get(1).state is QuarantineState.WAITING:
                    answer(kept)
                    break

    thread = threading.Thread(target=serve)
    with closing(Logs(folder)):
        thread.start()
        yield
        stopping.set()
        thread.join()
