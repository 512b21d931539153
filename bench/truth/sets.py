"""User agents that others have labelled, people's and robots'. None is copied here: all are read from packages."""

from __future__ import annotations

import re
from hashlib import sha256
from importlib.metadata import distribution
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import crawleruseragents
import msgspec
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

HOUSE = Path(__file__).parents[2]
CACHE = HOUSE / ".cache/truth"
LONGEST = 2_048
"""What a server keeps of a user agent, in bytes."""

MODULES = HOUSE / "tests/tools/node_modules"
CRAWLERDETECT = CACHE / "crawlerdetect-0.4.2"
_MAIL = re.compile(
    r"Outlook|Microsoft Office|ms-office|MSOffice|\) (?:Word|Excel|PowerPoint)/"  # they share what loads a message
    r"|Thunderbird/[\d.]+(?! - )|Postbox|The Bat!|Foxmail|Mailbird|MailMaster|mailapp/|tb-mailcom|Spicebird|eM Client"
    r"|^Mail/\d|ImageProxy|MailProxy"
)


class Absent(Exception):
    """A list is not there."""


class Labelled(NamedTuple):
    """Agents of one kind, of one list.

    Parameters:
        name: what they are.
        person: whether people use them; else robots do.
        source: the package that has them.
        licence: of the package.
        known: what our rules have to do with the list; "none" if they were made without it.
        agents: the agents, each once.
        listed: how many there are; more than `agents` if those are a sample.
    """

    name: str
    person: bool
    source: str
    licence: str
    known: str
    agents: tuple[str, ...]
    listed: int

    @property
    def is_mail(self) -> bool:
        """Whether they load pictures of messages and leave links to browsers."""
        return self.name == _PROGRAMS.name


class _List(NamedTuple):
    name: str
    person: bool
    source: str
    licence: str
    known: str
    read: Callable[[], Iterable[str]]
    most: int = 10_000


def labelled(every: int = 1) -> Iterator[Labelled | Absent]:
    """Yield the sets that are there, and why others are not; with `every` 10 a tenth of each, always the same one."""
    robots: set[str] = set()
    mail: set[str] = set()
    for each in _LISTS:
        try:
            agents = {agent.strip() for agent in each.read()}
        except FileNotFoundError as exc:
            yield Absent(f"{each.name}: {exc.filename} is not there; `make confusion` fetches it")
            continue
        agents = {agent for agent in agents if agent and len(agent.encode()) <= LONGEST}
        mail |= (here := set(filter(_MAIL.search, agents)))
        agents -= here
        if each.person:
            agents -= robots  # who is called both is a robot
        else:
            robots |= agents
        yield _cut(each, agents, every)
    yield _cut(_PROGRAMS, mail, every)


def _cut(listed: _List, agents: set[str], every: int) -> Labelled:
    chosen = sorted(agents, key=lambda agent: sha256(agent.encode()).digest())[: listed.most : every]
    return Labelled(*listed[:5], tuple(chosen), len(agents))


def _crawler_user_agents() -> Iterator[str]:
    return chain.from_iterable(entry["instances"] for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA)


def _device_detector(*stems: str) -> Iterator[str]:
    """Yield the agents of test files; read by lines, for a YAML reader takes minutes."""
    folder = Path(str(distribution("device-detector").locate_file("device_detector/tests/fixtures/upstream")))
    for stem in stems:
        for file in sorted(folder.glob(f"{stem}*.yml")):
            for line in file.read_text().splitlines():
                name, _, value = line.strip().partition(": ")
                if name == "user_agent":
                    yield str(yaml.safe_load(value)) if value[:1] in "'\"" else value


def _crawler_detect(file: str) -> list[str]:
    return (CRAWLERDETECT / "tests/fixtures/user_agent" / file).read_text().splitlines()


def _woothee(*stems: str) -> Iterator[str]:
    for stem in stems:
        entries: Any = yaml.safe_load((MODULES / "woothee/woothee/testsets" / f"{stem}.yaml").read_bytes())
        yield from (str(entry["target"]) for entry in entries or ())


def _user_agents() -> Iterator[str]:
    entries = msgspec.json.decode((MODULES / "user-agents/dist/user-agents.json").read_bytes())
    return (entry["userAgent"] for entry in entries)


def _top_user_agents() -> Iterator[str]:
    for name in ("index", "desktop", "mobile"):
        yield from msgspec.json.decode((MODULES / f"top-user-agents/src/{name}.json").read_bytes())


_LISTS = (
    _List("crawlers", False, "crawler-user-agents 1.67.0 (PyPI)", "MIT", "patterns in use", _crawler_user_agents),
    _List(
        "bots",
        False,
        "device-detector 6.5.1 (PyPI), tests",
        "LGPL-3.0-or-later",
        "patterns in use",
        lambda: _device_detector("bots"),
    ),
    _List(
        "crawlers",
        False,
        "crawlerdetect 0.4.2 (PyPI), tests",
        "MIT",
        "read for two rules",
        lambda: _crawler_detect("crawlers.txt"),
    ),
    _List(
        "crawlers",
        False,
        "woothee 1.11.1 (npm), tests",
        "Apache-2.0",
        "none",
        lambda: _woothee("crawler", "crawler_google", "crawler_nonmajor"),
    ),
    _List("browsers seen by sites", True, "user-agents 2.1.198 (npm)", "BSD-2-Clause", "none", _user_agents),
    _List("most frequent browsers", True, "top-user-agents 2.1.138 (npm)", "MIT", "none", _top_user_agents),
    _List(
        "devices",
        True,
        "crawlerdetect 0.4.2 (PyPI), tests",
        "MIT",
        "none",
        lambda: _crawler_detect("devices.txt"),
        most=4_000,
    ),
    _List(
        "desktops, phones, tablets",
        True,
        "device-detector 6.5.1 (PyPI), tests",
        "LGPL-3.0-or-later",
        "none of its robots",
        lambda: _device_detector("desktop", "smartphone", "phablet", "tablet", "feature_phone"),
        most=3_000,
    ),
    _List(
        "computers, phones",
        True,
        "woothee 1.11.1 (npm), tests",
        "Apache-2.0",
        "none",
        lambda: _woothee(
            "pc_windows",
            "pc_misc",
            "pc_lowpriority",
            "smartphone_android",
            "smartphone_ios",
            "smartphone_misc",
            "mobilephone_au",
            "mobilephone_docomo",
            "mobilephone_misc",
            "mobilephone_softbank",
            "mobilephone_willcom",
        ),
    ),
)

_PROGRAMS = _List(
    "mail programs and proxies", True, "all lists above, called robots there or not", "", "exceptions made", tuple
)
