"""Segments: lists of a customer's own contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estampe.catalog import (
    AlreadyMember,
    Contacts,
    InvalidSegment,
    NotMember,
    SegmentExists,
    Segments,
    UnknownContact,
    UnknownSegment,
)

if TYPE_CHECKING:
    from estampe.catalog import Catalog, Contact


@pytest.fixture
def segments(catalog: Catalog, customer: int) -> Segments:
    return Segments(catalog, customer)


@pytest.fixture
def people(catalog: Catalog, customer: int) -> list[Contact]:
    """Five contacts."""
    return Contacts(catalog, customer).put_many([{"Email": f"{number}@example.com"} for number in range(5)])


def test_a_segment_is_kept_as_it_was_given(segments: Segments) -> None:
    segment = segments.create("Friends", description="Of ours", is_test=True, expires_ms=2_000_000_000_000)
    assert (segment.id, segment.targets_count) == (1, 0)
    assert segments.get(1) == segment
    assert segments.list() == (segment,)


def test_a_name_is_taken_once(segments: Segments) -> None:
    segments.create("a")
    other = segments.create("b")
    with pytest.raises(SegmentExists, match="'a'"):
        segments.create("a")
    with pytest.raises(SegmentExists, match="'a'"):
        segments.update(other.id, name="a")
    assert segments.update(other.id, name="b", description="kept") == segments.get(other.id)


def test_a_segment_changes_in_what_is_given(segments: Segments) -> None:
    segment = segments.create("a", description="b", is_test=True, expires_ms=1)
    assert segments.update(segment.id) == segment
    changed = segments.update(segment.id, name="c", expires_ms=None)
    assert (changed.name, changed.description, changed.is_test, changed.expires_ms) == ("c", "b", True, None)
    assert segments.get(segment.id) == changed


@pytest.mark.parametrize(("name", "description"), [("", ""), ("a\n", ""), ("a" * 256, ""), ("a", "\0")])
def test_a_segment_that_cannot_be_is_refused(segments: Segments, name: str, description: str) -> None:
    with pytest.raises(InvalidSegment):
        segments.create(name, description=description)


def test_contacts_come_and_go(segments: Segments, people: list[Contact]) -> None:
    segment = segments.create("a").id
    segments.add(segment, people[0].id)
    with pytest.raises(AlreadyMember):
        segments.add(segment, people[0].id)
    with pytest.raises(NotMember):
        segments.remove(segment, people[1].id)
    assert segments.get(segment).targets_count == 1
    segments.remove(segment, people[0].id)
    assert segments.contacts(segment, "", 9) == []


def test_contacts_are_added_all_or_none(segments: Segments, people: list[Contact]) -> None:
    segment = segments.create("a").id
    assert segments.add_all(segment, [people[0].id, people[1].id]) == 2
    assert segments.add_all(segment, [people[2].id, people[1].id, people[2].id]) == 1
    with pytest.raises(UnknownContact, match="'ZZZZZZZZ', 'nobody'"):
        segments.add_all(segment, [people[4].id, "nobody", "ZZZZZZZZ"])
    assert segments.contacts(segment, "", 9) == people[:3]
    assert segments.add_all(segment, []) == 0
    segments.empty(segment)
    assert segments.get(segment).targets_count == 0


def test_contacts_are_paged_by_id(segments: Segments, people: list[Contact]) -> None:
    segment = segments.create("a").id
    segments.add_all(segment, [contact.id for contact in people])
    assert segments.contacts(segment, "", 3) == people[:3]
    assert segments.contacts(segment, people[2].id, 3) == people[3:]


def test_segments_say_which_contacts_they_hold(segments: Segments, people: list[Contact]) -> None:
    ids = [contact.id for contact in people]
    first, second = segments.create("a").id, segments.create("b").id
    segments.add_all(first, ids[:2])
    segments.add_all(second, ids[1:3])
    assert segments.containing(ids, [first, second, 99, 2**40]) == set(ids[:3])
    assert segments.containing(ids[1:], [first]) == {ids[1]}
    assert segments.containing(ids, []) == segments.containing([], [first]) == set()


def test_who_is_deleted_leaves(segments: Segments, people: list[Contact], catalog: Catalog, customer: int) -> None:
    segment = segments.create("a").id
    segments.add_all(segment, [contact.id for contact in people])
    Contacts(catalog, customer).delete(people[0].id)
    assert segments.get(segment).targets_count == 4
    segments.delete(segment)
    with pytest.raises(UnknownSegment):
        segments.get(segment)
    assert Contacts(catalog, customer).page("", 9) == people[1:]
    assert segments.create("a").id == 2


@pytest.mark.parametrize("unknown", [0, -1, 2, 2**31, 2**70])
def test_a_segment_that_is_not_there_is_unknown(segments: Segments, people: list[Contact], unknown: int) -> None:
    segments.create("a")
    for use in (segments.get, segments.delete, segments.update):
        with pytest.raises(UnknownSegment):
            use(unknown)
    for change in (segments.add, segments.remove):
        with pytest.raises(UnknownSegment):
            change(unknown, people[0].id)
    with pytest.raises(UnknownSegment):
        segments.add_all(unknown, [])
    with pytest.raises(UnknownSegment):
        segments.empty(unknown)
    with pytest.raises(UnknownSegment):
        segments.contacts(unknown, "", 1)


def test_a_segment_is_unknown_to_another_customer_and_takes_none_of_theirs(
    segments: Segments, people: list[Contact], catalog: Catalog, neighbour: int
) -> None:
    segment = segments.create("a").id
    segments.add_all(segment, [people[0].id])
    theirs = Segments(catalog, neighbour)
    for use in (theirs.get, theirs.delete):
        with pytest.raises(UnknownSegment):
            use(segment)
    assert theirs.list() == ()
    assert theirs.containing([people[0].id], [segment]) == set()
    own = theirs.create("a").id
    for change in (theirs.add, theirs.remove):
        with pytest.raises(UnknownContact):
            change(own, people[0].id)
    with pytest.raises(UnknownContact):
        theirs.add_all(own, [people[0].id])
    assert segments.contacts(segment, "", 9) == people[:1]
