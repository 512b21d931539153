"""Rendering: what a contact reads, made of a template and what is known of the contact."""

from __future__ import annotations

import re
from functools import lru_cache
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from css_inline import CSSInliner, InlineError
from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError

from estampe.errors import EstampeError
from estampe.execution.composing.plain import plain
from estampe.execution.composing.sandbox import Sandbox, cancel
from estampe.execution.orders import Rendered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jinja2 import Template as Compiled

    from estampe.execution.orders import Template

_REMEMBERED = 128
"""How many compiled templates a renderer keeps."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SHEET = re.compile(r"<style", re.IGNORECASE)
_CONDITION = re.compile(r"(<!--.*?-->)|<!(\[(?:if\b[^\]]*|endif)\])>", re.DOTALL | re.IGNORECASE)
_HELD = re.compile(r"<!--estampe(\[[^\]]*\])-->")


class RenderingFailed(EstampeError):
    """A template cannot be rendered for this contact; the message names the part, the line and what is wrong."""


class Renderer:
    """Renders templates, and remembers the last ones compiled.

    Sheets of style are never fetched, neither from servers nor from files.
    """

    def __init__(self) -> None:
        self._html = Sandbox(escaping=True)
        self._plain = Sandbox(escaping=False)
        self._compiled = lru_cache(_REMEMBERED)(self._compile)
        self._inliner = CSSInliner(load_remote_stylesheets=False, keep_style_tags=True, keep_link_tags=True)

    def render(self, template: Template, as_is: tuple[str, ...], variables: Mapping[str, Any], limit: int) -> Rendered:
        """Return a message's parts; a missing text is made of the HTML.

        Parameters:
            template: the parts, each in the language of docs/templates.md.
            as_is: names of parts that are taken as they are.
            variables: what templates may name.
            limit: the longest that a part may grow, in characters.

        Raises:
            RenderingFailed: a variable is missing, a part is wrong or too long, or nothing is left to read.
            Unwanted: the template says that it wants no message.
        """
        names = {**variables, "cancel": cancel}
        subject, html, text = (
            source if name in as_is or not source else self._part(name, source, names, limit)
            for name, source in (("subject", template.subject), ("html", template.html), ("text", template.text))
        )
        if html and "html" not in as_is:
            html = self._inlined(html)
        if html and not (text and text.strip()):
            text = plain(html, variables.get("links", {}))
        if not (html and html.strip()) and not (text and text.strip()):
            raise RenderingFailed("the message is empty: neither html nor text is left")
        return Rendered(subject=_line(subject or ""), html=html or None, text=text or None)

    def _part(self, name: str, source: str, names: dict[str, Any], limit: int) -> str:
        try:
            text = "".join(_limited(self._compiled(name, source).generate(names), name, limit))
            text.encode()
        except (EstampeError, MemoryError):
            raise
        except Exception as exc:
            raise RenderingFailed(f"{_place(name, exc)}: {_reason(exc)}") from exc
        return text

    def _compile(self, name: str, source: str) -> Compiled:
        return (self._html if name == "html" else self._plain).from_string(source)

    def _inlined(self, html: str) -> str:
        """Write the sheets in HTML into its elements, where all mail readers look; the sheets stay too."""
        if not _SHEET.search(html):
            return html
        try:
            return _HELD.sub(r"<!\1>", self._inliner.inline(_CONDITION.sub(_hold, html)))
        except InlineError as exc:
            raise RenderingFailed(f"html: its style sheets cannot be read: {exc}") from exc


def _hold(condition: re.Match[str]) -> str:
    """Hide `<![if !mso]>`, which only Outlook knows, from a parser that would mend it; comments it leaves alone."""
    comment, shown = condition.groups()
    return comment or f"<!--estampe{shown}-->"


def _limited(pieces: Iterable[str], name: str, limit: int) -> Iterator[str]:
    """Yield what a template writes, for as long as it is not too much."""
    left = limit
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise RenderingFailed(f"{name}: it grows longer than {limit:,} characters")
        yield piece


def _line(text: str) -> str:
    """Return text as one line, without control characters."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def _place(name: str, exc: Exception) -> str:
    """Say where in a template an error is, as far as it is known."""
    lines = [line for frame, line in walk_tb(exc.__traceback__) if frame.f_code.co_filename == "<template>"]
    line = exc.lineno if isinstance(exc, TemplateSyntaxError) else lines[-1] if lines else None
    return f"{name} line {line}" if line else name


def _reason(exc: Exception) -> str:
    if isinstance(exc, TemplateNotFound):
        return "a template cannot take in another one"
    if isinstance(exc, RecursionError):
        return "it calls itself too deeply"
    if isinstance(exc, UnicodeEncodeError):
        return "it holds half a character, a surrogate of its own"
    message = exc.message if isinstance(exc, TemplateError) else str(exc)
    return message or type(exc).__name__
