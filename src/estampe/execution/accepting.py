"""Accepting: executions of a call become messages in the outbox and events in the log, durable before the answer."""

from __future__ import annotations

import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid5

import msgspec
from msgspec import Raw

from estampe.catalog import Actions, CatalogUnavailable, Contacts, Message, State, WrongState, domain_of, frozen_content
from estampe.events import Execution, Footprint, encode_block
from estampe.execution.items import InvalidItem, Wanted, read_item
from estampe.execution.outcomes import ends, executed
from estampe.instants import clock_ms
from estampe.log import LogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from estampe.catalog import Action, Catalog, Contact, Customers, Outbox
    from estampe.events import Customer
    from estampe.log import EventLog

AT_ONCE = 500
"""Items of a slice: one transaction of the outbox and one publication each."""


class Success(msgspec.Struct, frozen=True, kw_only=True, tag="success"):
    """An item was accepted; `id` is its stamp's, which all events of the message carry."""

    id: UUID
    recipient: Footprint


class RecipientNotFound(msgspec.Struct, frozen=True, kw_only=True, tag="recipient not found"):
    """No contact is named so; `recipient` is as it was given."""

    recipient: Raw


class Wrong(msgspec.Struct, frozen=True, kw_only=True, tag="invalid item"):
    """An item is not one: where, and what is wrong."""

    path: str
    message: str


class Failure(msgspec.Struct, frozen=True, kw_only=True, tag="error"):
    """An item was not accepted; the others are not touched by it."""

    value: RecipientNotFound | Wrong


Result = Success | Failure


class _Accepted(NamedTuple):
    wanted: Wanted
    contact: Contact

    @property
    def stamp(self) -> UUID:
        return self.wanted.execution.stamp.id

    @property
    def execution(self) -> Execution:
        """The block of the message's events: the contact by all that names it."""
        return msgspec.structs.replace(self.wanted.execution, recipient=self.contact.footprint)


