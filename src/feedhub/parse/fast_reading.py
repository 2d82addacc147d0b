"""A document while the fast reader reads it: where it is, what is in force there, what was said so far."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any
from xml.etree.ElementTree import Element

from feedhub.parse.brisk import repaired
from feedhub.parse.fast_names import UNUSUAL, Namespaces, Unsure, is_known, name_of
from feedhub.parse.feedparser_reader import NAMESPACES, base_within
from feedhub.parse.preflight import ATTRIBUTES
from feedhub.parse.recorder import BASE
from feedhub.parse.records import SHORT

Bag = dict[str, Any]
Rule = Callable[["Reading", Element], None]
Rules = Mapping["Place", Mapping[str, Rule]]

_LATIN = re.compile(rb"&#(?:0*1[2-9][0-9];|[xX]0*[89abAB][0-9a-fA-F];)")  # U+0080 to U+00BF and a few more
_XML = "{http://www.w3.org/XML/1998/namespace}"
_PLAIN = {
    **{
        name: name.lower()
        for name in (
            *("href", "url", "rel", "type", "hreflang", "title", "length", "term", "domain", "scheme", "label"),
            *("version", "height", "width", "medium", "isPermaLink", "isDefault", "fileSize", "duration", "text"),
        )
    },
    f"{_XML}lang": "xml:lang",
    f"{_XML}base": "xml:base",
}
_IN_LOWER_CASE = ("rel", "type")
DEEPEST = 20
"""Levels of known elements that are read; :data:`DEEPEST_UNKNOWN` of unknown ones may come on top."""
DEEPEST_UNKNOWN = 8


class Place(StrEnum):
    """Where an element stands; the same name can mean something else elsewhere."""

    ROOT = "rss"  # beside the channel
    FEED = "channel"  # in RSS's channel, Atom's feed
    ENTRY = "item"
    SOURCE = "source"  # in an entry: the feed it was taken from
    MEDIA = "media"  # inside media:group and media:content of an entry
    PERSON = "author"
    IMAGE = "image"
    PICTURE = "item/image"
    INPUT = "textInput"
    CATEGORY = "itunes:category"
    OWNER = "itunes:owner"
    THING = "an unknown element"  # in an entry


KEYS = frozenset(
    [
        "updated",
        "published",
        "created",
        "dc_date",
        "date",
        "rights",
        "language",
        "image",
        "logo",
        "icon",
        "generator",
        "ttl",
        "skip_hours",
        "skip_days",
        "sy_updateperiod",
        "sy_updatefrequency",
        "comments",
        "in_reply_to",
        "source",
        "dc_publisher",
        "dc_source",
        "xml_lang",
        "overflow",
        "href",
        "feedburner_origlink",
        "itunes_duration",
        "links",
        "authors",
        "contributors",
        "content",
        "media",
        "thumbnails",
        "tags",
        "extras",
        "id",
        "geo_lat",
        "geo_long",
        "permalink",
        "title_detail",
        "dc_title_detail",
        "media_title_detail",
        "subtitle_detail",
        "summary_detail",
        "dc_description_detail",
        "itunes_summary_detail",
        "itunes_subtitle_detail",
        "media_description_detail",
        "textinput",
    ]
)
"""Keys that records are made of: an element of that name, at a place where nobody expects it, would be one of them."""


class Table(dict[str, Rule]):
    """The rules of one place, by tags as they stand in one document. Filled as tags are met."""

    def __init__(self, place: Place, rules: Mapping[str, Rule], namespaces: Namespaces) -> None:
        super().__init__()
        self.place = place
        self.rules = rules
        self.namespaces = namespaces

    def __missing__(self, tag: str) -> Rule:
        name = name_of(tag, self.namespaces)
        rule = self.rules.get(name)
        if rule is None:
            if is_known(name) or name in KEYS:
                raise Unsure(f"<{name}> in <{self.place}>")
            rule = _UNKNOWN.get(self.place, unknown)
        self[tag] = rule
        return rule


class Reading:
    """A document while it is read: what it said so far, and where we are in it."""

    def __init__(self, version: str, namespaces: Namespaces, rules: Rules) -> None:
        self.version = version
        self.namespaces = namespaces
        self.is_atom = version.startswith("atom")
        self.tables = {place: Table(place, rules[place], namespaces) for place in Place}
        self.feed: Bag = {}
        self.entries: list[Bag] = []
        self.bag = self.feed  # of the element whose children are read
        self.language: str | None = None  # xml:lang in force
        self.base = ""  # xml:base in force
        self.depth = 1  # of the element whose children are read
        self.title_depth = -1  # of the last title
        self.own_title_depth = DEEPEST  # of the title that this entry has
        self.has_content = False  # of this entry
        self.in_feed = False
        self.person: Bag = {}  # whose name is read
        self.markup_tags: dict[str, str] = {}  # of elements inside texts, by their names in this document
        self.mend: Callable[[str], str] = repaired

    def children(self, element: Element, place: Place) -> None:
        """Read all children of an element by the rules of a place."""
        table = self.tables[place]
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unsure("deeply nested")
        for child in element:
            table[child.tag](self, child)
        self.depth -= 1

    def is_own_title(self, depth: int) -> bool:
        """Whether a title at this depth may take the place of the one before it: in an entry that of a picture may not."""
        if not self.entries or self.bag is not self.entries[-1]:
            return True
        if depth > self.own_title_depth:
            return False
        self.own_title_depth = depth
        return True

    def inside(self, element: Element, place: Place, bag: Bag, told: Mapping[str, str]) -> None:
        """Read the children into another bag, in the language and base of the element."""
        outer = self.bag, self.language, self.base
        self.bag = bag
        if told:
            self.language, self.base = language(told, self.language), base(told, self.base)
        self.children(element, place)
        self.bag, self.language, self.base = outer


# ---------------------------------------------------------------- text and attributes


def attributes(element: Element) -> dict[str, str]:
    """Attributes by names in lower case, as feedparser has them; values of ``rel`` and ``type`` in lower case, too.

    Those of unknown namespaces count as plain ones where there is none of the same name.
    """
    if not element.keys():
        return {}
    try:
        found = {_PLAIN[key]: value for key, value in element.items()}
    except KeyError:
        found = _odd_attributes(element)
    for name in _IN_LOWER_CASE:
        if name in found:
            found[name] = found[name].lower()
    if len(found) > ATTRIBUTES // 2:
        raise Unsure("many attributes")
    return found


def _odd_attributes(element: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    foreign: dict[str, str] = {}
    for key, value in element.items():
        if key.lower() == "xmlns":  # in other letters than XML's own: an attribute, and to feedparser a declaration
            raise Unsure(UNUSUAL)
        address, separator, local = key.rpartition("}")
        if separator:
            prefix, local = NAMESPACES.get(address.lower(), ""), local.lower()
            foreign[f"{prefix}:{local}" if prefix else local] = value
        else:
            found[key.lower()] = value
    return {**foreign, **found}


def base(told: Mapping[str, str], outer: str) -> str:
    """The base in force in an element. feedparser joins it to itself in each element inside of it."""
    stated = told.get("xml:base", told.get("base"))
    if not stated:
        return outer
    found = base_within(outer, stated)
    if len(found) > BASE or base_within(found, found) != found:
        raise Unsure("an unusual xml:base")
    return found


def language(told: Mapping[str, str], outer: str | None) -> str | None:
    """The language in force in an element. An empty one ends that of the elements around it."""
    return told.get("xml:lang", told.get("lang", outer)) or None


def bare(element: Element) -> str:
    """The text of an element that has no children, stripped but not repaired."""
    if len(element):
        raise Unsure("elements inside text")
    text = element.text
    return text.strip() if text else ""


def line(reading: Reading, element: Element) -> str:
    """The text of an element that has no children, as a string of a record."""
    if len(element):
        raise Unsure("elements inside text")
    text = element.text
    return reading.mend(text.strip()).strip()[:SHORT] if text else ""


def mending(document: bytes) -> Callable[[str], str]:
    """:func:`repaired`, or nothing where no text of a document in UTF-8 can need it.

    What is mended has a character from U+0080 to U+00BF in it: half of a character that was encoded twice, or a quotation
    mark of windows-1252.
    """
    return repaired if b"\xc2" in document or _LATIN.search(document) else str


def own_text(element: Element) -> str:
    """The text of an element between its children, stripped but not repaired."""
    text = (element.text or "").strip()
    if len(element) and (text or any((child.tail or "").strip() for child in element)):
        raise Unsure("text between elements")
    return text


def unknown(reading: Reading, element: Element) -> None:
    """An element that nobody knows. What is inside it must be as unknown: feedparser looks through it."""
    _check_unknown(reading, element, 0)


def unknown_in_entry(reading: Reading, element: Element) -> None:
    """The same in an entry, for some elements inside of it that say what they would say beside it."""
    told = attributes(element)
    if len(element):
        reading.inside(element, Place.THING, reading.bag, told)


def unknown_among_text(_reading: Reading, element: Element) -> None:
    """The same where feedparser would take its text for that of the element around it."""
    if len(element) or (element.keys() and (element.text or "").strip()):
        raise Unsure("an unknown element where text counts")


def unknown_in_image(_reading: Reading, _element: Element) -> None:
    """Nothing: feedparser takes an image for ended there, sometimes."""
    raise Unsure("an unknown element in an image")


_UNKNOWN = {
    Place.ENTRY: unknown_in_entry,
    Place.THING: unknown_in_entry,
    Place.PERSON: unknown_among_text,
    Place.SOURCE: unknown_among_text,
    Place.CATEGORY: unknown_among_text,
    Place.IMAGE: unknown_in_image,
    Place.PICTURE: unknown_in_image,
    Place.INPUT: unknown_in_image,
}


def _check_unknown(reading: Reading, element: Element, level: int) -> None:
    if len(element.keys()) > ATTRIBUTES // 2 or level > DEEPEST_UNKNOWN:
        raise Unsure("deeply nested, or many attributes")
    table = reading.tables[Place.ROOT]
    for child in element:
        if table[child.tag] is not unknown:
            raise Unsure("a known element inside an unknown one")
        _check_unknown(reading, child, level + 1)
