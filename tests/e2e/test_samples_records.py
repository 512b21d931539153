"""The reference page's samples about what the catalog keeps do what they say for who has what they name."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from programs import PROGRAMS

from estampe.http.records.rows import RECORDS
from estampe.http.reference import code_samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx
    from tests.e2e.conftest import LiveServer

    from estampe.http.route import RecordRoute

pytestmark = pytest.mark.e2e

CONTENT = {"headers": {"from": {"prefix": "news"}}, "subject": "Hello", "text": "Hello"}
STEPS = {"putValidation": 1, "unvalidateAction": 2, "executeAction": 2, "executeActions": 2, "executeForTarget": 2}
"""How many steps of validation the action of a sample has behind it."""

NUMBERS = count(100)

OF_EACH_KIND = list(
    {(route.method, route.takes is None, route.gives is None): route for route in reversed(RECORDS)}.values()
)
"""Routes whose samples differ in more than an address."""

OTHERS = [label for label in PROGRAMS if label not in {"curl", "Python"}]
LABELS = [pytest.param(label, marks=[pytest.mark.samples] if PROGRAMS[label].others else []) for label in OTHERS]


RULE = {
    "label": "Three a week",
    "predicate": {"type": "always"},
    "capping": {"key": "all", "increment": 1, "threshold": 3, "period": {"type": "WEEK", "value": 1}},
}


@pytest.fixture(scope="module")
def server(start_shared: Callable[..., LiveServer]) -> LiveServer:
    return start_shared(rate=0, relays="smtp://127.0.0.1:1")


def made(client: httpx.Client, path: str, body: Any = None) -> Any:
    answer = client.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()["id"] if answer.content else None


def prepared(client: httpx.Client, route: RecordRoute) -> dict[str, str]:
    """Make what a sample names, and return its parameters' values."""
    action = made(client, "/actions", {"type": "mailMessage", "name": "Welcome", "content": CONTENT})
    segment = made(client, "/segments", {"name": "Readers"})
    for step in range(STEPS.get(route.name, 0)):
        made(client, f"/actions/{action}/validation", {"fortest": step == 0})
    target = "" if route.name == "createTarget" else made(client, "/targets", {"Email": "example@np6.com"})
    if route.name == "removeMember":
        made(client, f"/targets/{target}/segments/{segment}")
    rule = made(client, "/marketing/pressure/rules", RULE) if route.name == "deleteRule" else ""
    ids = {"actions": action, "targets": target, "segments": segment, "marketing": rule}
    return {"id": f"{ids.get(route.path.split('/')[1], '')}", "target": target, "segment": f"{segment}"}


def run(server: LiveServer, label: str, route: RecordRoute, folder: Path) -> tuple[int, str]:
    """Run a sample for a new customer; return the status of the answer that it got, and what it printed."""
    customer = f"DEMO/{next(NUMBERS)}"
    with server.client(customer) as client:
        values = prepared(client, route)
    samples = code_samples(route, server=server.url, key=server.key(customer), values=values)
    source = next(sample["source"] for sample in samples if sample["label"] == label)
    before = len(asked(server, customer, route))
    printed = PROGRAMS[label].run(source, folder)
    for _ in range(500):
        if len(lines := asked(server, customer, route)) > before:
            return lines[-1]["status"], printed
        time.sleep(0.01)
    raise AssertionError(f"{label} has not asked: {printed}")


def asked(server: LiveServer, customer: str, route: RecordRoute) -> list[dict[str, Any]]:
    return [
        line
        for line in list(server.lines)
        if line["event"] == "request"
        and (line["customer"], line["method"], line["route"]) == (customer, route.method, route.path)
    ]


@pytest.mark.parametrize("route", RECORDS, ids=lambda route: route.name)
@pytest.mark.parametrize("label", ["curl", "Python"])
def test_each_sample_is_answered(server: LiveServer, tmp_path: Path, label: str, route: RecordRoute) -> None:
    """But for one that names further targets in its body."""
    status, printed = run(server, label, route, tmp_path)
    expected = 404 if route.name == "addMembers" else 204 if route.gives is None else 200
    assert status == expected, printed
    assert printed


@pytest.mark.parametrize("route", OF_EACH_KIND, ids=lambda route: route.name)
@pytest.mark.parametrize("label", LABELS)
def test_other_languages_ask_the_same(server: LiveServer, tmp_path: Path, label: str, route: RecordRoute) -> None:
    status, printed = run(server, label, route, tmp_path)
    assert status == (204 if route.gives is None else 200), printed
    assert printed
