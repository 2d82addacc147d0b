"""What is heard of a document besides what feedparser itself keeps.

feedparser turns elements into calls of ``_start_<prefix>_<name>`` and ``_end_…`` on its parser objects, for broken and
for well-formed XML alike. :class:`Recorder` stands before those methods in both of its parsers, so that a feed is read
by one set of rules from day to day, whether or not one bad ``&`` is in it. It

* keeps ids, links and dates as written (feedparser resolves the first two and guesses the last),
* remembers which element named a person, and in which base and language a text stands,
* keeps texts of different meaning apart (``itunes:summary``, ``media:description`` are not second bodies),
* counts what feedparser is quadratic in, and drops its search for mail addresses in names (80 kB cost it 20 s).

What is recorded stays in feedparser's own dictionaries until :mod:`feedhub.parse.heard` reads it.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import unescape

from feedhub.parse.extras import Extras
from feedhub.parse.preflight import ATTRIBUTES, ELEMENTS, ITEMS, PREFIXES, TooComplex

Attributes = dict[str, Any]
Bag = dict[str, Any]

LIST = 500
"""Most links, people, categories and media kept of one element. Real documents have a few dozen."""
BASE = 2048
NAMESPACES = {
    "http://purl.org/syndication/thread/1.0": "thr",
    "https://podcastindex.org/namespace/1.0": "podcast",
    "http://purl.org/atom/app#": "app",
    "http://creativecommons.org/ns#": "cc",
    "http://web.resource.org/cc/": "cc",
}

if TYPE_CHECKING:

    class _Parser:
        """The part of feedparser's parsers that is used here."""

        version: str
        baseuri: str
        lang: str | None
        basestack: list[str]
        elementstack: list[Any]
        contentparams: Bag
        entries: list[Bag]
        depth: int
        property_depth_map: dict[Any, dict[str, int]]
        namespaces_in_use: dict[str, str]
        inauthor: int
        inentry: int
        infeed: int
        insource: int
        inimage: int
        incontributor: int
        guidislink: bool

        def push(self, element: str, expecting_text: int) -> None: ...
        def pop(self, element: str, strip_whitespace: int = 1) -> str | None: ...
        def push_content(self, tag: str, attrs: Attributes, default_type: str, expecting_text: int) -> None: ...
        def pop_content(self, tag: str) -> str | None: ...
        def decode_entities(self, element: str, data: str) -> str: ...
        def _normalize_attributes(self, pair: tuple[str, str]) -> tuple[str, str]: ...
        def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None: ...
        def unknown_endtag(self, tag: str) -> None: ...
        def track_namespace(self, prefix: str | None, uri: str) -> None: ...
        def _get_context(self) -> Bag: ...
        def _start_item(self, attrs: Attributes) -> None: ...
        def _start_link(self, attrs: Attributes) -> None: ...
        def _start_enclosure(self, attrs: Attributes) -> None: ...
        def _start_title(self, attrs: Attributes) -> None: ...
        def _end_title(self) -> None: ...

else:
    _Parser = object


def add(holder: Bag, key: str, value: Any) -> None:
    """Append to a list of a dictionary unless it is :data:`LIST` long; the overflow is counted for a note."""
    values = holder.setdefault(key, [])
    if len(values) < LIST:
        values.append(value)
    else:
        holder["overflow"] = holder.get("overflow", 0) + 1


class Structure(_Parser):
    """Bases, limits and entries."""

    elements = 0

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        self.elements += 1
        if self.elements > ELEMENTS:
            raise TooComplex(f"more than {ELEMENTS:,} elements")
        if len(attrs) > ATTRIBUTES:
            raise TooComplex(f"more than {ATTRIBUTES} attributes on one element")
        super().unknown_starttag(tag, attrs)
        if len(self.baseuri) > BASE:  # a chain of relative bases grows without end
            raise TooComplex(f"xml:base is longer than {BASE:,} characters")

    def unknown_endtag(self, tag: str) -> None:
        super().unknown_endtag(tag)
        # feedparser lets a base outlive its element when nothing outside of it has one
        self.baseuri = self.basestack[-1] if self.basestack else ""

    def track_namespace(self, prefix: str | None, uri: str) -> None:
        if len(self.namespaces_in_use) > PREFIXES:
            raise TooComplex(f"more than {PREFIXES} namespace prefixes")
        super().track_namespace(prefix, uri)

    def resolve_uri(self, uri: str) -> str:
        """As written: an id must not change with the place a document was read from."""
        return uri

    def _start_item(self, attrs: Attributes) -> None:
        if len(self.entries) >= ITEMS:
            raise TooComplex(f"more than {ITEMS:,} entries")
        super()._start_item(attrs)
        self.entries[-1]["xml_lang"] = self.lang or ""

    _start_entry = _start_item


