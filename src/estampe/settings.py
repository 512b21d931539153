"""Settings: every one has an environment variable `ESTAMPE_<NAME>`, a default and a limit."""

from __future__ import annotations

from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self, get_args

import msgspec
from msgspec import Meta

from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Network, IPv6Network

PREFIX = "ESTAMPE_"

OTHERS = frozenset({"ESTAMPE_URL", "ESTAMPE_KEY"})
"""Variables of the command that are no settings of the server."""


class InvalidSetting(EstampeError):
    """A setting's value is not allowed."""

    def __init__(self, variable: str, found: str, allowed: str) -> None:
        super().__init__(f"{variable} is {found!r}; write {allowed}, or unset it")


class UnknownSetting(EstampeError):
    """A variable starts with `ESTAMPE_` and is no setting."""

    def __init__(self, variable: str) -> None:
        known = (PREFIX + name.upper() for name in Settings.__struct_fields__)
        near = get_close_matches(variable, [*known, *OTHERS], n=1)
        hint = f"; did you mean {near[0]}?" if near else "; unset it"
        super().__init__(f"{variable} is no setting of Estampe{hint}")


class Row(NamedTuple):
    """One setting as the documentation shows it."""

    variable: str
    default: str
    unit: str
    meaning: str


def _doc(unit: str, meaning: str, *, ge: float | None = None, le: float | None = None) -> Meta:
    return Meta(ge=ge, le=le, description=meaning, extra={"unit": unit})


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator may choose; the fields' own descriptions are the reference (docs/settings.md)."""

    data: Annotated[Path, _doc("folder", "where logs and catalog live")] = Path("estampe-data")
    catalog: Annotated[
        str, _doc("address", "a PostgreSQL database for the catalog, postgresql://…; empty: a file in the data folder")
    ] = ""
    host: Annotated[str, _doc("address", "the address to listen on")] = "127.0.0.1"
    port: Annotated[int, _doc("port", "the port to listen on; 0 takes a free one", ge=0, le=65_535)] = 8080
    connections_limit: Annotated[
        int, _doc("connections", "open connections served at once; further ones wait", ge=1, le=100_000)
    ] = 1_024
    body_limit: Annotated[
        int, _doc("bytes", "the largest request body, before and after decompression", ge=1_024, le=1 << 30)
    ] = 16 * 1_048_576
    bodies_limit: Annotated[
        int, _doc("bytes", "request bodies held in memory at once, of all keys", ge=1_024, le=1 << 40)
    ] = 256 * 1_048_576
    bodies_per_key: Annotated[
        int, _doc("bytes", "request bodies held in memory at once, of one key", ge=1_024, le=1 << 40)
    ] = 64 * 1_048_576
    batch_limit: Annotated[int, _doc("drafts", "drafts in one publication", ge=1, le=1_000_000)] = 10_000
    query_limit: Annotated[int, _doc("bytes", "the longest query string", ge=64, le=65_536)] = 4_096
    items_limit: Annotated[
        int, _doc("items", "items and kinds of event that one call about a campaign may name", ge=1, le=100_000)
    ] = 1_000
    statistics_limit: Annotated[int, _doc("rows", "rows in one answer of statistics", ge=1, le=10_000_000)] = 100_000
    rate: Annotated[
        float,
        _doc("requests/s", "requests a second of one key in the long run; 0 sets no limit", ge=0, le=1e6),
    ] = 1_000
    burst: Annotated[int, _doc("requests", "requests of one key at once, before `rate` counts", ge=1, le=1_000_000)] = (
        2_000
    )
    streams_limit: Annotated[int, _doc("lists", "lists being sent at once, of all keys", ge=1, le=100_000)] = 256
    streams_per_key: Annotated[int, _doc("lists", "lists being sent at once, of one key", ge=1, le=100_000)] = 64
    scan_threads: Annotated[int, _doc("threads", "threads that read the logs for lists", ge=1, le=256)] = 8
    stall_seconds: Annotated[
        float, _doc("s", "how long a client may read or send nothing before it is cut off", ge=0.1, le=86_400)
    ] = 60
    shutdown_seconds: Annotated[
        float, _doc("s", "how long lists may go on after SIGTERM before they are cut off", ge=0, le=3_600)
    ] = 30
    executions_limit: Annotated[int, _doc("items", "executions in one call", ge=1, le=1_000_000)] = 10_000
    call_hours: Annotated[
        float, _doc("h", "how long a call may be repeated with its Idempotency-Key", ge=0.01, le=8_760)
    ] = 48
    public_url: Annotated[
        str, _doc("address", "where people reach this server, for links in messages; empty: no links, and no hits")
    ] = ""
    links_listen: Annotated[
        str,
        _doc("address", "HOST:PORT that answers links alone, and faster; empty: the main address does it"),
    ] = ""
    open_pixel: Annotated[
        bool, _doc("yes or no", "whether messages tell when they are opened, by a picture of a dot")
    ] = True
    decoy_link: Annotated[
        bool,
        _doc("yes or no", "whether messages have a link that no person can see, so that who follows it is a robot"),
    ] = False
    form_url: Annotated[
        str, _doc("address", "where forms are; {form} stands for a form's id; empty: links to forms lead nowhere")
    ] = ""
    proxies: Annotated[
        str, _doc("networks", "proxies whose X-Forwarded-For is believed, addresses or CIDR with commas between")
    ] = ""
    shorten_addresses: Annotated[
        bool,
        _doc("yes or no", "whether addresses of readers are cut to /24 (IPv4) and /48 (IPv6) before they are kept"),
    ] = False
    agent_limit: Annotated[
        int, _doc("bytes", "the longest user agent of a reader; a longer one is refused", ge=64, le=65_536)
    ] = 2_048
    spool_limit: Annotated[
        int,
        _doc(
            "bytes", "hits that wait to become events; beyond it links still work but are not noted", ge=1, le=1 << 40
        ),
    ] = 1 << 30
    judge_seconds: Annotated[
        float,
        _doc("s", "how long a hit waits for others of its message before it is judged and published", ge=0, le=60),
    ] = 2
    copy_days: Annotated[
        float, _doc("days", "how long a message that was sent can be looked at as a web page", ge=0, le=36_500)
    ] = 365
    networks: Annotated[
        str,
        _doc(
            "folder", "a folder with lists of networks of robots, *.csv, besides those that Estampe knows; empty: none"
        ),
    ] = ""
    mail_domain: Annotated[
        str, _doc("domain", "the domain of senders that name none, and of Message-IDs; empty: this machine's name")
    ] = ""
    return_domain: Annotated[
        str, _doc("domain", "the domain of return paths, where reports of failure go; empty: the mail domain")
    ] = ""
    dkim_keys: Annotated[
        str, _doc("folder", "the folder with DKIM keys, DOMAIN/SELECTOR.pem; empty: dkim in the data folder")
    ] = ""
    composers: Annotated[
        int, _doc("processes", "processes that render and sign messages; 0: one for each core but one", ge=0, le=256)
    ] = 0
    render_seconds: Annotated[float, _doc("s", "how long the rendering of one message may take", ge=0.01, le=600)] = 2
    render_memory: Annotated[
        int, _doc("bytes", "how much memory a process that renders may take", ge=64 * 1_048_576, le=1 << 40)
    ] = 512 * 1_048_576
    message_limit: Annotated[
        int, _doc("bytes", "the largest message to send, all its parts encoded", ge=1_024, le=1 << 30)
    ] = 10 * 1_048_576
    relays: Annotated[
        str,
        _doc(
            "address",
            "SMTP servers that take messages, commas between: smtp://HOST:PORT (TLS where offered), "
            "smtp+starttls://USER:PASSWORD@HOST:PORT (TLS or nothing), smtps:// (TLS from the start)",
        ),
    ] = "smtp://127.0.0.1:25"
    relay_connections: Annotated[int, _doc("connections", "connections to one relay at once", ge=1, le=10_000)] = 20
    relay_seconds: Annotated[float, _doc("s", "how long a relay may take for one answer", ge=0.1, le=3_600)] = 60
    domain_connections: Annotated[
        int, _doc("messages", "messages being sent to one domain at once", ge=1, le=10_000)
    ] = 10
    domain_rate: Annotated[
        float, _doc("messages/s", "messages a second to one domain in the long run; 0 sets no limit", ge=0, le=1e6)
    ] = 0
    domain_limits: Annotated[
        str, _doc("limits", "other limits for some domains: DOMAIN=CONNECTIONS/RATE, commas between")
    ] = ""
    retry_schedule: Annotated[
        str,
        _doc("schedule", "how long to wait after each temporary refusal, spans with commas between; then it bounces"),
    ] = "1m,5m,15m,30m,1h,2h,4h,8h,16h"
    reports_listen: Annotated[
        str,
        _doc(
            "address",
            "where mail servers bring reports: lmtp://HOST:PORT, lmtp:///PATH of a socket, or smtp://HOST:PORT; empty: "
            "nowhere",
        ),
    ] = ""
    reports_addresses: Annotated[
        str,
        _doc(
            "addresses",
            "addresses besides the return paths to which reports may come, such as those of feedback loops, commas "
            "between; @DOMAIN takes all of a domain",
        ),
    ] = ""
    reports_networks: Annotated[
        str, _doc("networks", "who may bring reports by SMTP, addresses or CIDR with commas between; empty: anybody")
    ] = ""
    reports_tls: Annotated[
        str,
        _doc("files", "CERTIFICATE.pem:KEY.pem, with which STARTTLS is offered where reports come; empty: it is not"),
    ] = ""
    reports_maildir: Annotated[
        str, _doc("folder", "a Maildir whose mails are read as reports and then removed; empty: none")
    ] = ""
    reports_imap: Annotated[
        str,
        _doc(
            "address",
            "a mailbox whose mails are read as reports and then removed: imaps://USER:PASSWORD@HOST/FOLDER, or imap:// "
            "(TLS by STARTTLS, or this machine); empty: none",
        ),
    ] = ""
    reports_seconds: Annotated[
        float, _doc("s", "how long between two looks into the Maildir and the mailbox", ge=0.1, le=86_400)
    ] = 30
    report_limit: Annotated[
        int, _doc("bytes", "the largest report that is read; a larger one is refused", ge=1_024, le=1 << 30)
    ] = 25 * 1_048_576
    report_connections: Annotated[
        int, _doc("connections", "connections of mail servers that bring reports, at once", ge=1, le=10_000)
    ] = 50
    report_connections_each: Annotated[
        int, _doc("connections", "connections of one mail server that brings reports, at once", ge=1, le=10_000)
    ] = 20
    report_memory: Annotated[
        int,
        _doc(
            "bytes", "large reports held in memory at once; beyond it they are told to come later", ge=1_024, le=1 << 40
        ),
    ] = 128 * 1_048_576
    report_recipients: Annotated[int, _doc("addresses", "recipients of one report", ge=1, le=10_000)] = 100
    match_days: Annotated[
        float,
        _doc(
            "days",
            "how long ago a message may have been sent that a report without any mark of ours is taken to be about, by "
            "its recipient alone; 0: none",
            ge=0,
            le=365,
        ),
    ] = 5
    quarantine_limit: Annotated[
        int, _doc("bytes", "reports kept aside; beyond it further ones are told to come later", ge=0, le=1 << 40)
    ] = 1 << 30
    hard_bounces: Annotated[bool, _doc("yes or no", "whether a contact gets no more messages after a hard bounce")] = (
        True
    )
    soft_bounces: Annotated[
        int,
        _doc(
            "bounces",
            "soft bounces, of as many messages, after which a contact gets no more messages; those that blame the "
            "sender or the message do not count; 0: it always gets more",
            ge=0,
            le=1_000,
        ),
    ] = 7
    soft_bounce_days: Annotated[
        float, _doc("days", "the period within which these soft bounces count", ge=0.01, le=3_650)
    ] = 30
    complaints_redlist: Annotated[bool, _doc("yes or no", "whether who complains is put on the redlist (origin 5)")] = (
        True
    )
    hits_clear: Annotated[
        bool,
        _doc(
            "yes or no",
            "whether a contact whose messages bounced gets messages again after a hit of a person or a "
            "report of delivery",
        ),
    ] = True
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], _doc("level", "the least important line to log")
    ] = "info"
    log_format: Annotated[
        Literal["json", "console"], _doc("format", "json: one object a line; console: text for people")
    ] = "json"

    @classmethod
    def from_env(cls, environ: Mapping[str, str], **chosen: Any) -> Self:
        """Read the settings from environment variables.

        Parameters:
            environ: the environment, such as `os.environ`.
            chosen: settings that stand above the environment (a command's options); None leaves one alone.

        Raises:
            UnknownSetting: a variable starts with `ESTAMPE_` and is none of ours.
            InvalidSetting: a value is not allowed; the message names the variable, what was found and why.
        """
        texts = {name: text for name, text in environ.items() if name.startswith(PREFIX) and name not in OTHERS}
        texts |= {PREFIX + name.upper(): str(value) for name, value in chosen.items() if value is not None}
        return cls(**dict(_read(cls, variable, text) for variable, text in texts.items()))

    @classmethod
    def rows(cls) -> tuple[Row, ...]:
        """Return every setting as the documentation shows it."""
        return tuple(_row(field) for field in msgspec.structs.fields(cls))


