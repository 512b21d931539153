"""Sending: from the call that executes an action to the activation of its last message."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import httpx

from corpus import CUSTOMER, WORK
from estampe.catalog import Contacts, Customers, Keys, open_catalog, parse_customer
from letters import DOMAIN, HTML, SUBJECT, TEXT, key_file, letters
from machine import need
from peers import estampe_server, postgres
from process import Process, Unavailable, free_port
from report import Aim, Section, Table
from rounds import interleave, middle, spread, times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from options import Options

METHOD = """\
Everyone renders the same message for each contact (HTML of 10 KB with twenty variables, a text beside it), signs it
with a DKIM key of 2,048 bits and hands it to Postfix's `smtp-sink` on the loopback, which counts. There are no style
sheets in it, since only Estampe would write those into attributes. The clock runs from the first call until the last
message is taken and, where there is such a thing, its end is kept.

- **Estampe** takes executions over HTTP, 500 a call, for contacts that it has. Each is durable before the answer, is
  judged by the policies, is sent once, and has its activation in the log after fsync. Its catalog is SQLite, or
  PostgreSQL.
- **smtplib loop** is what one writes oneself: `smtplib`, `string.Template`, `email` and `dkimpy`, a process for each
  core. Nothing is durable: a crash loses what was not sent, and forgets what was.
- **django-post_office** is the queue of mails that Django projects pick: durable (PostgreSQL), templates, retries, a
  log row for each mail, and here Django's own backend with `dkimpy`. Its command sends with a process for each core.
  It keeps what became of 500 mails at their end, so a crash may send as many again.

`dkimpy` computes RSA in Python, 5 ms a signature, which is most of what both peers do; Estampe leaves that to OpenSSL.
"Unsigned" is the same peer without signatures, which no mailbox provider takes from bulk senders any more.

What limits Estampe: its server process. One interpreter lock holds the SMTP dialogues, the catalog and the log, so it
can take no more than a core; composing and signing are done beside it, on as many cores as there are."""
US, US_POSTGRES = "Estampe", "Estampe on PostgreSQL"
LOOP, POST_OFFICE = "smtplib loop", "django-post_office"
UNSIGNED = "{}, unsigned"
LOSES = frozenset({LOOP, UNSIGNED.format(LOOP)})
"""Who keeps nothing of what it has to send."""
COLUMNS = ("sender", "durable", "messages/s", "lowest-highest", "÷ Estampe")
CPU_COLUMNS = ("sender", "its main part", "composers", "PostgreSQL", "smtp-sink", "client", "of all cores")
BATCH = 500
ENOUGH = 500
PATIENCE_S = 300


class Sent(NamedTuple):
    """How fast messages left, a second, and the processor time of each for one message, seconds."""

    per_second: float
    sender_cpu_s: float
    composers_cpu_s: float
    database_cpu_s: float
    sink_cpu_s: float
    client_cpu_s: float

    @property
    def cores(self) -> float:
        """How much of the machine's processor time they took together."""
        return sum(self[1:]) * self.per_second / (os.cpu_count() or 1)


class Sink(NamedTuple):
    """A running `smtp-sink`."""

    process: Process
    port: int
    log: Path

    def taken(self) -> int:
        """Return how many messages it has taken."""
        counts = re.findall(r"mesg=(\d+)", self.log.read_text())
        return int(counts[-1]) if counts else 0


def run(options: Options) -> Section:
    """Let everyone send the same messages in turn."""
    key_file()
    notes: list[str] = []
    senders: dict[str, Callable[[], Sent]] = {US: partial(_estampe, options, None)}
    with ExitStack() as stack:
        try:
            database = stack.enter_context(postgres.serve())
            senders[US_POSTGRES] = partial(_estampe, options, database)
            senders |= _post_office(options, database)
        except Unavailable as reason:
            notes.append(f"Left out: {reason}")
        senders |= _peers(LOOP, options, "plain_mailer", (), None)
        seen = interleave(options.sendings, senders)
    return Section(
        title="Sending",
        method=METHOD,
        tables=(_table(options, seen), _cpu_table(seen)),
        aims=_aims(seen),
        notes=tuple(notes),
    )


