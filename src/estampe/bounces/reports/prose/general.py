# ruff: noqa: RUF001  words of many languages
"""The general reader: recipients, and what is said of each, in reports of programs that nobody here knows."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

from estampe.bounces.reports.prose.addresses import ADDRESS, tidy
from estampe.bounces.reports.prose.format import Mention
from estampe.bounces.reports.prose.sayings import first_paragraph, has_reply, is_chatter, is_telling
from estampe.bounces.reports.prose.signs import speaks_of_failure
from estampe.bounces.reports.prose.transcripts import transcript

if TYPE_CHECKING:
    from collections.abc import Callable

    from estampe.bounces.reports.prose.letter import Letter

_ENOUGH = 3
_NEAR = 30
_FEW = 12
_PERSONS = 1_000
_REACH = 100
_IN_LINE = 50
_SHARING = 100

_FOUND = re.compile(ADDRESS)
_OF_RECIPIENT = re.compile(
    r"(?:\brecipients?|\baddress(?:ee|es)?|\b(?:mail|sent|send|message|reach|deliver[a-z]{0,5})? ?to|\buser|\bmailbox|"
    r"\baccount|\bfor|\bdestinat[a-záéó]{2,8}|\bempf[äa]nger(?:adresse)?|\ban|\bodbiorc[a-z]{1,3}|\bontvanger|"
    r"\bmottagar[a-z]{1,3}|получател[а-я]{1,4}|адрес[а-я]{0,3}|кому|发送到|发送至|投递到|投递至|發送到|傳送至|宛先|送信先|宛て?|受信者|收件人|收信人|地址|"
    r"수신자|받는 사람|\bà|\ba|\bpara)"
    r"(?: (?:address(?:es)?|is|was|name|email|e-mail|mail))?[\s:;=<>\"'(\[「『：-]{1,12}"
    r"(?:(?:rfc822|smtp) ?[;:] ?)?<?$",
    re.IGNORECASE,
)
_OF_ANOTHER = re.compile(
    r"(?:\bfrom|\bsender|\breply-to|\bcontact(?:ing)?|\bmail from|\bby|\bmessage-id|\bid|\benvelope-from|\bsent by|"
    r"\bwrite to|\bforward (?:this|the) [a-z-]{1,12} to|\bemail us at|\bsend (?:e-?)?mail to|\bhelp|"
    r"\bexp[ée]diteur|\babsender|\bvon|\bremitente|"
    r"\bmittente|\bde|"
    r"отправител[а-я]{1,3}|差出人|送信元|送信者|发件人|寄件者|寄件人|보낸 사람)(?: (?:address|"
    r"is))?[\s:;=<\"'(\[：]{1,12}<?$",
    re.IGNORECASE,
)
_FIELD_TO = re.compile(r"^[ >]{0,20}(?:to|cc|an|à|para|pour|кому|宛先|收件人)\s{0,4}[:：]", re.IGNORECASE)
_FIELD_NEXT = re.compile(
    r"^[ >]{0,20}(?:cc|subject|sent|date|betreff|gesendet|objet|asunto|assunto|oggetto|onderwerp|тема|件名|主题|"
    r"主旨)\s{0,4}[:：]",
    re.IGNORECASE,
)
_OFFICES = frozenset({"postmaster", "mailer-daemon", "abuse", "support", "helpdesk", "help", "hostmaster", "webmaster"})
_AFTER_NAME = re.compile(
    r"^[>\"')\]」』]{0,3}\s{0,8}(?:[:;\[(]|\.{3}|-{1,2}|->|=>|(?:on|el|le|am|il|em|op|den) \d{1,4}[./-])"
)
_INTRODUCED = " <\"'(["
_MARKS = " \t<>*\"'-•·>:;,.()[]「」"


class _Place(NamedTuple):
    """An address in a line, and how much says that the line is about a recipient."""

    address: str
    line: int
    weight: int


def mentions(letter: Letter) -> list[Mention]:
    """Return who did not get the message, each with the lines about it; at most 1,000."""
    heard = transcript(letter.lines)
    places = _begun(_places(letter))
    begins = sorted({place.line for place in places})
    talked = [each for each in heard if each.lower() not in letter.ours or each.lower() in letter.receivers_small]
    named = {each.lower(): each for each in (letter.failed or [*(place.address for place in places), *talked])}
    found = {place.address.lower(): place.line for place in reversed(places)}
    said = {address.lower(): lines for address, lines in heard.items()}
    for_all = cache(lambda: shared(letter))
    mentioned = [
        Mention(address, _about(letter.lines, said.get(small, []), found.get(small), begins, for_all))
        for small, address in list(named.items())[:_PERSONS]
    ]
    return mentioned or [Mention(each, shared(letter)) for each in letter.receivers[:1] if len(letter.receivers) == 1]


def shared(letter: Letter) -> list[str]:
    """Return the lines that tell why, whomever they are about."""
    telling = [line for line in letter.lines if has_reply(line)]
    if telling:
        first = letter.lines.index(telling[0])
        return letter.lines[max(0, first - 2) : first + _FEW]
    failing = [letter.lines[at] for at in sorted(letter.failing)]
    words = [line for line in letter.lines if is_telling(line)]
    choices = [[line for line in lines if not is_chatter(line)] for lines in (failing, words)]
    return next(filter(None, [*choices, failing, words]), [])[:_FEW]


def _about(
    lines: list[str], said: list[str], line: int | None, begins: list[int], for_all: Callable[[], list[str]]
) -> list[str]:
    """Return the lines about a recipient: a server's answer if there is one, else words, else what is for all."""
    block = _block(lines, line, begins) if line is not None else []
    if said and ((line is not None and has_reply(lines[line])) or not any(map(has_reply, first_paragraph(block)))):
        return said
    if any(has_reply(each) for each in block):
        return block
    block = first_paragraph(block)
    if len(begins) > 1 and any(is_telling(each) and not is_chatter(each) for each in block):
        return block
    telling = for_all()
    if any(has_reply(each) for each in telling):
        return telling
    return block if any(is_telling(each) and not is_chatter(each) for each in block) else telling


