"""The sandbox that templates run in: they read what they are given, and cannot leave it.

What Jinja2's own sandbox lets grow without end (`"x" * 10 ** 9`) is refused here with a plain word. These are the
tricks with a name; what is left of memory and time is bounded for the whole process, see `composer`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Sized
from typing import Any, NoReturn

from jinja2 import FunctionLoader, StrictUndefined
from jinja2.exceptions import SecurityError
from jinja2.filters import do_format
from jinja2.sandbox import ImmutableSandboxedEnvironment

from estampe.errors import EstampeError

LONGEST = 100_000
"""Characters or items that one multiplication may make."""

LARGEST = 4_096
"""Bits of the largest whole number that one operation may make."""

_WIDE = re.compile(r"%(\([^)]*\))?[-#0 +\d.]*?(\*|\d{4})")  # a width or precision of four digits, or one from outside


class Unwanted(EstampeError):
    """The template itself says that this message is not to be sent; the error's message is its reason."""


class _Missing(StrictUndefined):
    """A name that stands for nothing: the message is the same for variables and for members of mappings."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return self._undefined_hint or f"{self._undefined_name!r} is not defined"


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 for templates that strangers write.

    Parameters:
        escaping: whether what is written is escaped for HTML.
    """

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, *, escaping: bool) -> None:
        super().__init__(
            autoescape=escaping, undefined=_Missing, finalize=_written, loader=FunctionLoader(_none), cache_size=0
        )
        self.binop_table |= {"*": _times, "**": _power, "%": _remainder}
        self.filters |= {"format": _formatted}
        del self.filters["attr"], self.globals["lipsum"]

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a member of a mapping before a method of the same name: `data.items` may be a shopping list."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def wrap_str_format(self, value: Any) -> None:
        """Refuse `"…".format(…)`: its fields reach into attributes, and its widths into memory."""
        if super().wrap_str_format(value) is not None:
            raise SecurityError('a text\'s own format is not allowed; write {{ "%.2f" | format(price) }}')


def cancel(reason: str = "") -> NoReturn:
    """Say no, from inside a template.

    Raises:
        Unwanted: always.
    """
    raise Unwanted(str(reason) or "the template wants no message")


def _written(value: Any) -> Any:
    """Write nothing for what is known to be empty."""
    return "" if value is None else value


def _none(_name: str) -> None:
    """Load no other template: there is none."""


def _times(left: Any, right: Any) -> Any:
    for many, times in ((left, right), (right, left)):
        if isinstance(many, Sized) and isinstance(times, int) and len(many) * times > LONGEST:
            raise OverflowError(f"a multiplication would make more than {LONGEST:,} characters or items")
    if isinstance(left, int) and isinstance(right, int):
        _check(left.bit_length() + right.bit_length())
    return operator.mul(left, right)


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        _check(left.bit_length() * right)
    return operator.pow(left, right)


def _check(bits: int) -> None:
    if bits > LARGEST:
        raise OverflowError("a number would be too large")


def _remainder(left: Any, right: Any) -> Any:
    if isinstance(left, str | bytes):
        _check_widths(left)
    return operator.mod(left, right)


def _formatted(value: Any, *args: Any, **kwargs: Any) -> str:
    _check_widths(value)
    return do_format(value, *args, **kwargs)


def _check_widths(pattern: Any) -> None:
    if _WIDE.search(str(pattern)):
        raise OverflowError("a format asks for more than 999 characters")
