"""Filters choose the narrowest list of the API; what no list narrows is sorted out after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from hashlib import md5
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from estampe.client import InvalidSelection, InvalidTime
from estampe.client.selection import select
from estampe.demo import Generator
from estampe.events import decode, facets
from estampe.instants import InvalidInstant

if TYPE_CHECKING:
    from estampe.client import Filters

EVENTS = [decode(line) for line in Generator(3, "DEMO/028").history(2_000, 1_600_000_000_000, 1)]


@pytest.mark.parametrize(
    ("filters", "path", "query"),
    [
        ({}, "/actions/events", {}),
        ({"type": "activation"}, "/actions/events/activations", {}),
        ({"type": "reply", "subtype": "stop"}, "/actions/events/responses/stop", {}),
        ({"type": "hit", "subtype": "open"}, "/actions/events/hits/open", {}),
        ({"type": ("hit", "bounce")}, "/actions/events", {}),
        ({"type": "impression"}, "/actions/events", {}),
        ({"type": "telepathy"}, "/actions/events", {}),
        ({"start": 5, "end": "2019-08-24", "sort": "asc"}, "/actions/events", {"start": "5", "end": "1566604800000"}),
        ({"start": 0}, "/actions/events", {"start": "0"}),
        ({"action": "000PE4", "type": "bounce", "subtype": "hard"}, "/actions/000PE4/events/bounces", {}),
        ({"action": "a/b?c", "type": "hit"}, "/actions/a%2Fb%3Fc/events/hits", {}),
        ({"contact": "0013KDC8", "action": "000PE4"}, "/targets/0013KDC8/events", {}),
        ({"hash": "ABCD", "type": "hit"}, "/targets/events/hits", {"hash": "abcd"}),
        ({"unicity": "a+b@c.fr", "type": "reply"}, "/targets/events/replies", {"unicity": "a+b@c.fr"}),
        ({"campaign": "000PE4", "type": "hit"}, "/campaigns/000PE4/events", {}),
        ({"channel": "display", "type": "activation"}, "/display/events/activations", {}),
        ({"channel": "display", "type": "hit"}, "/display/events", {}),
        ({"channel": "notification", "action": 7, "type": "execution"}, "/notifications/7/events/executions", {}),
        ({"channel": "notification"}, "/actions/events", {}),
        (
            {"activation_start": 1, "activation_end": 2, "start": 3, "end": 4, "type": "hit", "subtype": "open"},
            "/actions/reactivities/hits/open",
            {"activationStart": "1", "activationEnd": "2", "reactivityStart": "3", "reactivityEnd": "4"},
        ),
        ({"activation_start": 1, "action": "000PE4"}, "/actions/000PE4/reactivities", {"activationStart": "1"}),
        (
            {"activation_end": 1, "channel": "notification", "action": 7, "type": "impression"},
            "/notifications/7/reactivities/impressions",
            {"activationEnd": "1"},
        ),
        ({"type": "hit", "classification": ("mpp", "gsr")}, "/actions/events/hits", {"classification": "mpp,gsr"}),
        ({"type": "hit", "annotate": True}, "/actions/events/hits", {"annotate": "classification"}),
        ({"type": "bounce", "annotate": True}, "/actions/events/bounces", {}),
        ({"type": (), "action": None, "annotate": False}, "/actions/events", {}),
    ],
)
def test_the_narrowest_list_is_asked(filters: Filters, path: str, query: dict[str, str]) -> None:
    selection = select(filters)
    asked = dict(selection.query)
    assert asked.pop("sort", None) == filters.get("sort")
    assert (selection.path, asked) == (path, query)


def plainly(**filters: Any) -> list[Any]:
    """Filter as one would by hand."""
    return [event for event in EVENTS if all(getattr(facets(event), name) == want for name, want in filters.items())]


def kept(**filters: Any) -> list[Any]:
    keep = select(filters).keep  # type: ignore[arg-type]
    return [event for event in EVENTS if keep is None or keep(event)]


def test_what_the_list_does_not_narrow_is_sorted_out() -> None:
    action = facets(EVENTS[0]).action
    assert kept(contact="0013KDC8", action=action) == plainly(action=action)
    assert kept(contact="0013KDC8", type="hit", subtype="open", action=action) == plainly(action=action)
    assert kept(channel="sms") == plainly(channel="sms") != []
    assert kept(campaign="c", type="hit", subtype="open") == plainly(type="hit", subtype="open") != []
    bounced = plainly(type="bounce")[0]
    unicity = bounced.source.detail.block.contact.unicity
    assert (
        kept(activation_start=0, unicity=unicity)
        == plainly(hash=md5(unicity.encode(), usedforsecurity=False).hexdigest())
        != []
    )
    sets = {facets(event).set for event in EVENTS} - {None}
    some = min(sets)
    assert kept(contact="0013KDC8", campaign=str(some).upper()) == plainly(set=some) != []
    assert kept(contact="0013KDC8", campaign=action) == plainly(action=action)


def test_what_the_list_stands_for_is_not_looked_at_again() -> None:
    assert select({"action": "000PE4", "type": "hit", "subtype": "open", "start": 3, "sort": "asc"}).keep is None


@pytest.mark.parametrize(
    ("filters", "hint"),
    [
        ({"contact": "0013KDC8", "hash": "ab"}, "name a contact once"),
        ({"classification": "mpp"}, "only hits are classified"),
        ({"classification": "mpp", "type": ("hit", "bounce")}, "only hits are classified"),
        ({"classification": "mpp", "type": "hit", "campaign": "000PE4"}, "no list of hits only"),
        ({"activation_start": 1, "type": "activation"}, "type is one of bounce, hit"),
        ({"strat": 1}, "no filter 'strat'; there are type"),
        ({"action": "."}, "'.' is no id"),
        ({"contact": ".."}, "'..' is no id"),
        ({"campaign": ""}, "'' is no id"),
        ({"action": "", "activation_start": 1}, "'' is no id"),
    ],
)
def test_filters_that_do_not_go_together_are_told_before_anything_is_asked(filters: Any, hint: str) -> None:
    with pytest.raises(InvalidSelection, match=hint):
        select(filters)


@pytest.mark.parametrize(
    "moment",
    [
        1_566_656_122_000,
        "2019-08-24T14:15:22Z",
        datetime(2019, 8, 24, 14, 15, 22, tzinfo=UTC),
        datetime(2019, 8, 24, 16, 15, 21, 999_500, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_a_time_is_milliseconds_a_text_or_a_datetime(moment: Any) -> None:
    assert select({"start": moment}).query == {"start": "1566656122000"}


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidTime, match="tzinfo"):
        select({"start": datetime(2019, 8, 24)})  # noqa: DTZ001  that is the fault
    with pytest.raises(InvalidInstant):
        select({"end": "yesterday"})


def test_asking_from_a_time_on_keeps_the_filters_and_puts_them_in_order() -> None:
    since = select({"activation_start": 1, "start": 2, "type": "hit"}).since(9)
    assert since.query == {"activationStart": "1", "reactivityStart": "9", "sort": "asc"}
    assert select({"start": 2}).since(9).query == {"start": "9", "sort": "asc"}


def test_a_list_about_something_that_may_not_have_occurred_yet_is_known() -> None:
    assert [select(each).named for each in ({}, {"type": "hit"}, {"action": "000PE4"}, {"hash": "ab"})] == [
        False,
        False,
        True,
        True,
    ]


def test_requests_are_plain_values() -> None:
    assert msgspec.json.encode(select({"type": "hit"}).ask()) == (
        b'["GET","/actions/events/hits",{},{"accept":"application/x-ndjson, application/json;q=0.9"},""]'
    )
