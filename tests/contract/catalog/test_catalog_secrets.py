"""Secrets: the newest signs, older ones stay until they retire, and a number means one secret for ever."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from estampe.catalog import open_catalog, secrets, secrets_of

if TYPE_CHECKING:
    from pathlib import Path

    from estampe.catalog import Catalog


def newest(catalog: Catalog, name: str) -> bytes:
    return next(iter(secrets_of(catalog, name).values()))


def test_the_first_secret_is_made_when_it_is_asked_for_and_stays(catalog: Catalog) -> None:
    first = secrets_of(catalog, "links")
    assert [(number, len(value)) for number, value in first.items()] == [(1, 32)]
    assert secrets_of(catalog, "links") == first
    assert secrets_of(catalog, "tokens") != first


def test_a_rotated_secret_stands_before_those_that_still_verify(catalog: Catalog) -> None:
    first = newest(catalog, "links")
    assert secrets.rotate(catalog, "links") == 2
    rotated = secrets_of(catalog, "links")
    assert list(rotated) == [2, 1]
    assert rotated[1] == first
    assert newest(catalog, "links") == rotated[2] != first


def test_a_name_without_secrets_gets_its_first_one_by_rotation(catalog: Catalog) -> None:
    assert secrets.rotate(catalog, "links") == 1


def test_a_secret_that_has_retired_never_comes_back(catalog: Catalog) -> None:
    for _ in range(3):
        secrets.rotate(catalog, "links")
    secrets.retire(catalog, "links", 1)
    assert list(secrets_of(catalog, "links")) == [3, 2]
    assert secrets.rotate(catalog, "links") == 4


def test_the_newest_secret_does_not_retire(catalog: Catalog) -> None:
    secrets_of(catalog, "links")
    with pytest.raises(secrets.SecretInUse, match="estampe secret rotate links"):
        secrets.retire(catalog, "links", 1)
    assert list(secrets_of(catalog, "links")) == [1]


@pytest.mark.parametrize("number", [0, 2, -1])
def test_a_secret_that_is_not_there_does_not_retire(catalog: Catalog, number: int) -> None:
    secrets_of(catalog, "links")
    with pytest.raises(secrets.UnknownSecret, match="estampe secret list"):
        secrets.retire(catalog, "links", number)


def test_there_are_no_more_than_a_link_can_name(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "MOST", 2)
    assert [secrets.rotate(catalog, "links") for _ in range(2)] == [1, 2]
    with pytest.raises(secrets.NoMoreSecrets):
        secrets.rotate(catalog, "links")


def test_a_list_of_secrets_holds_nothing_secret(catalog: Catalog) -> None:
    for name in ("tokens", "links", "links"):
        secrets.rotate(catalog, name)
    listed = secrets.list_secrets(catalog)
    assert [(each.name, each.number) for each in listed] == [("links", 2), ("links", 1), ("tokens", 1)]
    assert set(secrets.Secret.__struct_fields__) == {"name", "number", "created_ms"}


def test_a_secret_from_before_there_were_numbers_is_the_first(
    catalog: Catalog, catalog_url: str, tmp_path: Path
) -> None:
    """What was signed with it is still good."""
    columns = "name VARCHAR PRIMARY KEY, value " + ("BYTEA" if catalog_url else "BLOB")
    value = newest(catalog, "tokens")
    with catalog.writing() as connection:
        for statement in (
            "DROP TABLE secrets",
            "DROP TABLE copies",
            "DROP TABLE quarantine",
            f"CREATE TABLE secrets ({columns} NOT NULL)",
            "DELETE FROM migrations WHERE version >= 3",
        ):
            connection.execute(text(statement))
        connection.execute(text("INSERT INTO secrets VALUES ('tokens', :value)"), {"value": value})
    with closing(open_catalog(tmp_path, catalog_url)) as opened:
        assert secrets_of(opened, "tokens") == {1: value}
        assert [each.created_ms for each in secrets.list_secrets(opened)] == [None]
