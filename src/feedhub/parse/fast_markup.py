"""Elements inside a text, written out as feedparser writes them.

feedparser makes markup of the elements that stand in a text: names and attributes in lower case and without prefixes, an
end tag for each start tag, and of the text around them what escaping leaves of it. The text becomes XHTML by that, whatever
it was called. Of Atom 1.0 the one ``<div>`` around everything is left out.

It does so while it looks at each element as it always does, so that a ``<title>`` there ends the text, and a ``<div>`` in
what is called HTML puts its count of levels out: such are left to it, as are SVG and MathML.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from feedhub.parse.brisk import without_division
from feedhub.parse.fast_names import Unsure, is_known, name_of
from feedhub.parse.preflight import ATTRIBUTES

if TYPE_CHECKING:
    from feedhub.parse.fast_reading import Reading

_DEEPEST = 28
"""Levels below the root; fewer than any limit that a document is read by fast."""
_FOREIGN = frozenset({"svg", "math"})
_XML = "http://www.w3.org/XML/1998/namespace"
_QUOTE = '"'
_IN_LOWER_CASE = frozenset({"rel", "type"})


def markup(reading: Reading, element: Element, *, xhtml: bool) -> str:
    """What an element holds, stripped. ``xhtml``: it says that it is that; else its first text is markup already.

    :raises Unsure: something in it changes more than the text.
    """
    if not xhtml and reading.version == "atom10":
        raise Unsure("elements inside text")
    text = element.text or ""
    pieces = [_escaped(text) if xhtml else text] if text else []
    _write(pieces.append, reading, element, reading.depth, xhtml=xhtml)
    if reading.version == "atom10":
        pieces = without_division(pieces)
    return "".join(pieces).strip()


def _write(write: Callable[[str], None], reading: Reading, element: Element, depth: int, *, xhtml: bool) -> None:
    if depth > _DEEPEST:
        raise Unsure("deeply nested")
    tags = reading.markup_tags
    for child in element:
        tag = tags.get(child.tag) or _tag(reading, child)
        if tag == "div" and not xhtml:
            raise Unsure("<div> in HTML")
        write(f"<{tag}{_attributes(child)}>" if child.keys() else f"<{tag}>")
        text, tail = child.text, child.tail
        if text:
            write(_escaped(text))
        if len(child):
            _write(write, reading, child, depth + 1, xhtml=xhtml)
        write(f"</{tag}>")
        if tail:
            write(_escaped(tail))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;")


def _tag(reading: Reading, element: Element) -> str:
    name = name_of(element.tag, reading.namespaces)
    local = element.tag.rpartition("}")[2].lower()
    if is_known(name) or local in _FOREIGN:
        raise Unsure("an element of feeds inside text")
    reading.markup_tags[element.tag] = local
    return local


def _attributes(element: Element) -> str:
    told: dict[str, str] = {}
    for key, value in element.items():
        address, separator, local = key.rpartition("}")
        if separator and address != _XML:
            raise Unsure("an attribute in a namespace inside text")
        name = f"xml:{local}".lower() if separator else local.lower()
        told[name] = value.lower() if name in _IN_LOWER_CASE else value
    if len(told) > ATTRIBUTES // 2 or "base" in told or "xml:base" in told:
        raise Unsure("many attributes, or a base, inside text")
    return "".join([f' {name}="{_escaped(value).replace(_QUOTE, "&quot;")}"' for name, value in told.items()])
