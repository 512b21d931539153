"""Kill a server that sends: `python -m tests.e2e.crash.sending --kills 50 --messages 5000`.

Batches are executed, each in one call that is repeated with its Idempotency-Key until it is answered, while the server
is killed by SIGKILL and started again. One message in fifty is refused by the mail server, one is cancelled by its
template. Afterwards, for each accepted message and no other, there are

- one execution, and one activation or one cancellation, and a bounce where it was refused;
- one mail where it was activated and not refused; two only if a server was killed between them, which is the doubt that
  SMTP leaves (it may have been killed before it heard that the first one was taken).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import httpx
from tests.e2e import sink
from tests.e2e.crash.server import Server
from tests.e2e.mailing import CONTENT, Mailing, recipient

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.e2e.sink import Sink

MAIL_DOMAIN = "sender.example"
DOMAINS = 40
REFUSED, CANCELLED, SENT = "full", "cancelled", "sent"
LONGEST_LIFE_S = 2.5
EARLY = 0.15
"""How many servers are killed while they start, or bring in order what the last one left."""

PAUSE_S = 0.003
"""How long the mail server takes to answer for a message: the time in which there is doubt."""

MOST_SHOWN = 20

Types = tuple[str, ...]
TYPES: dict[str, Types] = {
    SENT: ("execution", "activation"),
    REFUSED: ("execution", "activation", "bounce"),
    CANCELLED: ("execution", "cancellation"),
}
"""What each kind of address leaves in the log."""


class SendingCrash:
    """One run.

    Parameters:
        folder: empty; holds all files of the run.
        catalog: the catalog, as ESTAMPE_CATALOG names it.
        messages: of one call.
        seed: draws when the server is killed.
    """

    def __init__(self, folder: Path, catalog: str, messages: int, seed: int) -> None:
        self.violations: list[str] = []
        self.kills = 0
        self.sent: dict[str, str] = {}
        self.receipts: list[sink.Receipt] = []
        self._folder = folder
        self._catalog = catalog
        self._addresses = [address(number) for number in range(messages)]
        self._draw = Random(seed)  # noqa: S311  a draw that can be repeated

    def run(self, kills: int) -> None:
        """Kill the server so many times while it is sending, then let it end its work and check everything."""
        with sink.listening(PAUSE_S) as mail_server:
            server = Server(
                self._folder,
                ESTAMPE_CATALOG=self._catalog,
                ESTAMPE_RELAYS=mail_server.url,
                ESTAMPE_MAIL_DOMAIN=MAIL_DOMAIN,
                ESTAMPE_RETRY_SCHEDULE="1s",
            )
            try:
                self._run(server, mail_server, kills)
            finally:
                server.kill()

    def _run(self, server: Server, mail_server: Sink, kills: int) -> None:
        server.start(hurried=False)
        assert server.ready(), server.said.read_text()
        with closing(Mailing(server.url, server.data, self._catalog)) as mailing:
            self._trouble(server, mailing, mail_server, kills)

    def _trouble(self, server: Server, mailing: Mailing, mail_server: Sink, kills: int) -> None:
        mailing.validate(content=CONTENT | {"subject": SUBJECT})
        mailing.keep(self._addresses)
        calling = self._call(mailing)
        for _ in range(kills):
            self._kill(server, mail_server)
            if not calling.is_alive() and self._nearly_done(mail_server):
                calling = self._call(mailing)
        calling.join()
        self._check_start(server)
        events = mailing.settled(self.sent.keys())
        self.receipts = mail_server.receipts
        self._check_events(events)
        self._check_mails()

    def _check_start(self, server: Server) -> None:
        if not server.ready():
            self.violations.append(f"the server did not start: {server.said.read_text()}")

    def _nearly_done(self, mail_server: Sink) -> bool:
        return len({receipt.message_id for receipt in mail_server.receipts}) > len(self.sent) * 3 // 4

    def _call(self, mailing: Mailing) -> threading.Thread:
        """Execute the action for all contacts, in a thread."""
        key = f"batch-{self._draw.getrandbits(64)}"
        thread = threading.Thread(target=self._execute, args=(mailing, key), daemon=True)
        thread.start()
        return thread

    def _execute(self, mailing: Mailing, key: str) -> None:
        items = [recipient(each) for each in self._addresses]
        try:
            results = insist(mailing, items, key)
        except AssertionError as exc:
            self.violations.append(f"a call was refused: {exc}")
            return
        for each, result in zip(self._addresses, results, strict=True):
            if result["type"] != "success":
                self.violations.append(f"{each} was not accepted: {result}")
            elif result["id"] in self.sent:
                self.violations.append(f"{each} was accepted with the stamp of another message")
            else:
                self.sent[result["id"]] = each

    def _kill(self, server: Server, mail_server: Sink) -> None:
        if self._draw.random() < EARLY:
            time.sleep(self._draw.uniform(0, 1))
        else:
            self._check_start(server)
            time.sleep(self._draw.uniform(0, LONGEST_LIFE_S))
        if not server.runs():
            self.violations.append(f"the server ended by itself: {server.said.read_text()}")
        server.kill()
        self.kills += 1
        said = server.said.read_text()
        if "Traceback" in said:
            self.violations.append(f"the server failed at something: {said}")
        mail_server.period += 1
        server.start(hurried=self._draw.random() < 0.5)

    def _check_events(self, events: Mapping[str, list[dict[str, Any]]]) -> None:
        for stamp in events.keys() - self.sent.keys():
            self.violations.append(f"{stamp} has events and was never accepted")
        for stamp, to in self.sent.items():
            types = tuple(event["type"] for event in events.get(stamp, ()))
            if types != TYPES[kind_of(to)]:
                self.violations.append(f"{stamp} to {to} has {types}")

    def _check_mails(self) -> None:
        periods: dict[str, list[int]] = defaultdict(list)
        for receipt in self.receipts:
            periods[receipt.message_id.removesuffix(f"@{MAIL_DOMAIN}")].append(receipt.period)
        for stamp in periods.keys() - {stamp for stamp, to in self.sent.items() if kind_of(to) == SENT}:
            self.violations.append(f"{stamp} arrived and should not have")
        for stamp, to in self.sent.items():
            if kind_of(to) == SENT and not periods[stamp]:
                self.violations.append(f"{stamp} to {to} is activated and never arrived")
            if len(set(periods[stamp])) != len(periods[stamp]):
                self.violations.append(f"{stamp} to {to} arrived twice from one server: {periods[stamp]}")

    @property
    def repeated(self) -> int:
        """How many mails came once more than once."""
        return len(self.receipts) - len({receipt.message_id for receipt in self.receipts})


SUBJECT = "{% if Email.startswith('" + CANCELLED + "') %}{{ cancel('not for you') }}{% endif %}Hello"


def address(number: int) -> str:
    """Return an address; its beginning says what becomes of the message."""
    kind = {0: REFUSED, 1: CANCELLED}.get(number % 50, SENT)
    return f"{kind}-{number}@inbox{number % DOMAINS}.example"


def kind_of(to: str) -> str:
    """Return what becomes of a message to an address."""
    return to.partition("-")[0]


def insist(mailing: Mailing, items: Sequence[dict[str, Any]], key: str) -> list[Any]:
    """Execute until there is an answer, whatever becomes of the server."""
    while True:
        try:
            return mailing.execute(items, key)
        except httpx.TransportError:
            time.sleep(0.05)


def main() -> int:
    """Run as the command line says; return 1 if a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.crash.sending", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="how often the server is killed")
    parser.add_argument("--messages", type=int, default=5_000, help="messages of one call")
    parser.add_argument("--catalog", default="", help="an empty PostgreSQL database, postgresql://…")
    parser.add_argument("--seed", type=int, default=None, help="repeat the draws of a run (not its timing)")
    options = parser.parse_args()
    seed = Random().getrandbits(32) if options.seed is None else options.seed  # noqa: S311  not secret
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="estampe-crash-") as folder:
        test = SendingCrash(Path(folder), options.catalog, options.messages, seed)
        test.run(options.kills)
    report(test, seed, time.monotonic() - begun_s)
    return 1 if test.violations else 0


def report(test: SendingCrash, seed: int, seconds: float) -> None:
    """Print what happened."""
    kinds = Counter(map(kind_of, test.sent.values()))
    lines = [
        f"kills      {test.kills} in {seconds:.0f} s (seed {seed})",
        f"messages   {len(test.sent):,} accepted: {', '.join(f'{count:,} {kind}' for kind, count in kinds.items())}",
        f"mails      {len(test.receipts):,} taken by the mail server, {test.repeated:,} of them once more, for doubt",
        f"violations {len(test.violations)}",
        *(f"  {violation}" for violation in test.violations[:MOST_SHOWN]),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
