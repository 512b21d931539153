"""The spool: what was acknowledged is there after any crash, under the same id, until it is done."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from estampe.tracking.spooling import spool as spools
from estampe.tracking.spooling.segments import LONGEST_VISIT, Kept, Segment, _visits, record
from estampe.tracking.spooling.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

MIB = 1 << 20
LONG = 1 << 30
PATIENCE_S = 10.0


def opened(folder: Path, limit: int = 64 * MIB) -> closing[Spool]:
    return closing(Spool(folder / "spool", limit=limit))


def append(spool: Spool, visits: Iterable[bytes]) -> list[bool]:
    """Append visits in one turn of an event loop, and return what became of each."""

    async def all_of_them() -> list[bool]:
        return await asyncio.gather(*[spool.append(visit) for visit in visits])

    return asyncio.run(all_of_them())


def taken(spool: Spool, most: int = 1_000_000) -> list[bytes]:
    return [kept.visit for kept in spool.take(most)]


def files(folder: Path) -> list[Path]:
    return sorted((folder / "spool").iterdir())


def some(number: int) -> list[bytes]:
    return [b"visit %d" % each for each in range(number)]


def test_visits_come_in_their_order_and_once(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        for visit in some(10):
            assert append(spool, [visit]) == [True]
        assert taken(spool, 4) + taken(spool, 100) == some(10)
        assert taken(spool) == []


def test_what_is_not_done_comes_again_after_the_next_start_under_the_same_id(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        append(spool, some(5))
        before = spool.take(5)
        spool.done(before[:3])
    with opened(tmp_path) as spool:
        assert spool.waiting() == 5  # a segment is done as a whole
        after = spool.take(10)
    assert [(kept.id, kept.visit) for kept in after] == [(kept.id, kept.visit) for kept in before]
    assert len({kept.id for kept in after}) == 5


def test_ids_of_alike_visits_in_alike_places_differ(tmp_path: Path) -> None:
    with opened(tmp_path / "one") as one, opened(tmp_path / "two") as two:
        append(one, [b"same", b"same"])
        append(two, [b"same"])
        assert len({kept.id for kept in [*one.take(9), *two.take(9)]}) == 3


def test_a_segment_goes_when_all_of_it_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "SEGMENT_BYTES", 1_000)
    with opened(tmp_path) as spool:
        for _ in range(3):
            append(spool, [b"x" * 600] * 2)
        kept = spool.take(99)
        assert (len(kept), len(files(tmp_path)), spool.waiting()) == (6, 3, 6)
        spool.done(kept[1:])
        assert (len(files(tmp_path)), spool.waiting()) == (1, 1)
        spool.done(kept[:1])
        assert (files(tmp_path), spool.waiting(), spool.size()) == ([], 0, 0)


def test_nobody_else_can_read_visits(tmp_path: Path) -> None:
    folder = tmp_path / "tracking"
    with opened(folder) as spool:
        append(spool, [b"visit"])
        assert {path.stat().st_mode & 0o777 for path in files(folder)} == {0o600}
        assert {path.stat().st_mode & 0o777 for path in (folder, folder / "spool")} == {0o700}


def room(folder: Path) -> int:
    return sum(512 * each.stat().st_blocks for each in files(folder))


def test_few_visits_keep_little_room_and_their_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some wait for days, and the others are not to be lost because of them."""
    monkeypatch.setattr(spools, "SEGMENT_BYTES", 200_000)
    early: list[Kept] = []
    with opened(tmp_path, MIB) as spool:
        for number in range(12):
            assert append(spool, [b"%d early" % number, *([b"x" * 2_000] * 120), b"%d late" % number]) == [True] * 122
            kept = spool.take(999)
            early += (kept[0], kept[-1])
            spool.done(kept[1:-1])
        assert len(files(tmp_path)) == 12
        assert room(tmp_path) < MIB
        assert spool.waiting() == 24
    (tmp_path / "spool" / "000000000001.thin").write_bytes(b"a crash left it")
    with opened(tmp_path, MIB) as spool:
        assert spool.size() < MIB
        assert append(spool, [b"y" * 2_000]) == [True]
        again = spool.take(9_999)
        assert {(kept.id, kept.visit) for kept in early} <= {(kept.id, kept.visit) for kept in again}
        assert len(again) < 12 * 122 // 2
        spool.done(again)
    assert files(tmp_path) == []


