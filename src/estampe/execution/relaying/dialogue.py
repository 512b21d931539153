"""One connection to a relay: its opening, and what is said for each message (RFC 5321)."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Self, cast

import aiosmtplib

from estampe.errors import EstampeError
from estampe.execution.orders import Delivered, Refused
from estampe.execution.relaying.answers import printable, reason, said, split

if TYPE_CHECKING:
    from ssl import SSLContext

    from estampe.execution.orders import Letter
    from estampe.execution.relaying.relay import Relay

_CLOSING = 421
"""The answer of a server that closes the connection, whatever it was asked."""

_OF_THE_RELAY = frozenset({503, 530})
"""Answers that say nothing of a message: commands out of order, TLS or a password wanted (RFC 3207, RFC 4954)."""

_SLOWEST = 65_536
"""Bytes a second at which a message goes out at least; what is larger may take longer."""

_FAREWELL_S = 5.0
"""How long to wait for the answer to QUIT."""

_PATH = re.compile(r"[^\x00-\x20\x7f<>]{1,254}")
_NAME = re.compile(r"[\w.:\[\]-]{1,255}", re.ASCII)
_SIZE = re.compile(r"\d{1,18}", re.ASCII)
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Lost(EstampeError):
    """A relay does not take messages on this connection: it cannot be opened, or was over before a message was sent.

    Parameters:
        relay: the relay's name.
        reason: what happened.
        code: the relay's answer, if it gave one.
        refused: as what the message counts if the relay had begun to take it and this happens again.
    """

    def __init__(self, relay: str, reason: str, *, code: int = 0, refused: Refused | None = None) -> None:
        super().__init__(f"{relay}: {reason}")
        self.reason = reason
        self.code = code
        self.refused = refused


class InDoubt(EstampeError):
    """A connection was over after a message's last byte and before the answer: the relay may have taken it or not.

    Whoever sends it again, as RFC 5321 section 4.5.4.1 wants, may send it twice; the same Message-ID shows it.
    """

    def __init__(self, relay: str, reason: str) -> None:
        super().__init__(f"{relay}: {reason}, after the message and before the answer; it may have been taken")


class Dialogue:
    """A connection on which one message follows the other.

    Parameters:
        relay: whom it goes to.
        smtp: the connection, opened.
        mta: the server's name, as it calls itself.
    """

    def __init__(self, relay: Relay, smtp: aiosmtplib.SMTP, mta: str) -> None:
        self.sent = 0
        self.idle_since_s = 0.0
        self._relay = relay
        self._smtp = smtp
        self._mta = mta
        self._begun = False
        limit = smtp.esmtp_extensions.get("size", "")
        self._size_limit = int(limit) if _SIZE.fullmatch(limit) else 0  # 0: it announces none (RFC 1870 section 4)

    @classmethod
    async def open(cls, relay: Relay, tls: SSLContext, name: str, seconds: float) -> Self:
        """Connect to a relay, encrypt and log in as it is configured.

        Parameters:
            relay: the relay.
            tls: how to encrypt.
            name: this machine's name, for EHLO.
            seconds: how long the relay may take for one answer.

        Raises:
            Lost: it cannot be done.
        """
        smtp = aiosmtplib.SMTP(
            hostname=relay.host,
            port=relay.port,
            use_tls=relay.tls == "implicit",
            start_tls=False,
            tls_context=tls,
            local_hostname=name,
            timeout=seconds,
        )
        try:
            greeting = await smtp.connect()
            await _secure(smtp, relay)
            await _log_in(smtp, relay)
        except (aiosmtplib.SMTPException, OSError) as exc:
            _cut(smtp)
            code: int = getattr(exc, "code", 0)
            raise Lost(relay.name, _harmless(reason(exc), code, relay), code=code) from exc
        except BaseException:
            _cut(smtp)
            raise
        return cls(relay, smtp, _mta(smtp, greeting) or relay.host)

    @property
    def usable(self) -> bool:
        """Whether the connection is still there, as far as one can see without asking."""
        return self._smtp.is_connected

    async def send(self, letter: Letter) -> Delivered | Refused:
        """Have a message taken. When this fails, the connection is closed.

        Raises:
            Lost: the connection was over; the relay has not taken the message.
            InDoubt: it may have.
        """
        message = _lines(letter.message)
        try:
            return self._unfit(letter, len(message)) or await self._transact(letter, message)
        except BaseException:
            self.close()
            raise

    async def quit(self) -> None:
        """Take leave and close."""
        try:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._smtp.execute_command(b"QUIT", timeout=_FAREWELL_S)
        finally:
            self.close()

    def close(self) -> None:
        """Close at once; what is not sent yet never will be."""
        _cut(self._smtp)

    def _unfit(self, letter: Letter, size: int) -> Refused | None:
        """Refuse what the relay is known not to take, or what cannot be said in SMTP."""
        if not _PATH.fullmatch(letter.sender):
            return self._refused(553, "5.1.7", "the sender's address cannot be written in SMTP")
        if not _PATH.fullmatch(letter.recipient):
            return self._refused(553, "5.1.3", "the address cannot be written in SMTP")
        if not (letter.sender + letter.recipient).isascii():
            return self._refused(553, "5.6.7", "the address needs SMTPUTF8, which is not spoken")
        if 0 < self._size_limit < size:
            said = f"the message has {size:,} bytes, the relay takes {self._size_limit:,}"
            return self._refused(552, "5.3.4", said)
        return None

    async def _transact(self, letter: Letter, message: bytes) -> Delivered | Refused:
        if self._begun:
            await self._reset()
        self.sent += 1
        size = (b"SIZE=%d" % len(message),) if self._smtp.supports_extension("size") else ()
        mail = b"FROM:<%b>" % letter.sender.encode("ascii")
        if refused := await self._say(b"MAIL", mail, *size):
            return refused
        self._begun = True
        rcpt = b"TO:<%b>" % letter.recipient.encode("ascii")
        if refused := await self._say(b"RCPT", rcpt) or await self._say(b"DATA", going_on=3):
            return refused
        return await self._hand_over(message)

    async def _reset(self) -> None:
        """Forget a message that was refused halfway."""
        self._begun = False
        if refused := await self._say(b"RSET"):
            raise Lost(self._relay.name, refused.diagnostic, code=refused.code)

    async def _say(self, *words: bytes, going_on: int = 2) -> Refused | None:
        """Give a command, and return why it was refused; None if the answer's first digit is the one hoped for."""
        try:
            answer = await self._smtp.execute_command(*words)
        except (aiosmtplib.SMTPException, OSError) as exc:
            raise self._lost(reason(exc)) from exc
        return None if answer.code // 100 == going_on else self._refusal(answer, words[0].decode("ascii"))

    async def _hand_over(self, message: bytes) -> Delivered | Refused:
        # Python 3.11's wait_for swallows a cancellation that comes together with an answer.
        if (task := asyncio.current_task()) and task.cancelling():
            raise asyncio.CancelledError
        if (protocol := self._smtp.protocol) is None or not protocol.is_connected:
            raise self._lost("the connection was lost")
        seconds = cast("float", self._smtp.timeout) + len(message) / _SLOWEST
        try:
            protocol.write(_stuffed(message))
            answer = await protocol.read_response(seconds)
        except (aiosmtplib.SMTPException, OSError) as exc:
            raise InDoubt(self._relay.name, reason(exc)) from exc
        if answer.code // 100 == 2:  # noqa: PLR2004  RFC 5321 section 4.2.1
            self._begun = False
            return Delivered(mta=self._mta, answer=printable(answer.message))
        # The transaction is left as begun: Postfix wants RSET after a refusal, else it calls the next MAIL nested.
        return self._refusal(answer, "DATA")

    def _refusal(self, answer: aiosmtplib.SMTPResponse, command: str) -> Refused:
        """Return what an answer to a command says about the message, if it does."""
        enhanced, diagnostic = split(answer.message)
        refused = self._refused(answer.code, enhanced, diagnostic, command)
        if answer.code in _OF_THE_RELAY:
            raise Lost(self._relay.name, said(answer.code, answer.message), code=answer.code)
        if answer.code == _CLOSING or answer.code // 100 not in {4, 5}:
            raise self._lost(said(answer.code, answer.message), refused if answer.code == _CLOSING else None)
        return refused

    def _lost(self, reason: str, refused: Refused | None = None) -> Lost:
        if not self._begun:
            return Lost(self._relay.name, reason)
        return Lost(self._relay.name, reason, refused=refused or self._refused(_CLOSING, "4.4.2", reason))

    def _refused(self, code: int, enhanced: str, diagnostic: str, command: str = "") -> Refused:
        return Refused(code=code, enhanced=enhanced, diagnostic=diagnostic, mta=self._mta, command=command)


