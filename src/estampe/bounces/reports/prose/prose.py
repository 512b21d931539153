"""What the free text of a mail says of each recipient."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from estampe.bounces.reports.prose import general
from estampe.bounces.reports.prose.formats import FORMATS
from estampe.bounces.reports.prose.letter import Letter
from estampe.bounces.reports.prose.sayings import Saying, is_telling, reporter, saying
from estampe.bounces.reports.prose.signs import is_report, kind
from estampe.bounces.reports.prose.transcripts import transcript
from estampe.bounces.reports.report import Statement

if TYPE_CHECKING:
    from estampe.bounces.reports.mail import Part
    from estampe.bounces.reports.prose.format import Format, Mention

_GENERAL = "prose"


def statements(mail: Part) -> list[Statement]:
    """Return what the free text of a mail says of each recipient; empty where the mail is no report.

    Parameters:
        mail: the mail; at most 64 KiB of its text are read, and at most 1,000 recipients.
    """
    letter = Letter(mail)
    known = _known(letter)
    if not is_report(letter, known):
        return []
    what, who = kind(letter), reporter(letter.text)
    name, mentioned = _mentions(letter, known)
    means = next((each.means for each in known if each.name == name), "")
    rest = saying(letter.lines) if len(mentioned) == 1 else Saying()
    stated: dict[str, Statement] = {}
    for mention in mentioned:
        said = saying(mention.lines)
        statement = Statement(
            kind=what,
            recipient=mention.recipient,
            format=name,
            enhanced=said.enhanced,
            basic=said.basic,
            diagnostic=means or (said.diagnostic if is_telling(said.diagnostic) else ""),
            mta=said.mta or (rest.mta if rest.mta != who else ""),
            reporting_mta=who,
            command=said.command or rest.command,
        )
        earlier = stated.setdefault(mention.recipient.lower(), statement)
        if not earlier.diagnostic:
            stated[mention.recipient.lower()] = statement
    return list(stated.values())


def said_of(mail: Part, recipient: str) -> str:
    """Return what the free text of a report says of one recipient, in one line; empty if it says nothing.

    Parameters:
        mail: the report.
        recipient: an address.
    """
    letter = Letter(mail)
    _, mentioned = _mentions(letter, _known(letter))
    lines = next((each.lines for each in mentioned if each.recipient.lower() == recipient.lower()), [])
    return saying(lines).diagnostic if lines else ""


def _known(letter: Letter) -> list[Format]:
    return [each for each in FORMATS if each.knows(letter)]


def _mentions(letter: Letter, known: list[Format]) -> tuple[str, list[Mention]]:
    """Return who can read the mail, and what it says; what a format leaves open, its transcript or the rest tells."""
    for each in known:
        if found := each.mentions(letter):
            rest = _Rest(letter)
            return each.name, [_completed(rest, mention) for mention in found]
    return known[0].name if known else _GENERAL, general.mentions(letter)


class _Rest:
    """What a letter says besides its mentions; found once, however many those are."""

    def __init__(self, letter: Letter) -> None:
        self._letter = letter

    @cached_property
    def heard(self) -> dict[str, list[str]]:
        return {address.lower(): lines for address, lines in transcript(self._letter.lines).items()}

    @cached_property
    def shared(self) -> list[str]:
        return general.shared(self._letter)


def _completed(rest: _Rest, mention: Mention) -> Mention:
    said = saying(mention.lines)
    if said.basic is not None:
        return mention
    if lines := rest.heard.get(mention.recipient.lower()):
        return mention._replace(lines=lines)
    return mention if is_telling(said.diagnostic) else mention._replace(lines=rest.shared)
