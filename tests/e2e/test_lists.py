"""Every list of a real server, on a customer with all that there is, against a plain filter over the whole export."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from contextlib import closing
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest
from plain import DAY_MS, HOUR_MS, NAMES, Line, figures, held, rows, within

from estampe.catalog import parse_customer
from estampe.demo import Generator
from estampe.events import decode
from estampe.http.routes import LISTS
from estampe.log import Logs
from estampe.verdicts import Classification, HitClass, Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import httpx
    from tests.e2e.conftest import LiveServer

pytestmark = pytest.mark.e2e

CUSTOMER = parse_customer("DEMO/028")
START_MS = 1_600_000_000_000
SPREAD, CROWDED = 3_000, 1_500
LINES = {"accept": "application/x-ndjson"}
GET = [route for route in LISTS if route.method == "GET"]
JUDGEMENTS = (
    None,
    Classification(
        hit_class=HitClass.MPP, evidence=(Signal(name="network", weight=1, seen="network 17.0.0.0/8"),), ruleset="1"
    ),
    Classification(
        hit_class=HitClass.HUMAN, evidence=(Signal(name="network", weight=1, seen='says "é"'),), ruleset="1"
    ),
    Classification(hit_class=HitClass.GENERIC_ROBOT),
    None,
    Classification(hit_class=HitClass.GSR, ruleset="2"),
)


class Export(NamedTuple):
    """All of a customer's events in order, the classification of hits by id, who may ask for them, and who may not."""

    lines: list[Line]
    judged: dict[str, dict[str, Any]]
    client: httpx.Client
    stranger: httpx.Client

    def ask(self, path: str, **parameters: Any) -> list[bytes]:
        """Return the events of a list."""
        answer = self.client.get(path, params=parameters, headers=LINES)
        assert answer.status_code == 200, answer.text
        return answer.content.splitlines()

    def of_class(self, lines: Sequence[Line], *classes: str) -> list[Line]:
        return [line for line in lines if line.hit_class(self.judged) in classes]


def history() -> Iterator[bytes]:
    """Make events of three days, and then many that share their milliseconds."""
    generator = Generator(7, CUSTOMER.name)
    yield from generator.history(SPREAD, START_MS, 3 * DAY_MS / SPREAD)
    yield from generator.history(CROWDED, START_MS + 3 * DAY_MS, 0.4)


def judge(data: Path, events: Sequence[bytes]) -> dict[str, dict[str, Any]]:
    """Keep events in a data folder and classify hits there; return the classifications by the hits' ids."""
    judged: dict[str, dict[str, Any]] = {}
    chosen = cycle(JUDGEMENTS)
    with closing(Logs(data)) as logs:
        log = logs.of(CUSTOMER)
        log.import_history(map(decode, events))
        with closing(log.subscribe(0)) as follower:
            placed = [each for batch in iter(lambda: follower.next(0), ()) for each in batch]
        classifications = {}
        for position, body in placed:
            if b'"type":"hit"' in body and (judgement := next(chosen)):
                classifications[position] = judgement
                judged[json.loads(body)["id"]] = msgspec.to_builtins(judgement)
        assert log.classify(classifications) == len(classifications)
    return judged


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory, start_shared: Callable[..., LiveServer]) -> Iterator[Export]:
    """A server on a customer that has all there is."""
    data = tmp_path_factory.mktemp("lists")
    lines = [Line(body) for body in history()]
    judged = judge(data, bodies(lines))
    server = start_shared(data, rate=0)
    with server.client() as client, server.client("DEMO/029") as stranger:
        yield Export(lines, judged, client, stranger)


class Asked(NamedTuple):
    """A list of somebody or something: its path, the parameters that say of whom, and what it holds."""

    path: str
    parameters: dict[str, str]
    lines: list[Line]


