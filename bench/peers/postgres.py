"""A PostgreSQL of our own, as `initdb` configures it: fsync on, synchronous commits."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import asyncpg

from corpus import WORK, shape
from machine import need
from peers.table import COLUMNS, KEYS, LIST_KEYS, TABLE
from process import Process, Unavailable, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus import Corpus

DOCUMENTS = """
CREATE TABLE document AS SELECT seq, time, convert_from(body, 'UTF8')::jsonb AS body FROM event ORDER BY seq;
ALTER TABLE document ADD PRIMARY KEY (seq);
CREATE INDEX ON document (time, seq);
"""


class Postgres(NamedTuple):
    """A running server."""

    process: Process
    folder: str
    port: int

    def dsn(self, database: str) -> str:
        """Return the address of a database, by its Unix socket."""
        return f"postgresql://postgres@/{database}?host={self.folder}&port={self.port}"

    def await_start(self) -> None:
        """Wait until it takes statements: it listens before that, while it recovers."""
        asyncio.run(self._await_start())

    def empty(self, database: str, keys: str) -> str:
        """Make a database anew with an empty table; return its address."""
        asyncio.run(self._empty(database, keys))
        return self.dsn(database)

    def filled(self, corpus: Corpus) -> str:
        """Return the address of a database that holds the corpus, made once."""
        database = f"events_{corpus.folder().name.replace('-', '_')}_{shape(TABLE + KEYS + LIST_KEYS)}"
        if not asyncio.run(self._has(database)):
            asyncio.run(self._fill(f"{database}_making", corpus))
            asyncio.run(self._administer(f'ALTER DATABASE "{database}_making" RENAME TO "{database}"'))
        return self.dsn(database)

    def with_documents(self, corpus: Corpus) -> str:
        """Return the address of a database that holds the corpus as `jsonb` too."""
        dsn = self.filled(corpus)
        asyncio.run(self._add_documents(dsn))
        return dsn

    def count(self, database: str) -> int:
        """Return how many events a database holds."""
        return asyncio.run(self._value(database, "SELECT count(*) FROM event"))

    async def _await_start(self) -> None:
        async with asyncio.timeout(300):
            while True:
                try:
                    await self._value("postgres", "SELECT 1")
                except (asyncpg.CannotConnectNowError, FileNotFoundError):  # its Unix socket comes last
                    await asyncio.sleep(0.1)
                else:
                    return

    async def _has(self, database: str) -> bool:
        return bool(await self._value("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{database}'"))  # noqa: S608  our own name

    async def _value(self, database: str, query: str) -> int:
        connection = await asyncpg.connect(self.dsn(database))
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    async def _administer(self, statement: str) -> None:
        await self._value("postgres", statement)

    async def _empty(self, database: str, keys: str) -> None:
        await self._administer(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        await self._administer(f'CREATE DATABASE "{database}"')
        for statement in (TABLE + keys).split(";"):
            await self._value(database, statement)

    async def _add_documents(self, dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        try:
            if not await connection.fetchval("SELECT to_regclass('document') IS NOT NULL"):
                async with connection.transaction():
                    await connection.execute(DOCUMENTS)
                await connection.execute("VACUUM (ANALYZE, FREEZE) document")
                await connection.execute("CHECKPOINT")
        finally:
            await connection.close()

    async def _fill(self, database: str, corpus: Corpus) -> None:
        await self._administer(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        await self._administer(f'CREATE DATABASE "{database}"')
        connection = await asyncpg.connect(self.dsn(database))
        try:
            await connection.execute(TABLE)
            rows = corpus.rows()
            while records := list(islice(rows, 50_000)):
                await connection.copy_records_to_table("event", records=records, columns=COLUMNS)
            await connection.execute(KEYS + LIST_KEYS)
            await connection.execute("VACUUM (ANALYZE, FREEZE) event")
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()


@contextmanager
def serve() -> Iterator[Postgres]:
    """Run a server whose data stays in the work folder from run to run.

    Raises:
        Unavailable: PostgreSQL is missing, or its user can't reach the work folder.
    """
    postgres = need("postgres").parent
    data, port = WORK / "postgres", free_port()
    with _sockets() as sockets:
        if not (data / "PG_VERSION").exists():
            _make(postgres / "initdb", data)
        flags = ["-D", data, "-p", str(port), "-k", sockets, "-c", "listen_addresses=127.0.0.1"]
        command = [*_as_postgres(), postgres / "postgres", *flags]
        process = Process(command, port=port, log=WORK / "postgres.log")
        try:
            server = Postgres(process, sockets, port)
            server.await_start()
            yield server
        finally:
            process.stop(signal.SIGINT)


@contextmanager
def _sockets() -> Iterator[str]:
    # a socket's path has room for 107 bytes, so not in the work folder
    with tempfile.TemporaryDirectory(prefix="estampe-bench-") as folder:
        _give(Path(folder))
        yield folder


def _make(initdb: Path, data: Path) -> None:
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    _give(data)
    command = [
        *_as_postgres(),
        initdb,
        "-D",
        data,
        "-A",
        "trust",
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--locale=C",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise Unavailable(f"initdb can't make {data}: {done.stderr.strip()}")


def _give(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")


def _as_postgres() -> list[str | Path]:
    if os.geteuid() != 0:
        return []
    return [need("setpriv"), "--reuid=postgres", "--regid=postgres", "--init-groups"]
