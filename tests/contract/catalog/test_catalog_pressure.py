"""Marketing pressure: rules hold back exactly what is too much, however many ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from estampe.catalog import Always, Contacts, InvalidRule, OfTopics, Pressure, Reservation, UnknownRule, open_catalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estampe.catalog import Catalog

NOW_MS = 1_700_000_000_000
DAY_MS = 86_400_000
ALWAYS = {"type": "always"}


@pytest.fixture
def pressure(catalog: Catalog, customer: int) -> Pressure:
    return Pressure(catalog, customer)


@pytest.fixture
def ann(catalog: Catalog, customer: int) -> str:
    """A contact's id."""
    return Contacts(catalog, customer).create({"Email": "ann@example.com"}).id


def capping(threshold: int = 1, *, key: str = "mail", increment: int = 1, unit: str = "WEEK") -> dict[str, Any]:
    return {"key": key, "increment": increment, "threshold": threshold, "period": {"type": unit, "value": 1}}


def wanted(contact: str, topic: UUID | None = None) -> Reservation:
    return Reservation(stamp=uuid4(), contact=contact, topic=topic)


def reserve(pressure: Pressure, *reservations: Reservation, now_ms: int = NOW_MS) -> list[UUID | None]:
    return list(pressure.reserve(reservations, now_ms).values())


def test_topics_and_rules_are_kept_in_their_order(pressure: Pressure, catalog: Catalog, neighbour: int) -> None:
    topics = [pressure.create_topic(f"topic {number}") for number in range(3)]
    assert set(pressure.topics()) == set(topics)
    chosen = {"type": "topic", "topics": [str(topics[0].id)]}
    rules = [pressure.create_rule(f"rule {number}", ALWAYS if number % 2 else chosen, capping()) for number in range(6)]
    assert pressure.rules() == tuple(rules)
    assert pressure.applying(topics[0].id) == tuple(rules)
    assert pressure.applying(topics[1].id) == pressure.applying(None) == tuple(rules[1::2])
    theirs = Pressure(catalog, neighbour)
    assert (theirs.topics(), theirs.rules()) == ((), ())


def test_a_rule_that_is_deleted_holds_nobody_back(
    pressure: Pressure, catalog: Catalog, neighbour: int, ann: str
) -> None:
    rule = pressure.create_rule("a", ALWAYS, capping(1))
    pressure.reserve([wanted(ann)], 0)
    with pytest.raises(UnknownRule):
        Pressure(catalog, neighbour).delete_rule(rule.id)
    pressure.delete_rule(rule.id)
    with pytest.raises(UnknownRule, match=str(rule.id)):
        pressure.delete_rule(rule.id)
    assert set(pressure.reserve([wanted(ann)], 0).values()) == {None}


def test_a_rule_may_be_given_as_values(pressure: Pressure) -> None:
    topic = pressure.create_topic("a")
    rule = pressure.create_rule("a", OfTopics(topics=(topic.id,)), capping())
    assert pressure.create_rule("b", Always(), rule.capping).capping == rule.capping