def asked(route: Any, lines: Sequence[Line]) -> Iterator[Asked]:
    """Yield the lists of a row: of what has most of it, by each of its names."""
    all_held = held(route.path, lines)
    if route.one_of:
        for name in route.one_of:
            value, some = most(all_held, lambda line, name=name: line.contact.get(name, ""))
            if name == "unicity":
                some = [line for line in all_held if line.contact.get("hash") == some[0].contact["hash"]]
            yield Asked(route.path, {name: value}, some)
    elif "{id}" in route.path:
        start = route.path.split("/")[1]
        value, some = most(all_held, NAMES[start])
        yield Asked(route.path.replace("{id}", value), {}, some)
        if start == "campaigns":
            value, some = most(all_held, lambda line: line.set)
            yield Asked(route.path.replace("{id}", value), {}, some)
    else:
        yield Asked(route.path, {}, all_held)


def most(lines: Sequence[Line], name_of: Callable[[Line], str]) -> tuple[str, list[Line]]:
    """Return the name that most events have, and these events."""
    ((name, _),) = Counter(filter(None, map(name_of, lines))).most_common(1)
    return name, [line for line in lines if name_of(line) == name]


def bodies(lines: Sequence[Line]) -> list[bytes]:
    return [line.body for line in lines]


def test_the_whole_export_is_what_was_imported_in_its_order(export: Export) -> None:
    assert export.ask("/actions/events", sort="asc") == bodies(export.lines)
    assert export.client.get("/actions/events", params={"sort": "desc"}).content == (
        b"[" + b",".join(bodies(export.lines[::-1])) + b"]"
    )


@pytest.mark.parametrize("route", GET, ids=lambda route: route.path)
def test_each_list_holds_what_a_plain_filter_finds(export: Export, route: Any) -> None:
    for each in asked(route, export.lines):
        chosen = {**each.parameters, "classification": "all"} if route.hits_only else each.parameters
        expected = bodies(each.lines)
        assert expected, "a list that is empty shows nothing"
        assert export.ask(each.path, **chosen, sort="asc") == expected
        assert export.ask(each.path, **chosen, sort="desc") == expected[::-1]
        assert Counter(export.ask(each.path, **chosen)) == Counter(expected)