class Names(_Parser):
    """Who wrote, and which element said so."""

    def _person(self, context: str) -> None:
        self.inauthor = 1
        self.push("author", 1)
        add(self._get_context(), "authors", {"context": context})

    def _start_author(self, _attrs: Attributes) -> None:
        self._person("atom" if self.version.startswith("atom") else "rss_author")

    def _start_managingeditor(self, _attrs: Attributes) -> None:
        self._person("rss_author")

    def _start_dc_creator(self, _attrs: Attributes) -> None:
        self._person("dc_creator")

    _start_dc_author = _start_dc_creator

    def _start_itunes_author(self, _attrs: Attributes) -> None:
        self._person("itunes")

    def _end_author(self) -> None:
        text = self.pop("author")
        self.inauthor = 0
        person = self._get_context()["authors"][-1]
        if text and not person.keys() & {"name", "email", "href"}:
            person["name"] = text

    _end_managingeditor = _end_dc_creator = _end_dc_author = _end_itunes_author = _end_author

    def _save_author(self, key: str, value: str, prefix: str = "author") -> None:
        """Names, addresses and pages inside an author; the owner of a podcast (``publisher``) is nobody's byline."""
        if prefix == "author":
            people = self._get_context().setdefault("authors", [{"context": "atom"}])
            people[-1][key] = value

    def _sync_author_detail(self, key: str = "author") -> None:
        """Nothing: names stay as written."""

    def _named(self) -> Bag:
        """The person whose elements are read, once there is a name; else nothing."""
        key = "authors" if self.inauthor else "contributors" if self.incontributor else ""
        people = self._get_context().get(key) if key else None
        return people[-1] if people and people[-1].get("name") else {}

    def _start_title(self, attrs: Attributes) -> None:
        """What an author is (``<author><name/><title/></author>``) is not the title of what was written."""
        if self._named():
            self.push("title", 0)
        else:
            super()._start_title(attrs)

    def _end_title(self) -> None:
        if person := self._named():
            person["role"] = self.pop("title") or ""
            return
        before = self._get_context().get("title_detail")
        super()._end_title()
        if self.inentry and not self.insource:
            self._keep_own_title(self.entries[-1], before)

    def _keep_own_title(self, entry: Bag, before: Bag | None) -> None:
        """Of a title deeper inside (of a picture, say) feedparser takes the detail and not the text: neither is the entry's."""
        if self.property_depth_map.get(entry, {}).get("title", self.depth) < self.depth:
            entry["title_detail"] = before

    def _start_contributor(self, _attrs: Attributes) -> None:
        self.incontributor = 1
        add(self._get_context(), "contributors", {"context": "atom"})
        self.push("contributor", 0)

    def _start_dc_contributor(self, _attrs: Attributes) -> None:
        self.incontributor = 1
        add(self._get_context(), "contributors", {"context": "dc_contributor"})
        self.push("name", 0)

    def _start_podcast_person(self, attrs: Attributes) -> None:
        person = {"context": "podcast", "role": attrs.get("role", ""), "href": attrs.get("href", "")}
        add(self._get_context(), "contributors", person)
        self.push("podcast_person", 0)

    def _end_podcast_person(self) -> None:
        self._get_context()["contributors"][-1]["name"] = self.pop("podcast_person") or ""

    def _start_media_credit(self, attrs: Attributes) -> None:
        add(self._get_context(), "contributors", {"context": "media", "role": attrs.get("role", "")})
        self.push("media_credit", 0)

    def _end_media_credit(self) -> None:
        self._get_context()["contributors"][-1]["name"] = self.pop("media_credit") or ""

    def _start_dc_publisher(self, _attrs: Attributes) -> None:
        self.push("dc_publisher", 1)

    def _end_dc_publisher(self) -> None:
        self.pop("dc_publisher")


class Texts(_Parser):
    """Texts by the element that holds them."""

    def _end_content(self) -> None:
        self.pop_content("content")

    _end_body = _end_xhtml_body = _end_content_encoded = _end_fullitem = _end_content

    def _start_itunes_summary(self, attrs: Attributes) -> None:
        self.push_content("itunes_summary", attrs, "text/html", 1)

    def _end_itunes_summary(self) -> None:
        self.pop_content("itunes_summary")

    def _start_itunes_subtitle(self, attrs: Attributes) -> None:
        self.push_content("itunes_subtitle", attrs, "text/plain", 1)

    def _end_itunes_subtitle(self) -> None:
        self.pop_content("itunes_subtitle")

    def _start_media_description(self, attrs: Attributes) -> None:
        self.push_content("media_description", attrs, "text/plain", 1)

    def _end_media_description(self) -> None:
        self.pop_content("media_description")

    def _start_dc_description(self, attrs: Attributes) -> None:
        self.push_content("dc_description", attrs, "text/html", 1)

    def _end_dc_description(self) -> None:
        self.pop_content("dc_description")

    def _start_media_title(self, attrs: Attributes) -> None:
        self.push_content("media_title", attrs, "text/plain", 1)

    def _end_media_title(self) -> None:
        self.pop_content("media_title")

    def _start_dc_title(self, attrs: Attributes) -> None:
        self.push_content("dc_title", attrs, "text/plain", 1)

    def _end_dc_title(self) -> None:
        self.pop_content("dc_title")


