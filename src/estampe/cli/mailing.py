"""A mailing: contacts kept up to date, an action executed for them in batches, and what becomes of each message."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from estampe.cli.contacts import Contact, Unfit
from estampe.client import HistoryRewritten, InvalidRequest
from estampe.errors import EstampeError
from estampe.events import CancellationDetail, Event, EventType, Render, UserDefinedPolicy, facets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from uuid import UUID

    from estampe.client import Client, Result

BATCH = 500
"""Messages accepted in one call. A run that is repeated relies on it: batches are known by their numbers."""

HANDS = 8
"""Contacts put at once."""

POLL_S = 0.5

_KINDS = (EventType.ACTIVATION, EventType.CANCELLATION, EventType.BOUNCE)


class OtherRun(EstampeError):
    """A run's id was used with other contacts or options."""

    def __init__(self, run: UUID) -> None:
        super().__init__(
            f"run {run} had another action, other contacts or other options: repeat it as it was, or leave out --run"
        )


class Mailing:
    """One run of an action; with the same id, contacts and options it may be repeated, and nobody is written to twice.

    Parameters:
        client: of the server.
        action: the action's id.
        run: the run's id, which becomes the set in every stamp.
        shared: further members of each item.
    """

    def __init__(self, client: Client, action: str, run: UUID, shared: Mapping[str, Any]) -> None:
        self._client = client
        self._action = action
        self._run = run
        self._shared = shared
        self._waiting: set[UUID] = set()
        self._bounces: dict[UUID, str] = {}
        self.accepted = 0
        self.activated = 0
        self.cancelled: Counter[str] = Counter()
        self.unfit: list[Unfit] = []

    @property
    def waiting(self) -> int:
        """How many accepted messages have neither been activated nor cancelled, as far as is known."""
        return len(self._waiting)

    @property
    def bounced(self) -> Counter[str]:
        """How many bounced, by verdict."""
        return Counter(self._bounces.values())

    def check(self) -> None:
        """See that the action can be executed.

        Raises:
            Refused: the server says why not.
        """
        self._client.execute(self._action, [])

    def accept(self, contacts: Iterable[Contact | Unfit]) -> Iterator[int]:
        """Put contacts and execute the action for them, batch by batch; yield how many are dealt with so far.

        Raises:
            OtherRun: the run was another one.
        """
        lines = iter(contacts)
        done = number = 0
        with ThreadPoolExecutor(HANDS) as hands:
            while batch := list(islice(lines, BATCH)):
                put = list(hands.map(self._put, batch))
                self._execute([each for each in put if isinstance(each, Contact)], number)
                self.unfit += (each for each in put if isinstance(each, Unfit))
                done, number = done + len(batch), number + 1
                yield done

    def settle(self) -> Iterator[None]:
        """Follow what happens until each message is activated or cancelled; yield whenever something has."""
        while self._waiting:
            with suppress(HistoryRewritten):  # what was counted is not counted again
                yield from self._follow()
        if self.accepted:
            self._catch_up()

    def _catch_up(self) -> None:
        """Count bounces that came together with the last activation."""
        for event in self._client.events(campaign=f"{self._run}", type=EventType.BOUNCE):
            self._note(event)

    def _put(self, line: Contact | Unfit) -> Contact | Unfit:
        if isinstance(line, Unfit):
            return line
        try:
            self._client.put_target(line.address, line.fields)
        except InvalidRequest as exc:
            return Unfit(line.place, line.address, exc.detail or f"{exc}")
        return line

    def _execute(self, contacts: list[Contact], number: int) -> None:
        items = [self._item(contact) for contact in contacts]
        try:
            results = self._client.execute(self._action, items, f"{self._run}-{number}")
        except InvalidRequest as exc:
            raise (OtherRun(self._run) if exc.type == "/problems/key-reused" else exc) from exc
        for contact, result in zip(contacts, results, strict=True):
            self._keep(contact, result)

    def _item(self, contact: Contact) -> dict[str, Any]:
        recipient = {"type": "unicity", "value": [contact.address]}
        return {"recipient": recipient, "set": f"{self._run}", **self._shared}

    def _keep(self, contact: Contact, result: Result) -> None:
        if result.id is not None:
            self.accepted += 1
            self._waiting.add(result.id)
        elif result.error is not None:
            reason = " ".join(filter(None, (result.error.type, result.error.path, result.error.message)))
            self.unfit.append(Unfit(contact.place, contact.address, reason))

    def _follow(self) -> Iterator[None]:
        following = self._client.follow(poll_s=POLL_S, campaign=f"{self._run}", type=_KINDS, start=0)
        with closing(following) as events:
            for event, _ in events:
                self._note(event)
                yield
                if not self._waiting:
                    return

    def _note(self, event: Event) -> None:
        told = facets(event)
        if told.stamp is None:
            return
        if told.type == EventType.BOUNCE:
            self._bounces[told.stamp] = told.subtype
        elif told.stamp in self._waiting:
            self._waiting.discard(told.stamp)
            if told.type == EventType.ACTIVATION:
                self.activated += 1
            else:
                self.cancelled[_reason(event) or told.subtype] += 1


def _reason(event: Event) -> str:
    """Return what a template says about why there is no message."""
    detail = event.source.detail
    if isinstance(detail, CancellationDetail):
        match detail.cancellation:
            case UserDefinedPolicy(value=Render(message=message)):
                return message
    return ""
