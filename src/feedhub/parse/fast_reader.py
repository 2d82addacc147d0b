"""Well-formed feeds of the usual kinds, read from a tree that expat builds in C.

feedparser is the authority: what stands here yields exactly what :mod:`feedhub.parse.feedparser_reader` yields, or
nothing. Everything that is not certain raises :class:`~feedhub.parse.fast_names.Unsure` and is left to feedparser: text
that is not well-formed, odd bases, SVG in a text, entities, old dialects, elements at unusual places. How each element is
read is one table, :mod:`feedhub.parse.fast_table`; the bags that it fills are those that :mod:`feedhub.parse.heard` makes
of what feedparser kept, and :mod:`feedhub.parse.records` makes records of both.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from feedhub.model import RawFeed
from feedhub.parse.fast_names import Declaration, Unsure, name_of, namespaces
from feedhub.parse.fast_reading import Place, Reading, attributes, base, language, mending
from feedhub.parse.fast_table import RULES
from feedhub.parse.feedparser_reader import without_doctype
from feedhub.parse.preflight import ITEMS, PROLOG
from feedhub.parse.records import feed_record, short

_TAGS = 200_000  # counted as "<": bounds the tree's memory before there is one
_SMALLEST = 4  # bytes of an element
_DEPTH = 32  # the table reads nothing that is nested so deeply
_FIRST_ELEMENT = re.compile(rb"<\w")
_TAG = re.compile(rb"""<[\w.:-]+(?:\s+[\w.:-]+\s*=\s*(?:"[^"<&]*"|'[^'<&]*'))*\s*/?>""")
_DECLARATION = re.compile(rb"""\sxmlns(:[\w.-]+)?\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_RSS_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM_VERSIONS = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}
_ROOTS = {"rss": Place.ROOT, "rdf_rdf": Place.ROOT, "feed": Place.FEED}
_BY_NAMESPACE = {b"http://purl.org/rss/1.0/": "rss10", b"http://www.w3.org/2005/atom": "atom10"}
_BY_DEFAULT_NAMESPACE = {**_BY_NAMESPACE, b"http://my.netscape.com/rdf/simple/0.9/": "rss090"}


def read_fast(text: str, *, depth: int, entries: int) -> RawFeed:
    """Read a decoded document; arguments as for :func:`feedhub.parse.feedparser_reader.read_xml`.

    :raises Unsure: feedparser must read it; the message says why.
    """
    stated, data, _ = without_doctype(text)
    start = _start(data, depth)
    root, declared = _tree(data)
    known = namespaces(declared)
    name, told = name_of(root.tag, known), attributes(root)
    reading = Reading(version=_version(name, told.get("version", ""), data, start), namespaces=known, rules=RULES)
    reading.mend = mending(data)
    reading.language, reading.base = language(told, None), base(told, "")
    if reading.language and name != "rdf_rdf":
        reading.feed["language"] = short(reading.language.replace("_", "-"))
    reading.in_feed = name == "feed"
    reading.children(root, _ROOTS[name])
    if len(reading.entries) > ITEMS:
        raise Unsure("very many entries")
    return feed_record(stated or reading.version, reading.feed, reading.entries, entries)


def _tree(data: bytes) -> tuple[Element, set[Declaration]]:
    """The root element, and the declarations of namespaces.

    Names are ``address}local``; texts come whole, which is why expat is asked and not ElementTree.
    """
    declared: set[Declaration] = set()
    builder = TreeBuilder()
    parser = expat.ParserCreate("utf-8", namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartNamespaceDeclHandler = lambda *pair: declared.add(pair)
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        raise Unsure("not well-formed") from None
    return builder.close(), declared


def _start(data: bytes, depth: int) -> int:
    """Where the root element begins. Limits are checked by counting what can only be more than there is."""
    match = _FIRST_ELEMENT.search(data, 0, PROLOG)
    many = len(data) > _SMALLEST * _TAGS and data.count(b"<") > _TAGS
    if not match or many or depth < _DEPTH:
        raise Unsure("large, or tight limits")
    if b"<!DOCTYPE" in data[: match.start()]:
        raise Unsure("entities of its own")
    return match.start()


def _version(name: str, stated: str, data: bytes, start: int) -> str:
    """The format as feedparser names it: by the first namespace of the root that tells it, then by the root itself."""
    tag = _TAG.match(data, start)
    if not tag:
        raise Unsure("an unusual root")
    told = (
        (_BY_NAMESPACE if prefix else _BY_DEFAULT_NAMESPACE).get((double or single).lower())
        for prefix, double, single in _DECLARATION.findall(tag[0])
    )
    version = next(filter(None, told), "")
    if name == "rss" and not version.startswith("rss"):
        return _RSS_VERSIONS.get(stated) or ("rss20" if stated.startswith("2.") else "rss")
    if name == "feed" and not version:
        return _ATOM_VERSIONS.get(stated, "atom")
    if not version or name not in _ROOTS:
        raise Unsure("an unusual root")
    return version
