"""A PostgreSQL server of the tests' own: Debian's programs, a new cluster in a temporary folder, reached by socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from pwd import getpwnam
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from estampe.catalog import open_catalog

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
    "autovacuum": "off",
    "deadlock_timeout": "100ms",
}


class PostgreSQL:
    """A running server.

    Parameters:
        folder: its cluster, where its socket is too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = (f"test{number}" for number in count())

    def url(self, database: str) -> str:
        """Return the address of a database, as ESTAMPE_CATALOG takes it."""
        return f"postgresql://{USER}@/{database}?host={self._folder}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Give the address of a new database, empty but for the catalog's tables."""
        name = next(self._names)
        # Copying a database's files is quicker than making its tables.
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, self._pattern)
        yield self.url(name)
        self._run("DROP DATABASE {} WITH (FORCE)", name)

    @cached_property
    def _pattern(self) -> str:
        self._run("CREATE DATABASE {}", "pattern")
        open_catalog(self._folder, self.url("pattern")).close()
        return "pattern"

    def wait(self) -> None:
        """Return when the server takes connections."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


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
