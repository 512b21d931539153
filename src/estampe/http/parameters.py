"""Query parameters: read by their rules, and refused with a hint rather than ignored."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from estampe import instants
from estampe.http.problems import Flaw, Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from estampe.http.routes import Form, Parameter


class Reading(NamedTuple):
    """How texts of a form are read, and what is allowed in words."""

    read: Callable[[str], Any]
    allowed: str


def _order(text: str) -> str:
    if text not in {"asc", "desc"}:
        raise instants.InvalidInstant(f"{text!r} is no order")
    return text


FORMS: dict[Form, Reading] = {
    "instant": Reading(instants.parse_instant, instants.ALLOWED),
    "order": Reading(_order, "asc or desc"),
}


def read_query(query: bytes, known: Sequence[Parameter], limit: int) -> dict[str, Any]:
    """Read a query string into members of `log.Query`.

    Parameters:
        query: the query string as it came.
        known: the parameters that are allowed.
        limit: the longest query string allowed, bytes.

    Raises:
        Problem: it is too long, or a parameter is unknown, repeated or has a wrong value.
    """
    if len(query) > limit:
        raise Problem(Kind.QUERY_TOO_LONG, f"The query string has {len(query)} bytes; {limit} are allowed.")
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    by_name = {parameter.name: parameter for parameter in known}
    _refuse_unknown(pairs, by_name)
    _refuse_repeated(pairs)
    members = dict(_value(by_name[name], text) for name, text in pairs)
    _refuse_backwards(members)
    return members


def _refuse_unknown(pairs: Iterable[tuple[str, str]], known: Iterable[str]) -> None:
    names = list(known)
    unknown = [name for name, _ in pairs if name not in names]
    if unknown:
        flaws = [
            Flaw(place="query", name=name[:100], allowed=_nearest(name, names) or ", ".join(names)) for name in unknown
        ]
        hint = _nearest(unknown[0], names)
        raise Problem(
            Kind.UNKNOWN_PARAMETER,
            f"There is no parameter {unknown[0][:100]!r} here; "
            + (f"did you mean {hint!r}?" if hint else f"known are {', '.join(names)}."),
            flaws,
        )


def _nearest(name: str, known: Sequence[str]) -> str | None:
    return next(iter(get_close_matches(name[:100].lower(), known, n=1, cutoff=0.5)), None)


def _refuse_repeated(pairs: Iterable[tuple[str, str]]) -> None:
    repeated = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if repeated:
        flaws = [Flaw(place="query", name=name, allowed="once") for name in repeated]
        raise Problem(Kind.REPEATED_PARAMETER, f"Give {repeated[0]!r} once; it stands there more often.", flaws)


def _value(parameter: Parameter, text: str) -> tuple[str, Any]:
    form = FORMS[parameter.form]
    try:
        return parameter.member, form.read(text)
    except instants.InvalidInstant as exc:
        flaw = Flaw(place="query", name=parameter.name, found=text[:100], allowed=form.allowed)
        detail = f"{parameter.name}: {exc}. Allowed is {form.allowed}."
        raise Problem(Kind.INVALID_PARAMETER, detail, [flaw]) from exc


def _refuse_backwards(members: dict[str, Any]) -> None:
    start_ms, end_ms = members.get("start_ms"), members.get("end_ms")
    if start_ms is not None and end_ms is not None and start_ms > end_ms:
        flaw = Flaw(
            place="query",
            name="start",
            found=instants.format_instant(start_ms),
            allowed="an instant up to end",
        )
        detail = "start lies after end; swap them, or write a plain + in an offset as %2B."
        raise Problem(Kind.INVALID_PARAMETER, detail, [flaw])
