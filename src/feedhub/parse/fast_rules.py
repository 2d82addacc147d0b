"""How each kind of element is read; which element is read how says :mod:`feedhub.parse.fast_table`.

The rules are feedparser's (``mixin.py``, ``namespaces/``) as :mod:`feedhub.parse.recorder` changes them, for an element
that holds text or the children listed here. Three of them are easy to overlook:

* Text is stripped; and text that somebody encoded as UTF-8 twice, or meant as windows-1252, is repaired. Names in
  ``<name>``, credits and numbers are not: feedparser takes their text as no text at all.
* A second title counts only when it stands less deep than the last one.
* A second description or summary is content, unless there was content before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from feedhub.model import RawText, TextType
from feedhub.parse.extras import MOST
from feedhub.parse.fast_markup import markup
from feedhub.parse.fast_names import Unsure
from feedhub.parse.fast_reading import Bag, Place, Reading, Rule, attributes, bare, base, language, own_text
from feedhub.parse.feedparser_reader import looks_like_html
from feedhub.parse.recorder import LIST, add

_NOTHING: Mapping[str, str] = {}
_QUERY = re.compile("&([A-Za-z0-9_]+);")
_TYPES = {
    "text": TextType.PLAIN,
    "plain": TextType.PLAIN,
    "text/plain": TextType.PLAIN,
    "html": TextType.HTML,
    "text/html": TextType.HTML,
    "xhtml": TextType.XHTML,
    "application/xhtml+xml": TextType.XHTML,
}
ITUNES = "http://www.itunes.com/"


def nothing(_reading: Reading, element: Element) -> None:
    """An element that feedparser knows and that leaves no trace in a record."""
    bare(element)


def kept(key: str, *, plain: bool = False) -> Rule:
    """Text under a key; the last one counts. ``plain``: feedparser keeps it otherwise when it has attributes."""

    def read(reading: Reading, element: Element) -> None:
        if plain and element.keys():
            raise Unsure("an attribute where none belongs")
        reading.bag[key] = reading.mend(bare(element))

    return read


def kept_bare(key: str) -> Rule:
    def read(reading: Reading, element: Element) -> None:
        reading.bag[key] = bare(element)

    return read


def _body(reading: Reading, element: Element, kind: TextType) -> RawText | None:
    said, within = reading.language, reading.base
    if element.keys():
        told = attributes(element)
        said, within = language(told, said), base(told, within)
        if "type" in told:
            if told["type"] not in _TYPES:
                raise Unsure("an unusual type of text")
            kind = _TYPES[told["type"]]
        if told.get("mode") == "base64" or "src" in told:
            raise Unsure("a text kept elsewhere")
    if len(element) or kind is TextType.XHTML:
        value, kind = markup(reading, element, xhtml=kind is TextType.XHTML), TextType.XHTML
    else:
        value = bare(element)
    if kind is TextType.PLAIN and not reading.is_atom and looks_like_html(value):
        kind = TextType.HTML
    if not value:
        return None
    return RawText(value=reading.mend(value), type=kind, base=within, language=(said or "").replace("_", "-"))


def text(key: str, kind: TextType) -> Rule:
    """A text with its type and language."""
    detail = f"{key}_detail"

    def read(reading: Reading, element: Element) -> None:
        found = _body(reading, element, kind)
        reading.bag[key] = found.value if found else ""
        reading.bag[detail] = found

    return read


def title(reading: Reading, element: Element) -> None:
    found = _body(reading, element, TextType.PLAIN)
    depth = reading.depth
    if not -1 < reading.title_depth <= depth:
        reading.bag["title"] = found.value if found else ""
        reading.bag["title_detail"] = found
    if found:
        reading.title_depth = depth


def title_elsewhere(reading: Reading, element: Element) -> None:
    if bare(element):
        reading.title_depth = reading.depth


def content(kind: TextType) -> Rule:
    def read(reading: Reading, element: Element) -> None:
        reading.has_content = True
        reading.bag.setdefault("content", []).append(_body(reading, element, kind))

    return read


def summary(kind: TextType) -> Rule:
    first, later = text("summary", kind), content(TextType.PLAIN)

    def read(reading: Reading, element: Element) -> None:
        again = "summary" in reading.bag and not reading.has_content
        (later if again else first)(reading, element)

    return read


def guid(reading: Reading, element: Element) -> None:
    told = attributes(element) if element.attrib else _NOTHING
    reading.bag["permalink"] = not told or told.get("ispermalink", "true").strip().lower() == "true"
    reading.bag["id"] = reading.mend(bare(element))


def _address(reading: Reading, told: dict[str, str]) -> None:
    href = told.get("url", told.get("uri", told.get("href")))
    if href:
        told["href"] = href
    told["xml_base"] = base(told, reading.base)


def link(*, in_entry: bool, text_counts: bool = False) -> Rule:
    """Atom's link by its attributes, RSS's by its text, in which feedparser takes references for parts of a query.

    :param text_counts: text in a link that has an address would be taken for that of the element around it.
    """

    def read(reading: Reading, element: Element) -> None:
        told, found = attributes(element), bare(element)
        told.setdefault("rel", "alternate")
        told.setdefault("type", "")
        _address(reading, told)
        if "href" not in told:
            found = reading.mend(found)
            if "&" in found:
                found = _QUERY.sub(r"&\g<1>", found.replace("&amp;", "&") if in_entry else found)
            told["href"] = found
        elif found and text_counts:
            raise Unsure("text in a link with an address")
        reading.bag.setdefault("links", []).append(told)

    return read


def enclosure(reading: Reading, element: Element) -> None:
    told = attributes(element)
    _address(reading, told)
    told["rel"] = "enclosure"
    bare(element)
    reading.bag.setdefault("links", []).append(told)


def _tag(bag: Bag, term: str | None, scheme: str | None, label: str | None) -> None:
    tags = bag.setdefault("tags", [])
    tag = {"term": term, "scheme": scheme, "label": label}
    if (term or scheme or label) and (len(tags) >= LIST or tag not in tags):
        add(bag, "tags", tag)


def category(term: str = "term", scheme: str = "") -> Rule:
    """A category by its text, or by an attribute. ``scheme``: the one that is meant when none is stated."""

    def read(reading: Reading, element: Element) -> None:
        told, value = attributes(element), reading.mend(bare(element))
        _tag(reading.bag, told.get(term), told.get("scheme", scheme or told.get("domain")), told.get("label"))
        tags = reading.bag["tags"]
        if value and tags and not tags[-1]["term"]:
            tags[-1]["term"] = value
        elif value:
            _tag(reading.bag, value, None, None)

    return read


def itunes_category(reading: Reading, element: Element) -> None:
    if own_text(element):
        raise Unsure("text in itunes:category")
    _tag(reading.bag, attributes(element).get("text"), ITUNES, None)
    reading.children(element, Place.CATEGORY)


def keywords(scheme: str | None) -> Rule:
    def read(reading: Reading, element: Element) -> None:
        if element.keys():
            raise Unsure("an attribute where none belongs")
        for term in reading.mend(bare(element)).split(","):
            if term.strip():
                _tag(reading.bag, term.strip(), scheme, None)

    return read


def author(context: str = "") -> Rule:
    """A person by name, or by ``name``, ``email`` and ``uri``; ``context`` "" is that of the format's own element."""

    def read(reading: Reading, element: Element) -> None:
        add(reading.bag, "authors", {"context": context or ("atom" if reading.is_atom else "rss_author")})
        reading.person = person = reading.bag["authors"][-1]
        name = reading.mend(own_text(element))
        if len(element):
            reading.children(element, Place.PERSON)
        elif name and not person.keys() & {"name", "email", "href"}:
            person["name"] = name

    return read