def _post_office(options: Options, database: postgres.Postgres) -> dict[str, Callable[[], Sent]]:
    if not find_spec("post_office"):
        raise Unavailable("django-post_office is not installed")
    database.empty("post_office", "")
    place = (f"{database.folder}:{database.port}",)
    return _peers(POST_OFFICE, options, "post_office_mailer", place, database)


def _peers(
    name: str, options: Options, program: str, place: tuple[str, ...], database: postgres.Postgres | None
) -> dict[str, Callable[[], Sent]]:
    """Return a peer as it is compared, and without its signatures, to see what these cost it."""
    return {
        name: partial(_peer, options, program, ("1", *place), database),
        UNSIGNED.format(name): partial(_peer, options, program, ("0", *place), database),
    }


@contextmanager
def _sink() -> Iterator[Sink]:
    port, log = free_port(), WORK / "sink.log"
    command = [need("smtp-sink"), "-c", *(("-u", "nobody") if os.geteuid() == 0 else ()), f"127.0.0.1:{port}", "1000"]
    with Process(command, port=port, log=log) as process:
        yield Sink(process, port, log)


def _peer(options: Options, program: str, place: tuple[str, ...], database: postgres.Postgres | None) -> Sent:
    workers = str(os.cpu_count())
    with _sink() as sink:
        before_s = _cpu_s(sink, database)
        command = [sys.executable, "-m", f"peers.{program}", str(sink.port), str(options.messages), workers, *place]
        children = os.times()
        done = subprocess.run(command, cwd=WORK.parent, capture_output=True, text=True, check=False)
        if done.returncode or sink.taken() != options.messages:
            raise RuntimeError(f"{program}: {sink.taken()} messages arrived; {done.stdout} {done.stderr}")
        after = os.times()
        cpu_s = after.children_user + after.children_system - children.children_user - children.children_system
        sink_cpu_s, database_cpu_s = (
            now_s - then_s for now_s, then_s in zip(_cpu_s(sink, database), before_s, strict=True)
        )
    seconds, count = float(done.stdout.split()[0]), options.messages
    return Sent(count / seconds, cpu_s / count, 0, database_cpu_s / count, sink_cpu_s / count, 0)


def _cpu_s(sink: Sink, database: postgres.Postgres | None) -> tuple[float, float]:
    return sink.process.cpu_s(), database.process.cpu_s() if database else 0.0


def _estampe(options: Options, database: postgres.Postgres | None) -> Sent:
    data, catalog = estampe_server.empty(), ""
    if database:
        database.empty("catalog", "")
        catalog = database.dsn("catalog")
    key = _prepared(data, catalog, options.messages)
    with _sink() as sink, _serving(data, catalog, sink) as (server, base), _client(base, key) as client:
        action = _validated(client)
        items = [_item(*letter) for letter in letters(options.messages)]
        parts = (server, sink.process, *((database.process,) if database else ()))
        before_s, composers_s, client_s = (
            [part.cpu_s() for part in parts],
            server.cpu_s("composer"),
            time.process_time(),
        )
        begun_ms = time.time_ns() // 1_000_000
        for at in range(0, len(items), BATCH):
            _ask(client, "POST", f"/actions/{action}/executions", items[at : at + BATCH])
        ended_ms = _last_activation_ms(client, action, len(items))
        client_s = time.process_time() - client_s
        composers_s = server.cpu_s("composer") - composers_s
        server_s, sink_s, *rest = (part.cpu_s() - then_s for part, then_s in zip(parts, before_s, strict=True))
        if sink.taken() != len(items):
            raise RuntimeError(f"{sink.taken()} messages arrived")
    count = len(items)
    costs = (server_s - composers_s, composers_s, sum(rest), sink_s, client_s)
    return Sent(count * 1_000 / (ended_ms - begun_ms), *(cost_s / count for cost_s in costs))


def _prepared(data: Path, catalog: str, count: int) -> str:
    """Make a key and all contacts; return the key."""
    customer = parse_customer(CUSTOMER)
    with closing(open_catalog(data, catalog)) as opened, closing(Keys(opened)) as keys:
        contacts = Contacts(opened, Customers(opened).number_of(customer))
        contacts.put_many([{"Email": letter.address} for letter in letters(count)])
        return keys.create(customer, ("read", "write")).text


