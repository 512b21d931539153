"""Rule: a row of the table of refusals, and what it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from estampe.events import Verdict


class Said(NamedTuple):
    """A refusal as rules see it.

    Parameters:
        basic: the SMTP reply code, None for none.
        code: subject and detail of the enhanced code, such as `1.1`; empty for none.
        is_temporary: whether it is refused for now only.
        command: the SMTP command that was refused: `CONN`, `HELO`, `MAIL`, `RCPT` or `DATA`; empty if unknown.
        operators: those of the table that its server's name or its text names.
        phrases: those of the table that are in its text.
    """

    basic: int | None
    code: str
    is_temporary: bool
    command: str
    operators: frozenset[str]
    phrases: frozenset[str]


class Rule(NamedTuple):
    """A row: what it asks for, all of it, and what that means.

    Parameters:
        id: its lasting name.
        verdict: what it means for the address; a refusal for now is soft whatever it says.
        code: subject and detail as RFC 3463 numbers them; empty leaves the code that was said.
        phrases: one of them is in the text, in small letters; `*` stands for up to 60 characters, `^ ` and ` $` for its
            begin and end.
        enhanced: the code is one of these, an empty one for none.
        basic: the reply code is one of these.
        operators: one of them is in the server's name or in the text.
        commands: the refused command is one of these, an empty one for unknown.
        for_now: whether it is refused for now only, None for either.
        source: who says so.
        example: a refusal that it judges: reply code, enhanced code if any, text.
        said_to: the command that the example answers.
    """

    id: str
    verdict: Verdict
    code: str
    phrases: frozenset[str] = frozenset()
    enhanced: tuple[str, ...] = ()
    basic: tuple[int, ...] = ()
    operators: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    for_now: bool | None = None
    source: str = ""
    example: str = ""
    said_to: str = ""

    @property
    def is_of_last_resort(self) -> bool:
        """Whether it asks for codes alone, or for nothing."""
        return not (self.phrases or self.operators or self.commands)

    def applies(self, said: Said) -> bool:
        """Return whether a refusal is what the rule asks for."""
        return (
            (not self.phrases or not said.phrases.isdisjoint(self.phrases))
            and (not self.enhanced or said.code in self.enhanced)
            and (not self.basic or said.basic in self.basic)
            and (not self.operators or not said.operators.isdisjoint(self.operators))
            and (not self.commands or said.command in self.commands)
            and (self.for_now is None or said.is_temporary == self.for_now)
        )


def these(phrases: str) -> frozenset[str]:
    """Return phrases that are written with bars between them."""
    return frozenset(phrases.split(" | "))
