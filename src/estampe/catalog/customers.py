"""Customers: as people write them, `AGENCY/CUSTOMER`, and as numbers, which the catalog's rows have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import select

from estampe.catalog import tables
from estampe.errors import EstampeError
from estampe.events import Customer

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection

    from estampe.catalog.store import Catalog

_NAME = re.compile(r"([A-Za-z0-9_-]{1,64})/([A-Za-z0-9_-]{1,64})", re.ASCII)


class InvalidCustomer(EstampeError):
    """A text names no customer."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} names no customer: write AGENCY/CUSTOMER, such as DEMO/028, each 1 to 64 letters, digits, - or _"
        )


def parse_customer(text: str) -> Customer:
    """Read `AGENCY/CUSTOMER`.

    Raises:
        InvalidCustomer: the text is not so written.
    """
    match = _NAME.fullmatch(text)
    if match is None:
        raise InvalidCustomer(text)
    return Customer(agency=match[1], customer=match[2])


class Customers:
    """The customers of a catalog, by number; thread-safe."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._numbers: dict[Customer, int] = {}
        self._customers: dict[int, Customer] = {}

    def number_of(self, customer: Customer) -> int:
        """Return a customer's number, given to it when it is first asked for."""
        if customer not in self._numbers:
            self._note(customer, self._kept(customer))
        return self._numbers[customer]

    def customer_of(self, number: int) -> Customer:
        """Return the customer that has a number.

        Raises:
            KeyError: none has.
        """
        if number not in self._customers:
            kept = tables.customers
            with self._catalog.reading() as connection:
                row = connection.execute(select(kept.c.agency, kept.c.customer).where(kept.c.number == number)).first()
            if row is None:
                raise KeyError(number)
            self._note(Customer(agency=row.agency, customer=row.customer), number)
        return self._customers[number]

    def numbers(self) -> list[int]:
        """Return the numbers of all customers."""
        with self._catalog.reading() as connection:
            return list(connection.scalars(select(tables.customers.c.number).order_by(tables.customers.c.number)))

    def _kept(self, customer: Customer) -> int:
        kept = tables.customers
        names = {"agency": customer.agency, "customer": customer.customer}
        with self._catalog.writing() as connection:
            connection.execute(self._catalog.insert(kept).values(names).on_conflict_do_nothing())
            number: int = connection.execute(select(kept.c.number).filter_by(**names)).scalar_one()
            return number

    def _note(self, customer: Customer, number: int) -> None:
        self._numbers[customer] = number
        self._customers[number] = customer


def take_ids(connection: Connection, customer: int, counter: Column[int], count: int = 1) -> range:
    """Count up one of a customer's counters, inside the caller's transaction.

    Parameters:
        connection: the transaction.
        customer: the customer's number.
        counter: a column of `tables.customers`, such as `contacts`.
        count: how many ids to take.

    Returns:
        Numbers that nobody else gets, the first being 1.
    """
    kept = tables.customers
    counted = kept.update().where(kept.c.number == customer).values({counter: counter + count}).returning(counter)
    last: int = connection.execute(counted).scalar_one()
    return range(last - count + 1, last + 1)


_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def written(number: int, letters: int) -> str:
    """Write a number as ids of actions (6 letters) and contacts (8) are written: in base 36, zeros before it."""
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text.rjust(letters, "0")
