"""Which customers a verb is about: the one that was named, or those of the data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estampe.errors import EstampeError
from estampe.log import customers_in

if TYPE_CHECKING:
    from pathlib import Path

    from estampe.events import Customer


class NoSuchLog(EstampeError):
    """The data folder has no such log."""

    def __init__(self, data: Path, customer: Customer | None, found: list[Customer]) -> None:
        missing = "no log" if customer is None else f"no log of {customer.name}"
        there = f"there are {_names(found)}" if found else "publish or import some events first"
        super().__init__(f"{data} has {missing}: {there}, or name another folder with --data")


class SeveralLogs(EstampeError):
    """The data folder has several logs and none was named."""

    def __init__(self, data: Path, found: list[Customer]) -> None:
        super().__init__(f"{data} has several logs: say which of {_names(found)}")


def chosen(data: Path, customer: Customer | None) -> list[Customer]:
    """Return the customer that was named, or else all that have a log.

    Raises:
        NoSuchLog: there is none.
    """
    found = list(customers_in(data))
    if not found or (customer is not None and customer not in found):
        raise NoSuchLog(data, customer, found)
    return found if customer is None else [customer]


def only(data: Path, customer: Customer | None) -> Customer:
    """Return the customer that was named, or else the only one that has a log.

    Raises:
        NoSuchLog: there is none.
        SeveralLogs: there are several.
    """
    found = chosen(data, customer)
    if len(found) > 1:
        raise SeveralLogs(data, found)
    return found[0]


def _names(customers: list[Customer]) -> str:
    return ", ".join(customer.name for customer in customers)
