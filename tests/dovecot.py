"""A real IMAP server: Debian's Dovecot from a folder of its own, on 127.0.0.1."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = Path("/usr/sbin/dovecot")
MODULES = Path("/usr/lib/dovecot/imap")
USER, PASSWORD = "reports@a.example", "p@ss/word"
PATIENCE_S = 30

SETTINGS = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
instance_name = {folder}
protocols = imap
listen = 127.0.0.1
{tls}
disable_plaintext_auth = no
default_internal_user = {owner}
default_login_user = {owner}
first_valid_uid = 1
mail_location = maildir:{folder}/mail
imap_capability = {capability}
maildir_very_dirty_syncs = no
mailbox_idle_check_interval = 1 s
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={folder}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""

TLS = """\
ssl = yes
ssl_cert = <{path}
ssl_key = <{path}
"""


class Dovecot:
    """One running server.

    Parameters:
        folder: holds all that it has.
        port: where it listens.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self._folder = folder
        self._delivered = 0

    def deliver(self, mail: bytes) -> None:
        """Put a mail into the mailbox, as a mail server does."""
        self._delivered += 1
        name = f"{1_700_000_000 + self._delivered}.M{self._delivered}P1.here"
        path = self._folder / "mail/tmp" / name
        path.write_bytes(mail)
        shutil.chown(path, _owner().pw_uid, _owner().pw_gid)
        path.rename(self._folder / "mail/new" / name)

    def mails(self, folder: str = "") -> list[bytes]:
        """Return the mails that are in a folder of the mailbox."""
        root = self._folder / "mail" / folder
        return [
            each.read_bytes() for name in ("new", "cur") if (root / name).exists() for each in (root / name).iterdir()
        ]

    def log(self) -> str:
        """Return what it has logged."""
        return (self._folder / "log").read_text()


@contextmanager
def serving(capability: str = "", certificate: Path | None = None) -> Iterator[Dovecot]:
    """Run a server for as long as the block lasts.

    Parameters:
        capability: what it says that it can do, instead of all that it can.
        certificate: with which it offers STARTTLS, its key in the same file.

    Raises:
        Skipped: there is no Dovecot, or the user may not run it.
    """
    if not COMMAND.exists() or not MODULES.exists():
        pytest.skip("there is no Dovecot: apt-get install dovecot-imapd")
    if os.geteuid() != 0:
        pytest.skip("Dovecot can be run by root only")
    with tempfile.TemporaryDirectory(prefix="estampe-dovecot-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        port = _free_port()
        for each in ("mail", "mail/new", "mail/cur", "mail/tmp", "state"):
            (folder / each).mkdir()
            shutil.chown(folder / each, _owner().pw_uid, _owner().pw_gid)
        config = SETTINGS.format(
            folder=folder,
            port=port,
            owner=_owner().pw_name,
            group=_owner().pw_gid,
            password=PASSWORD,
            capability=capability,
            tls=TLS.format(path=certificate) if certificate else "ssl = no",
        )
        (folder / "dovecot.conf").write_text(config)
        with (folder / "said").open("wb") as said:
            process = subprocess.Popen([COMMAND, "-F", "-c", folder / "dovecot.conf"], stderr=said, stdout=said)
        try:
            _await(port, folder, process)
            yield Dovecot(folder, port)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _await(port: int, folder: Path, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline_s:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    said = [(folder / name).read_text() for name in ("said", "log") if (folder / name).exists()]
    pytest.fail(f"Dovecot did not start: {''.join(said)}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _owner() -> pwd.struct_passwd:
    return pwd.getpwnam("dovecot")
