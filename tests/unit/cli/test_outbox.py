"""`estampe outbox` shows what waits and why, in each form, of one customer or of all."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from estampe.catalog import Customers, Message, Outbox, Postponed, open_catalog, parse_customer, tables
from estampe.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgresql import PostgreSQL

    from estampe.catalog import Catalog

DEMO = parse_customer("DEMO/028")
OTHER = parse_customer("DEMO/029")
NOW_MS = 1_614_089_576_625
GREYLISTED = "450 4.2.0 Greylisted \x1b[2J[red]"


def frozen(catalog: Catalog, customer: int) -> int:
    """Make a content for messages to be made of."""
    row = {"customer": customer, "action": "000PE4", "body": "{}", "frozen_ms": 0}
    with catalog.writing() as connection:
        key = connection.execute(tables.contents.insert().values(row)).inserted_primary_key
        return int(key[0]) if key else 0


def message(number: int, domain: str, content: int) -> Message:
    return Message(
        stamp=UUID(int=number),
        action="000PE4",
        contact=f"{number:08}",
        domain=domain,
        content=content,
        execution=b"{}",
    )


def fill(folder: Path, url: str = "") -> None:
    """Let a message of DEMO/028 wait that was tried before, two that were not, one arrive; one of DEMO/029 wait."""
    with closing(open_catalog(folder, url)) as catalog:
        customers = Customers(catalog)
        outbox = Outbox(catalog, customers)
        contents = {each: frozen(catalog, customers.number_of(each)) for each in (DEMO, OTHER)}
        tried = [message(1, "grey.example", contents[DEMO])]
        outbox.release(outbox.add(DEMO, tried, NOW_MS))
        for held in outbox.claim(outbox.lanes(), NOW_MS)[0]:
            later = Postponed(seq=held.seq, due_ms=NOW_MS + 60_000, attempts=1, reason=GREYLISTED)
            with catalog.writing() as connection:
                outbox.settle(connection, [], [later])
        waiting = [message(number, "b.example", contents[DEMO]) for number in (2, 3)]
        outbox.release(outbox.add(DEMO, waiting, NOW_MS + 1))
        outbox.add(DEMO, [message(4, "b.example", contents[DEMO])], NOW_MS + 2)
        outbox.release(outbox.add(OTHER, [message(5, "c.example", contents[OTHER])], NOW_MS + 3))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder whose catalog is filled."""
    fill(tmp_path)
    return tmp_path


def run(folder: Path, *arguments: str, status: int = 0) -> Result:
    done = CliRunner().invoke(main, ["outbox", *arguments, "--data", f"{folder}"])
    assert done.exit_code == status, done.output
    return done


def test_each_message_is_a_line_with_its_reason(folder: Path) -> None:
    listed = [json.loads(line) for line in run(folder).stdout.splitlines()]
    assert [each["contact"] for each in listed] == [f"{number:08}" for number in range(1, 6)]
    assert listed[0] == {
        "customer": "DEMO/028",
        "stamp": f"{UUID(int=1)}",
        "action": "000PE4",
        "contact": "00000001",
        "domain": "grey.example",
        "state": "waiting",
        "attempts": 1,
        "accepted": "2021-02-23T14:12:56.625Z",
        "due": "2021-02-23T14:13:56.625Z",
        "reason": GREYLISTED,
    }
    assert listed[3]["state"] == "arriving"


def test_one_customer_s_messages_are_shown_alone(folder: Path) -> None:
    listed = json.loads(run(folder, "DEMO/029", "--format", "json").stdout)
    assert [(each["customer"], each["contact"]) for each in listed] == [("DEMO/029", "00000005")]


def test_a_summary_counts_by_domain_and_state(folder: Path) -> None:
    listed = [json.loads(line) for line in run(folder, "--summary").stdout.splitlines()]
    assert [(each["domain"], each["state"], each["messages"]) for each in listed] == [
        ("b.example", "arriving", 1),
        ("b.example", "waiting", 2),
        ("grey.example", "waiting", 1),
        ("c.example", "waiting", 1),
    ]
    assert listed[2]["reason"] == GREYLISTED


def test_csv_names_its_columns_also_where_nothing_waits(folder: Path, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run(folder, "--format", "csv").stdout)))
    assert (len(rows), rows[0]["reason"]) == (5, GREYLISTED)
    open_catalog(tmp_path / "empty").close()
    assert run(tmp_path / "empty", "--format", "csv", "--summary").stdout.strip() == (
        "customer,domain,state,messages,oldest,reason"
    )


def test_a_table_is_for_people_and_steers_no_terminal(folder: Path, tmp_path: Path) -> None:
    lines = run(folder, "--format", "table").stdout.splitlines()
    assert lines[0].split() == ["customer", "action", "contact", "domain", "state", "attempts", "due", "reason"]
    assert lines[1].endswith("450 4.2.0 Greylisted \N{REPLACEMENT CHARACTER}[2J[red]")
    open_catalog(tmp_path / "empty").close()
    assert run(tmp_path / "empty", "--format", "table").stdout == "nothing waits\n"


def test_it_says_how_many_more_there_are(folder: Path) -> None:
    done = run(folder, "--limit", "2")
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == "These are the first 2; 3 more wait: see --limit and --summary.\n"
    assert run(folder, "--limit", "5").stderr == run(folder, "--summary").stderr == ""


def test_a_folder_without_catalog_is_told_and_left_alone(tmp_path: Path) -> None:
    assert "has no keys" in run(tmp_path / "none", status=1).stderr
    assert not (tmp_path / "none").exists()


def test_the_database_of_the_settings_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgresql: PostgreSQL
) -> None:
    fill(tmp_path)
    in_folder = run(tmp_path).stdout, run(tmp_path, "--summary").stdout
    with postgresql.database() as url:
        fill(tmp_path, url)
        monkeypatch.setenv("ESTAMPE_CATALOG", url)
        elsewhere = tmp_path / "elsewhere"
        assert (run(elsewhere).stdout, run(elsewhere, "--summary").stdout) == in_folder
        assert not elsewhere.exists()
