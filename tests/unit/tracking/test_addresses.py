"""Addresses: a proxy is believed only if the operator says so, and no further than it can be."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.settings import InvalidSetting
from estampe.tracking.addresses import Addresses

PROXIES = "10.0.0.0/8, fd00::/8,192.0.2.7"


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # a stranger's word
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("192.0.2.7", "198.51.100.1", "198.51.100.1"),
        ("fd00::1", " 2001:db8::5 ", "2001:db8::5"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # the reader brought the first
        ("10.0.0.1", "1.1.1.1,198.51.100.1 , 10.0.0.2,fd00::9", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),  # nobody but proxies
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", '"[2001:db8::5]:4711"', "2001:db8::5"),
        ("10.0.0.1", "[2001:db8::5]", "2001:db8::5"),
        ("10.0.0.1", "2001:DB8:0::5%eth0", "2001:db8::5"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", ",", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, 999.1.1.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
        ("", "198.51.100.1", ""),
        ("a.sock", "198.51.100.1", ""),
    ],
)
def test_an_address_is_found_past_proxies_that_are_believed(peer: str, forwarded: str, found: str) -> None:
    assert Addresses(PROXIES, shorten=False).of(peer, forwarded) == found


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.9", "203.0.113.0"),
        ("::ffff:203.0.113.9", "203.0.113.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
    ],
)
def test_an_address_is_cut_where_that_is_asked_for(address: str, kept: str) -> None:
    assert Addresses("", shorten=True).of(address) == kept


@given(st.ip_addresses())
def test_a_shortened_address_is_one_of_its_network(address: object) -> None:
    kept = ip_address(Addresses("", shorten=True).of(str(address)))
    whole = ip_address(Addresses("", shorten=False).of(str(address)))
    assert whole in ip_network(f"{kept}/{24 if kept.version == 4 else 48}")


@given(st.text(), st.text())
def test_whatever_is_said_an_address_or_nothing_comes_out(peer: str, forwarded: str) -> None:
    for addresses in (Addresses(PROXIES, shorten=False), Addresses("0.0.0.0/0,::/0", shorten=True)):
        for found in (addresses.of(peer, forwarded), addresses.of("10.0.0.1", forwarded)):
            assert not found or ip_address(found)


def test_only_the_end_of_a_long_header_is_read() -> None:
    forwarded = "198.51.100.1," + "10.0.0.2," * 100_000 + "10.0.0.2"
    assert Addresses(PROXIES, shorten=False).of("10.0.0.1", forwarded) == "10.0.0.2"


@pytest.mark.parametrize("proxies", ["proxy.example", "10.0.0.0/33", "10.0.0.1 10.0.0.2", "*"])
def test_proxies_that_are_no_networks_are_refused(proxies: str) -> None:
    with pytest.raises(InvalidSetting, match="ESTAMPE_PROXIES"):
        Addresses(proxies, shorten=False)


def test_a_network_may_be_written_with_the_address_of_a_machine_in_it() -> None:
    assert Addresses("10.1.2.3/8,,", shorten=False).of("10.9.9.9", "198.51.100.1") == "198.51.100.1"
