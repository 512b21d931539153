"""Copies: found by all that names their message, forgotten when they are old, gone with their contact."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from estampe.catalog import Contacts, Copies, Copy, tables

if TYPE_CHECKING:
    from estampe.catalog import Catalog

NOW_MS = 1_700_000_000_000


@pytest.fixture
def copies(catalog: Catalog) -> Copies:
    return Copies(catalog)


@pytest.fixture
def copy(catalog: Catalog, customer: int) -> Copy:
    """A copy that may be kept."""
    contact = Contacts(catalog, customer).create({"Email": "reader@a.example"}).id
    row = {"customer": customer, "action": "000001", "body": "{}", "frozen_ms": NOW_MS}
    kept = tables.contents
    with catalog.writing() as connection:
        content: int = connection.execute(kept.insert().values(row).returning(kept.c.id)).scalar_one()
    return Copy(customer, contact, uuid4(), content, b'{"name":"Ada"}')


def _others(copy: Copy, count: int) -> list[Copy]:
    return [copy._replace(stamp=uuid4()) for _ in range(count)]


def _keep(catalog: Catalog, *copies: Copy, sent_ms: int = NOW_MS) -> None:
    with catalog.writing() as connection:
        Copies(catalog).keep(connection, copies, sent_ms)


def _count(catalog: Catalog) -> int:
    with catalog.reading() as connection:
        counted: int = connection.execute(select(func.count()).select_from(tables.copies)).scalar_one()
        return counted


def test_a_copy_is_found_as_it_was_kept(catalog: Catalog, copies: Copies, copy: Copy) -> None:
    _keep(catalog, copy, *_others(copy, 1))
    assert copies.find(copy.customer, copy.contact, copy.stamp) == copy


def test_a_copy_is_found_for_its_own_message_only(catalog: Catalog, copies: Copies, copy: Copy, neighbour: int) -> None:
    _keep(catalog, copy)
    customer, contact, stamp, *_ = copy
    for other in ((neighbour, contact, stamp), (customer, "0000000Z", stamp), (customer, contact, uuid4())):
        assert copies.find(*other) is None


def test_a_copy_that_is_kept_again_stays_as_it_is(catalog: Catalog, copies: Copies, copy: Copy) -> None:
    _keep(catalog, copy)
    _keep(catalog, copy._replace(variables=b"{}"))
    assert copies.find(copy.customer, copy.contact, copy.stamp) == copy


def test_what_the_transaction_does_not_end_is_not_kept(catalog: Catalog, copies: Copies, copy: Copy) -> None:
    def fail() -> None:
        with catalog.writing() as connection:
            copies.keep(connection, [copy], NOW_MS)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert _count(catalog) == 0


def test_a_contact_that_is_deleted_takes_its_copies_along(catalog: Catalog, copies: Copies, copy: Copy) -> None:
    contacts = Contacts(catalog, copy.customer)
    kept = copy._replace(contact=contacts.create({"Email": "other@a.example"}).id)
    _keep(catalog, copy, *_others(copy, 2), kept)
    contacts.delete(copy.contact)
    assert _count(catalog) == 1
    assert copies.find(copy.customer, kept.contact, kept.stamp) == kept


def test_old_copies_are_forgotten_some_at_a_time(
    catalog: Catalog, copies: Copies, copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estampe.catalog.copies._AT_ONCE", 3)
    _keep(catalog, *_others(copy, 9), sent_ms=NOW_MS - 1)
    _keep(catalog, copy)
    assert [copies.forget(NOW_MS) for _ in range(4)] == [True, True, True, False]
    assert _count(catalog) == 1
    assert copies.find(copy.customer, copy.contact, copy.stamp) == copy
