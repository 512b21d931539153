"""Agents: each is read once, in a process that may fail, and kept in a file that may be lost."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from estampe.events import Parsed, Software, Unparsed
from estampe.tracking.agents import Agents, Profile, agents, shelf
from estampe.tracking.agents.profiles import raw
from estampe.tracking.agents.reader import Reader
from estampe.tracking.agents.shelf import Shelf

if TYPE_CHECKING:
    from pathlib import Path

DAY_S = 86_400.0
MIB = 1 << 20


def profile_of(agent: str) -> Profile:
    return Profile(Parsed(ua=agent, client=Software(type="Browser", name="Chrome")), "robot")


class FakeReader(Reader):
    """Says the same of all agents, and remembers which it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.works = True

    def read(self, agent: str) -> Profile | None:
        self.asked.append(agent)
        return profile_of(agent) if self.works else None


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now_s = 20_000 * DAY_S

    def __call__(self) -> float:
        return self.now_s


def test_an_agent_is_read_once(tmp_path: Path) -> None:
    reader = FakeReader()
    with closing(Agents(tmp_path, reader)) as known:
        assert known.of({"a", "b"}) == {"a": profile_of("a"), "b": profile_of("b")}
        assert known.of(["a"]) == {"a": profile_of("a")}
    with closing(Agents(tmp_path, reader)) as known:
        assert known.of({"b", "c"}) == {"b": profile_of("b"), "c": profile_of("c")}
    assert sorted(reader.asked) == ["a", "b", "c"]


def test_no_agent_is_raw_and_not_read(tmp_path: Path) -> None:
    reader = FakeReader()
    with closing(Agents(tmp_path, reader)) as known:
        assert known.of([""]) == {"": raw("")}
    assert reader.asked == []


def test_the_file_is_made_when_it_is_needed(tmp_path: Path) -> None:
    with closing(Agents(tmp_path / "tracking", FakeReader())) as known:
        assert not (tmp_path / "tracking").exists()
        known.of(["a"])
    assert (tmp_path / "tracking" / "agents.db").exists()


def test_another_edition_reads_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = FakeReader()
    for edition in (7, 7, 8):
        monkeypatch.setattr(agents, "edition", lambda edition=edition: edition)
        with closing(Agents(tmp_path, reader)) as known:
            known.of(["a"])
    assert reader.asked == ["a", "a"]


def test_an_edition_fits_in_the_file() -> None:
    assert 0 < agents.edition() < 1 << 31


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + bytes(4_096)])
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "agents.db").write_bytes(content)
    reader = FakeReader()
    for _ in range(3):
        with closing(Agents(tmp_path, reader)) as known:
            assert known.of(["a"]) == {"a": profile_of("a")}
    assert len(reader.asked) <= 2


def test_a_strange_row_is_read_anew(tmp_path: Path) -> None:
    reader = FakeReader()
    with closing(Agents(tmp_path, reader)) as known:
        known.of(["a"])
    with closing(sqlite3.connect(tmp_path / "agents.db")) as connection, connection:
        connection.execute("UPDATE profiles SET profile = ?", (b"[1]",))
    with closing(Agents(tmp_path, reader)) as known:
        assert known.of(["a"]) == {"a": profile_of("a")}
    assert reader.asked == ["a", "a"]


def test_without_a_file_agents_are_known_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with closing(Agents(tmp_path / "file", FakeReader())) as known:
        assert known.of(["a"]) == {"a": profile_of("a")}


def test_without_a_process_agents_are_raw_and_read_later(tmp_path: Path) -> None:
    reader = FakeReader()
    with closing(Agents(tmp_path, reader)) as known:
        reader.works = False
        assert known.of(["a"]) == {"a": raw("a")}
        reader.works = True
        assert known.of(["a"]) == {"a": profile_of("a")}