@pytest.mark.parametrize("route", GET, ids=lambda route: route.path)
def test_each_window_holds_its_start_and_not_its_end(export: Export, route: Any) -> None:
    reactive = "reactivities" in route.path
    for each in asked(route, export.lines):
        chosen = {**each.parameters, "classification": "all"} if route.hits_only else each.parameters
        times_ms = sorted(line.time_ms for line in each.lines)
        window = times_ms[len(times_ms) // 4], times_ms[-1]
        names = ("reactivityStart", "reactivityEnd") if reactive else ("start", "end")
        expected = bodies(within(lambda line: line.time_ms, *window, each.lines))
        assert export.ask(each.path, **chosen, **dict(zip(names, window, strict=True)), sort="asc") == expected
        after = export.ask(each.path, **chosen, **{names[0]: window[1]}, sort="asc")
        assert after == bodies([line for line in each.lines if line.time_ms >= window[1]])


@pytest.mark.parametrize("route", [route for route in GET if "reactivities" in route.path], ids=lambda row: row.path)
def test_each_list_of_reactivities_has_a_window_for_activations(export: Export, route: Any) -> None:
    for each in asked(route, export.lines):
        chosen = {**each.parameters, "classification": "all"} if route.hits_only else each.parameters
        times_ms = sorted(line.activation_ms for line in each.lines if line.activation_ms is not None)
        window = times_ms[len(times_ms) // 3], times_ms[-1]
        asked_for = chosen | {"activationStart": window[0], "activationEnd": window[1]}
        there = within(lambda line: line.activation_ms, *window, each.lines)
        assert export.ask(each.path, **asked_for, sort="asc") == bodies(there)
        assert Counter(export.ask(each.path, **asked_for)) == Counter(bodies(there))
        end_ms = START_MS + DAY_MS
        both = within(lambda line: line.time_ms, 0, end_ms, there)
        assert export.ask(each.path, **asked_for, reactivityEnd=end_ms, sort="desc") == bodies(both)[::-1]


@pytest.mark.parametrize("route", [route for route in GET if route.hits_only], ids=lambda route: route.path)
def test_each_list_of_hits_leaves_robots_out_unless_asked_for_them(export: Export, route: Any) -> None:
    for each in asked(route, export.lines):
        ask = export.ask
        assert ask(each.path, **each.parameters, sort="asc") == bodies(export.of_class(each.lines, "human"))
        mpp = bodies(export.of_class(each.lines, "mpp"))
        assert ask(each.path, **each.parameters, sort="asc", classifications="mpp") == mpp
        several = bodies(export.of_class(each.lines, "gsr", "human", "genericrobot"))
        classes = "genericrobot,gsr,human"
        assert ask(each.path, **each.parameters, sort="desc", classification=classes) == several[::-1]


@pytest.mark.parametrize(
    "path", ["/actions/events", "/actions/reactivities", "/targets/{id}/events", "/actions/{id}/events/hits"]
)
def test_hits_are_annotated_with_what_they_are_classified_as(export: Export, path: str) -> None:
    (route,) = (route for route in GET if route.path == path)
    (each,) = asked(route, export.lines)
    chosen = {"classification": "all"} if route.hits_only else {}
    expected = [line.annotated(export.judged) for line in each.lines]
    assert any(b'"classification":{"class":' in line for line in expected) or path.startswith("/targets")
    assert export.ask(each.path, **chosen, annotate="classification", sort="asc") == expected
    assert Counter(export.ask(each.path, **chosen, annotate="classification")) == Counter(expected)


@pytest.mark.parametrize("route", [route for route in GET if route.named], ids=lambda route: route.path)
def test_what_never_occurred_is_not_found_but_an_empty_window_is(export: Export, route: Any) -> None:
    reactive = "reactivities" in route.path
    never = {"id": "999999999"} if route.one_of else {}
    path = route.path.replace("{id}", "999999999")
    for method in ("GET", "HEAD"):
        assert export.client.request(method, path, params=never).status_code == 404
    for each in asked(route, export.lines):
        end = "reactivityEnd" if reactive else "end"
        assert export.ask(each.path, **each.parameters, **{end: START_MS}) == []
        assert export.client.head(each.path, params=each.parameters).status_code == 200


@pytest.mark.parametrize("route", GET, ids=lambda route: route.path)
def test_another_customers_key_sees_nothing_of_it(export: Export, route: Any) -> None:
    for each in asked(route, export.lines):
        answer = export.stranger.get(each.path, params=each.parameters)
        assert (answer.status_code, answer.content) == (200, b"[]") or route.named
        assert (answer.status_code == 404) == route.named


class TestCampaigns:
    """Lists of what a body describes."""

    def post(self, export: Export, campaign: str, *entries: Any, **parameters: str) -> list[bytes]:
        answer = export.client.post(
            f"/campaigns/{campaign}/events", json={"itemsEvents": entries}, params=parameters, headers=LINES
        )
        assert answer.status_code == 200, answer.text
        return answer.content.splitlines()

    def test_the_documented_body_selects_hits_of_items(self, export: Export) -> None:
        actions = [name for name, _ in Counter(line.action for line in export.lines).most_common(6)]
        kinds = ["open", "form", "unsubscribe", "redirection", "mirror"]
        entry = {"type": "email", "events": [{"type": "hit", "subtypes": kinds}], "items": actions[:3]}
        expected = [
            line
            for line in export.lines
            if line.action in actions[:3] and line.channel == "email" and line.type == "hit"
        ]
        assert expected
        found = self.post(export, actions[0], entry, sort="asc")
        assert found == bodies(expected)

    def test_an_event_is_listed_once_if_any_entry_describes_it(self, export: Export) -> None:
        chosen, lines = most(export.lines, lambda line: line.set)
        entries = [
            {"type": "email", "events": [{"type": "hit", "subtypes": ["open"]}, {"type": "bounce"}]},
            {"type": "email", "events": [{"type": "hit"}], "items": []},
            {"type": "sms"},
        ]
        expected = bodies([line for line in lines if line.channel == "sms" or line.type in {"hit", "bounce"}])
        assert expected
        assert self.post(export, chosen, *entries, sort="desc") == expected[::-1]
        assert Counter(self.post(export, chosen, *entries)) == Counter(expected)
        assert self.post(export, chosen.upper(), sort="asc") == bodies(lines)

    def test_an_action_narrows_what_names_no_items(self, export: Export) -> None:
        action, lines = most(export.lines, lambda line: line.action)
        entry = {"type": lines[0].channel, "events": [{"type": "hit", "subtypes": ["open"]}]}
        opened = [line for line in lines if line.type == "hit" and line.subtype == "open"]
        assert self.post(export, action, entry, sort="asc") == bodies(opened)
        window = {"start": str(opened[1].time_ms), "end": str(opened[-1].time_ms)}
        times = within(lambda line: line.time_ms, opened[1].time_ms, opened[-1].time_ms, opened)
        assert self.post(export, action, entry, sort="asc", **window) == bodies(times)

    def test_numbers_name_notifications_and_thousand_items_may_be_named(self, export: Export) -> None:
        number, lines = most([line for line in export.lines if line.channel == "notification"], NAMES["notifications"])
        items = [int(number), *(f"{other:06}" for other in range(998))]
        assert self.post(export, "000000", {"type": "notification", "items": items}, sort="asc") == bodies(lines)

    def test_as_many_entries_as_are_allowed_are_read(self, export: Export) -> None:
        action, lines = most(export.lines, lambda line: line.action)
        entries = [{"type": lines[0].channel, "events": [{"type": "hit"}]}, *({"type": f"{n}"} for n in range(999))]
        expected = bodies([line for line in lines if line.type == "hit"])
        assert self.post(export, action, *entries, sort="asc") == expected

    def test_what_never_occurred_is_not_found(self, export: Export) -> None:
        for campaign in ("999999", "00000000-0000-4000-8000-000000000000"):
            answer = export.client.post(f"/campaigns/{campaign}/events", json={"itemsEvents": []})
            assert answer.json()["type"] == "/problems/never-occurred"
        action = export.lines[0].action
        assert self.post(export, action, {"type": "pigeon"}) == []


class TestStatistics:
    """Counters against plain counting."""

    def test_each_actions_figures_are_exact(self, export: Export) -> None:
        by_action: dict[str, list[Line]] = defaultdict(list)
        for line in export.lines:
            by_action[line.action].append(line)
        found = {action: export.client.get(f"/actions/{action}/statistics").json() for action in by_action}
        assert found == {action: figures(lines, export.judged) for action, lines in by_action.items()}
        for method in ("GET", "HEAD"):
            assert export.client.request(method, "/actions/999999/statistics").status_code == 404

    def test_another_customers_key_sees_none(self, export: Export) -> None:
        assert export.stranger.get(f"/actions/{export.lines[0].action}/statistics").status_code == 404
        assert export.stranger.get("/actions/statistics").json() == []

    @pytest.mark.parametrize("names", [(), ("action",), ("type",), ("type", "action")], ids=",".join)
    @pytest.mark.parametrize(("by", "period_ms"), [("", None), ("hour", HOUR_MS), ("day", DAY_MS)])
    def test_periods_and_groups_are_exact(
        self, export: Export, by: str, period_ms: int | None, names: tuple[str, ...]
    ) -> None:
        length_ms = period_ms or HOUR_MS
        start_ms = START_MS // length_ms * length_ms + length_ms
        end_ms = START_MS // length_ms * length_ms + 3 * DAY_MS
        chosen = {"by": by} if by else {}
        grouped = {"group": ",".join(names)} if names else {}
        found = export.client.get("/actions/statistics", params=chosen | grouped).json()
        assert found == rows(export.lines, period_ms, names)
        window = {"start": str(start_ms), "end": str(end_ms)}
        found = export.client.get("/actions/statistics", params=chosen | grouped | window).json()
        there = within(lambda line: line.time_ms, start_ms, end_ms, export.lines)
        assert found == rows(there, period_ms, names)
