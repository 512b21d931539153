"""Contacts: each is told apart by its unicity, found by all its names, and known to its customer alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from estampe.catalog import (
    ContactExists,
    Contacts,
    InvalidContact,
    InvalidField,
    Redlist,
    UnknownContact,
    addressed,
)
from estampe.events import Footprint, Hash, Id, Unicity, hash_of

if TYPE_CHECKING:
    from estampe.catalog import Catalog
    from estampe.events import Identity

NAME = "Ann@Example.com"


@pytest.fixture
def contacts(catalog: Catalog, customer: int) -> Contacts:
    return Contacts(catalog, customer)


def test_a_contact_is_kept_as_it_was_given(contacts: Contacts) -> None:
    values = {"First name": "Änn", "age": 3, "size": 1.5, "vip": True, "tags": ["a", "b"], "none": None}
    contact = contacts.create({"Email": f" {NAME} ", **values})
    assert contacts.get(contact.id) == contact
    assert (contact.id, contact.unicity, contact.address, contact.hash) == ("00000001", NAME, NAME, hash_of(NAME))
    del values["none"]
    assert contact.values == {"Email": NAME, **values}
    assert contact.footprint == Footprint(id="00000001", unicity=NAME, hash=hash_of(NAME))
    assert (contact.redlisted_ms, contact.redlist_origin, contact.bounced_ms) == (None, None, None)


def test_fields_are_named_by_their_ids_too(contacts: Contacts) -> None:
    contact = contacts.create({"1": NAME, "city": "Lille"})
    assert contacts.update(contact.id, {"2": "Paris"}).values == {"Email": NAME, "city": "Paris"}


def test_a_domain_in_other_letters_is_encoded_in_the_address(contacts: Contacts) -> None:
    contact = contacts.create({"Email": "ann@exämple.com"})
    assert (contact.unicity, contact.address) == ("ann@exämple.com", "ann@xn--exmple-cua.com")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "'Email' is missing"),
        ({"Email": None}, "'Email' is missing"),
        ({"Email": "  "}, "'Email' is missing"),
        ({"Email": "nobody"}, "'nobody' is no e-mail address"),
        ({"Email": 7}, "'7' is no e-mail address"),
        ({"Email": "a@b.example\r\nBcc: c@d.example"}, "is no e-mail address"),
        ({"Email": NAME, "a": {"b": 1}}, "'a' cannot be"),
        ({"Email": NAME, "a": [1]}, "'a' cannot be"),
        ({"Email": NAME, "a": float("nan")}, "'a' cannot be"),
        ({"Email": NAME, "a": 2**63}, "'a' cannot be"),
        ({"Email": NAME, "a": "x" * 65_536}, "65536 are the most"),
    ],
)
def test_values_that_cannot_be_are_refused(contacts: Contacts, values: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidContact) as caught:
        contacts.create(values)
    assert said in str(caught.value)
    assert contacts.page("", 1) == []


def test_a_second_contact_of_the_same_unicity_is_refused_and_the_first_is_named(contacts: Contacts) -> None:
    first = contacts.create({"Email": NAME})
    with pytest.raises(ContactExists, match=first.id) as caught:
        contacts.create({"Email": f" {NAME}"})
    assert caught.value.contact == first.id
    assert contacts.create({"Email": NAME.lower()}).id != first.id


def test_an_update_changes_what_it_names(contacts: Contacts) -> None:
    contact = contacts.create({"Email": NAME, "a": "1", "b": "2"})
    changed = contacts.update(contact.id, {"a": None, "b": "3", "c": "4"})
    assert changed.values == {"Email": NAME, "b": "3", "c": "4"}
    assert contacts.get(contact.id) == changed


def test_a_contact_is_renamed_unless_another_has_the_name(contacts: Contacts) -> None:
    contact, other = contacts.create({"Email": NAME}), contacts.create({"Email": "bob@example.com"})
    with pytest.raises(ContactExists, match=other.id):
        contacts.update(contact.id, {"Email": "bob@example.com"})
    renamed = contacts.update(contact.id, {"Email": "ann@example.org"})
    assert (renamed.id, renamed.hash) == (contact.id, hash_of("ann@example.org"))
    assert contacts.by_unicity("ann@example.org") == renamed
    with pytest.raises(UnknownContact):
        contacts.by_unicity(NAME)


def test_a_contact_cannot_lose_its_unicity(contacts: Contacts) -> None:
    contact = contacts.create({"Email": NAME})
    with pytest.raises(InvalidContact):
        contacts.update(contact.id, {"Email": None})


def test_putting_makes_or_changes(contacts: Contacts) -> None:
    made = contacts.put(NAME, {"a": "1"})
    changed = contacts.put(NAME, {"b": "2"})
    assert (made.id, changed.values) == (changed.id, {"Email": NAME, "a": "1", "b": "2"})
    assert contacts.put(NAME, {"Email": "new@example.com"}).id == made.id
    with pytest.raises(InvalidContact):
        contacts.put("nobody", {})


def test_many_are_put_at_once(contacts: Contacts) -> None:
    kept = contacts.create({"Email": "0@example.com", "a": "old", "b": "kept"})
    rows = [{"Email": f"{number}@example.com", "a": number} for number in range(1_200)]
    put = contacts.put_many([*rows, {"Email": "7@example.com", "c": "later"}])
    assert [contact.unicity for contact in put[:-1]] == [row["Email"] for row in rows]
    assert put[0].values == {"Email": "0@example.com", "a": 0, "b": "kept"}
    assert put[-1] == put[7]
    assert put[7].values == {"Email": "7@example.com", "a": 7, "c": "later"}
    assert put[0].id == kept.id
    assert contacts.find([contact.footprint for contact in put]) == put
    assert len({contact.id for contact in put}) == 1_200


def test_nothing_is_put_when_one_of_many_cannot_be(contacts: Contacts) -> None:
    for wrong in ({"Email": "nobody"}, {"a": "1"}, {"Email": NAME, "a": {}}):
        with pytest.raises(InvalidContact, match="row 2: "):
            contacts.put_many([{"Email": "bob@example.com"}, wrong])
    assert contacts.put_many([]) == []
    assert contacts.page("", 1) == []


def test_a_deleted_contact_is_gone_and_its_id_is_never_used_again(contacts: Contacts) -> None:
    contact = contacts.create({"Email": NAME})
    contacts.delete(contact.id)
    for use in (contacts.get, contacts.delete):
        with pytest.raises(UnknownContact, match=contact.id):
            use(contact.id)
    assert contacts.create({"Email": NAME}).id == "00000002"


def test_contacts_are_paged_by_id(contacts: Contacts) -> None:
    put = contacts.put_many([{"Email": f"{number}@example.com"} for number in range(40)])
    assert contacts.page("", 30) == put[:30]
    assert contacts.page(put[29].id, 30) == put[30:]
    assert contacts.page(put[-1].id, 30) == []


def test_a_contact_is_found_by_each_of_its_names(contacts: Contacts) -> None:
    ann, bob = contacts.put_many([{"Email": NAME}, {"Email": "bob@example.com"}])
    unknown = hash_of("nobody")
    identities: list[Identity] = [
        Id(value=ann.id),
        Id(value="ZZZZZZZZ"),
        Id(value="no id\0"),
        Unicity(value=(NAME,)),
        Unicity(value=(NAME, "b")),
        Hash(value=bob.hash.upper()),
        Hash(value=unknown),
        bob.footprint,
        Footprint(id=ann.id, unicity="", hash=bob.hash),
        Footprint(id="old", unicity="", hash=ann.hash),
        Footprint(id=ann.id, unicity=NAME, hash=unknown),
    ]
    assert contacts.find(identities) == [ann, None, None, ann, None, bob, None, bob, bob, ann, None]
    assert contacts.by_hash(ann.hash.upper()) == contacts.by_unicity(f" {NAME} ") == ann
    for text in ("", "z" * 32, "\0", unknown):
        with pytest.raises(UnknownContact):
            contacts.by_hash(text)


def test_facts_are_those_of_known_contacts(contacts: Contacts) -> None:
    ann = contacts.create({"Email": NAME})
    assert contacts.facts([ann.id, "ZZZZZZZZ", "", "\0"]) == {ann.id: ann}


def test_a_dead_address_is_marked_once_and_a_new_one_is_alive(contacts: Contacts, catalog: Catalog) -> None:
    ann = contacts.create({"Email": NAME})
    for time_ms in (1, 2):
        with catalog.writing() as connection:
            contacts.mark_bounced(connection, [ann.id, "ZZZZZZZZ"], time_ms)
    assert contacts.get(ann.id).bounced_ms == 1
    assert contacts.update(ann.id, {"a": "1"}).bounced_ms == 1
    assert contacts.update(ann.id, {"Email": "ann@example.org"}).bounced_ms is None
    assert contacts.get(ann.id).bounced_ms is None


def test_one_contact_is_made_when_many_ask_for_it_at_once(contacts: Contacts) -> None:
    def put(number: int) -> str:
        return contacts.put(NAME, {f"field {number % 3}": number}).id

    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(put, range(24)))
    assert len(ids) == 1
    assert contacts.by_unicity(NAME).values.keys() == {"Email", "field 0", "field 1", "field 2"}


def test_a_contact_is_unknown_to_another_customer(contacts: Contacts, catalog: Catalog, neighbour: int) -> None:
    ann = contacts.create({"Email": NAME})
    theirs = Contacts(catalog, neighbour)
    identities: list[Identity] = [Id(value=ann.id), Unicity(value=(NAME,)), Hash(value=ann.hash), ann.footprint]
    assert theirs.find(identities) == [None] * 4
    assert (theirs.facts([ann.id]), theirs.page("", 9)) == ({}, [])
    for use in (theirs.get, theirs.delete, theirs.by_hash, theirs.by_unicity, Redlist(catalog, neighbour).add):
        for name in (ann.id, ann.hash, NAME):
            with pytest.raises(UnknownContact):
                use(name)
    with pytest.raises(UnknownContact):
        theirs.update(ann.id, {"a": "1"})
    with catalog.writing() as connection:
        theirs.mark_bounced(connection, [ann.id], 1)
    assert contacts.get(ann.id) == ann
    assert theirs.create({"Email": NAME}).id == ann.id


@pytest.mark.parametrize("name", ["", " a", "a\0", "a\n", "9", "x" * 101])
def test_a_name_that_cannot_be_a_fields_is_refused(contacts: Contacts, name: str) -> None:
    with pytest.raises(InvalidField):
        contacts.create({"Email": NAME, name: "1"})


def test_all_that_a_contact_is_goes_through_json(contacts: Contacts) -> None:
    contact = contacts.create({"Email": NAME, "text": "\0\u2028\U0001f600", "number": -(2**63)})
    assert contacts.get(contact.id) == contact
    assert msgspec.json.decode(msgspec.json.encode(contact), type=type(contact)) == contact


def test_a_contact_that_proved_alive_since_is_dead_no_more(catalog: Catalog, contacts: Contacts) -> None:
    ids = [contacts.create({"Email": f"{number}@example.com"}).id for number in range(3)]
    with catalog.writing() as connection:
        contacts.mark_bounced(connection, ids[:2], 1_000)
    contacts.clear_bounced({ids[0]: 1_001, ids[1]: 1_000, ids[2]: 1_001, "ZZZZZZZZ": 1_001})
    assert [contacts.get(each).bounced_ms for each in ids] == [None, 1_000, None]


def test_a_contact_of_another_customer_stays_dead(catalog: Catalog, contacts: Contacts, neighbour: int) -> None:
    theirs = Contacts(catalog, neighbour)
    assert contacts.create({"Email": NAME}).id == theirs.create({"Email": NAME}).id
    with catalog.writing() as connection:
        theirs.mark_bounced(connection, ["00000001"], 1_000)
    contacts.clear_bounced({"00000001": 2_000})
    assert theirs.get("00000001").bounced_ms == 1_000


def test_contacts_are_found_by_their_addresses(
    catalog: Catalog, contacts: Contacts, customer: int, neighbour: int
) -> None:
    ann = contacts.create({"Email": NAME})
    contacts.create({"Email": "ben@example.com"})
    theirs = Contacts(catalog, neighbour).create({"Email": NAME.lower()})
    assert addressed(catalog, NAME.upper()) == [(customer, ann.id), (neighbour, theirs.id)]
    assert addressed(catalog, "nobody@example.com") == []