def contributor(reading: Reading, element: Element) -> None:
    add(reading.bag, "contributors", {"context": "atom"})
    reading.person = reading.bag["contributors"][-1]
    own_text(element)
    reading.children(element, Place.PERSON)


def credited(context: str, *attribute_names: str) -> Rule:
    """Somebody who had a part in it, named by the element's text."""
    keys = {"role": "role", "href": "href"}

    def read(reading: Reading, element: Element) -> None:
        told = attributes(element) if attribute_names else {}
        person = {"context": context, **{keys[name]: told.get(name, "") for name in attribute_names}}
        add(reading.bag, "contributors", person)
        reading.bag["contributors"][-1]["name"] = bare(element)

    return read


def of_person(key: str) -> Rule:
    def read(reading: Reading, element: Element) -> None:
        reading.person[key] = bare(element)

    return read


def page_of_person(reading: Reading, element: Element) -> None:
    reading.person["href"] = reading.bag["href"] = reading.mend(bare(element))


def medium(reading: Reading, element: Element) -> None:
    told = attributes(element)
    add(reading.bag, "media", {**told, "xml_base": base(told, reading.base)})
    reading.inside(element, Place.MEDIA, reading.bag, told)


def media_group(reading: Reading, element: Element) -> None:
    reading.inside(element, Place.MEDIA, reading.bag, attributes(element))


