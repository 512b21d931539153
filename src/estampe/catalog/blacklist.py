"""The blacklist: addresses and domains that nothing is sent to, whoever's contacts have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from estampe.catalog import tables
from estampe.catalog.addresses import InvalidAddress, domain_of, is_domain, parse_address
from estampe.catalog.slices import slices
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement

    from estampe.catalog.store import Catalog


class Blacklist:
    """The blacklist of one customer; thread-safe.

    Parameters:
        catalog: where it is kept.
        customer: the customer's number.
    """

    def __init__(self, catalog: Catalog, customer: int) -> None:
        self._catalog = catalog
        self._customer = customer

    def add(self, address: str) -> str:
        """Put an address, or all of a domain (`@example.com`), on the list; again changes nothing.

        Returns:
            What stands on the list: lower case, in ASCII.

        Raises:
            InvalidAddress: it is neither.
        """
        listed = _listed(address)
        row = {"customer": self._customer, "address": listed, "created_ms": clock_ms()}
        with self._catalog.writing() as connection:
            connection.execute(self._catalog.insert(tables.blacklist).values(row).on_conflict_do_nothing())
        return listed

    def remove(self, address: str) -> None:
        """Take an address or a domain off the list, if it is there.

        Raises:
            InvalidAddress: it is neither.
        """
        listed = _listed(address)
        with self._catalog.writing() as connection:
            connection.execute(delete(tables.blacklist).where(*self._where(tables.blacklist.c.address == listed)))

    def list(self) -> tuple[str, ...]:
        """Return all that is listed, in alphabetical order."""
        kept = tables.blacklist.c
        with self._catalog.reading() as connection:
            return tuple(sorted(connection.scalars(select(kept.address).where(*self._where()))))

    def holds(self, addresses: Iterable[str]) -> set[str]:
        """Return those of some addresses that are listed, or whose domains are."""
        names = {address: {address.lower(), f"@{domain_of(address)}"} for address in addresses}
        listed: set[str] = set()
        kept = tables.blacklist.c
        with self._catalog.reading() as connection:
            for some in slices(set().union(*names.values())):
                listed.update(connection.scalars(select(kept.address).where(*self._where(kept.address.in_(some)))))
        return {address for address, its in names.items() if its & listed}

    def _where(self, *conditions: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
        return (tables.blacklist.c.customer == self._customer, *conditions)


def _listed(text: str) -> str:
    before, at, domain = text.strip().rpartition("@")
    if not at or before:
        return parse_address(text).lower()
    if not is_domain(domain):
        raise InvalidAddress(text)
    return f"@{domain_of(text)}"
