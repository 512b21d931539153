"""What the free text of a mail says of each recipient."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from estampe.bounces.reports.prose import general
from estampe.bounces.reports.prose.formats import FORMATS
from estampe.bounces.reports.prose.letter import Letter
from estampe.bounces.reports.prose.sayings import Saying, is_telling, reporter, saying, talk
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
    name, told = _told(letter, known)
    means = next((each.means for each in known if each.name == name), "")
    stated: dict[str, Statement] = {}
    for recipient, said in told:
        mta, command = said.mta, said.command
        if len(told) == 1 and not (mta and command):  # what stands elsewhere is about the only one too
            server, answered = talk(letter.lines)
            mta, command = mta or (server if server != who else ""), command or answered
        statement = Statement(
            kind=what,
            recipient=recipient,
            format=name,
            enhanced=said.enhanced,
            basic=said.basic,
            diagnostic=means or (said.diagnostic if is_telling(said.diagnostic) else ""),
            mta=mta,
            reporting_mta=who,
            command=command,
        )
        earlier = stated.setdefault(recipient.lower(), statement)
        if not earlier.diagnostic:
            stated[recipient.lower()] = statement
    return list(stated.values())


def _known(letter: Letter) -> list[Format]:
    return [each for each in FORMATS if each.knows(letter)]


def _told(letter: Letter, known: list[Format]) -> tuple[str, list[tuple[str, Saying]]]:
    """Return who can read the mail, and what it says of whom; what a format leaves open, the rest of it tells."""
    for each in known:
        if found := each.mentions(letter):
            rest = _Rest(letter)
            return each.name, [(mention.recipient, _completed(rest, mention)) for mention in found]
    name = known[0].name if known else _GENERAL
    return name, [(mention.recipient, saying(mention.lines)) for mention in general.mentions(letter)]


class _Rest:
    """What a letter says besides its mentions; found once, however many those are."""

    def __init__(self, letter: Letter) -> None:
        self._letter = letter

    @cached_property
    def heard(self) -> dict[str, list[str]]:
        return {address.lower(): lines for address, lines in transcript(self._letter.lines).items()}

    @cached_property
    def shared(self) -> Saying:
        return saying(general.shared(self._letter))


def _completed(rest: _Rest, mention: Mention) -> Saying:
    said = saying(mention.lines)
    if said.basic is not None:
        return said
    if lines := rest.heard.get(mention.recipient.lower()):
        return saying(lines)
    return said if is_telling(said.diagnostic) else rest.shared
