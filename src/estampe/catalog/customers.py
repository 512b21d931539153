"""Customers as people write them: `AGENCY/CUSTOMER`."""

from __future__ import annotations

import re

from estampe.errors import EstampeError
from estampe.events import Customer

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
