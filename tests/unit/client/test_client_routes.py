"""Whatever filters are combined, the client asks for a list that the API has, by parameters that it takes."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import product
from typing import Any

import pytest

from estampe.client import InvalidSelection
from estampe.client.selection import select
from estampe.events import EventType
from estampe.http.routes import LISTS

TYPES = [*(each.value for each in EventType), "telepathy", ("hit", "bounce"), None]
SUBTYPES = ["open", "redirection", "mirror", "form", "unsubscribe", "stop", "hard", None]
CHANNELS = ["email", "notification", "display", None]
NAMES: list[dict[str, Any]] = [
    {},
    {"action": 42},
    {"campaign": "000PE4"},
    {"contact": "000R4M0T"},
    {"hash": "0441619ab4631d18548aa8835dd2c28b"},
    {"unicity": "a@b.fr", "action": 42},
]
WINDOWS: list[dict[str, Any]] = [
    {"start": 1, "end": 2, "sort": "asc"},
    {"activation_start": 1, "activation_end": 2, "start": 3},
]
JUDGED: list[dict[str, Any]] = [{}, {"classification": "mpp"}, {"annotate": True}]

ROUTES = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", route.path)), route) for route in LISTS if route.method == "GET"]


@pytest.mark.parametrize("type_", TYPES, ids=str)
def test_the_api_has_the_list_and_its_parameters(type_: Any) -> None:
    for subtype, channel, names, window, judged in product(SUBTYPES, CHANNELS, NAMES, WINDOWS, JUDGED):
        filters = {"type": type_, "subtype": subtype, "channel": channel, **names, **window, **judged}
        with suppress(InvalidSelection):
            selection = select(filters)  # type: ignore[arg-type]
            matching = [route for path, route in ROUTES if path.fullmatch(selection.path)]
            assert matching, selection.path
            known = {parameter.name for route in matching for parameter in route.parameters}
            assert selection.query.keys() | {selection.start_parameter, "sort"} <= known
