"""People: how they read messages, through what, and who is there before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.truth import programs
from bench.truth.journeys import Scenario
from bench.truth.programs import address, beside

from estampe.verdicts.hits import HitClass

if TYPE_CHECKING:
    from bench.truth.journeys import Message
    from bench.truth.programs import Program

HUMAN = HitClass.HUMAN
_CLICKS = (0, 0, 0, 1, 1, 1, 2, 2, 3, 4)
_VIA = "via"


def _clicks(message: Message, after: float, program: Program, where: str, most: int = 4) -> None:
    """Let somebody follow some links, one after the other, now and then one twice."""
    rng = message.rng
    for _ in range(min(most, rng.choice(_CLICKS))):
        after += message.pause(15)
        target = rng.choice(message.links)
        message.hit(HUMAN, after, program, where, target=target)
        if rng.random() < 0.01:  # noqa: PLR2004  a double click
            message.hit(HUMAN, after + rng.uniform(0.1, 0.4), program, where, target=target)


def _computer(message: Message) -> None:
    program, where = message.rng.choice(programs.DESKTOPS), address(message.rng, programs.HOMES)
    _reads(message, program, program, where)


def _phone(message: Message) -> None:
    program, where = message.rng.choice(programs.PHONES), address(message.rng, programs.HOMES)
    _reads(message, program, program, where)


def _mail_program(message: Message) -> None:
    rng = message.rng
    _reads(message, rng.choice(programs.MAIL_PROGRAMS), rng.choice(programs.DESKTOPS), address(rng, programs.HOMES))


def _reads(message: Message, opener: Program, clicker: Program, where: str) -> None:
    """Let somebody read it once, or several times over the days."""
    at = message.reading_time()
    for _ in range(message.rng.choice((1, 1, 1, 2, 3))):
        message.open(HUMAN, at, opener, where)
        _clicks(message, at, clicker, where)
        at += 600 + message.reading_time()


def _no_pictures(message: Message) -> None:
    rng = message.rng
    program, where = rng.choice(programs.DESKTOPS), address(rng, programs.HOMES)
    at = message.reading_time()
    message.hit(HUMAN, at, program, where, target=rng.choice(message.links))
    _clicks(message, at, program, where)


def _apple(message: Message) -> None:
    """Apple's proxy loads the picture when the phone lies idle, the person may read it at another time."""
    rng = message.rng
    message.open(HitClass.MPP, rng.lognormvariate(6, 2), programs.APPLE_PROXY, address(rng, programs.APPLE))
    _clicks(message, message.reading_time(), rng.choice(programs.IPHONES), address(rng, programs.HOMES))


def _relay(message: Message) -> None:
    rng = message.rng
    message.open(HitClass.MPP, rng.lognormvariate(6, 2), programs.APPLE_PROXY, address(rng, programs.APPLE))
    at, program = message.reading_time(), rng.choice(programs.IPHONES)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at += message.pause(15)
        message.hit(HUMAN, at, program, address(rng, programs.RELAY), target=rng.choice(message.links))


def _gmail(message: Message) -> None:
    rng = message.rng
    if rng.random() < 0.04:  # noqa: PLR2004  bird.com: 1 to 6 of 100 opens at Gmail are false
        message.open(HitClass.PREFETCH, rng.uniform(0, 2), programs.GMAIL_PREFETCH, address(rng, programs.GOOGLE))
    at = message.reading_time()
    for _ in range(rng.choice((1, 1, 2))):
        message.open(HUMAN, at + rng.uniform(0, 60), programs.GMAIL_PROXY, address(rng, programs.GOOGLE))
    program = rng.choice(programs.PHONES + programs.DESKTOPS)
    _clicks(message, at, program, address(rng, programs.HOMES))


def _yahoo(message: Message) -> None:
    rng, at = message.rng, message.reading_time()
    message.open(HUMAN, at, programs.YAHOO_PROXY, address(rng, programs.YAHOO))
    _clicks(message, at, rng.choice(programs.PHONES + programs.DESKTOPS), address(rng, programs.HOMES))


def _office(message: Message) -> None:
    """First their gateway follows all links, later they read it."""
    rng = message.rng
    gateway = address(rng, rng.choice((programs.GATEWAYS, programs.CLOUDS)))
    scanned = message.scan_time()
    message.sweep(scanned, [rng.choice(programs.OLD_BROWSERS)], [gateway])
    _after(message, scanned, address(rng, programs.HOMES))


def _own_gateway(message: Message) -> None:
    """The gateway stands in the office: it and its people come from one address."""
    rng = message.rng
    office = address(rng, programs.HOMES[:1])
    scanned = message.scan_time()
    message.sweep(scanned, [rng.choice(programs.OLD_BROWSERS)], [office])
    _after(message, scanned, office)


def _after(message: Message, scanned: float, where: str) -> None:
    """Let somebody read it once a gateway has let it pass."""
    rng = message.rng
    at = max(message.reading_time(), scanned + rng.uniform(20, 120))
    message.open(HUMAN, at, rng.choice(programs.MAIL_PROGRAMS), where)
    _clicks(message, at, rng.choice(programs.DESKTOPS), where)


