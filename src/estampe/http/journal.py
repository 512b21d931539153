"""The server's own log: structured lines on standard error."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Generic, TextIO, TypeVar, cast

import msgspec
import structlog

if TYPE_CHECKING:
    from estampe.http.exchange import Exchange
    from estampe.settings import Settings

Line = TypeVar("Line", str, bytes)

_SHARED = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)

_ENCODER = msgspec.json.Encoder(enc_hook=str)


class _Paper(Generic[Line]):
    """What lines are written on, as long as it takes any: nobody must fail because nobody can read what he says."""

    def __init__(self, stream: IO[Line]) -> None:
        self._stream: IO[Line] = stream

    def write(self, line: Line) -> None:
        """Write a line; without room it is lost."""
        with suppress(OSError):
            self._stream.write(line)

    def flush(self) -> None:
        """Bring lines out."""
        with suppress(OSError):
            self._stream.flush()


def configure(settings: Settings) -> None:
    """Set up structlog by `log_level` and `log_format`."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=_processors(settings.log_format),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_factory(settings.log_format),
        cache_logger_on_first_use=True,
    )
    if not any(isinstance(handler, _Handler) for handler in logging.root.handlers):
        logging.root.addHandler(_Handler())
    logging.root.setLevel(max(level, logging.WARNING))


class _Handler(logging.Handler):
    """Brings warnings and worse, from libraries and the log, into the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        facts: dict[str, Any] = {"exc_info": record.exc_info} if record.exc_info else {}
        try:
            structlog.get_logger().log(record.levelno, record.getMessage(), logger=record.name, **facts)
        except Exception:  # noqa: BLE001  whoever logs must not fail because nobody can read it
            self.handleError(record)


def note(exchange: Exchange, fault: BaseException | None) -> None:
    """Write the line of one request; never a header, query or body, so never a key.

    Parameters:
        exchange: the request with what was answered.
        fault: what broke the answer, or None.
    """
    if fault is None:
        structlog.get_logger().info("request", **_facts(exchange))
    else:
        structlog.get_logger().error("broken answer", **_facts(exchange), exc_info=fault)


def note_fault(exchange: Exchange, fault: BaseException) -> None:
    """Write what went wrong inside before anything was sent."""
    structlog.get_logger().error("internal error", **_facts(exchange), exc_info=fault)


def _facts(exchange: Exchange) -> dict[str, Any]:
    return {
        "request_id": exchange.request_id,
        "method": exchange.method,
        "route": exchange.route or None,
        "status": exchange.status,
        "ms": round(exchange.elapsed_s * 1_000, 1),
        "bytes": exchange.sent_bytes,
        "customer": exchange.key.customer.name if exchange.key else None,
        "key": exchange.key.id if exchange.key else None,
    }


def _processors(form: str) -> list[Any]:
    if form == "console":
        # A traceback with locals would show keys.
        plain = structlog.dev.plain_traceback
        return [
            *_SHARED,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain),
        ]
    json = structlog.processors.JSONRenderer(serializer=_serialize)
    return [*_SHARED, structlog.processors.format_exc_info, json]


def _factory(form: str) -> Any:
    if form == "console":
        return structlog.PrintLoggerFactory(cast("TextIO", _Paper(sys.stderr)))
    return structlog.BytesLoggerFactory(cast("BinaryIO", _Paper(sys.stderr.buffer)))


def _serialize(facts: dict[str, Any], **_: Any) -> bytes:
    return _ENCODER.encode(facts)
