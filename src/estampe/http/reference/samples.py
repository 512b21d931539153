"""Code samples: for each operation, a whole program in each of ten languages."""

from __future__ import annotations

import re
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypedDict
from urllib.parse import quote, urlencode

import msgspec

from estampe.http.route import ListRoute, RecordRoute
from estampe.http.schemas import BODIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from estampe.http.route import Parameter, Route

SERVER = "http://127.0.0.1:8080"
"""Where samples call unless told; the reference page puts its own address in its place."""

KEY = "string"
"""The key of samples unless told, as the documented API has it."""

_HOUSE = files(__name__.rpartition(".")[0])

_BODIES: dict[str, msgspec.Raw] = msgspec.json.decode(
    _HOUSE.joinpath("bodies.json").read_bytes(), type=dict[str, msgspec.Raw]
)
"""What the samples of operations with a body send, by path."""

_UNSHOWN = ("classifications", "annotate")
"""A second name, and what is ours: a sample for the documented API runs there too."""

_OTHER_NAMES = {"findTargets": ("hash",)}

_MARK = re.compile(r"%(\w+|,)%")


class Sample(TypedDict):
    """An entry of the OpenAPI extension `x-codeSamples`."""

    lang: str
    label: str
    source: str


def _as_it_is(body: str) -> str:
    return body


_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|true|false|null')
_PYTHON = {"true": "True", "false": "False", "null": "None"}


def _in_python(body: str) -> str:
    return _LITERAL.sub(lambda found: _PYTHON.get(found[0], found[0]), body)


class Language(NamedTuple):
    """A language of the samples; the program's pattern is `languages/<name>.txt`.

    A pattern's margin says when a line stands: always, with a `query` or `bare` of one, with a `body` or `empty`, with
    a `key` or `open` to all, where the answer `says` something (`json` or `text`) or is `silent`, for one method
    (`get`, `post`, `put`, `delete`), or once for `each` parameter of the query.

    Parameters:
        name: its short name.
        lang: its name for highlighting.
        label: its name for readers.
        quoted: writes a body for where the pattern has it.
    """

    name: str
    lang: str
    label: str
    quoted: Callable[[str], str] = _as_it_is

    @property
    def pattern(self) -> str:
        """The program with marks where a call's facts go."""
        return _HOUSE.joinpath("languages", f"{self.name}.txt").read_text("utf-8")


LANGUAGES = (
    Language("curl", "shell", "curl", lambda body: body.replace("'", r"'\''")),
    Language("javascript", "javascript", "JavaScript"),
    Language("nodejs", "javascript", "Node.js"),
    Language("python", "python", "Python", _in_python),
    Language("java", "java", "Java"),
    Language("csharp", "csharp", "C#", lambda body: body.replace('"', '""')),
    Language("php", "php", "PHP"),
    Language("go", "go", "Go"),
    Language("ruby", "ruby", "Ruby"),
    Language("r", "r", "R"),
)


class _Call(NamedTuple):
    method: str
    address: str
    query: dict[str, str]
    key: str
    body: str
    says: str

    @property
    def margins(self) -> set[str]:
        """The words in the margins of the lines that this call needs, but for `each`."""
        return {
            "query" if self.query else "bare",
            "body" if self.body else "empty",
            "key" if self.key else "open",
            self.method.lower(),
            self.says,
            "silent" if self.says == "silent" else "says",
        }

    def facts(self, language: Language) -> dict[str, str]:
        return {
            "METHOD": self.method,
            "Method": self.method.capitalize(),
            "method": self.method.lower(),
            "address": self.address,
            "url": f"{self.address}?{urlencode(self.query, quote_via=quote, safe='')}" if self.query else self.address,
            "key": self.key,
            "body": language.quoted(self.body),
        }


def code_samples(
    route: Route,
    server: str = SERVER,
    key: str = KEY,
    values: Mapping[str, str] = MappingProxyType({}),
) -> list[Sample]:
    """Return a program in each language that calls an operation and prints what it answers.

    Parameters:
        route: the operation's row.
        server: the server's address, without a slash at the end.
        key: the key to send.
        values: parameters' values where they are not to be the examples of the table.
    """
    call = _call(route, server, key, values)
    return [Sample(lang=each.lang, label=each.label, source=_program(each, call)) for each in LANGUAGES]


def _call(route: Route, server: str, key: str, values: Mapping[str, str]) -> _Call:
    chosen = {parameter: values.get(parameter.name, parameter.example) for parameter in _shown(route)}
    places = {each.name: quote(text, safe="") for each, text in chosen.items() if each.place == "path"}
    body = _body(route)
    return _Call(
        method=route.method,
        address=server + route.path.format_map(places),
        query={each.name: text for each, text in chosen.items() if each.place == "query"},
        key=key if route.scope else "",
        body=msgspec.json.format(body, indent=2).decode() if body else "",
        says=_says(route),
    )


def _body(route: Route) -> bytes:
    if isinstance(route, RecordRoute):
        return msgspec.json.encode(BODIES[route.name]["takes"]) if route.takes is not None else b""
    return bytes(_BODIES[route.path]) if route.method == "POST" else b""


def _says(route: Route) -> str:
    if isinstance(route, RecordRoute) and route.gives is None:
        return "silent"
    return "json" if route.scope else "text"


def _shown(route: Route) -> list[Parameter]:
    """Return the parameters of a sample: of those that say the same, the first."""
    others = route.one_of[1:] if isinstance(route, ListRoute) else _OTHER_NAMES.get(route.name, ())
    return [each for each in route.parameters if each.name not in {*others, *_UNSHOWN}]


def _program(language: Language, call: _Call) -> str:
    return "\n".join(_filled(line, facts) for line, facts in _lines(language.pattern, call, call.facts(language)))


def _lines(pattern: str, call: _Call, facts: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the lines of a pattern that a call needs, without their margins, and what to fill in."""
    last = next(reversed(call.query), None)
    for line in pattern.splitlines():
        margin, _, text = line.partition("|")
        if margin.strip() == "each":
            for name, value in call.query.items():
                yield text, {"name": name, "value": value, ",": "" if name == last else ","}
        elif call.margins.issuperset(margin.split()):
            yield text, facts


def _filled(line: str, facts: Mapping[str, str]) -> str:
    """Fill in facts; a fact of several lines goes on as far from the margin as its line."""
    indent = "\n" + line[: len(line) - len(line.lstrip())]
    return _MARK.sub(lambda mark: facts.get(mark[1], mark[0]).replace("\n", indent), line)
