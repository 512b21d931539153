"""`estampe classify` judges hits again, says which became what, and keeps it unless it is only asked."""

from __future__ import annotations

import json
from contextlib import closing
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result
from msgspec import convert

from estampe.catalog import parse_customer
from estampe.cli import main
from estampe.events import Channel, Draft, EventType, HitDetail, Source, Unparsed
from estampe.log import Logs, Query
from estampe.tracking.agents import Profile
from estampe.verdicts import Classification, Facts, HitClass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

DEMO = parse_customer("DEMO/028")
OTHER = parse_customer("DEMO/029")
SAFARI = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15"
OLD = Classification(hit_class=HitClass.HUMAN, ruleset="estampe 0", facts=Facts(headers=("accept", "accept-language")))


class Known:
    """Agents that need no reading."""

    def __init__(self, folder: Path) -> None:
        del folder

    def of(self, agents: Collection[str]) -> dict[str, Profile]:
        """Know those with `bot` in them."""
        return {agent: Profile(ua=Unparsed(ua=agent), robot="a bot" if "bot" in agent else "") for agent in agents}

    def close(self) -> None:
        """Close nothing."""


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("estampe.cli.classify"), "Agents", Known)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Keep, for two customers, a robot's hit and a person's."""
    with closing(Logs(tmp_path)) as logs:
        for customer in (DEMO, OTHER):
            logs.of(customer).publish([hit("a bot"), hit(SAFARI)], [OLD, OLD]).result()
    return tmp_path


def hit(agent: str) -> Draft:
    stamp = {"time": 1_614_089_576_625, "id": str(uuid4()), "thread": str(uuid4())}
    detail = {
        "activation": {
            "id": "000PE4",
            "kind": "message",
            "receiver": {"type": "id", "value": "000R4M0T"},
            "stamp": stamp,
            "recipient": "tom@a.example",
        },
        "link": {"type": "redirection", "destination": "https://a.example/"},
        "client": {"type": "web", "ip": {"type": "v4", "value": "192.0.2.9"}, "ua": {"type": "raw", "ua": agent}},
    }
    source = Source(type=Channel.EMAIL, detail=convert(detail, HitDetail))
    return Draft(type=EventType.HIT, id=uuid4(), source=source)


def run(folder: Path, *arguments: str, status: int = 0) -> Result:
    found = CliRunner().invoke(main, ["classify", "--data", f"{folder}", "--since", "1d", *arguments])
    assert found.exit_code == status, found.output
    return found


def rows(found: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in found.stdout.splitlines()]


def robots(folder: Path) -> int:
    with closing(Logs(folder)) as logs:
        return sum(
            len(chunk.splitlines())
            for customer in (DEMO, OTHER)
            for chunk in logs.of(customer).scan(Query(classes=(HitClass.GENERIC_ROBOT,)))
        )


def test_it_says_which_hits_became_what_and_keeps_it(folder: Path) -> None:
    found = run(folder)
    shown = [(row["customer"], row["was"], row["is"], row["hits"]) for row in rows(found)]
    assert sorted(shown) == [
        (customer, "human", now, 1) for customer in ("DEMO/028", "DEMO/029") for now in ("genericrobot", "human")
    ]
    [robot, *_] = [row for row in rows(found) if row["is"] == "genericrobot"]
    assert robot["because"].startswith("robot: listed +1")
    assert UUID(robot["example"])
    assert "4 of 4 hits are judged otherwise than before" in found.stderr
    assert robots(folder) == 2


def test_repeating_it_changes_nothing(folder: Path) -> None:
    run(folder)
    again = run(folder)
    assert {(row["was"], row["is"]) for row in rows(again)} == {("genericrobot", "genericrobot"), ("human", "human")}
    assert "0 of 4 hits are judged otherwise" in again.stderr


def test_a_dry_run_changes_nothing_and_runs_beside_a_server(folder: Path) -> None:
    with closing(Logs(folder)):
        found = run(folder, "DEMO/028", "--dry-run")
        refused = run(folder, status=1)
    assert len(rows(found)) == 2
    assert "2 of 2 hits would be judged otherwise" in found.stderr
    assert "is open for writing in another process" in refused.stderr
    assert robots(folder) == 0


def test_an_operators_networks_are_known(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    lists.joinpath("ours.csv").write_text(
        "network,owner,class,certainty,source,date\n192.0.2.0/24,a gateway,scanner,certain,ours,2026-01-31\n"
    )
    monkeypatch.setenv("ESTAMPE_NETWORKS", f"{lists}")
    assert {row["is"] for row in rows(run(folder, "--dry-run"))} == {"scanner"}
    monkeypatch.setenv("ESTAMPE_NETWORKS", f"{lists / 'nowhere'}")
    assert "nowhere is no folder" in run(folder, status=1).stderr


def test_outside_of_the_time_nothing_is_judged(folder: Path) -> None:
    found = run(folder, "--until", "1h", "--format", "table")
    assert found.stdout == "no hits\n"
    assert "0 of 0 hits" in found.stderr


def test_a_folder_without_logs_is_told(tmp_path: Path) -> None:
    assert "has no log" in run(tmp_path, status=1).stderr
