"""Fields: a customer starts with `Email`; names that are new become fields."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from estampe.catalog import Contacts, Field, Fields, InvalidField

if TYPE_CHECKING:
    from estampe.catalog import Catalog

EMAIL = Field(id=1, name="Email", type="email", is_unicity=True, is_mandatory=True)


def test_a_customer_starts_with_one_field(catalog: Catalog, customer: int) -> None:
    fields = Fields(catalog, customer)
    assert fields.list() == fields.list() == (EMAIL,)


def test_new_names_become_fields_by_what_they_hold(catalog: Catalog, customer: int) -> None:
    Contacts(catalog, customer).create({"Email": "a@b.example", "age": 3, "vip": True, "city": "Lille"})
    assert [(field.id, field.name, field.type) for field in Fields(catalog, customer).list()] == [
        (1, "Email", "email"),
        (2, "age", "numeric"),
        (3, "vip", "textField"),
        (4, "city", "textField"),
    ]


def test_fields_are_taken_by_name_and_by_id(catalog: Catalog, customer: int) -> None:
    fields = Fields(catalog, customer)
    with catalog.writing() as connection:
        taken = fields.take(connection, {"1": "a@b.example", "city": "Lille"})
    assert taken["1"] == taken["Email"] == EMAIL
    assert taken["city"] == taken["2"] == fields.list()[1]


def test_there_are_not_too_many(catalog: Catalog, customer: int) -> None:
    fields = Fields(catalog, customer)
    with catalog.writing() as connection:
        fields.take(connection, {f"field {number}": "" for number in range(499)})
    with catalog.writing() as connection, pytest.raises(InvalidField, match="500"):
        fields.take(connection, {"one more": ""})


def test_a_name_becomes_one_field_when_many_use_it_at_once(catalog: Catalog, customer: int) -> None:
    def use(number: int) -> None:
        with catalog.writing() as connection:
            Fields(catalog, customer).take(connection, {"city": "", f"field {number % 2}": ""})

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(use, range(12)))
    assert {field.name for field in Fields(catalog, customer).list()} == {"Email", "city", "field 0", "field 1"}


def test_fields_are_each_customers_own(catalog: Catalog, customer: int, neighbour: int) -> None:
    Contacts(catalog, customer).create({"Email": "a@b.example", "city": "Lille"})
    assert Fields(catalog, neighbour).list() == (EMAIL,)
