"""A mail server that keeps nothing of a message but its Message-ID, fast enough not to be what is measured."""

from __future__ import annotations

import asyncio
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE_ID = re.compile(rb"^message-id: *<(.*?)>", re.IGNORECASE | re.MULTILINE)
FULL = b"<full"
"""How a recipient begins who is refused for good."""

END = b"\r\n.\r\n"


class Receipt(NamedTuple):
    """A message that was taken, and in which period."""

    message_id: str
    period: int


class Sink:
    """What has arrived.

    Parameters:
        pause_s: how long it takes to answer for a message that it has, seconds.
    """

    def __init__(self, pause_s: float) -> None:
        self.receipts: list[Receipt] = []
        self.period = 0
        self.pause_s = pause_s
        self.port = 0
        self.transports: set[asyncio.WriteTransport] = set()

    @property
    def url(self) -> str:
        """The address of a relay."""
        return f"smtp://127.0.0.1:{self.port}"


class _Dialogue(asyncio.Protocol):
    """One connection (RFC 5321), commands pipelined or not (RFC 2920)."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._transport: asyncio.WriteTransport
        self._buffer = b""
        self._recipients = 0
        self._in_message = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._sink.transports.add(transport)
        self._say("220 sink.example ESMTP")

    def connection_lost(self, _exc: Exception | None) -> None:
        self._sink.transports.remove(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        part, end, rest = self._buffer.partition(END if self._in_message else b"\r\n")
        if not end:
            return False
        self._buffer = rest
        if self._in_message:
            self._take(part)
        else:
            self._obey(part)
        return True

    def _take(self, message: bytes) -> None:
        self._in_message, self._recipients = False, 0
        found = MESSAGE_ID.search(message)
        self._sink.receipts.append(Receipt(found[1].decode() if found else "", self._sink.period))
        asyncio.get_running_loop().call_later(self._sink.pause_s, self._say, "250 2.0.0 taken")

    def _obey(self, line: bytes) -> None:
        match line[:4].upper():
            case b"EHLO":
                self._say("250-sink.example\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES")
            case b"RCPT" if FULL in line.lower():
                self._say("552 5.2.2 Mailbox full")
            case b"RCPT":
                self._recipients += 1
                self._say("250 2.1.5 here")
            case b"DATA" if not self._recipients:
                self._say("554 5.5.1 No recipients")
            case b"DATA":
                self._in_message = True
                self._say("354 Go on")
            case b"QUIT":
                self._say("221 2.0.0 Bye")
                self._transport.close()
            case verb:
                self._recipients = 0 if verb in {b"RSET", b"MAIL"} else self._recipients
                self._say("250 2.0.0 Ok")

    def _say(self, answer: str) -> None:
        if not self._transport.is_closing():
            self._transport.write(f"{answer}\r\n".encode())


@contextmanager
def listening(pause_s: float = 0) -> Iterator[Sink]:
    """Run a sink in a thread until the block ends."""
    sink = Sink(pause_s)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: _Dialogue(sink), "127.0.0.1", 0))
    sink.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        asyncio.run_coroutine_threadsafe(_end(server, sink), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server, sink: Sink) -> None:
    server.close()
    for transport in tuple(sink.transports):
        transport.abort()
    await asyncio.sleep(0)  # their ends are in the loop's next round
