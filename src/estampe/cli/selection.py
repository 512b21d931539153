"""Which events are meant: options that a server and a data folder understand alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from estampe.cli.arguments import parse_moment, reading
from estampe.client.filters import given
from estampe.events import REACTIONS, hash_of, set_of
from estampe.log import Clause, Query
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from collections.abc import Callable

    from estampe.client import Filters

T = TypeVar("T")

MOMENT = reading(parse_moment)

_OPTIONS = (
    click.option("--type", multiple=True, help="Only events of this type; may be repeated."),
    click.option("--subtype", multiple=True, help="Only of this hit kind, bounce verdict, reason…; may be repeated."),
    click.option("--channel", help="Only events of email, notification, sms or display."),
    click.option("--action", help="Only events of this action's id."),
    click.option("--campaign", help="Only events of this campaign: a set's UUID or an action's id."),
    click.option("--contact", help="Only events of this contact's id."),
    click.option("--hash", help="Only events of the contact whose unicity has this MD5."),
    click.option("--unicity", help="Only events of the contact with this unicity, an address say."),
    click.option(
        "--since",
        "start",
        metavar="TIME",
        type=MOMENT,
        help="From this time on: 1h (ago), 2026-01-31, 2026-01-31T08:00Z.",
    ),
    click.option("--until", "end", metavar="TIME", type=MOMENT, help="Before this time, written in the same way."),
    click.option(
        "--activated-since",
        "activation_start",
        metavar="TIME",
        type=MOMENT,
        help="Only reactions to messages of this time or later.",
    ),
    click.option(
        "--activated-until",
        "activation_end",
        metavar="TIME",
        type=MOMENT,
        help="Only reactions to messages of before this time.",
    ),
    click.option(
        "--classification",
        multiple=True,
        type=click.Choice([*(each.value for each in HitClass), "all"]),
        help="With --type hit: only hits of this class; may be repeated.  [default: human]",
    ),
    click.option("--annotate", is_flag=True, help="Say of each hit how it is classified."),
    click.option("--sort", type=click.Choice(["asc", "desc"]), default="asc", show_default=True, help="By time."),
)


def filter_options(command: Callable[..., T]) -> Callable[..., T]:
    """Give a verb an option for each of the client's filters."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def query_of(filters: Filters, limit: int | None) -> Query:
    """Return the query of a log that finds what a server answers for filters.

    Raises:
        InvalidSelection: they do not go together.
    """
    values = given(filters)
    return Query(
        start_ms=values.get("start"),
        end_ms=values.get("end"),
        activation_start_ms=values.get("activation_start"),
        activation_end_ms=values.get("activation_end"),
        types=_types(values),
        subtypes=values.get("subtype", ()),
        channel=values.get("channel"),
        action=values.get("action"),
        contact=values.get("contact"),
        hash=_hash(values),
        classes=_classes(values),
        sort=values.get("sort"),
        limit=limit,
        annotate="annotate" in values,
        **_campaign(values),
    )


def _types(values: dict[str, Any]) -> tuple[str, ...]:
    is_reaction = values.keys() & {"activation_start", "activation_end"}
    types: tuple[str, ...] = values.get("type", ())
    return types or (REACTIONS if is_reaction else ())


def _hash(values: dict[str, Any]) -> str | None:
    if "unicity" in values:
        return hash_of(values["unicity"])
    return values.get("hash")


def _classes(values: dict[str, Any]) -> tuple[HitClass, ...]:
    """Return which hits are wanted: in a list of hits only, those judged human unless others are named."""
    if values.get("type") != ("hit",):
        return ()
    words = values.get("classification", (HitClass.HUMAN,))
    return () if "all" in words else tuple(map(HitClass, words))


def _campaign(values: dict[str, Any]) -> dict[str, Any]:
    if "campaign" not in values:
        return {}
    named = set_of(values["campaign"])
    return {"set": named} if named else {"clauses": (Clause(actions=(values["campaign"],)),)}
