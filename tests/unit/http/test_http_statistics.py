"""Statistics: one action's figures, and events counted by period and group."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from estampe.log import HOUR_MS, Audience, Count, Counting

DAY_MS = 24 * HOUR_MS
FIRST_MS = 1_566_604_800_000  # 2019-08-24
NEXT_MS = FIRST_MS + DAY_MS
PATH = "/actions/statistics"


def test_an_actions_figures_are_of_its_counts_and_its_audience(call: Any) -> None:
    call.log.counted = [Count(0, ("email", "activation", "", ""), 7), Count(0, ("email", "hit", "open", "human"), 3)]
    call.log.reached = Audience(reactive=2, openers=2, clickers=0, effective=0)
    answer = call("GET", "/actions/000PE4/statistics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["x-events-complete-until"] == "1700000000000"
    assert answer.headers["x-events-epoch"] == "3"
    assert answer.json()["type"] == "mail"
    assert answer.json()["dispatch"]["sent"] == 7
    assert answer.json()["feedback"]["opening"] == {"total": 3, "opener": {"total": 2}}
    assert call.log.countings == [Counting(action="000PE4", by=("channel", "type", "subtype", "trait"))]


def test_contacts_never_outnumber_the_hits_that_come_while_they_are_counted(call: Any) -> None:
    def counts(_counting: Counting) -> list[Count]:
        call.log.reached = Audience(reactive=9, openers=9, clickers=0, effective=0)
        return [Count(0, ("email", "hit", "open", "human"), 3)]

    call.log.reached = Audience(reactive=2, openers=2, clickers=0, effective=0)
    call.log.counts = counts
    opening = call("GET", "/actions/000PE4/statistics").json()["feedback"]["opening"]
    assert opening == {"total": 3, "opener": {"total": 2}}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_action_that_never_occurred_has_no_figures(call: Any, method: str) -> None:
    answer = call(method, "/actions/NEVER/statistics")
    assert answer.status_code == 404
    if method == "GET":
        assert answer.json()["type"] == "/problems/never-occurred"


def test_figures_take_no_parameters(call: Any) -> None:
    answer = call("GET", "/actions/000PE4/statistics?start=2019-08-24")
    assert answer.json()["detail"] == "There is no parameter 'start' here; known are none."


@pytest.mark.parametrize(
    ("query", "counting"),
    [
        ("", Counting()),
        ("?start=2019-08-24T05:00&end=2019-08-24T06:00", Counting(start_ms=FIRST_MS + 5 * HOUR_MS, end_ms=None)),
        ("?by=hour", Counting(period_ms=HOUR_MS)),
        ("?by=day&group=type&start=2019-08-24", Counting(start_ms=FIRST_MS, period_ms=DAY_MS, by=("type",))),
        ("?group=action,type", Counting(by=("action", "type"))),
        ("?group=type,action", Counting(by=("type", "action"))),
        ("?group=type,%20action,%20type", Counting(by=("type", "action"))),
    ],
)
def test_parameters_make_what_is_counted(call: Any, query: str, counting: Counting) -> None:
    assert call("GET", PATH + query).status_code == 200
    if "end=" in query:
        counting = msgspec.structs.replace(counting, end_ms=FIRST_MS + 6 * HOUR_MS)
    assert call.log.countings == [msgspec.structs.replace(counting, limit=call.settings.statistics_limit + 1)]


@pytest.mark.parametrize(
    ("query", "counted", "rows"),
    [
        ("", [], []),
        ("", [Count(0, (), 9)], [{"events": 9}]),
        ("?group=type", [Count(0, ("bounce",), 2)], [{"type": "bounce", "events": 2}]),
        (
            "?by=day&group=action,type",
            [Count(FIRST_MS, ("000PE4", "hit"), 1), Count(FIRST_MS + DAY_MS, ("", "creation"), 2)],
            [
                {"start": FIRST_MS, "end": FIRST_MS + DAY_MS, "action": "000PE4", "type": "hit", "events": 1},
                {
                    "start": FIRST_MS + DAY_MS,
                    "end": FIRST_MS + 2 * DAY_MS,
                    "action": "",
                    "type": "creation",
                    "events": 2,
                },
            ],
        ),
        ("?by=hour&start=0", [Count(0, (), 9)], [{"start": 0, "end": HOUR_MS, "events": 9}]),
    ],
)
def test_each_count_is_a_row_with_what_was_asked_for(call: Any, query: str, counted: Any, rows: Any) -> None:
    call.log.counted = counted
    answer = call("GET", PATH + query)
    assert answer.json() == rows
    assert answer.headers["x-events-complete-until"] == "1700000000000"
    assert answer.headers["x-events-epoch"] == "3"


@pytest.mark.parametrize(
    ("query", "name", "allowed"),
    [
        ("start=2019-08-24T05:30", "start", "2019-08-24T05:00:00.000Z or 2019-08-24T06:00:00.000Z"),
        ("end=2019-08-24T23:59:59.999Z", "end", "2019-08-24T23:00:00.000Z or 2019-08-25T00:00:00.000Z"),
        ("by=hour&end=2019-08-24T23:30%2B01:00", "end", "2019-08-24T22:00:00.000Z or 2019-08-24T23:00:00.000Z"),
        ("by=day&start=2019-08-24T05:00", "start", "2019-08-24T00:00:00.000Z or 2019-08-25T00:00:00.000Z"),
        ("by=day&end=2019-08-24T00:00%2B02:00", "end", "2019-08-23T00:00:00.000Z or 2019-08-24T00:00:00.000Z"),
        ("start=9999-12-31T23:30", "start", "9999-12-31T23:00:00.000Z"),
    ],
)
def test_a_span_of_broken_periods_is_refused_with_the_nearest_whole_ones(
    call: Any, query: str, name: str, allowed: str
) -> None:
    answer = call("GET", f"{PATH}?{query}")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-parameter")
    (flaw,) = answer.json()["errors"]
    assert (flaw["name"], flaw["allowed"]) == (name, allowed)
    assert allowed in answer.json()["detail"]


@pytest.mark.parametrize("query", ["by=week", "by=", "group=", "group=channel", "group=type,", "start=1", "sort=asc"])
def test_other_parameters_are_refused(call: Any, query: str) -> None:
    assert call("GET", f"{PATH}?{query}").status_code == 400


class TestLimit:
    """A server that answers few rows."""

    @pytest.fixture
    def settings(self, settings: Any) -> Any:
        return msgspec.structs.replace(settings, statistics_limit=2)

    @pytest.mark.parametrize(("rows", "status"), [(2, 200), (3, 400)])
    def test_more_rows_are_refused_and_not_cut(self, call: Any, rows: int, status: int) -> None:
        call.log.counted = [Count(0, (f"00000{n}",), 1) for n in range(rows)]
        answer = call("GET", f"{PATH}?group=action")
        assert answer.status_code == status
        assert status == 200 or "2 rows" in answer.json()["detail"]
