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
from typing import Any
from xml.etree.ElementTree import Element

from feedhub.model import RawLink, RawPerson, RawText, TextType
from feedhub.parse.extras import MOST
from feedhub.parse.fast_markup import markup
from feedhub.parse.fast_names import Unsure
from feedhub.parse.fast_reading import (
    DEEPEST,
    Bag,
    Place,
    Reading,
    Rule,
    attributes,
    bare,
    base,
    language,
    line,
    own_text,
)
from feedhub.parse.feedparser_reader import looks_like_html
from feedhub.parse.recorder import LIST
from feedhub.parse.records import SHORT, link_of, person_of, raw_enclosure, raw_extra, raw_link, raw_text, short

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
_OF_MEDIUM = {"url": "url", "type": "type", "length": "filesize", "duration": "duration", "medium": "medium"}
_MEDIA_TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html", "xhtml": "application/xhtml+xml"}
ITUNES = "http://www.itunes.com/"


def nothing(_reading: Reading, element: Element) -> None:
    """An element that feedparser knows and that leaves no trace in a record."""
    bare(element)


def kept(key: str, *, plain: bool = False) -> Rule:
    """Text under a key; the last one counts. ``plain``: feedparser keeps it otherwise when it has attributes."""

    def read(reading: Reading, element: Element) -> None:
        if plain and element.keys():
            raise Unsure("an attribute where none belongs")
        reading.bag[key] = line(reading, element)

    return read


def kept_bare(key: str) -> Rule:
    def read(reading: Reading, element: Element) -> None:
        reading.bag[key] = bare(element)[:SHORT]

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
    tongue = said.replace("_", "-") if said else ""
    return raw_text(value=reading.mend(value), type=kind, base=within, language=tongue)


def text(key: str, kind: TextType) -> Rule:
    """A text with its type and language."""
    detail = f"{key}_detail"

    def read(reading: Reading, element: Element) -> None:
        reading.bag[detail] = _body(reading, element, kind)

    return read


def rights(reading: Reading, element: Element) -> None:
    found = _body(reading, element, TextType.PLAIN)
    reading.bag["rights"] = short(found.value) if found else ""


def title(reading: Reading, element: Element) -> None:
    found = _body(reading, element, TextType.PLAIN)
    depth = reading.depth
    if not -1 < reading.title_depth <= depth and reading.is_own_title(depth):
        reading.bag["title_detail"] = found
    if found:
        reading.title_depth = depth


def title_elsewhere(reading: Reading, element: Element) -> None:
    if bare(element):
        reading.title_depth = reading.depth


def content(kind: TextType) -> Rule:
    def read(reading: Reading, element: Element) -> None:
        reading.has_content = True
        if kind is TextType.PLAIN and element.keys() and _is_kept_elsewhere(reading, element):
            return
        reading.bag.setdefault("content", []).append(_body(reading, element, kind))

    return read


def _is_kept_elsewhere(reading: Reading, element: Element) -> bool:
    """Whether a body of Atom has an address in place of a text, which is kept; the first one counts."""
    told = attributes(element)
    address = short(told.get("src", ""))
    if not address or len(element) or (element.text or "").strip():
        return False
    stated = told.get("type", "text")
    kind, within = short(_MEDIA_TYPES.get(stated, stated)), short(base(told, reading.base))
    reading.bag.setdefault("kept_elsewhere", RawLink(href=address, type=kind, base=within))
    return True


def summary(kind: TextType) -> Rule:
    first, later = text("summary", kind), content(TextType.PLAIN)

    def read(reading: Reading, element: Element) -> None:
        again = "summary_detail" in reading.bag and not reading.has_content
        (later if again else first)(reading, element)

    return read


def guid(reading: Reading, element: Element) -> None:
    told = attributes(element)
    reading.bag["permalink"] = not told or told.get("ispermalink", "true").strip().lower() == "true"
    reading.bag["id"] = line(reading, element)


def _address(reading: Reading, told: dict[str, str]) -> None:
    href = told.get("url", told.get("uri", told.get("href")))
    if href:
        told["href"] = href
    told["xml_base"] = base(told, reading.base)