def test_who_brings_too_many_is_not_given_time_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are, for the same agents too: who brought them first has not spoiled them."""
    ticks = iter(range(1_000))
    monkeypatch.setattr(agents.time, "perf_counter", lambda: float(next(ticks)))  # each reading takes a second
    many = [f"agent {number}" for number in range(25)]
    with closing(Agents(tmp_path, FakeReader())) as known:
        read = [known.of([agent], {agent: "one"})[agent] for agent in many]
        assert read == [profile_of(agent) if place < 10 else raw(agent) for place, agent in enumerate(many)]
        assert known.of([many[0]], {many[0]: "one"}) == {many[0]: profile_of(many[0])}
        assert known.of([many[20]], {many[20]: "two"}) == {many[20]: profile_of(many[20])}
        assert known.of([many[20]], {many[20]: "one"}) == {many[20]: profile_of(many[20])}
        assert len(known.of(many)) == len(many)


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "_REMEMBERED", 3)
    monkeypatch.setattr(agents, "_PARTIES", 2)
    with closing(Agents(tmp_path, FakeReader())) as known:
        for agent in "abcdea":
            known.of([agent], {agent: agent})
        assert list(known._known) == ["d", "e", "a"]
        assert len(known._took_s) == 2


def test_the_file_is_bounded_and_keeps_what_is_in_use(tmp_path: Path) -> None:
    with closing(Shelf(tmp_path / "agents.db", 1, 256 << 10)) as kept:
        kept.put("in use", profile_of("in use"), day=1)
        for number in range(600):
            assert kept.find(["in use"], day=2 + number)
            kept.put(agent := f"{number} {'x' * 2_000}", profile_of(agent), day=1 + number)
        assert not kept.find([f"{0} {'x' * 2_000}"], day=700)
        assert kept.find([f"{599} {'x' * 2_000}"], day=700)
    assert (tmp_path / "agents.db").stat().st_size < MIB


def test_the_file_hears_of_use_once_a_day(tmp_path: Path) -> None:
    clock, reader = Clock(), FakeReader()
    with closing(Agents(tmp_path, reader, clock)) as known:
        for _ in range(3):
            known.of(["a"])
            clock.now_s += DAY_S
        with closing(sqlite3.connect(tmp_path / "agents.db")) as connection:
            assert connection.execute("SELECT day FROM profiles").fetchall() == [(20_002,)]
    assert reader.asked == ["a"]


def test_two_servers_may_share_the_file(tmp_path: Path) -> None:
    """As do a server and a command."""
    one, two = FakeReader(), FakeReader()
    with closing(Agents(tmp_path, one)) as first, closing(Agents(tmp_path, two)) as second:
        first.of(["a"])
        second.of(["a", "b"])
        first.of(["b"])
    assert (one.asked, two.asked) == (["a"], ["b"])


def test_a_real_process_reads_and_ends_when_asked(tmp_path: Path) -> None:
    agent = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"
    reader = Reader()
    with closing(Agents(tmp_path, reader)) as known:
        profiles = known.of([agent, "curl/8.4.0", "é\n\u2028"])
        process = reader._process
        assert process
    ua = profiles[agent].ua
    assert isinstance(ua, Parsed)
    assert ua.os
    assert ua.os.name == "Ubuntu"
    assert profiles["curl/8.4.0"].robot == "curl"
    assert profiles["é\n\u2028"].ua == Unparsed(ua="é\n\u2028")
    assert process.returncode == 0


CHILD = """
import os, sys
from pathlib import Path
from estampe.tracking.agents import reading
from estampe.tracking.agents.profiles import Profile
from estampe.events import Parsed

def read(agent):
    print("chatter")
    if agent == "hangs":
        while True:
            pass
    if agent == "dies" or (agent == "dies once" and not Path(__file__).with_name("died").exists()):
        Path(__file__).with_name("died").touch()
        os._exit(3)
    if agent == "fails":
        raise ValueError(agent)
    if agent == "takes memory":
        bytearray(2 << 30)
    return Profile(Parsed(ua=agent))

if "secret" in os.environ.get("ESTAMPE_RELAYS", ""):
    sys.exit(1)
reading.read = read
reading._SECONDS = 0.2
reading.run()
"""


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    (tmp_path / "strange_reading.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("ESTAMPE_RELAYS", "smtp://me:secret@relay")
    return Reader("strange_reading")


def test_an_agent_that_the_process_ends_over_is_raw_and_the_next_one_is_read(reader: Reader) -> None:
    with closing(reader):
        for agent in ("hangs", "dies", "fails", "takes memory"):
            assert reader.read(agent) == raw(agent)
            assert reader.read("good") == Profile(Parsed(ua="good"))


def test_a_process_that_was_killed_is_no_fault_of_the_agent(reader: Reader) -> None:
    with closing(reader):
        assert reader.read("good")
        assert reader._process
        os.kill(reader._process.pid, signal.SIGKILL)
        assert reader.read("good") == Profile(Parsed(ua="good"))
        assert reader.read("dies once") == Profile(Parsed(ua="dies once"))


def test_a_process_that_does_not_start_is_not_tried_at_once_again(caplog: pytest.LogCaptureFixture) -> None:
    missing = Reader("no_such_module")
    with closing(missing):
        assert missing.read("a") is None
        assert missing.read("b") is None
    assert sum(record.levelname == "CRITICAL" for record in caplog.records) == 1


def test_a_file_that_cannot_be_used_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_bytes(b"")
    with closing(Shelf(tmp_path / "file" / "agents.db", 1, MIB)) as kept:
        for agent in "abc":
            kept.put(agent, profile_of(agent), 1)
            assert kept.find([agent], 1) == {}
    assert [record.name for record in caplog.records] == [shelf.__name__]
