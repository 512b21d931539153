"""Kill a server to which reports are brought: `python -m tests.e2e.crash.bounces --kills 50`.

Mail servers bring bounces and complaints by LMTP, each again and again until it is taken, and some once more, while the
server is killed by SIGKILL and started again. Afterwards

- each report is one event, of its message and with its verdict, and there is no other event;
- contacts whose messages bounced hard are bounced targets, those who complained are on the redlist, and nobody else is;
- each report of which nobody can tell the message is in the quarantine, once;
- `estampe verify` finds nothing wrong.
"""

from __future__ import annotations

import argparse
import smtplib
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import httpx
from tests.e2e.crash.server import CUSTOMER, PORTS, Server
from tests.e2e.crash.tracking import activation
from tests.e2e.crash.trouble import Trouble
from tests.reporting import bounce, complaint

from estampe.catalog import Contacts, Customers, Quarantine, Redlist, open_catalog, parse_customer, secrets_of
from estampe.execution.composing.envelopes import Returns
from estampe.log import Logs
from estampe.tokens import Tokens
from estampe.tracking.linking.links import Addressed

if TYPE_CHECKING:
    from collections.abc import Mapping

CARRIERS = 4
ACTION = "000PE4"
LOOP = "loop@return.example"
"""An address that takes complaints without a token in it."""

AGAIN = 0.2
"""How many reports are brought once more after they were taken."""

MESSAGES = 1_000
"""Messages for each time that the server is killed: more than are reported meanwhile."""

MOST_SHOWN = 20

KINDS = ("hard", "hard", "soft", "soft", "complaint", "unknown")


class Reported(NamedTuple):
    """A report: what it says, and of which message."""

    kind: str
    stamp: str


class Carrier(threading.Thread):
    """Brings one report after the other, each until it is taken."""

    def __init__(self, test: BouncesCrash, seed: int) -> None:
        super().__init__(daemon=True)
        self.taken: list[Reported] = []
        self.refused: list[str] = []
        self.attempts = 0
        self._test = test
        self._draw = Random(seed)  # noqa: S311  a draw that can be repeated

    def run(self) -> None:
        """Bring reports until the test ends; the one in hand is brought to its end."""
        while not self._test.stopping.is_set() and (drawn := self._test.draw_report(self._draw)):
            reported, recipient, mail = drawn
            self._bring(recipient, mail)
            self.taken.append(reported)
            if self._draw.random() < AGAIN:
                self._bring(recipient, mail)

    def _bring(self, recipient: str, mail: bytes) -> None:
        while not self._hand_over(recipient, mail) and not self._test.given_up.is_set():
            time.sleep(0.01)

    def _hand_over(self, recipient: str, mail: bytes) -> bool:
        """Hand a report over; say whether it was taken."""
        self.attempts += 1
        try:
            with smtplib.LMTP("127.0.0.1", self._test.reports_port, timeout=30) as lmtp:
                refused = lmtp.sendmail("", [recipient], mail)
        except smtplib.SMTPResponseException as exc:
            if exc.smtp_code >= 500:
                self.refused.append(f"{exc.smtp_code} {exc.smtp_error!r}")
            return False
        except (OSError, smtplib.SMTPException) as exc:
            if isinstance(exc, smtplib.SMTPRecipientsRefused):
                self.refused.append(f"{exc.recipients}")
            return False
        return not refused


