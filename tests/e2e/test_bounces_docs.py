"""The page on bounces says what is so: its mail is read as it shows, its words are those of events."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from estampe.bounces.consequences import BLAMES_THE_SENDER
from estampe.bounces.reports import Kind
from estampe.events import StatusDetail, StatusSubject
from estampe.settings import Settings
from estampe.verdicts import RULES
from estampe.verdicts.bounces import detail_of, subject_of

if TYPE_CHECKING:
    from estampe.verdicts import Rule

pytestmark = pytest.mark.e2e

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "bounces.md").read_text()
TABLES = PAGE.partition("<!-- rules -->")[0]


def estampe(*arguments: str, folder: Path) -> str:
    command = [sys.executable, "-m", "estampe", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, check=True, text=True, timeout=60).stdout


def rows(head: str) -> list[list[str]]:
    """Return the cells of the rows of the table whose head begins so."""
    _, _, below = TABLES.partition(f"\n| {head} |")
    lines = below.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def words(cell: str) -> list[str]:
    return re.findall(r"`(.*?)`", cell)


def test_its_mail_is_read_as_it_shows(tmp_path: Path) -> None:
    (mail,) = re.findall(r"^```eml report.eml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (shown,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "report.eml").write_text(mail)
    assert estampe("bounces", "read", "report.eml", folder=tmp_path) == shown
    told = estampe("bounces", "explain", "report.eml", folder=tmp_path)
    assert all(fact in told for fact in ("User unknown", json.loads(shown)["rule"], "The sale"))


def test_it_has_every_kind_of_report() -> None:
    assert sorted(row[0].strip("`") for row in rows("kind")) == sorted(Kind)


def test_it_has_every_subject_in_the_words_of_events() -> None:
    subjects = {row[0].strip("`") for row in rows("subject")}
    details = {detail for row in rows("subject") for detail in words(row[1])}
    assert subjects == {subject.value for subject in StatusSubject}
    assert details == set(StatusDetail) - {StatusDetail.X_1_5}  # an address that is valid is nothing to report


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.code], ids=lambda rule: rule.id)
def test_it_has_what_a_rule_says(rule: Rule) -> None:
    told = [row for row in rows("subject") if (row[0].strip("`"), row[2]) == (subject_of(rule.code), rule.verdict)]
    details = {detail for row in told for detail in words(row[1])}
    assert told
    assert detail_of(rule.code) in details | {None}


def test_what_counts_is_what_blames_nobody_else() -> None:
    subjects = {row[0].strip("`") for row in rows("subject")}
    counted = {row[0].strip("`") for row in rows("subject") if row[4] == "it counts"}
    exceptions = [row for row in rows("subject") if row[4] == "nothing" and row[0].strip("`") in counted]
    of_counted = {detail for row in exceptions for detail in words(row[1])}
    assert (subjects - counted) | of_counted == BLAMES_THE_SENDER


def test_it_names_every_setting_of_what_follows_and_no_other() -> None:
    named = set(re.findall(r"ESTAMPE_[A-Z_]+", PAGE))
    assert named <= {row.variable for row in Settings.rows()}
    assert named >= {f"ESTAMPE_{name}" for name in (
        "HARD_BOUNCES", "SOFT_BOUNCES", "SOFT_BOUNCE_DAYS", "COMPLAINTS_REDLIST", "HITS_CLEAR", "MATCH_DAYS",
        "QUARANTINE_LIMIT",
    )}  # fmt: skip


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`estampe (bounces \w+(?: (?:list|show|replay))?)", PAGE))))
def test_its_commands_are_known(command: str, tmp_path: Path) -> None:
    assert "Usage:" in estampe(*command.split(), "--help", folder=tmp_path)
