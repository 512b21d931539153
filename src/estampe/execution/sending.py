"""Sending: takes messages out of the outbox in turn, and brings each to its end.

A message's end is in the log before it leaves the outbox, so a crash between the two is seen at the next start
(`recovery`). What a crash in the middle of an SMTP dialogue leaves open is sent again with the same Message-ID: only
what was wholly sent and whose answer had not come, or was not kept yet, may arrive twice.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, defaultdict, deque
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from estampe.catalog import CatalogInUse, CatalogUnavailable
from estampe.errors import EstampeError
from estampe.execution.composing.composers import NoComposer
from estampe.execution.gathering import Gathering
from estampe.execution.lanes import Lanes
from estampe.execution.orders import Delivered, Refused
from estampe.execution.outcomes import activated, bounced, cancelled
from estampe.execution.relaying.relays import InDoubt, NoRelay
from estampe.instants import clock_ms
from estampe.log import LogClosed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from concurrent.futures import Executor

    import structlog

    from estampe.catalog import Held, Lane, Outbox
    from estampe.execution.cases import Case, Cases
    from estampe.execution.outcomes import Outcome
    from estampe.execution.policies import Policy
    from estampe.execution.relaying.relays import Relays
    from estampe.execution.settling import Settling

T = TypeVar("T")

AHEAD = 32
"""Messages of a lane that are taken in hand together: one transaction for several, few that wait in memory."""

AHEAD_OF_DOMAIN = 2 * AHEAD
"""Messages to a domain in hand from which on no more are taken: slow domains must not fill all hands."""

IN_HAND = 1_024
"""Messages in hand at most, those being sent among them."""

BYTES_IN_HAND = 1 << 26
"""What they may bring with them, but for the last one."""

_LOOK_S = 0.05
"""How soon to look again whether a domain's rate has room."""

_REST_S = 1.0
"""How long to rest when nothing happens."""

_SOON_MS = 5_000
"""How long a message waits that no composer could take, or for which the catalog could not be asked."""

_FAULT_MS = 60_000
"""How long a message waits that met a fault of ours."""

_SPREAD = 0.1
"""Retries of messages that were refused together come spread by this part of their time."""


