"""Redlist and blacklist: who gets nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estampe.catalog import Blacklist, Contacts, InvalidAddress, Origin, Redlist, UnknownContact

if TYPE_CHECKING:
    from estampe.catalog import Catalog


def test_a_contact_stays_on_the_redlist_as_it_came(catalog: Catalog, customer: int) -> None:
    redlist, ann = Redlist(catalog, customer), Contacts(catalog, customer).create({"Email": "ann@example.com"})
    listed = redlist.add(ann.id, Origin.FORM)
    assert listed.redlist_origin == Origin.FORM
    assert redlist.add(ann.id, Origin.COMPLAINT) == listed == Contacts(catalog, customer).get(ann.id)
    assert redlist.remove(ann.id) == redlist.remove(ann.id) == ann
    for use in (redlist.add, redlist.remove):
        with pytest.raises(UnknownContact):
            use("ZZZZZZZZ")


def test_the_redlist_is_paged_by_id(catalog: Catalog, customer: int, neighbour: int) -> None:
    redlist = Redlist(catalog, customer)
    people = Contacts(catalog, customer).put_many([{"Email": f"{number}@example.com"} for number in range(9)])
    listed = [redlist.add(contact.id) for contact in people[::2]]
    assert redlist.page("", 3) == listed[:3]
    assert redlist.page(listed[2].id, 3) == listed[3:]
    assert Redlist(catalog, neighbour).page("", 3) == []


def test_the_blacklist_holds_addresses_and_whole_domains(catalog: Catalog, customer: int, neighbour: int) -> None:
    blacklist = Blacklist(catalog, customer)
    assert blacklist.add("Ann@Example.com") == blacklist.add("ann@example.COM") == "ann@example.com"
    assert blacklist.add("@Exämple.org") == "@xn--exmple-cua.org"
    assert blacklist.list() == ("@xn--exmple-cua.org", "ann@example.com")
    asked = {"ANN@example.com", "bob@example.com", "bob@xn--exmple-cua.org", "bob@mail.xn--exmple-cua.org", ""}
    assert blacklist.holds(asked) == {"ANN@example.com", "bob@xn--exmple-cua.org"}
    assert Blacklist(catalog, neighbour).holds(asked) == set()
    Blacklist(catalog, neighbour).remove("ann@example.com")
    blacklist.remove("ANN@example.com")
    blacklist.remove("@example.net")
    assert blacklist.list() == ("@xn--exmple-cua.org",)


@pytest.mark.parametrize("text", ["", "@", "example.com", "@a b", "a@b@c d", "\0@example.com"])
def test_the_blacklist_takes_nothing_else(catalog: Catalog, customer: int, text: str) -> None:
    for use in (Blacklist(catalog, customer).add, Blacklist(catalog, customer).remove):
        with pytest.raises(InvalidAddress):
            use(text)
