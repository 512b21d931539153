"""The verbs on real data: import, read, publish, verify, compact, keys; alone and beside a running server."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from importlib import import_module, resources
from typing import TYPE_CHECKING, Any

import apsw
import msgspec
import pytest
from click.testing import CliRunner, Result

from estampe.catalog import parse_customer
from estampe.cli import main
from estampe.demo import Generator
from estampe.log import path_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import LiveServer

PUBLISH = import_module("estampe.cli.publish")  # the package's own name for it is the verb
START_MS = 1_614_089_576_625
EVENTS = list(Generator(5, "DEMO/028").events(3_000, START_MS, 1))
SEED = msgspec.json.decode(resources.files("estampe").joinpath("demo_seed.json").read_bytes())


class Folder:
    """Runs the command on a data folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *arguments: str, status: int = 0) -> Result:
        done = CliRunner().invoke(main, [*arguments, "--data", f"{self.path}"])
        assert done.exit_code == status, done.output
        return done

    def events(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run("events", *arguments).stdout.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "data")


@pytest.fixture
def seeded(folder: Folder, tmp_path: Path) -> Folder:
    export = tmp_path / "export.json"
    export.write_text(json.dumps(SEED, indent=1))
    folder.run("import", "DEMO/028", f"{export}")
    return folder


def drafts_file(folder: Path, count: int) -> Path:
    path = folder / "drafts.json"
    path.write_text(json.dumps(list(Generator(6, "DEMO/028").drafts(count)), indent=1))
    return path


def test_an_import_keeps_every_byte_and_may_be_repeated(folder: Folder, tmp_path: Path) -> None:
    export = tmp_path / "export.json"
    export.write_bytes(b"[" + b",".join(EVENTS) + b"]")
    assert folder.run("import", "DEMO/028", f"{export}").stdout == "added 3,000, known before 0\n"
    assert folder.run("events").stdout.encode() == b"\n".join(EVENTS) + b"\n"
    assert folder.run("import", "DEMO/028", f"{export}").stdout == "added 0, known before 3,000\n"


def test_an_import_names_the_event_that_is_wrong(folder: Folder, tmp_path: Path) -> None:
    export = tmp_path / "export.json"
    export.write_bytes(b"[" + EVENTS[0] + b',{"type":"hit"}]')
    failed = folder.run("import", "DEMO/028", f"{export}", status=1)
    assert f"Error: {export}[1] $.id: found nothing" in failed.stderr


def test_events_are_chosen_sorted_and_limited(seeded: Folder) -> None:
    assert [event["type"] for event in seeded.events("--type", "bounce", "--type", "hit")] == ["bounce", "hit"]
    assert [event["type"] for event in seeded.events("--sort", "desc", "--limit", "1")] == ["hit"]
    assert len(seeded.events("--action", "000PE5")) == 2
    assert [event["type"] for event in seeded.events("--contact", "0013KDC8")] == ["bounce"]
    assert len(seeded.events("--since", "2021-03-01")) == 1
    assert len(seeded.events("--until", "1614089593000")) == 3
    assert seeded.events("--since", "1h") == []


def test_a_customer_is_named_where_there_are_several(seeded: Folder, tmp_path: Path) -> None:
    seeded.run("publish", f"{drafts_file(tmp_path, 3)}", "--customer", "DEMO/029")
    assert "several logs: say which of DEMO/028, DEMO/029" in seeded.run("events", status=1).stderr
    assert len(seeded.events("DEMO/029")) == 3
    assert "no log of DEMO/030" in seeded.run("events", "DEMO/030", status=1).stderr


def test_following_does_not_go_with_an_end(seeded: Folder) -> None:
    for option in (("--limit", "1"), ("--until", "1h"), ("--sort", "desc")):
        assert "--follow goes on" in seeded.run("events", "--follow", *option, status=2).stderr


def test_drafts_are_published_in_batches_and_known_ones_counted(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PUBLISH, "BATCH_DRAFTS", 7)
    arguments = ("publish", f"{drafts_file(tmp_path, 40)}", "--customer", "DEMO/028")
    assert folder.run(*arguments).stdout == "published 40\n"
    assert folder.run(*arguments).stdout == "published 0, known before 40\n"


def test_wrong_drafts_are_told_by_file_index_and_path(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PUBLISH, "BATCH_DRAFTS", 2)
    drafts = [*Generator(6, "DEMO/028").drafts(3), {"type": "hit"}]
    path = tmp_path / "drafts.ndjson"
    path.write_text("\n".join(map(json.dumps, drafts)))
    failed = folder.run("publish", f"{path}", "--customer", "DEMO/028", status=1)
    assert f"{path}[3] $.source: found nothing" in failed.stderr
    assert "Error: 1 wrong draft; published before: 2" in failed.stderr
    assert len(folder.events()) == 2


def test_one_must_say_where_to_publish(folder: Folder, tmp_path: Path) -> None:
    assert "Say where to" in folder.run("publish", f"{drafts_file(tmp_path, 1)}", status=2).stderr


