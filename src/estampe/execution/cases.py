"""A case: one message with all that is known of it when its turn comes."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from estampe.catalog import Blacklist, Contacts, Fields, Segments, frozen_content
from estampe.events import decode_draft

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from estampe.catalog import Catalog, Contact, Customers, Frozen, Held
    from estampe.events import Customer, Execution
    from estampe.execution.orders import Letter

Bar = Literal["excluded", "blacklisted"]

_FROZEN_KEPT = 256
"""Contents that are kept in memory."""


class Own(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the call said of one message alone: parts that are sent as they are, headers, variables."""

    subject: str | None = None
    html: str | None = None
    text: str | None = None
    headers: dict[str, str] = {}
    variables: dict[str, Any] = {}


class Case:
    """A message in hand, and what policies and composing need to know of it; it has its letter once there is one.

    Parameters:
        held: the message.
        customer: whose it is.
        frozen: the content of its action.
        contact: who it is for; None if the contact was deleted since.
        fields: the names of what the customer knows of contacts.
        barred: by what it is barred, `excluded` or `blacklisted`.
    """

    def __init__(  # noqa: PLR0913  one for each thing that is known
        self,
        *,
        held: Held,
        customer: Customer,
        frozen: Frozen,
        contact: Contact | None,
        fields: Sequence[str],
        barred: frozenset[Bar],
    ) -> None:
        self.held = held
        self.customer = customer
        self.frozen = frozen
        self.contact = contact
        self.fields = fields
        self.barred = barred
        self.letter: Letter | None = None

    @cached_property
    def execution(self) -> Execution:
        """The block of its events, as it was accepted."""
        return execution_of(self.held.execution)

    @cached_property
    def own(self) -> Own:
        """What its call said of it alone."""
        return msgspec.json.decode(self.held.own, type=Own) if self.held.own else Own()

    @property
    def address(self) -> str:
        """Where it goes; empty if there is no such place."""
        return self.contact.address if self.contact else ""


def execution_of(block: bytes) -> Execution:
    """Read a block `execution`, with all members that it has."""
    draft = decode_draft(b'{"type":"execution","source":{"type":"email","detail":{"execution":%b}}}' % block)
    execution: Execution = draft.source.detail.block  # type: ignore[assignment]  # the type says which block it has
    return execution


class Cases:
    """Looks up what is known of messages, for many at once; blocking.

    Parameters:
        catalog: where contacts and contents are.
        customers: the catalog's customers.
    """

    def __init__(self, catalog: Catalog, customers: Customers) -> None:
        self._catalog = catalog
        self._customers = customers
        self._frozen: OrderedDict[int, Frozen] = OrderedDict()

    def of(self, held: Sequence[Held]) -> list[Case]:
        """Return a case for each message, in order."""
        by_customer: dict[int, list[Held]] = defaultdict(list)
        for each in held:
            by_customer[each.customer].append(each)
        cases = {case.held.seq: case for number, some in by_customer.items() for case in self._of_one(number, some)}
        return [cases[each.seq] for each in held]

    def _of_one(self, number: int, held: Sequence[Held]) -> Iterable[Case]:
        customer = self._customers.customer_of(number)
        contacts = Contacts(self._catalog, number).facts({each.contact for each in held})
        blacklisted = Blacklist(self._catalog, number).holds({contact.address for contact in contacts.values()})
        excluded = self._excluded(number, held)
        fields = [field.name for field in Fields(self._catalog, number).list()]
        for each in held:
            contact = contacts.get(each.contact)
            bars: dict[Bar, bool] = {
                "excluded": (each.action, each.contact) in excluded,
                "blacklisted": contact is not None and contact.address in blacklisted,
            }
            barred = frozenset(bar for bar, holds in bars.items() if holds)
            yield Case(
                held=each,
                customer=customer,
                frozen=self._content(each.content),
                contact=contact,
                fields=fields,
                barred=barred,
            )

    def _excluded(self, number: int, held: Sequence[Held]) -> set[tuple[str, str]]:
        """Return which action excludes which contact, by its segments."""
        found: set[tuple[str, str]] = set()
        by_content: dict[int, list[Held]] = defaultdict(list)
        for each in held:
            by_content[each.content].append(each)
        for content, some in by_content.items():
            segments = self._content(content).excluded_segments
            if segments:
                inside = Segments(self._catalog, number).containing({each.contact for each in some}, segments)
                found |= {(each.action, each.contact) for each in some if each.contact in inside}
        return found

    def _content(self, content: int) -> Frozen:
        frozen = self._frozen.get(content) or frozen_content(self._catalog, content)
        self._frozen[content] = frozen
        self._frozen.move_to_end(content)
        if len(self._frozen) > _FROZEN_KEPT:
            self._frozen.popitem(last=False)
        return frozen
