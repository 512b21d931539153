"""A real mail server: Debian's Postfix from a folder of its own, on 127.0.0.1, from where nothing goes further."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMMAND = Path("/usr/sbin/postfix")
NAME = "mx.postfix.example"
PATIENCE_S = 30

REFUSED = {
    "unknown": "550 5.1.1 User unknown in virtual mailbox table",
    "full": "552 5.2.2 Mailbox full",
    "busy": "450 4.2.1 Mailbox is busy, try again later",
    "banned": "554 5.7.1 Sender is not welcome here",
}
"""Answers to recipients, by what their addresses begin with; `banned` ones hear it only after the data."""

LATER = "later"
"""Addresses that begin so are told once that their mailbox is busy; the second try is taken."""

GONE = "gone"
"""Addresses that begin so are taken, and then nobody of that name is found: the sender gets a report."""

FORBIDDEN = "forbidden"
"""A word that no subject may have: 550 5.7.1 after the data."""

SETTINGS = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = {host}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
alias_maps =
virtual_mailbox_domains = static:all
virtual_mailbox_maps = regexp:{folder}/known
smtpd_reject_unlisted_recipient = no
transport_maps = regexp:{folder}/routes
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
virtual_destination_recipient_limit = 1
default_transport = error:nothing leaves this server
relay_transport = error:nothing leaves this server
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_recipient_restrictions =
    check_recipient_access regexp:{folder}/refused, check_recipient_access tcp:127.0.0.1:{later_port}
smtpd_end_of_data_restrictions = check_recipient_access regexp:{folder}/banned
header_checks = regexp:{folder}/headers
notify_classes =
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
lmtp_data_done_timeout = 3s
in_flow_delay = 0
enable_long_queue_ids = yes
"""

SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
virtual unix - n n - - virtual
error unix - - n - - error
lmtp unix - - n - - lmtp
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


class Taken(NamedTuple):
    """What the log says of a message that it took: its Message-ID, its recipient, and how it was delivered."""

    message_id: str
    recipient: str
    status: str


class Postfix:
    """One running server.

    Parameters:
        folder: holds all that it has; the user `postfix` can go there.
        port: where it listens.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self._folder = folder

    @property
    def url(self) -> str:
        """The address of a relay."""
        return f"smtp://127.0.0.1:{self.port}"

    def mails(self, count: int) -> list[bytes]:
        """Wait until so many messages were delivered; return all, as they lie in the Maildir."""
        new = self._folder / "mail/inbox/new"
        deadline_s = time.monotonic() + PATIENCE_S
        while len(files := list(new.glob("*"))) < count and time.monotonic() < deadline_s:
            time.sleep(0.05)
        return [file.read_bytes() for file in files]

    def log(self) -> str:
        """Return what it has logged."""
        return (self._folder / "log").read_text()

    def taken(self) -> list[Taken]:
        """Return what the log says of each message that was delivered, or not delivered, after it was taken."""
        log = self.log()
        ids = dict(re.findall(r"cleanup\[\d+\]: (\w+): message-id=<(.*)>$", log, re.MULTILINE))
        ends = re.findall(r"\]: (\w+): to=<(.*?)>, .*status=(\w+) ", log)
        return [Taken(ids[queue_id], recipient, status) for queue_id, recipient, status in ends]

    def refusals(self) -> dict[str, list[str]]:
        """Return the enhanced codes that recipients were refused with, by address, in order."""
        found: dict[str, list[str]] = {}
        for line in re.findall(r"reject: (.*)", self.log()):
            code = re.search(r"[45]\.\d+\.\d+", line)
            recipient = re.search(r" to=<(.*?)>", line)
            if code and recipient:
                found.setdefault(recipient[1], []).append(code[0])
        return found


@contextmanager
def serving(
    *,
    host: str = NAME,
    port: int = 0,
    refused: Mapping[str, str] = REFUSED,
    routes: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Postfix]:
    """Run a server for as long as the block lasts.

    Parameters:
        host: what it calls itself.
        port: where it listens; 0: at a free one.
        refused: the answers to recipients that it refuses, as in `REFUSED`.
        routes: where mail goes that is not for the Maildir, by regular expressions of recipients (transport(5)).

    Raises:
        Skipped: there is no Postfix, or the user may not run it.
    """
    if not COMMAND.exists():
        pytest.skip("there is no Postfix: apt-get install postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix can be run by root only")
    with tempfile.TemporaryDirectory(prefix="estampe-postfix-") as name, _once() as later_port:
        folder = Path(name)
        folder.chmod(0o755)
        port = port or free_port()
        _configure(folder, host, port, later_port, refused)
        (folder / "routes").write_text("".join(f"/{pattern}/ {route}\n" for pattern, route in routes.items()))
        with _running(folder, port):
            yield Postfix(folder, port)


def _configure(folder: Path, host: str, port: int, later_port: int, refused: Mapping[str, str]) -> None:
    owner = _owner()
    for each in ("queue", "data", "mail"):
        (folder / each).mkdir()
    for each in ("data", "mail"):
        shutil.chown(folder / each, owner)
    (folder / "main.cf").write_text(
        SETTINGS.format(folder=folder, host=host, uid=owner, gid=_group(), later_port=later_port)
    )
    (folder / "master.cf").write_text(SERVICES.format(port=port))
    rules = {prefix: f"/^{prefix}/ {answer}\n" for prefix, answer in refused.items()}
    (folder / "banned").write_text(rules.pop("banned", ""))
    (folder / "refused").write_text("".join(rules.values()))
    (folder / "known").write_text(f"!/^{GONE}/ inbox/\n")
    (folder / "headers").write_text(f"/^Subject:.*{FORBIDDEN}/ REJECT 5.7.1 This looks like spam\n")


@contextmanager
def _running(folder: Path, port: int) -> Iterator[None]:
    """Run the server in the foreground, in a process group of its own, until the block ends."""
    subprocess.run([COMMAND, "-c", folder, "check"], check=True, capture_output=True)
    with (folder / "said").open("wb") as said:
        master = subprocess.Popen([_daemon(), "-c", folder, "-d"], stderr=said, start_new_session=True)
    try:
        _await(port, folder, master)
        yield
    finally:
        master.terminate()
        master.wait(PATIENCE_S)


def _daemon() -> Path:
    """Return the program that starts all others."""
    return next(Path("/usr").glob("lib*/postfix/sbin/master"))


def _await(port: int, folder: Path, master: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while master.poll() is None and time.monotonic() < deadline_s:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    said = [(folder / name).read_text() for name in ("said", "log") if (folder / name).exists()]
    pytest.fail(f"Postfix did not start: {''.join(said)}")


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _owner() -> int:
    return pwd.getpwnam("postfix").pw_uid


def _group() -> int:
    return pwd.getpwnam("postfix").pw_gid


class _Once(socketserver.StreamRequestHandler):
    """A table as Postfix asks for it (tcp_table(5)): a recipient that is to come later is told so once."""

    def handle(self) -> None:
        for line in self.rfile:
            recipient = line.decode().removeprefix("get ").strip()
            first = recipient.startswith(LATER) and "@" in recipient and recipient not in self.server.told
            self.server.told.add(recipient)
            answer = REFUSED["busy"].replace(" ", "%20")
            self.wfile.write(f"200 {answer}\n".encode() if first else b"500 not here\n")


class _OnceServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Once)
        self.told: set[str] = set()


@contextmanager
def _once() -> Iterator[int]:
    """Answer Postfix about recipients; yield the port."""
    with _OnceServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
