"""Content negotiation (RFC 9110, section 12.5): which form and which coding of an answer a caller prefers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from estampe.http.problems import Flaw, Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

Form = Literal["application/json", "application/x-ndjson"]
Coding = Literal["zstd", "gzip", "identity"]

FORMS: tuple[Form, ...] = get_args(Form)
CODINGS: tuple[Coding, ...] = get_args(Coding)


def choose_form(accept: str) -> Form:
    """Choose by the header Accept; of equals, JSON.

    Raises:
        Problem: no form is acceptable.
    """
    if not accept or accept == "*/*":
        return "application/json"
    ranges = dict(_weighed(accept))
    best = max(FORMS, key=lambda form: _form_weight(form, ranges))
    if _form_weight(best, ranges) == 0:
        raise _not_acceptable("Accept", accept, FORMS)
    return best


def choose_coding(accept_encoding: str, offered: tuple[Coding, ...] = CODINGS) -> Coding:
    """Choose by the header Accept-Encoding; of equals, the one that sends less.

    Parameters:
        accept_encoding: the header.
        offered: the codings at hand, those that send less first.

    Raises:
        Problem: no coding is acceptable.
    """
    if not accept_encoding:
        return "identity"
    codings = dict(_weighed(accept_encoding))
    best = max(offered, key=lambda coding: _coding_weight(coding, codings))
    if _coding_weight(best, codings) == 0:
        raise _not_acceptable("Accept-Encoding", accept_encoding, offered)
    return best


def _weighed(header: str) -> Iterator[tuple[str, float]]:
    for item in header.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        yield name, next((_weight(text[2:]) for text in parameters if text.startswith("q=")), 1.0)


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def _form_weight(form: Form, ranges: dict[str, float]) -> float:
    return next((ranges[name] for name in (form, "application/*", "*/*") if name in ranges), 0.0)


def _coding_weight(coding: Coding, codings: dict[str, float]) -> float:
    """Weigh a coding; identity is acceptable unless refused, and yields to whatever is named."""
    named = codings.get(coding, codings.get("*"))
    if named is None:
        return 1e-6 if coding == "identity" else 0.0
    return named


def _not_acceptable(header: str, found: str, offered: tuple[str, ...]) -> Problem:
    flaw = Flaw(place="header", name=header, found=found[:100], allowed=", ".join(offered))
    return Problem(Kind.NOT_ACCEPTABLE, f"Nothing that {header} takes can be sent; offered are {flaw.allowed}.", [flaw])
