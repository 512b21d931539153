"""A file that is not right is refused, with its name and the command that tells more."""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import apsw
import pytest
from log_samples import CUSTOMER, PAST_MS, drafts, events, everything

from estampe.events import Customer
from estampe.log import (
    Counting,
    DamagedLog,
    LogError,
    NewerLog,
    Query,
    SqliteEventLog,
    SqliteLogReader,
    path_of,
    sql,
    store,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGE = 4096


@pytest.fixture
def filled(path: Path) -> Path:
    """The file of a closed log, most of it sealed."""
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        log.publish(drafts(300)).result()
        log.compact()
        log.publish(drafts(30)).result()
    return path


def _spoil(path: Path, start: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(content)


def _truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


@pytest.mark.parametrize("opened", [SqliteEventLog, SqliteLogReader])
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: _spoil(path, 0, b"x" * 16),
        lambda path: _spoil(path, 0, bytes(PAGE)),
        lambda path: _spoil(path, PAGE, b"x" * PAGE * 4),
        _truncate,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not a database at all, but some text" * 100),
    ],
    ids=["header", "first page", "pages", "cut", "empty", "text"],
)
def test_a_damaged_file_is_refused(filled: Path, damage: Callable[[Path], None], opened: type[SqliteLogReader]) -> None:
    damage(filled)
    with pytest.raises(DamagedLog) as refusal:
        opened(filled, CUSTOMER)
    assert str(filled) in str(refusal.value)
    assert f"estampe verify DEMO/028 --data {filled.parents[2]}" in str(refusal.value)


def test_a_file_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir(parents=True)
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE state (name, value)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(DamagedLog, match="not a log of Estampe"):
        SqliteEventLog(path, CUSTOMER)
    assert path.read_bytes() == before


def test_a_file_of_a_newer_version_is_refused(filled: Path) -> None:
    connection = apsw.Connection(str(filled))
    connection.execute(f"PRAGMA user_version = {sql.VERSION + 1}")
    connection.close()
    with pytest.raises(NewerLog, match=r"newer version") as refusal:
        SqliteEventLog(filled, CUSTOMER)
    assert str(filled) in str(refusal.value)


def test_another_customers_file_is_refused(filled: Path, tmp_path: Path) -> None:
    neighbour = Customer(agency="DEMO", customer="029")
    moved = path_of(tmp_path, neighbour)
    shutil.move(filled, moved)
    with pytest.raises(LogError, match=r"is the log of DEMO/028, not of DEMO/029"):
        SqliteEventLog(moved, neighbour)


def _frames(path: Path) -> list[bytes]:
    with closing(apsw.Connection(str(path))) as connection:
        return [lines for (lines,) in connection.execute("SELECT lines FROM frames ORDER BY id")]


