"""A follower gets each event once, in order, and every position it is given goes on exactly there."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from client_servers import Server, client_of, event, number
from hypothesis import given
from hypothesis import strategies as st

from estampe.client import (
    HistoryRewritten,
    IncompleteList,
    InvalidPosition,
    InvalidSelection,
    NotFound,
    Retries,
    ServerFailed,
    Unauthorized,
    WrongServer,
)
from estampe.client.positions import Position
from estampe.client.windows import _LateEvents
from estampe.events import decode

if TYPE_CHECKING:
    from estampe.client import Followed

TIMES = st.lists(st.integers(1, 6), min_size=1, max_size=12).map(sorted)
CUTS = st.lists(st.none() | st.integers(0, 5), max_size=4)
NOW = "Thu, 01 Jan 1970 00:20:00 GMT"
"""1,200,000 ms; with the default distance, events below 1,170,000 are read."""


def followed(server: Server, count: int, after: str | None = None, **options: Any) -> list[Followed]:
    options = {"poll_s": 0, "start": 0} | options
    with client_of(server, retries=Retries(attempts=9, first_s=0)) as client:
        return list(islice(client.follow(after, **options), count))


def numbers(found: list[Followed]) -> list[int]:
    return [number(each.event) for each in found]


@given(TIMES, CUTS, st.data())
def test_each_event_comes_once_and_in_order_whatever_breaks_off_and_wherever_one_resumes(
    times: list[int], cuts: list[int | None], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(times))))  # equal times are in no order of ids
    server = Server(list(map(event, order, times)), until_ms=9)
    after, seen = None, []
    while len(seen) < len(times):
        server.cuts.extend(cuts)
        found = followed(server, data.draw(st.integers(1, len(times) - len(seen))), after)
        seen += numbers(found)
        after = found[-1].after
        server.cuts.clear()
    assert seen == order


@given(TIMES, st.lists(st.integers(1, 8), max_size=4).map(sorted))
def test_events_that_are_published_meanwhile_follow(times: list[int], marks: list[int]) -> None:
    everything = [event(n, time_ms) for n, time_ms in enumerate(times)]
    server = Server([], until_ms=0)
    steps = iter([*marks, 9])

    def grows(request: httpx.Request) -> httpx.Response:
        server.until_ms = next(steps, 9)
        server.events = [each for each in everything if each["timestamp"] < server.until_ms]
        return server(request)

    with client_of(grows) as client:
        found = list(islice(client.follow(start=0, poll_s=0), len(times)))
    assert numbers(found) == list(range(len(times)))


def test_a_window_is_asked_for_from_where_the_last_one_was_final() -> None:
    server = Server([event(1, 5)], until_ms=9)
    with client_of(server) as client:
        following = client.follow(start=2, poll_s=0, type="reply")
        next(following)
        server.until_ms = 12
        server.events.append(event(2, 10))
        next(following)
    assert [str(request.url.query, "ascii") for request in server.asked] == ["start=2&sort=asc", "start=9&sort=asc"]


def test_without_a_beginning_one_follows_what_is_published_from_now_on() -> None:
    server = Server([event(1, 5)], until_ms=9)

    def published_later(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            server.until_ms = 12
            server.events.append(event(2, 10))
        return server(request)

    with client_of(published_later) as client:
        assert number(next(client.follow(poll_s=0)).event) == 2


def test_filters_that_no_list_narrows_are_followed_too() -> None:
    server = Server([event(1, 5), event(2, 5, "optout"), event(3, 5)], until_ms=9)
    first, second = followed(server, 2, type=("reply", "bounce"))
    assert numbers([first, second]) == [1, 3]
    assert numbers(followed(server, 1, first.after, type=("reply", "bounce"))) == [3]


def test_a_rewritten_history_is_told_with_the_position_to_go_on_from() -> None:
    server = Server([event(1, 5), event(2, 7)], until_ms=9)
    first = followed(server, 1)[0]
    server.epoch = 2
    with pytest.raises(HistoryRewritten) as caught:
        followed(server, 1, first.after)
    assert numbers(followed(server, 1, caught.value.after)) == [2]


def test_a_history_that_is_rewritten_meanwhile_is_told() -> None:
    server = Server([event(1, 5)], until_ms=9)
    with client_of(server) as client:
        following = client.follow(start=0, poll_s=0)
        next(following)
        server.epoch = 2
        with pytest.raises(HistoryRewritten) as caught:
            next(following)
    assert caught.value.after == "2:9:"


@pytest.mark.parametrize("after", ["", "5", "1:x:", "1:5:nothing", "1:5:00000000-0000-0000-0000-000000000001\n"])
def test_a_text_that_is_no_position_is_refused_at_once(after: str) -> None:
    with client_of(Server([], until_ms=9)) as client, pytest.raises(InvalidPosition, match="is no position"):
        client.follow(after)


@pytest.mark.parametrize("events", [[], [event(1, 5), event(3, 6)]])
def test_a_position_that_is_not_in_the_list_is_told(events: list[Any]) -> None:
    with pytest.raises(InvalidPosition, match="resume with the filters"):
        followed(Server(events, until_ms=9), 1, "1:5:00000000-0000-0000-0000-000000000002")


@pytest.mark.parametrize("filters", [{"end": 5}, {"sort": "desc"}])
def test_following_has_no_end_and_one_order(filters: Any) -> None:
    with client_of(Server([], until_ms=9)) as client, pytest.raises(InvalidSelection, match="leave out end and sort"):
        client.follow(**filters)


def test_a_server_that_was_never_there_is_not_waited_for_and_one_that_was_is() -> None:
    server = Server([event(1, 5)], until_ms=9)
    server.cuts.extend([None] * 3)
    with client_of(server) as client:
        with pytest.raises(ServerFailed):
            next(client.follow(start=0))
        following = client.follow(start=0, poll_s=0)
        next(following)
        server.cuts.extend([None] * 50)
        server.until_ms = 20
        server.events.append(event(2, 10))
        assert number(next(following).event) == 2


def test_a_list_that_breaks_off_again_and_again_at_one_place_is_told() -> None:
    server = Server([event(1, 5), event(2, 6)], until_ms=9)
    server.cuts.extend([1] * 3)
    with client_of(server, retries=Retries(attempts=2, first_s=0)) as client:
        following = client.follow(start=0, poll_s=0)
        next(following)
        with pytest.raises(IncompleteList):
            next(following)


@pytest.mark.parametrize("headers", [{"x-events-complete-until": "soon"}, {"x-events-complete-until": "5"}])
def test_a_server_that_says_nonsense_about_what_is_final_is_told(headers: dict[str, str]) -> None:
    with client_of(lambda _: httpx.Response(200, headers=headers, json=[])) as client:
        with pytest.raises(WrongServer, match="final"):
            next(client.follow())
        with pytest.raises(WrongServer, match="final"):
            next(client.follow(start=0))


@pytest.mark.parametrize(("first", "then"), [(None, 9), (9, None)])
def test_servers_of_both_kinds_at_one_address_are_told(first: int | None, then: int | None) -> None:
    """What one calls read, the other could not go on from."""
    server = Server([event(1, 1)], until_ms=first, now=NOW)
    with client_of(server) as client:
        following = client.follow(start=0, poll_s=0)
        next(following)
        server.until_ms = then
        with pytest.raises(InvalidPosition, match="two kinds"):
            next(following)


def test_what_is_final_may_be_said_to_end_earlier_than_before() -> None:
    server, ends = Server([event(1, 1), event(2, 2), event(3, 5)]), iter([3, 1])

    def handler(request: httpx.Request) -> httpx.Response:
        server.until_ms = next(ends, 6)
        return server(request)

    with client_of(handler) as client:
        assert numbers(list(islice(client.follow(start=0, poll_s=0), 3))) == [1, 2, 3]


def test_a_key_that_is_refused_ends_it() -> None:
    with client_of(lambda _: httpx.Response(401)) as client, pytest.raises(Unauthorized):
        next(client.follow(start=0))


def test_what_has_not_occurred_yet_is_waited_for_and_a_path_that_is_not_there_is_not() -> None:
    server = Server([event(1, 5)], until_ms=9)
    problem = {"type": "/problems/never-occurred", "title": "t", "status": 404, "detail": "d"}
    answers = [httpx.Response(404, json=problem)] * 5

    def occurs_late(request: httpx.Request) -> httpx.Response:
        return answers.pop() if answers else server(request)

    with client_of(occurs_late) as client:
        assert number(next(client.follow(start=0, poll_s=0, action="000PE4")).event) == 1
    with client_of(lambda _: httpx.Response(404)) as client, pytest.raises(NotFound):
        next(client.follow(start=0, action="000PE4"))


@given(st.permutations(range(6)), TIMES, st.data())
def test_a_server_that_never_says_what_is_final_is_followed_exactly_too(
    order: list[int], times: list[int], data: st.DataObject
) -> None:
    """Equal times come in any order, another one each time; still nothing is missed or given twice."""
    server = Server([event(n, time_ms) for n, time_ms in zip(order, times, strict=False)], now=NOW)
    expected = [each for _, each in sorted((each["timestamp"], int(each["id"][-12:], 16)) for each in server.events)]
    after, seen = None, []
    while len(seen) < len(expected):
        server.events = data.draw(st.permutations(server.events))
        found = followed(server, data.draw(st.integers(1, len(expected) - len(seen))), after)
        seen += numbers(found)
        after = found[-1].after
    assert seen == expected


def test_such_a_server_is_read_up_to_a_while_ago_and_again_for_what_comes_late() -> None:
    fresh, old, late = event(1, 1_170_000), event(2, 1_160_000), event(3, 1_150_000)
    server = Server([fresh, old], now=NOW)
    with client_of(server) as client:
        following = client.follow(start=0, poll_s=0)
        assert number(next(following).event) == 2
        server.events.append(late)
        assert number(next(following).event) == 3
        server.now = "Thu, 01 Jan 1970 00:20:01 GMT"
        last = next(following)
    assert number(last.event) == 1
    assert last.after == f":1170000:{fresh['id']}"
    starts = {request.url.params["start"] for request in server.asked}
    assert starts == {"0", "1140000"}


def test_such_a_server_is_followed_from_now_on_by_its_own_clock() -> None:
    server = Server([event(1, 1_169_999), event(2, 1_170_000)], now=NOW)

    def later(request: httpx.Request) -> httpx.Response:
        answer = server(request)
        server.now = "Thu, 01 Jan 1970 00:20:05 GMT"
        return answer

    with client_of(later) as client:
        assert number(next(client.follow(poll_s=0)).event) == 2


def test_what_is_kept_in_mind_of_such_a_server_is_bounded_by_time() -> None:
    late = _LateEvents(Position("", 0), 10)
    for n in range(5_000):
        late.give(decode(msgspec.json.encode(event(n, n))))
    assert len(late._ids) == len(late._given) == 11
    assert late.start_ms == 4_989
