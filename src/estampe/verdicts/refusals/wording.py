"""Wording: what a server says, without what says nothing, and which phrases are in it."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 2_000
"""How much of a diagnostic is looked at, characters."""

_GRAM = 3

_MARK = r"[245][0-9]{2}(?:[- ]#?[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9.])|-)"
_LEADING = re.compile(
    r"\A\s{0,9}(?:(?:smtp|x-[a-z0-9-]{1,30}) ?; ?)?(?:[245][0-9]{2}(?![0-9])(?:[ -]|:\s)?)?"
    r"(?:#?[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9.]))?"
)
_MARKS = re.compile(rf"(?<![^\s(;:]){_MARK}")
_REPLYING = re.compile(r"\(in reply to ([a-z ]{4,20}) command\)")
_ADDRESS = re.compile(r"<?[^\s<>\"'()\[\],;@]{1,64}@[^\s<>\"'()\[\],;:@]{1,255}>?")
_HOST = re.compile(r"(?<![a-z0-9_.-])(?:[a-z0-9_-]{1,63}\.){2,8}[a-z]{2,6}(?![a-z0-9_-])")
_TELLING = re.compile(
    r"resolver\.|storedrv\.|routing\.|smtpsend\.|spamhaus|spamcop|sorbs|barracuda|uribl|surbl|dnsbl|[.]rbl|^rbl|abuseat|"
    r"senderbase|sender\.office|njabl|invaluement|mailspike|spamrats|uceprotect|psbl|backscatterer|nixspam|cloudmark"
)
_COMMANDS = {
    "rcpt": "RCPT",
    "recipient": "RCPT",
    "data": "DATA",
    "text": "DATA",
    "bdat": "DATA",
    "mail": "MAIL",
    "helo": "HELO",
    "ehlo": "HELO",
    "lhlo": "HELO",
    "conn": "CONN",
}
"""Signs in the names of commands, such as `end of DATA` or `MAIL FROM`."""

_SPACES = re.compile(r"\s+")


def wording(diagnostic: str) -> str:
    """Return what was said in small letters, between `^ ` and ` $`, without codes and names.

    An address becomes `@`, a host's name `§` unless it is that of a list or of Exchange's reasons: somebody may be
    called spam@, and a server antispam.example.
    """
    text = _LEADING.sub("", diagnostic[:LONGEST].lower().replace("\u2019", "'"), count=1)
    text = _HOST.sub(_host, _nameless(_MARKS.sub(" ", _REPLYING.sub(" ", text))))
    return f"^ {_SPACES.sub(' ', text).strip()} $"


def _nameless(text: str) -> str:
    return _ADDRESS.sub("@", text) if "@" in text else text


def command(name: str, diagnostic: str = "") -> str:
    """Return the kind of an SMTP command: `CONN`, `HELO`, `MAIL`, `RCPT` or `DATA`; empty if unknown.

    Parameters:
        name: how a report names it, empty if it does not.
        diagnostic: what was said, which may name it in the manner of Postfix.
    """
    replying = None if name else _REPLYING.search(diagnostic[:LONGEST].lower())
    said = (replying[1] if replying else name).lower()
    return next((kind for sign, kind in _COMMANDS.items() if sign in said), "")


def _host(found: re.Match[str]) -> str:
    return found[0] if _TELLING.search(found[0]) else "§"


def pattern(phrase: str, space: str = " ") -> str:
    """Return a regular expression for a phrase, which begins where a word does.

    Parameters:
        phrase: as rules have it.
        space: the expression for a space in it.
    """
    words = phrase.removeprefix("^ ").removesuffix(" $") if space != " " else phrase
    return ".{0,60}?".join(_part(part, space) for part in words.split("*"))


def _part(part: str, space: str) -> str:
    begin = "(?<![a-z])" if part[:1].isalpha() else ""
    return begin + space.join(re.escape(word).replace("'", "['\u2019]") for word in part.split(" "))


class Phrasebook:
    """Many phrases, found in a text without looking for each: only for those of which three rare letters are there."""

    def __init__(self, phrases: Iterable[str]) -> None:
        known = sorted(set(phrases))
        often = Counter(chain.from_iterable(_grams(_longest(phrase)) for phrase in known))
        self._short = tuple(phrase for phrase in known if len(_longest(phrase)) < _GRAM)
        self._by_gram: dict[str, list[tuple[str, str, re.Pattern[str]]]] = {}
        for phrase in set(known).difference(self._short):
            rarest = min(_grams(_longest(phrase)), key=lambda gram: (often[gram], gram))
            exactly = re.compile(pattern(phrase), re.DOTALL)
            self._by_gram.setdefault(rarest, []).append((phrase, _longest(phrase), exactly))

    def found(self, text: str) -> frozenset[str]:
        """Return the phrases that are in a text."""
        here = _grams(text) & self._by_gram.keys()
        longer = [
            phrase
            for gram in here
            for phrase, part, exactly in self._by_gram[gram]
            if part in text and exactly.search(text)
        ]
        return frozenset(longer).union(phrase for phrase in self._short if phrase in text)


def _longest(phrase: str) -> str:
    return max(phrase.split("*"), key=len)


def _grams(text: str) -> set[str]:
    return {text[at : at + _GRAM] for at in range(len(text) - _GRAM + 1)}
