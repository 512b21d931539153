"""A customer that sends: a validated action, contacts, executions, and what became of each message."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx

from estampe.catalog import Contacts, Customers, Keys, open_catalog, parse_customer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

CUSTOMER = parse_customer("DEMO/028")
PATIENCE_S = 100
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
        answer = self.client.request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def events(self) -> dict[str, list[dict[str, Any]]]:
        """Return all events of the action's messages, by the stamp's id, in order."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for event in self.ask("GET", f"/actions/{self.action}/events?sort=asc"):
            detail = event["source"]["detail"]
            block = detail["activation"] if "activation" in detail else detail["execution"]
            found[block["stamp"]["id"]].append(event)
        return found

    def settled(self, stamps: Collection[str]) -> dict[str, list[dict[str, Any]]]:
        """Wait until each message is activated or cancelled, and return all events."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            events = self.events()
            open_ones = [stamp for stamp in stamps if not any(event["type"] in ENDS for event in events[stamp])]
            if not open_ones:
                return events
            assert time.monotonic() < deadline_s, f"{len(open_ones)} of {len(stamps)} messages have no end yet"
            time.sleep(0.2)


def recipient(address: str, **members: Any) -> dict[str, Any]:
    """Return an item of an execution."""
    return {"recipient": {"type": "unicity", "value": [address]}, **members}