def thumbnail(reading: Reading, element: Element) -> None:
    bare(element)
    add(reading.bag, "thumbnails", attributes(element).get("url", ""))


def itunes_image(reading: Reading, element: Element) -> None:
    bare(element)
    told = attributes(element)
    href = told.get("href") or told.get("url")
    if href:
        reading.bag["image"] = {"href": href}


def reply(reading: Reading, element: Element) -> None:
    bare(element)
    told = attributes(element)
    reading.bag["in_reply_to"] = told.get("ref") or told.get("href") or ""


def extra(name: str) -> Rule:
    def read(reading: Reading, element: Element) -> None:
        told = reading.bag.setdefault("extras", [])
        if any("}" in key for key in element.attrib):
            raise Unsure("an attribute in a namespace")
        told.append({"name": name, "attributes": attributes(element), "text": bare(element)})
        del told[MOST:]

    return read


def source(reading: Reading, element: Element) -> None:
    told = attributes(element)
    found: Bag = {"href": told["url"]} if "url" in told else {}
    reading.title_depth = -1
    reading.inside(element, Place.SOURCE, found, told)
    name = reading.mend(own_text(element))
    if name:
        found["title"] = name
    reading.bag["source"] = found


def image(reading: Reading, element: Element) -> None:
    reading.title_depth = -1
    reading.inside(element, Place.IMAGE, reading.feed.setdefault("image", {}), attributes(element))


def image_of_entry(reading: Reading, element: Element) -> None:
    """Not read by feedparser, but for its traces: its title may become that of the entry."""
    reading.title_depth = -1
    reading.inside(element, Place.PICTURE, reading.bag, attributes(element))


def image_address(reading: Reading, element: Element) -> None:
    address = reading.mend(bare(element))
    if reading.in_feed:
        reading.bag["href"] = address


def text_input(reading: Reading, element: Element) -> None:
    reading.title_depth = -1
    reading.inside(element, Place.INPUT, {}, attributes(element))


def listed(key: str) -> Rule:
    def read(reading: Reading, element: Element) -> None:
        add(reading.bag, key, bare(element))

    return read


def hints(reading: Reading, element: Element) -> None:
    reading.children(element, Place.FEED)


def owner(reading: Reading, element: Element) -> None:
    """The owner of a podcast is nobody's byline."""
    reading.children(element, Place.OWNER)


def channel(reading: Reading, element: Element) -> None:
    told = attributes(element)
    _not_cdf(told)
    reading.in_feed = True
    reading.inside(element, Place.FEED, reading.feed, told)
    reading.in_feed = False


def entry(reading: Reading, element: Element) -> None:
    told = attributes(element) if element.attrib else _NOTHING
    found: Bag = {"xml_lang": language(told, reading.language) or ""}
    if told:
        _not_cdf(told)
        if told.get("rdf:about"):
            found["id"] = told["rdf:about"]
    reading.entries.append(found)
    reading.title_depth = -1
    reading.inside(element, Place.ENTRY, found, told)
    reading.has_content = False


def _not_cdf(told: Mapping[str, str]) -> None:
    if "lastmod" in told or "href" in told:
        raise Unsure("attributes of CDF")
