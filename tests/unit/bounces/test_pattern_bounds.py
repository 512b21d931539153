"""No regular expression that reads reports can run away, whatever a stranger writes."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

import pytest

import estampe.bounces
import estampe.verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
GROUPS = (codes.SUBPATTERN, codes.ATOMIC_GROUP, codes.BRANCH)
UNBOUNDED = 5_000
"""As many times as may be said at most for a repetition to count as bounded."""

SMALL, LARGE = 1_000, 4_000
WORST = 10
"""How many times as long four times as much may take: linear is 4, quadratic 16."""

NO_TIME_S = 0.005
ROUNDS = 2
COMMON = (
    "a",
    " ",
    "<",
    ">",
    "=?",
    "@",
    "-",
    ".",
    "1",
    "\n",
    "\t",
    "a@",
    "a.",
    "<a",
    "a: ",
    "5.1.1 ",
    "550 ",
    "\r",
    "=",
    "(",
    "[",
    '"',
    "_",
)


def _patterns() -> dict[str, re.Pattern[Any]]:
    found = {}
    for module in _modules(estampe.bounces, estampe.verdicts):
        for name, value in vars(module).items():
            for number, each in enumerate(_compiled(value, 0)):
                found.setdefault((each.pattern, each.flags), (f"{module.__name__}.{name}[{number}]", each))
    return dict(found.values())


def _modules(*packages: ModuleType) -> Iterator[ModuleType]:
    for package in packages:
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(each.name)


def _compiled(value: object, depth: int) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth > 4 or isinstance(value, str | bytes | type):
        return
    elif isinstance(value, dict):
        yield from _compiled([*value.keys(), *value.values()], depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _compiled(each, depth + 1)
    elif hasattr(value, "__struct_fields__"):
        yield from _compiled([getattr(value, name) for name in value.__struct_fields__], depth + 1)


PATTERNS = _patterns()


def _repeats(tree: Iterable[tuple[Any, Any]], *, within: bool = False) -> Iterator[str]:
    """Yield what repeats without a bound within what does so too."""
    for operation, argument in tree:
        inner = within
        if operation in REPEATS:
            _, most, body = argument
            is_unbounded = most > UNBOUNDED
            if is_unbounded and within:
                yield str(body)
            yield from _repeats(body, within=within or is_unbounded)
        else:
            for each in _trees(argument):
                yield from _repeats(each, within=inner)


def _trees(argument: object) -> Iterator[Any]:
    if isinstance(argument, parser.SubPattern):
        yield argument
    elif isinstance(argument, list | tuple):
        for each in argument:
            yield from _trees(each)


def _pieces(tree: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """Yield texts that parts of a pattern match: each literal, each class, each repetition and each whole."""
    whole = ""
    for operation, argument in tree:
        if operation is codes.LITERAL:
            whole += chr(argument)
        elif operation is codes.IN:
            whole += _member(argument)
        elif operation in (codes.ANY, codes.NOT_LITERAL):
            whole += "x" if argument != ord("x") else "y"
        elif operation in REPEATS:
            low, most, body = argument
            inner = list(_pieces(body))
            yield from inner
            whole += inner[-1] * max(low, min(most, 1)) if inner else ""
        else:
            inner = [piece for each in _trees(argument) for piece in _pieces(each)]
            yield from inner
            whole += inner[-1] if inner and operation in GROUPS else ""
    if whole:
        yield whole


def _member(choices: list[tuple[Any, Any]]) -> str:
    kinds = {codes.CATEGORY_DIGIT: "1", codes.CATEGORY_SPACE: " ", codes.CATEGORY_WORD: "a"}
    operation, argument = choices[0]
    if operation is codes.NEGATE:
        given = re.compile(_written(choices[1:]))
        return next((each for each in "xa1 -:<\n" if not given.match(each)), "x")
    if operation is codes.RANGE:
        return chr(argument[0])
    return chr(argument) if operation is codes.LITERAL else kinds.get(argument, "a")


def _written(choices: list[tuple[Any, Any]]) -> str:
    kinds = {
        codes.CATEGORY_DIGIT: r"\d",
        codes.CATEGORY_SPACE: r"\s",
        codes.CATEGORY_WORD: r"\w",
        codes.CATEGORY_NOT_DIGIT: r"\D",
        codes.CATEGORY_NOT_SPACE: r"\S",
        codes.CATEGORY_NOT_WORD: r"\W",
    }
    parts = []
    for operation, argument in choices:
        if operation is codes.LITERAL:
            parts.append(re.escape(chr(argument)))
        elif operation is codes.RANGE:
            parts.append("-".join(re.escape(chr(each)) for each in argument))
        else:
            parts.append(kinds[argument])
    return f"[{''.join(parts)}]"


def _time_s(pattern: re.Pattern[Any], text: str, rounds: int = 1) -> float:
    subject = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
    return min(_once_s(pattern, subject) for _ in range(rounds))


def _once_s(pattern: re.Pattern[Any], subject: str | bytes) -> float:
    begun = time.process_time()
    for _ in pattern.finditer(subject):
        pass
    return time.process_time() - begun


def _long(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length] + "\x01"  # which nothing asks for


def test_there_are_patterns_to_prove() -> None:
    assert len(PATTERNS) > 20


@pytest.mark.parametrize("name", PATTERNS)
def test_nothing_repeats_without_bound_within_what_does(name: str) -> None:
    pattern = PATTERNS[name]
    assert not list(_repeats(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)))


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.timeout(120)
def test_time_grows_as_the_text_does(name: str) -> None:
    pattern = PATTERNS[name]
    own = list(dict.fromkeys(_pieces(parser.parse(pattern.pattern, pattern.flags))))
    for piece in dict.fromkeys([*COMMON, *own[-20:]]):
        if _time_s(pattern, _long(piece, LARGE)) > NO_TIME_S:  # else it is fast however it grows
            small, large = (_time_s(pattern, _long(piece, length), ROUNDS) for length in (SMALL, LARGE))
            assert large <= WORST * max(small, NO_TIME_S / 8), f"{piece[:80]!r}: {small:.4f} s, then {large:.4f} s"


@pytest.mark.parametrize("runaway", ["a.*b", r"\s+$", "(x+x+)+y"])
def test_those_that_run_away_are_found(runaway: str) -> None:
    pattern = re.compile(runaway)
    nested = list(_repeats(parser.parse(runaway)))
    pieces = [] if nested else COMMON
    times = [[_time_s(pattern, _long(piece, length), ROUNDS) for length in (SMALL, LARGE)] for piece in pieces]
    assert nested or any(large > NO_TIME_S and large > WORST * small for small, large in times)
