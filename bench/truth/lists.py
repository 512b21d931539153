"""Lists: what those that one would use instead say of an agent; each knows agents and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from shutil import which
from typing import TYPE_CHECKING

import crawleruseragents
import msgspec
from bench.truth.sets import CRAWLERDETECT, MODULES, Absent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    List = Callable[[Sequence[str]], list[bool]]

_ISBOT = """
const { isbot } = require("isbot");
const agents = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(agents.map(agent => isbot(agent))));
"""


def _crawler_user_agents(agents: Sequence[str]) -> list[bool]:
    patterns = "|".join(entry["pattern"] for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA)
    known = re.compile(patterns)
    return [known.search(agent) is not None for agent in agents]


def _crawler_detect(agents: Sequence[str]) -> list[bool]:
    if not CRAWLERDETECT.exists():
        raise Absent("crawlerdetect: `make confusion` fetches it")
    sys.path.append(str(CRAWLERDETECT))
    try:
        lists = [import_module(f"crawlerdetect.providers.{name}").data for name in ("exclusions", "crawlers")]
    finally:
        sys.path.remove(str(CRAWLERDETECT))
    browsers, crawlers = (re.compile("|".join(patterns), re.IGNORECASE) for patterns in lists)
    return [crawlers.search(browsers.sub("", agent)) is not None for agent in agents]


def _isbot(agents: Sequence[str]) -> list[bool]:
    node = which("node")
    if not node or not (MODULES / "isbot").exists():
        raise Absent("isbot: tests/setup installs it")
    done = subprocess.run(
        [node, "-e", _ISBOT], input=msgspec.json.encode(agents), cwd=MODULES.parent, stdout=subprocess.PIPE, check=True
    )
    return msgspec.json.decode(done.stdout, type=list[bool])


LISTS: dict[str, List] = {
    "crawler-user-agents 1.67.0": _crawler_user_agents,
    "crawlerdetect 0.4.2": _crawler_detect,
    "isbot 5.2.3": _isbot,
}
"""Say of agents whether they are robots, in order; raise `Absent` if they are not there."""
