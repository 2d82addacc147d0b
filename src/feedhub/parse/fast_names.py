"""What an element is called: the name under which feedparser looks for what to do with it.

feedparser knows namespaces by their addresses and elements by ``prefix_name`` in lower case (``content_encoded``,
``dc_creator``; Atom and RSS have no prefix). The tables are taken from feedparser itself, so that a name that is new
there is not mistaken for an unknown one here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from feedhub.parse.feedparser_reader import NAMES, NAMESPACES


class Unsure(Exception):
    """The document has something that only feedparser reads as feedparser does; the message names it, in few kinds."""


PREFIXES = 100
XML = "{http://www.w3.org/XML/1998/namespace}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DECLARED = re.compile(rb"""\bxmlns:([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ANY_RSS = "backend.userland.com/rss"  # feedparser takes whatever has this in it for RSS
_XLINK = "http://www.w3.org/1999/xlink"  # feedparser makes an attribute of its declaration


def declared_prefixes(document: bytes) -> Mapping[str, str]:
    """Namespace addresses and the prefix of each.

    Found as text, wherever it stands: what only looks like a declaration, inside CDATA, adds a line that nothing asks
    for. feedparser remembers the last meaning of each prefix and the first prefix of each address; where both are
    unique it does not matter when they were declared.

    :raises Unsure: a prefix has several meanings, or an unknown address several prefixes.
    """
    meanings: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    for raw_prefix, double, single in set(_DECLARED.findall(document)):
        prefix, address = raw_prefix.decode(), (double or single).decode()
        known = NAMESPACES.get(address.lower())
        if meanings.setdefault(prefix, address) != address or address == _XLINK:
            raise Unsure("namespaces declared in an unusual way")
        if known is None and prefixes.setdefault(address, prefix) != prefix:
            raise Unsure("namespaces declared in an unusual way")
        if known is not None and known != prefix and prefix in _KNOWN_PREFIXES:
            raise Unsure("namespaces declared in an unusual way")
    if len(meanings) > PREFIXES:
        raise Unsure("many namespaces")
    return prefixes


_KNOWN_PREFIXES = frozenset(NAMESPACES.values()) | {prefix.lower() for prefix in NAMESPACES.values()}


def name_of(tag: str, prefixes: Mapping[str, str]) -> str:
    """The name of an element, from its tag in ElementTree's notation (``{address}local``).

    :raises Unsure: its namespace cannot be told from the declarations.
    """
    if tag[0] != "{":
        return tag.lower()
    address, _, local = tag[1:].partition("}")
    prefix = NAMESPACES.get(address.lower())
    if prefix is None:
        prefix = prefixes.get(address)
        if prefix is None or _ANY_RSS in address.lower():
            raise Unsure("an unknown namespace without a prefix")
    return f"{prefix}_{local}".lower() if prefix else local.lower()


def is_known(name: str) -> bool:
    """Whether feedparser, or the recorder before it, does something of its own with elements of this name."""
    return name in NAMES
