"""The process of the FastAPI peer."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from corpus import WORK
from process import Process, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from peers.postgres import Postgres

BENCH = Path(__file__).parents[1]


class Served(NamedTuple):
    """Its address, and all processes that do its work."""

    base: str
    processes: tuple[Process, ...]


@contextmanager
def serve(postgres: Postgres, dsn: str) -> Iterator[Served]:
    """Serve the database at `dsn` by uvicorn (uvloop, httptools), a worker a core, no access log."""
    port = free_port()
    flags = ["--port", str(port), "--workers", str(os.cpu_count()), "--loop", "uvloop", "--http", "httptools"]
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "peers.fastapi_app:app",
        "--app-dir",
        BENCH,
        "--no-access-log",
        *flags,
    ]
    with Process(command, port=port, log=WORK / "fastapi.log", env={"DSN": dsn}) as process:
        yield Served(f"http://127.0.0.1:{port}", (process, postgres.process))
