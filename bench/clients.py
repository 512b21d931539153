"""The clients: curl for reading, wrk for writing.

Their own processor time is reported, so that one can see whether they are the bottleneck.
"""

from __future__ import annotations

import hashlib
import resource
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec
import zstandard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from process import Process

POST = Path(__file__).with_name("post.lua")
FOLLOW = Path(__file__).with_name("follow.lua")
FORMAT = "%{http_code} %{size_download} %{time_total}"
BLOCK = 1 << 20
FIRST = b'{"type"'
"""How an event begins, in everyone's answers."""
LAST_CHUNK = b"0\r\n\r\n"


class Request(NamedTuple):
    """What to ask a server for: a whole address, and headers."""

    url: str
    headers: Mapping[str, str] = {}

    def with_headers(self, **headers: str) -> Request:
        """Return the same request with more headers (`accept_encoding` is `accept-encoding`)."""
        added = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._replace(headers={**self.headers, **added})


def address(base: str, path: str, **parameters: str | int | None) -> str:
    """Return base, path and the parameters that are not None as one address."""
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"{base}{path}?{query}" if query else base + path


class Fetched(NamedTuple):
    """One answer read to its end by curl and thrown away.

    `size`: bytes of the body on the wire.
    `server_cpu_s`, `client_cpu_s`: processor time that the servers behind it and curl took, seconds.
    """

    size: int
    total_s: float
    server_cpu_s: float
    client_cpu_s: float


def curl(request: Request) -> list[str]:
    """Return the curl command of a request, without a word on where the body goes."""
    headers = [part for name, value in request.headers.items() for part in ("-H", f"{name}: {value}")]
    return ["curl", "-sS", "--noproxy", "*", *headers, request.url]


