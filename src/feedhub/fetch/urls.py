"""A stored URL -> what is really asked. The path and query are sent byte for byte as stored."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from urllib.parse import quote, unquote

import yarl

from feedhub.fetch.guard import MESSAGE, Address
from feedhub.fetch.refusal import Refused
from feedhub.model import Failure

MAX_URL = 2048
"""Characters. Longer ones are refused: no publisher needs them and logs, proxies and servers choke on them."""

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>[^#]*)(?:#.*)?")
_HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{0,5}))?")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]")
_UNSENDABLE = re.compile(r"[^\x21-\x7e]")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing to ask. ``url`` has an ASCII host and no credentials or fragment; its path and query are untouched."""

    url: str
    scheme: str
    host: str  # lower case ASCII; an IPv6 address without brackets
    port: int
    path: str  # with the query, as sent
    address: Address | None = None  # when the host is an address itself
    credentials: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """Host, and the port where it is not the usual one of its scheme; both usual ports count as one server."""
        return self.host if self.port in {80, 443} else f"{self.host}:{self.port}"


def may_share_secrets(one: Target, other: Target) -> bool:
    """Whether what only ``one`` may know may be told to ``other``: the same origin, or its step from http to https."""
    step = (one.scheme, one.port, other.scheme, other.port) == ("http", 80, "https", 443)
    return one.origin == other.origin or (step and one.host == other.host)


def target_of(url: str) -> Target:
    """Take a URL apart.

    :raises Refused: ``FORBIDDEN_ADDRESS`` for anything but http and https with a plain host: control characters, no
        host, a port that is none, IPv4 addresses in other than four decimal parts (``0x7f.1``, ``2130706433``), which
        libraries read in different ways.
    """
    match = _URL.fullmatch(url)
    if not match or len(url) > MAX_URL or _FORBIDDEN.search(url):
        raise _refused()
    scheme = match["scheme"].lower()
    user, _, place = match["authority"].rpartition("@")
    where = _HOST_AND_PORT.fullmatch(place)
    if scheme not in _DEFAULT_PORTS or not where or "\\" in match["authority"]:
        raise _refused()
    host, address = _host(where["host"])
    port = int(where["port"] or _DEFAULT_PORTS[scheme])
    path = _UNSENDABLE.sub(_percent, match["rest"])
    path = path if path.startswith("/") else "/" + path
    shown = f"[{host}]" if ":" in host else host
    suffix = "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
    return Target(
        url=f"{scheme}://{shown}{suffix}{path}",
        scheme=scheme,
        host=host,
        port=port,
        path=path,
        address=address,
        credentials=_credentials(user),
    )


def _host(written: str) -> tuple[str, Address | None]:
    if written.startswith("["):
        try:
            address = IPv6Address(written[1:-1])
        except ValueError as error:
            raise _refused() from error
        return str(address), address
    host = _ascii_host(written)
    if not _HOST.fullmatch(host) or len(host) > 254:
        raise _refused()
    if not _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return host, None
    try:
        return host, ip_address(host)
    except ValueError as error:
        raise _refused() from error


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return (yarl.URL.build(scheme="http", host=host).raw_host or "").lower()
    except ValueError as error:
        raise _refused() from error


def _credentials(user: str) -> tuple[str, str] | None:
    name, _, password = user.partition(":")
    return (unquote(name), unquote(password)) if user else None


def _percent(match: re.Match[str]) -> str:
    return quote(match[0], safe="", errors="surrogateescape")


def _refused() -> Refused:
    return Refused(Failure.FORBIDDEN_ADDRESS, MESSAGE)
