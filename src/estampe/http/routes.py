"""The lists of events as a table: a path, what it selects, and which parameters it takes."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

Form = Literal["instant", "order"]


class Parameter(NamedTuple):
    """A query parameter.

    Parameters:
        name: as the caller writes it.
        form: which texts it takes; see `parameters.FORMS`.
        member: the member of `log.Query` that it sets.
        meaning: a sentence for the reader of the documentation.
        example: a text it takes.
    """

    name: str
    form: Form
    member: str
    meaning: str
    example: str


START = Parameter(
    "start",
    "instant",
    "start_ms",
    "Only events with a timestamp greater than or equal to it.",
    "2019-08-24T14:15:22Z",
)
END = Parameter(
    "end",
    "instant",
    "end_ms",
    "Only events with a timestamp less than it.",
    "2019-08-24T14:15:22Z",
)
SORT = Parameter(
    "sort",
    "order",
    "sort",
    "Order by timestamp, ties in order of publication; absent, in any order.",
    "asc",
)
WINDOW = (START, END, SORT)


class ListRoute(msgspec.Struct, frozen=True, kw_only=True):
    """One list of events; all of them are answered by the same handler.

    Parameters:
        path: the path, parts in braces are path parameters.
        tag: under which heading the documentation shows it.
        summary: a sentence for the reader of the documentation.
        types: the event types it selects; none selects all.
        subtypes: the subtypes it selects; none selects all.
        parameters: the query parameters it takes.
    """

    path: str
    tag: str
    summary: str
    types: tuple[str, ...] = ()
    subtypes: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = WINDOW


LISTS = (
    ListRoute(
        path="/actions/events",
        tag="actions",
        summary="All events.",
    ),
    ListRoute(
        path="/actions/events/activations",
        tag="actions",
        summary="Messages handed over for delivery.",
        types=("activation",),
    ),
    ListRoute(
        path="/actions/events/cancellations",
        tag="actions",
        summary="Messages that were not sent, and why.",
        types=("cancellation",),
    ),
)
