"""A dialogue with a mail server that brings reports: SMTP and LMTP, whatever the other side does.

aiosmtpd reads commands and answers them; here is what it leaves open: an answer for each recipient of LMTP, limits of
memory, time and errors, contents read to their one true end, and addresses read in linear time.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

import structlog
from aiosmtpd.smtp import SMTP, TLSSetupException, syntax

from estampe.bounces.delivery import Delivery, NotTaken, Taken, Way
from estampe.bounces.intakes.content import Content
from estampe.bounces.intakes.dialogues import LAST_SECONDS
from estampe.bounces.reports.mail import MailTooLarge
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from ipaddress import IPv4Address

    from estampe.bounces.intakes.dialogues import Dialogues

_PATIENCE = 10
"""How many times as long as a command may take a connection may last without bringing a mail."""

_COMMAND_BYTES = 2_048
"""The longest command; RFC 5321 section 4.5.3.1.4 asks for 512, extensions for more."""

_BUFFER_BYTES = 16_384
_WHOLE_BUFFER = 1 << 30

_ERRORS = 20
"""Refused commands without a mail between them, after which the connection ends."""

_ANSWERS = 100
"""Answers, besides those to recipients, without a mail between them, after which the connection ends."""

_ANSWERED = {
    Taken.PUBLISHED: "250 2.0.0 Read: it is published",
    Taken.KNOWN: "250 2.0.0 Read: it was known",
    Taken.NOTED: "250 2.0.0 Read: it makes no event",
    Taken.QUARANTINED: "250 2.0.0 Kept aside: nobody knows yet which message it is about",
}

_ENHANCED = {
    "2": "2.0.0",
    "4": "4.3.0",
    "5": "5.5.0",
    "500": "5.5.2",
    "501": "5.5.4",
    "502": "5.5.1",
    "503": "5.5.1",
    "552": "5.3.4",
    "555": "5.5.4",
}
"""What the library's own answers lack (RFC 2034), by basic code or its first digit."""

_BARE = re.compile(r"([245]\d\d) (?![245]\.\d)")

_PATH = re.compile(
    r"<(?:@[^<>:\s]{1,1000}:)?"  # a route, of old (RFC 5321 appendix C)
    r'(?P<address>(?:"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f]){0,320}"|[^<>"@\s\x00-\x1f\x7f]{1,320})'
    r"(?:@[^<>@\s\x00-\x1f\x7f]{1,320})?)?>(?P<parameters>(?: [^\x00-\x1f]*)?)"
)
_NULL = "<>"
"""The sender of reports, as the library keeps it: an empty one is none to it."""