@pytest.mark.parametrize(
    ("predicate", "limits", "path"),
    [
        ({"type": "never"}, capping(), "$.predicate"),
        ({"type": "topic"}, capping(), "$.predicate"),
        ({"type": "topic", "topics": []}, capping(), "$.predicate"),
        ({"type": "topic", "topics": [str(uuid4())]}, capping(), "$.predicate.topics: no topic has the id"),
        (ALWAYS, capping(unit="FORTNIGHT"), "$.capping"),
        (ALWAYS, capping(increment=0), "$.capping"),
        (ALWAYS, capping(threshold=-1), "$.capping"),
        (ALWAYS, capping(key="a\0"), "$.capping"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(pressure: Pressure, predicate: object, limits: object, path: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        pressure.create_rule("a", predicate, limits)
    assert str(caught.value).startswith(path)
    assert pressure.rules() == ()


@pytest.mark.parametrize("label", ["", "a\0", "a" * 256])
def test_a_label_that_cannot_be_is_refused(pressure: Pressure, label: str) -> None:
    with pytest.raises(InvalidRule, match=r"\$\.label"):
        pressure.create_topic(label)
    with pytest.raises(InvalidRule, match=r"\$\.label"):
        pressure.create_rule(label, ALWAYS, capping())


def test_a_rule_of_another_customers_topic_is_refused(pressure: Pressure, catalog: Catalog, neighbour: int) -> None:
    theirs = Pressure(catalog, neighbour).create_topic("a")
    with pytest.raises(InvalidRule, match=str(theirs.id)):
        pressure.create_rule("a", OfTopics(topics=(theirs.id,)), capping())


def test_without_rules_all_goes(pressure: Pressure, ann: str) -> None:
    assert reserve(pressure, wanted(ann), wanted(ann)) == [None, None]
    assert pressure.reserve([], NOW_MS) == {}


def test_what_is_too_much_in_a_period_is_held_back(pressure: Pressure, ann: str) -> None:
    rule = pressure.create_rule("two a week", ALWAYS, capping(2))
    assert reserve(pressure, *(wanted(ann) for _ in range(4))) == [None, None, rule.id, rule.id]
    assert reserve(pressure, wanted(ann), now_ms=NOW_MS + 7 * DAY_MS - 1) == [rule.id]
    assert reserve(pressure, wanted(ann), now_ms=NOW_MS + 7 * DAY_MS) == [None]


def test_the_first_rule_that_is_broken_is_named(pressure: Pressure, ann: str) -> None:
    day = pressure.create_rule("two a day", ALWAYS, capping(2, unit="DAY"))
    week = pressure.create_rule("three a week", ALWAYS, capping(3))
    assert reserve(pressure, *(wanted(ann) for _ in range(3))) == [None, None, day.id]
    later = [wanted(ann), wanted(ann)]
    assert reserve(pressure, *later, now_ms=NOW_MS + 2 * DAY_MS) == [None, week.id]


def test_rules_with_one_key_count_the_same_messages_and_others_do_not(pressure: Pressure, ann: str) -> None:
    news, offers = pressure.create_topic("news"), pressure.create_topic("offers")
    of_news = pressure.create_rule("news", OfTopics(topics=(news.id,)), capping(2, key="a"))
    pressure.create_rule("offers", OfTopics(topics=(offers.id,)), capping(1, key="b"))
    both = pressure.create_rule("both", OfTopics(topics=(news.id, offers.id)), capping(3, key="a"))
    first = [wanted(ann, news.id), wanted(ann, news.id), wanted(ann, news.id)]
    assert reserve(pressure, *first) == [None, None, of_news.id]
    assert reserve(pressure, wanted(ann, offers.id)) == [None]
    assert reserve(pressure, wanted(ann, offers.id), wanted(ann)) == [pressure.applying(offers.id)[0].id, None]
    assert both.id in {rule.id for rule in pressure.applying(news.id)}


def test_the_greatest_increment_of_a_key_counts(pressure: Pressure, ann: str) -> None:
    pressure.create_rule("small", ALWAYS, capping(9, increment=1))
    great = pressure.create_rule("great", ALWAYS, capping(9, increment=4))
    assert reserve(pressure, *(wanted(ann) for _ in range(3))) == [None, None, great.id]


def test_a_message_is_counted_once(pressure: Pressure, ann: str) -> None:
    rule = pressure.create_rule("one a day", ALWAYS, capping(1, unit="DAY"))
    first, second = wanted(ann), wanted(ann)
    assert pressure.ask([first, second], NOW_MS) == {first.stamp: None, second.stamp: None}
    for now_ms in (NOW_MS, NOW_MS, NOW_MS + 3 * DAY_MS):
        assert reserve(pressure, first, first, now_ms=now_ms) == [None]
    assert pressure.ask([first, second], NOW_MS) == {first.stamp: None, second.stamp: rule.id}
    assert reserve(pressure, second) == [rule.id]
    assert reserve(pressure, second, now_ms=NOW_MS + DAY_MS) == [None]


def test_contacts_and_customers_are_counted_each_for_itself(
    pressure: Pressure, ann: str, catalog: Catalog, customer: int, neighbour: int
) -> None:
    bob = Contacts(catalog, customer).create({"Email": "bob@example.com"}).id
    rule = pressure.create_rule("one a week", ALWAYS, capping())
    assert reserve(pressure, wanted(ann), wanted(bob), wanted(ann)) == [None, None, rule.id]
    theirs = Pressure(catalog, neighbour)
    same = Contacts(catalog, neighbour).create({"Email": "ann@example.com"}).id
    assert same == ann
    theirs_rule = theirs.create_rule("one a week", ALWAYS, capping())
    assert reserve(theirs, wanted(ann), wanted(ann)) == [None, theirs_rule.id]


def test_many_contacts_are_asked_for_at_once(pressure: Pressure, catalog: Catalog, customer: int) -> None:
    rule = pressure.create_rule("one a week", ALWAYS, capping())
    people = Contacts(catalog, customer).put_many([{"Email": f"{number}@example.com"} for number in range(1_100)])
    ids = [contact.id for contact in people]
    assert set(reserve(pressure, *map(wanted, ids))) == {None}
    assert set(reserve(pressure, *map(wanted, ids[::-1]))) == {rule.id}


def test_what_no_rule_counts_any_more_is_forgotten(pressure: Pressure, ann: str) -> None:
    pressure.create_rule("one a day", ALWAYS, capping(1, unit="DAY"))
    week = pressure.create_rule("two a week", ALWAYS, capping(2))
    first, second = wanted(ann), wanted(ann)
    assert reserve(pressure, first) == reserve(pressure, second, now_ms=NOW_MS + 2 * DAY_MS) == [None]
    pressure.forget(NOW_MS + 7 * DAY_MS - 1)
    assert reserve(pressure, wanted(ann), now_ms=NOW_MS + 7 * DAY_MS - 1) == [week.id]
    pressure.forget(NOW_MS + 7 * DAY_MS)
    assert reserve(pressure, wanted(ann), now_ms=NOW_MS + 7 * DAY_MS - 1) == [None]


@pytest.fixture
def everywhere(pressure: Pressure, catalog_url: str, tmp_path: Path, customer: int) -> Iterator[tuple[Pressure, ...]]:
    """The same pressure twice; they share no lock but the database's own, as two processes do."""
    with closing(open_catalog(tmp_path, catalog_url)) as other:
        yield pressure, Pressure(other, customer)


@pytest.mark.parametrize("together", [1, 5])
def test_exactly_three_of_a_hundred_go_that_come_at_once(
    everywhere: tuple[Pressure, ...], catalog: Catalog, customer: int, ann: str, together: int
) -> None:
    rule = everywhere[0].create_rule("three a week", ALWAYS, capping(3))
    bob = Contacts(catalog, customer).create({"Email": "bob@example.com"}).id

    def ask(number: int) -> list[UUID | None]:
        some = [wanted(ann) for _ in range(together)]
        # In both orders: who locks in the order of asking locks others out for ever.
        asked = [*some, wanted(bob)] if number % 2 else [wanted(bob), *some]
        answer = everywhere[number // 2 % 2].reserve(asked, NOW_MS)
        return [answer[each.stamp] for each in some]

    with ThreadPoolExecutor(16) as threads:
        answers = [answer for some in threads.map(ask, range(100 // together)) for answer in some]
    assert (answers.count(None), answers.count(rule.id)) == (3, 97)
