"""Kill a server whose links are followed: `python -m tests.e2e.crash.tracking --kills 50`.

Readers follow links of all kinds while the server is killed by SIGKILL and started again; each follows a link that
nobody else follows. Afterwards

- each request that was answered is one hit, of its message and its kind, with what its link says;
- each that was not is one hit or none, and there is no other hit;
- whoever was told to be unsubscribed is on the redlist, and each of their messages has one optout;
- nothing is left in the spool, and `estampe verify` finds nothing wrong.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import httpx
from tests.e2e.crash.server import CUSTOMER, Server
from tests.e2e.crash.trouble import Trouble

from estampe.catalog import Contacts, Customers, open_catalog, parse_customer, secrets_of
from estampe.events import decode_draft, event_id
from estampe.instants import clock_ms
from estampe.log import Logs
from estampe.tracking.linking.links import PATH, Addressed, LinkKind, Links, Part

if TYPE_CHECKING:
    from estampe.events import Draft

READERS = 4
MESSAGES = 5_000
"""Of which links are followed, and as many that are opened once."""

CONTACTS = 50
ACTION = "000PE4"
DOUBT_S = 0.5
"""An answer that took as long may have been given though the disk did not answer: see `Spool`."""

PATIENCE_S = 60
MOST_SHOWN = 20
AGENTS = (
    "Mozilla/5.0 (Linux; Android 9; AMN-LX9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0.4472.88 Mobile",
    "Mozilla/5.0",
    "curl/8.5.0",
)
KINDS = (LinkKind.OPEN,) * 3 + (LinkKind.REDIRECTION,) * 4 + (LinkKind.FORM, LinkKind.MIRROR, LinkKind.UNSUBSCRIBE)


class Followed(NamedTuple):
    """A request: the kind of its link, the message's stamp, the link's label (opens have none: each its message)."""

    kind: str
    stamp: str
    label: str


class Reader(threading.Thread):
    """Follows one link after the other, and notes which requests were answered, and which perhaps."""

    def __init__(self, test: TrackingCrash, seed: int) -> None:
        super().__init__(daemon=True)
        self.answered: list[Followed] = []
        self.unanswered: list[Followed] = []
        self._test = test
        self._draw = Random(seed)  # noqa: S311  a draw that can be repeated
        self._connection = http.client.HTTPConnection("127.0.0.1", test.server.port, timeout=30)

    def run(self) -> None:
        """Follow links until the test ends."""
        while self._connect():
            self.follow_one(self._draw.choice(AGENTS))

    def follow_one(self, agent: str) -> None:
        """Follow one link."""
        followed, path = self._test.draw_link(self._draw)
        methods = ("POST",) if followed.kind == "unsubscribe" else ("GET", "GET", "GET", "HEAD")
        answered = self._follow(self._draw.choice(methods), path, agent)
        (self.answered if answered else self.unanswered).append(followed)

    def _connect(self) -> bool:
        """Wait for a server where there is none; return whether the test goes on."""
        while not self._test.stopping.is_set():
            try:
                if self._connection.sock is None:
                    self._connection.connect()
            except OSError:
                time.sleep(0.01)
            else:
                return True
        return False

    def _follow(self, method: str, path: str, agent: str) -> bool:
        headers = {"User-Agent": agent, "Accept": "*/*"}
        body = b"List-Unsubscribe=One-Click" if method == "POST" else None
        began_s = time.monotonic()
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return False
        return answer.status < 500 and time.monotonic() - began_s < DOUBT_S


class TrackingCrash(Trouble):
    """One run.

    Parameters:
        folder: empty; holds all files of the run.
        seed: draws links, and when the server is killed.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(Server(folder, ESTAMPE_JUDGE_SECONDS="0.3"), Random(seed))  # noqa: S311  the same
        self.hits: Counter[Followed] = Counter()
        self.stopping = threading.Event()
        self._numbers = iter(range(sys.maxsize))
        self._lock = threading.Lock()
        with closing(open_catalog(self.server.data)) as catalog:
            self._links = Links(secrets_of(catalog, "links"), PATH)
            number = Customers(catalog).number_of(parse_customer(CUSTOMER))
            people = Contacts(catalog, number).put_many([{"Email": f"{each}@a.example"} for each in range(CONTACTS)])
            self._contacts = [contact.id for contact in people]
        self._messages = [
            Addressed(number, ACTION, self._contacts[each % CONTACTS], uuid4()) for each in range(MESSAGES)
        ]
        self._unopened = [Addressed(number, ACTION, self._contacts[0], uuid4()) for _ in range(MESSAGES)]
        with closing(Logs(self.server.data)) as logs:
            drafts = [activation(each) for each in (*self._messages, *self._unopened)]
            logs.of(parse_customer(CUSTOMER)).publish(drafts).result()
        self.readers = [Reader(self, self._draw.getrandbits(32)) for _ in range(READERS)]

    def draw_link(self, draw: Random) -> tuple[Followed, str]:
        """Return a link that nobody has followed, and its path."""
        with self._lock:
            number = next(self._numbers)
            kind = draw.choice(KINDS if self._unopened else KINDS[3:])
            unopened = self._unopened.pop() if kind is LinkKind.OPEN else None
        if unopened:
            return Followed("open", f"{unopened.stamp}", ""), self._links.seal(unopened).address(kind)
        message, label = draw.choice(self._messages), f"link {number}"
        target = f"https://shop.example/{number}" if kind in {LinkKind.REDIRECTION, LinkKind.FORM} else ""
        form = f"F{number}" if kind is LinkKind.FORM else ""
        path = self._links.seal(message).address(kind, part=Part.HTML, label=label, target=target, form=form)
        return Followed(kind.name.lower(), f"{message.stamp}", label), path

    def run(self, kills: int) -> None:
        """Kill the server so many times while links are followed, then let it end its work and check everything."""
        try:
            self._trouble(kills)
            self._check()
        finally:
            self.stopping.set()
            self.server.kill()
        if fault := self.server.verify():
            self.violations.append(f"estampe verify: {fault}")

    def _trouble(self, kills: int) -> None:
        self.begin()
        self._introduce()
        for reader in self.readers:
            reader.start()
        self.kill(kills)
        self.stopping.set()
        for reader in self.readers:
            reader.join()

    def _introduce(self) -> None:
        """Follow a link with each agent, so that all are known: reading new ones takes longer than a server lives."""
        for agent in AGENTS:
            self.readers[0].follow_one(agent)
        with self._client() as client:
            self._await_all(client)

    def _check(self) -> None:
        with self._client() as client:
            self._await_all(client)
            hits = client.get("/actions/events/hits", params={"classification": "all"}).json()
            optouts = client.get("/actions/events/optouts").json()
            redlist = {each["id"] for each in client.get("/targets/redlist/mail").json()}
        self._check_hits(hits)
        self._check_optouts(optouts, redlist)

    def _client(self) -> httpx.Client:
        headers = {"X-Key": self.server.key}
        return httpx.Client(base_url=self.server.url, headers=headers, trust_env=False, timeout=60)

    def _await_all(self, client: httpx.Client) -> None:
        """Wait until the spool is empty, or nothing happens for a minute."""
        deadline_s, before = time.monotonic() + PATIENCE_S, -1.0
        while (waiting := _waiting(client)) and time.monotonic() < deadline_s:
            if waiting != before:
                deadline_s, before = time.monotonic() + PATIENCE_S, waiting
            time.sleep(0.1)
        if waiting:
            self.violations.append(f"{waiting:.0f} visits stay in the spool")

    def _check_hits(self, hits: list[Any]) -> None:
        self.hits = Counter(followed(each) for each in hits)
        answered = {each for reader in self.readers for each in reader.answered}
        doubtful = {each for reader in self.readers for each in reader.unanswered}
        self.violations += [f"{each} was answered and is no hit" for each in answered - self.hits.keys()]
        self.violations += [f"{each} is a hit and was never made" for each in self.hits.keys() - answered - doubtful]
        self.violations += [f"{each} is {count} hits" for each, count in self.hits.items() if count > 1]
        for hit in hits:
            link = hit["source"]["detail"]["link"]
            number = link.get("label", "").removeprefix("link ")
            if link.get("destination", f"https://shop.example/{number}") != f"https://shop.example/{number}":
                self.violations.append(f"a hit leads elsewhere than its link: {link}")

    def _check_optouts(self, optouts: list[Any], redlist: set[str]) -> None:
        asked = {each.stamp for each in self.hits if each.kind == "unsubscribe"}
        found = Counter(each["source"]["detail"]["activation"]["stamp"]["id"] for each in optouts)
        if found != Counter(asked):
            self.violations.append(f"{len(asked)} messages were answered by optouts, and there are {found.total()}")
        contacts = {f"{each.stamp}": each.contact for each in self._messages}
        self.violations += [
            f"{contacts[each]} wants no more and is not on the redlist"
            for each in asked
            if contacts[each] not in redlist
        ]


