"""Envelopes: where reports of failure go, an address that says which message they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from estampe.errors import EstampeError
from estampe.tokens import InvalidToken

if TYPE_CHECKING:
    from estampe.tokens import Tokens

PURPOSE = "return"
"""The purpose of tokens in return paths; they carry the customer's number and the stamp's id."""

PREFIX = "b+"
"""What return paths start with: with `+` as their delimiter, mail servers put them all into the mailbox `b`."""

_NUMBER_BYTES = 4


class NoReturnPath(EstampeError):
    """An address is no return path of ours."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address[:254]!r} is no return path of a message of ours")


class Returns:
    """Makes and reads return paths (RFC 5321 section 4.4), the senders of envelopes.

    Parameters:
        tokens: signs and reads what they carry.
        domain: where they lead.
    """

    def __init__(self, tokens: Tokens, domain: str) -> None:
        self._tokens = tokens
        self._domain = domain

    def address(self, customer_number: int, stamp: UUID) -> str:
        """Return the return path of a customer's message; its local part is 50 characters long."""
        carried = customer_number.to_bytes(_NUMBER_BYTES, "big") + stamp.bytes
        return f"{PREFIX}{self._tokens.make(PURPOSE, carried)}@{self._domain}"

    def read(self, address: str) -> tuple[int, UUID]:
        """Return whose message a return path belongs to, the customer's number, and the message's stamp.

        The domain is not looked at: it may have been another one when the message was sent.

        Raises:
            NoReturnPath: the address is none of ours.
        """
        local = address.rpartition("@")[0]
        if local[: len(PREFIX)].lower() != PREFIX:
            raise NoReturnPath(address)
        try:
            carried = self._tokens.read(PURPOSE, local[len(PREFIX) :])
        except InvalidToken as exc:
            raise NoReturnPath(address) from exc
        return int.from_bytes(carried[:_NUMBER_BYTES], "big"), UUID(bytes=carried[_NUMBER_BYTES:])
