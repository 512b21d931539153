"""Recovery: what a process left in the outbox when it ended is brought in order before another one sends."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from estampe.catalog import MessageState
from estampe.execution.cases import execution_of
from estampe.execution.outcomes import ends, executed
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from estampe.catalog import Customers, Held, Outbox
    from estampe.events import Customer
    from estampe.log import EventLog

_AT_ONCE = 500


class Recovery:
    """Brings an outbox in order; blocking, and nothing else may use the outbox meanwhile.

    Parameters:
        outbox: the messages.
        customers: the catalog's customers.
        log_of: returns a customer's log.
        longest_ms: how long a message may have to wait for its next attempt, milliseconds.
    """

    def __init__(
        self, outbox: Outbox, customers: Customers, log_of: Callable[[Customer], EventLog], longest_ms: int
    ) -> None:
        self._longest_ms = longest_ms
        self._outbox = outbox
        self._customers = customers
        self._log_of = log_of

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
            self._outbox.free([each.seq for each in held if each.seq not in ended], list(ended))
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

    def _ended(self, held: Sequence[Held]) -> set[int]:
        """Return the numbers of messages whose activation or cancellation is in the log."""
        ended: set[int] = set()
        for log, some in self._by_log(held):
            found = log.find([event_id for each in some for event_id in ends(each.stamp)])
            ended |= {each.seq for each in some if not found.keys().isdisjoint(ends(each.stamp))}
        return ended

    def _by_log(self, held: Sequence[Held]) -> Iterator[tuple[EventLog, list[Held]]]:
        by_customer: dict[int, list[Held]] = defaultdict(list)
        for each in held:
            by_customer[each.customer].append(each)
        return ((self._log_of(self._customers.customer_of(number)), some) for number, some in by_customer.items())
