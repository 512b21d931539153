"""A running server answers what its OpenAPI document says, whatever it is asked: Schemathesis, all checks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from estampe.demo import Generator
from estampe.http.records.rows import RECORDS
from estampe.http.route import ListRoute
from estampe.http.routes import OPERATIONS, PUBLISH
from estampe.http.schemas import EVENTS, draft_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conftest import LiveServer
    from estampe.http.route import Route

TOOLS = Path(__file__).parents[1] / "tools"

pytestmark = pytest.mark.e2e


@pytest.fixture
def served(start: Callable[..., LiveServer]) -> LiveServer:
    """A server whose customer has all that the document's examples name."""
    server = start(rate=0)
    drafts = [*map(draft_of, EVENTS), *Generator(1, "DEMO/028").drafts(300)]
    with server.client() as client:
        assert client.post("/actions/events", json=drafts).status_code == 201
    return server


def look_for_faults(server: LiveServer, routes: Iterable[Route], *options: str) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(TOOLS / "schemathesis.toml"), "run"]
    names = [option for route in routes for option in ("--include-operation-id", route.name)]
    header = f"X-Key: {server.key()}"
    # One worker, as it is unless told: of several, CPython 3.11 fails one in some runs (its `ast` in threads).
    done = subprocess.run(
        [*command, f"{server.url}/openapi.json", "--header", header, "--no-color", *options, *names],
        cwd=server.data.parent,
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(TOOLS / "schemathesis_hooks.py")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [line for line in server.lines if line["level"] == "error"]


def one_of_each_kind() -> list[Route]:
    """Return operations that differ in what they take; the lists of one kind differ in a filter only."""
    kinds = {
        (type(route), route.method, *((each.place, each.form, each.member) for each in route.parameters)): route
        for route in OPERATIONS
        if isinstance(route, ListRoute)
    }
    others = [route for route in OPERATIONS if not isinstance(route, ListRoute) and route not in {PUBLISH, *RECORDS}]
    return [*kinds.values(), *others]


def test_one_operation_of_each_kind_does_as_described(served: LiveServer) -> None:
    look_for_faults(served, one_of_each_kind())


def test_publishing_does_as_described(served: LiveServer) -> None:
    """Without the phase that goes through every constraint of every type of event: it takes a minute."""
    look_for_faults(served, [PUBLISH], "--phases", "examples,fuzzing", "--max-examples", "20")


def test_operations_on_the_catalog_do_as_described(served: LiveServer) -> None:
    look_for_faults(served, RECORDS)