@given(st.lists(st.integers(0, 20), min_size=1), st.integers(0, 255))
def test_what_stands_between_holes_is_found(holes: list[int], seed: int) -> None:
    """Also a record whose checksum begins with zeros."""
    visits = [b"%d visit %d" % (seed, each) for each in range(500)]
    visits = [each for each in visits if crc32(each, len(each)) < 1 << 24][: len(holes)]
    octets = b"".join(bytes(hole) + record(each) for hole, each in zip(holes, visits, strict=False))
    found, _ = _visits(octets, 1_000, last=True)
    assert [visit for _, visit in found] == visits


def test_an_idle_spool_leaves_no_file(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        append(spool, some(3))
        spool.done(spool.take(3))
    assert files(tmp_path) == []


def test_waiting_ends_when_something_comes(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        assert not spool.wait(0)
        found: list[bool] = []
        reader = threading.Thread(target=lambda: found.append(spool.wait(PATIENCE_S)))
        reader.start()
        append(spool, [b"a"])
        reader.join()
        assert found == [True]
        assert spool.wait(0)
        spool.take(1)
        assert not spool.wait(0)


def test_waiting_ends_with_the_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", limit=MIB)
    found: list[bool] = []
    reader = threading.Thread(target=lambda: found.append(spool.wait(PATIENCE_S)))
    reader.start()
    spool.close()
    reader.join()
    assert found == [False]
    assert append(spool, [b"late"]) == [False]


def test_what_an_event_loop_left_behind_is_written_at_the_end(tmp_path: Path) -> None:
    async def leave(spool: Spool) -> None:
        spool.append(b"left")

    with opened(tmp_path) as spool:
        asyncio.run(leave(spool))
    with opened(tmp_path) as spool:
        assert taken(spool) == [b"left"]


def test_one_who_waits_no_more_takes_nothing_from_others(tmp_path: Path) -> None:
    async def one_leaves(spool: Spool) -> bool:
        leaving, staying = spool.append(b"a"), spool.append(b"b")
        leaving.cancel()
        return await staying

    with opened(tmp_path) as spool:
        assert asyncio.run(one_leaves(spool))
        assert taken(spool) == [b"a", b"b"]


def test_the_limit_holds_and_room_comes_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with opened(tmp_path, limit=1_000) as spool:
        kept = append(spool, [b"x" * 100] * 20)
        assert 5 < sum(kept) < 10
        assert kept == sorted(kept, reverse=True)
        assert spool.size() <= 1_000
        assert append(spool, [b"x" * 100]) == [False]
        assert caplog.text.count("ESTAMPE_SPOOL_LIMIT") == 1
        assert len(taken(spool)) == sum(kept)


def test_the_limit_counts_what_an_earlier_process_left(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        append(spool, [b"x" * 2_000])
    with opened(tmp_path, limit=2_100) as spool:
        assert append(spool, [b"x" * 100]) == [False]
        spool.done(spool.take(1))
        assert append(spool, [b"x" * 100]) == [True]


def test_memory_is_bounded_when_the_disk_does_not_follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "_UNWRITTEN_BYTES", 1_000)
    with opened(tmp_path) as spool:
        assert append(spool, [b"x" * 300] * 4) == [True, True, True, False]
        assert append(spool, [b"x" * 300]) == [True]


def test_a_visit_that_is_too_long_is_not_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        assert append(spool, [b"x" * (LONGEST_VISIT + 1), b"x" * LONGEST_VISIT]) == [False, True]


def everything() -> int:
    return LONG


class Disk:
    """Writes to files of the spool, and does as it is told instead.

    Parameters:
        act: is called before each write, may raise, and returns how many bytes are written at most.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.act: Callable[[], int] = everything
        self._write = os.pwrite
        monkeypatch.setattr(os, "pwrite", self)

    def __call__(self, descriptor: int, octets: Any, at: int) -> int:
        most = self.act()
        return self._write(descriptor, octets[:most], at)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def failing(number: int, after: Sequence[int] = ()) -> Callable[[], int]:
    """Return what writes some bytes at a time, and then fails."""
    left = iter(after)

    def act() -> int:
        for most in left:
            return most
        raise OSError(number, os.strerror(number))

    return act


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("after", [(), (5,), (20, 3)])
def test_what_cannot_be_written_is_said_so_and_leaves_no_trace(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture, number: int, after: tuple[int, ...]
) -> None:
    with opened(tmp_path) as spool:
        assert append(spool, [b"before"]) == [True]
        disk.act = failing(number, after)
        assert append(spool, some(3)) == [False] * 3
        assert append(spool, some(3)) == [False] * 3
        disk.act = everything
        assert append(spool, [b"after"]) == [True]
    with opened(tmp_path) as spool:
        assert taken(spool) == [b"before", b"after"]
    assert caplog.text.count(os.strerror(number)) == 1
    assert [each.levelname for each in caplog.records] == ["CRITICAL"]


def test_a_full_disk_gathers_no_files(tmp_path: Path, disk: Disk) -> None:
    with opened(tmp_path) as spool:
        for _ in range(5):
            disk.act = failing(errno.ENOSPC, (100,))  # enough for a segment's head
            assert append(spool, [b"x"]) == [False]
        assert (files(tmp_path), spool.size(), spool.waiting()) == ([], 0, 0)


def test_writes_of_a_few_bytes_at_a_time_are_whole_in_the_end(tmp_path: Path, disk: Disk) -> None:
    disk.act = lambda: 7
    with opened(tmp_path) as spool:
        assert append(spool, some(5)) == [True] * 5
        assert taken(spool) == some(5)


def test_nobody_waits_for_long_for_a_disk_that_hangs(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spools, "_PATIENCE_S", 0.01)
    awake = threading.Event()

    def sleep() -> int:
        awake.wait(PATIENCE_S)
        return LONG

    disk.act = sleep
    with opened(tmp_path) as spool:
        assert append(spool, [b"slow", b"slower"]) == [False, False]
        awake.set()
        assert append(spool, [b"quick"]) == [True]
        assert taken(spool) == [b"slow", b"slower", b"quick"]
    assert "does not answer" in caplog.text


def written(folder: Path, visits: Iterable[bytes]) -> Path:
    """Return a segment that another process left."""
    with opened(folder) as spool:
        append(spool, visits)
    return files(folder)[0]


def test_a_torn_tail_is_passed_over_wherever_it_was_torn(tmp_path: Path) -> None:
    path = written(tmp_path, some(3))
    whole = path.read_bytes()
    size = len(record(b"visit 0"))
    for length in range(len(whole) - 2 * size, len(whole)):
        path.write_bytes(whole[:length])
        with opened(tmp_path) as spool:
            visits = (length - (len(whole) - 3 * size)) // size
            assert spool.waiting() == visits
            assert taken(spool) == some(visits)
            assert append(spool, [b"new"]) == [True]
            assert taken(spool) == [b"new"]
        for new in files(tmp_path)[1:]:
            new.unlink()


def test_zeros_at_the_end_are_no_visits(tmp_path: Path) -> None:
    path = written(tmp_path, some(2))
    path.write_bytes(path.read_bytes() + bytes(5_000))
    with opened(tmp_path) as spool:
        assert taken(spool) == some(2)
        assert not spool.wait(0)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(bit=st.integers(0, 8 * 3 * (8 + 7) - 1))
def test_a_flipped_bit_costs_one_visit(tmp_path: Path, bit: int) -> None:
    for old in tmp_path.glob("spool/*"):
        old.unlink()
    path = written(tmp_path, some(3))
    octets = bytearray(path.read_bytes())
    first = len(octets) - 3 * (8 + 7)
    octets[first + bit // 8] ^= 1 << bit % 8
    path.write_bytes(octets)
    with opened(tmp_path) as spool:
        lost = bit // 8 // (8 + 7)
        assert taken(spool) == [visit for number, visit in enumerate(some(3)) if number != lost]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rubbish=st.binary(max_size=200), cut=st.integers(0, 80))
def test_whatever_stands_in_a_segment_reading_ends(tmp_path: Path, rubbish: bytes, cut: int) -> None:
    for old in tmp_path.glob("spool/*"):
        old.unlink()
    path = written(tmp_path, some(3))
    path.write_bytes(path.read_bytes()[:cut] + rubbish)
    with opened(tmp_path) as spool:
        assert set(taken(spool)) <= set(some(3))


def test_a_file_that_became_shorter_while_it_was_read_ends(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        append(spool, some(3))
        os.truncate(files(tmp_path)[0], 40)
        assert taken(spool) == []
        assert not spool.wait(0)


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    path = written(tmp_path, some(1))
    strange = [path.with_name("notes.txt"), path.with_name("000000000007.visits")]
    for each in strange:
        each.write_bytes(b"what a later version wrote, or a person" * 9)
    with opened(tmp_path) as spool:
        assert taken(spool) == some(1)
        assert append(spool, [b"new"]) == [True]
        assert taken(spool) == [b"new"]
    assert set(strange) < set(files(tmp_path))


def test_large_segments_are_read_in_slices(tmp_path: Path) -> None:
    visits = [b"%d " % number * 9_000 for number in range(60)]
    path = written(tmp_path, visits)
    with opened(tmp_path) as spool:
        assert spool.waiting() == 60
        assert taken(spool, 7) + taken(spool) == visits
    segment = next(iter(Segment.left(path.parent)))
    assert 0 < len(segment.take(99)) < 60


CRASHING = """
import asyncio, sys
from pathlib import Path
from estampe.tracking.spooling import spool as spools
spools.SEGMENT_BYTES = 2_000

async def client(spool, name):
    for number in range(1_000_000):
        visit = b"%d %d" % (name, number)
        if await spool.append(visit):
            sys.stdout.buffer.write(visit + b"\\n")
            sys.stdout.buffer.flush()

async def main():
    spool = spools.Spool(Path(sys.argv[1]), limit=1 << 30)
    await asyncio.gather(*[client(spool, name) for name in range(8)])

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 50, 400])
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, lines: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CRASHING, tmp_path / "spool"], stdout=subprocess.PIPE, env={**os.environ}
    )
    assert process.stdout
    told = [process.stdout.readline() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    told += process.stdout.readlines()
    process.stdout.close()
    process.wait()
    acknowledged = [line.strip() for line in told if line.endswith(b"\n")]
    with opened(tmp_path) as spool:
        kept = spool.take(1_000_000)
    visits = [each.visit for each in kept]
    assert set(acknowledged) <= set(visits)
    assert len(visits) == len(set(visits)) <= len(acknowledged) + 16
    assert len({each.id for each in kept}) == len(kept)
    _are_in_order(visits)


def _are_in_order(visits: Iterable[bytes]) -> None:
    last: dict[bytes, int] = {}
    for visit in visits:
        name, number = visit.split()
        assert int(number) == last.get(name, -1) + 1
        last[name] = int(number)


def _collected(spool: Spool, wanted: int, most: Iterator[int]) -> list[Any]:
    found: list[Any] = []
    while len(found) < wanted:
        if spool.wait(PATIENCE_S):
            kept = spool.take(next(most))
            found += kept
            spool.done(kept)
    return found


def test_reading_beside_writing_finds_everything_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "SEGMENT_BYTES", 500)
    found: list[Any] = []
    with opened(tmp_path) as spool:
        sizes = iter([1, 7, 3] * 2_000)
        reader = threading.Thread(target=lambda: found.extend(_collected(spool, 2_000, sizes)))
        reader.start()

        async def write() -> None:
            for start in range(0, 2_000, 20):
                assert all(await asyncio.gather(*[spool.append(b"%d" % (start + each)) for each in range(20)]))

        asyncio.run(write())
        reader.join()
        assert [int(kept.visit) for kept in found] == list(range(2_000))
        assert len({kept.id for kept in found}) == 2_000
        assert spool.waiting() == 0
    assert files(tmp_path) == []
