"""Networks of robots: ours, an operator's on top, the smallest that holds an address."""

from __future__ import annotations

import ipaddress
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.verdicts import Certainty, HitClass, InvalidNetworks, Network, Networks, NoNetworks
from estampe.verdicts.networks import site_of

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "network,owner,class,certainty,source,date\n"
OURS = Networks.of(None)

v4 = st.ip_addresses(v=4).map(str)
v6 = st.ip_addresses(v=6).map(str)
networks = st.builds(
    lambda address, length: str(ipaddress.ip_network((str(address), min(length, address.max_prefixlen)), strict=False)),
    st.ip_addresses(),
    st.integers(0, 128),
)


def row(network: str, owner: str = "") -> Network:
    return Network(network, owner or network, HitClass.SCANNER, Certainty.CERTAIN, "a test", date(2026, 1, 31))


def naive(rows: list[Network], address: str) -> str | None:
    """Look into every network."""
    found = ipaddress.ip_address(address)
    found = getattr(found, "ipv4_mapped", None) or found
    number, left = int(found), 24 if found.version == 4 else 48
    is_shortened = number & (1 << found.max_prefixlen - left) - 1 == 0
    inside = [
        each
        for each in map(ipaddress.ip_network, (row.network for row in rows))
        if found in each and (each.prefixlen <= left or not is_shortened)
    ]
    return str(max(inside, key=lambda each: each.prefixlen)) if inside else None


@given(rows=st.lists(networks.map(row), max_size=12), address=v4 | v6, inside=st.integers(0, 11))
def test_the_smallest_network_that_holds_an_address_is_found(rows: list[Network], address: str, inside: int) -> None:
    if inside < len(rows):
        address = str(ipaddress.ip_network(rows[inside].network)[-1])
    found = Networks(rows).find(address)
    assert (found.network if found else None) == naive(rows, address)


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("17.58.101.3", "Apple"),
        ("66.249.84.7", "Google"),
        ("2a00:1450:4864:20::32d", "Google"),
        ("104.47.2.36", "Microsoft 365"),
        ("::ffff:104.47.2.36", "Microsoft 365"),
        ("207.211.30.129", "Mimecast"),
        ("67.231.152.9", "Proofpoint"),
        ("64.235.150.1", "Barracuda"),
        ("203.0.113.9", None),
        ("", None),
        ("nobody knows", None),
        ("17.58.101", None),
        ("17.58.101.3\0", None),
    ],
)
def test_ours_are_known(address: str, owner: str | None) -> None:
    found = OURS.find(address)
    assert (found.owner if found else None) == owner


def test_a_shortened_address_is_in_no_network_smaller_than_what_is_left_of_it() -> None:
    rows = [row("192.0.2.0/28"), row("2001:db8:0:1::/64"), row("198.51.100.0/24"), row("2001:db8:1::/48")]
    known = Networks(rows)
    assert known.find("192.0.2.0") is None
    assert known.find("192.0.2.1") == rows[0]
    assert known.find("2001:db8::") is None
    assert known.find("2001:db8:0:1::5") == rows[1]
    assert known.find("198.51.100.0") == rows[2]
    assert known.find("2001:db8:1::") == rows[3]


def test_an_operators_rows_stand_above_ours(tmp_path: Path) -> None:
    tmp_path.joinpath("office.csv").write_text(
        HEAD
        + "17.0.0.0/8,our office,human,certain,our own,2026-01-31\n\n2001:db8::/32,us,scanner,probable,x,2026-01-31\n"
    )
    tmp_path.joinpath("notes.txt").write_text("no list")
    known = Networks.of(tmp_path)
    assert known.find("17.1.2.3") == Network(
        "17.0.0.0/8", "our office", HitClass.HUMAN, Certainty.CERTAIN, "our own", date(2026, 1, 31)
    )
    assert known.find("2001:db8::1") is not None
    assert known.find("67.231.152.9") == OURS.find("67.231.152.9")


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        ("", 1, "write network,owner,class"),
        ("network,owner\n", 1, "'network,owner' is wrong"),
        (HEAD + "192.0.2.1/24,a,scanner,certain,b,2026-01-31", 2, "'192.0.2.1/24' is wrong; write a network such as"),
        (HEAD + "\n192.0.2.0/24,a,alien,certain,b,2026-01-31", 3, "'alien' is wrong; write one of human, genericrobot"),
        (HEAD + "192.0.2.0/24,a,scanner,perhaps,b,2026-01-31", 2, "'perhaps' is wrong; write one of certain, probable"),
        (HEAD + "192.0.2.0/24,a,scanner,certain,b,yesterday", 2, "'yesterday' is wrong; write a date"),
        (HEAD + "192.0.2.0/24,a,scanner", 2, "write 6 fields"),
        (HEAD + "\xff", 1, "a text file in UTF-8"),
    ],
)
def test_a_wrong_line_is_told_by_file_and_number(tmp_path: Path, lines: str, line: int, said: str) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(lines, encoding="latin-1")
    with pytest.raises(InvalidNetworks) as failed:
        Networks.of(tmp_path)
    assert f"{failed.value}".startswith(f"{path}, line {line}: ")
    assert said in f"{failed.value}"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoNetworks, match="make it, or unset ESTAMPE_NETWORKS"):
        Networks.of(tmp_path / "nowhere")


@given(address=v4 | v6)
def test_a_site_is_what_is_left_of_an_address_when_it_is_shortened(address: str) -> None:
    whole = ipaddress.ip_address(address)
    if whole.version == 6 and ipaddress.IPv6Address(address).ipv4_mapped:
        return
    left = ipaddress.ip_network((address, 24 if whole.version == 4 else 48), strict=False)
    assert site_of(address) == site_of(str(left.network_address)) == site_of(str(left[-1]))
    assert site_of("nobody knows") is None
