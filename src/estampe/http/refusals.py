"""What the parts refuse, as problems."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from estampe.catalog import (
    ActionValidated,
    AlreadyMember,
    CallRunning,
    CatalogUnavailable,
    ContactExists,
    InvalidAction,
    InvalidContact,
    InvalidField,
    InvalidRule,
    InvalidSegment,
    KeyReused,
    NotMember,
    SegmentExists,
    UnknownAction,
    UnknownContact,
    UnknownRule,
    UnknownSegment,
    WrongState,
)
from estampe.execution.composing.child import NoComposer
from estampe.execution.previewing import NotRendered
from estampe.http.bodies import invalid_body
from estampe.http.headers import headers_of
from estampe.http.problems import RETRY, Kind, Problem
from estampe.log import LogBusy, LogClosed, LogFull

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS: dict[type[Exception], Kind] = {
    UnknownAction: Kind.UNKNOWN_ACTION,
    UnknownContact: Kind.UNKNOWN_TARGET,
    UnknownSegment: Kind.UNKNOWN_SEGMENT,
    UnknownRule: Kind.UNKNOWN_RULE,
    NotMember: Kind.NOT_MEMBER,
    WrongState: Kind.WRONG_STATE,
    ActionValidated: Kind.ACTION_VALIDATED,
    NotRendered: Kind.NOT_RENDERED,
    ContactExists: Kind.TARGET_EXISTS,
    SegmentExists: Kind.SEGMENT_EXISTS,
    AlreadyMember: Kind.ALREADY_MEMBER,
    CallRunning: Kind.CALL_RUNNING,
    KeyReused: Kind.KEY_REUSED,
    NoComposer: Kind.NOT_READY,
    CatalogUnavailable: Kind.CATALOG_UNAVAILABLE,
    LogBusy: Kind.LOG_BUSY,
    LogFull: Kind.LOG_FULL,
    LogClosed: Kind.NOT_READY,
}

_WRONG_BODIES = (InvalidAction, InvalidContact, InvalidField, InvalidRule, InvalidSegment)


@contextmanager
def translated() -> Iterator[None]:
    """Raise as a problem what the catalog, the log and execution refuse.

    Raises:
        Problem: something was refused.
    """
    try:
        yield
    except _WRONG_BODIES as exc:
        raise invalid_body(str(exc)) from exc
    except tuple(_KINDS) as exc:
        kind = _KINDS[type(exc)]
        said = str(exc)
        raise Problem(
            kind, f"{said[:1].upper()}{said[1:]}.", headers=[RETRY] if "Retry-After" in headers_of(kind) else ()
        ) from exc