_NAMES = ("MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "STARTTLS", "QUIT")


class _Lengths(dict[str, int]):
    """The longest of each command, the same for all: nobody's commands are remembered, or change others' lengths."""

    def __missing__(self, _command: str) -> int:
        return _COMMAND_BYTES


class Dialogue(SMTP):
    """One dialogue in SMTP (RFC 5321).

    Parameters:
        dialogues: all of them.
    """

    command_size_limit = _COMMAND_BYTES
    line_length_limit = _BUFFER_BYTES

    way = Way.SMTP
    _greetings: tuple[str, ...] = ("HELO", "EHLO")

    def __init__(self, dialogues: Dialogues) -> None:
        self._all = dialogues
        self._terms = dialogues.terms
        self._taking = False
        self._over = False
        super().__init__(
            None,
            data_size_limit=dialogues.terms.octets,
            enable_SMTPUTF8=True,
            hostname=dialogues.terms.hostname,
            ident="ESMTP",
            tls_context=dialogues.terms.tls,
            timeout=dialogues.terms.stall_seconds,
            loop=asyncio.get_running_loop(),
        )
        self.command_size_limits = _Lengths()
        self._smtp_methods = {name: self._smtp_methods[name] for name in (*self._greetings, *_NAMES)}
        self._begin()

    def _begin(self) -> None:
        """Count anew: a mail was taken, or nothing has been said yet."""
        self._errors = 0
        self._answers = 0
        self._until_s = self.loop.time() + _PATIENCE * self._terms.stall_seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hear that somebody is there, or that TLS has begun: then all begins anew (RFC 3207 section 4.2)."""
        first = self.transport is None
        super().connection_made(transport)
        if not first:
            return
        peer = _address(transport.get_extra_info("peername"))
        refusal = self._all.refusal(peer)
        if refusal:
            self.end(refusal)
        else:
            self._all.add(self, peer)

    def connection_lost(self, error: Exception | None) -> None:
        """Hear that nobody is there any more."""
        self._over = True
        self._all.forget(self)
        if self.transport is not None:
            super().connection_lost(error)

    def stop(self) -> None:
        """End it, after the answer to a mail that is being taken."""
        if not self._taking:
            self.end(f"421 4.3.2 {self.hostname} is being shut down")

    def end(self, answer: str) -> None:
        """Give a last answer and hear nothing more."""
        transport: Any = self.transport
        if self._over or transport is None:
            return
        self._over = True
        if self._tls_protocol and not (self.session and self.session.ssl):
            self.abort()  # TLS is being agreed on: nothing can be said
        else:
            self._writer.write(answer.encode() + b"\r\n")
            transport.close()
            self.loop.call_later(LAST_SECONDS, self.abort)
        if self._handler_coroutine:
            self._handler_coroutine.cancel()

    def abort(self) -> None:
        """Break it off."""
        for transport in (self._original_transport, self.transport):
            if transport is not None:
                transport.abort()  # type: ignore[attr-defined]

    def _timeout_cb(self) -> None:
        self.end(f"421 4.4.2 {self.hostname} has waited too long")

    def _reset_timeout(self, duration: float | None = None) -> None:
        left_s = self._until_s - self.loop.time()
        super()._reset_timeout(max(0.001, min(duration or self._terms.stall_seconds, left_s)))

    async def _handle_client(self) -> None:
        with suppress(ConnectionError):
            await super()._handle_client()

    async def handle_exception(self, error: Exception) -> str:
        """Say that something went wrong here, which is no reason to lose a report; the journal hears what."""
        if isinstance(error, TLSSetupException):
            structlog.get_logger().info("no TLS with a mail server", reason=str(error.__cause__))
        elif not isinstance(error, ConnectionError):
            structlog.get_logger().error("a report cannot be taken", exc_info=error)
        return "451 4.3.0 Something is wrong here; bring it again later"

    async def push(self, status: str | bytes) -> None:
        """Answer; after too many errors, or too much talk, the answer is the last one."""
        text = status.decode() if isinstance(status, bytes) else status
        self._answers += 1
        self._errors += text.startswith("5")
        if self._errors > _ERRORS:
            self.end(f"421 4.7.0 {self.hostname} has heard too many errors")
        elif self._answers > _ANSWERS + 2 * self._terms.recipients:
            self.end(f"421 4.7.0 {self.hostname} has heard too much without a mail")
        if self._over:
            await asyncio.sleep(0)  # where the dialogue is cancelled
            return
        await super().push(_BARE.sub(_with_enhanced, text, count=1))

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        found = _PATH.fullmatch(arg)
        if not found:
            return None, None
        return found["address"] or _NULL, found["parameters"]

    @syntax("HELO hostname")
    async def smtp_HELO(self, hostname: str | None) -> None:  # noqa: N802  the library's way to name commands
        """Greet."""
        if await self._greeted(hostname, extended=False):
            await super().push(f"250 {self.hostname}")

    @syntax("EHLO hostname")
    async def smtp_EHLO(self, hostname: str | None) -> None:  # noqa: N802
        """Greet, and say what is offered."""
        if not await self._greeted(hostname, extended=True):
            return
        offered = [f"SIZE {self._terms.octets}", "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        if self.tls_context and not self._tls_protocol:
            offered.append("STARTTLS")
        *lines, last = [self.hostname, *offered]
        await super().push("\r\n".join([*(f"250-{line}" for line in lines), f"250 {last}"]))

    async def _greeted(self, hostname: str | None, *, extended: bool) -> bool:
        if not hostname:
            await self.push("501 5.5.4 Say who you are")
            return False
        self._answers += 1
        self._set_rset_state()  # type: ignore[no-untyped-call]
        if self.session:
            self.session.extended_smtp = extended
            self.session.host_name = hostname
        return True

    @syntax("STARTTLS", when="tls_context")
    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802
        """Begin TLS, once; what was said before it counts no more."""
        if self._tls_protocol:
            await self.push("503 5.5.1 TLS has begun already")
            return
        await super().smtp_STARTTLS(arg)

    @syntax("VRFY <address>")
    async def smtp_VRFY(self, _arg: str | None) -> None:  # noqa: N802
        """Tell nothing."""
        await self.push("252 2.1.5 Nobody is told who is here; bring the mail")

    @syntax("RCPT TO: <address>")
    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        """Hear for whom a mail is; only what is ours is taken, so that nothing is ever relayed."""
        envelope = self.envelope
        if envelope and len(envelope.rcpt_tos) >= self._terms.recipients:
            await self.push("452 4.5.3 Too many recipients")
            return
        address = self._getaddr(self._strip_command_keyword("TO:", arg or "") or "")[0]
        if envelope and envelope.mail_from and address and not self._all.receiver.accepts(_bare(address)):
            await self.push("550 5.1.1 Nobody here has this address, and nothing is relayed")
            return
        await super().smtp_RCPT(arg)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Hear a mail, have it taken, and only then answer for it."""
        envelope = self.envelope
        if await self.check_helo_needed():
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 Say first for whom it is")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content = Content(self._terms.octets, self._all.room)
        try:
            await self._hear(content)
            answer = await self._answer(content)
        finally:
            content.drop()
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self._push_answers(answer, len(envelope.rcpt_tos))

    async def _hear(self, content: Content) -> None:
        while True:
            piece = await self._reader.read(_WHOLE_BUFFER)
            rest = content.hear(piece)
            if rest is not None:
                self._reader.feed_data(rest)  # the buffer is empty: what was read was all of it
                return
            if not piece or content.endless:
                self.end("421 4.3.4 The mail is too large, and does not end")
                await asyncio.sleep(0)
            self._reset_timeout()

    async def _answer(self, content: Content) -> str:
        """Have a mail taken, if it may be; return what is answered."""
        if content.too_large:
            return f"552 5.3.4 A mail may have {self._terms.octets} bytes"
        if content.no_room:
            return "452 4.3.1 Too many large mails at once; bring it again later"
        if content.ambiguous:
            return "550 5.6.11 This mail has a dot alone between line ends that are no CRLF"
        return await self._take(content.mail)

    async def _take(self, mail: bytes) -> str:
        self._taking = True
        if self._timeout_handle:
            self._timeout_handle.cancel()
        try:
            taken = await self._all.take(self._delivery(mail))
        except NotTaken:  # why is for the journal, not for strangers
            return "451 4.3.0 It cannot be taken now; bring it again later"
        except MailTooLarge as exc:
            return f"552 5.3.4 {_line(exc)}"
        except Exception as exc:  # noqa: BLE001  whatever it is, the report is not lost: it comes again
            return await self.handle_exception(exc)
        finally:
            self._taking = False
        self._begin()
        return _ANSWERED[taken]

    def _delivery(self, mail: bytes) -> Delivery:
        envelope: Any = self.envelope
        return Delivery(
            mail=mail,
            way=self.way,
            time_ms=clock_ms(),
            sender=_bare(envelope.mail_from),
            recipients=tuple(map(_bare, envelope.rcpt_tos)),
        )

    async def _push_answers(self, answer: str, _recipients: int) -> None:
        """Answer for a mail: once for all recipients."""
        await self._push_last(answer)

    async def _push_last(self, answer: str) -> None:
        """Answer, and end if all ends."""
        self._reset_timeout()
        await self.push(answer)
        if self._all.ending:
            self.stop()


class LmtpDialogue(Dialogue):
    """One dialogue in LMTP (RFC 2033)."""

    way = Way.LMTP
    _greetings = ("LHLO",)

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, hostname: str | None) -> None:  # noqa: N802
        """Greet, and say what is offered."""
        await self.smtp_EHLO(hostname)

    async def check_helo_needed(self, helo: str = "LHLO") -> bool:
        """Return whether a greeting is missing, and say so."""
        return bool(await super().check_helo_needed(helo))

    async def _push_answers(self, answer: str, recipients: int) -> None:
        """Answer for a mail: once for each recipient (RFC 2033 section 4.2)."""
        await self._push_last("\r\n".join([answer] * recipients))


def _address(peername: Any) -> IPv4Address | IPv6Address | None:
    """Return the other end's address, IPv4 where it is written as IPv6; None for a socket of this machine."""
    if not isinstance(peername, tuple):
        return None
    address = ip_address(peername[0].partition("%")[0])
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _bare(address: str) -> str:
    """Return an address, empty for none; octets that are no UTF-8 as question marks, for nothing could keep them."""
    return "" if address == _NULL else address.encode(errors="replace").decode()


def _line(exc: Exception) -> str:
    """Return what an error says as one line of ASCII."""
    return " ".join(str(exc).split()).encode("ascii", "replace").decode()[:400]


def _with_enhanced(found: re.Match[str]) -> str:
    code = found[1]
    return f"{code} {_ENHANCED.get(code) or _ENHANCED[code[0]]} "
