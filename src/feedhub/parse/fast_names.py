"""What an element is called: the name under which feedparser looks for what to do with it.

feedparser knows namespaces by their addresses and elements by ``prefix_name`` in lower case (``content_encoded``,
``dc_creator``; Atom and RSS have no prefix). The tables are taken from feedparser itself, so that a name that is new
there is not mistaken for an unknown one here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from feedhub.parse.feedparser_reader import NAMES, NAMESPACES


class Unsure(Exception):
    """The document has something that only feedparser reads as feedparser does; the message names it, in few kinds."""


Declaration = tuple[str | None, str | None]
"""A prefix, or None for the default one, and its address, None where that is taken back."""
PREFIXES = 100
_ANY_RSS = "backend.userland.com/rss"  # feedparser takes whatever has this in it for RSS
_XLINK = "http://www.w3.org/1999/xlink"  # feedparser makes an attribute of its declaration
UNUSUAL = "namespaces declared in an unusual way"


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespaces:
    """What a document declares: prefixes of unknown addresses, known prefixes of the document's own, default ones."""

    unknown: Mapping[str, str]
    renamed: Mapping[str, str]
    default: frozenset[str]


def namespaces(declarations: Collection[Declaration]) -> Namespaces:
    """The namespaces of a document, of all that is declared in it, wherever it stands.

    feedparser remembers the last meaning of each prefix and the first prefix of each address; where both are unique it
    does not matter when they were declared.

    :raises Unsure: a prefix has several meanings, or an unknown address several prefixes.
    """
    meanings: dict[str, str] = {}
    unknown: dict[str, str] = {}
    default = set()
    for prefix, stated in declarations:
        address = stated or ""
        if address and address.split() != [address]:  # SAX takes a space for the end of it
            raise Unsure(UNUSUAL)
        if not prefix:
            default.add(address)
            continue
        if meanings.setdefault(prefix, address) != address or address == _XLINK:
            raise Unsure(UNUSUAL)
        if prefix.lower() == "rdf" and NAMESPACES.get(address.lower()) != "rdf":
            raise Unsure(UNUSUAL)
        if address.lower() not in NAMESPACES and unknown.setdefault(address, prefix) != prefix:
            raise Unsure(UNUSUAL)
    if len(meanings) > PREFIXES:
        raise Unsure("many namespaces")
    known = {prefix: NAMESPACES.get(address.lower()) for prefix, address in meanings.items()}
    renamed = {prefix: name for prefix, name in known.items() if name is not None and name != prefix}
    return Namespaces(unknown=unknown, renamed=renamed, default=frozenset(default))


def name_of(tag: str, namespaces: Namespaces) -> str:
    """The name of an element, from its tag in expat's notation (``address}local``).

    :raises Unsure: its namespace cannot be told from the declarations.
    """
    address, separator, local = tag.rpartition("}")
    if not separator:
        return tag.lower()
    prefix = NAMESPACES.get(address.lower())
    if prefix is None:
        prefix = namespaces.unknown.get(address, "")
        if _ANY_RSS in address.lower() or not (prefix or address in namespaces.default):
            raise Unsure(UNUSUAL)
    prefix = prefix.lower()
    if prefix in namespaces.renamed:  # feedparser looks prefixes up twice
        raise Unsure(UNUSUAL)
    return f"{prefix}_{local}".lower() if prefix else local.lower()


def is_known(name: str) -> bool:
    """Whether feedparser, or the recorder before it, does something of its own with elements of this name."""
    return name in NAMES
