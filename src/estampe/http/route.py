"""What a row of the API's table says of an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from estampe.events import EventType

if TYPE_CHECKING:
    from collections.abc import Callable

    from estampe.http.problems import Kind

Form = Literal[
    "instant",
    "order",
    "id",
    "number",
    "serial",
    "campaign",
    "unicity",
    "hash",
    "text",
    "classes",
    "annotation",
    "period",
    "groups",
    "token",
]

Method = Literal["GET", "POST", "PUT", "DELETE"]


class Parameter(NamedTuple):
    """A parameter in the query, a header or, always required, in the path.

    Parameters:
        name: as the caller writes it.
        form: which texts it takes; see `parameters.FORMS`.
        member: what it sets: a member of `log.Query`, or of what else the operation asks.
        meaning: a sentence for the reader of the documentation.
        example: a text it takes.
        place: where it stands.
    """

    name: str
    form: Form
    member: str
    meaning: str
    example: str
    place: Literal["query", "path", "header"] = "query"


ACTION = Parameter("id", "id", "action", "The action's id.", "000PE4", "path")
TARGET = Parameter("id", "id", "contact", "The contact's id.", "000R4M0T", "path")


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One operation.

    Parameters:
        method: the HTTP method; HEAD comes with GET.
        path: the path, parts in braces are path parameters.
        tag: under which heading the documentation shows it.
        name: a name for programs, unique.
        summary: a sentence for the reader of the documentation.
        description: more of it, if there is more to say.
        scope: which scope a key needs; None needs no key.
        parameters: the parameters it takes.
        one_of: parameters of which exactly one must be there.
    """

    method: Method = "GET"
    path: str
    tag: str
    name: str
    summary: str
    description: str = ""
    scope: Literal["read", "write"] | None = "read"
    parameters: tuple[Parameter, ...] = ()
    one_of: tuple[str, ...] = ()


class ListRoute(Route, frozen=True, kw_only=True):
    """One list of events; all of them are answered by the same handler.

    Parameters:
        types: the event types it selects; none selects all.
        subtypes: the subtypes it selects; none selects all.
        channel: the channel it selects; None selects all.
    """

    types: tuple[str, ...] = ()
    subtypes: tuple[str, ...] = ()
    channel: str | None = None

    @property
    def hits_only(self) -> bool:
        """Whether it can hold nothing but hits."""
        return self.types == (EventType.HIT,)

    @property
    def named(self) -> bool:
        """Whether it is of one thing, which may never have occurred."""
        return bool(self.one_of) or any(parameter.place == "path" for parameter in self.parameters)


class RecordRoute(Route, frozen=True, kw_only=True):
    """One operation on what the catalog keeps.

    Parameters:
        act: does it; None where a handler of its own does. It is given a `Desk` and the members of parameters by
            name, and `body` where there is one; it returns what `gives` describes, or pages of a list.
        says: what is answered, a sentence.
        takes: the type of the request's body; None: there is none.
        reads: what the body is decoded as, where members beyond `takes` are kept too.
        optional: whether the body may be left out.
        large: whether the body may be as large as the setting `body_limit` says; else a megabyte at most.
        media: the media types that the body may have.
        gives: the type of the answer; None: it has no body.
        headers: the names of headers that are the answer's own.
        refuses: the problems that are its own.
    """

    act: Callable[..., Any] | None = None
    says: str
    takes: Any = None
    reads: Any = None
    optional: bool = False
    large: bool = False
    media: tuple[str, ...] = ("application/json",)
    gives: Any = None
    headers: tuple[str, ...] = ()
    refuses: tuple[Kind, ...] = ()
