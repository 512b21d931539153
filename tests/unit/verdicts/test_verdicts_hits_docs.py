"""The documentation has every rule, program and network, as they are."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from estampe.verdicts import RULESET, Classification, HitClass, Networks, Sighting, classify
from estampe.verdicts.networks import COLUMNS, Network, ours
from estampe.verdicts.programs import PROGRAMS
from estampe.verdicts.robots import ORDER, RULES

PAGE = (Path(__file__).parents[3] / "docs" / "classification.md").read_text()


def table(*heads: str) -> list[str]:
    """Return the rows of the table with these heads."""
    _, _, after = PAGE.partition(f"| {' | '.join(heads)} |\n")
    return after.partition("\n\n")[0].splitlines()[1:]


def rule_rows() -> list[str]:
    return [f"| {rule.name} | {rule.weight:+g} | {rule.meaning} | {rule.source} |" for rule in RULES]


def program_rows() -> list[str]:
    return [f"| {row.name} | {row.role} | `{_quoted(row.example)}` | {row.source} |" for row in PROGRAMS]


def network_rows() -> list[str]:
    groups = Counter((row.owner, row.hit_class, row.certainty, row.source, row.date) for row in ours())
    return [
        f"| {owner} | `{hit_class}` | {certainty} | {count} | {source} | {day} |"
        for (owner, hit_class, certainty, source, day), count in groups.items()
    ]


def _quoted(text: str) -> str:
    return text.replace("|", "\\|")


def test_each_rule_is_in_the_documentation() -> None:
    assert table("rule", "weight", "when", "source") == rule_rows()


def test_each_program_is_in_the_documentation() -> None:
    assert table("program", "role", "example", "source") == program_rows()


def test_each_list_of_networks_is_in_the_documentation() -> None:
    assert table("owner", "class", "certainty", "networks", "source", "read") == network_rows()


def test_the_version_and_the_order_of_classes_are_in_the_documentation() -> None:
    assert f"`{RULESET}`" in PAGE
    assert ", ".join(f"`{hit_class}`" for hit_class in ORDER) in PAGE


def test_the_example_of_a_list_can_be_read(tmp_path: Path) -> None:
    [example] = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    tmp_path.joinpath("ours.csv").write_text(example)
    assert example.splitlines()[0] == ",".join(COLUMNS)
    known = Networks.of(tmp_path)
    found = [known.find(line.partition("/")[0].replace(".0", ".7", 1)) for line in example.splitlines()[1:]]
    assert any(isinstance(each, Network) for each in found)


@pytest.mark.parametrize("example", re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
def test_the_example_of_a_judgement_is_one_of_these_rules(example: str) -> None:
    shown = msgspec.json.decode(example, type=Classification)
    weights = {rule.name: rule.weight for rule in RULES}
    assert shown.evidence
    for signal in shown.evidence:
        assert weights[signal.name] == signal.weight
    assert shown.ruleset == RULESET


def test_nobody_is_a_robot_for_nothing() -> None:
    nothing = Sighting(time_ms=0, kind="open")
    assert classify(nothing, [], Networks.of(None)) == Classification(hit_class=HitClass.HUMAN, ruleset=RULESET)
