"""The desk: where a customer's part of the catalog is at hand for one call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, NamedTuple

from msgspec import Meta

from estampe.catalog import Actions, Blacklist, Contacts, Fields, Pressure, Redlist, Segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from estampe.catalog import Catalog, Contact

Date = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""An instant as the documented API writes it."""

_PAGE = 500
"""So many contacts are read at once."""


class Desk(NamedTuple):
    """The catalog, and the number of the customer whose part of it is meant."""

    catalog: Catalog
    customer: int

    @property
    def actions(self) -> Actions:
        """The customer's actions."""
        return Actions(self.catalog, self.customer)

    @property
    def contacts(self) -> Contacts:
        """The customer's contacts."""
        return Contacts(self.catalog, self.customer)

    @property
    def fields(self) -> Fields:
        """What the customer knows of contacts."""
        return Fields(self.catalog, self.customer)

    @property
    def segments(self) -> Segments:
        """The customer's segments."""
        return Segments(self.catalog, self.customer)

    @property
    def redlist(self) -> Redlist:
        """The customer's contacts that want no messages."""
        return Redlist(self.catalog, self.customer)

    @property
    def blacklist(self) -> Blacklist:
        """The addresses that the customer sends nothing to."""
        return Blacklist(self.catalog, self.customer)

    @property
    def pressure(self) -> Pressure:
        """The customer's rules of marketing pressure."""
        return Pressure(self.catalog, self.customer)


def pages(page: Callable[[str, int], Sequence[Contact]]) -> Iterator[Sequence[Contact]]:
    """Yield all contacts a page at a time.

    Parameters:
        page: returns those after an id, at most so many.
    """
    after = ""
    while some := page(after, _PAGE):
        yield some
        after = some[-1].id


def date(time_ms: int) -> str:
    """Write Unix milliseconds as the documented API does, such as `2016-04-04T08:40:00Z`."""
    return datetime.fromtimestamp(time_ms // 1_000, UTC).isoformat().replace("+00:00", "Z")
