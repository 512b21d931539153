"""The outbox: what is accepted stays until it is over, is released once its execution is kept, and is claimed once."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import psycopg
import pytest

from estampe.catalog import (
    Backlog,
    CatalogInUse,
    CatalogUnavailable,
    Customers,
    Lane,
    Message,
    MessageState,
    Outbox,
    Postponed,
    open_catalog,
    tables,
)
from estampe.events import Customer

if TYPE_CHECKING:
    from pathlib import Path

    from estampe.catalog import Catalog, Held

CUSTOMER = Customer(agency="DEMO", customer="028")
NEIGHBOUR = Customer(agency="DEMO", customer="029")
NOW_MS = 1_700_000_000_000


@pytest.fixture
def customers(catalog: Catalog) -> Customers:
    return Customers(catalog)


@pytest.fixture
def outbox(catalog: Catalog, customers: Customers) -> Outbox:
    for customer in (CUSTOMER, NEIGHBOUR):
        number = customers.number_of(customer)
        with catalog.writing() as connection:
            row = {"id": number, "customer": number, "action": "000001", "body": "{}", "frozen_ms": NOW_MS}
            connection.execute(tables.contents.insert().values(row))
    return Outbox(catalog, customers)


def _messages(count: int, domain: str = "a.example", content: int = 1) -> list[Message]:
    return [
        Message(
            stamp=uuid4(),
            action="000001",
            contact=f"{number:08}",
            domain=domain,
            content=content,
            execution=b'{"number":%d}' % number,
        )
        for number in range(count)
    ]


def _claimed(outbox: Outbox, lane: Lane, count: int, now_ms: int = NOW_MS) -> list[Held]:
    return outbox.claim({lane: count}, now_ms)[0]


def test_a_message_is_claimed_only_when_its_execution_is_kept(outbox: Outbox, customers: Customers) -> None:
    lane = Lane(customers.number_of(CUSTOMER), "a.example")
    batch = outbox.add(CUSTOMER, _messages(3), NOW_MS)
    assert _claimed(outbox, lane, 9) == []
    outbox.release(batch)
    assert [held.execution for held in _claimed(outbox, lane, 9)] == [b'{"number":%d}' % number for number in range(3)]


def test_a_message_is_claimed_once(outbox: Outbox, customers: Customers) -> None:
    lane = Lane(customers.number_of(CUSTOMER), "a.example")
    messages = _messages(1_201)
    outbox.release(outbox.add(CUSTOMER, messages, NOW_MS))
    claimed = [held.stamp for _ in range(4) for held in _claimed(outbox, lane, 400)]
    assert claimed == [message.stamp for message in messages]


def test_a_stamp_is_kept_once(outbox: Outbox) -> None:
    first, second, third = _messages(3)
    outbox.add(CUSTOMER, [first, second], NOW_MS)
    batch = outbox.add(CUSTOMER, [second, third, third], NOW_MS)
    assert batch.known == {second.stamp}
    assert len(batch.rows) == 1


def test_another_customer_may_have_the_same_stamp(outbox: Outbox) -> None:
    (message,) = _messages(1)
    outbox.add(CUSTOMER, [message], NOW_MS)
    assert outbox.add(NEIGHBOUR, [message], NOW_MS).known == frozenset()


def test_what_is_dropped_was_never_there(outbox: Outbox) -> None:
    messages = _messages(2)
    outbox.drop(outbox.add(CUSTOMER, messages, NOW_MS))
    assert outbox.add(CUSTOMER, messages, NOW_MS).known == frozenset()


def test_each_lane_is_claimed_for_itself(outbox: Outbox, customers: Customers) -> None:
    mine, theirs = customers.number_of(CUSTOMER), customers.number_of(NEIGHBOUR)
    outbox.release(outbox.add(CUSTOMER, [*_messages(5), *_messages(2, "b.example")], NOW_MS))
    outbox.release(outbox.add(NEIGHBOUR, _messages(4, content=2), NOW_MS))
    lanes = {Lane(mine, "a.example"): 3, Lane(mine, "b.example"): 3, Lane(theirs, "a.example"): 1}
    assert outbox.lanes() == dict.fromkeys(lanes, NOW_MS)
    held, next_ms = outbox.claim(lanes, NOW_MS)
    assert [(each.customer, each.domain) for each in held] == [
        *[(mine, "a.example")] * 3,
        *[(mine, "b.example")] * 2,
        (theirs, "a.example"),
    ]
    assert next_ms == {lane: NOW_MS if lane.domain == "a.example" else None for lane in lanes}


def test_large_messages_are_taken_in_hand_a_few_at_a_time(outbox: Outbox, customers: Customers) -> None:
    """Those before the last one bring less than what is allowed together; one is always taken."""
    lane = Lane(customers.number_of(CUSTOMER), "a.example")
    large = [msgspec.structs.replace(message, own=bytes(1_000)) for message in _messages(5)]
    outbox.release(outbox.add(CUSTOMER, large, NOW_MS))
    taken = [len(outbox.claim({lane: 9}, NOW_MS, most_bytes)[0]) for most_bytes in (1, 2_000, 0, 9_000)]
    assert taken == [1, 2, 0, 2]
    assert [len(outbox.stranded(MessageState.SENDING, 0, 9, most_bytes)) for most_bytes in (1, 2_000)] == [1, 2]


def test_what_is_taken_in_hand_is_bounded_over_all_lanes(outbox: Outbox, customers: Customers) -> None:
    number = customers.number_of(CUSTOMER)
    lanes = {Lane(number, f"{name}.example"): 9 for name in "abc"}
    large = [
        msgspec.structs.replace(message, own=bytes(1_000)) for lane in lanes for message in _messages(2, lane.domain)
    ]
    outbox.release(outbox.add(CUSTOMER, large, NOW_MS))
    held, next_ms = outbox.claim(lanes, NOW_MS, 3_000)
    assert [each.domain for each in held] == ["a.example", "a.example", "b.example"]
    assert list(next_ms.values()) == [None, NOW_MS, NOW_MS]


def test_who_listens_is_told_where_messages_wait(outbox: Outbox, customers: Customers) -> None:
    told: list[frozenset[Lane]] = []
    outbox.listen(told.append)
    outbox.release(outbox.add(CUSTOMER, [*_messages(2), *_messages(1, "b.example")], NOW_MS))
    number = customers.number_of(CUSTOMER)
    assert told == [{Lane(number, "a.example"), Lane(number, "b.example")}]


def test_what_is_postponed_waits_until_its_time_and_says_why(
    outbox: Outbox, customers: Customers, catalog: Catalog
) -> None:
    lane = Lane(customers.number_of(CUSTOMER), "a.example")
    outbox.release(outbox.add(CUSTOMER, _messages(2), NOW_MS))
    ended, later = _claimed(outbox, lane, 2)
    with catalog.writing() as connection:
        postponed = Postponed(seq=later.seq, due_ms=NOW_MS + 60_000, attempts=1, reason="450 greylisted")
        outbox.settle(connection, [ended.seq], [postponed])
    assert outbox.claim({lane: 9}, NOW_MS) == ([], {lane: NOW_MS + 60_000})
    (waiting,) = Backlog(catalog, customers).waiting(CUSTOMER, 9)
    assert (waiting.stamp, waiting.attempts, waiting.reason) == (later.stamp, 1, "450 greylisted")
    (again,) = _claimed(outbox, lane, 9, NOW_MS + 60_000)
    assert (again.stamp, again.attempts) == (later.stamp, 1)


def test_what_a_process_left_behind_is_found_and_freed(outbox: Outbox, customers: Customers) -> None:
    lane = Lane(customers.number_of(CUSTOMER), "a.example")
    outbox.add(CUSTOMER, _messages(1, "b.example"), NOW_MS)
    outbox.release(outbox.add(CUSTOMER, _messages(3), NOW_MS))
    held = _claimed(outbox, lane, 3)
    assert len(outbox.stranded(MessageState.ARRIVING, 0, 9)) == 1
    assert outbox.stranded(MessageState.SENDING, held[0].seq, 9) == held[1:]
    outbox.free([each.seq for each in held[1:]])
    assert _claimed(outbox, lane, 9) == held[1:]


def test_the_backlog_is_counted_by_domain_and_state(outbox: Outbox, customers: Customers, catalog: Catalog) -> None:
    outbox.release(outbox.add(CUSTOMER, _messages(3), NOW_MS))
    outbox.add(CUSTOMER, _messages(1, "b.example"), NOW_MS)
    outbox.release(outbox.add(NEIGHBOUR, _messages(2, content=2), NOW_MS))
    _claimed(outbox, Lane(customers.number_of(CUSTOMER), "a.example"), 1)
    backlog = Backlog(catalog, customers)
    counted = {(each.customer, each.domain, each.state): each.messages for each in backlog.summary()}
    assert counted == {
        (CUSTOMER, "a.example", MessageState.WAITING): 2,
        (CUSTOMER, "a.example", MessageState.SENDING): 1,
        (CUSTOMER, "b.example", MessageState.ARRIVING): 1,
        (NEIGHBOUR, "a.example", MessageState.WAITING): 2,
    }
    assert {each.customer for each in backlog.summary(NEIGHBOUR)} == {NEIGHBOUR}
    assert len(backlog.waiting(None, 4)) == 4


def test_one_process_sends(catalog: Catalog, catalog_url: str, tmp_path: Path) -> None:
    """On SQLite whoever holds the data folder does; on PostgreSQL a second server is refused."""
    catalog.own()
    catalog.own()
    if not catalog_url:
        return
    with closing(open_catalog(tmp_path, catalog_url)) as other:
        with pytest.raises(CatalogInUse, match="another server sends"):
            other.own()
        catalog.close()
        other.own()


def test_who_lost_its_connection_owns_again(catalog: Catalog, catalog_url: str) -> None:
    catalog.own()
    if not catalog_url:
        return
    with psycopg.connect(catalog_url, autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(CatalogUnavailable):
        catalog.own()
    catalog.own()
