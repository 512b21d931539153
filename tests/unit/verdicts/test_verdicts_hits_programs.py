"""Programs that tell by their agent what role they play in mail."""

from __future__ import annotations

import pytest

from estampe.verdicts.programs import PROGRAMS, Program, Role, program_of

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 9; AMN-LX9) AppleWebKit/537.36 (KHTML, like Gecko)"

BROWSERS = (
    f"{ANDROID} Chrome/91.0.4472.88 Mobile Safari/537.36",
    f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36",
    f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1",
    f"{MAC} Version/18.1 Safari/605.1.15",
    f"{ANDROID} Version/4.0 Chrome/130.0 Mobile Safari/537.36 GSA/15.43",
    "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
    "",
)

MAIL = (
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Microsoft Outlook 16.0.5134; ms-office; MSOffice 16)",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
    "Outlook-iOS/711.2720180.prod.iphone (3.34.0)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 Thunderbird/115.16.0",
    f"{IPHONE} Mobile/15E148",
    MAC,
)


@pytest.mark.parametrize("row", PROGRAMS, ids=lambda row: row.name)
def test_each_row_has_an_example_that_it_knows(row: Program) -> None:
    assert program_of(row.example) == row


@pytest.mark.parametrize("agent", BROWSERS)
def test_browsers_play_no_role(agent: str) -> None:
    assert program_of(agent) is None


@pytest.mark.parametrize("agent", MAIL)
def test_mail_programs_are_known(agent: str) -> None:
    found = program_of(agent)
    assert found
    assert found.role == Role.MAIL


def test_names_are_one_each() -> None:
    assert len({row.name for row in PROGRAMS}) == len(PROGRAMS)
