"""The documentation has every rule about bounces, as it is."""

from __future__ import annotations

from bench.accuracy import page

from estampe.verdicts import RULES

TEXT = page.PAGE.read_text()


def test_each_rule_is_in_the_documentation() -> None:
    _, _, after = TEXT.partition("<!-- rules -->\n")
    assert after.partition("<!-- /rules -->")[0] == page.rules(), "run `python -m bench.accuracy.page`"


def test_a_rule_is_shown_with_its_id_and_example() -> None:
    rows = page.rules().splitlines()[2:]
    assert len(rows) == len(RULES)
    for rule, row in zip(RULES, rows, strict=True):
        assert row.startswith(f"| `{rule.id}` | {rule.verdict} |")
        assert row.endswith(f"| `{rule.example.replace('|', chr(92) + '|')}` |")
