"""`estampe dkim` makes keys, and puts them to use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from estampe.cli import main

if TYPE_CHECKING:
    from pathlib import Path


def ran(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["dkim", *arguments])


def test_a_key_is_made_shown_and_put_to_use(tmp_path: Path) -> None:
    data = ("--data", f"{tmp_path}")
    made = ran("create", "example.com", *data)
    assert (made.exit_code, made.stdout) == (0, ran("show", "example.com", *data).stdout)
    assert made.stdout.startswith("s1._domainkey.example.com. IN TXT ( ")
    assert made.stdout.endswith(" ; waiting\n")
    assert "estampe dkim use example.com s1" in made.stderr
    used = ran("use", "example.com", "s1", *data)
    assert used.stdout == "Messages from example.com are signed with s1 of example.com.\n"
    assert ran("show", "example.com", *data).stdout == made.stdout.replace("waiting", "in use")
    assert (tmp_path / "dkim/example.com/s1.pem").exists()


def test_keys_may_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESTAMPE_DKIM_KEYS", f"{tmp_path}/keys")
    assert ran("create", "example.com", "--selector", "s2", "--data", f"{tmp_path}/data").exit_code == 0
    assert (tmp_path / "keys/example.com/s2.new").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "example.com"),
        ("use", "example.com", "s1"),
        ("create", "no domain"),
        ("create", "a.b", "--selector", "A"),
    ],
)
def test_what_cannot_be_is_told(arguments: tuple[str, ...], tmp_path: Path) -> None:
    told = ran(*arguments, "--data", f"{tmp_path}")
    assert (told.exit_code, told.stderr.startswith("Error: ")) == (1, True)


def test_a_domain_is_for_those_who_are_named(tmp_path: Path) -> None:
    allowed = CliRunner().invoke(
        main, ["dkim", "allow", "example.com", "DEMO/029", "DEMO/028", "--data", str(tmp_path)]
    )
    assert allowed.stdout == "From example.com may send: DEMO/028, DEMO/029.\n"
    assert (tmp_path / "dkim/example.com/customers").read_text() == "DEMO/028\nDEMO/029\n"
