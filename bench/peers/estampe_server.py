"""Estampe itself: logs made in process, and the server as an operator starts it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from clients import Request, address
from corpus import CUSTOMER, ROBOT, WORK, row_of
from estampe.events import Customer, decode, decode_draft
from estampe.log import Logs, Query
from estampe.verdicts import Classification, HitClass
from process import Process, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from corpus import Corpus
    from estampe.log import EventLog

BATCH = 1_000


class Estampe(NamedTuple):
    """A running server."""

    process: Process
    base: str
    headers: dict[str, str]

    def get(self, path: str = "/actions/events", **parameters: str | int | None) -> Request:
        """Return a request for a list."""
        return Request(address(self.base, path, **parameters), self.headers)


def filled(corpus: Corpus) -> Path:
    """Return a data folder whose log holds the corpus, imported, compacted and its hits judged, made once."""
    kept = corpus.folder(engine=True) / "judged"
    if not kept.exists():
        making = _clean(kept.with_name("making"))
        with opened(making) as log:
            log.import_history(map(decode, corpus.events()))
            log.compact()
            log.classify(dict.fromkeys(_robots(log), Classification(hit_class=HitClass(ROBOT), ruleset="bench")))
        making.rename(kept)
    return kept


def fresh(corpus: Corpus) -> Path:
    """Return a data folder into which the corpus has just been published, all of it kept as rows.

    Raises:
        RuntimeError: the log has sealed some, so the corpus is too large.
    """
    folder = _clean(WORK / "fresh")
    drafts = map(decode_draft, corpus.drafts())
    with opened(folder) as log:
        while batch := list(islice(drafts, BATCH)):
            log.publish(batch).result()
        if sealed := log.verify().sealed:
            raise RuntimeError(f"{sealed} of {corpus.count} events are sealed: publish fewer")
    return folder


def newest_ms(data: Path, count: int) -> int:
    """Return the timestamp of the event that has `count - 1` newer ones."""
    with opened(data) as log:
        chunks = b"".join(log.scan(Query(sort="desc", limit=count)))
    return decode(chunks.splitlines()[-1]).timestamp


def empty() -> Path:
    """Return a data folder that holds nothing."""
    return _clean(WORK / "empty")


@contextmanager
def opened(data: Path) -> Iterator[EventLog]:
    """Open the log of the benchmark's customer in this process."""
    logs = Logs(data)
    try:
        agency, _, name = CUSTOMER.partition("/")
        yield logs.of(Customer(agency=agency, customer=name))
    finally:
        logs.close()


@contextmanager
def serve(data: Path) -> Iterator[Estampe]:
    """Serve a data folder with no rate limit."""
    port = free_port()
    estampe = [sys.executable, "-m", "estampe"]
    made = subprocess.run(
        [*estampe, "key", "create", CUSTOMER, "--data", data], capture_output=True, text=True, check=True
    )
    key = [word for word in made.stdout.split() if word.startswith("est_")][-1]
    command = [*estampe, "serve", "--data", data, "--port", str(port)]
    env = {"ESTAMPE_RATE": "0", "ESTAMPE_LOG_LEVEL": "warning"}
    with Process(command, port=port, log=WORK / "estampe.log", env=env) as process:
        yield Estampe(process, f"http://127.0.0.1:{port}", {"X-Key": key})


def _robots(log: EventLog) -> Iterator[int]:
    subscription = log.subscribe(0)
    while some := subscription.next(0):
        yield from (each.position for each in some if row_of(each.body).hit_class == ROBOT)
    subscription.close()


def _clean(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