def networks_of(variable: str, text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read a setting that names networks, addresses or CIDR with commas between.

    Raises:
        InvalidSetting: one of them is none.
    """
    return tuple(_network(variable, each) for part in text.split(",") if (each := part.strip()))


def _network(variable: str, text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as exc:
        allowed = "addresses or networks such as 10.0.0.0/8 or fd00::/8, commas between"
        raise InvalidSetting(variable, text, allowed) from exc


_TRUTHS = {"yes": "true", "no": "false"}
"""What people write, and what msgspec reads."""


def _read(cls: type[Settings], variable: str, text: str) -> tuple[str, Any]:
    name = variable.removeprefix(PREFIX).lower()
    field = next((field for field in msgspec.structs.fields(cls) if field.name == name), None)
    if field is None or variable != PREFIX + name.upper():
        raise UnknownSetting(variable)
    said = _TRUTHS.get(text, text) if get_args(field.type)[0] is bool else text
    try:
        return name, msgspec.convert(said, field.type, strict=False, dec_hook=_path)
    except msgspec.ValidationError as exc:
        raise InvalidSetting(variable, text, _allowed(field)) from exc


def _allowed(field: msgspec.structs.FieldInfo) -> str:
    kind, doc = get_args(field.type)
    if names := get_args(kind):
        return "one of " + ", ".join(names)
    if kind is bool:
        return "yes or no"
    if doc.ge is None:
        return f"a {doc.extra['unit']}"
    return f"a{' whole' if kind is int else ''} number from {doc.ge} to {doc.le}"


def _path(_type: type, text: str) -> Path:
    return Path(text)


def _row(field: msgspec.structs.FieldInfo) -> Row:
    doc = next(meta for meta in get_args(field.type) if isinstance(meta, Meta))
    unit: str = (doc.extra or {})["unit"]
    default = ("no", "yes")[field.default] if isinstance(field.default, bool) else f"{field.default}"
    return Row(PREFIX + field.name.upper(), default, unit, doc.description or "")
