"""`estampe send` puts contacts, executes in batches that may be repeated, and tells what became of each message."""

from __future__ import annotations

import json
from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import httpx
import pytest
from click.testing import CliRunner, Result

from estampe.cli import mailing, main
from estampe.client import Client, Retries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEND = import_module("estampe.cli.send")  # the package's own name for it is the verb
KEY = "est_0123456789ab_secret"
RUN = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
NOW_MS = 1_614_089_576_625


class Estampe:
    """A server in the test: what it does to a message is told by its address's local part.

    `bad@` is refused as a contact, `gone@` is not found, `red@` is redlisted, `broken@` does not render,
    `hard@` and `soft@` bounce, `late@` waits for ever, others are activated.
    """

    def __init__(self) -> None:
        self.contacts: dict[str, dict[str, Any]] = {}
        self.items: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.state = 50
        self.epoch = 1
        self.before: Callable[[httpx.Request], None] = lambda _: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.before(request)
        if request.method == "PUT":
            return self._put(request)
        if request.url.path == "/targets/batch":
            return self._put_many(request)
        if request.method == "POST":
            return self._execute(request)
        if request.method == "HEAD":
            return httpx.Response(200, headers=self._headers())
        return self._list(request)

    def _put_many(self, request: httpx.Request) -> httpx.Response:
        rows = json.loads(request.content)
        if any(row["Email"].startswith("bad@") for row in rows):
            return problem(400, "/problems/invalid-body", "Row 1: the member Age is no number.")
        for row in rows:
            self.contacts.setdefault(row["Email"], {}).update(row)
        return httpx.Response(200, json=[{"id": f"{number:08}"} for number in range(len(rows))])

    def _put(self, request: httpx.Request) -> httpx.Response:
        address = request.url.params["unicity"]
        if address.startswith("bad@"):
            return problem(400, "/problems/invalid-body", "The member Age is no number.")
        self.contacts.setdefault(address, {}).update(json.loads(request.content))
        return httpx.Response(200, json={"id": f"{len(self.contacts):08}"})

    def _execute(self, request: httpx.Request) -> httpx.Response:
        if self.state != 50:
            return problem(409, "/problems/wrong-state", "The action is not validated.")
        return httpx.Response(200, json=[self._accept(item) for item in json.loads(request.content)])

    def _accept(self, item: dict[str, Any]) -> dict[str, Any]:
        (address,) = item["recipient"]["value"]
        if address.startswith("gone@"):
            return {"type": "error", "value": {"type": "recipient not found", "recipient": item["recipient"]}}
        stamp = item["stamp"]
        if stamp["id"] not in self.items:
            self.items[stamp["id"]] = item
            self.events += outcome(address, stamp)
        footprint = {"type": "footprint", "id": "000R4M0T", "unicity": address, "hash": "0" * 32}
        return {"type": "success", "id": stamp["id"], "recipient": footprint}

    def _list(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == f"/campaigns/{RUN}/events"
        start_ms = int(request.url.params.get("start", 0))
        found = [each for each in self.events if each["timestamp"] >= start_ms]
        content = "".join(json.dumps(each) + "\n" for each in found).encode()
        headers = {"content-type": "application/x-ndjson", "content-length": f"{len(content)}"}
        return httpx.Response(200, headers=self._headers() | headers, content=content)

    def _headers(self) -> dict[str, str]:
        return {"x-events-complete-until": f"{NOW_MS + 1_000}", "x-events-epoch": f"{self.epoch}"}


def problem(status: int, kind: str, detail: str) -> httpx.Response:
    return httpx.Response(status, json={"type": kind, "title": "no", "status": status, "detail": detail})


def outcome(address: str, stamp: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events that follow the execution of a message."""
    local = address.partition("@")[0]
    common = {"id": "000PE4", "kind": "message", "stamp": stamp}
    execution = {"execution": {**common, "recipient": {"type": "id", "value": "000R4M0T"}}}
    activation = {
        "activation": {**common, "receiver": {"type": "id", "value": "000R4M0T"}, "recipient": address},
    }
    cancellations: dict[str, dict[str, Any]] = {
        "red": {"type": "redlisted target"},
        "broken": {"type": "user defined policy", "value": {"type": "render", "message": "'name' is not defined"}},
    }
    if local == "late":
        return []
    if local in cancellations:
        return [event("cancellation", {**execution, "cancellation": cancellations[local]}, stamp)]
    events = [event("activation", activation, stamp)]
    if local in {"hard", "soft"}:
        status = {"type": "sync", "code": {"enhanced": "5.1.1"}, "diagnostic": "no", "mta": "mx"}
        bounce = {"status": status, "analysis": {"verdict": local, "subject": {"type": "address"}}}
        events.append(event("bounce", {**activation, "bounce": bounce}, stamp))
    return events


def event(kind: str, detail: dict[str, Any], stamp: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": kind,
        "id": f"{uuid5(UUID(stamp['id']), kind)}",
        "timestamp": NOW_MS,
        "identity": {"type": "customer", "agency": "DEMO", "customer": "028"},
        "source": {"type": "email", "detail": detail},
    }


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Estampe:
    """A server that the command talks to."""
    made = Estampe()
    quick = Retries(attempts=2, first_s=0)
    monkeypatch.setattr(
        SEND, "client_of", lambda url, *_: Client(url, KEY, transport=httpx.MockTransport(made), retries=quick)
    )
    monkeypatch.setattr(mailing, "POLL_S", 0)
    monkeypatch.setenv("ESTAMPE_URL", "http://estampe.example")
    return made


def run(*arguments: str, status: int = 0) -> Result:
    done = CliRunner().invoke(main, ["send", "000PE4", *arguments])
    assert done.exit_code == status, done.output
    return done


def table(done: Result) -> dict[str, int]:
    """Return the last table's counts by outcome and reason."""
    rows = (line.rsplit(maxsplit=1) for line in done.stdout.splitlines()[1:])
    return {" ".join(name.split()): int(count.replace(",", "")) for name, count in rows}


def to_file(folder: Path, *addresses: str) -> str:
    path = folder / "contacts.csv"
    path.write_text("Email\n" + "".join(f"{address}\n" for address in addresses))
    return f"{path}"


@pytest.mark.usefixtures("server")
def test_every_outcome_is_counted_and_what_was_refused_is_told_with_its_line(tmp_path: Path) -> None:
    addresses = ("a@b.c", "hard@b.c", "soft@b.c", "red@b.c", "broken@b.c", "gone@b.c", "bad@b.c", "a@b.c")
    file = to_file(tmp_path, *addresses)
    done = run("--to", "you@b.c", "--to-file", file, "--run", RUN, status=1)
    assert table(done) == {
        "accepted": 6,
        "activated": 4,
        "bounced hard": 1,
        "bounced soft": 1,
        "cancelled redlisted target": 1,
        "cancelled 'name' is not defined": 1,
        "refused": 2,
        "repeated the same address again": 1,
    }
    assert f"run {RUN}" in done.stderr
    assert f"{file}:7 gone@b.c: recipient not found" in done.stderr
    assert f"{file}:8 bad@b.c: The member Age is no number." in done.stderr
    assert "settled 6 of 6" in done.stderr


def test_contacts_are_put_with_their_fields_and_stamps_carry_the_run(server: Estampe, tmp_path: Path) -> None:
    path = tmp_path / "contacts.json"
    path.write_text('[{"Email":"a@b.c","Name":"Ada","Age":36}]')
    run("--to-file", f"{path}", "--run", RUN, "--variables", '{"a": 1.5}', "--event-data", '{"b": 2}')
    assert server.contacts == {"a@b.c": {"Email": "a@b.c", "Name": "Ada", "Age": 36}}
    ((stamp, item),) = server.items.items()
    thread = f"{uuid5(UUID(stamp), 'thread')}"
    assert item == {
        "recipient": {"type": "unicity", "value": ["a@b.c"]},
        "stamp": {"time": NOW_MS + 1_000, "id": stamp, "thread": thread, "set": RUN},
        "variables": {"a": 1.5},
        "data": {"b": 2},
    }


def test_a_run_that_is_repeated_executes_nothing_twice(
    server: Estampe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing, "BATCH", 2)
    file = to_file(tmp_path, *(f"{number}@b.c" for number in range(7)), "bad@b.c")
    failing = Counter[str]()

    def fail_third(request: httpx.Request) -> None:
        failing[request.url.path] += 1
        if request.url.path.endswith("/executions") and failing[request.url.path] > 3:
            raise httpx.ConnectError("gone")

    server.before = fail_third
    stopped = run("--to-file", file, "--run", RUN, status=1)
    assert "does not answer: gone; accepted before: 4; go on with the same command and --run" in stopped.stderr
    server.before = lambda _: None
    done = run("--to-file", file, "--run", RUN, status=1)
    assert table(done) == {"accepted": 7, "activated": 7, "refused": 1}
    assert len(server.events) == 7


def test_a_run_goes_on_with_mended_and_further_contacts(server: Estampe) -> None:
    run("--to", "hard@b.c", "--to", "bad@b.c", "--run", RUN, status=1)
    done = run("--to", "HARD@b.c", "--to", "a@b.c", "--run", RUN)
    assert table(done) == {"accepted": 2, "activated": 2, "bounced hard": 1}
    assert len(server.items) == 2
    assert table(run("--to", "a@b.c", "--run", RUN)) == {"accepted": 1, "activated": 1}


def test_an_action_that_cannot_be_executed_changes_no_contact(server: Estampe) -> None:
    server.state = 38
    assert "The action is not validated" in run("--to", "a@b.c", status=1).stderr
    assert server.contacts == {}


def test_a_file_that_cannot_be_read_to_its_end_changes_no_contact(server: Estampe, tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"Email\na@b.c\nzo\xe9@b.c\n")
    assert "no UTF-8" in run("--to-file", f"{path}", status=1).stderr
    assert (server.contacts, server.items) == ({}, {})


@pytest.mark.usefixtures("server")
def test_without_waiting_it_ends_when_all_is_accepted() -> None:
    done = run("--to", "a@b.c", "--to", "late@b.c", "--run", RUN, "--no-wait")
    assert table(done) == {"accepted": 2, "waiting estampe outbox tells why": 2}


def test_ctrl_c_leaves_what_was_accepted_to_the_server_and_says_so(server: Estampe) -> None:
    def interrupt(request: httpx.Request) -> None:
        asked.append(request.method)
        if asked.count("GET") == 2:
            raise KeyboardInterrupt

    asked: list[str] = []
    server.before = interrupt
    done = run("--to", "a@b.c", "--to", "late@b.c", "--run", RUN, status=130)
    assert "The server sends what it has accepted (so far: 2); go on with" in done.stderr
    assert table(done) == {"accepted": 2, "activated": 1, "waiting estampe outbox tells why": 1}


def test_a_rewriting_of_history_is_lived_through(server: Estampe) -> None:
    def rewrite(request: httpx.Request) -> None:
        lists.append(request.method)
        if lists.count("GET") == 3 and server.epoch == 1:
            server.epoch = 2
            (item,) = server.items.values()
            server.events += outcome("a@b.c", item["stamp"])

    lists: list[str] = []
    server.before = rewrite
    assert table(run("--to", "late@b.c", "--run", RUN)) == {"accepted": 1, "activated": 1}
    assert server.epoch == 2


def test_only_so_many_refusals_are_told(server: Estampe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SEND, "UNFIT_SHOWN", 2)
    path = tmp_path / "contacts.csv"
    path.write_text("Name;Email\n" + "\x1b[2J;\n" * 5)
    done = run("--to-file", f"{path}", status=1)
    assert done.stderr.count("it has no Email") == 2
    assert "… and 3 more like these" in done.stderr
    assert table(done) == {"refused": 5}
    assert server.contacts == {}


def test_refusals_steer_no_terminal(server: Estampe) -> None:
    assert "bad@\N{REPLACEMENT CHARACTER}[2J" in run("--to", "bad@\x1b[2J", status=1).stderr
    assert server.contacts == {}


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ((), "Say to whom"),
        (("--to", "a@b.c", "--variables", "[1]"), "no JSON object"),
        (("--to", "a@b.c", "--run", "five"), "not a valid UUID"),
    ],
)
@pytest.mark.usefixtures("server")
def test_wrong_usage_is_told(arguments: tuple[str, ...], fault: str) -> None:
    assert fault in run(*arguments, status=2).stderr


def test_a_server_and_a_key_must_be_named() -> None:
    assert "Say which server" in run("--to", "a@b.c", status=2).stderr
    assert "wants a key" in run("--to", "a@b.c", "--url", "http://127.0.0.1:1", status=2).stderr