class BouncesCrash(Trouble):
    """One run.

    Parameters:
        folder: empty; holds all files of the run.
        seed: draws reports, and when the server is killed.
        messages: how many were sent.
    """

    def __init__(self, folder: Path, seed: int, messages: int) -> None:
        self.reports_port = SystemRandom().choice(PORTS)
        server = Server(
            folder,
            ESTAMPE_REPORTS_LISTEN=f"lmtp://127.0.0.1:{self.reports_port}",
            ESTAMPE_REPORTS_ADDRESSES=LOOP,
            ESTAMPE_RETURN_DOMAIN="return.example",
            ESTAMPE_MAIL_DOMAIN="mail.example",
        )
        super().__init__(server, Random(seed))  # noqa: S311  the same
        self.events: Counter[Reported] = Counter()
        self.quarantined = 0
        self.stopping = threading.Event()
        self.given_up = threading.Event()
        self._lock = threading.Lock()
        with closing(open_catalog(self.server.data)) as catalog:
            self._returns = Returns(Tokens([*secrets_of(catalog, "tokens").values()]), "return.example")
            number = Customers(catalog).number_of(parse_customer(CUSTOMER))
            people = Contacts(catalog, number).put_many([{"Email": f"{each}@a.example"} for each in range(messages)])
        self._messages = [Addressed(number, ACTION, contact.id, uuid4()) for contact in people]
        self._contacts = {f"{each.stamp}": each.contact for each in self._messages}
        self._addresses = {contact.id: contact.address for contact in people}
        with closing(Logs(self.server.data)) as logs:
            for at in range(0, messages, 10_000):
                drafts = [activation(each, self._addresses[each.contact]) for each in self._messages[at : at + 10_000]]
                logs.of(parse_customer(CUSTOMER)).publish(drafts).result()
        self.carriers = [Carrier(self, self._draw.getrandbits(32)) for _ in range(CARRIERS)]

    def draw_report(self, draw: Random) -> tuple[Reported, str, bytes] | None:
        """Return a report of a message that nothing was reported of, where it goes, and its bytes; None for no more."""
        with self._lock:
            if not self._messages:
                return None
            message = self._messages.pop()
        kind = draw.choice(KINDS)
        to = self._returns.address(message.customer, message.stamp)
        recipient = self._addresses[message.contact]
        reported = Reported(kind, f"{message.stamp}")
        if kind == "hard":
            return reported, to, bounce(to=to, recipient=recipient)
        if kind == "soft":
            full = {"status": "5.2.2", "diagnostic": "552 5.2.2 Mailbox full"}
            return reported, to, bounce(to=to, recipient=recipient, **full)
        if kind == "complaint":
            return reported, LOOP, complaint(to=LOOP, recipient=recipient, stamp=reported.stamp)
        return reported, LOOP, bounce(to=LOOP, recipient="nobody@nowhere.example", stamp=f"{uuid4()}")

    def run(self, kills: int) -> None:
        """Kill the server so many times while reports are brought, then check everything."""
        try:
            self._trouble(kills)
            self._check()
        finally:
            self.given_up.set()
            self.stopping.set()
            self.server.kill()
        self._check_catalog()
        if fault := self.server.verify():
            self.violations.append(f"estampe verify: {fault}")

    def _trouble(self, kills: int) -> None:
        self.begin()
        for carrier in self.carriers:
            carrier.start()
        self.kill(kills)
        self.stopping.set()
        for carrier in self.carriers:
            carrier.join(60)
            self.violations += [f"a report was refused: {each}" for each in carrier.refused[:MOST_SHOWN]]
            if carrier.is_alive():
                self.violations.append("a report is never taken")

    def _check(self) -> None:
        headers = {"X-Key": self.server.key}
        with httpx.Client(base_url=self.server.url, headers=headers, trust_env=False, timeout=60) as client:
            bounces = client.get("/actions/events/bounces").json()
            complaints = client.get("/actions/events/complaints").json()
        self.events = Counter(reported(each) for each in (*bounces, *complaints))
        taken = {each for carrier in self.carriers for each in carrier.taken if each.kind != "unknown"}
        if not taken:
            self.violations.append("no report was taken")
        self.violations += [f"{each} was taken and is no event" for each in taken - self.events.keys()]
        self.violations += [f"{each} is an event and was never reported" for each in self.events.keys() - taken]
        self.violations += [f"{each} is {count} events" for each, count in self.events.items() if count > 1]

    def _check_catalog(self) -> None:
        taken = [each for carrier in self.carriers for each in carrier.taken]
        with closing(open_catalog(self.server.data)) as catalog:
            number = Customers(catalog).number_of(parse_customer(CUSTOMER))
            found = Contacts(catalog, number).facts(self._contacts.values())
            listed = {each.id for each in Redlist(catalog, number).page("", len(self._contacts))} if taken else set()
            self.quarantined = Quarantine(catalog, 0).totals()[0]
        self._compare("bounced", taken, "hard", {each.id for each in found.values() if each.bounced_ms is not None})
        self._compare("on the redlist", taken, "complaint", listed)
        unknown = sum(each.kind == "unknown" for each in taken)
        if self.quarantined != unknown:
            self.violations.append(f"{unknown} reports belong to no message, and {self.quarantined} are kept aside")

    def _compare(self, what: str, taken: list[Reported], kind: str, found: set[str]) -> None:
        expected = {self._contacts[each.stamp] for each in taken if each.kind == kind}
        self.violations += [f"{each} should be {what}" for each in expected - found]
        self.violations += [f"{each} should not be {what}" for each in found - expected]


def reported(event: Mapping[str, Any]) -> Reported:
    """Return which report an event was."""
    detail = event["source"]["detail"]
    kind = detail["bounce"]["analysis"]["verdict"] if event["type"] == "bounce" else event["type"]
    return Reported(kind, detail["activation"]["stamp"]["id"])


def main() -> int:
    """Run as the command line says; return 1 if a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.crash.bounces", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="how often the server is killed")
    parser.add_argument("--seed", type=int, default=None, help="repeat the draws of a run (not its timing)")
    options = parser.parse_args()
    seed = Random().getrandbits(32) if options.seed is None else options.seed  # noqa: S311  not secret
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="estampe-crash-") as folder:
        test = BouncesCrash(Path(folder), seed, MESSAGES * (options.kills + 1))
        test.run(options.kills)
    report(test, seed, time.monotonic() - begun_s)
    return 1 if test.violations else 0


def report(test: BouncesCrash, seed: int, seconds: float) -> None:
    """Print what happened."""
    kinds = Counter(each.kind for each in test.events)
    attempts = sum(carrier.attempts for carrier in test.carriers)
    taken = sum(len(carrier.taken) for carrier in test.carriers)
    lines = [
        f"kills      {test.kills} in {seconds:.0f} s (seed {seed})",
        f"reports    {taken:,} taken, brought {attempts:,} times",
        f"events     {test.events.total():,}: {', '.join(f'{count:,} {kind}' for kind, count in kinds.items())}",
        f"quarantine {test.quarantined:,}",
        f"violations {len(test.violations)}",
        *(f"  {violation}" for violation in test.violations[:MOST_SHOWN]),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
