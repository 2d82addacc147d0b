"""The registrable domain of a host, by the Public Suffix List. The one door to the list.

The package carries the list as data; nothing is ever downloaded. Private suffixes count: two blogs of one hosting
service are two neighbours, not one.
"""

from __future__ import annotations

from functools import lru_cache

from publicsuffixlist import PublicSuffixList


def registrable(host: str) -> str:
    """``news.example.co.uk`` is of ``example.co.uk``; a host that has none (an address, ``localhost``) is its own.

    :param host: lower case ASCII, without a port.
    """
    name = host.rstrip(".")
    if ":" in name or name.rpartition(".")[2].isdigit():
        return name
    return _list().privatesuffix(name) or name


@lru_cache(maxsize=1)
def _list() -> PublicSuffixList:
    return PublicSuffixList()
