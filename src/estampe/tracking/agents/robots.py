"""Robots: as what public lists know a user agent, and ours."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

import crawleruseragents  # type: ignore[import-untyped]  # it brings no types
import msgspec
from device_detector.parser import Bot  # type: ignore[import-untyped]  # the same

_SLICE = 25
"""How many patterns are tried as one: the crawler list's own choice, and the fastest."""

_LONGEST = 60

_HANDSET = re.compile(r"^(?:Mozilla/5\.0|Dalvik/[\d.]+) (\((?:Linux; (?:U; )?Android|iPhone|iPad|iPod)[^()]*)")
"""What an agent of a handset starts with: in parentheses, names of devices and builds, which may be any words."""


class _Robot(msgspec.Struct, frozen=True):
    name: str
    pattern: str


class _Person(msgspec.Struct, frozen=True):
    word: str
    agent: str


class _Lists(msgspec.Struct, frozen=True):
    robots: list[_Robot]
    people: list[_Person]


_LISTS = msgspec.convert(tomllib.loads((files(__package__) / "robots.toml").read_text("utf-8")), _Lists)
_OURS = [(re.compile(each.pattern), each.name) for each in _LISTS.robots]
_PEOPLE = {each.word: re.compile(each.agent) for each in _LISTS.people}
_WORDS: list[str] = [each["pattern"] for each in crawleruseragents.CRAWLER_USER_AGENTS_DATA]
_SLICES = [
    (re.compile("|".join(_WORDS[at : at + _SLICE])), _WORDS[at : at + _SLICE]) for at in range(0, len(_WORDS), _SLICE)
]


def ours(agent: str) -> str:
    """Return the name that our list has for an agent, or nothing."""
    return next((name for pattern, name in _OURS if pattern.search(agent)), "")


def bot(agent: str) -> tuple[str, str]:
    """Return the name that device_detector's list of bots has for an agent, and who runs it, or nothing."""
    found = Bot(agent, None).parse().ua_data
    return found.get("name") or "", (found.get("producer") or {}).get("name") or ""


def crawler(agent: str) -> str:
    """Return the words by which crawler-user-agents knows an agent, or nothing."""
    handset = _HANDSET.match(agent)
    begin = handset.end() if handset else 0
    for any_of_them, words in _SLICES:
        if any_of_them.search(agent):
            for word in words:
                found = re.search(word, agent)
                if found and found.start() >= begin and not _is_person(word, agent):
                    return _bare(found.group())
    return ""


def _is_person(word: str, agent: str) -> bool:
    people = _PEOPLE.get(word)
    return people is not None and people.search(agent) is not None


def _bare(words: str) -> str:
    return words.strip(" /();:+-")[:_LONGEST]
