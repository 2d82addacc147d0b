"""How each element is read, as one table: which names, at which places, by which rule.

The rules are feedparser's (``mixin.py``, ``namespaces/``) as :mod:`feedhub.parse.recorder` changes them, for an element
that holds text or the children listed here. Three of them are easy to overlook:

* Text is stripped; and text that somebody encoded as UTF-8 twice, or meant as windows-1252, is repaired. Names in
  ``<name>``, credits and numbers are not: feedparser takes their text as no text at all.
* A second title counts only when it stands less deep than the last one.
* A second description or summary is content, unless there was content before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any
from xml.etree.ElementTree import Element

from feedhub.extras import KINDS
from feedhub.model import RawText, TextType
from feedhub.parse.extras import MOST
from feedhub.parse.fast_names import Namespaces, Unsure, is_known, name_of
from feedhub.parse.feedparser_reader import NAMESPACES, base_within, looks_like_html
from feedhub.parse.preflight import ATTRIBUTES
from feedhub.parse.recorder import BASE, LIST, add

Bag = dict[str, Any]
Rule = Callable[["Reading", Element], None]

_QUERY = re.compile("&([A-Za-z0-9_]+);")
_C1 = re.compile("[\x80-\x9f]")
_IN_LOWER_CASE = frozenset({"rel", "type"})
_TYPES = {
    "text": TextType.PLAIN,
    "plain": TextType.PLAIN,
    "text/plain": TextType.PLAIN,
    "html": TextType.HTML,
    "text/html": TextType.HTML,
}
DEEPEST = 20
"""Levels of known elements that are read; :data:`_DEEPEST_UNKNOWN` of unknown ones may come on top."""
_DEEPEST_UNKNOWN = 8
_CP1252 = {n: bytes([n]).decode("cp1252") for n in range(0x80, 0xA0) if n not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
ITUNES = "http://www.itunes.com/"


class Place(StrEnum):
    """Where an element stands; the same name can mean something else elsewhere."""

    ROOT = "rss"  # beside the channel
    FEED = "channel"  # in RSS's channel, Atom's feed
    ENTRY = "item"
    SOURCE = "source"  # in an entry: the feed it was taken from
    MEDIA = "media"  # inside media:group and media:content of an entry
    PERSON = "author"
    IMAGE = "image"
    INPUT = "textInput"
    CATEGORY = "itunes:category"
    OWNER = "itunes:owner"


class Table(dict[str, Rule]):
    """The rules of one place, by tags as they stand in one document. Filled as tags are met."""

    def __init__(self, place: Place, namespaces: Namespaces) -> None:
        super().__init__()
        self.place = place
        self.namespaces = namespaces

    def __missing__(self, tag: str) -> Rule:
        name = name_of(tag, self.namespaces)
        rule = RULES[self.place].get(name)
        if rule is None:
            if is_known(name) or name in _READ:
                raise Unsure(f"<{name}> in <{self.place}>")
            rule = _UNKNOWN.get(self.place, unknown)
        self[tag] = rule
        return rule


class Reading:
    """A document while it is read: what it said so far, and where we are in it."""

    def __init__(self, version: str, namespaces: Namespaces) -> None:
        self.version = version
        self.is_atom = version.startswith("atom")
        self.tables = {place: Table(place, namespaces) for place in Place}
        self.feed: Bag = {}
        self.entries: list[Bag] = []
        self.bag = self.feed  # of the element whose children are read
        self.language: str | None = None  # xml:lang in force
        self.base = ""  # xml:base in force
        self.depth = 1  # of the element whose children are read
        self.title_depth = -1  # of the last title
        self.has_content = False  # of this entry
        self.in_feed = False
        self.person: Bag = {}  # whose name is read

    def children(self, element: Element, place: Place) -> None:
        """Read all children of an element by the rules of a place."""
        table = self.tables[place]
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unsure("deeply nested")
        for child in element:
            table[child.tag](self, child)
        self.depth -= 1

    def inside(self, element: Element, place: Place, bag: Bag, told: Mapping[str, str]) -> None:
        """Read the children into another bag, in the language and base of the element."""
        outer = self.bag, self.language, self.base
        self.bag, self.language, self.base = bag, language(told, self.language), base(told, self.base)
        self.children(element, place)
        self.bag, self.language, self.base = outer


# ---------------------------------------------------------------- text and attributes


def attributes(element: Element) -> dict[str, str]:
    """Attributes by names in lower case, as feedparser has them; values of ``rel`` and ``type`` in lower case, too.

    Those of unknown namespaces count as plain ones where there is none of the same name.
    """
    found: dict[str, str] = {}
    foreign: dict[str, str] = {}
    for key, value in element.items():
        if key[0] == "{":
            address, _, local = key[1:].partition("}")
            prefix, local = NAMESPACES.get(address.lower(), ""), local.lower()
            foreign[f"{prefix}:{local}" if prefix else local] = value
        else:
            found[key.lower()] = value
    if foreign:
        found = {**foreign, **found}
    for name in found.keys() & _IN_LOWER_CASE:
        found[name] = found[name].lower()
    if len(found) > ATTRIBUTES // 2:
        raise Unsure("many attributes")
    return found


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
    return (element.text or "").strip()


def repaired(text: str) -> str:
    """Text as feedparser mends it."""
    if text.isascii():
        return text
    try:
        text = text.encode("latin-1").decode()
    except UnicodeError:
        pass
    return text.translate(_CP1252) if _C1.search(text) else text


def own_text(element: Element) -> str:
    """The text of an element between its children, stripped but not repaired."""
    text = (element.text or "").strip()
    if len(element) and (text or any((child.tail or "").strip() for child in element)):
        raise Unsure("text between elements")
    return text


# ---------------------------------------------------------------- rules


def nothing(_reading: Reading, element: Element) -> None:
    """An element that feedparser knows and that leaves no trace in a record."""
    bare(element)


def unknown(reading: Reading, element: Element) -> None:
    """An element that nobody knows. What is inside it must be as unknown: feedparser looks through it."""
    _check_unknown(reading, element, 0)


def unknown_among_text(_reading: Reading, element: Element) -> None:
    """The same where feedparser would take its text for that of the element around it."""
    if len(element) or (element.keys() and (element.text or "").strip()):
        raise Unsure("an unknown element where text counts")


def unknown_in_image(_reading: Reading, _element: Element) -> None:
    """Nothing: feedparser takes an image for ended there, sometimes."""
    raise Unsure("an unknown element in an image")


_UNKNOWN = {
    Place.PERSON: unknown_among_text,
    Place.SOURCE: unknown_among_text,
    Place.CATEGORY: unknown_among_text,
    Place.IMAGE: unknown_in_image,
    Place.INPUT: unknown_in_image,
}


def _check_unknown(reading: Reading, element: Element, level: int) -> None:
    if len(element.keys()) > ATTRIBUTES // 2 or level > _DEEPEST_UNKNOWN:
        raise Unsure("deeply nested, or many attributes")
    table = reading.tables[Place.ROOT]
    for child in element:
        if table[child.tag] is not unknown:
            raise Unsure("a known element inside an unknown one")
        _check_unknown(reading, child, level + 1)


def kept(key: str, *, plain: bool = False) -> Rule:
    """Text under a key; the last one counts. ``plain``: feedparser keeps it otherwise when it has attributes."""

    def read(reading: Reading, element: Element) -> None:
        if plain and element.keys():
            raise Unsure("an attribute where none belongs")
        reading.bag[key] = repaired(bare(element))

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
                raise Unsure("a text type such as XHTML")
            kind = _TYPES[told["type"]]
        if told.get("mode") == "base64" or "src" in told:
            raise Unsure("a text kept elsewhere")
    value = bare(element)
    if kind is TextType.PLAIN and not reading.is_atom and looks_like_html(value):
        kind = TextType.HTML
    if not value:
        return None
    return RawText(value=repaired(value), type=kind, base=within, language=(said or "").replace("_", "-"))


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
    told = attributes(element)
    reading.bag["permalink"] = told.get("ispermalink", "true").strip().lower() == "true"
    reading.bag["id"] = repaired(bare(element))


def _address(reading: Reading, told: dict[str, str]) -> None:
    href = told.get("url", told.get("uri", told.get("href")))
    if href:
        told["href"] = href
    told["xml_base"] = base(told, reading.base)


def link(*, in_entry: bool) -> Rule:
    """Atom's link by its attributes, RSS's by its text, in which feedparser takes references for parts of a query."""

    def read(reading: Reading, element: Element) -> None:
        told, found = attributes(element), bare(element)
        told.setdefault("rel", "alternate")
        told.setdefault("type", "")
        _address(reading, told)
        if "href" not in told:
            found = repaired(found)
            told["href"] = _QUERY.sub(r"&\g<1>", found.replace("&amp;", "&") if in_entry else found)
        elif found:
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
        told, value = attributes(element), repaired(bare(element))
        _tag(reading.bag, told.get(term), told.get("scheme", told.get("domain", scheme or None)), told.get("label"))
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
        for term in repaired(bare(element)).split(","):
            if term.strip():
                _tag(reading.bag, term.strip(), scheme, None)

    return read


def author(context: str = "") -> Rule:
    """A person by name, or by ``name``, ``email`` and ``uri``; ``context`` "" is that of the format's own element."""

    def read(reading: Reading, element: Element) -> None:
        add(reading.bag, "authors", {"context": context or ("atom" if reading.is_atom else "rss_author")})
        reading.person = person = reading.bag["authors"][-1]
        name = repaired(own_text(element))
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
    reading.person["href"] = reading.bag["href"] = repaired(bare(element))


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
        if any(key[0] == "{" for key in element.keys()):
            raise Unsure("an attribute in a namespace")
        told.append({"name": name, "attributes": attributes(element), "text": bare(element)})
        del told[MOST:]

    return read


