"""Parameters of the query and the path: read by their rules, and refused with a hint rather than ignored."""

from __future__ import annotations

import re
from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from estampe import instants
from estampe.errors import EstampeError
from estampe.events import hash_of, set_of
from estampe.http.problems import Flaw, Kind, Problem
from estampe.log import HOUR_MS
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from estampe.http.route import Form, Parameter


_ID_LETTERS = 64


class InvalidText(EstampeError):
    """A text is not what its form takes."""


class Reading(NamedTuple):
    """How texts of a form are read, and what is allowed in words.

    What `read` returns is the parameter's member, or several by their names.
    """

    read: Callable[[str], Any]
    allowed: str


def _one_of(words: Mapping[str, Any]) -> Reading:
    def read(text: str) -> Any:
        if text not in words:
            raise InvalidText(f"{text[:100]!r} is not known")
        return words[text]

    return Reading(read, " or ".join(words))


def _some_of(words: Mapping[str, Any]) -> Reading:
    def read(text: str) -> tuple[Any, ...]:
        return tuple(dict.fromkeys(one.read(word.strip()) for word in text.split(",")))

    one = _one_of(words)
    return Reading(read, f"a list with commas of {', '.join(words)}")


def _classes() -> Reading:
    def read(text: str) -> tuple[HitClass, ...]:
        if text != "all" and "all" in text.split(","):
            raise InvalidText("'all' stands alone")
        return () if text == "all" else some.read(text)

    some = _some_of({word.value: word for word in HitClass})
    return Reading(read, f"all, or {some.allowed}")


def _pattern(pattern: str, allowed: str) -> Reading:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise InvalidText(f"{text[:100]!r} is none")
        return text

    return Reading(read, allowed)


def _id(text: str) -> str:
    if not 1 <= len(text) <= _ID_LETTERS:
        raise InvalidText(f"it has {len(text)} characters")
    return text


def _unicity(text: str) -> str:
    return hash_of(_text(text))


def _text(text: str) -> str:
    if not text:
        raise InvalidText("it is empty")
    return text


def _serial(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text, re.ASCII):
        raise InvalidText(f"{text[:100]!r} is none")
    return int(text)


def _campaign(text: str) -> dict[str, Any]:
    """Read a campaign's id: events name the set that they were executed in, and a bulk action is a campaign too."""
    named = set_of(text)
    return {"action": _id(text)} if named is None else {"set": named}


FORMS: dict[Form, Reading] = {
    "instant": Reading(instants.parse_instant, instants.ALLOWED),
    "order": _one_of({"asc": "asc", "desc": "desc"}),
    "id": Reading(_id, f"an id of 1 to {_ID_LETTERS} characters"),
    "number": _pattern(r"0|[1-9][0-9]{0,18}", "a whole number"),
    "serial": Reading(_serial, "a whole number from 1 on"),
    "campaign": Reading(_campaign, "a set's id, which is a UUID, or an action's"),
    "unicity": Reading(_unicity, "a contact's unicity string"),
    "hash": _pattern(r"[0-9A-Fa-f]{32}", "an MD5 in 32 hexadecimal digits"),
    "text": Reading(_text, "any text"),
    "token": _pattern(r"[\x21-\x7e]{1,255}", "1 to 255 printable characters of ASCII without spaces"),
    "classes": _classes(),
    "annotation": _one_of({"classification": True}),
    "period": _one_of({"hour": HOUR_MS, "day": 24 * HOUR_MS}),
    "groups": _some_of({"action": "action", "type": "type"}),
}


def read_path(found: Mapping[str, str], known: Iterable[Parameter]) -> dict[str, Any]:
    """Read the parameters of a path into members.

    Raises:
        Problem: there can be no such thing.
    """
    members: dict[str, Any] = {}
    for parameter in known:
        if parameter.place == "path":
            text = found[parameter.name]
            try:
                members |= _members(parameter, FORMS[parameter.form].read(text))
            except InvalidText as exc:
                allowed = FORMS[parameter.form].allowed
                flaw = Flaw(place="path", name=parameter.name, found=text[:100], allowed=allowed)
                raise Problem(Kind.NOT_FOUND, f"There is no {text[:100]!r} here; it takes {allowed}.", [flaw]) from exc
    return members


