"""Addresses as far as the configuration must judge them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from feedhub.settings import Network

_DEFAULT_PORTS = {"http": 80, "https": 443}


def usable(url: str) -> bool:
    """Whether host and port can be read."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def same_address(url: str) -> str:
    """A form in which two spellings of one address are equal: case of the host, default port, fragment."""
    parts = urlsplit(url)
    port = "" if parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    return urlunsplit((parts.scheme, f"{user}{parts.hostname}{port}", parts.path or "/", parts.query, ""))


def is_own_network(url: str, allowed: Iterable[Network]) -> bool:
    """Whether the host is a literal address on loopback or on an allowed network: nobody else is bothered."""
    host = urlsplit(url).hostname or ""
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in allowed if network.version == address.version)


def without_user(url: str) -> str:
    """The address with its user and password masked."""
    head, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{head}{mark}***@{host.rpartition('@')[2]}{slash}{path}" if "@" in host else url
