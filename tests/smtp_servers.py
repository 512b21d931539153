"""Real SMTP servers on loopback that answer as a test wants: TLS, passwords, refusals, silence, broken connections."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import Counter, deque
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from aiosmtpd.smtp import Envelope, LoginPassword, Session

DROP: Final = "drop"
"""An answer that is none: the connection is broken off."""

STALL: Final = "stall"
"""An answer that never comes."""

FINE: Final = ""
"""What the server says by itself; for the middle of a row of answers."""

SIZE = 1 << 25
"""Bytes that a message may have unless told."""

NO_ANSWERS: Mapping[str, str] = MappingProxyType({})
NOBODY: Mapping[str, str] = MappingProxyType({})


class Received(NamedTuple):
    """A message that the server took."""

    sender: str
    recipient: str
    message: bytes
    connection: int


class Certificate(NamedTuple):
    """A certificate that its owner has signed, and its key, in one file."""

    path: Path

    def context(self) -> ssl.SSLContext:
        """Return a server's TLS with it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path)
        return context


def certificate(folder: Path, name: str = "127.0.0.1") -> Certificate:
    """Make a certificate for a host; clients trust it that find its path in `SSL_CERT_FILE`."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    host = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    signed = (
        x509.CertificateBuilder(own, own, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = folder / f"{name}.pem"
    path.write_bytes(key.private_bytes(*pem) + signed.public_bytes(serialization.Encoding.PEM))
    return Certificate(path)


class SmtpServer:
    """A server, and what it has seen.

    Parameters:
        answers: what it says, by step (`CONNECT`, `EHLO`, `STARTTLS`, `AUTH`, `MAIL`, `RCPT`, `DATA`, `RSET`, and `END`
            for the message's end) or by `step recipient`; a row of answers is said in turn, then the server is itself.
            An answer of 421 closes the connection.
        tls: offers STARTTLS with this certificate, or speaks TLS from the start if `implicit`.
        users: passwords by name; somebody has to log in if there are any.
        size: bytes that a message may have; 0 announces no size.
        port: 0 takes a free one.
    """

    def __init__(  # noqa: PLR0913  one for each thing that a test may want
        self,
        answers: Mapping[str, str | Sequence[str]] = NO_ANSWERS,
        *,
        tls: Certificate | None = None,
        implicit: bool = False,
        users: Mapping[str, str] = NOBODY,
        size: int = SIZE,
        port: int = 0,
    ) -> None:
        self.answers = {step: said if isinstance(said, str) else deque(said) for step, said in answers.items()}
        self.tls = tls.context() if tls else None
        self.implicit = implicit
        self.users = users
        self.size = size
        self.port = port
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self.transports: set[asyncio.WriteTransport] = set()
        self.most_open = 0
        self.encrypted: Counter[bool] = Counter()

    @property
    def url(self) -> str:
        """The address of a relay that takes TLS where it is offered."""
        return f"smtp://127.0.0.1:{self.port}"

    def answer(self, step: str, recipient: str = "") -> str:
        """Return what is to be said; nothing: what the server says by itself."""
        said = self.answers.get(f"{step} {recipient}", self.answers.get(step, FINE))
        if isinstance(said, str):
            return said
        return said.popleft() if said else FINE

    @contextmanager
    def running(self) -> Iterator[SmtpServer]:
        """Serve for as long as the block lasts."""
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            server = runner.run(self._listen(loop))
            thread = threading.Thread(target=loop.run_forever, name="smtp")
            thread.start()
            try:
                yield self
            finally:
                loop.call_soon_threadsafe(loop.stop)
                thread.join()
                runner.run(self._close(server))

    async def _listen(self, loop: asyncio.AbstractEventLoop) -> asyncio.Server:
        def connection() -> _Connection:
            return _Connection(self, loop)

        tls = self.tls if self.implicit else None
        server = await loop.create_server(connection, "127.0.0.1", self.port, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _close(self, server: asyncio.Server) -> None:
        server.close()
        for transport in self.transports:
            transport.abort()
        while self.transports:  # noqa: ASYNC110  a turn of the loop or two
            await asyncio.sleep(0)


class _Handler:
    """Does what the server is told to do."""

    def __init__(self, server: SmtpServer, number: int) -> None:
        self._server = server
        self._number = number

    async def handle_DATA(  # noqa: N802  aiosmtpd's name
        self, smtp: _Connection, _session: Session, envelope: Envelope
    ) -> str:
        recipient = envelope.rcpt_tos[0]
        said = self._server.answer("END", recipient)
        if said in {DROP, STALL}:
            await smtp.go_silent(said)
        if not said or said.startswith("2"):
            assert envelope.mail_from is not None
            assert isinstance(envelope.content, bytes)
            received = Received(envelope.mail_from, recipient, envelope.content, self._number)
            self._server.received.append(received)
            self._server.encrypted[smtp.is_encrypted] += 1
        return said or "250 2.0.0 taken"

    def authenticate(self, *facts: Any) -> AuthResult:
        login: LoginPassword = facts[-1]
        known = self._server.users.get(login.login.decode()) == login.password.decode()
        return AuthResult(success=known, handled=False)


class _Connection(SMTP):
    """One connection to the server."""

    def __init__(self, server: SmtpServer, loop: asyncio.AbstractEventLoop) -> None:
        server.connections += 1
        handler = _Handler(server, server.connections)
        super().__init__(
            handler,
            hostname="mx.example",
            ident="ESMTP",
            tls_context=None if server.implicit else server.tls,
            data_size_limit=server.size,
            authenticator=handler.authenticate if server.users else None,
            auth_require_tls=False,
            loop=loop,
        )
        self._server = server
        self._socket: asyncio.WriteTransport | None = None
        self._greeted = False
        self._recipient = ""
        for name, method in self._smtp_methods.items():
            self._smtp_methods[name] = self._scripted(name, method)

    @property
    def is_encrypted(self) -> bool:
        return self.transport is not None and self.transport.get_extra_info("sslcontext") is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        if self._socket is None:  # else it is encrypted now
            self._socket = transport
            self._server.transports.add(transport)
            self._server.most_open = max(self._server.most_open, len(self._server.transports))
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._socket:
            self._server.transports.discard(self._socket)
        super().connection_lost(error)

    async def push(self, status: str | bytes) -> None:
        if not self._greeted:
            self._greeted = True
            greeting = self._server.answer("CONNECT")
            if greeting in {DROP, STALL}:
                await self.go_silent(greeting)
            status = greeting or status
        said = status if isinstance(status, bytes) else status.encode("utf-8", "surrogateescape")
        await super().push(said)
        if said.startswith(b"421") and self.transport:
            self.transport.close()

    async def go_silent(self, how: str) -> None:
        """Say nothing more until the connection is over."""
        if how == DROP:
            assert isinstance(self.transport, asyncio.WriteTransport)
            self.transport.abort()
        await asyncio.Event().wait()

    def _scripted(self, step: str, method: Any) -> Any:
        async def scripted(arg: str | None) -> None:
            self._server.commands.append(f"{step} {arg or ''}".rstrip())
            if step == "RCPT":
                self._recipient = (arg or "").partition("<")[2].partition(">")[0]
            said = self._server.answer(step, self._recipient if step in {"RCPT", "DATA"} else "")
            if said in {DROP, STALL}:
                await self.go_silent(said)
            elif said:
                await self.push(said)
            elif step == "MAIL" and self._server.users and not (self.session and self.session.authenticated):
                await self.push("530 5.7.0 who are you?")
            else:
                await method(arg)

        return scripted