def _filtered(message: Message) -> None:
    """The office's web goes through a proxy that says so and drops headers."""
    rng, where = message.rng, address(message.rng, programs.HOMES)
    program = rng.choice(programs.DESKTOPS).posing(programs.ACCEPT, programs.ENCODING, programs.LANGUAGE, _VIA)
    _reads(message, program, program, where)


def _forwarded(message: Message) -> None:
    for _ in range(message.rng.choice((2, 2, 3, 4))):
        message.rng.choice((_computer, _phone, _mail_program, _gmail))(message)


def _mirror(message: Message) -> None:
    """Read it as a web page, and perhaps leave."""
    rng, at = message.rng, message.reading_time()
    program, where = rng.choice(programs.DESKTOPS + programs.PHONES), address(rng, programs.HOMES)
    message.hit(HUMAN, at, program, where, kind="mirror")
    _clicks(message, at, program, where)
    if rng.random() < 0.5:  # noqa: PLR2004
        message.hit(HUMAN, at + message.pause(30), program, where, kind="unsubscribe", method="POST")


def _one_click(message: Message) -> None:
    """The mail provider posts it, soon or late, from its own network."""
    rng = message.rng
    program = rng.choice(programs.ONE_CLICK)
    where = address(rng, rng.choice((programs.GOOGLE, programs.YAHOO, programs.CLOUDS)))
    message.hit(HUMAN, message.reading_time(), program, where, kind="unsubscribe", method="POST", one_click=True)


def _early(message: Message) -> None:
    """The phone is in the hand."""
    rng = message.rng
    at, program, where = rng.uniform(4, 20), rng.choice(programs.PHONES), address(rng, programs.HOMES)
    message.open(HUMAN, at, program, where)
    _clicks(message, at, program, where, most=2)


def _two_tabs(message: Message) -> None:
    """Two links into new tabs, one right after the other."""
    _tabs(message, 2)


def _many_tabs(message: Message) -> None:
    """Three or four links into new tabs, as fast as a hand can."""
    _tabs(message, message.rng.choice((3, 4)))


def _tabs(message: Message, number: int) -> None:
    rng, at = message.rng, message.reading_time()
    program, where = rng.choice(programs.DESKTOPS), address(rng, programs.HOMES)
    message.open(HUMAN, at, program, where)
    at += message.pause(15)
    for target in rng.sample(message.links, min(number, len(message.links))):
        message.hit(HUMAN, at, program, where, target=target)
        at += rng.uniform(0.4, 1.2)


def _looked_after(message: Message) -> None:
    """An antivirus program on the same computer, or the mail provider's, asks for each link that is followed."""
    rng, at = message.rng, message.reading_time()
    program, where = rng.choice(programs.DESKTOPS), address(rng, programs.HOMES)
    guard = rng.choice(programs.OLD_BROWSERS)
    behind = rng.choice((where, address(rng, programs.CLOUDS)))
    message.open(HUMAN, at, program, where)
    for target in rng.sample(message.links, rng.choice((1, 1, 2))):
        at += message.pause(15)
        message.hit(HUMAN, at, program, where, target=target)
        message.hit(HitClass.SCANNER, at + rng.uniform(-1, 0.3), guard, behind, target=target)


def _roaming(message: Message) -> None:
    """A phone whose address changes while it is used, in one network."""
    rng, at = message.rng, message.reading_time()
    program, where = rng.choice(programs.PHONES), address(rng, programs.HOMES[:1])
    message.open(HUMAN, at, program, where)
    for target in rng.sample(message.links, 2):
        at += message.pause(10)
        message.hit(HUMAN, at, program, beside(rng, where), target=target)


PEOPLE = (
    Scenario("a computer's browser", 130, _computer),
    Scenario("a phone", 110, _phone),
    Scenario("Outlook, Thunderbird, Apple Mail", 140, _mail_program),
    Scenario("pictures not loaded", 80, _no_pictures),
    Scenario("an iPhone behind Apple's mail proxy", 120, _apple),
    Scenario("clicks through Apple's relay", 40, _relay),
    Scenario("Gmail", 160, _gmail),
    Scenario("Yahoo", 30, _yahoo),
    Scenario("an office behind a gateway elsewhere", 70, _office),
    Scenario("an office behind its own gateway", 20, _own_gateway),
    Scenario("an office behind a web proxy", 20, _filtered),
    Scenario("forwarded to others", 20, _forwarded),
    Scenario("read as a web page, left there", 20, _mirror),
    Scenario("left by one click in a mail program", 10, _one_click),
    Scenario("opened within 20 s", 10, _early),
    Scenario("two links in 1.2 s", 10, _two_tabs),
    Scenario("three or four links in 3.6 s", 2, _many_tabs),
    Scenario("a guard asks for what is followed", 10, _looked_after),
    Scenario("a phone that moves", 10, _roaming),
)
