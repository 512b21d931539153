"""`estampe bounces import` takes what lies in files, here or by the server that runs."""

from __future__ import annotations

import json
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import msgspec
import pytest
from click.testing import CliRunner, Result

from estampe.catalog import Customers, Quarantine, QuarantineState, open_catalog
from estampe.cli import main
from estampe.events import Customer, decode_draft, event_id
from estampe.log import Logs, Query
from reporting import bounce

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMER = Customer(agency="DEMO", customer="028")
UNKNOWN = bounce(to="loop@return.example", recipient="nobody@b.example")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a catalog."""
    with closing(open_catalog(tmp_path / "data")) as catalog:
        Customers(catalog).number_of(CUSTOMER)
    return tmp_path / "data"


def _send(data: Path) -> UUID:
    """Note that a message was sent; return its stamp."""
    stamp = uuid4()
    block = {
        "id": "000PE4",
        "kind": "message",
        "receiver": {"type": "id", "value": "00000001"},
        "stamp": {"time": 1, "id": f"{stamp}", "thread": f"{stamp}"},
        "recipient": "ann@b.example",
    }
    source = {"type": "email", "detail": {"activation": block}}
    draft = {"type": "activation", "id": f"{event_id(stamp, 'activation')}", "source": source}
    with closing(Logs(data)) as logs:
        logs.of(CUSTOMER).publish([decode_draft(msgspec.json.encode(draft))]).result()
    return stamp


def _import(data: Path, *files: Path) -> Result:
    return CliRunner().invoke(main, ["bounces", "import", "--data", f"{data}", *map(str, files)])


def _outcomes(result: Result) -> dict[str, int]:
    lines = map(json.loads, result.stdout.splitlines())
    return {line["outcome"]: line["mails"] for line in lines}


def _quarantined(data: Path) -> list[QuarantineState]:
    with closing(open_catalog(data)) as catalog:
        return [each.state for each in Quarantine(catalog, 0).listed()]


def test_reports_in_files_become_events_once(data: Path, tmp_path: Path) -> None:
    mail = bounce(to="x@y.example", recipient="ann@b.example", stamp=f"{_send(data)}")
    (tmp_path / "one.eml").write_bytes(mail)
    (tmp_path / "two.mbox").write_bytes(
        b"From x Tue Dec  1 12:00:00 2026\n" + mail + b"\n" + b"From y Tue Dec  1 12:00:01 2026\n" + UNKNOWN
    )
    result = _import(data, tmp_path / "one.eml", tmp_path / "two.mbox")
    assert result.exit_code == 0, result.output
    assert _outcomes(result) == {"published": 1, "known": 1, "quarantined": 1}
    with closing(Logs(data)) as logs:
        lines = b"".join(logs.of(CUSTOMER).scan(Query(types=("bounce",)))).splitlines()
    assert len(lines) == 1
    assert _quarantined(data) == [QuarantineState.KEPT]


def test_a_server_that_runs_is_handed_the_reports(data: Path, tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(UNKNOWN)
    with closing(Logs(data)):
        result = _import(data, tmp_path / "one.eml")
    assert _outcomes(result) == {"handed over": 1}
    assert _quarantined(data) == [QuarantineState.WAITING]


@pytest.mark.parametrize("is_served", [False, True])
def test_what_cannot_be_taken_is_told_and_the_others_go_on(
    is_served: bool, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESTAMPE_REPORT_LIMIT", "2000")
    (tmp_path / "large.eml").write_bytes(b"x" * 2_001)
    (tmp_path / "small.eml").write_bytes(UNKNOWN)
    with closing(Logs(data)) if is_served else nullcontext():
        result = _import(data, tmp_path / "missing", tmp_path / "large.eml", tmp_path / "small.eml")
    assert result.exit_code == 1
    assert "missing: No such file or directory" in result.stderr
    assert "large.eml: the mail has more than 2,000 bytes" in result.stderr
    assert _outcomes(result) == {("handed over" if is_served else "quarantined"): 1}