def _block(lines: list[str], at: int, begins: list[int]) -> list[str]:
    """Return the lines from a recipient's to the next recipient's; those that share one reason share its lines."""
    first = bisect_left(begins, at)
    for begin, end in pairwise([*begins, len(lines)][first : first + _SHARING]):
        block = [_without_name(lines[begin]), *lines[begin + 1 : min(end, begin + _NEAR)]]
        if end - begin >= _FEW or "".join(block).strip(_MARKS):
            return block
    return []


def _begun(places: list[_Place]) -> list[_Place]:
    """Leave out places where the recipient of the one before is named again."""
    pairs = zip([None, *places], places, strict=False)
    return [each for before, each in pairs if before is None or each.address.lower() != before.address.lower()]


def _without_name(line: str) -> str:
    """Return a line without the address that begins it, or that a label alone introduces."""
    found = _FOUND.search(line)
    if not found:
        return line
    before = line[: found.start()]
    if not before.strip(_MARKS) or (_OF_RECIPIENT.search(before) and not speaks_of_failure(before.lower())):
        return line[found.end() :].lstrip(_MARKS)
    return line


def _places(letter: Letter) -> list[_Place]:
    """Return where recipients are named, in order."""
    places: list[_Place] = []
    for at, line in enumerate(letter.lines):
        if "@" not in line:
            continue
        is_failing = at in letter.failing or has_reply(line)
        for found in islice(_FOUND.finditer(line), _IN_LINE):
            place = _Place(tidy(found[0]), at, _weight(letter, at, found, is_failing=is_failing))
            if place.weight >= _ENOUGH and "@" in place.address[1:-1]:
                places.append(place)
        if len(places) >= _PERSONS:
            break
    return places


def _weight(letter: Letter, at: int, found: re.Match[str], *, is_failing: bool) -> int:
    line = letter.lines[at]
    before, after = line[: found.start()], line[found.end() :]
    near = before[-_REACH:]
    small = tidy(found[0]).lower()
    is_first = not before.strip(_MARKS)
    is_receiver = small in letter.receivers_small
    is_office = small.partition("@")[0] in _OFFICES
    return (
        (2 if is_first else 0)
        + (2 if is_first and (not after.strip(_MARKS) or _AFTER_NAME.match(after)) else 0)
        + (1 if before.endswith("<") and is_first else 0)
        + (2 if _OF_RECIPIENT.search(near) or (before.endswith(" (") and not after.strip(_MARKS)) else 0)
        + (1 if before.rstrip(_INTRODUCED).endswith((":", "\uff1a")) else 0)
        - (5 if _OF_ANOTHER.search(near) or before.endswith(("mailto:", "/")) else 0)
        + (2 if is_failing else 0 if letter.failing.isdisjoint(range(at - 2, at + 3)) else 1)
        + (3 if is_receiver else 0)
        - (4 if _FIELD_TO.match(before) and any(map(_FIELD_NEXT.match, letter.lines[at + 1 : at + 4])) else 0)
        - (6 if small in letter.ours and not is_receiver else 0)
        - (4 if is_office and not is_receiver else 0)
    )
