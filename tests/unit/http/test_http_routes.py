"""The route table: each row whole, and no two that a caller could take for each other."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, get_args

import pytest

from estampe.events import EventType
from estampe.http.parameters import FORMS
from estampe.http.route import Form, ListRoute
from estampe.http.routes import LISTS, OPERATIONS
from estampe.log import Counting, Query

CLASSES = {"classification", "classifications"}


def parameters(route: Any) -> set[str]:
    return {parameter.name for parameter in route.parameters}


def test_names_and_methods_with_paths_are_unique() -> None:
    assert max(Counter(route.name for route in OPERATIONS).values()) == 1
    assert max(Counter((route.method, route.path) for route in OPERATIONS).values()) == 1


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/actions/events", "listActionsEvents"),
        ("/actions/{id}/events/hits/open", "listActionsByIdEventsHitsOpen"),
        ("/notifications/reactivities", "listNotificationsReactivities"),
    ],
)
def test_a_list_is_named_after_its_path(path: str, name: str) -> None:
    assert next(route.name for route in LISTS if route.path == path) == name


def test_every_text_is_a_sentence_and_every_name_a_word_for_programs() -> None:
    for route in OPERATIONS:
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", route.name), route.name
        for text in (route.summary, route.description, *(parameter.meaning for parameter in route.parameters)):
            assert not text or text[0].isupper()
            assert not text or text.endswith(".")


def test_parts_in_braces_are_the_path_parameters() -> None:
    for route in OPERATIONS:
        places = [parameter.name for parameter in route.parameters if parameter.place == "path"]
        assert re.findall(r"\{(\w+)\}", route.path) == places


def test_every_parameter_sets_a_member_of_what_is_asked_and_takes_its_example() -> None:
    members = {
        *Query.__struct_fields__,
        *Counting.__struct_fields__,
        "campaign",
        "rule",
        "segment",
        "address",
        "unicity",
        "name",
    }
    for route in OPERATIONS:
        for parameter in route.parameters:
            assert parameter.member in members
            FORMS[parameter.form].read(parameter.example)
    assert set(FORMS) == set(get_args(Form))


def test_lists_of_hits_take_classes_and_lists_that_may_hold_some_annotate_them() -> None:
    for route in LISTS:
        may_hold_hits = not route.types or EventType.HIT in route.types
        assert (parameters(route) >= CLASSES) == route.hits_only
        assert ("annotate" in parameters(route)) == may_hold_hits


def test_lists_take_a_window_and_an_order_and_reactivities_two_windows() -> None:
    for route in LISTS:
        windows = {"start", "end"}
        if "/reactivities" in route.path:
            windows = {"activationStart", "activationEnd", "reactivityStart", "reactivityEnd"}
        assert {name for name in parameters(route) if name.lower().endswith(("start", "end"))} == windows
        assert "sort" in parameters(route)


def test_types_and_channels_are_those_of_events() -> None:
    for route in LISTS:
        assert set(route.types) <= set(EventType)
        first = route.path.split("/")[1]
        assert route.channel == {"notifications": "notification", "display": "display"}.get(first)


def test_everything_of_the_specification_is_there() -> None:
    """The lists of one kind stand under every path that has them."""
    lists = {route.path for route in LISTS}
    kinds = "executions activations cancellations bounces optouts replies complaints responses/stop"
    hits = "hits hits/open hits/redirection hits/mirror hits/form hits/unsubscribe"
    for base in ("/actions/events", "/actions/{id}/events", "/targets/events", "/targets/{id}/events"):
        assert {base, *(f"{base}/{kind}" for kind in f"{kinds} {hits}".split())} <= lists
    for base in ("/actions/reactivities", "/actions/{id}/reactivities"):
        assert {base, *(f"{base}/{kind}" for kind in f"bounces {hits}".split())} <= lists
    for base in ("/notifications/reactivities", "/notifications/{id}/reactivities"):
        assert {base, *(f"{base}/{kind}" for kind in ("bounces", "hits", "impressions", "optouts"))} <= lists
    assert {f"/notifications/{{id}}/events/{kind}" for kind in ("executions", "cancellations", "activations")} <= lists
    assert {"/display/events", "/display/events/activations", "/campaigns/{id}/events"} <= lists


def test_every_list_needs_the_scope_to_read() -> None:
    assert {route.scope for route in OPERATIONS if isinstance(route, ListRoute)} == {"read"}
