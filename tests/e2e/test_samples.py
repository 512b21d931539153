"""The reference page's samples are true: each runs as it stands, and prints what the API answers."""

from __future__ import annotations

import ast
import json
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from programs import PROGRAMS, answered
from seed import PATHS, expected, import_seed

from estampe.http.reference import code_samples
from estampe.http.route import RecordRoute
from estampe.http.routes import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.conftest import LiveServer

    from estampe.http.routes import Route

pytestmark = pytest.mark.e2e

WINDOW = {"start": "2021-01-01", "end": "2022-01-01"}
VALUES = WINDOW | {
    f"{what}{end.capitalize()}": instant for what in ("activation", "reactivity") for end, instant in WINDOW.items()
}
"""Windows that hold all events of the seed; the table's own are empty, as the documented API's are."""

SEED = [route for route in OPERATIONS if route.method == "GET" and route.path in PATHS]

OF_EVENTS = [route for route in OPERATIONS if not isinstance(route, RecordRoute)]
"""Samples of what the catalog keeps have tests of their own."""

POSTS = [route for route in OF_EVENTS if route.method == "POST"]

LABELS = [
    pytest.param(label, marks=[pytest.mark.samples] if program.others else []) for label, program in PROGRAMS.items()
]


@pytest.fixture(scope="module")
def server(start_shared: Callable[..., LiveServer], tmp_path_factory: pytest.TempPathFactory) -> LiveServer:
    """A server with the seed's events."""
    data = tmp_path_factory.mktemp("seed") / "data"
    import_seed(data)
    return start_shared(data, rate=0)


@pytest.fixture(scope="module")
def key(server: LiveServer) -> str:
    return server.key()


def source(route: Route, label: str, server: LiveServer, key: str) -> str:
    """Return the sample that the page shows, for this server and key."""
    samples = code_samples(route, server=server.url, key=key, values=VALUES)
    return next(sample["source"] for sample in samples if sample["label"] == label)


def test_there_is_a_way_to_run_each_language() -> None:
    assert [sample["label"] for sample in code_samples(OPERATIONS[0])] == list(PROGRAMS)


@pytest.mark.parametrize("route", SEED, ids=lambda route: route.path)
@pytest.mark.parametrize("label", LABELS)
def test_each_language_prints_the_seeds_events(
    server: LiveServer, key: str, tmp_path: Path, label: str, route: Route
) -> None:
    printed = PROGRAMS[label].run(source(route, label, server, key), tmp_path)
    assert answered(label, printed) == json.loads(expected(route.path, "asc"))


@pytest.mark.samples
@pytest.mark.parametrize("route", POSTS, ids=lambda route: route.path)
@pytest.mark.parametrize("label", PROGRAMS)
def test_each_language_sends_its_body(server: LiveServer, key: str, tmp_path: Path, label: str, route: Route) -> None:
    printed = PROGRAMS[label].run(source(route, label, server, key), tmp_path)
    assert answered(label, printed) == ast.literal_eval(python(route, server, key))


@pytest.mark.parametrize("route", OF_EVENTS, ids=lambda route: f"{route.method} {route.path}")
def test_the_sample_of_each_operation_is_answered(server: LiveServer, key: str, tmp_path: Path, route: Route) -> None:
    """In curl and in Python; that an id of the table never occurred is as good an answer."""
    head, _, body = PROGRAMS["curl"].run(source(route, "curl", server, key), tmp_path).partition("\n\n")
    assert int(head.split()[1]) in {200, 201, 404}
    printed = python(route, server, key)
    if route.scope:
        assert json.loads(body) == ast.literal_eval(printed)
    else:
        assert printed


def python(route: Route, server: LiveServer, key: str) -> str:
    """Return what the Python sample prints; it runs in this process, since there are many."""
    with redirect_stdout(StringIO()) as printed:
        exec(source(route, "Python", server, key), {})  # noqa: S102  the sample is what is to be run
    return printed.getvalue()