@contextmanager
def _serving(data: Path, catalog: str, sink: Sink) -> Iterator[tuple[Process, str]]:
    port = free_port()
    env = {
        "ESTAMPE_RATE": "0",
        "ESTAMPE_LOG_LEVEL": "warning",
        "ESTAMPE_CATALOG": catalog,
        "ESTAMPE_RELAYS": f"smtp://127.0.0.1:{sink.port}",
        "ESTAMPE_MAIL_DOMAIN": DOMAIN,
        "ESTAMPE_DKIM_KEYS": str(key_file().parents[1]),
    }
    command = [sys.executable, "-m", "estampe", "serve", "--data", data, "--port", str(port)]
    with Process(command, port=port, log=WORK / "estampe.log", env=env) as process:
        yield process, f"http://127.0.0.1:{port}"


def _client(base: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=base, headers={"X-Key": key}, trust_env=False, timeout=60)


def _validated(client: httpx.Client) -> str:
    content = {
        "headers": {"from": {"prefix": "orders", "domain": DOMAIN, "label": "The Shop"}},
        "subject": SUBJECT,
        "html": HTML,
        "text": TEXT,
    }
    action: str = _ask(client, "POST", "/actions", {"type": "mailMessage", "name": "Order", "content": content})["id"]
    for for_test in (True, False):
        _ask(client, "POST", f"/actions/{action}/validation", {"fortest": for_test})
    return action


def _item(address: str, variables: dict[str, str]) -> dict[str, object]:
    return {"recipient": {"type": "unicity", "value": [address]}, "variables": variables}


def _ask(client: httpx.Client, method: str, path: str, body: object = None) -> dict[str, str]:
    answer = client.request(method, path, json=body)
    if not answer.is_success:
        raise RuntimeError(f"{method} {path}: {answer.text}")
    found: dict[str, str] = answer.json() if answer.content else {}
    return found


def _last_activation_ms(client: httpx.Client, action: str, count: int) -> int:
    """Wait until all messages are activated; return when the last one was, Unix milliseconds."""
    start, seen, last_ms = "0", 0, 0
    deadline_s = time.monotonic() + PATIENCE_S
    while seen < count:
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"{seen} of {count} messages are activated after {PATIENCE_S} s")
        time.sleep(0.5)
        answer = client.get(f"/actions/{action}/events/activations", params={"start": start, "sort": "asc"})
        stamps = [int(text) for text in re.findall(r'"id":"[^"]+","timestamp":(\d+)', answer.text)]
        seen, last_ms = seen + len(stamps), max([last_ms, *stamps])
        start = answer.headers["X-Events-Complete-Until"]
    return last_ms


def _table(options: Options, seen: dict[str, list[Sent]]) -> Table:
    rates = {name: middle(sent, _rate) for name, sent in seen.items()}
    rows = tuple(
        (name, _durable(name), f"{rates[name]:,.0f}", spread(sent, _rate), times(rates[name], rates[US]))
        for name, sent in seen.items()
    )
    caption = f"{options.messages:,} messages, median of {options.sendings} rounds"
    return Table(caption=caption, columns=COLUMNS, rows=rows)


def _cpu_table(seen: dict[str, list[Sent]]) -> Table:
    rows = tuple(
        (
            name,
            *(_microseconds(middle(sent, lambda each, at=at: each[at])) for at in range(1, 6)),
            f"{middle(sent, lambda each: each.cores):.0%}",
        )
        for name, sent in seen.items()
    )
    return Table(caption="processor time of one message, µs", columns=CPU_COLUMNS, rows=rows)


def _microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f}" if seconds else "-"


def _aims(seen: dict[str, list[Sent]]) -> tuple[Aim, ...]:
    reached = middle(seen[US], _rate)
    enough = Aim(aim=f"send ≥ {ENOUGH} messages/s", reached=f"{reached:,.0f}", met=reached >= ENOUGH)
    others = (
        Aim(
            aim=f"send as fast as {name} (durable: {_durable(name)})",
            reached=times(reached, middle(seen[name], _rate)),
            met=reached >= middle(seen[name], _rate),
        )
        for name in (POST_OFFICE, LOOP)
        if name in seen
    )
    return (enough, *others)


def _durable(name: str) -> str:
    return "no" if name in LOSES else "yes"


def _rate(sent: Sent) -> float:
    return sent.per_second