def activation(message: Addressed, recipient: str = "reader@a.example") -> Draft:
    """Return the draft that says that a message was sent to an address."""
    block = {
        "id": message.action,
        "kind": "message",
        "receiver": {"type": "id", "value": message.contact},
        "stamp": {"time": clock_ms(), "id": f"{message.stamp}", "thread": f"{uuid4()}"},
        "recipient": recipient,
    }
    draft = {
        "type": "activation",
        "id": f"{event_id(message.stamp, 'activation')}",
        "source": {"type": "email", "detail": {"activation": block}},
    }
    return decode_draft(json.dumps(draft).encode())


def followed(hit: Any) -> Followed:
    """Return which request a hit was."""
    detail = hit["source"]["detail"]
    link = detail["link"]
    return Followed(link["type"], detail["activation"]["stamp"]["id"], link.get("label", ""))


def _waiting(client: httpx.Client) -> float:
    lines = client.get("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("estampe_spool_visits "))


def main() -> int:
    """Run as the command line says; return 1 if a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.crash.tracking", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="how often the server is killed")
    parser.add_argument("--seed", type=int, default=None, help="repeat the draws of a run (not its timing)")
    options = parser.parse_args()
    seed = Random().getrandbits(32) if options.seed is None else options.seed  # noqa: S311  not secret
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="estampe-crash-") as folder:
        test = TrackingCrash(Path(folder), seed)
        test.run(options.kills)
    report(test, seed, time.monotonic() - begun_s)
    return 1 if test.violations else 0


def report(test: TrackingCrash, seed: int, seconds: float) -> None:
    """Print what happened."""
    kinds = Counter(each.kind for each in test.hits)
    answered = sum(len(reader.answered) for reader in test.readers)
    unanswered = sum(len(reader.unanswered) for reader in test.readers)
    lines = [
        f"kills      {test.kills} in {seconds:.0f} s (seed {seed})",
        f"requests   {answered:,} answered, {unanswered:,} perhaps",
        f"hits       {test.hits.total():,}: {', '.join(f'{count:,} {kind}' for kind, count in kinds.items())}",
        f"violations {len(test.violations)}",
        *(f"  {violation}" for violation in test.violations[:MOST_SHOWN]),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
