"""A composer: a process that makes letters of orders, within limits that no template can leave.

It reads tasks on its standard input and answers each, in order, on its standard output. What a template does stays
here: the process has no connection and no secret but an order's own key, a ceiling on its memory, and an alarm for
each order that ends it, whatever it is doing. It ends when its input does.
"""

from __future__ import annotations

import gc
import re
import signal
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from estampe.confinement import answers_within, leave_ending_to_the_server
from estampe.errors import EstampeError
from estampe.execution.composing import frames
from estampe.execution.composing.frames import HEADER, Kind, Limits
from estampe.execution.composing.messages import compose
from estampe.execution.composing.rendering import Renderer
from estampe.execution.orders import NoLetter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.execution.composing.frames import Made
    from estampe.execution.orders import Order, Rendered, Rewrite

_REASON = 500
"""The longest reason for making no letter, in characters; the rest of it is cut off."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class Composer:
    """Makes letters of orders.

    Parameters:
        limit: the largest message, in bytes.
        rewrite: writes links into HTML.
    """

    def __init__(self, limit: int, rewrite: Rewrite) -> None:
        self._limit = limit
        self._rewrite = rewrite
        self._renderer = Renderer()

    def answer(self, asked: Kind, order: Order) -> Made:
        """Return what is asked for, or why it cannot be; raises nothing."""
        with suppress(MemoryError):
            return self._told(asked, order)
        self._forget()  # others' templates may have taken the memory
        try:
            return self._told(asked, order)
        except MemoryError:
            self._forget()
            return _none("it needs more memory than ESTAMPE_RENDER_MEMORY allows")

    def _told(self, asked: Kind, order: Order) -> Made:
        try:
            return self._made(asked, order)
        except EstampeError as exc:
            return _none(str(exc))
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001  a fault of ours must not end the process, which would only be tried again
            traceback.print_exc()
            return _none("the server could not make it, and wrote the cause to its standard error")

    def _forget(self) -> None:
        """Let go of all templates that are compiled."""
        self._renderer = Renderer()
        gc.collect()

    def _made(self, asked: Kind, order: Order) -> Made:
        rendered = self._linked(order, self._renderer.render(order.template, order.as_is, order.variables, self._limit))
        return rendered if asked == Kind.RENDERED else compose(order, rendered, self._limit)

    def _linked(self, order: Order, rendered: Rendered) -> Rendered:
        """Write links into the HTML, unless the call brought it; a text made of it keeps the real targets."""
        if not rendered.html or "html" in order.as_is:
            return rendered
        return msgspec.structs.replace(rendered, html=self._rewrite(rendered.html, order.seal))


def _none(reason: str) -> NoLetter:
    return NoLetter(message=_CONTROLS.sub(" ", reason)[:_REASON])


def serve(tasks: BinaryIO, answers: BinaryIO, composer: Composer, seconds: float) -> None:
    """Answer tasks until there are no more; one that takes longer than so many seconds ends the process."""
    _write(answers, frames.ready())
    for asked, body in _read(tasks):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        written = frames.answer(composer.answer(asked, frames.read_task(body)))
        signal.setitimer(signal.ITIMER_REAL, 0)
        _write(answers, written)


def _read(tasks: BinaryIO) -> Iterator[tuple[Kind, bytes]]:
    while len(header := tasks.read(HEADER.size)) == HEADER.size:
        length, kind = HEADER.unpack(header)
        body = tasks.read(length)
        if len(body) < length:  # the server ended in the middle of a word
            return
        yield Kind(kind), body


def _write(answers: BinaryIO, frame: bytes) -> None:
    answers.write(frame)
    answers.flush()


def run(rewrite: Rewrite) -> None:
    """Be a composer, on standard input and output, within the limits that the first argument tells."""
    limits = msgspec.json.decode(sys.argv[1], type=Limits)
    leave_ending_to_the_server()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    composer = Composer(limits.message, rewrite)
    with answers_within(limits.memory) as answers:
        serve(sys.stdin.buffer, answers, composer, limits.seconds)