class Facts(_Parser):
    """Ids, links, dates, categories, media and the hints of a channel."""

    def _start_guid(self, attrs: Attributes) -> None:
        self._get_context()["permalink"] = str(attrs.get("ispermalink", "true")).strip().lower() == "true"
        self.guidislink = False
        self.push("id", 1)

    def _start_id(self, _attrs: Attributes) -> None:
        self.guidislink = False
        self.push("id", 1)

    def _end_guid(self) -> None:
        self.pop("id")

    _end_id = _end_guid

    def _start_link(self, attrs: Attributes) -> None:
        stated, holder = attrs.get("type", ""), self._get_context()
        before = len(holder.get("links", ()))
        super()._start_link(attrs)
        links = holder.get("links", ())
        if len(links) > before:
            links[-1].update(type=stated, xml_base=self.baseuri)

    def _start_enclosure(self, attrs: Attributes) -> None:
        super()._start_enclosure(attrs)
        self._get_context()["links"][-1]["xml_base"] = self.baseuri

    def _start_published(self, _attrs: Attributes) -> None:
        self.push("published", 1)

    _start_issued = _start_pubdate = _start_published

    def _end_published(self) -> None:
        self.pop("published")

    _end_issued = _end_pubdate = _end_published

    def _end_updated(self) -> None:
        self.pop("updated")

    _end_modified = _end_lastbuilddate = _end_updated

    def _end_created(self) -> None:
        self.pop("created")

    def _start_dc_date(self, _attrs: Attributes) -> None:
        self.push("dc_date", 1)

    def _end_dc_date(self) -> None:
        self.pop("dc_date")

    def _end_expirationdate(self) -> None:
        self.pop("expired")

    def _end_width(self) -> None:
        self.pop("width")

    def _end_height(self) -> None:
        self.pop("height")

    def _add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        holder = self._get_context()
        tags = holder.setdefault("tags", [])
        tag = {"term": term, "scheme": scheme, "label": label}
        if (term or scheme or label) and (len(tags) >= LIST or tag not in tags):
            add(holder, "tags", tag)

    def _start_media_content(self, attrs: Attributes) -> None:
        add(self._get_context(), "media", {**attrs, "xml_base": self.baseuri})

    def _start_media_thumbnail(self, attrs: Attributes) -> None:
        add(self._get_context(), "thumbnails", attrs.get("url", ""))

    def _start_thread_reply(self, attrs: Attributes) -> None:
        self._get_context()["in_reply_to"] = attrs.get("ref") or attrs.get("href") or ""

    def _start_dc_source(self, _attrs: Attributes) -> None:
        self.push("dc_source", 1)

    def _end_dc_source(self) -> None:
        self.pop("dc_source")

    def _start_hour(self, _attrs: Attributes) -> None:
        self.push("hour", 0)

    def _end_hour(self) -> None:
        add(self._get_context(), "skip_hours", self.pop("hour") or "")

    def _start_day(self, _attrs: Attributes) -> None:
        self.push("day", 0)

    def _end_day(self) -> None:
        add(self._get_context(), "skip_days", self.pop("day") or "")


# an element's name that is no Python name
setattr(Facts, "_start_thr_in-reply-to", Facts._start_thread_reply)


class Unescaping(_Parser):
    """For the tolerant parser, which leaves references in ids, links, names and attributes as they are.

    The strict one never sees them, so that they would be other ids from the day on which a document is damaged.
    """

    def decode_entities(self, element: str, data: str) -> str:
        data = super().decode_entities(element, data)
        return data if self.contentparams.get("type") else unescape(data, _QUOTES)

    def pop(self, element: str, strip_whitespace: int = 1) -> str | None:
        expected_text = self.elementstack[-1][1] if self.elementstack else 1
        text = super().pop(element, strip_whitespace)
        return unescape(text, _QUOTES) if text and not expected_text else text

    def _normalize_attributes(self, pair: tuple[str, str]) -> tuple[str, str]:
        name, value = super()._normalize_attributes((pair[0], _REFERENCE.sub(_character, pair[1])))
        return name, value


_QUOTES = {"&quot;": '"', "&apos;": "'"}
_REFERENCE = re.compile("&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")


def _character(reference: re.Match[str]) -> str:
    return html.unescape(reference[0])


class Recorder(Structure, Names, Texts, Facts, Extras):
    """All of the above, to stand before one of feedparser's parsers."""


OURS = (
    *("overflow", "links", "authors", "contributors", "media", "thumbnails", "tags", "extras", "permalink"),
    *("skip_hours", "skip_days"),
)
"""Keys of lists and flags. feedparser keeps the text of an element that it does not know under the element's name, which may be
one of these: ``<media>`` would take the place of what was told of media."""


def _keep_apart(name: str) -> None:
    def start(self: Recorder, _attrs: Attributes) -> None:
        self.push(f"element_{name}", 1)

    def end(self: Recorder) -> None:
        self.pop(f"element_{name}")

    setattr(Recorder, f"_start_{name}", start)
    setattr(Recorder, f"_end_{name}", end)


for _name in OURS:
    _keep_apart(_name)
