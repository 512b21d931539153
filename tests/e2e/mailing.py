"""A customer that sends: a validated action, contacts, executions, and what became of each message."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx

from estampe.catalog import Contacts, Customers, Keys, open_catalog, parse_customer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

CUSTOMER = parse_customer("DEMO/028")
PATIENCE_S = 30
CONTENT = {
    "headers": {"from": {"prefix": "shop", "domain": "shop.example", "label": "The Shop"}},
    "subject": "Your order, {{ Email }}",
    "html": "<style>p { color: #123 }</style><h1>Thank you</h1><p>It is on its way, {{ Email }} — bientôt.</p>",
}
ENDS = frozenset({"activation", "cancellation"})


class Mailing:
    """One action of a customer.

    Parameters:
        url: a running server.
        data: its data folder.
        catalog: its catalog, as ESTAMPE_CATALOG names it.
    """

    def __init__(self, url: str, data: Path, catalog: str = "") -> None:
        self._place = data, catalog
        with closing(open_catalog(data, catalog)) as opened, closing(Keys(opened)) as keys:
            key = keys.create(CUSTOMER, ("read", "write")).text
        self.client = httpx.Client(base_url=url, headers={"X-Key": key}, trust_env=False, timeout=60)
        self.action = ""
        self._start = "0"
        self._events: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._ended: set[str] = set()

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()

    def validate(self, **members: Any) -> None:
        """Make the action and validate it."""
        body = {"type": "mailMessage", "name": "Order", "content": CONTENT, **members}
        self.action = self.ask("POST", "/actions", body)["id"]
        for for_test in (True, False):
            self.ask("POST", f"/actions/{self.action}/validation", {"fortest": for_test, "testSegments": []})

    def keep(self, addresses: Iterable[str]) -> None:
        """Make contacts, all at once."""
        with closing(open_catalog(*self._place)) as catalog:
            contacts = Contacts(catalog, Customers(catalog).number_of(CUSTOMER))
            contacts.put_many([{"Email": address} for address in addresses])

    def execute(self, items: Sequence[Mapping[str, Any]], idempotency_key: str = "") -> list[Any]:
        """Execute the action; return the results."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        results: list[Any] = self.ask("POST", f"/actions/{self.action}/executions", items, headers)
        return results

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """Call the server; return what it answers."""
        answer = self._answered(method, path, json=body, headers=headers)
        return answer.json() if answer.content else None

    def settled(self, stamps: AbstractSet[str], patience_s: float = PATIENCE_S) -> Mapping[str, list[dict[str, Any]]]:
        """Wait until each message is activated or cancelled; return all events of the action by stamp, in order.

        Parameters:
            stamps: the messages.
            patience_s: how long to wait while nothing happens, seconds.
        """
        self._read()
        deadline_s = time.monotonic() + patience_s
        while stamps - self._ended and time.monotonic() < deadline_s:
            time.sleep(0.2)
            if self._read():
                deadline_s = time.monotonic() + patience_s
        return self._events

    def _read(self) -> int:
        """Read events that became final since; return their number."""
        path = f"/actions/{self.action}/events"
        answer = self._answered("GET", path, params={"start": self._start, "sort": "asc"})
        self._start = answer.headers["X-Events-Complete-Until"]
        events = answer.json()
        for event in events:
            detail = event["source"]["detail"]
            block = detail["activation"] if "activation" in detail else detail["execution"]
            self._events[block["stamp"]["id"]].append(event)
            if event["type"] in ENDS:
                self._ended.add(block["stamp"]["id"])
        return len(events)

    def _answered(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = self.client.request(method, path, **options)
        assert answer.is_success, answer.text
        return answer


def recipient(address: str, **members: Any) -> dict[str, Any]:
    """Return an item of an execution."""
    return {"recipient": {"type": "unicity", "value": [address]}, **members}