def _members(parameter: Parameter, value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {parameter.member: value}


def pairs_of(query: bytes) -> list[tuple[str, str]]:
    """Return the names and texts of a query string; as in a path, UTF-8 may stand in it as it is."""
    return parse_qsl(query.decode(errors="replace"), keep_blank_values=True)


def read_query(query: bytes, known: Sequence[Parameter], limit: int) -> dict[str, Any]:
    """Read a query string into members.

    Parameters:
        query: the query string as it came.
        known: the parameters that are allowed.
        limit: the longest query string allowed, bytes.

    Raises:
        Problem: it is too long, or a parameter is unknown, repeated or has a wrong value.
    """
    if len(query) > limit:
        raise Problem(Kind.QUERY_TOO_LONG, f"The query string has {len(query)} bytes; {limit} are allowed.")
    pairs = pairs_of(query)
    by_name = {parameter.name: parameter for parameter in known if parameter.place == "query"}
    _refuse_unknown(pairs, by_name)
    _refuse_repeated(pairs, by_name)
    members: dict[str, Any] = {}
    for name, text in pairs:
        members |= _value(by_name[name], text)
    for start, end in _SPANS:
        _refuse_backwards(members, by_name.values(), start, end)
    return members


_SPANS = (("start_ms", "end_ms"), ("activation_start_ms", "activation_end_ms"))


def _refuse_unknown(pairs: Iterable[tuple[str, str]], known: Iterable[str]) -> None:
    names = list(known)
    unknown = [name for name, _ in pairs if name not in names]
    if unknown:
        hints = [(name[:100], _nearest(name[:100].lower(), names)) for name in unknown]
        flaws = [Flaw(place="query", name=name, allowed=" or ".join(near or names) or "none") for name, near in hints]
        name, near = hints[0]
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are {', '.join(names) or 'none'}."
        raise Problem(Kind.UNKNOWN_PARAMETER, f"There is no parameter {name!r} here; {hint}", flaws)


def _nearest(name: str, known: Sequence[str]) -> list[str]:
    """Return the names that end like one in lower case, or else the one that is most like it."""
    longer = [each for each in known if name and each.lower().endswith(name)]
    return longer or get_close_matches(name, known, n=1, cutoff=0.5)


def _refuse_repeated(pairs: Iterable[tuple[str, str]], known: Mapping[str, Parameter]) -> None:
    """Refuse what is given twice, under one name or under two that mean the same."""
    repeated = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if repeated:
        flaws = [Flaw(place="query", name=name, allowed="once") for name in repeated]
        raise Problem(Kind.REPEATED_PARAMETER, f"Give {repeated[0]!r} once; it stands there more often.", flaws)
    for member, count in Counter(known[name].member for name, _ in pairs).items():
        names = [name for name, _ in pairs if known[name].member == member]
        if count > 1:
            flaws = [Flaw(place="query", name=name, allowed="one of them") for name in names]
            raise Problem(Kind.REPEATED_PARAMETER, f"Give one of {' and '.join(names)}, not both.", flaws)


def _value(parameter: Parameter, text: str) -> dict[str, Any]:
    form = FORMS[parameter.form]
    try:
        return _members(parameter, form.read(text))
    except (InvalidText, instants.InvalidInstant) as exc:
        flaw = Flaw(place="query", name=parameter.name, found=text[:100], allowed=form.allowed)
        detail = f"{parameter.name}: {exc}. Allowed is {form.allowed}."
        raise Problem(Kind.INVALID_PARAMETER, detail, [flaw]) from exc


def _refuse_backwards(members: dict[str, Any], known: Iterable[Parameter], start: str, end: str) -> None:
    start_ms, end_ms = members.get(start), members.get(end)
    if start_ms is not None and end_ms is not None and start_ms > end_ms:
        names = {parameter.member: parameter.name for parameter in known}
        flaw = Flaw(
            place="query",
            name=names[start],
            found=instants.format_instant(start_ms),
            allowed=f"an instant up to {names[end]}",
        )
        detail = f"{names[start]} lies after {names[end]}; swap them, or write a plain + in an offset as %2B."
        raise Problem(Kind.INVALID_PARAMETER, detail, [flaw])


def refuse_all_but_one(members: Mapping[str, Any], known: Iterable[Parameter], names: Sequence[str]) -> None:
    """Refuse a query in which none of some parameters is there.

    Two of them are refused too: those that set one member are when the query is read, the others here.

    Raises:
        Problem: not exactly one is there.
    """
    needed = {parameter.member for parameter in known if parameter.name in names}
    if len(needed & members.keys()) != 1:
        allowed = f"exactly one of {', '.join(names)}"
        flaws = [Flaw(place="query", name=name, allowed=allowed) for name in names]
        raise Problem(Kind.INVALID_PARAMETER, f"Say which by {allowed}.", flaws)
