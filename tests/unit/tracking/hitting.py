"""Messages that were sent, and visits to their links, without a server."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid4

from estampe.catalog import Catalog, Contact, Contacts, Customers, open_catalog
from estampe.events import (
    Activation,
    ActivationDetail,
    Channel,
    Customer,
    Draft,
    Event,
    EventType,
    Id,
    Kind,
    Source,
    Stamp,
    Unparsed,
    decode,
    event_id,
)
from estampe.instants import clock_ms
from estampe.log import EventLog, Logs, Query
from estampe.tracking.linking.links import PATH, Addressed, LinkKind, Links, Part
from estampe.tracking.recording.activations import Message
from estampe.tracking.recording.recording import Recorded, Recording, taken_of
from estampe.tracking.spooling.segments import Kept
from estampe.tracking.spooling.visits import Visit, encode
from estampe.verdicts import Classification, HitClass, Sighting

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from estampe.tracking.recording.journeys import Judge

CUSTOMER = Customer(agency="DEMO", customer="028")
OTHER = Customer(agency="DEMO", customer="029")
LINKS = Links({1: b"secret"}, "https://events.example" + PATH)
ACTION = "000PE4"


class Profile(NamedTuple):
    """What agents are known as."""

    ua: Unparsed
    robot: str = ""


def profiles(agents: Collection[str], _whose: Mapping[str, Hashable]) -> dict[str, Any]:
    """Know nothing of an agent, but that one with `bot` in it is a robot."""
    return {agent: Profile(Unparsed(ua=agent), "a bot" if "bot" in agent else "") for agent in agents}


def judged(sighting: Sighting, journey: Sequence[Sighting]) -> Classification:
    """Call a hit a robot's by its agent, and a scanner's if two others came within a second."""
    near = [each for each in journey if abs(each.time_ms - sighting.time_ms) <= 1_000]
    swept = HitClass.SCANNER if len(near) > 1 else HitClass.HUMAN
    hit_class = HitClass.GENERIC_ROBOT if sighting.robot else swept
    return Classification(hit_class=hit_class, ruleset="test", facts=sighting.facts)


class World(NamedTuple):
    """A catalog, logs, and one customer's messages in them."""

    catalog: Catalog
    customers: Customers
    logs: Logs

    @property
    def log(self) -> EventLog:
        """The customer's log."""
        return self.logs.of(CUSTOMER)

    @property
    def customer(self) -> int:
        """The customer's number."""
        return self.customers.number_of(CUSTOMER)

    def contact(self) -> Contact:
        """Make a contact."""
        return Contacts(self.catalog, self.customer).put_many([{"Email": f"reader{uuid4().hex}@a.example"}])[0]

    def message(self, contact: str = "0000000A", customer: int | None = None) -> Addressed:
        """Return a message that is not sent yet."""
        return Addressed(self.customer if customer is None else customer, ACTION, contact, uuid4())

    def activate(self, *messages: Addressed) -> None:
        """Send messages."""
        self.log.publish([activation(message) for message in messages]).result()

    def sent(self, contact: str = "0000000A") -> Addressed:
        """Return a message that was sent."""
        message = self.message(contact)
        self.activate(message)
        return message

    def recording(
        self,
        agents: Any = None,
        judge: Judge | None = None,
        count: Callable[[str], object] = str,
        seen: Callable[[int, Mapping[str, int]], object] = lambda _customer, _people: None,
    ) -> Recording:
        """Return what records visits, just started."""
        return Recording(
            catalog=self.catalog,
            customers=self.customers,
            log_of=self.logs.of,
            agents=agents or profiles,
            judge=judge or judged,
            seen=seen,
            count=count,
        )

    def record(self, *kept: Kept) -> Recorded:
        """Record visits after a start."""
        return self.recording().record([taken_of(each) for each in kept], clock_ms())

    def events(self, *types: str) -> list[Event]:
        """Return the events of the log, of some types only."""
        return [decode(line) for chunk in self.log.scan(Query(sort="asc", types=types)) for line in chunk.splitlines()]

    def classes(self) -> dict[UUID, HitClass]:
        """Return how each hit is judged that is no human's."""
        robots = {each: Query(classes=(each,), sort="asc") for each in HitClass if each is not HitClass.HUMAN}
        return {
            decode(line).id: each
            for each, query in robots.items()
            for chunk in self.log.scan(query)
            for line in chunk.splitlines()
        }


@contextmanager
def opened(folder: Path) -> Iterator[World]:
    """Open all of it in a folder."""
    with closing(open_catalog(folder)) as catalog, closing(Logs(folder)) as logs:
        yield World(catalog, Customers(catalog), logs)


def activation(message: Addressed) -> Draft:
    """Return the draft that says that a message was sent."""
    block = Activation(
        id=message.action,
        kind=Kind.MESSAGE,
        receiver=Id(value=message.contact),
        stamp=Stamp(time=clock_ms() - 1_000, id=message.stamp, thread=uuid4()),
        recipient="reader@a.example",
    )
    source = Source(type=Channel.EMAIL, detail=ActivationDetail(activation=block))
    return Draft(type=EventType.ACTIVATION, id=event_id(message.stamp, EventType.ACTIVATION), source=source)


def name(message: Addressed) -> Message:
    """Return what names a message."""
    return Message(message.customer, message.stamp.int)


def visit(  # noqa: PLR0913  one for each thing that a visit tells
    message: Addressed,
    kind: LinkKind = LinkKind.OPEN,
    *,
    ago_s: float = 10,
    agent: str = "Mozilla/5.0",
    address: str = "192.0.2.1",
    one_click: bool = False,
    **link: Any,
) -> Kept:
    """Return a visit to a link as the spool has it, made some seconds ago."""
    token = LINKS.seal(message).address(kind, **link).rpartition("/")[2]
    made = Visit(
        time_ms=clock_ms() - round(1_000 * ago_s),
        link=LINKS.verify(token),
        address=address,
        agent=agent,
        method="POST" if kind is LinkKind.UNSUBSCRIBE else "GET",
        headers=0b101,
        one_click=one_click,
    )
    return Kept(uuid4(), encode(made), 1)


def click(message: Addressed, label: str, **options: Any) -> Kept:
    """Return a visit to a link in a message's HTML."""
    target = f"https://shop.example/{label}"
    return visit(message, LinkKind.REDIRECTION, part=Part.HTML, label=label, target=target, **options)


class Pile:
    """A spool in memory."""

    def __init__(self, kept: Iterable[Kept] = ()) -> None:
        self.left = list(kept)
        self.over: list[Kept] = []
        self.came = len(self.left)

    def arrived(self) -> int:
        """Say how many have come."""
        return self.came

    def wait(self, _seconds: float) -> bool:
        """Say whether there is something to take."""
        return bool(self.left)

    def take(self, most: int) -> list[Kept]:
        """Take the next ones."""
        found, self.left = self.left[:most], self.left[most:]
        return found

    def done(self, kept: Iterable[Kept]) -> None:
        """Note what is done."""
        self.over += kept
