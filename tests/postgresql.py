"""A PostgreSQL server of the tests' own: Debian's programs, a new cluster in a temporary folder, reached by socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from pwd import getpwnam
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = Path("/usr/lib/postgresql")
USER = "postgres"
PATIENCE_S = 30

OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "deadlock_timeout": "100ms",
}

_LEAVE = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'"
_START_AGAIN = "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"


class PostgreSQL:
    """A running server.

    Parameters:
        folder: its cluster, where its socket is too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self._free: list[str] = []

    def url(self, database: str) -> str:
        """Return the address of a database, as ESTAMPE_CATALOG takes it."""
        return f"postgresql://{USER}@/{database}?host={self._folder}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Give the address of a database that is as a new one: its tables, if there are any, are empty."""
        name = self._free.pop() if self._free else self._make()
        yield self.url(name)
        self._empty(name)
        self._free.append(name)

    def _make(self) -> str:
        name = f"test{next(self._numbers)}"
        with self._connected("postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def _empty(self, name: str) -> None:
        """Empty a database: that takes milliseconds, making a new one a quarter of a second."""
        with self._connected(name) as connection:
            connection.execute(_LEAVE)
            connection.execute("SET session_replication_role = replica")  # in any order, whatever refers to what
            for (table,) in connection.execute(_TABLES).fetchall():
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            connection.execute(_START_AGAIN)

    def _connected(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.url(database), autocommit=True)

    def wait(self) -> None:
        """Return when the server takes connections."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._connected("postgres").close()
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server for the session, or for one worker of it; without PostgreSQL its tests are skipped."""
    programs = _programs()
    if programs is None:
        pytest.skip(f"no PostgreSQL: {PROGRAMS} has none; on Debian, tests/setup installs it")
    with _folder() as folder:
        _run(programs / "initdb", "-D", folder, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        with _serving(programs / "postgres", folder):
            server = PostgreSQL(folder)
            server.wait()
            yield server


def _programs() -> Path | None:
    """Return the folder of the newest version's programs."""
    found = [path.parent for path in PROGRAMS.glob("*/bin/initdb") if path.parts[-3].isdigit()]
    return max(found, key=lambda path: int(path.parts[-2]), default=None)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="estampe-"))  # short: the path of a socket has 107 characters at most
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER, getpwnam(USER).pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _serving(program: Path, folder: Path) -> Iterator[None]:
    options = [f"--{name}={value}" for name, value in {**OPTIONS, "unix_socket_directories": folder}.items()]
    log = folder / "log"
    with log.open("wb") as lines:
        server = subprocess.Popen(_command(program, "-D", folder, *options), stdout=lines, stderr=lines)
    try:
        yield
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def _run(program: Path, *arguments: object) -> None:
    done = subprocess.run(_command(program, *arguments), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _command(program: Path, *arguments: object) -> list[str]:
    """Return a command that ends when the tests do, and that root does not run as root: PostgreSQL refuses that."""
    user = [f"--reuid={USER}", f"--regid={USER}", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *user, "--pdeathsig=INT", str(program), *map(str, arguments)]
