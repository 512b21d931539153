"""Where to call an operation: its path with what it names, by the examples of the route table unless told."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from estampe.http.routes import ListRoute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estampe.http.routes import Route

EXAMPLES: Mapping[str, str] = MappingProxyType({})


def address(route: Route, named: Mapping[str, str] = EXAMPLES, **query: str) -> str:
    """Return an operation's path and query.

    Parameters:
        route: the operation.
        named: what it is of, by member of a query (`action`, `contact`, `campaign`); absent, the table's example.
        query: more parameters; one that says which contact stands in the place of the contact's id.
    """
    path = route.path
    for parameter in route.parameters:
        if parameter.place == "path":
            text = named.get(parameter.member, parameter.example)
            path = path.replace(f"{{{parameter.name}}}", quote(text, safe=""))
    if isinstance(route, ListRoute) and route.one_of and not query.keys() & set(route.one_of):
        first = next(parameter for parameter in route.parameters if parameter.name == route.one_of[0])
        query = {first.name: named.get(first.member, first.example), **query}
    return f"{path}?{urlencode(query)}" if query else path


def body_for(route: Route) -> dict[str, object]:
    """Return what a list that takes a body is sent to hold everything."""
    return {"json": {"itemsEvents": []}} if route.method == "POST" else {}


def names_of(route: Route) -> tuple[str, ...]:
    """Return what a list is of, by member of a query, as `address` would have it."""
    places = [parameter.member for parameter in route.parameters if parameter.place == "path"]
    return tuple(places) or (("contact",) if isinstance(route, ListRoute) and route.one_of else ())
