"""Recovery: what a process left in the outbox when it ended is brought in order before another one sends."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from estampe.catalog import MessageState
from estampe.events import EventType, event_id
from estampe.execution.cases import execution_of
from estampe.execution.outcomes import Outcome, ends, executed
from estampe.execution.settling import Ended
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from uuid import UUID

    from estampe.catalog import Customers, Held, Outbox
    from estampe.events import Customer
    from estampe.execution.cases import Case, Cases
    from estampe.execution.settling import Settling
    from estampe.log import EventLog

_AT_ONCE = 500


class Recovery:
    """Brings an outbox in order; blocking, and nothing else may use the outbox meanwhile.

    Parameters:
        outbox: the messages.
        customers: the catalog's customers.
        cases: finds what is known of messages.
        settling: takes messages out of the outbox that are over.
        log_of: returns a customer's log.
        longest_ms: how long a message may have to wait for its next attempt, milliseconds.
    """

    def __init__(  # noqa: PLR0913  one for each part that it calls
        self,
        *,
        outbox: Outbox,
        customers: Customers,
        cases: Cases,
        settling: Settling,
        log_of: Callable[[Customer], EventLog],
        longest_ms: int,
    ) -> None:
        self._outbox = outbox
        self._customers = customers
        self._cases = cases
        self._settling = settling
        self._log_of = log_of
        self._longest_ms = longest_ms

    def run(self) -> int:
        """Publish executions that may be missing, end what the log says is over, free the rest; return their number."""
        self._outbox.own()
        now_ms = clock_ms()
        self._outbox.bring_forward(now_ms + self._longest_ms, now_ms)
        return sum(self._recover(state) for state in (MessageState.ARRIVING, MessageState.SENDING))

    def _recover(self, state: MessageState) -> int:
        count = 0
        for held in self._pages(state):
            if state == MessageState.ARRIVING:
                self._publish(held)
            ended = self._ended(held)
            self._settling.let_go(ended)
            self._outbox.free({each.seq for each in held} - {each.held.seq for each in ended})
            count += len(held)
        return count

    def _pages(self, state: MessageState) -> Iterator[list[Held]]:
        after = 0
        while held := self._outbox.stranded(state, after, _AT_ONCE):
            after = held[-1].seq
            yield held

    def _publish(self, held: Sequence[Held]) -> None:
        for log, some in self._by_log(held):
            log.publish([executed(execution_of(each.execution), each.stamp) for each in some]).result()

    def _ended(self, held: Sequence[Held]) -> list[Ended]:
        """Return messages whose activation or cancellation is in the log."""
        known: set[UUID] = set()
        for log, some in self._by_log(held):
            known.update(log.find([found for each in some for found in ends(each.stamp)]))
        cases = self._cases.of([each for each in held if not known.isdisjoint(ends(each.stamp))])
        return [Ended(case.held, case.customer, _outcome(case, known)) for case in cases]

    def _by_log(self, held: Sequence[Held]) -> Iterator[tuple[EventLog, list[Held]]]:
        by_customer: dict[int, list[Held]] = defaultdict(list)
        for each in held:
            by_customer[each.customer].append(each)
        return ((self._log_of(self._customers.customer_of(number)), some) for number, some in by_customer.items())


def _outcome(case: Case, known: Container[UUID]) -> Outcome:
    is_sent = event_id(case.held.stamp, EventType.ACTIVATION) in known
    return Outcome(drafts=(), sent=case if is_sent else None)
