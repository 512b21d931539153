"""A full disk: publishers are told, nothing acknowledged is lost, and it goes on once there is room."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from log_samples import CUSTOMER, PAST_MS, bodies, drafts, events, everything, to_the_first_format

from estampe.events import encode
from estampe.log import LogFull, Query, SqliteEventLog, path_of
from estampe.verdicts import Classification, HitClass, Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = Classification(hit_class=HitClass.MPP, evidence=(Signal(name="network", weight=1, seen="x" * 1_000_000),))
SIZE = 6 << 20
BALLAST = 4 << 20


class Disk:
    """A small disk with a ballast on it; `make_room` throws it off."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"
        self._ballast.write_bytes(bytes(BALLAST))

    def make_room(self) -> None:
        self._ballast.unlink()

    def fill(self, room: int = 0) -> None:
        """Leave no room at all, or so many bytes."""
        (self.folder / "room").write_bytes(bytes(room))
        with (self.folder / "filler").open("wb", buffering=0) as file:
            for size in (1 << 16, 1 << 12):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    pass
        (self.folder / "room").unlink()


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A tmpfs of a few MiB; not among pytest's folders, which it could not remove if this run were killed."""
    folder = Path(tempfile.mkdtemp(prefix="estampe-small-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    yield Disk(folder)
    subprocess.run(["umount", folder], check=True)
    folder.rmdir()


@pytest.fixture
def full(disk: Disk) -> Iterator[tuple[SqliteEventLog, list[bytes]]]:
    """A log that has just found its disk full, and what it had acknowledged."""
    with closing(SqliteEventLog(path_of(disk.folder, CUSTOMER), CUSTOMER)) as log:
        acknowledged = _publish_until_full(log)
        disk.fill()
        yield log, acknowledged


def _publish_until_full(log: SqliteEventLog) -> list[bytes]:
    acknowledged: list[bytes] = []
    while True:
        some = drafts(40, padding=1000)
        try:
            acknowledged += bodies(some, log.publish(some).result())
        except LogFull:
            return acknowledged


def test_publishers_are_told_and_reading_goes_on(full: tuple[SqliteEventLog, list[bytes]]) -> None:
    log, acknowledged = full
    for _ in range(3):
        with pytest.raises(LogFull, match=str(log.path)):
            log.publish(drafts(40, padding=1000)).result()
    assert len(acknowledged) > 100
    assert everything(log) == acknowledged
    before = log.watermark()
    assert b"".join(log.scan(Query(sort="asc"))).splitlines() == acknowledged
    assert log.watermark().complete_until_ms >= before.complete_until_ms


def test_a_call_that_found_no_room_can_be_sent_again(full: tuple[SqliteEventLog, list[bytes]], disk: Disk) -> None:
    log, acknowledged = full
    some = drafts(40, padding=1000)
    with pytest.raises(LogFull):
        log.publish(some).result()
    disk.make_room()
    receipts = log.publish(some).result()
    assert not any(receipt.duplicate for receipt in receipts)
    assert everything(log) == [*acknowledged, *bodies(some, receipts)]
    assert log.watermark().complete_until_ms > receipts[-1].timestamp_ms
    assert log.verify().faults == ()


def test_an_import_that_found_no_room_can_be_repeated(full: tuple[SqliteEventLog, list[bytes]], disk: Disk) -> None:
    log, acknowledged = full
    past = events(range(PAST_MS, PAST_MS + 400))
    with pytest.raises(LogFull):
        log.import_history(past)
    assert everything(log) == acknowledged
    disk.make_room()
    assert log.import_history(past) == (400, 0)
    assert everything(log) == [*map(encode, past), *acknowledged]


def test_sealing_that_found_no_room_changes_nothing(full: tuple[SqliteEventLog, list[bytes]], disk: Disk) -> None:
    log, acknowledged = full
    with pytest.raises(LogFull):
        log.compact()
    assert everything(log) == acknowledged
    disk.make_room()
    while log._history.seal_oldest():
        pass
    assert everything(log) == acknowledged
    assert log.verify().faults == ()


def test_what_was_acknowledged_is_there_after_a_restart(disk: Disk) -> None:
    path = path_of(disk.folder, CUSTOMER)
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        acknowledged = _publish_until_full(log)
        disk.fill()
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        assert everything(log) == acknowledged
    disk.make_room()
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        assert everything(log) == acknowledged
        assert not log.publish(drafts(1)).result()[0].duplicate


def test_judging_that_found_no_room_can_be_repeated(full: tuple[SqliteEventLog, list[bytes]], disk: Disk) -> None:
    log, acknowledged = full
    follower = log.subscribe(0)
    placed = [each for batch in iter(lambda: follower.next(0), ()) for each in batch]
    judgements = {each.position: LONG for each in placed}
    epoch = log.watermark().epoch
    with pytest.raises(LogFull):
        log.classify(judgements)
    assert log.watermark().epoch == epoch
    disk.make_room()
    assert log.classify(judgements) == sum(b'"type":"hit"' in body for body in acknowledged)
    assert log.verify().faults == ()
    assert log.recount().differences == ()


def test_an_upgrade_that_found_no_room_leaves_the_log_as_it_was(disk: Disk) -> None:
    path = path_of(disk.folder, CUSTOMER)
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        log.publish(drafts(1000)).result()
        log._history.seal_oldest()
        kept = everything(log)
    to_the_first_format(path)
    disk.fill(room=100_000)
    with pytest.raises(LogFull):
        SqliteEventLog(path, CUSTOMER)
    disk.make_room()
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        assert everything(log) == kept
        assert log.verify().faults == ()
