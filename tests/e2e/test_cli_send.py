"""`estampe send` and `estampe outbox` against a real server, whose relay is a small one in the test."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner, Result

from estampe.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, Session
    from tests.e2e.conftest import LiveServer

pytestmark = pytest.mark.e2e

ACTION = {
    "type": "mailMessage",
    "name": "Welcome",
    "content": {
        "headers": {"from": {"prefix": "news", "domain": "example.com", "label": "News"}},
        "subject": "Hello {{ Name | default('you') }}",
        "html": "<p>{{ season }}</p>{{ cancel('not for No') if contact.Name is defined and Name == 'No' }}",
    },
}


class Relay:
    """Takes messages, refuses `hard@` for good and `grey@` for now."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer for a recipient."""
        if address.startswith("hard@"):
            return "550 5.1.1 no such user"
        if address.startswith("grey@"):
            return "450 4.2.0 come again"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  the same
        """Take a message."""
        subject = message_from_bytes(envelope.content or b"", policy=policy.default)["subject"]
        self.taken += [(address, str(subject)) for address in envelope.rcpt_tos]
        return "250 ok"


@contextmanager
def listening(relay: Relay) -> Iterator[int]:
    """Let a relay listen; yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(relay, hostname="127.0.0.1", port=port, ready_timeout=20)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def relay() -> Relay:
    return Relay()


@pytest.fixture
def server(start: Callable[..., LiveServer], relay: Relay) -> Iterator[LiveServer]:
    """A server that sends through the relay."""
    with listening(relay) as port:
        yield start(relays=f"smtp://127.0.0.1:{port}", mail_domain="example.com", retry_schedule="1h")


def validated(server: LiveServer) -> str:
    """Make an action and validate it; return its id."""
    with server.client() as client:
        action = client.post("/actions", json=ACTION).raise_for_status().json()["id"]
        segment = client.post("/segments", json={"type": "static", "name": "Test", "isTest": True}).raise_for_status()
        for body in ({"fortest": True, "testSegments": [segment.json()["id"]]}, {"fortest": False}):
            client.post(f"/actions/{action}/validation", json=body).raise_for_status()
    return str(action)


def run(server: LiveServer, *arguments: str, status: int = 0) -> Result:
    done = CliRunner().invoke(main, [*arguments, "--url", server.url, "--key", server.key()])
    assert done.exit_code == status, done.output
    return done


def table(done: Result) -> dict[str, int]:
    rows = (line.rsplit(maxsplit=1) for line in done.stdout.splitlines()[1:])
    return {" ".join(name.split()): int(count.replace(",", "")) for name, count in rows}


def waiting(server: LiveServer, *arguments: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(main, ["outbox", *arguments, "--data", f"{server.data}"])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_file_is_sent_and_every_message_s_end_is_told(server: LiveServer, relay: Relay, tmp_path: Path) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text("Email;Name\nada@b.example;Ada\nhard@b.example;\nno@b.example;No\nnobody;Bob\nADA@b.example;Ada\n")
    arguments = ("send", validated(server), "--to-file", f"{file}", "--variables", '{"season": "spring"}')
    done = run(server, *arguments, status=1)
    assert table(done) == {
        "accepted": 3,
        "activated": 2,
        "bounced hard": 1,
        "cancelled not for No": 1,
        "refused": 1,
        "repeated the same address again": 1,
    }
    assert f"{file}:5 nobody: " in done.stderr
    assert relay.taken == [("ada@b.example", "Hello Ada")]
    assert waiting(server) == []

    run_id = done.stderr.split()[1]
    again = run(server, *arguments, "--run", run_id, status=1)
    assert table(again) == table(done)
    assert len(relay.taken) == 1


def test_what_is_to_be_tried_again_waits_in_the_outbox_with_the_relay_s_answer(server: LiveServer) -> None:
    action = validated(server)
    command = [sys.executable, "-m", "estampe", "send", action, "--to", "grey@b.example", "--variables", '{"season":1}']
    command += ["--url", server.url, "--key", server.key()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as sending:
        until_s = time.monotonic() + 60
        while not (found := [each for each in waiting(server) if each["attempts"]]) and time.monotonic() < until_s:
            time.sleep(0.1)
        sending.send_signal(signal.SIGINT)
        out, err = sending.communicate(timeout=30)
    assert sending.returncode == 130, err
    assert "The server sends what it has accepted (so far: 1)" in err
    assert out.split()[:6] == ["outcome", "reason", "messages", "accepted", "1", "waiting"]
    (message,) = found
    assert (message["action"], message["domain"], message["state"]) == (action, "b.example", "waiting")
    assert "450" in message["reason"]
    assert "come again" in message["reason"]
    (count,) = waiting(server, "--summary")
    assert (count["domain"], count["messages"]) == ("b.example", 1)


def test_an_action_that_is_not_validated_is_told(server: LiveServer) -> None:
    with server.client() as client:
        action = client.post("/actions", json=ACTION).raise_for_status().json()["id"]
    failed = run(server, "send", action, "--to", "ada@b.example", status=1)
    assert "refused (409)" in failed.stderr
    with server.client() as client:
        assert client.get("/targets", params={"unicity": "ada@b.example"}).status_code == 404