def fetch(request: Request, *servers: Process) -> Fetched:
    """Read an answer with curl.

    Raises:
        RuntimeError: the answer was not a whole 200.
    """
    servers_before, client_before = _cpu_s(servers), _children_cpu_s()
    command = [*curl(request), "-o", "/dev/null", "-w", FORMAT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    client_cpu_s, server_cpu_s = _children_cpu_s() - client_before, _cpu_s(servers) - servers_before
    if done.returncode or not done.stdout.startswith("200 "):
        raise RuntimeError(f"{request.url}: {done.stdout} {done.stderr}")
    _, size, total = done.stdout.split()
    return Fetched(int(size), float(total), server_cpu_s, client_cpu_s)


class Begun(NamedTuple):
    """One answer read to its end: ms from the request's sending to its first event and to its end."""

    first_ms: float
    total_ms: float


def begin(request: Request, first: bytes = FIRST) -> Begun:
    """Read an answer from a socket and see when its first event begins, or what `first` is the start of.

    curl would see the header's first byte, which some servers send before they look for events.

    Raises:
        RuntimeError: the answer was not a whole 200, or held no event.
    """
    with connected(request) as connection:
        started = time.perf_counter()
        connection.sendall(head(request))
        seen = bytearray()
        while first not in seen and (some := connection.recv(BLOCK)):
            seen += some
        began = time.perf_counter()
        end, buffer = bytes(seen[-len(LAST_CHUNK) :]), bytearray(BLOCK)
        while size := connection.recv_into(buffer):
            end = (end + buffer[:size])[-len(LAST_CHUNK) :]
        total = time.perf_counter()
    if not seen.startswith(b"HTTP/1.1 200 ") or first not in seen or not end.endswith((LAST_CHUNK, b"]", b"}")):
        raise RuntimeError(f"{request.url}: {bytes(seen[:1000])!r}")
    return Begun((began - started) * 1000, (total - started) * 1000)


def connected(request: Request) -> socket.socket:
    """Return a new connection to a request's server."""
    url = urlsplit(request.url)
    return socket.create_connection((url.hostname or "", url.port or 80), timeout=600)


def head(request: Request) -> bytes:
    """Return a GET request's bytes; the server is asked to close the connection after it."""
    url = urlsplit(request.url)
    headers = {"Host": url.netloc, "Connection": "close", **request.headers}
    lines = [f"GET {url.path}?{url.query} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def document(request: Request) -> Any:
    """Read an answer that is one small JSON document.

    Raises:
        subprocess.CalledProcessError: the answer was not a 200.
    """
    return msgspec.json.decode(subprocess.run([*curl(request), "--fail"], stdout=subprocess.PIPE, check=True).stdout)


class Content(NamedTuple):
    """What an answer held, decoded: its size in bytes, its SHA-256, how often a mark stood in it."""

    size: int
    digest: str
    marks: int


def content(request: Request, mark: bytes, *, zstd: bool = False) -> Content:
    """Read an answer and look into it; `mark` is a text that each event has once."""
    digest, size, marks, end = hashlib.sha256(), 0, 0, b""
    with subprocess.Popen([*curl(request), "--fail"], stdout=subprocess.PIPE) as client:
        stream = client.stdout
        if stream is None:
            raise RuntimeError("curl has no output")
        source = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True) if zstd else stream
        while block := source.read(BLOCK):
            digest.update(block)
            size += len(block)
            joined = end + block
            marks += joined.count(mark)
            end = joined[len(joined) - len(mark) + 1 :]
    if client.returncode:
        raise RuntimeError(f"{request.url}: curl ended with {client.returncode}")
    return Content(size, digest.hexdigest(), marks)


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What wrk saw: requests answered 2xx or 3xx, the others, the time it took, and latencies."""

    answered: int
    failed: int
    duration_us: float
    p50_us: float
    p99_us: float
    server_cpu_s: float = 0
    client_cpu_s: float = 0

    @property
    def per_second(self) -> float:
        """Requests answered so a second."""
        return self.answered * 1e6 / self.duration_us


def post(request: Request, bodies: Path, *, connections: int, seconds: int, servers: tuple[Process, ...]) -> Load:
    """Post prepared bodies with wrk, one thread, each body once.

    Raises:
        RuntimeError: wrk ran out of bodies, or failed.
    """
    arguments = [str(bodies), *(f"{name}:{value}" for name, value in request.headers.items())]
    return _wrk(POST, request.url, arguments, connections=connections, seconds=seconds, servers=servers)


def follow(  # noqa: PLR0913  one for each thing that a load is made of
    base: str,
    paths: Path,
    *,
    connections: int,
    seconds: int,
    servers: tuple[Process, ...],
    pause_ms: float | None = None,
) -> Load:
    """Follow links with wrk, one thread, over and over; each connection may pause between them.

    Raises:
        RuntimeError: wrk failed.
    """
    arguments = [str(paths), *((f"{pause_ms:.3f}",) if pause_ms is not None else ())]
    return _wrk(FOLLOW, base, arguments, connections=connections, seconds=seconds, servers=servers)


def _wrk(  # noqa: PLR0913  the same
    script: Path, url: str, arguments: list[str], *, connections: int, seconds: int, servers: tuple[Process, ...]
) -> Load:
    servers_before, client_before = _cpu_s(servers), _children_cpu_s()
    how = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "-s", str(script)]
    done = subprocess.run(["wrk", *how, url, "--", *arguments], capture_output=True, text=True, check=False)
    client_cpu_s, server_cpu_s = _children_cpu_s() - client_before, _cpu_s(servers) - servers_before
    if done.returncode or '{"answered"' not in done.stdout:
        raise RuntimeError(f"wrk: {done.stdout} {done.stderr}")
    seen = msgspec.json.decode(done.stdout[done.stdout.index('{"answered"') :], type=Load)
    return msgspec.structs.replace(seen, server_cpu_s=server_cpu_s, client_cpu_s=client_cpu_s)


def _cpu_s(servers: tuple[Process, ...]) -> float:
    return sum(server.cpu_s() for server in servers)


def _children_cpu_s() -> float:
    # the servers are children too, but count only once they have ended
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
