"""Tracking as one thing: links, the spool of those who followed them, and what makes hits of it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from estampe.tracking.recording.enriching import Enriching
from estampe.tracking.recording.recording import Recording
from estampe.tracking.recording.refused import Refused
from estampe.verdicts import classify

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from estampe.catalog import Catalog, Customers
    from estampe.events import Customer
    from estampe.log import EventLog
    from estampe.settings import Settings
    from estampe.tracking.agents import Agents
    from estampe.tracking.linking.links import Links
    from estampe.tracking.spooling.spool import Spool
    from estampe.verdicts import Classification, Networks, Sighting


class Tracking:
    """Makes events of what people do with messages.

    Parameters:
        catalog: where the redlist is.
        customers: the catalog's customers.
        log_of: returns a customer's log; blocking.
        links: reads the links that people follow.
        spool: keeps visits until they are hits; closed with this.
        agents: tells what is known of user agents; closed with this.
        networks: whose networks are known.
        settings: the operator's choices.
        seen: is told, in a thread, of the contacts of a customer, by its number, who did something themselves, and
            when, Unix milliseconds.
        count: is told of each visit by a word: `published`, `early` (its message is not activated yet), `orphaned`
            (its message never was), `refused`; and of each earlier hit that was `rejudged`.
    """

    def __init__(  # noqa: PLR0913  one for each part that it wires
        self,
        *,
        catalog: Catalog,
        customers: Customers,
        log_of: Callable[[Customer], EventLog],
        links: Links,
        spool: Spool,
        agents: Agents,
        networks: Networks,
        settings: Settings,
        seen: Callable[[int, Mapping[str, int]], object],
        count: Callable[[str], object],
    ) -> None:
        def judge(sighting: Sighting, journey: Sequence[Sighting]) -> Classification:
            return classify(sighting, journey, networks)

        self.links = links
        self.spool = spool
        self._agents = agents
        recording = Recording(
            catalog=catalog, customers=customers, log_of=log_of, agents=agents.of, judge=judge, seen=seen, count=count
        )
        refused = Refused(settings.data / "tracking" / "refused.jsonl")
        self._enriching = Enriching(
            spool, recording, refused, judge_ms=round(settings.judge_seconds * 1_000), count=count
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Make hits of visits for as long as the block lasts; the rest stays in the spool."""
        thread = threading.Thread(target=self._enriching.run, name="enricher", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._enriching.stop()
            await asyncio.to_thread(thread.join)

    def close(self) -> None:
        """Write what was handed to the spool, and end what parses agents."""
        self.spool.close()
        self._agents.close()