class Sending:
    """Sends what waits in the outbox for as long as it runs.

    Parameters:
        outbox: the messages.
        cases: finds what is known of them.
        policies: judge them, in this order.
        relays: take them.
        settling: ends them.
        schedule_ms: how long to wait after each temporary refusal, milliseconds.
        at_once: messages under way at most.
        threads: where the catalog is asked.
        count: is told of each message's end, by a word.
        journal: is told of faults.
    """

    def __init__(  # noqa: PLR0913  one for each part that it calls
        self,
        *,
        outbox: Outbox,
        cases: Cases,
        policies: Sequence[Policy],
        relays: Relays,
        settling: Settling,
        schedule_ms: Sequence[int],
        at_once: int,
        threads: Executor,
        count: Callable[[str], None],
        journal: structlog.stdlib.BoundLogger,
    ) -> None:
        self._outbox = outbox
        self._policies = policies
        self._relays = relays
        self._settling = settling
        self._schedule_ms = schedule_ms
        self._at_once = at_once
        self._threads = threads
        self._count = count
        self._journal = journal
        self._looking: Gathering[Held, Case] = Gathering(cases.of, threads)
        self._lanes = Lanes()
        self._hand: defaultdict[Lane, deque[Held]] = defaultdict(deque)
        self._busy: Counter[int] = Counter()  # messages under way, by customer
        self._ready = Lanes(self._busy.__getitem__)  # that have some in hand
        self._ahead: Counter[str] = Counter()  # in hand and not begun, by domain
        self._composing: Counter[str] = Counter()
        self._in_hand = 0
        self._bytes_in_hand = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._paused_until_s = 0.0

    async def run(self) -> None:
        """Send until the task is cancelled; messages under way then go on until `finish`."""
        self._listen()
        is_begun = False
        while True:
            self._woken.clear()
            try:
                if not is_begun:
                    self._lanes.add_later(await self._ask(self._outbox.lanes))
                    is_begun = True
                await self._claim()
            except (CatalogUnavailable, CatalogInUse) as exc:
                self._journal.warning("the outbox cannot be read", reason=str(exc))
                await asyncio.sleep(_REST_S)
            self._start_those_with_room()
            await self._rest()

    async def finish(self, seconds: float) -> None:
        """Wait for messages under way, and break off those that take longer; these are sent again at the next start."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)
        for task in self._under_way:
            task.cancel()

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()

        def tell(lanes: Collection[Lane]) -> None:
            # The loop may be closing while a call is still being answered in a thread.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._arrived, lanes)

        self._outbox.listen(tell)

    def _arrived(self, lanes: Iterable[Lane]) -> None:
        self._lanes.add(lanes)
        self._woken.set()

    async def _claim(self) -> None:
        """Take messages in hand, if it is time for some."""
        now_ms = clock_ms()
        self._lanes.wake(now_ms)
        room = BYTES_IN_HAND - self._bytes_in_hand
        if time.monotonic() < self._paused_until_s or room <= 0:
            return
        wanted = dict(self._lanes.take(self._wanted, IN_HAND - self._in_hand))
        if not wanted:
            return
        try:
            held, next_ms = await self._ask(self._outbox.claim, wanted, now_ms, room)
        except (CatalogUnavailable, CatalogInUse):
            self._lanes.add(wanted)
            raise
        self._lanes.add_later(next_ms)
        self._in_hand += len(held)
        self._bytes_in_hand += sum(each.size for each in held)
        for each in held:
            self._hand[each.lane].append(each)
            self._ahead[each.domain] += 1
        self._ready.add(each.lane for each in held)

    def _wanted(self, lane: Lane) -> int:
        """Return how many of a lane to take in hand: none until few are left."""
        if self._ahead[lane.domain] >= AHEAD_OF_DOMAIN:
            return 0
        left = len(self._hand[lane]) if lane in self._hand else 0
        return AHEAD - left if left <= AHEAD // 2 else 0

    def _start_those_with_room(self) -> None:
        """Start what may be, a message at a time, of the customer that has fewest under way."""
        for lane, _ in self._ready.take(self._room, self._at_once - len(self._under_way)):
            self._start(self._hand[lane].popleft())
            if self._hand[lane]:
                self._ready.add([lane])
            else:
                del self._hand[lane]

    def _room(self, lane: Lane) -> int:
        return min(1, self._relays.room(lane.domain) - self._composing[lane.domain])

    def _start(self, held: Held) -> None:
        self._busy[held.customer] += 1
        self._ahead[held.domain] -= 1
        self._composing[held.domain] += 1
        task = asyncio.create_task(self._bring(held))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _rest(self) -> None:
        """Wait until something happens: messages came or went, or the next one is due."""
        next_ms = self._lanes.next_ms()
        due_s = _REST_S if next_ms is None else max(0.0, (next_ms - clock_ms()) / 1_000)
        pause_s = max(0.0, self._paused_until_s - time.monotonic())
        if pause_s:
            due_s = pause_s
        with suppress(TimeoutError):
            async with asyncio.timeout(min(due_s, _LOOK_S if self._ready else _REST_S)):
                await self._woken.wait()

    async def _bring(self, held: Held) -> None:
        """Bring one message to its end."""
        try:
            await self._judge(held)
        except LogClosed:
            return  # it is settled at the next start
        except (NoComposer, CatalogUnavailable) as exc:
            await self._put_back(held, _SOON_MS, held.attempts, str(exc))
        except EstampeError as exc:  # what an operator can mend, such as a key that cannot be read
            self._journal.warning("a message has to wait", stamp=str(held.stamp), reason=str(exc))
            await self._put_back(held, _FAULT_MS, held.attempts, str(exc))
        except Exception as exc:  # noqa: BLE001  no message may be lost by a fault
            self._journal.error("a message met a fault", stamp=str(held.stamp), exc_info=exc)
            reason = f"a fault of the server: {type(exc).__name__}; its log says more"
            await self._put_back(held, _FAULT_MS, held.attempts, reason)
        finally:
            self._busy[held.customer] -= 1
            self._in_hand -= 1
            self._bytes_in_hand -= held.size
            self._woken.set()

    async def _judge(self, held: Held) -> None:
        """Ask the policies, and send the message if none stops it."""
        try:
            case = await self._looking.do(held)
            cancellation = None
            for policy in self._policies:
                cancellation = await policy.cancellation(case)
                if cancellation:
                    break
        finally:
            self._composing[held.domain] -= 1
        if cancellation:
            await self._end(case, cancelled(case, cancellation), "cancelled")
        else:
            await self._send(case)

    async def _send(self, case: Case) -> None:
        assert case.letter is not None  # noqa: S101  composing has set it
        held = case.held
        try:
            answer = await self._relays.deliver(case.letter, held.domain)
        except NoRelay as exc:
            self._paused_until_s = time.monotonic() + exc.retry_s
            await self._put_back(held, round(exc.retry_s * 1_000), held.attempts, str(exc))
            return
        except InDoubt as exc:
            answer = Refused(code=0, enhanced="4.4.2", diagnostic=str(exc), mta="")
        if isinstance(answer, Delivered):
            await self._end(case, activated(case), "activated")
        elif answer.permanent or held.attempts >= len(self._schedule_ms):
            await self._end(case, bounced(case, answer), "bounced")
        else:
            wait_ms = self._schedule_ms[held.attempts] * (1 + random.uniform(0, _SPREAD))  # noqa: S311  no secret
            await self._put_back(held, round(wait_ms), held.attempts + 1, said(answer))

    async def _end(self, case: Case, outcome: Outcome, word: str) -> None:
        """Settle a message that has come to its end; whatever happens then, this process does not send it again."""
        try:
            await self._settling.end(case.held, case.customer, outcome)
        except LogClosed:
            raise
        except Exception as exc:  # noqa: BLE001  the same
            self._journal.error(
                "a message stays unsettled until the next start", stamp=str(case.held.stamp), exc_info=exc
            )
        else:
            self._count(word)

    async def _put_back(self, held: Held, wait_ms: int, attempts: int, reason: str) -> None:
        due_ms = clock_ms() + wait_ms
        await self._settling.postpone(held, due_ms, attempts, reason)
        self._lanes.add_later({held.lane: due_ms})
        self._count("postponed")

    async def _ask(self, work: Callable[..., T], *facts: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *facts)


def said(refused: Refused) -> str:
    """Write what a relay said in one line."""
    return " ".join(filter(None, (f"{refused.code or ''}", refused.enhanced, refused.diagnostic)))