def link(*, in_entry: bool, text_counts: bool = False) -> Rule:
    """Atom's link by its attributes, RSS's by its text, in which feedparser takes references for parts of a query.

    :param text_counts: text in a link that has an address would be taken for that of the element around it.
    """

    def by_text(reading: Reading, text: str) -> str:
        found = reading.mend(text)
        return _QUERY.sub(r"&\g<1>", found.replace("&amp;", "&") if in_entry else found) if "&" in found else found

    def read(reading: Reading, element: Element) -> None:
        told, text = attributes(element), bare(element)
        if not told:
            href = short(by_text(reading, text))
            if href:
                found = raw_link(href=href, base=short(reading.base))
                reading.bag.setdefault("links", []).append(found)
            return
        _address(reading, told)
        if "href" not in told:
            told["href"] = by_text(reading, text)
        elif text and text_counts:
            raise Unsure("text in a link with an address")
        _add_link(reading, told)

    return read


def _add_link(reading: Reading, told: Mapping[str, str]) -> None:
    found = link_of(told)
    if found:
        reading.bag.setdefault("links", []).append(found)


def enclosure(reading: Reading, element: Element) -> None:
    told = attributes(element)
    _address(reading, told)
    told["rel"] = "enclosure"
    bare(element)
    _add_link(reading, told)


_Tag = tuple[str | None, str | None, str | None]


def _add_tag(tags: list[_Tag], tag: _Tag) -> None:
    if any(tag) and (len(tags) >= LIST or tag not in tags):
        _add(tags, tag)


def _add(some: list[Any], one: Any) -> None:
    if len(some) >= LIST:
        raise Unsure("very many links, people, categories or media")
    some.append(one)


def category(term: str = "term", scheme: str = "") -> Rule:
    """A category by its text, or by an attribute. ``scheme``: the one that is meant when none is stated."""

    def read(reading: Reading, element: Element) -> None:
        told, value = attributes(element), reading.mend(bare(element))
        tags = reading.bag.setdefault("tags", [])
        if told or scheme:
            _add_tag(tags, (told.get(term), told.get("scheme", scheme or told.get("domain")), told.get("label")))
        if value and tags and not tags[-1][0]:
            tags[-1] = value, *tags[-1][1:]
        elif value:
            _add_tag(tags, (value, None, None))

    return read


def itunes_category(reading: Reading, element: Element) -> None:
    if own_text(element):
        raise Unsure("text in itunes:category")
    _add_tag(reading.bag.setdefault("tags", []), (attributes(element).get("text"), ITUNES, None))
    reading.children(element, Place.CATEGORY)


def keywords(scheme: str | None) -> Rule:
    def read(reading: Reading, element: Element) -> None:
        if element.keys():
            raise Unsure("an attribute where none belongs")
        tags = reading.bag.setdefault("tags", [])
        for term in reading.mend(bare(element)).split(","):
            if term.strip():
                _add_tag(tags, (term.strip(), scheme, None))

    return read


def author(context: str = "") -> Rule:
    """A person by name, or by ``name``, ``email`` and ``uri``; ``context`` "" is that of the format's own element."""

    def read(reading: Reading, element: Element) -> None:
        said = context or ("atom" if reading.is_atom else "rss_author")
        people = reading.bag.setdefault("authors", [])
        if len(element):
            own_text(element)
            _add_person(people, _told_of_person(reading, element), said)
        else:
            _add_person(people, {"name": line(reading, element)}, said)

    return read


def contributor(reading: Reading, element: Element) -> None:
    own_text(element)
    _add_person(reading.bag.setdefault("contributors", []), _told_of_person(reading, element), "atom")


def _told_of_person(reading: Reading, element: Element) -> Mapping[str, str]:
    person: Bag = {}
    reading.person = person
    reading.children(element, Place.PERSON)
    return person


def _add_person(people: list[RawPerson | None], told: Mapping[str, str], context: str) -> None:
    said = told.get
    _add(people, person_of(said("name", ""), said("email", ""), said("href", ""), said("role", ""), context))


def credited(context: str, *attribute_names: str) -> Rule:
    """Somebody who had a part in it, named by the element's text."""

    def read(reading: Reading, element: Element) -> None:
        told = attributes(element) if attribute_names else {}
        said = {name: short(told.get(name, "")) for name in attribute_names}
        people = reading.bag.setdefault("contributors", [])
        _add_person(people, {**said, "name": bare(element)[:SHORT]}, context)

    return read


