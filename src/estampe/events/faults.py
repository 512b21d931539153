"""What is wrong with an event that is refused: where, what was found, what is allowed."""

from __future__ import annotations

from typing import NamedTuple

from estampe.errors import EstampeError

_LONGEST_EXCERPT = 100
NOTHING = "nothing"


class Fault(NamedTuple):
    """One wrong member of an event.

    `path`: where it is, such as `$.source.detail.bounce.status.code.enhanced`.
    `found`: the JSON that stands there, cut at about 100 characters, or `nothing`.
    `allowed`: what may stand there, in words.
    """

    path: str
    found: str
    allowed: str

    @property
    def sentence(self) -> str:
        """The fault in one sentence."""
        return f"{self.path}: found {self.found}; allowed: {self.allowed}"

    def below(self, path: str) -> Fault:
        """Return the fault of a part as a fault of the whole in which the part stands at `path`."""
        return self._replace(path=path + self.path.removeprefix("$"))


class InvalidEvent(EstampeError, ValueError):
    """An event or draft is not one; `faults` says why, the first one first."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.sentence for fault in faults))
        self.faults = faults


def excerpt(json: bytes) -> str:
    """Return JSON text short enough to show."""
    text = json[: 4 * _LONGEST_EXCERPT + 4].decode("utf-8", "replace")
    return text if len(text) <= _LONGEST_EXCERPT else text[:_LONGEST_EXCERPT] + "…"
