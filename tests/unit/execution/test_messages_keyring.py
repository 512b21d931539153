"""The keyring is a folder: keys are found by domain, made, published, put to use."""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from estampe.execution.composing import keyring
from estampe.execution.composing.keyring import ForeignSender, InvalidKeyName, KeyExists, Keyring, NoKey
from estampe.execution.composing.signing import UnusableKey

if TYPE_CHECKING:
    from pathlib import Path

BITS = 1_024
PEM = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def put(folder: Path, *names: str) -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(PEM)


def found(ring: Keyring, domain: str) -> tuple[str, str] | None:
    signing = ring.signing_for(domain)
    return (signing.domain, signing.selector) if signing else None


def test_a_domains_key_signs_and_else_its_nearest_parents(tmp_path: Path) -> None:
    put(tmp_path, "example.com/s1.pem", "news.example.com/n1.pem", "xn--bcher-kva.example/b1.pem")
    ring = Keyring(tmp_path)
    assert found(ring, "example.com") == ("example.com", "s1")
    assert found(ring, "News.Example.COM") == ("news.example.com", "n1")
    assert found(ring, "a.news.example.com") == ("news.example.com", "n1")
    assert found(ring, "shop.example.com") == ("example.com", "s1")
    assert found(ring, "bücher.example") == ("xn--bcher-kva.example", "b1")
    assert found(ring, "ample.com") is None


@pytest.mark.parametrize("domain", ["", ".", "..", "../example.com", "/", "a/b", "example.com/..", "\x00"])
def test_what_is_no_domain_has_no_key(domain: str, tmp_path: Path) -> None:
    put(tmp_path, "example.com/s1.pem", "s0.pem")
    assert found(Keyring(tmp_path / "example.com"), domain) is None


def test_the_last_selector_signs_digits_taken_as_numbers(tmp_path: Path) -> None:
    put(
        tmp_path,
        *(f"example.com/s{number}.pem" for number in (2, 10, 1)),
        "example.com/s11.new",
        "example.com/notes.txt",
    )
    assert found(Keyring(tmp_path), "example.com") == ("example.com", "s10")


def test_a_folder_that_is_not_there_has_no_keys(tmp_path: Path) -> None:
    assert found(Keyring(tmp_path / "none"), "example.com") is None


def test_what_changes_is_seen_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Keyring(tmp_path)
    now_s = 100.0
    monkeypatch.setattr(keyring.time, "monotonic", lambda: now_s)
    assert found(ring, "example.com") is None
    put(tmp_path, "example.com/s1.pem")
    assert found(ring, "example.com") is None
    now_s = 101.0
    assert found(ring, "example.com") == ("example.com", "s1")


def test_a_key_that_is_none_is_an_error_and_not_a_message_without_signature(tmp_path: Path) -> None:
    put(tmp_path, "example.com/s1.pem")
    (tmp_path / "example.com/s1.pem").write_text("no key")
    with pytest.raises(UnusableKey, match=re.escape("example.com/s1.pem")):
        Keyring(tmp_path).signing_for("example.com")


def test_a_key_is_made_published_and_put_to_use(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "dkim")
    made = ring.create("Example.com", "s1", BITS)
    assert (made.name, made.in_use) == ("s1._domainkey.example.com", False)
    assert re.fullmatch(r"v=DKIM1; k=rsa; p=[A-Za-z0-9+/=]+", made.value)
    assert found(Keyring(tmp_path / "dkim"), "example.com") is None
    used = ring.use("example.com", "s1")
    assert used == made._replace(in_use=True)
    assert found(ring, "example.com") == ("example.com", "s1")
    assert ring.use("example.com", "s1") == used
    assert ring.records("example.com") == [used]


def test_a_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    Keyring(tmp_path).create("example.com", "s1", BITS)
    assert stat.S_IMODE((tmp_path / "example.com/s1.new").stat().st_mode) == 0o600


def test_a_key_is_never_made_anew(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    ring.create("example.com", "s1", BITS)
    with pytest.raises(KeyExists):
        ring.create("example.com", "s1", BITS)
    ring.use("example.com", "s1")
    with pytest.raises(KeyExists):
        ring.create("example.com", "s1", BITS)


def test_records_are_those_of_all_keys_the_newest_last(tmp_path: Path) -> None:
    put(tmp_path, "example.com/s1.pem", "example.com/s2.new")
    records = Keyring(tmp_path).records("example.com")
    assert [(record.name, record.in_use) for record in records] == [
        ("s1._domainkey.example.com", True),
        ("s2._domainkey.example.com", False),
    ]
    assert all(re.fullmatch(r"v=DKIM1; k=ed25519; p=[A-Za-z0-9+/]{43}=", record.value) for record in records)


def test_a_zone_line_has_strings_that_the_dns_takes(tmp_path: Path) -> None:
    record = Keyring(tmp_path).create("example.com", "s1", 2_048)
    strings = re.findall(r'"([^"]*)"', record.zone_line())
    assert "".join(strings) == record.value
    assert max(map(len, strings)) <= 255
    assert record.zone_line().startswith("s1._domainkey.example.com. IN TXT ( ")


def test_there_is_no_key_where_there_is_none(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    with pytest.raises(NoKey, match="s1"):
        ring.use("example.com", "s1")
    with pytest.raises(NoKey, match="estampe dkim create"):
        ring.records("example.com")


@pytest.mark.parametrize(
    ("domain", "selector"), [("", "s1"), ("a b", "s1"), ("..", "s1"), ("a.b", ""), ("a.b", "../s")]
)
def test_names_of_keys_are_domains_and_selectors(domain: str, selector: str, tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    with pytest.raises(InvalidKeyName):
        ring.create(domain, selector, BITS)
    with pytest.raises(InvalidKeyName):
        ring.use(domain, selector)


def test_a_domain_is_everybodys_until_customers_are_named(tmp_path: Path) -> None:
    put(tmp_path, "example.com/s1.pem")
    assert Keyring(tmp_path).signing_for("example.com", "DEMO/028")
    assert Keyring(tmp_path).allow("Example.com", ["DEMO/028"]) == ("DEMO/028",)
    assert Keyring(tmp_path).allow("example.com", ["DEMO/030"]) == ("DEMO/028", "DEMO/030")
    ring = Keyring(tmp_path)
    for customer in ("DEMO/028", "DEMO/030", None):
        assert ring.signing_for("news.example.com", customer)
    for domain in ("example.com", "NEWS.example.com"):
        with pytest.raises(ForeignSender, match="DEMO/029 may not send from"):
            ring.signing_for(domain, "DEMO/029")
    assert ring.signing_for("example.org", "DEMO/029") is None


def test_a_domain_without_a_key_may_be_somebodys_too(tmp_path: Path) -> None:
    Keyring(tmp_path).allow("example.com", ["DEMO/028"])
    assert Keyring(tmp_path).signing_for("example.com", "DEMO/028") is None
    with pytest.raises(ForeignSender):
        Keyring(tmp_path).signing_for("example.com", "DEMO/029")
