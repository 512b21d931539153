"""Contacts are read from CSV and JSON as people have them, and what is no contact is told with its place."""

from __future__ import annotations

import csv
import gzip
import io
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.cli.contacts import Contact, Contacts, Unfit
from estampe.cli.items import UnreadableFile

if TYPE_CHECKING:
    from pathlib import Path

ADA = {"Email": "ada@b.c", "Name": "Lovelace, Ada"}
ZOE = {"Email": "zoé@b.c", "Name": "Zoé"}


def written(folder: Path, content: str | bytes, name: str = "contacts.csv") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return f"{path}"


def read(*files: str, to: tuple[str, ...] = ()) -> list[Contact | Unfit]:
    return list(Contacts(to, files))


def fields(*files: str) -> list[dict[str, Any]]:
    return [each.fields for each in read(*files) if isinstance(each, Contact)]


@pytest.mark.parametrize(
    "content",
    [
        'Email,Name\nada@b.c,"Lovelace, Ada"\nzoé@b.c,Zoé\n',
        "Email;Name\r\nada@b.c;Lovelace, Ada\r\n\r\nzoé@b.c;Zoé",
        "\ufeffemail\tName\nada@b.c\tLovelace, Ada\nzoé@b.c\tZoé\n",
        "EMAIL|Name\nada@b.c|Lovelace, Ada\nzoé@b.c|Zoé\n",
        '\ufeff[{"Email":"ada@b.c","Name":"Lovelace, Ada"},{"Email":"zoé@b.c","Name":"Zoé"}]',
        '\n{"Email":"ada@b.c","Name":"Lovelace, Ada"}\n{"Email":"zoé@b.c","Name":"Zoé"}\n',
    ],
    ids=["comma", "semicolon", "tab-and-bom", "bar", "array", "lines"],
)
def test_every_form_gives_the_same_contacts(content: str, tmp_path: Path) -> None:
    assert fields(written(tmp_path, content)) == [ADA, ZOE]
    assert fields(written(tmp_path, gzip.compress(content.encode()), "contacts.gz")) == [ADA, ZOE]


def test_a_single_column_is_enough(tmp_path: Path) -> None:
    assert fields(written(tmp_path, "Email\na@b.c\nd@e.f")) == [{"Email": "a@b.c"}, {"Email": "d@e.f"}]


def test_empty_cells_are_left_out_so_that_fields_stay_as_they_are(tmp_path: Path) -> None:
    assert fields(written(tmp_path, "Name,Email,City\n,a@b.c,Lille\n")) == [{"Email": "a@b.c", "City": "Lille"}]


def test_each_contact_knows_where_it_stands_also_after_cells_of_several_lines(tmp_path: Path) -> None:
    csv_file = written(tmp_path, 'Email,Note\na@b.c,"two\nlines"\n\nd@e.f,one\n')
    json_file = written(tmp_path, '[{"Email":"g@h.i"}]', "contacts.json")
    assert [each.place for each in read(csv_file, json_file, to=(" j@k.l ",))] == [
        "--to",
        f"{csv_file}:2",
        f"{csv_file}:5",
        f"{json_file}[0]",
    ]
    assert read(to=(" j@k.l ",))[0].address == "j@k.l"


def test_an_address_that_comes_again_is_left_out_and_counted(tmp_path: Path) -> None:
    contacts = Contacts(("a@b.c",), (written(tmp_path, "Email\nA@B.c\nd@e.f\na@b.c\n"),))
    assert contacts.count() == 2
    assert [each.address for each in contacts] == ["a@b.c", "d@e.f"]
    assert contacts.repeated == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Email,Name\n,Ada\n", "it has no Email"),
        ("Email,Name\na@b.c\n", "it has 1 values, and the first line 2 names"),
        ('{"Name":"Ada"}', "it has no Email"),
        ('{"Email":5}', "it has no Email"),
        ('{"Email":NaN}', "it is no JSON object: JSON is malformed"),
    ],
)
def test_what_is_no_contact_is_told_and_the_rest_is_read(content: str, reason: str, tmp_path: Path) -> None:
    (found,) = read(written(tmp_path, content))
    assert isinstance(found, Unfit)
    assert found.reason.startswith(reason)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "no column Email"),
        (b"a@b.c\nd@e.f\n", "no column Email"),
        (b"Email,Name,Name\n", "two with the same"),
        (b"Email,,Name\n", "a column without a name"),
        (b"Email,email\n", "two with the same"),
        (b"Email\na@b.c\nzo\xe9@b.c\n", "no UTF-8: save it as CSV UTF-8"),
        ("Email\na@b.c\n".encode("utf-16"), "no UTF-8"),
        (b'Email\n"a@b.c"x\n', r"contacts.csv:2 is no CSV"),
        (b'Email\na@b.c\n"d@e.f\n', r"contacts.csv:3 is no CSV: unexpected end of data"),
        (b'[{"Email":"a@b.c"}', "cut short"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused_whole(content: bytes, fault: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=fault):
        Contacts((), (written(tmp_path, content),)).count()


def test_standard_input_is_not_counted_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"Email\na@b.c\n"))))
    contacts = Contacts((), ("-",))
    assert contacts.count() is None
    assert [each.address for each in contacts] == ["a@b.c"]
    assert not sys.stdin.closed


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)


@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=5), delimiter=st.sampled_from(",;\t|"))
def test_whatever_a_cell_holds_comes_back(
    rows: list[tuple[str, str]], delimiter: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(("Email", "Name", "City"))
    writer.writerows((f"{at}@b.c", *row) for at, row in enumerate(rows))
    file = written(tmp_path_factory.mktemp("csv"), text.getvalue())
    assert fields(file) == [
        {name: value for name, value in (("Email", f"{at}@b.c"), ("Name", row[0]), ("City", row[1])) if value}
        for at, row in enumerate(rows)
    ]
