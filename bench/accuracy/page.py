"""The parts of docs/bounces.md that no hand writes: the rules, and how often reports are read right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from bench.accuracy.measuring import AIMS

from estampe.verdicts import RULES
from estampe.verdicts.bounces import detail_of, subject_of

if TYPE_CHECKING:
    from bench.accuracy.measuring import Run

    from estampe.verdicts import Rule

PAGE = Path(__file__).parents[2] / "docs/bounces.md"

_SHOWN = 5
_WHAT = {"found": "recipients found", "verdict": "verdicts right", "subject": "subjects right"}


def rules() -> str:
    """Return the table of rules, in their order."""
    rows = [
        (f"`{rule.id}`", rule.verdict, _meaning(rule), _asks(rule), rule.source, f"`{rule.example}`") for rule in RULES
    ]
    return _table(("rule", "verdict", "what it is about", "asks for", "source", "example"), rows)


def accuracy(run: Run) -> str:
    """Return the tables of what was found in a corpus."""
    shares = [(_WHAT[name], f"{share:.1%}", f"{AIMS[name]:.0%}") for name, share in run.shares.items()]
    counts = Counter((each.fact.kind, each.verdict) for each in run.judged)
    kinds = [(f"`{known}`", f"`{got}`", str(times)) for (known, got), times in sorted(counts.items())]
    told = f"Of {len(run.judged)} recipients; reports read where there is none: {len(run.false)}.\n"
    return f"{told}\n{_table(('what', 'share', 'aim'), shares)}\n{_table(('is', 'read as', 'recipients'), kinds)}"


def put(name: str, section: str) -> None:
    """Put a section between its marks in the page, in place of the one that is there."""
    text = PAGE.read_text()
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text(f"{before}{begin}\n{section}{end}{after}")


def _meaning(rule: Rule) -> str:
    if not rule.code:
        return "what the code says"
    subject, detail = subject_of(rule.code), detail_of(rule.code)
    return f"{subject}: {detail}" if detail and rule.code != "0.0" else subject


def _asks(rule: Rule) -> str:
    asked = {
        "words": _shortened(rule),
        "code": ", ".join(code or "none" for code in rule.enhanced),
        "reply": ", ".join(map(str, rule.basic)),
        "server": ", ".join(f"`{operator}`" for operator in rule.operators),
        "command": ", ".join(command or "unknown" for command in rule.commands),
        "refused": "for now only" if rule.for_now else "",
    }
    return "; ".join(f"{name}: {value}" for name, value in asked.items() if value) or "nothing"


def _shortened(rule: Rule) -> str:
    """Return some of a rule's phrases, those of its example first, and how many more there are."""
    example = rule.example.lower()
    shown = sorted(rule.phrases, key=lambda phrase: (phrase not in example, phrase))[:_SHOWN]
    more = len(rule.phrases) - len(shown)
    words = ", ".join(f"`{phrase.strip()}`" for phrase in shown)
    return f"{words} and {more} more" if more else words


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    put("rules", rules())
