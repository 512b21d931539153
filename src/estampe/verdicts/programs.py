"""Programs: those that tell by their user agent what role they play in mail.

The first row whose pattern is found in an agent says what it is. A new one is a row; its example must be known by it.
What robots of all kinds call themselves, lists of others know better (`Sighting.robot`).
"""

from __future__ import annotations

import re
from enum import StrEnum, auto
from functools import lru_cache
from typing import NamedTuple

_KEPT = 4_096


class Role(StrEnum):
    """What a program does with messages."""

    BARE = auto()  # says no more than that it is one
    PROXY = auto()  # loads pictures for people
    PREFETCH = auto()  # loads pictures for nobody yet
    OLD_EDGE = auto()  # poses as a browser of 2015
    SAFETY = auto()  # Google's security robot
    SCANNER = auto()  # a security gateway that says so
    MAIL = auto()  # a mail program
    APP = auto()  # the library that an app on a phone loads with, also a mail app
    LIBRARY = auto()  # the library of a script
    ROBOT = auto()  # says that it is one
    NO_BROWSER = auto()  # says nothing of what browsers say


class Program(NamedTuple):
    """A row.

    Parameters:
        name: for people; of a proxy, what `Classification.through` calls it.
        role: what it does.
        pattern: is found in its agent, in any case.
        source: who says so.
        example: an agent.
    """

    name: str
    role: Role
    pattern: str
    source: str
    example: str


