"""Addresses: where a request came from, past the proxies that are believed, as little of it as the operator wants."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from estampe.settings import networks_of

Address = IPv4Address | IPv6Address

_LONGEST = 1_024
"""Characters of X-Forwarded-For that are read, from its end: what is before them is hearsay of hearsay."""

_REMEMBERED = 8_192
"""Addresses; offices and proxies come often."""

_KEPT_BITS = {4: 24, 6: 48}
"""What is left of an address that is shortened."""


class Addresses:
    """Tells where requests came from.

    Parameters:
        proxies: addresses and networks of proxies whose X-Forwarded-For is believed, commas between.
        shorten: whether IPv4 is cut to /24 and IPv6 to /48.

    Raises:
        InvalidSetting: the proxies are not written as they should be.
    """

    def __init__(self, proxies: str, *, shorten: bool) -> None:
        self._proxies = networks_of("ESTAMPE_PROXIES", proxies)
        self._shorten = shorten
        self._remembered = lru_cache(_REMEMBERED)(self._find)

    def of(self, peer: str, forwarded: str = "") -> str:
        """Return where a request came from.

        Parameters:
            peer: the address of the connection's other end.
            forwarded: the header X-Forwarded-For.

        Returns:
            An address, IPv4 where one is written as IPv6; empty if there is none.
        """
        if not self._proxies:
            forwarded = ""
        elif len(forwarded) > _LONGEST:
            forwarded = forwarded[-_LONGEST:].partition(",")[2]  # whole words
        return self._remembered(peer, forwarded)

    def _find(self, peer: str, forwarded: str) -> str:
        """Go back from proxy to proxy; where a word is no address, the last proxy is as far as anybody knows."""
        address = _address(peer)
        words = forwarded.split(",")
        while address and words and self._is_proxy(address):
            before = _address(words.pop())
            if not before:
                break
            address = before
        return self._written(address) if address else ""

    def _is_proxy(self, address: Address) -> bool:
        return any(address in network for network in self._proxies)

    def _written(self, address: Address) -> str:
        if not self._shorten:
            return str(address)
        return str(ip_network((address, _KEPT_BITS[address.version]), strict=False).network_address)


def _address(text: str) -> Address | None:
    """Read an address with or without port, brackets and zone, as proxies write them; None if it is none."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