def test_upkeep_counts_events_and_finds_them_sound(seeded: Folder) -> None:
    for verb, sealed in (("verify", "0"), ("compact", "7"), ("verify", "7")):
        row = seeded.run(verb).stdout.splitlines()[1].split()
        assert (row[0], row[1], row[2], row[-1]) == ("DEMO/028", "7", sealed, "sound")


def test_counters_are_proved_and_mended(seeded: Folder) -> None:
    assert seeded.run("recount").stdout.splitlines()[1].split() == ["DEMO/028", "7", "right"]
    with closing(apsw.Connection(str(path_of(seeded.path, parse_customer("DEMO/028"))))) as connection:
        connection.execute("DELETE FROM counts; UPDATE audiences SET clickers = 5")
    assert "estampe recount" in seeded.run("verify", status=1).stderr
    mended = seeded.run("recount", status=1)
    assert mended.stdout.splitlines()[1].split() == ["DEMO/028", "7", "15", "mended"]
    assert "DEMO/028: audiences has (1, 1, 0, 5, 1)" in mended.stderr
    seeded.run("recount")
    seeded.run("verify")


def test_a_damaged_log_ends_verify_with_status_1(folder: Folder, tmp_path: Path) -> None:
    export = tmp_path / "export.ndjson"
    export.write_bytes(b"\n".join(EVENTS))
    folder.run("import", "DEMO/028", f"{export}")
    folder.run("compact")
    path = path_of(folder.path, parse_customer("DEMO/028"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 64] = bytes(64)
    path.write_bytes(content)
    failed = folder.run("verify", status=1)
    assert failed.stderr


@pytest.mark.parametrize("damage", ["header", "end"])
def test_verify_tells_of_a_log_that_is_refused_when_it_is_opened(folder: Folder, tmp_path: Path, damage: str) -> None:
    export = tmp_path / "export.ndjson"
    export.write_bytes(b"\n".join(EVENTS))
    folder.run("import", "DEMO/028", f"{export}")
    path = path_of(folder.path, parse_customer("DEMO/028"))
    content = path.read_bytes()
    path.write_bytes(bytes(4096) + content[4096:] if damage == "header" else content[: len(content) // 2])
    assert "estampe verify" in folder.run("events", status=1).stderr
    failed = folder.run("verify", status=1)
    assert "028.db" in failed.stdout + failed.stderr


def test_a_key_is_printed_alone_listed_without_its_secret_and_revoked(folder: Folder) -> None:
    text = folder.run("key", "create", "DEMO/028", "--scope", "read", "--expires", "90d").stdout.strip()
    _, key_id, secret = text.split("_", 2)
    listed = folder.run("key", "list").stdout
    assert (key_id in listed, "until " in listed, secret in listed) == (True, True, False)
    folder.run("key", "revoke", key_id)
    assert "revoked " in folder.run("key", "list").stdout


@pytest.mark.e2e
def test_beside_a_server_one_publishes_by_url_and_reads_and_checks_the_folder(
    server: LiveServer, tmp_path: Path
) -> None:
    folder = Folder(server.data)
    path = f"{drafts_file(tmp_path, 1_500)}"
    way = ("publish", path, "--url", server.url, "--key", server.key())
    assert folder.run(*way).stdout == "published 1,500\n"
    assert folder.run(*way).stdout == "published 0, known before 1,500\n"
    assert len(folder.events()) == 1_500
    folder.run("verify")
    assert "open for writing" in folder.run("publish", path, "--customer", "DEMO/028", status=1).stderr


@pytest.mark.e2e
def test_following_prints_each_event_once_until_ctrl_c(server: LiveServer, tmp_path: Path) -> None:
    folder = Folder(server.data)
    way = ("--url", server.url, "--key", server.key())
    folder.run("publish", f"{drafts_file(tmp_path, 10)}", *way)
    command = [sys.executable, "-m", "estampe", "events", "--follow", "--data", f"{server.data}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
        assert following.stdout
        seen = [following.stdout.readline() for _ in range(10)]
        late = tmp_path / "late.json"
        late.write_text(json.dumps(list(Generator(7, "DEMO/028").drafts(10))))
        folder.run("publish", f"{late}", *way)
        seen += [following.stdout.readline() for _ in range(10)]
        following.send_signal(2)
        rest, errors = following.communicate(timeout=20)
    assert (following.returncode, rest, errors) == (0, "", "")
    assert seen == folder.run("events").stdout.splitlines(keepends=True)


def test_a_label_is_shown_as_it_is_and_steers_no_terminal(folder: Folder) -> None:
    folder.run("key", "create", "DEMO/028", "--label", "[/foo] a\x1b[2Jb")
    assert "[/foo] a\N{REPLACEMENT CHARACTER}[2Jb" in folder.run("key", "list").stdout


@pytest.mark.parametrize("verb", [("list",), ("revoke", "3f9c2b7a51d0")])
def test_keys_of_a_folder_that_is_not_there_make_none(folder: Folder, verb: tuple[str, ...]) -> None:
    assert "has no keys" in folder.run("key", *verb, status=1).stderr
    assert not folder.path.exists()