def source(reading: Reading, element: Element) -> None:
    told = attributes(element)
    found: Bag = {"href": told["url"]} if "url" in told else {}
    reading.title_depth = -1
    reading.inside(element, Place.SOURCE, found, told)
    name = repaired(own_text(element))
    if name:
        found["title"] = name
    reading.bag["source"] = found


def image(reading: Reading, element: Element) -> None:
    reading.title_depth = -1
    reading.inside(element, Place.IMAGE, reading.feed.setdefault("image", {}), attributes(element))


def image_of_entry(reading: Reading, element: Element) -> None:
    """Not read by feedparser, but for its traces."""
    bare(element)
    reading.title_depth = -1


def image_address(reading: Reading, element: Element) -> None:
    address = repaired(bare(element))
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
    told = attributes(element)
    _not_cdf(told)
    found: Bag = {"xml_lang": language(told, reading.language) or ""}
    if told.get("rdf:about"):
        found["id"] = told["rdf:about"]
    reading.entries.append(found)
    reading.title_depth = -1
    reading.inside(element, Place.ENTRY, found, told)
    reading.has_content = False


def _not_cdf(told: Mapping[str, str]) -> None:
    if "lastmod" in told or "href" in told:
        raise Unsure("attributes of CDF")


# ---------------------------------------------------------------- the table

