"""Robots: who follows links that nobody has read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.truth import programs
from bench.truth.journeys import Scenario
from bench.truth.programs import ACCEPT, CHROME, ENCODING, GATEWAYS, LANGUAGE, OLD_BROWSERS, address, beside

from estampe.verdicts.hits import HitClass

if TYPE_CHECKING:
    from bench.truth.journeys import Message
    from bench.truth.programs import Program

_SCANNER = HitClass.SCANNER


def _poser(message: Message) -> Program:
    """Return what calls itself a browser, with some of a browser's headers or all."""
    program = message.rng.choice((*OLD_BROWSERS, CHROME))
    return message.rng.choice((program, program.posing(ACCEPT, ENCODING), program.posing(ACCEPT, ENCODING, LANGUAGE)))


def _gateway(message: Message) -> None:
    message.sweep(message.scan_time(), [_poser(message)], [address(message.rng, GATEWAYS)])


def _cloud(message: Message) -> None:
    message.sweep(message.scan_time(), [_poser(message)], [address(message.rng, programs.CLOUDS)])


def _head_first(message: Message) -> None:
    at, program, where = message.scan_time(), [_poser(message)], [address(message.rng, programs.CLOUDS)]
    message.sweep(at, program, where, method="HEAD")
    message.sweep(at + message.rng.uniform(0.5, 3), program, where)


def _before(message: Message) -> None:
    """The receiving server scans before it says that it takes the message."""
    message.sweep(-message.rng.uniform(0.5, 8), [_poser(message)], [address(message.rng, programs.CLOUDS)], most=4)


def _fleet(message: Message) -> None:
    """Each link by another machine of it."""
    where = address(message.rng, programs.CLOUDS)
    addresses = [beside(message.rng, where) for _ in range(8)]
    message.sweep(message.scan_time(), [_poser(message) for _ in range(4)], addresses)


def _far_fleet(message: Message) -> None:
    """Each link by a machine somewhere else."""
    addresses = [address(message.rng, programs.CLOUDS) for _ in range(8)]
    message.sweep(message.scan_time(), [_poser(message) for _ in range(4)], addresses)


def _slow(message: Message) -> None:
    where = [address(message.rng, programs.CLOUDS)]
    message.sweep(message.scan_time(), [_poser(message)], where, apart=(1, 6))


def _again(message: Message) -> None:
    """An old message is scanned anew."""
    at = message.rng.uniform(1_800, 86_400)
    message.sweep(at, [_poser(message)], [address(message.rng, programs.CLOUDS)])


def _few_links(message: Message) -> None:
    message.links = message.links[:2]
    _cloud(message)


def _one(message: Message, program: Program, where: str) -> None:
    message.hit(_SCANNER, message.scan_time(), program, where, target=message.rng.choice(message.links))


def _one_of_gateway(message: Message) -> None:
    _one(message, _poser(message), address(message.rng, GATEWAYS))


def _one_bare(message: Message) -> None:
    program = message.rng.choice(OLD_BROWSERS).posing(ACCEPT, ENCODING)
    _one(message, program, address(message.rng, programs.CLOUDS))


def _one_whole(message: Message) -> None:
    _one(message, CHROME, address(message.rng, programs.CLOUDS))


def _sandbox(message: Message) -> None:
    """A real browser in a box, link by link, each from somewhere else."""
    at = message.scan_time()
    for target in message.links[:5]:
        message.hit(_SCANNER, at, CHROME, address(message.rng, programs.CLOUDS), target=target)
        at += message.rng.uniform(20, 60)


def _google(message: Message) -> None:
    rng, at = message.rng, message.scan_time()
    program, where = rng.choice(programs.GOOGLE_SECURITY), address(rng, programs.GOOGLE)
    for target in message.links[: rng.randrange(1, 6)]:
        message.hit(HitClass.GSR, at, program, where, target=target)
        at += rng.uniform(0.05, 4)


def _apple(message: Message) -> None:
    rng, at = message.rng, message.rng.lognormvariate(6, 2)
    for _ in range(rng.choice((1, 1, 1, 2))):
        message.open(HitClass.MPP, at, programs.APPLE_PROXY, address(rng, programs.APPLE))
        at += rng.uniform(0, 3_600)


def _prefetch(message: Message) -> None:
    rng = message.rng
    message.open(HitClass.PREFETCH, rng.uniform(0, 2), programs.GMAIL_PREFETCH, address(rng, programs.GOOGLE))


def _preview(message: Message) -> None:
    """Somebody pastes a link into a chat."""
    rng = message.rng
    program, where = rng.choice(programs.PREVIEWS), address(rng, programs.CLOUDS)
    message.hit(HitClass.GENERIC_ROBOT, message.reading_time(), program, where, target=rng.choice(message.links))


def _library(message: Message) -> None:
    rng, at = message.rng, message.reading_time()
    program, where = rng.choice(programs.LIBRARIES), address(rng, programs.CLOUDS)
    for target in message.links[: rng.randrange(1, 4)]:
        message.hit(HitClass.GENERIC_ROBOT, at, program, where, target=target)
        at += rng.uniform(0.05, 30)


def _decoy(message: Message) -> None:
    """Two links only, and one of them is what no person can see."""
    rng = message.rng
    at, program, where = message.scan_time(), _poser(message), address(rng, programs.CLOUDS)
    message.hit(_SCANNER, at, program, where, target="decoy", decoy=True)
    message.hit(_SCANNER, at + rng.uniform(0.1, 5), program, where, target=message.links[0])


ROBOTS = (
    Scenario("a sweep out of a gateway's network", 180, _gateway),
    Scenario("a sweep out of a network nobody lists", 180, _cloud),
    Scenario("a sweep by HEAD, then by GET", 50, _head_first),
    Scenario("a sweep before the message is taken", 50, _before),
    Scenario("a sweep by several machines of a network", 50, _fleet),
    Scenario("a sweep by machines everywhere", 30, _far_fleet),
    Scenario("a slow sweep, seconds apart", 50, _slow),
    Scenario("a sweep hours later", 30, _again),
    Scenario("a sweep of two links", 40, _few_links),
    Scenario("one link only, out of a gateway's network", 20, _one_of_gateway),
    Scenario("a sweep that takes the decoy", 20, _decoy),
    Scenario("Google's security robot", 40, _google),
    Scenario("Apple's mail proxy", 120, _apple),
    Scenario("Gmail before the message is shown", 40, _prefetch),
    Scenario("previews in chats", 40, _preview),
    Scenario("programs and libraries", 40, _library),
    Scenario(
        "one link only, an old browser's name, few headers",
        10,
        _one_bare,
        "one early click of a person who stays with an old browser, behind a proxy, looks the same",
    ),
    Scenario(
        "one link only, a whole browser, out of a network nobody lists",
        5,
        _one_whole,
        "nothing but the reader is missing",
    ),
    Scenario(
        "link by link, a whole browser, each time from elsewhere",
        5,
        _sandbox,
        "looks like a message that was forwarded",
    ),
)