@pytest.mark.parametrize("query", [Query(), Query(sort="asc"), Query(sort="desc", types=("activation",))], ids=str)
@pytest.mark.parametrize("place", [0.0, 0.01, 0.5, 0.99])
def test_a_damaged_frame_is_never_served(filled: Path, query: Query, place: float) -> None:
    """SQLite sees nothing wrong, only the frame's checksum does."""
    frame = max(_frames(filled), key=len)
    clean = frame[:200]  # on one page; free room may hold older copies
    at = int(place * len(clean))
    filled.write_bytes(filled.read_bytes().replace(clean, clean[:at] + bytes([clean[at] ^ 0x55]) + clean[at + 1 :]))
    with closing(SqliteEventLog(filled, CUSTOMER)) as log:
        with pytest.raises(DamagedLog, match=str(filled)):
            list(log.scan(query))
        with pytest.raises(DamagedLog, match="estampe verify"):
            everything(log)
        assert log.verify().faults


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bytes_are_refused_or_found(filled: Path, seed: int) -> None:
    """Wherever they are: a log never fails in a way that says nothing."""
    size = filled.stat().st_size
    _spoil(filled, PAGE + seed * (size - PAGE) // 12, b"\xff\x00\xff\x00\xff\x00\xff\x00")
    try:
        with closing(SqliteEventLog(filled, CUSTOMER)) as log:
            list(log.scan(Query(sort="asc")))
            everything(log)
            log.verify()
    except DamagedLog as refusal:
        assert str(filled) in str(refusal)  # noqa: PT017  a refusal is one of two good ends


@pytest.mark.parametrize(
    ("spoiled", "told"),
    [
        ("UPDATE segments SET last = last + 1", "does not hold what it says"),
        ("UPDATE segments SET events = events - 1", "segment 1"),
        ("UPDATE segments SET places = x'00'", "segment 1"),
        ("DELETE FROM id_keys", "can't be found by their ids"),
        ("UPDATE id_keys SET entries = zeroblob(8)", "can't be found by their ids"),
        ("DELETE FROM contact_keys WHERE id = (SELECT min(id) FROM contact_keys)", "found by their contacts"),
        ("DELETE FROM activation_keys WHERE id = (SELECT min(id) FROM activation_keys)", "found by their activations"),
        ("DELETE FROM action_runs WHERE action = 1", "can't be found by their actions"),
        ("DELETE FROM actions WHERE id = 1", "can't be found by their actions"),
        ("UPDATE kind_runs SET count = count - 1", "can't be found by their types"),
        ("DELETE FROM segments", "frames belong to nothing"),
        (
            "INSERT INTO facets SELECT position + 1000, 1, 1, id, 1, 1, 1, 1 FROM facets LIMIT 1",
            "facets belong to nothing",
        ),
        ("INSERT INTO filters VALUES (1, x'00')", "filters of ids can't be read"),
        ("DELETE FROM state WHERE name = 'epoch'", "state is not whole"),
        (
            "UPDATE frames SET lines = (SELECT lines FROM frames AS others WHERE others.id != frames.id LIMIT 1)",
            "segment 1",
        ),
        ("UPDATE facets SET activation_ms = 5", "has no facets, or another's"),
        ("UPDATE counts SET events = events + 1", "a counter is wrong: counts has"),
        ("DELETE FROM reactors", "a counter is wrong: reactors lacks"),
        ("UPDATE audiences SET openers = openers + 1", "a counter is wrong: audiences has"),
        ("UPDATE counts SET trait = CAST(x'ff' AS TEXT)", "no UTF-8"),
        ("UPDATE kinds SET channel = CAST(x'ff' || rowid AS TEXT)", "no UTF-8"),
        (
            "INSERT INTO verdicts VALUES (1, '{}'); INSERT INTO classifications VALUES (5, 'mpp', 1)",
            "nothing that is a hit",
        ),
        ("INSERT INTO classifications SELECT min(position), 'mpp', 7 FROM events", "classifications belong to nothing"),
        ("UPDATE facets SET contact_key = 5", "has no facets, or another's"),
        ("UPDATE facets SET kind = kind + 1", "has no facets, or another's"),
        ("DELETE FROM frames WHERE id = (SELECT max(id) FROM frames)", "segment 1"),
        ("UPDATE facets SET id = zeroblob(16)", "has no facets"),
        ("DELETE FROM facets", "has no facets"),
        ("UPDATE events SET position = position + (1 << 40)", "its place says"),
        ("UPDATE events SET body = x'7b7d'", "can't be read"),
        ("INSERT INTO events SELECT first + 1, x'7b7d' FROM segments", "can't be read"),
    ],
)
def test_verify_says_what_is_wrong(filled: Path, spoiled: str, told: str) -> None:
    with closing(apsw.Connection(str(filled))) as connection:
        connection.execute(spoiled)
    with closing(SqliteLogReader(filled, CUSTOMER)) as log:
        assert told in "\n".join(log.verify().faults)


def test_text_that_is_none_is_damage_to_whoever_reads_it(filled: Path) -> None:
    with closing(SqliteEventLog(filled, CUSTOMER)) as log:
        with closing(apsw.Connection(str(filled))) as connection:
            connection.execute("UPDATE counts SET trait = CAST(x'ff' AS TEXT)")
        with pytest.raises(DamagedLog, match="no UTF-8"):
            log.counts(Counting(by=("trait",)))
        with pytest.raises(DamagedLog, match="no UTF-8"):
            log.recount()


def test_a_file_that_was_being_made_when_power_failed_is_made_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(sql, "SET_STATE", "CRASH")
        with pytest.raises(LogError):
            SqliteEventLog(path, CUSTOMER)
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        log.import_history(events([PAST_MS]))
        assert len(everything(log)) == 1


def test_a_damaged_filter_of_ids_is_refused(filled: Path) -> None:
    with closing(apsw.Connection(str(filled))) as connection:
        connection.execute("INSERT INTO filters VALUES (1, x'00')")
    with pytest.raises(DamagedLog, match="filter"):
        SqliteEventLog(filled, CUSTOMER)


def test_reading_what_is_not_there_makes_nothing(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with pytest.raises(LogError, match="can't be opened"):
        SqliteLogReader(path, CUSTOMER)
    assert not path.exists()


def test_a_file_that_is_gone_is_not_replaced_beneath_its_wal(filled: Path) -> None:
    filled.with_name(filled.name + "-wal").write_bytes(b"what was acknowledged")
    filled.unlink()
    with pytest.raises(DamagedLog, match="WAL"):
        SqliteEventLog(filled, CUSTOMER)


def test_giving_room_back_copies_the_log_on_disk_and_not_in_memory(path: Path) -> None:
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        for _ in range(40):
            log.publish(drafts(1, padding=1 << 20)).result()
        before = apsw.memory_used()
        apsw.memory_high_water(True)
        log._writer.run(store.vacuum, in_transaction=False)
        assert apsw.memory_high_water() - before < 24 << 20