class Acceptance:
    """Takes executions; blocking.

    Parameters:
        catalog: actions and contacts.
        customers: the catalog's customers.
        outbox: where accepted messages wait.
        log_of: returns a customer's log.
    """

    def __init__(
        self, catalog: Catalog, customers: Customers, outbox: Outbox, log_of: Callable[[Customer], EventLog]
    ) -> None:
        self._catalog = catalog
        self._customers = customers
        self._outbox = outbox
        self._log_of = log_of
        self._owed: deque[Callable[[], None]] = deque()
        self._catching_up = threading.Lock()

    def accept(
        self, customer: Customer, action: str, items: Sequence[bytes | Raw], seed: UUID | None = None
    ) -> Iterator[list[Result]]:
        """Execute a validated action; a slice at a time, each durable when its results are yielded.

        Parameters:
            customer: whose action it is.
            action: the action's id.
            items: one JSON object for each message.
            seed: makes the ids of new stamps, so that the same call makes the same ones; None makes new ones.

        Raises:
            UnknownAction: there is none.
            WrongState: it is not validated, or nothing that is sent by mail.
            LogError, CatalogUnavailable: a slice could not be kept; those before are.
        """
        found = Actions(self._catalog, self._customers.number_of(customer)).get(action)
        return self._slices(customer, found.id, _content(found), items, seed)

    def accept_content(self, customer: Customer, content: int, items: Sequence[bytes | Raw]) -> Iterator[list[Result]]:
        """Execute a frozen content, whatever became of its action; see `accept`."""
        return self._slices(customer, frozen_content(self._catalog, content).action, content, items, None)

    def _slices(
        self, customer: Customer, action: str, content: int, items: Sequence[bytes | Raw], seed: UUID | None
    ) -> Iterator[list[Result]]:
        for start in range(0, len(items), AT_ONCE):
            some = items[start : start + AT_ONCE]
            stamps = [uuid5(seed, f"{start + place}") if seed else None for place in range(len(some))]
            yield self._slice(customer, action, content, list(zip(some, stamps, strict=True)))

    def _slice(
        self, customer: Customer, action: str, content: int, items: Sequence[tuple[bytes | Raw, UUID | None]]
    ) -> list[Result]:
        now_ms = clock_ms()
        results: dict[int, Result] = {}
        wanted: dict[int, Wanted] = {}
        for place, (json, stamp) in enumerate(items):
            try:
                wanted[place] = read_item(json, action, now_ms, stamp)
            except InvalidItem as exc:
                results[place] = Failure(value=Wrong(path=exc.path, message=str(exc)))
        accepted = self._accepted(customer, wanted, results)
        self._keep(customer, content, accepted.values(), now_ms)
        for place, each in accepted.items():
            results[place] = Success(id=each.stamp, recipient=each.contact.footprint)
        return [results[place] for place in range(len(items))]

    def _accepted(
        self, customer: Customer, wanted: dict[int, Wanted], results: dict[int, Result]
    ) -> dict[int, _Accepted]:
        """Find the contacts; those that are not found get their results."""
        named = [each.execution.recipient for each in wanted.values()]
        contacts = Contacts(self._catalog, self._customers.number_of(customer)).find(named)
        accepted: dict[int, _Accepted] = {}
        for (place, each), contact in zip(wanted.items(), contacts, strict=True):
            if contact is None:
                results[place] = Failure(value=RecipientNotFound(recipient=Raw(each.recipient)))
            else:
                accepted[place] = _Accepted(each, contact)
        return accepted

    def _keep(self, customer: Customer, content: int, accepted: Iterable[_Accepted], now_ms: int) -> None:
        """Keep messages in the outbox, then their executions in the log; those that are there already stay as they are.

        Messages that are over leave the outbox again. They are asked for only when they are in it: before, one that
        another call has just put there may come to its end unseen, and would be sent once more.
        """
        by_stamp: dict[UUID, _Accepted] = {}
        for each in accepted:
            by_stamp.setdefault(each.stamp, each)
        if not by_stamp:
            return
        self.catch_up()
        log = self._log_of(customer)
        batch = self._outbox.add(customer, [_message(each, content) for each in by_stamp.values()], now_ms)
        try:
            ended = self._ended(log, by_stamp.values())
            # Also of those that another call has just put into the outbox: this answer must be true by itself.
            log.publish([executed(each.execution, each.stamp) for each in by_stamp.values()]).result()
        except LogError:
            self._do(partial(self._outbox.drop, batch))
            raise
        self._do(partial(self._outbox.release, batch, ended))

    def catch_up(self) -> None:
        """Do what could not be done to accepted messages because the catalog did not answer.

        Raises:
            CatalogUnavailable: it still does not.
        """
        with self._catching_up:
            while self._owed:
                self._owed[0]()
                self._owed.popleft()

    def _do(self, work: Callable[[], None]) -> None:
        """Do what does not change the answer any more; later if the catalog does not answer."""
        try:
            work()
        except CatalogUnavailable:
            self._owed.append(work)

    def _ended(self, log: EventLog, accepted: Iterable[_Accepted]) -> set[UUID]:
        """Return the stamps of messages that are over, says the log; one that was just made is not asked for."""
        ids = {event: each.stamp for each in accepted if each.wanted.named for event in ends(each.stamp)}
        return {ids[found] for found in log.find(list(ids))} if ids else set()


def _message(accepted: _Accepted, content: int) -> Message:
    contact = accepted.contact
    return Message(
        stamp=accepted.stamp,
        action=str(accepted.execution.id),
        contact=contact.id,
        domain=domain_of(contact.address) if contact.address else "",
        content=content,
        execution=encode_block(accepted.execution),
        own=accepted.wanted.item.own(),
    )


def _content(action: Action) -> int:
    """Return what an action's messages are made of.

    Raises:
        WrongState: it is not validated, or nothing that is sent by mail.
    """
    if not action.type.is_mail:
        raise WrongState(action, "Estampe sends no SMS: create a mailMessage or a mailCampaign instead")
    if action.state != State.VALIDATED or action.content is None:
        raise WrongState(
            action,
            "only a validated action (state 50) can be executed: POST its validation with fortest true, then false",
        )
    return action.content
