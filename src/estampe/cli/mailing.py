"""A mailing: contacts kept up to date, an action executed for them in batches, and what becomes of each message."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from estampe.cli.contacts import Contact, Unfit
from estampe.client import HistoryRewritten, InvalidRequest
from estampe.events import CancellationDetail, Event, EventType, Render, Stamp, Unicity, UserDefinedPolicy, facets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from estampe.client import Client, Result

BATCH = 500
"""Messages accepted in one call."""

HANDS = 8
"""Contacts put at once, where they cannot be put together."""

POLL_S = 0.5

_KINDS = (EventType.ACTIVATION, EventType.CANCELLATION, EventType.BOUNCE)


class Mailing:
    """One run of an action. It may be repeated: an address has one stamp in a run, so nobody is written to twice.

    Parameters:
        client: of the server.
        action: the action's id.
        run: the run's id, which is the set in every stamp.
        shared: further members of each item.
    """

    def __init__(self, client: Client, action: str, run: UUID, shared: Mapping[str, Any]) -> None:
        self._client = client
        self._action = action
        self._run = run
        self._shared = shared
        self._waiting: set[UUID] = set()
        self._accepted: set[UUID] = set()
        self._bounces: dict[UUID, str] = {}
        self.activated = 0
        self.cancelled: Counter[str] = Counter()
        self.unfit: list[Unfit] = []

    @property
    def accepted(self) -> int:
        """How many messages the server has accepted."""
        return len(self._accepted)

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
        """Put contacts and execute the action for them, batch by batch; yield how many are dealt with so far."""
        lines = iter(contacts)
        done = 0
        with ThreadPoolExecutor(HANDS) as hands:
            while batch := list(islice(lines, BATCH)):
                put = self._put_together(batch) or list(hands.map(self._put, batch))
                self._execute([each for each in put if isinstance(each, Contact)])
                self.unfit += (each for each in put if isinstance(each, Unfit))
                done += len(batch)
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

    def _put_together(self, batch: Sequence[Contact | Unfit]) -> Sequence[Contact | Unfit]:
        """Put contacts in one call; return nothing if one of them is refused, so that each is put alone."""
        try:
            self._client.put_targets(line.fields for line in batch if isinstance(line, Contact))
        except InvalidRequest:
            return ()
        return batch

    def _put(self, line: Contact | Unfit) -> Contact | Unfit:
        if isinstance(line, Unfit):
            return line
        try:
            self._client.put_target(line.address, line.fields)
        except InvalidRequest as exc:
            return Unfit(line.place, line.address, exc.detail or f"{exc}")
        return line

    def _execute(self, contacts: list[Contact]) -> None:
        time_ms = self._client.watermark().complete_until_ms  # by the server's clock, and before any of the events
        items = [self._item(contact, time_ms) for contact in contacts]
        for contact, result in zip(contacts, self._client.execute(self._action, items), strict=True):
            self._keep(contact, result)

    def _item(self, contact: Contact, time_ms: int) -> dict[str, Any]:
        stamp = uuid5(self._run, f"{self._action} {contact.address.lower()}")
        return {
            "recipient": Unicity(value=(contact.address,)),
            "stamp": Stamp(time=time_ms, id=stamp, thread=uuid5(stamp, "thread"), set=self._run),
            **self._shared,
        }

    def _keep(self, contact: Contact, result: Result) -> None:
        if result.id is not None:
            self._accepted.add(result.id)
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
        if told.stamp not in self._accepted:
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