def of_person(key: str) -> Rule:
    def read(reading: Reading, element: Element) -> None:
        reading.person[key] = bare(element)[:SHORT]

    return read


def title_of_person(reading: Reading, element: Element) -> None:
    """What somebody is, where a name came before; else it counts for the entry, as in feedparser."""
    if reading.person.get("name"):
        reading.person["role"] = bare(element)[:SHORT]
    else:
        title(reading, element)


def page_of_person(reading: Reading, element: Element) -> None:
    reading.person["href"] = reading.bag["href"] = line(reading, element)


def medium(reading: Reading, element: Element) -> None:
    told = attributes(element)
    said = {key: short(told.get(name, "")) for key, name in _OF_MEDIUM.items()}
    _add(reading.bag.setdefault("media", []), raw_enclosure(**said, base=short(base(told, reading.base))))
    reading.inside(element, Place.MEDIA, reading.bag, told)


def media_group(reading: Reading, element: Element) -> None:
    reading.inside(element, Place.MEDIA, reading.bag, attributes(element))


def thumbnail(reading: Reading, element: Element) -> None:
    bare(element)
    _add(reading.bag.setdefault("thumbnails", []), short(attributes(element).get("url", "")))


def itunes_image(reading: Reading, element: Element) -> None:
    bare(element)
    told = attributes(element)
    href = told.get("href") or told.get("url")
    if href:
        reading.bag["image"] = {"href": short(href)}


def reply(reading: Reading, element: Element) -> None:
    bare(element)
    told = attributes(element)
    reading.bag["in_reply_to"] = short(told.get("ref") or told.get("href") or "")


def extra(name: str) -> Rule:
    def read(reading: Reading, element: Element) -> None:
        told = reading.bag.setdefault("extras", [])
        if any("}" in key for key in element.attrib):
            raise Unsure("an attribute in a namespace")
        said = tuple([(key, value[:SHORT]) for key, value in attributes(element).items()])
        told.append(raw_extra(name=name, text=bare(element)[:SHORT], attributes=said))
        del told[MOST:]

    return read


def source(reading: Reading, element: Element) -> None:
    told = attributes(element)
    found: Bag = {"href": short(told["url"])} if "url" in told else {}
    reading.title_depth = -1
    reading.inside(element, Place.SOURCE, found, told)
    name = reading.mend(own_text(element))
    if name:
        found["title"] = short(name)
    reading.bag["source"] = found


def image(reading: Reading, element: Element) -> None:
    reading.title_depth = -1
    reading.inside(element, Place.IMAGE, reading.feed.setdefault("image", {}), attributes(element))


def image_of_entry(reading: Reading, element: Element) -> None:
    """Not read by feedparser, but for its traces: its title becomes that of an entry that has none."""
    reading.title_depth = -1
    reading.inside(element, Place.PICTURE, reading.bag, attributes(element))


def image_in_thing(reading: Reading, element: Element) -> None:
    """The same for an address alone, whoever's vocabulary that is."""
    bare(element)
    reading.title_depth = -1


def image_address(reading: Reading, element: Element) -> None:
    address = line(reading, element)
    if reading.in_feed:
        reading.bag["href"] = address


def text_input(reading: Reading, element: Element) -> None:
    reading.title_depth = -1
    reading.inside(element, Place.INPUT, {}, attributes(element))


def listed(key: str) -> Rule:
    def read(reading: Reading, element: Element) -> None:
        _add(reading.bag.setdefault(key, []), bare(element))

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
    told = attributes(element)
    found: Bag = {"xml_lang": short(language(told, reading.language) or "")}
    if told:
        _not_cdf(told)
        if told.get("rdf:about"):
            found["id"] = short(told["rdf:about"])
    reading.entries.append(found)
    reading.title_depth, reading.own_title_depth = -1, DEEPEST
    reading.inside(element, Place.ENTRY, found, told)
    reading.has_content = False


def _not_cdf(told: Mapping[str, str]) -> None:
    if "lastmod" in told or "href" in told:
        raise Unsure("attributes of CDF")
