"""Programs that make hits: their user agents and the headers that they send, and where in the net they are."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from random import Random


class Program(NamedTuple):
    """What sends requests.

    Parameters:
        agent: its user agent.
        headers: which of the headers that a server keeps it sends.
    """

    agent: str
    headers: tuple[str, ...]

    def posing(self, *headers: str) -> Program:
        """Return what calls itself so and sends these headers."""
        return Program(self.agent, headers)


ACCEPT, ENCODING, LANGUAGE = "accept", "accept-encoding", "accept-language"
_USUAL = (ACCEPT, ENCODING, LANGUAGE)
_CHROME = (*_USUAL, "sec-ch-ua", "sec-fetch-mode", "sec-fetch-user", "upgrade-insecure-requests")
_FIREFOX = (*_USUAL, "sec-fetch-mode", "sec-fetch-user", "upgrade-insecure-requests")
_SAFARI = (*_USUAL, "sec-fetch-mode")
_WEBVIEW = (*_CHROME, "x-requested-with")

_OLD_WINDOWS = "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit"
_MAC_MESSAGES = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"

CHROME = Program(f"{_WINDOWS} Chrome/153.0.0.0 Safari/537.36", _CHROME)
DESKTOPS = (
    CHROME,
    CHROME,
    Program(f"{_WINDOWS} Chrome/153.0.0.0 Safari/537.36 Edg/153.0.0.0", _CHROME),
    Program(f"{_MAC}/537.36 (KHTML, like Gecko) Chrome/152.0.0.0 Safari/537.36", _CHROME),
    Program(f"{_MAC}/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15", _SAFARI),
    Program("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0", _FIREFOX),
    Program("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0", _FIREFOX),
    Program("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", _USUAL),  # Internet Explorer 11
)
IPHONES = (
    Program(f"{_IPHONE} Version/26.6 Mobile/15E148 Safari/604.1", _SAFARI),
    Program(f"{_IPHONE} Version/26.1 Mobile/15E148 Safari/604.1", _SAFARI),
    Program(f"{_IPHONE} CriOS/153.0.8000.40 Mobile/15E148 Safari/604.1", _SAFARI),
)
PHONES = (
    *IPHONES,
    Program(f"{_IPHONE} Mobile/15E148", _SAFARI),  # a page inside of a mail program
    Program(
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/153.0.0.0 Mobile Safari/537.36",
        _CHROME,
    ),
    Program(
        "Mozilla/5.0 (Linux; Android 15; SM-S928B Build/AP3A.240905.015; wv) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Version/4.0 Chrome/152.0.7900.12 Mobile Safari/537.36",
        _WEBVIEW,
    ),
    Program(
        "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-A546B) AppleWebKit/537.36 (KHTML, like Gecko)"
        " SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
        _CHROME,
    ),
)
MAIL_PROGRAMS = (
    Program(
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; .NET4.0E;"
        " Microsoft Outlook 16.0.17932; ms-office; MSOffice 16)",
        _USUAL,
    ),
    Program("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17932; Pro)", (ACCEPT, ENCODING)),
    Program("Outlook-iOS/723.4027091.prod.iphone (4.28.0)", _USUAL),
    Program("MacOutlook/16.89.24090815 (Intelx64 Mac OS X Version 14.6.1 (Build 23G93))", (ACCEPT, ENCODING)),
    Program("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0", _USUAL),
    Program(f"{_MAC}/605.1.15 (KHTML, like Gecko)", _USUAL),  # Apple Mail, its privacy proxy switched off
    Program(f"{_IPHONE} Mobile/15E148", _USUAL),
)
GMAIL_PROXY = Program(
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", (ENCODING,)
)
YAHOO_PROXY = Program("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", (ACCEPT, ENCODING))
APPLE_PROXY = Program("Mozilla/5.0", _USUAL)
GMAIL_PREFETCH = Program(f"{_WINDOWS} Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0", (ENCODING,))
GOOGLE_SECURITY = (
    Program(
        f"{_OLD_WINDOWS} Chrome/41.0.2272.118 Safari/537.36",
        (ACCEPT, ENCODING),
    ),
    CHROME.posing(ACCEPT, ENCODING),
)
ONE_CLICK = (
    Program("", (ENCODING,)),
    Program("Mozilla/5.0", (ACCEPT, ENCODING)),
    Program("Apache-HttpClient/4.5.13 (Java/17.0.9)", (ENCODING,)),
)
PREVIEWS = tuple(
    Program(agent, (ACCEPT, ENCODING))
    for agent in (
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "WhatsApp/2.24.20.89 A",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
        "TelegramBot (like TwitterBot)",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        f"{_MAC_MESSAGES} facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        "Iframely/1.3.1 (+https://iframely.com/docs/about)",
    )
)
LIBRARIES = (
    Program("curl/8.5.0", (ACCEPT,)),
    Program("python-requests/2.32.3", (ACCEPT, ENCODING)),
    Program("Go-http-client/2.0", (ENCODING,)),
    Program("Java/17.0.9", (ACCEPT,)),
    Program("okhttp/4.12.0", (ENCODING,)),
    Program("axios/1.7.7", (ACCEPT, ENCODING)),
    Program("", (ACCEPT,)),
    Program(f"{_WINDOWS} HeadlessChrome/131.0.0.0 Safari/537.36", _CHROME),
)
OLD_BROWSERS = (
    Program(f"{_WINDOWS} Chrome/87.0.4280.88 Safari/537.36", _USUAL),
    Program(f"{_OLD_WINDOWS} Chrome/79.0.3945.130 Safari/537.36", _USUAL),
    Program("Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", _USUAL),
    Program(f"{_MAC}/537.36 (KHTML, like Gecko) Chrome/95.0.4638.69 Safari/537.36", _USUAL),
)
"""What scanners call themselves, which do not keep pace with what people use."""

HOMES = ("198.18.0.0/16", "2001:db8::/40")
"""People's networks: of RFC 2544 and RFC 3849, so in nobody's list."""
CLOUDS = ("198.19.0.0/16",)
"""Networks of robots that no list knows; RFC 2544."""
GATEWAYS = (
    "148.163.128.0/19",  # Proofpoint
    "67.231.144.0/20",
    "207.211.30.0/24",  # Mimecast
    "195.130.217.0/24",
    "209.222.82.0/24",  # Barracuda
    "67.219.240.0/20",  # Symantec, MessageLabs
    "85.158.136.0/21",
)
"""Networks that makers of gateways publish as theirs."""
GOOGLE = ("66.249.80.0/22", "66.102.8.0/23", "74.125.208.0/22")
APPLE = ("17.58.0.0/20", "172.224.224.0/20", "104.28.32.0/20")
"""Apple's own, and what leaves its relay."""
RELAY = ("172.225.16.0/20", "104.28.64.0/20", "146.75.160.0/20")
"""What leaves Apple's relay, which people browse through."""
YAHOO = ("98.137.64.0/20",)


def address(rng: Random, networks: tuple[str, ...]) -> str:
    """Return some address of one of these networks."""
    network = ip_network(rng.choice(networks))
    return str(network[rng.randrange(1, min(network.num_addresses, 1 << 60) - 1)])


def beside(rng: Random, neighbour: str) -> str:
    """Return another address of the same /24."""
    return f"{neighbour.rpartition('.')[0]}.{rng.randrange(1, 255)}"
