"""A listener for reports: mail servers bring them by SMTP or LMTP, and are told that a report is taken once it is."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import structlog

from estampe.bounces.intakes.dialogue import Dialogue, LmtpDialogue
from estampe.bounces.intakes.dialogues import Dialogues, Terms
from estampe.settings import InvalidSetting, networks_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from estampe.bounces.delivery import Receiver
    from estampe.settings import Settings

_ADDRESS = re.compile(
    r"(?P<protocol>smtp|lmtp)://(?:(?P<host>[^\s:/\[\]]+)|\[(?P<v6>[^\s\]]+)\]):(?P<port>\d{1,5})"
    r"|lmtp://(?P<path>/[^\0]+)"
)
_ALLOWED = "lmtp://HOST:PORT, lmtp:///PATH of a socket, or smtp://HOST:PORT"

_LAST_PORT = 65_535
_BACKLOG = 1_024
_SOCKET_MODE = 0o660

_TAKERS = 4
"""Mails taken at once: a log's writer takes them together anyhow."""


class _Held(NamedTuple):
    """A socket that listens."""

    listener: socket.socket
    dialogue: type[Dialogue]
    url: str
    path: Path | None = None

    def close(self) -> None:
        self.listener.close()
        if self.path:
            self.path.unlink(missing_ok=True)


@asynccontextmanager
async def listening(receiver: Receiver, settings: Settings) -> AsyncIterator[None]:
    """Take reports on the address of the settings, if there is one, for as long as the block lasts.

    Raises:
        InvalidSetting: the address, the certificate or the networks are not as they should be, or the address cannot
            be listened on.
    """
    if not settings.reports_listen:
        yield
        return
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # or strangers fill the journal
    terms = _terms(settings)
    held = _held(settings.reports_listen)
    threads = ThreadPoolExecutor(terms.takers, "reports")
    dialogues = Dialogues(receiver, terms, threads)
    server = await asyncio.get_running_loop().create_server(
        lambda: held.dialogue(dialogues), sock=held.listener, backlog=_BACKLOG
    )
    structlog.get_logger().info("reports listening", url=held.url)
    try:
        yield
    finally:
        server.close()
        await dialogues.stop(settings.shutdown_seconds)
        held.close()
        threads.shutdown(wait=False)


def _terms(settings: Settings) -> Terms:
    return Terms(
        hostname=settings.return_domain or settings.mail_domain or socket.getfqdn(),
        tls=_tls(settings.reports_tls),
        networks=networks_of("ESTAMPE_REPORTS_NETWORKS", settings.reports_networks),
        octets=settings.report_limit,
        memory=settings.report_memory,
        recipients=settings.report_recipients,
        connections=settings.report_connections,
        connections_each=settings.report_connections_each,
        stall_seconds=settings.stall_seconds,
        takers=_TAKERS,
    )


def _held(text: str) -> _Held:
    """Return a socket that listens on an address.

    Raises:
        InvalidSetting: it is not written as it should be, or cannot be listened on.
    """
    found = _ADDRESS.fullmatch(text)
    if not found or int(found["port"] or 0) > _LAST_PORT:
        raise InvalidSetting("ESTAMPE_REPORTS_LISTEN", text, _ALLOWED)
    try:
        if found["path"]:
            return _on_path(Path(found["path"]), text)
        return _on_port(found["host"] or found["v6"], int(found["port"]), found["protocol"])
    except (OSError, ValueError, OverflowError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise InvalidSetting("ESTAMPE_REPORTS_LISTEN", text, f"an address that can be listened on ({reason})") from exc


def _on_port(host: str, port: int, protocol: str) -> _Held:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.create_server(address, family=family, backlog=_BACKLOG)
    named, bound = listener.getsockname()[:2]
    url = f"{protocol}://{f'[{named}]' if ':' in named else named}:{bound}"
    return _Held(listener, LmtpDialogue if protocol == "lmtp" else Dialogue, url)


def _on_path(path: Path, text: str) -> _Held:
    """Listen on a socket that its owner and group alone may use; one that a dead server left is taken away."""
    if _is_stale(path):
        path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(_SOCKET_MODE)  # nobody can connect before it listens
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return _Held(listener, LmtpDialogue, text, path)


def _is_stale(path: Path) -> bool:
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                try:
                    probe.connect(str(path))
                except ConnectionRefusedError:
                    return True
    return False


def _tls(text: str) -> ssl.SSLContext | None:
    if not text:
        return None
    certificate, _, key = text.partition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key or None)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        allowed = f"CERTIFICATE.pem:KEY.pem, files that can be read and belong together ({reason})"
        raise InvalidSetting("ESTAMPE_REPORTS_TLS", text, allowed) from exc
    return context
