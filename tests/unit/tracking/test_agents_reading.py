"""Reading agents: in the words of events, people as people, robots as robots."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from device_detector.enums import AppType, DeviceType
from device_detector.parser.settings import AVAILABLE_BROWSERS, OPERATING_SYSTEMS
from hypothesis import given, settings
from hypothesis import strategies as st

from estampe.events import Parsed, Unparsed
from estampe.tracking.agents import robots, words
from estampe.tracking.agents.profiles import decode, encode
from estampe.tracking.agents.reading import read

ANDROID = "Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPAD = "Mozilla/5.0 (iPad; CPU OS 12_5_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/95.0.4638.50 Mobile Safari/537.36"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
TRIDENT = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; .NET4.0E"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"

MAIL = {
    GMAIL: "Gmail",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html": "Yahoo Mail",
    "Mozilla/5.0 (compatible; YandexImageResizer/2.0; +http://yandex.com/bots)": "Yandex Mail",
    "Mozilla/5.0 (compatible; Mail.Ru Image Proxy)": "Mail.Ru",
    "FastmailUA/1.0": "Fastmail",
    f"{IPHONE} Mobile/15E148": "Apple Mail",
    f"{IPAD} Mobile/15E148": "Apple Mail",
    MAC: "Apple Mail",
    f"{MAC} Mail/3774.300.61": "Apple Mail",
    "Mail/3731.700.6 CFNetwork/1410.1 Darwin/22.6.0": "Apple Mail",
    "MobileMail": "Apple Mail",
    "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.6.0": "Thunderbird",
    f"{WINDOWS} Gecko/20100101 Thunderbird/91.0": "Thunderbird",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.12026; Pro)": "Microsoft Outlook",
    f"{TRIDENT}; Microsoft Outlook 16.0.4266; ms-office; MSOffice 16)": "Microsoft Outlook",
    "Outlook-iOS/723.4027091.prod.iphone (4.28.0)": "Microsoft Outlook",
    "Outlook-Android/2.0": "Microsoft Outlook",
    "MacOutlook/16.80.23121017 (Intelx64 Mac OS X Version 14.2.1 (Build 23C71))": "Microsoft Outlook",
    "Mozilla/4.0 (compatible; ms-office; MSOffice rmj)": "Microsoft Office",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Word 16.0.4266; Pro)": "Microsoft Office",
    f"{ANDROID} Version/4.0 Chrome/119.0.6045.193 Mobile Safari/537.36 YahooMobileMail/1.0": "Yahoo Mail",
    f"{WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) eM Client/9.2": "eM Client",
    "Spark/3.0 CFNetwork/1404 Darwin/22.3.0": "Spark",
    "Airmail/5.6 CFNetwork/1404 Darwin/22.3.0": "Airmail",
    "The Bat! 9.3": "The Bat!",
    "Lotus-Notes/6.0; Windows-NT": "HCL Notes",
    "Postbox 1.0b14 (Windows/2009072715)": "Postbox",
}

PEOPLE = [
    f"{ANDROID} Chrome/112.0.0.0 Mobile Safari/537.36",
    f"{IPHONE} Version/17.2 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/439.0.0.27.108]",
    f"{ANDROID} Version/4.0 Chrome/146.0.7680.174 Mobile Safari/537.36 MetaIAB Facebook",
    f"{ANDROID} Version/4.0 Chrome/145.0.7632.120 Mobile Safari/537.36 Viber/27.4.0.0",
    f"Mozilla/5.0 (Linux; U; Android 5.0.2; zh-cn; Redmi Note 2) {WEBKIT} SogouMSE,SogouMobileBrowser/3.8.5",
    f"Mozilla/5.0 (Linux; Android 15; CPH2581 Build/AP3A.240617.008; ) {WEBKIT}",
    f"Mozilla/5.0 (Linux; Android 8.1.0; Fever_Plus_J) {WEBKIT}",
    f"Mozilla/5.0 (Linux; Android 10; CUBOT_X30) {WEBKIT}",
    "Dalvik/2.1.0 (Linux; U; Android 9; AMN-LX9 Build/HUAWEIAMN-LX9)",
    f"{WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91",
    "Mozilla/5.0",
    "",
    "something else",
]

ROBOTS = {
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "Googlebot",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)": "Facebook Crawler",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)": "Slackbot",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5": "Microsoft Teams preview",
    "WhatsApp/2.23.20.0 A": "WhatsApp",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)": "LinkedIn Bot",
    "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))": "Barracuda",
    "Mozilla/5.0 (compatible; Proofpoint URL Defense)": "Proofpoint",
    "Mimecast-Scanner/1.0": "Mimecast",
    "MessageLabs-LinkFollower": "Symantec",
    "BitDefender/7.0": "Bitdefender",
    "curl/8.4.0": "curl",
    "python-requests/2.31.0": "python-requests",
    "Java/1.8.0_181": "Java",
    "undici": "undici",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36": (
        "HeadlessChrome"
    ),
}

PEOPLE_OF_THE_LIST = {
    "AP3A\\.240617\\.008",  # a build of Android 15, which telephones have
    "Fluid",
    "MetaIAB Facebook",
    "FastmailUA",
    "GoogleImageProxy",
    "Shortwave Image Fetcher",
    "YahooMailProxy",
    "cognitiveseo\\.com",  # Thunderbird, by the rest of it
    "yandex\\.com\\/bots",  # one of its agents: YandexImageResizer
}
"""Entries of crawler-user-agents of which a sample is no robot of ours."""


def test_the_agent_of_the_reference_tells_what_the_reference_says() -> None:
    agent = (
        "Mozilla/5.0 (Linux; Android 9; AMN-LX9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0.4472.88 "
        "Mobile Safari/537.36"
    )
    assert json.loads(msgspec.json.encode(read(agent).ua)) == {
        "type": "parsed",
        "ua": agent,
        "client": {
            "type": "Mobile browser",
            "name": "Chrome Mobile",
            "version": "91.0.4472.88",
            "vendor": "Google Inc.",
        },
        "os": {"name": "Android 9.0 Pie", "family": "Android", "vendor": "Google Inc."},
        "device": {"type": "Smartphone", "name": "Y5 (2019)", "brand": "Huawei"},
    }


@pytest.mark.parametrize(("agent", "name"), MAIL.items())
def test_a_mail_program_is_one_and_never_a_robot(agent: str, name: str) -> None:
    profile = read(agent)
    assert isinstance(profile.ua, Parsed)
    assert profile.ua.client
    assert (profile.ua.client.type, profile.ua.client.name, profile.robot) == ("Email client", name, "")


def test_a_proxy_tells_nothing_of_the_system_behind_it() -> None:
    """What it says of one is the same for all of its people."""
    ua = read(GMAIL).ua
    assert isinstance(ua, Parsed)
    assert not ua.os
    assert not ua.device


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_are_no_robots(agent: str) -> None:
    assert read(agent).robot == ""


@pytest.mark.parametrize(("agent", "name"), ROBOTS.items())
def test_a_robot_has_the_name_that_a_list_has_for_it(agent: str, name: str) -> None:
    profile = read(agent)
    assert profile.robot == name
    assert isinstance(profile.ua, Parsed)
    assert profile.ua.client
    assert profile.ua.client.type in {"Crawler", "Library"}


def test_nearly_all_samples_of_the_list_of_crawlers_are_robots() -> None:
    """And those that are not are named here."""
    samples = [(entry["pattern"], agent) for entry in CRAWLER_USER_AGENTS_DATA for agent in entry["instances"]]
    missed = {pattern for pattern, agent in samples if not _is_robot(agent)}
    assert len(samples) > 2_000
    assert missed <= PEOPLE_OF_THE_LIST


def _is_robot(agent: str) -> bool:
    mail, _ = words.mail_program(agent)
    return bool(robots.ours(agent) or (not mail and (robots.bot(agent)[0] or robots.crawler(agent))))


@pytest.mark.parametrize("agent", ["Mozilla/5.0", "", "12345.43", "garbage"])
def test_an_agent_that_tells_nothing_is_raw(agent: str) -> None:
    assert read(agent).ua == Unparsed(ua=agent)


@given(agent=st.one_of(st.text(max_size=80), st.text(" /;().:+Mozila50AndroidWwFGT", max_size=200)))
@settings(max_examples=25, deadline=None)
def test_any_text_can_be_read_and_written(agent: str) -> None:
    profile = read(agent)
    assert profile.ua.ua == agent
    assert decode(encode(profile)) == profile


@pytest.mark.parametrize(
    ("system", "version", "expected"),
    [
        ("Android", "9", ("Android 9.0 Pie", "Android", "Google Inc.")),
        ("Android", "8.1.0", ("Android 8.1 Oreo", "Android", "Google Inc.")),
        ("Android", "8.0.0", ("Android 8.0 Oreo", "Android", "Google Inc.")),
        ("Android", "4.4.2", ("Android 4.4 KitKat", "Android", "Google Inc.")),
        ("Android", "15", ("Android 15", "Android", "Google Inc.")),
        ("Android", "", ("Android", "Android", "Google Inc.")),
        ("iOS", "17.2", ("iOS 17", "iOS", "Apple Inc.")),
        ("iPadOS", "16.1", ("iPadOS 16", "iOS", "Apple Inc.")),
        ("Mac", "10.15.7", ("macOS 10.15 Catalina", "macOS", "Apple Inc.")),
        ("Mac", "10.11", ("OS X 10.11 El Capitan", "OS X", "Apple Inc.")),
        ("Mac", "14.2.1", ("macOS 14 Sonoma", "macOS", "Apple Inc.")),
        ("Mac", "", ("macOS", "macOS", "Apple Inc.")),
        ("Windows", "10", ("Windows 10", "Windows", "Microsoft Corporation.")),
        ("Windows", "XP", ("Windows XP", "Windows", "Microsoft Corporation.")),
        ("GNU/Linux", "", ("Linux", "Linux", None)),
        ("Ubuntu", "22.04", ("Ubuntu 22.04", "Linux", "Canonical Ltd.")),
        ("Chrome OS", "14541.0.0", ("Chrome OS", "Chrome OS", "Google Inc.")),
        ("A new one", "1.2", ("A new one 1.2", "A new one", None)),
    ],
)
def test_a_system_has_the_name_of_its_version(system: str, version: str, expected: tuple[str, ...]) -> None:
    found = words.system({"name": system, "version": version, "family": _family(system)})
    assert found
    assert (found.name, found.family, found.vendor or None) == expected


def _family(system: str) -> str:
    return {"iPadOS": "iOS", "Ubuntu": "GNU/Linux", "A new one": ""}.get(system, system)


def test_no_system_no_program_and_no_device_is_none() -> None:
    assert not words.system({})
    assert not words.software({"type": "generic", "name": "guess"}, "", mobile=False)
    assert not words.device({}, "")


def test_unknown_words_stay_as_they_are() -> None:
    program = words.software({"type": "hologram", "name": "Holo", "version": None}, "", mobile=False)
    assert program
    assert (program.type, program.name, program.version or None) == ("hologram", "Holo", None)
    device = words.device({"type": "hologram"}, "")
    assert device
    assert device.type == "hologram"


def test_tables_have_words_that_the_library_says() -> None:
    tables = words.WORDS
    assert tables.types.keys() <= {str(kind) for kind in AppType}
    assert {str(kind) for kind in DeviceType if kind} == tables.devices.keys()
    assert set(tables.handheld["devices"]) <= tables.devices.keys()
    assert tables.systems.keys() <= set(OPERATING_SYSTEMS.values())
    named = {name for names in (*tables.vendors.values(), *tables.types_of.values()) for name in names}
    assert named - _programs() - set(tables.names.values()) == set()
    assert tables.names.keys() <= _programs() | {"MobileMail", "YahooMobileMail"}  # those it takes from the agent


def _programs() -> set[str]:
    """Return all names of programs that stand in device_detector's data."""
    folder = Path(str(files("device_detector")))
    lines = (line.strip() for path in folder.rglob("*.yml") for line in path.read_text().splitlines())
    stated = {line.partition("name:")[2].strip(" '\"") for line in lines if line.lstrip("- ").startswith("name:")}
    return stated | set(AVAILABLE_BROWSERS.values())


def test_people_of_the_list_of_crawlers_are_in_it() -> None:
    """A row whose entry is gone can go too."""
    rows: list[dict[str, Any]] = tomllib.loads((files(words.__package__) / "robots.toml").read_text())["people"]
    assert {row["word"] for row in rows} <= {entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA}


def test_examples_of_the_documentation_are_true() -> None:
    page = (Path(__file__).parents[3] / "docs" / "agents.md").read_text()
    examples = [json.loads(block.partition("```")[0]) for block in page.split("```json")[1:]]
    assert len(examples) == 2
    for example in examples:
        assert json.loads(msgspec.json.encode(read(example["ua"]).ua)) == example


def test_the_documentation_names_all_types_of_programs() -> None:
    page = (Path(__file__).parents[3] / "docs" / "agents.md").read_text()
    types = {*words.WORDS.types.values(), *words.WORDS.types_of, "Mobile browser", "Crawler"}
    assert {kind for kind in types if f"`{kind}`" not in page} == set()
