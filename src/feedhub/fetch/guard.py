"""Which addresses and ports may be asked (standards, part 1, Guard).

``ipaddress.is_global`` of Python 3.11 lets NAT64, 6to4, IPv4-compatible, site-local and multicast addresses pass, so
the list is our own. The check belongs at connect time, on the address that the socket is really given: names may
resolve differently each time they are asked, and literals are never resolved at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MESSAGE = (
    "This target is not allowed: only http and https, public addresses and the configured ports are asked "
    "(polling.allow_networks, polling.ports)."
)
"""The same for every target that is refused, so that nobody can map a network by our answers."""

REFUSED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and the metadata service of one cloud
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "::/96",  # unspecified, loopback, IPv4-compatible
        "100::/64",  # discard
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fc00::/7",  # unique local
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local
        "ff00::/8",  # multicast
    )
)

_MAPPED = IPv6Network("::ffff:0:0/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRange:
    first: int
    last: int

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last


def ports_of(texts: Iterable[str]) -> tuple[PortRange, ...]:
    """Read ``80`` and ``8000-8999``.

    :raises ValueError: when a text is neither.
    """
    ranges = []
    for text in texts:
        first, _, last = text.partition("-")
        ranges.append(PortRange(first=int(first), last=int(last or first)))
    return tuple(ranges)


def inner_addresses(address: Address) -> Iterator[Address]:
    """The addresses that traffic to ``address`` ends at: itself, or the IPv4 addresses that are wrapped in it."""
    if isinstance(address, IPv4Address):
        yield address
        return
    number = int(address)
    if address in _MAPPED or address in _TRANSLATED or address in _NAT64:  # RFC 4291, RFC 7915, RFC 6052
        yield _low(number)
    elif address in _NAT64_LOCAL:  # RFC 8215; RFC 6052 puts the address in one of two places
        yield _low(number)
        yield IPv4Address(((number >> 64) & 0xFFFF) << 16 | (number >> 40) & 0xFFFF)
    elif address in _SIX_TO_FOUR:
        yield IPv4Address((number >> 80) & 0xFFFFFFFF)
    elif address in _TEREDO:
        yield address
        yield _low(number ^ 0xFFFFFFFF)  # the client behind the relay, written with inverted bits
    else:
        yield address


def verdict(
    address: str | None, port: int, allow_networks: Iterable[Network] = (), ports: Iterable[PortRange] = ()
) -> str | None:
    """None when a socket may be connected to ``address`` and ``port``, else :data:`MESSAGE`.

    ``address`` is what the socket is given: an IP address, perhaps with a zone. Anything else is refused. None stands
    for an address that is not known yet: only the port is judged.
    """
    if not any(port in range_ for range_ in ports):
        return MESSAGE
    if address is None:
        return None
    return MESSAGE if _is_refused(address, tuple(allow_networks)) else None


@lru_cache(maxsize=4096)  # asked twice for each request: a public address is compared with some forty networks
def _is_refused(address: str, allowed: tuple[Network, ...]) -> bool:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if _within(parsed, allowed):
        return False
    return any(_within(inner, REFUSED) and not _within(inner, allowed) for inner in inner_addresses(parsed))


def _low(number: int) -> IPv4Address:
    return IPv4Address(number & 0xFFFFFFFF)


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