def _cut(smtp: aiosmtplib.SMTP) -> None:
    if smtp.transport:
        cast("asyncio.WriteTransport", smtp.transport).abort()
    smtp.close()


async def _secure(smtp: aiosmtplib.SMTP, relay: Relay) -> None:
    """Say who we are, and encrypt if that has not been done and is to be."""
    await _introduce(smtp)
    if relay.tls == "required" or (relay.tls == "offered" and smtp.supports_extension("starttls")):
        await smtp.starttls()
        await _introduce(smtp)


async def _introduce(smtp: aiosmtplib.SMTP) -> None:
    try:
        await smtp.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not smtp.is_connected:
            raise
        await smtp.helo()


async def _log_in(smtp: aiosmtplib.SMTP, relay: Relay) -> None:
    if not relay.user:
        return
    if smtp.get_transport_info("sslcontext") is None and not _is_near(smtp):
        raise aiosmtplib.SMTPException("it offers no TLS, and a password is not sent without")
    await smtp.login(relay.user, relay.password)


def _is_near(smtp: aiosmtplib.SMTP) -> bool:
    host: str = smtp.get_transport_info("peername")[0]
    return ip_address(host).is_loopback


def _harmless(said: str, code: int, relay: Relay) -> str:
    """Return what was said unless it repeats the password, as some servers do that do not know AUTH."""
    encoded = (b64encode(text.encode()).decode() for text in (relay.password, f"\0{relay.user}\0{relay.password}"))
    if relay.password and any(secret in said for secret in (relay.password, *encoded)):
        return f"{code} (its answer repeats the password, and is not shown)"
    return said


def _mta(smtp: aiosmtplib.SMTP, greeting: aiosmtplib.SMTPResponse) -> str:
    """Return what the server calls itself in its answer to EHLO, or in its greeting; empty if that is no name."""
    answers = filter(None, (smtp.last_ehlo_response, smtp.last_helo_response, greeting))
    words = (answer.message.split(maxsplit=1) for answer in answers)
    return next((word[0] for word in words if word and _NAME.fullmatch(word[0])), "")


def _lines(message: bytes) -> bytes:
    """End all lines alike, the last one too: what one server takes for a line's end is one for all of them."""
    if not message.count(b"\r\n") == message.count(b"\n") == message.count(b"\r"):
        message = _LINE_END.sub(b"\r\n", message)
    return message if message.endswith(b"\r\n") else message + b"\r\n"


def _stuffed(message: bytes) -> bytes:
    """Make the message's own dots stand apart from the one that ends it (RFC 5321 section 4.5.2)."""
    start = b"." if message.startswith(b".") else b""
    return b"%b%b.\r\n" % (start, message.replace(b"\r\n.", b"\r\n.."))
