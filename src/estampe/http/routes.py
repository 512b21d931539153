"""The API as a table: every operation is a row, and all lists of events are rows of one kind.

The resources (`api.py`), their description for programs (`openapi.py`), the code samples and the tests are made
from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from estampe.events import REACTIONS, Channel, ReplyType
from estampe.http.records.rows import RECORDS
from estampe.http.route import ACTION, TARGET, ListRoute, Parameter, Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.http.route import Method

START = Parameter(
    "start",
    "instant",
    "start_ms",
    "Only events with a timestamp greater than or equal to it.",
    "2019-08-24T14:15:22Z",
)
END = Parameter("end", "instant", "end_ms", "Only events with a timestamp less than it.", "2019-08-24T14:15:22Z")
SORT = Parameter(
    "sort", "order", "sort", "Order by timestamp, ties in order of publication; absent, in any order.", "asc"
)
WINDOW = (START, END, SORT)

REACTIVITY = (
    Parameter(
        "activationStart",
        "instant",
        "activation_start_ms",
        "Only events of activations made at it or later.",
        "2019-08-24T14:15:22Z",
    ),
    Parameter(
        "activationEnd",
        "instant",
        "activation_end_ms",
        "Only events of activations made before it.",
        "2019-08-24T14:15:22Z",
    ),
    START._replace(name="reactivityStart"),
    END._replace(name="reactivityEnd"),
    SORT,
)

CLASSES = Parameter(
    "classification",
    "classes",
    "classes",
    "Only hits of these classes, a list with commas; absent, those judged human; `all` is every hit.",
    "mpp",
)
CLASSIFICATION = (CLASSES, CLASSES._replace(name="classifications", meaning="The same as `classification`."))
ANNOTATE = Parameter(
    "annotate", "annotation", "annotate", "Add to each hit, as last member, what it is classified as.", "classification"
)

NOTIFICATION = Parameter("id", "number", "action", "The notification's id.", "42", "path")
CAMPAIGN = Parameter("id", "campaign", "campaign", "The id of a set (a UUID), or of an action.", "000PE4", "path")
TARGETS = (
    TARGET._replace(place="query"),
    Parameter("unicity", "unicity", "hash", "The contact's unicity string.", "example@np6.com"),
    Parameter("hash", "hash", "hash", "MD5 of the contact's unicity string.", "0441619ab4631d18548aa8835dd2c28b"),
)


class Held(NamedTuple):
    """What a list holds of all that happened: the end of its path, and the events that it selects."""

    end: str
    summary: str
    types: tuple[str, ...] = ()
    subtypes: tuple[str, ...] = ()


EVENTS = Held("", "All events.")
EXECUTIONS = Held("/executions", "Messages that were accepted.", ("execution",))
ACTIVATIONS = Held("/activations", "Messages handed over for delivery.", ("activation",))
CANCELLATIONS = Held("/cancellations", "Messages that were not sent, and why.", ("cancellation",))
BOUNCES = Held("/bounces", "Messages that came back, and what that means.", ("bounce",))
HITS = Held("/hits", "What people did with messages.", ("hit",))
HITS_BY_KIND = (
    Held("/hits/open", "Messages that were opened.", ("hit",), ("open",)),
    Held("/hits/redirection", "Links that were followed.", ("hit",), ("redirection",)),
    Held("/hits/mirror", "Messages that were looked at as a web page.", ("hit",), ("mirror",)),
    Held("/hits/form", "Links to forms that were followed.", ("hit",), ("form",)),
    Held("/hits/unsubscribe", "Links that end a subscription that were followed.", ("hit",), ("unsubscribe",)),
)
IMPRESSIONS = Held("/impressions", "Notifications that were seen.", ("impression",))
OPTOUTS = Held("/optouts", "People who want no more messages.", ("optout",))
REPLIES = Held("/replies", "Messages that were answered.", ("reply",))
COMPLAINTS = Held("/complaints", "Messages that were called unwanted.", ("complaint",))
STOPS = Held("/responses/stop", "Answers that end a subscription.", ("reply",), (ReplyType.STOP.value,))

EVERYTHING = (
    EVENTS,
    EXECUTIONS,
    ACTIVATIONS,
    CANCELLATIONS,
    BOUNCES,
    HITS,
    *HITS_BY_KIND,
    OPTOUTS,
    REPLIES,
    COMPLAINTS,
    STOPS,
)

ALL_REACTIONS = Held("", "All that followed activations.", REACTIONS)
OF_ACTIONS = (ALL_REACTIONS, BOUNCES, HITS, *HITS_BY_KIND)
OF_NOTIFICATIONS = (ALL_REACTIONS, BOUNCES, HITS, IMPRESSIONS, OPTOUTS)


class Family(NamedTuple):
    """Lists that differ only by what they hold.

    Parameters:
        path: how their paths start.
        tag: their heading.
        holding: what they hold, one list each.
        given: the parameters that they take beside their window, those of the path first.
        window: the parameters that select by time, and the order.
        channel: the channel that they select; None selects all.
        one_of: parameters of which exactly one must be there.
        method: the HTTP method.
        description: what there is to say of all of them.
    """

    path: str
    tag: str
    holding: tuple[Held, ...]
    given: tuple[Parameter, ...] = ()
    window: tuple[Parameter, ...] = WINDOW
    channel: str | None = None
    one_of: tuple[str, ...] = ()
    method: Method = "GET"
    description: str = ""

    def lists(self) -> Iterator[ListRoute]:
        """Yield a row for each list."""
        for held in self.holding:
            yield ListRoute(
                method=self.method,
                path=self.path + held.end,
                tag=self.tag,
                name=_name("list" if self.method == "GET" else "select", self.path + held.end),
                summary=held.summary,
                description=self.description,
                parameters=(*self.given, *self.window, *_about_hits(held)),
                types=held.types,
                subtypes=held.subtypes,
                channel=self.channel,
                one_of=self.one_of,
            )


def _name(verb: str, path: str) -> str:
    """Write a path as a name: `/actions/{id}/events/hits` is `ActionsByIdEventsHits`."""
    words = path.replace("{id}", "byId").strip("/").split("/")
    return verb + "".join(word[0].upper() + word[1:] for word in words)


def _about_hits(held: Held) -> tuple[Parameter, ...]:
    if held.types == ("hit",):
        return (*CLASSIFICATION, ANNOTATE)
    return (ANNOTATE,) if not held.types or "hit" in held.types else ()


FAMILIES = (
    Family("/actions/events", "actions", EVERYTHING),
    Family("/actions/{id}/events", "actions", EVERYTHING, (ACTION,)),
    Family("/actions/reactivities", "reactivities", OF_ACTIONS, window=REACTIVITY),
    Family("/actions/{id}/reactivities", "reactivities", OF_ACTIONS, (ACTION,), REACTIVITY),
    Family(
        "/notifications/{id}/events",
        "notifications",
        (EVENTS, EXECUTIONS, CANCELLATIONS, ACTIVATIONS),
        (NOTIFICATION,),
        channel=Channel.NOTIFICATION,
    ),
    Family(
        "/notifications/reactivities",
        "notifications",
        OF_NOTIFICATIONS,
        window=REACTIVITY,
        channel=Channel.NOTIFICATION,
    ),
    Family(
        "/notifications/{id}/reactivities",
        "notifications",
        OF_NOTIFICATIONS,
        (NOTIFICATION,),
        REACTIVITY,
        channel=Channel.NOTIFICATION,
    ),
    Family(
        "/targets/events",
        "targets",
        EVERYTHING,
        TARGETS,
        one_of=tuple(parameter.name for parameter in TARGETS),
        description="Say which contact by exactly one of `id`, `unicity` and `hash`.",
    ),
    Family("/targets/{id}/events", "targets", EVERYTHING, (TARGET,)),
    Family("/display/events", "display", (EVENTS, ACTIVATIONS), channel=Channel.DISPLAY),
    Family("/campaigns/{id}/events", "campaigns", (EVENTS,), (CAMPAIGN,)),
    Family(
        "/campaigns/{id}/events",
        "campaigns",
        (Held("", "Those events of a campaign that the body describes."),),
        (CAMPAIGN,),
        method="POST",
        description="An event is listed if any entry of `itemsEvents` describes it.",
    ),
)

LISTS = tuple(route for family in FAMILIES for route in family.lists())

STATISTICS = (
    Route(
        path="/actions/{id}/statistics",
        tag="statistics",
        name="getActionStatistics",
        summary="The figures of one action.",
        description="Robots do not count as readers: hits count that were not classified as a robot's.",
        parameters=(ACTION,),
    ),
    Route(
        path="/actions/statistics",
        tag="statistics",
        name="countEvents",
        summary="Events by period, action and type.",
        description="A row for each period and group that has events, in their order.",
        parameters=(
            START._replace(meaning="From this hour or day on: its beginning, in UTC.", example="2019-08-24"),
            END._replace(meaning="Up to the hour or day that begins here, in UTC.", example="2019-08-25"),
            Parameter("by", "period", "period_ms", "Count each hour or day by itself.", "hour"),
            Parameter("group", "groups", "by", "Count each action or type by itself, or both with a comma.", "type"),
        ),
    ),
)

PUBLISH = Route(
    method="POST",
    path="/actions/events",
    tag="publishing",
    name="publishEvents",
    summary="Publish drafts: events without timestamp.",
    description="All of them are kept, or none; publishing an id again adds nothing.",
    scope="write",
)

OPEN = (
    Route(path="/health/live", tag="health", name="isLive", summary="Whether the process serves.", scope=None),
    Route(path="/health/ready", tag="health", name="isReady", summary="Whether events can be kept.", scope=None),
    Route(path="/metrics", tag="health", name="getMetrics", summary="Metrics in Prometheus' text format.", scope=None),
    Route(
        path="/openapi.json",
        tag="documentation",
        name="getDescription",
        summary="The API described for programs, as OpenAPI 3.1.",
        scope=None,
    ),
    Route(
        path="/docs",
        tag="documentation",
        name="getReference",
        summary="The API described for people, with code samples; requests run from the page.",
        scope=None,
    ),
)

OPERATIONS: tuple[Route, ...] = (*LISTS, *STATISTICS, PUBLISH, *RECORDS, *OPEN)
"""Every operation, in the order of the documentation."""
