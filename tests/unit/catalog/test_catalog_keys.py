"""Keys: shown once, kept as a hash, valid until revoked or expired."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

import pytest

from estampe.catalog import (
    CatalogUnusable,
    ExpiredKey,
    InvalidCustomer,
    InvalidExpiry,
    InvalidScope,
    Keys,
    NewerCatalog,
    NoCatalog,
    RevokedKey,
    UnknownKey,
    WrongKey,
    open_catalog,
    parse_customer,
    parse_expiry,
    parse_scopes,
)
from estampe.events import Customer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CUSTOMER = Customer(agency="DEMO", customer="028")


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Keys]:
    catalog = open_catalog(tmp_path)
    keys = Keys(catalog)
    yield keys
    keys.close()
    catalog.close()


@pytest.fixture
def others(tmp_path: Path) -> Iterator[Keys]:
    """The same catalog, opened once more as another process would."""
    catalog = open_catalog(tmp_path)
    keys = Keys(catalog)
    yield keys
    keys.close()
    catalog.close()


def test_a_new_key_is_found_by_its_text(keys: Keys) -> None:
    made = keys.create(CUSTOMER, ("read",), label="dashboard")
    assert keys.find(made.text) == made.key == keys.list()[0]
    assert made.key.customer.name == "DEMO/028"
    assert made.text.startswith(f"est_{made.key.id}_")


def test_the_secret_is_nowhere_in_the_folder(keys: Keys, tmp_path: Path) -> None:
    made = keys.create(CUSTOMER)
    secret = made.text.removeprefix(f"est_{made.key.id}_").encode()
    assert not any(secret in path.read_bytes() for path in tmp_path.iterdir())
    assert secret.decode() not in repr(made.key)


def test_another_secret_or_id_is_wrong(keys: Keys) -> None:
    made = keys.create(CUSTOMER)
    head, _, _ = made.text.rpartition(made.text[-43:])
    for text in (
        "",
        "x",
        head + "A" * 43,
        "est_000000000000_" + made.text[-43:],
        made.text + "x",
        made.text.upper(),
    ):
        with pytest.raises(WrongKey):
            keys.find(text)


def test_a_key_that_another_process_makes_or_revokes_holds_at_once(keys: Keys, others: Keys) -> None:
    made = others.create(CUSTOMER)
    assert keys.find(made.text) == made.key
    others.revoke(made.key.id)
    with pytest.raises(RevokedKey):
        keys.find(made.text)


def test_revoking_again_keeps_the_first_time(keys: Keys) -> None:
    made = keys.create(CUSTOMER)
    assert keys.revoke(made.key.id) == keys.revoke(made.key.id)


def test_revoking_an_unknown_key_says_so(keys: Keys) -> None:
    with pytest.raises(UnknownKey, match="nothing"):
        keys.revoke("nothing")


def test_a_key_ends_at_its_time(keys: Keys) -> None:
    now_ms = time.time_ns() // 1_000_000
    assert keys.find(keys.create(CUSTOMER, expires_ms=now_ms + 60_000).text)
    with pytest.raises(ExpiredKey):
        keys.find(keys.create(CUSTOMER, expires_ms=now_ms - 1).text)


def test_a_catalog_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    open_catalog(tmp_path).close()
    with sqlite3.connect(tmp_path / "catalog.db") as connection:
        connection.execute("INSERT INTO migrations VALUES (99)")
    connection.close()
    with pytest.raises(NewerCatalog, match="newer version"):
        open_catalog(tmp_path)


def test_the_catalog_is_for_its_owner_only_also_in_an_open_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    catalog = open_catalog(tmp_path)
    with catalog.reading():
        files = list(tmp_path.iterdir())
        assert len(files) == 3  # SQLite's journal and its index among them
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    catalog.close()


def test_a_file_that_is_no_catalog_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_text("junk " * 1_000)
    with pytest.raises(CatalogUnusable, match=r"catalog\.db cannot be used: file is not a database"):
        open_catalog(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CatalogUnusable, match=r"file/data/catalog\.db cannot be used: Not a directory"):
        open_catalog(tmp_path / "file/data")


def test_a_missing_catalog_is_not_made_where_nobody_asks_for_it(tmp_path: Path) -> None:
    with pytest.raises(NoCatalog, match="key create"):
        open_catalog(tmp_path / "typo", create=False)
    assert not (tmp_path / "typo").exists()


def test_opening_again_changes_nothing(keys: Keys, tmp_path: Path) -> None:
    made = keys.create(CUSTOMER)
    open_catalog(tmp_path).close()
    assert keys.list() == (made.key,)


@pytest.mark.parametrize(
    "text", ["", "DEMO", "DEMO/", "/028", "DEMO/028/1", "DÉMO/028", "../x", "a" * 65 + "/1", "A/1\n"]
)
def test_a_customer_is_written_agency_slash_customer(text: str) -> None:
    assert parse_customer("DEMO/028") == CUSTOMER
    with pytest.raises(InvalidCustomer):
        parse_customer(text)


def test_scopes_are_read_in_any_order() -> None:
    assert parse_scopes("write, read") == ("read", "write")
    assert parse_scopes("read") == ("read",)
    for text in ("", "admin", "read,"):
        with pytest.raises(InvalidScope):
            parse_scopes(text)


def test_an_expiry_is_a_span_or_an_instant_to_come() -> None:
    assert parse_expiry("1h") > time.time_ns() // 1_000_000
    assert parse_expiry("2999-01-31") == 32_474_736_000_000
    for text in ("0d", "2001-01-01", "soon", "999999w"):
        with pytest.raises(InvalidExpiry):
            parse_expiry(text)