PROGRAMS = (
    Program("Mozilla/5.0", Role.BARE, r"\AMozilla/5\.0\Z", "Apple's mail privacy proxy since iOS 15", "Mozilla/5.0"),
    Program(
        "gmail",
        Role.PROXY,
        "GoogleImageProxy",
        "Gmail",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    ),
    Program(
        "yahoo",
        Role.PROXY,
        "YahooMailProxy",
        "help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
        "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    ),
    Program("fastmail", Role.PROXY, "FastmailUA", "Fastmail", "FastmailUA/1.0"),
    Program(
        "seznam",
        Role.PROXY,
        "SeznamEmailProxy",
        "napoveda.seznam.cz/en/email-proxy",
        "Mozilla/5.0 (compatible; SeznamEmailProxy/2.0.174; +http://napoveda.seznam.cz/en/email-proxy/)",
    ),
    Program(
        "image proxy",
        Role.PROXY,
        r"(?:Image|Mail)Proxy",
        "other mailboxes, by the name that all of these have",
        "RamblerMail/6.0 (incompatible; ImageProxy/6.0)",
    ),
    Program(
        "Gmail, ahead of its reader",
        Role.PREFETCH,
        r"Chrome/42\.0\.2311\.135 Safari/537\.36 Edge/12\.246 Mozilla/5\.0\Z",
        "bird.com/blog/gmail-prefetching-images, 9.8 thousand million opens of 2021",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
        "Safari/537.36 Edge/12.246 Mozilla/5.0",
    ),
    Program(
        "Edge 12.246",
        Role.OLD_EDGE,
        r"Edge/12\.246",
        "the same, as others saw it",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
        "Safari/537.36 Edge/12.246",
    ),
    Program(
        "Google-Safety",
        Role.SAFETY,
        r"Google-Safety|Google-?Safe-?Browsing",
        "developers.google.com/search/docs/crawling-indexing/google-special-case-crawlers",
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/114.0.5735.179 Mobile Safari/537.36 (compatible; Google-Safety; +http://www.google.com/bot.html)",
    ),
    Program(
        "a gateway by its name",
        Role.SCANNER,
        r"\b(?:barracuda|proofpoint|mimecast|messagelabs|symantec|ironport|fortimail|fortiguard|forcepoint|websense"
        r"|trend ?micro|sophos|bitdefender|safelinks|hornetsecurity|vadesecure|spamtitan|spamassassin|trustwave"
        r"|fireeye|avanan|zscaler|cloudmark|mailscanner|kaspersky|f-secure|urldefense)",
        "the makers' names",
        "Mozilla/5.0 (compatible; Barracuda Link Protection/1.0)",
    ),
    Program(
        "Outlook",
        Role.MAIL,
        r"Microsoft Outlook|MacOutlook/|Outlook-(?:iOS|Android|Express)|\bMS-?Office\b|Microsoft Office",
        "learn.microsoft.com; lists of robots call it one",
        "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    ),
    Program(
        "Thunderbird",
        Role.MAIL,
        r"\b(?:Thunderbird|Icedove|Betterbird|Postbox)/",
        "thunderbird.net",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0",
    ),
    Program(
        "Apple Mail",
        Role.MAIL,
        r"AppleWebKit/[\d.]+ \(KHTML, like Gecko\)(?: Mobile/\w+)?\Z|\bAppleMail\b",
        "what it sends where mail privacy is off",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    ),
    Program(
        "another mail program",
        Role.MAIL,
        r"\b(?:Airmail|BlueMail|eM ?Client|Evolution|Geary|Kmail|K-9|Lotus-Notes|HCL-Notes|Mailbird|Mailspring|MailMate"
        r"|Foxmail|Newton|Polymail|SeaMonkey|Sparrow|Spark|Superhuman|The Bat!|Zimbra)\b",
        "their makers",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Mailbird/3.0 Safari/537.36",
    ),
    Program(
        "an app's library",
        Role.APP,
        r"\A(?:okhttp|Dalvik)/|\bCFNetwork/[\d.]+ Darwin/|\bcoil/|\bGlide/",
        "Android and iOS",
        "Mail/3774.600.62 CFNetwork/1568.300.101 Darwin/24.2.0",
    ),
    Program(
        "a script's library",
        Role.LIBRARY,
        r"\A(?:curl|wget|python|aiohttp|httpx|go-http-client|java|apache-httpclient|jakarta|axios|node|undici|got|ruby"
        r"|faraday|php|guzzle|libwww|lwp|perl|winhttp|powershell|restsharp|postmanruntime|insomnia|httpie|scrapy|hackney"
        r"|reqwest|ureq|dart)(?:\b|/|-)",
        "their makers",
        "python-requests/2.32.3",
    ),
    Program(
        "a robot's address",
        Role.ROBOT,
        r"https?:/|\bwww\.|\+[a-z][\w-]*\.[a-z]|\w@[\w-]+\.[a-z]",
        "RFC 9309 section 2.2.1; 43 of 198,000 agents of people, 420 of 1,046 of robots that no list in use knows",
        "KickFire (+kickfire.example)",
    ),
    Program(
        "a robot's word",
        Role.ROBOT,
        r"\A(?!Mozilla/5\.0 \((?:Linux|iP)).*(?:bots?\b|bot[/_]|\brobot|crawl|spider|scrap(?:e|er|y|ing)\b|headless"
        r"|phantomjs|selenium|puppeteer|webdriver|wkhtml"
        r"|\b(?:feed|http|link|page|site|url|web)[ _-]?(?:check|fetch|grab|index|monitor|prev|scan|snap|thumb|valid))",
        "robots' own names; not asked of phones, whose models are named so too",
        "HappyApps-WebCheck/1.0",
    ),
    Program(
        "no browser",
        Role.NO_BROWSER,
        r"\A(?=.)(?!Mozilla|Opera|(?:E?Links|Lynx|w3m)[ /]|NAVER\(inapp|.*(?:Android|BlackBerry|Browser/|CFNetwork"
        r"|DoCoMo|Gecko|J-PHONE|KDDI|LG[-/]|MIDP|Mozilla|NetFront|Nokia|Obigo|Opera|Profile/|Safari|Samsung|SoftBank"
        r"|SonyEricsson|UCWEB|Vodafone|WAP|iPhone|iPad|\((?:Linux|Macintosh|Windows)))",
        "383 of 198,000 agents of people, 387 of 1,046 of robots that no list in use knows",
        "Integrity/6",
    ),
)
"""What programs are known, the first that fits first."""

_PATTERNS = tuple((row, re.compile(row.pattern, re.IGNORECASE)) for row in PROGRAMS)


@lru_cache(_KEPT)
def program_of(agent: str) -> Program | None:
    """Return the program that an agent tells of, None if it is none of those that have a role."""
    return next((row for row, pattern in _PATTERNS if pattern.search(agent)), None)
