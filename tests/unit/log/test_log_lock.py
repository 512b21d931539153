"""A data folder has one process that writes."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from log_samples import CUSTOMER, PAST_MS, drafts, events

from estampe.log import LogClosed, LogInUse, Logs, Query, SqliteLogReader, customers_in, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLD = """
import pathlib, sys
from estampe.events import Customer
from estampe.log import Logs
with Logs(pathlib.Path(sys.argv[1])) as logs:
    logs.of(Customer(agency="DEMO", customer="028"))
    print("open", flush=True)
    sys.stdin.read()
"""


@contextmanager
def _holder(data: Path) -> Iterator[subprocess.Popen[str]]:
    """Run another process that has the folder open."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    with _holder(tmp_path) as process:
        with pytest.raises(LogInUse, match=rf"\(id {process.pid}\)") as refusal:
            Logs(tmp_path)
        assert str(tmp_path) in str(refusal.value)
        with closing(SqliteLogReader(path_of(tmp_path, CUSTOMER), CUSTOMER)) as reader:
            assert list(reader.scan(Query())) == []
    with Logs(tmp_path) as logs:
        assert not logs.of(CUSTOMER).publish(drafts(1)).result()[0].duplicate


def test_the_same_process_is_refused_too(tmp_path: Path) -> None:
    with Logs(tmp_path):
        with pytest.raises(LogInUse, match=rf"\(id {os.getpid()}\)"):
            Logs(tmp_path)
        with pytest.raises(LogInUse, match=rf"\(id {os.getpid()}\)"):
            Logs(tmp_path)
    Logs(tmp_path).close()


def test_each_customer_has_one_log_of_its_own(tmp_path: Path) -> None:
    with Logs(tmp_path) as logs:
        assert list(customers_in(tmp_path)) == []
        assert logs.of(CUSTOMER) is logs.of(CUSTOMER)
        assert list(customers_in(tmp_path)) == [CUSTOMER]


def test_closed_logs_say_so(tmp_path: Path) -> None:
    logs = Logs(tmp_path)
    log = logs.of(CUSTOMER)
    logs.close()
    with pytest.raises(LogClosed):
        log.publish(drafts(1))
    with pytest.raises(LogClosed):
        logs.of(CUSTOMER)


def test_closing_again_does_nothing(tmp_path: Path) -> None:
    logs = Logs(tmp_path)
    logs.close()
    with (tmp_path / "another").open("wb") as file:  # likely to get the number of the lock's descriptor
        logs.close()
        file.write(b"open still")


def test_a_reader_beside_the_writer_sees_what_is_committed(tmp_path: Path) -> None:
    with Logs(tmp_path) as logs:
        logs.of(CUSTOMER).publish(drafts(3)).result()
        with closing(SqliteLogReader(path_of(tmp_path, CUSTOMER), CUSTOMER)) as reader:
            assert b"".join(reader.scan(Query())).count(b"\n") == 3
            logs.of(CUSTOMER).import_history(events([PAST_MS]))
            assert b"".join(reader.scan(Query())).count(b"\n") == 4
            assert reader.watermark().epoch == 2


def test_logs_are_made_for_their_owner_only_whoever_made_the_data_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with Logs(tmp_path) as logs:
        logs.of(CUSTOMER)
    assert (tmp_path / "logs").stat().st_mode & 0o077 == 0
