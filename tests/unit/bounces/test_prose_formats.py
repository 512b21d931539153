"""Each row of the formats knows its example, and says of it what it should."""

import pytest

from estampe.bounces.reports import parse
from estampe.bounces.reports.prose import statements
from estampe.bounces.reports.prose.format import Format
from estampe.bounces.reports.prose.formats import FORMATS

ROWS = [pytest.param(row, id=row.name) for row in FORMATS]


@pytest.mark.parametrize("row", ROWS)
def test_an_example_is_read_by_its_row(row: Format) -> None:
    found = statements(parse(row.example.encode()))

    assert {each.format for each in found} == {row.name}


@pytest.mark.parametrize("row", ROWS)
def test_an_example_says_what_it_should(row: Format) -> None:
    found = statements(parse(row.example.encode()))

    assert tuple((each.recipient, each.diagnostic) for each in found) == row.gives


def test_names_of_formats_are_told_apart() -> None:
    assert len({row.name for row in FORMATS}) == len(FORMATS)
