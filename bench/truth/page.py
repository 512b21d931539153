"""What was found, as the section of docs/classification.md that no hand writes."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from bench.truth.judging import Rates
from bench.truth.sets import HOUSE

from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.truth.journeys import Scenario
    from bench.truth.judging import Case
    from bench.truth.sets import Absent, Labelled

PAGE = HOUSE / "docs/classification.md"
TITLE = "## How well it tells them apart\n"
FALSE_ROBOT, FALSE_HUMAN = 0.005, 0.02
"""What is aimed at: how many of the people are called robots at most, and how many of the robots people."""

_LONGEST = 90
_MISSES = 10


class AgentsFound(NamedTuple):
    """A set of agents, how they were judged, and of how many each list was wrong."""

    labelled: Labelled
    cases: Sequence[Case]
    others: Mapping[str, int]


class Found(NamedTuple):
    """All that a run found.

    Parameters:
        agents: by set.
        absent: sets that are not there.
        journeys: judged when all hits are there, by scenario.
        ways: how often each way to judge them is wrong, those left out that cannot be told; by the way's name.
    """

    agents: Sequence[AgentsFound]
    absent: Sequence[Absent]
    journeys: Mapping[Scenario, Sequence[Case]]
    ways: Mapping[str, Rates]

    @property
    def agents_rates(self) -> Rates:
        """Count the agents of all sets."""
        return Rates.of(chain.from_iterable(each.cases for each in self.agents))

    @property
    def journeys_rates(self) -> Rates:
        """Count the hits of all journeys but those that cannot be told."""
        told = (cases for scenario, cases in self.journeys.items() if not scenario.lost)
        return Rates.of(chain.from_iterable(told))

    @property
    def is_good(self) -> bool:
        """Whether no more are mistaken than is aimed at."""
        both = (self.agents_rates, self.journeys_rates)
        return all(rates.false_robot <= FALSE_ROBOT and rates.false_human <= FALSE_HUMAN for rates in both)


def write(section: str) -> None:
    """Put the section into the page, in place of the one that is there."""
    text = PAGE.read_text() if PAGE.exists() else "# Who is behind a hit\n\n"
    before, _, after = text.partition(TITLE)
    _, mark, rest = after.partition("\n## ")
    PAGE.write_text(before.rstrip("\n") + "\n\n" + section + mark + rest)


def section(found: Found) -> str:
    """Return the section."""
    return "\n".join(
        [
            TITLE,
            _INTRODUCTION,
            _summary(found),
            "### Agents alone\n",
            _ABOUT_AGENTS,
            _agents(found),
            *(f"Left out: {absent}\n" for absent in found.absent),
            "### Journeys\n",
            _ABOUT_JOURNEYS,
            _confusion(list(chain.from_iterable(found.journeys.values()))),
            _ABOUT_SCENARIOS,
            _scenarios(found),
            _lost(found),
            "### The commonest misses\n",
            _misses(found),
        ]
    )


_INTRODUCTION = f"""\
Written by `make confusion`, which lets the rules above judge [what is labelled](../bench/truth/). A false robot is a
person who is called one, a false human a robot that is called a person; what kind of robot it is called does not count
here. Aimed at are at most {100 * FALSE_ROBOT:g} % false robots and {100 * FALSE_HUMAN:g} % false humans, of agents and
of journeys when all hits are there; a test holds both. What is judged at first, before the rest of a sweep has come, is
judged anew when it has. Of hits that other platforms collected neither the request is known nor the moment, so that
sweeps hardly show.
"""

_ABOUT_AGENTS = """\
What others have labelled, installed for the run and never copied. Each agent makes one hit two hours after the message
was sent, an open if it is one for mail, else a click, always with the same headers: nothing but the agent speaks. Of
large sets a part is judged, the same each time. The last columns are lists that one would use instead, and of how many
of the same agents they are wrong. A list knows its own samples by heart, and so do we those of the lists in use; two
rules, `robot: says so` and `robot: no browser`, were written with what those miss of crawlerdetect's robots at hand.
The tests of isbot are in no package, so they are not here. Mail programs and proxies (Outlook, Thunderbird, Gmail's
and Yahoo's proxies) are people's, also those that stand in lists of robots.
"""

_ABOUT_JOURNEYS = """\
All hits of a message, made up from a seed, so that each run makes the same; [people](../bench/truth/people.py),
[robots](../bench/truth/robots.py), [their programs](../bench/truth/programs.py). Measured by others are when scanners
come (0.5 % within 10 s after the message was sent, half within 43 s, 69 % within 60 s, 97 % within 5 minutes, nine or
ten links in less than a second), when people read (21 % within the hour, half within 6 hours, three of four within a
day: chimpmetrics.com/email-opens-by-hour, dev.marketingcharts.com/digital-35890) and how often Gmail opens ahead of
them (bird.com/blog/gmail-prefetching-images). How many do what is our guess, so look at the rates of each kind.
An open through Apple's proxy counts as `mpp` even where a person reads: nobody can tell. Rows are what they are,
columns what they are called.
"""

_ABOUT_SCENARIOS = """\
What each kind of journey costs; a journey of people may have robots in it.
"""


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """Return a table in Markdown; columns after the first `words` hold figures."""
    rule = ["---" if at < words else "--:" for at in range(len(columns))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (columns, rule, *rows)) + "\n"


def _summary(found: Found) -> str:
    ways = {"agents alone": found.agents_rates, **found.ways}
    columns = ("judged", "people's hits", "false robots", "robots' hits", "false humans")
    return table(columns, ((name, *_both(rates)) for name, rates in ways.items()))


def _both(rates: Rates) -> tuple[str, str, str, str]:
    return (
        f"{rates.people:,}",
        f"{rates.false_robots:,} ({_share(rates.false_robots, rates.people)})" if rates.people else "",
        f"{rates.robots:,}",
        f"{rates.false_humans:,} ({_share(rates.false_humans, rates.robots)})" if rates.robots else "",
    )


def _agents(found: Found) -> str:
    lists = list(found.agents[0].others) if found.agents else []
    columns = ("set", "source", "licence", "our rules use", "listed", "judged", "we err", *lists)
    rows = (
        (
            f"{'people: ' if each.labelled.person else 'robots: '}{each.labelled.name}",
            each.labelled.source,
            each.labelled.licence,
            each.labelled.known,
            f"{each.labelled.listed:,}",
            f"{len(each.cases):,}",
            _share(sum(case.is_false_robot or case.is_false_human for case in each.cases), len(each.cases)),
            *(_share(wrong, len(each.cases)) for wrong in each.others.values()),
        )
        for each in found.agents
    )
    return table(columns, rows, words=4)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.2f} %"


def _confusion(cases: Sequence[Case]) -> str:
    counts = Counter((case.truth, case.judged.hit_class) for case in cases)
    rows = ((f"`{truth}`", *(f"{counts[truth, judged]:,}" for judged in HitClass)) for truth in HitClass)
    return table(("", *(f"`{judged}`" for judged in HitClass)), rows)


def _scenarios(found: Found) -> str:
    columns = ("journey", "people's hits", "false robots", "robots' hits", "false humans")
    rates = ((scenario.name, Rates.of(cases)) for scenario, cases in found.journeys.items())
    return table(columns, ((name, *_both(each)) for name, each in rates))


def _lost(found: Found) -> str:
    lost = [f"- {scenario.name}: {scenario.lost}." for scenario in found.journeys if scenario.lost]
    return "Some cannot be told apart, and are left out of the first table:\n\n" + "\n".join(lost) + "\n"


def _misses(found: Found) -> str:
    """Return what goes wrong most often: alike are misses of one kind for the same reasons."""
    names: list[tuple[str, Sequence[Case]]] = [
        *((f"{each.labelled.name}, {each.labelled.source}", each.cases) for each in found.agents),
        *((scenario.name, cases) for scenario, cases in found.journeys.items()),
    ]
    counts: Counter[tuple[str, str, str, str]] = Counter()
    example: dict[tuple[str, str, str, str], str] = {}
    for name, cases in names:
        for case in cases:
            if case.is_false_robot or case.is_false_human:
                evidence = ", ".join(f"{signal.name} {signal.weight:+g}" for signal in case.judged.evidence)
                kind = (name, f"`{case.truth}`", f"`{case.judged.hit_class}`", evidence or "nothing")
                counts[kind] += 1
                example.setdefault(kind, case.sighting.agent)
    rows = ((f"{count:,}", *kind[:3], kind[3], _quoted(example[kind])) for kind, count in counts.most_common(_MISSES))
    return table(("hits", "among", "is", "called", "evidence", "for example"), rows, words=6)


def _quoted(agent: str) -> str:
    short = agent if len(agent) <= _LONGEST else agent[:_LONGEST] + "…"
    return f"`{short.replace('`', ' ').replace('|', ' ')}`" if short else "no agent"
