"""Reading a whole window: all events there are, as one answer."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from clients import Fetched, Request, address, content, fetch
from corpus import Corpus
from peers import datasette, estampe_server, fastapi_server, nginx, postgres
from process import Process, Unavailable
from report import Aim, Section, Table
from rounds import interleave, middle, spread, times

if TYPE_CHECKING:
    from options import Options

METHOD = """\
One answer with every event there is, read to its end by `curl` on the same machine and thrown away. MB/s
are of event bodies (as the producer's compact JSON has them), whatever the answer's own form: a compressed
answer is not decompressed by curl, a padded one earns nothing. Before the rounds each answer is read once
and checked: a sorted array against the SHA-256 of the right one, the others by their count of events. "CPU"
is the processor time of the servers (for FastAPI with PostgreSQL's) and of curl for a GB of bodies.

nginx sends the same bytes as a file, once as Debian configures it (sendfile), once with output buffers of 1
MiB. FastAPI streams from a server-side cursor bodies that PostgreSQL keeps as `bytea`; "jsonb" is the same
where it keeps them as `jsonb`, the more usual choice, and does not give back the same bytes. Datasette
answers with an array of the stored bodies (`_shape=arrayfirst&_json=body`), or streams the table as CSV.

What limits Estampe: it keeps a quarter of the bytes, so it opens zstd frames for every answer, which alone costs about
half of its processor time per GB; copying a chunk together, framing it and handing it to the kernel are the rest. nginx
does none of that. Two cores have to do it all and run the client. With `sort`, each event is also moved to its place in
time, in Python, under one interpreter lock. A client that takes zstd gets the frames as they are stored and has none
of these limits."""
ARRAY, UNSORTED = "Estampe, JSON, sort=asc", "Estampe, JSON"
NDJSON, ZSTD_LINES, ZSTD_ARRAY = "Estampe, NDJSON", "Estampe, NDJSON + zstd", "Estampe, JSON + zstd"
FRESH = "Estampe, JSON, fresh rows"
SENDFILE, BUFFERS = "nginx, sendfile", "nginx, 1 MiB buffers"
PEER, PEER_UNSORTED = "FastAPI + PostgreSQL, sort=asc", "FastAPI + PostgreSQL"
PEER_DOCUMENTS = "FastAPI + PostgreSQL jsonb, sort=asc"
DATASETTE, DATASETTE_CSV = "Datasette, JSON", "Datasette, CSV"
COLUMNS = (
    "answer",
    "events",
    "MB/s",
    "lowest-highest",
    "÷ nginx",
    "÷ FastAPI",
    "on the wire",
    "CPU s/GB server",
    "curl",
)
NEAR_NGINX, FAR_FROM_PEER = 0.8, 10


class Answer(NamedTuple):
    """A way to read a window: what to ask whom, and which events must come."""

    request: Request
    processes: tuple[Process, ...]
    corpus: Corpus
    exact: bool = False
    zstd: bool = False
    mark: bytes = b'"timestamp":'

    def read(self) -> Fetched:
        """Read it to its end."""
        return fetch(self.request, *self.processes)

    def speed(self, fetched: Fetched) -> float:
        """Return MB of bodies a second."""
        return self.corpus.manifest().body_bytes / 1e6 / fetched.total_s


def run(options: Options) -> Section:
    """Compare all ways to read a window."""
    notes: list[str] = []
    with ExitStack() as stack:
        answers = _estampe(stack, options)
        for peer in (_nginx, _fastapi, _datasette):
            try:
                answers |= peer(stack, options)
            except Unavailable as reason:
                notes.append(f"Left out: {reason}")
        for name, answer in answers.items():
            print(f"  checking {name}", flush=True)
            _check(name, answer)
        seen = interleave(options.rounds, {name: answer.read for name, answer in answers.items()})
    speeds = {name: middle(seen[name], answer.speed) for name, answer in answers.items()}
    rows = tuple(_row(name, answer, seen[name], speeds) for name, answer in answers.items())
    caption = f"Whole window, median of {options.rounds} rounds"
    table = Table(caption=caption, columns=COLUMNS, rows=rows)
    return Section(title="Whole-window read", method=METHOD, tables=(table,), aims=_aims(speeds), notes=tuple(notes))


def _estampe(stack: ExitStack, options: Options) -> dict[str, Answer]:
    corpus, new = Corpus(options.events), Corpus(options.fresh_events)
    server = stack.enter_context(estampe_server.serve(estampe_server.filled(corpus)))
    fresh = stack.enter_context(estampe_server.serve(estampe_server.fresh(new)))
    us = (server.process,)
    lines = {"accept": "application/x-ndjson"}
    zstd = {"accept_encoding": "zstd"}
    return {
        ARRAY: Answer(server.get(sort="asc"), us, corpus, exact=True),
        UNSORTED: Answer(server.get(), us, corpus),
        NDJSON: Answer(server.get().with_headers(**lines), us, corpus),
        ZSTD_LINES: Answer(server.get().with_headers(**lines, **zstd), us, corpus, zstd=True),
        ZSTD_ARRAY: Answer(server.get().with_headers(**zstd), us, corpus, zstd=True),
        FRESH: Answer(fresh.get(), (fresh.process,), new),
    }


def _nginx(stack: ExitStack, options: Options) -> dict[str, Answer]:
    corpus = Corpus(options.events)
    file = corpus.array_file()
    server = stack.enter_context(nginx.serve(file, corpus.folder()))
    return {
        SENDFILE: Answer(Request(server.sendfile), (server.process,), corpus, exact=True),
        BUFFERS: Answer(Request(server.buffers), (server.process,), corpus, exact=True),
    }


def _fastapi(stack: ExitStack, options: Options) -> dict[str, Answer]:
    corpus = Corpus(options.events)
    database = stack.enter_context(postgres.serve())
    server = stack.enter_context(fastapi_server.serve(database, database.with_documents(corpus)))
    url = address(server.base, "/actions/events")
    return {
        PEER: Answer(Request(f"{url}?sort=asc"), server.processes, corpus, exact=True),
        PEER_UNSORTED: Answer(Request(url), server.processes, corpus),
        PEER_DOCUMENTS: Answer(
            Request(address(server.base, "/documents")), server.processes, corpus, mark=b'"timestamp": '
        ),
    }


def _datasette(stack: ExitStack, options: Options) -> dict[str, Answer]:
    corpus = Corpus(min(options.datasette_events, options.events))
    server = stack.enter_context(datasette.serve(datasette.filled(corpus)))
    us = (server.process,)
    return {
        DATASETTE: Answer(Request(server.array("order by time, seq")), us, corpus),
        DATASETTE_CSV: Answer(Request(server.csv()), us, corpus, mark=b'""timestamp"":'),
    }


def _check(name: str, answer: Answer) -> None:
    got = content(answer.request, answer.mark, zstd=answer.zstd)
    if got.marks != answer.corpus.count:
        raise RuntimeError(f"{name} answered {got.marks} events of {answer.corpus.count}")
    if answer.exact and got.digest != answer.corpus.manifest().array_digest:
        raise RuntimeError(f"{name} answered other bytes")


def _row(name: str, answer: Answer, seen: list[Fetched], speeds: dict[str, float]) -> tuple[str, ...]:
    gigabytes = answer.corpus.manifest().body_bytes / 1e9
    return (
        name,
        f"{answer.corpus.count:,}",
        f"{speeds[name]:,.0f}",
        spread(seen, answer.speed),
        times(speeds[name], speeds.get(SENDFILE)),
        times(speeds[name], speeds.get(PEER)),
        f"{seen[0].size / 1e6:,.0f} MB",
        f"{middle(seen, lambda fetched: fetched.server_cpu_s) / gigabytes:.2f}",
        f"{middle(seen, lambda fetched: fetched.client_cpu_s) / gigabytes:.2f}",
    )


def _aims(speeds: dict[str, float]) -> tuple[Aim, ...]:
    near, far = f"≥ {NEAR_NGINX} of nginx (sendfile)", f"≥ {FAR_FROM_PEER} x FastAPI + PostgreSQL"
    jsonb = f"{far}, bodies as `jsonb`"
    wanted = (
        ("JSON", near, UNSORTED, SENDFILE, NEAR_NGINX),
        ("JSON, sort=asc", near, ARRAY, SENDFILE, NEAR_NGINX),
        ("NDJSON to a client that takes zstd", near, ZSTD_LINES, SENDFILE, NEAR_NGINX),
        ("JSON", far, UNSORTED, PEER_UNSORTED, FAR_FROM_PEER),
        ("JSON, sort=asc", far, ARRAY, PEER, FAR_FROM_PEER),
        ("JSON, sort=asc", jsonb, ARRAY, PEER_DOCUMENTS, FAR_FROM_PEER),
        ("NDJSON to a client that takes zstd", far, ZSTD_LINES, PEER_UNSORTED, FAR_FROM_PEER),
    )
    return tuple(
        Aim(
            aim=f"whole-window read, {what}, {aim}",
            reached=times(speeds[ours], speeds[theirs]),
            met=speeds[ours] >= least * speeds[theirs],
        )
        for what, aim, ours, theirs, least in wanted
        if theirs in speeds
    )