_ROWS: tuple[tuple[str, str, Rule], ...] = (
    # where: r beside the channel, f in the feed, e in an entry, s in its source, m among its media
    ("channel", "r", channel),
    ("item entry", "rf", entry),
    ("image", "rf", image),
    ("image", "e", image_of_entry),
    ("textinput", "rf", text_input),
    ("title", "fes", title),
    ("subtitle tagline", "fs", text("subtitle", TextType.PLAIN)),
    ("description", "f", text("subtitle", TextType.HTML)),
    ("description", "e", summary(TextType.HTML)),
    ("summary", "e", summary(TextType.PLAIN)),
    ("content", "e", content(TextType.PLAIN)),
    ("content_encoded", "e", content(TextType.HTML)),
    ("dc_title", "fe", text("dc_title", TextType.PLAIN)),
    ("dc_description", "fe", text("dc_description", TextType.HTML)),
    ("media_title", "fem", text("media_title", TextType.PLAIN)),
    ("media_description", "fem", text("media_description", TextType.PLAIN)),
    ("itunes_summary", "fe", text("itunes_summary", TextType.HTML)),
    ("itunes_subtitle", "fe", text("itunes_subtitle", TextType.PLAIN)),
    ("rights copyright dc_rights", "fes", text("rights", TextType.PLAIN)),
    ("guid id", "fes", guid),
    ("link", "fs", link(in_entry=False)),
    ("link", "e", link(in_entry=True)),
    ("enclosure", "fe", enclosure),
    ("published issued pubdate dcterms_issued", "fes", kept("published")),
    ("updated modified lastbuilddate dcterms_modified", "fes", kept("updated")),
    ("created dcterms_created", "fes", kept("created")),
    ("dc_date", "fes", kept("dc_date")),
    ("language dc_language", "fe", kept("language")),
    ("dc_publisher", "fe", kept("dc_publisher")),
    ("dc_source", "fe", kept("dc_source")),
    ("generator", "fes", kept("generator")),
    ("icon logo", "s", unknown_among_text),
    ("author", "fes", author()),
    ("managingeditor", "fes", author("rss_author")),
    ("dc_creator dc_author", "fes", author("dc_creator")),
    ("itunes_author", "fe", author("itunes")),
    ("contributor", "fes", contributor),
    ("dc_contributor", "fe", credited("dc_contributor")),
    ("podcast_person", "fe", credited("podcast", "role", "href")),
    ("media_credit", "fem", credited("media", "role")),
    ("category keywords dc_subject", "e", category()),
    ("media_category", "em", category(scheme="http://search.yahoo.com/mrss/category_schema")),
    ("category keywords dc_subject media_category", "fs", nothing),
    ("itunes_category", "fe", itunes_category),
    ("itunes_keywords", "fe", keywords(ITUNES)),
    ("media_keywords", "fem", keywords(None)),
    ("media_group", "e", media_group),
    ("media_content", "em", medium),
    ("media_content media_thumbnail", "f", nothing),
    ("media_thumbnail", "em", thumbnail),
    ("itunes_image", "fe", itunes_image),
    ("itunes_link", "f", itunes_image),
    ("thr_in-reply-to", "e", reply),
    ("source", "e", source),
    ("geo_lat geo_long", "f", nothing),
    ("geo_lat", "e", kept_bare("geo_lat")),
    ("geo_long", "e", kept_bare("geo_long")),
    ("skiphours skipdays", "f", hints),
    ("hour", "f", listed("skip_hours")),
    ("day", "f", listed("skip_days")),
    ("itunes_owner", "fe", owner),
    ("cloud webmaster info feedburner_browserfriendly itunes_block media_restriction", "f", nothing),
    ("webmaster itunes_block expirationdate media_restriction", "e", nothing),
    *((key, "f", kept(key, plain=True)) for key in ("icon", "logo", "ttl", "sy_updateperiod", "sy_updatefrequency")),
    *((key, "e", kept(key, plain=True)) for key in ("comments", "feedburner_origlink", "itunes_duration")),
    *((name.lower().replace(":", "_"), "f", nothing) for name in KINDS),
    *((name.lower().replace(":", "_"), "em", extra(name)) for name in KINDS),
)
_PLACES = {"r": Place.ROOT, "f": Place.FEED, "e": Place.ENTRY, "s": Place.SOURCE, "m": Place.MEDIA}
RULES: Mapping[Place, Mapping[str, Rule]] = {
    **{
        place: {name: rule for names, where, rule in _ROWS if letter in where for name in names.split()}
        for letter, place in _PLACES.items()
    },
    Place.PERSON: {
        **dict.fromkeys(("name", "itunes_name"), of_person("name")),
        **dict.fromkeys(("email", "itunes_email"), of_person("email")),
        "uri": page_of_person,
        "url": page_of_person,
        "homepage": page_of_person,
    },
    Place.IMAGE: {
        "title": title_elsewhere,
        "url": image_address,
        **dict.fromkeys(("link", "description", "width", "height"), nothing),
    },
    Place.INPUT: {"title": title_elsewhere, **dict.fromkeys(("link", "description", "name"), nothing)},
    Place.CATEGORY: {"itunes_category": itunes_category},
    Place.OWNER: dict.fromkeys(("itunes_name", "itunes_email", "name", "email"), nothing),
}
"""Every rule, by place and name."""
_READ = frozenset(
    "updated published created dc_date date rights language image logo icon generator ttl skip_hours skip_days"
    " sy_updateperiod sy_updatefrequency comments in_reply_to source dc_publisher dc_source xml_lang overflow href"
    " feedburner_origlink itunes_duration links authors contributors content media thumbnails tags extras id"
    " geo_lat geo_long permalink title_detail dc_title_detail media_title_detail subtitle_detail summary_detail"
    " dc_description_detail itunes_summary_detail itunes_subtitle_detail media_description_detail textinput".split()
)
"""Keys that records are made of: an element of that name, at a place where nobody expects it, would be one of them."""
