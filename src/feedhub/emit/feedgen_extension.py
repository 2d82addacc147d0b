"""What feedgen leaves out, added to its trees: with ``feedgen_xml`` the one door to feedgen and lxml.

feedgen 1.0 writes links of Atom entries without ``rel``, ``type`` and ``length``, knows no ``atom:source``, no people
in RSS, one link in a channel, and dates with ``+00:00``. These classes repair each tree before it is serialised.
feedgen's Atom elements have no namespace of their own (``xmlns`` is written as an attribute), so ours have none either.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

from feedhub.emit.head import GENERATOR, Head
from feedhub.emit.item import Item
from feedhub.emit.moments import rfc822, rfc3339
from feedhub.extras import LICENCE
from feedhub.extras import NAMESPACES as VOCABULARIES
from feedhub.model import Credit, Enclosure, Format

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"
THREAD = "http://purl.org/syndication/thread/1.0"
XML = "http://www.w3.org/XML/1998/namespace"
HISTORY = "http://purl.org/syndication/history/1.0"
"""Declared where it is used, as that of tombstones: the root's namespaces are part of every kept fragment's promise."""
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
NAMESPACES = {"dc": DC, "media": MEDIA, "thr": THREAD}
_MEDIA_KINDS = frozenset({"audio", "image", "video"})
Element = Any
"""An lxml element; lxml has no types here."""


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    child = etree.SubElement(parent, name, {key: value for key, value in attributes.items() if value})
    child.text = text or None
    return child


def _add_if(parent: Element, name: str, text: str) -> None:
    if text:
        _add(parent, name, text)


class FeedHubEntry(BaseEntryExtension):  # type: ignore[misc]  # feedgen has no types
    """The entry's part. ``item`` is set right after the entry is made."""

    item: Item

    def extend_atom(self, entry: Element) -> Element:
        item = self.item
        _replace_text(entry, "updated", rfc3339(item.updated))
        _replace_text(entry, "published", rfc3339(item.published))
        if item.language:
            entry.set(f"{{{XML}}}lang", item.language)
        for link in entry.findall("link"):
            entry.remove(link)
        for attributes in entry_links(item):
            _add(entry, "link", **attributes)
        if item.source.title or item.source.link or item.source.self_url:
            _atom_source(_add(entry, "source"), item.source)
        _add_if(entry, f"{{{DC}}}publisher", item.publisher)
        _common(entry, item)
        return entry

    def extend_rss(self, entry: Element) -> Element:
        item = self.item
        for person in item.authors:
            _add(entry, f"{{{DC}}}creator", person.name)
        for person in item.contributors:
            _add(entry, f"{{{DC}}}contributor", person.name)
        _add(entry, "pubDate", rfc822(item.published))
        source = item.source if item.source.self_url or not item.via else item.via
        if source.self_url and source.title:
            _add(entry, "source", source.title, url=source.self_url)
        _add(entry, f"{{{ATOM}}}updated", rfc3339(item.updated))
        for attributes in entry_links(item):
            if attributes["rel"] in {"related", "via"}:
                _add(entry, f"{{{ATOM}}}link", **attributes)
        _add_if(entry, f"{{{DC}}}publisher", item.publisher)
        _add_if(entry, f"{{{DC}}}language", item.language)
        _add_if(entry, f"{{{DC}}}rights", item.rights or item.source.rights)
        for enclosure in item.enclosures[1:]:
            _media_content(entry, enclosure)
        _common(entry, item)
        return entry


def _common(entry: Element, item: Item) -> None:
    if item.image:
        _add(entry, f"{{{MEDIA}}}thumbnail", url=item.image)
    if item.in_reply_to:
        href = item.in_reply_to if item.in_reply_to.lower().startswith("http") else ""
        _add(entry, f"{{{THREAD}}}in-reply-to", ref=item.in_reply_to, href=href)
    for extra in item.extras:
        prefix, _, local = extra.name.partition(":")
        element = etree.SubElement(entry, f"{{{VOCABULARIES[prefix]}}}{local}", nsmap={prefix: VOCABULARIES[prefix]})
        for name, value in extra.attributes:
            element.set(name, value)
        element.text = extra.text or None


def _replace_text(entry: Element, name: str, text: str) -> None:
    entry.find(name).text = text


def entry_links(item: Item) -> Iterator[dict[str, str]]:
    """The links of an Atom entry, attributes in the order in which they are written."""
    if item.link:
        yield {"rel": "alternate", "href": item.link}
    for enclosure in item.enclosures:
        length = str(enclosure.length) if enclosure.length > 0 else ""
        title = enclosure.title
        yield {"rel": "enclosure", "href": enclosure.url, "type": enclosure.type, "length": length, "title": title}
    for extra in item.extras:
        if extra.name == LICENCE:
            yield {"rel": "license", "href": extra.text}
    if item.comments:
        yield {"rel": "replies", "href": item.comments, "type": "text/html"}
    if item.via and (item.via.link or item.via.self_url):
        yield {"rel": "via", "href": item.via.link or item.via.self_url, "title": item.via.title}
    for other in item.others:
        yield {"rel": "related", "href": other.url, "title": other.title}


def _atom_source(source: Element, credit: Credit) -> None:
    """The feed an entry was copied from: id, title and updated belong there whenever they are known (RFC 4287, 4.2.11)."""
    _add_if(source, "id", credit.id or credit.self_url or credit.link)
    _add(source, "title", credit.title or credit.link or credit.self_url)
    if credit.updated:
        _add(source, "updated", rfc3339(credit.updated))
    for name in credit.authors:
        _add(_add(source, "author"), "name", name)
    if credit.link:
        _add(source, "link", rel="alternate", href=credit.link)
    if credit.self_url:
        _add(source, "link", rel="self", href=credit.self_url)
    _add_if(source, "rights", credit.rights)


def _media_content(entry: Element, enclosure: Enclosure) -> None:
    kind = enclosure.type.partition("/")[0]
    content = _add(
        entry,
        f"{{{MEDIA}}}content",
        url=enclosure.url,
        fileSize=str(enclosure.length) if enclosure.length > 0 else "",
        type=enclosure.type,
        medium=kind if kind in _MEDIA_KINDS else "",
        duration=str(enclosure.duration) if enclosure.duration > 0 else "",
    )
    _add_if(content, f"{{{MEDIA}}}title", enclosure.title)


class FeedHubFeed(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """The feed's part. ``head`` is set right after the feed is made."""

    head: Head

    def extend_ns(self) -> dict[str, str]:
        return dict(NAMESPACES)

    def extend_atom(self, feed: Element) -> Element:
        _replace_text(feed, "updated", rfc3339(self.head.updated))
        _mark_archive(feed, self.head)
        for gone in self.head.deleted:
            tomb = etree.SubElement(feed, f"{{{TOMBSTONES}}}deleted-entry", nsmap={"at": TOMBSTONES})
            tomb.set("ref", gone.atom_id)
            tomb.set("when", rfc3339(gone.at))
        return feed

    def extend_rss(self, rss: Element) -> Element:
        channel = rss.find("channel")
        channel.find("link").text = self.head.html_url
        channel.remove(channel.find(f"{{{ATOM}}}link"))
        for attributes in feed_links(self.head, Format.RSS):
            if attributes["rel"] != "alternate" or attributes.get("type") != "text/html":
                _add(channel, f"{{{ATOM}}}link", **attributes)
        channel.find("generator").text = f"{GENERATOR} {self.head.version}".strip()
        _add(channel, "lastBuildDate", rfc822(self.head.updated))
        _mark_archive(channel, self.head)
        return rss


def _mark_archive(feed: Element, head: Head) -> None:
    if head.current:
        etree.SubElement(feed, f"{{{HISTORY}}}archive", nsmap={"fh": HISTORY})


def feed_links(head: Head, format: Format) -> Iterator[dict[str, str]]:
    """The links of a feed: itself, its page, its other formats, its neighbours (RFC 5005), its hubs (WebSub)."""
    yield {"rel": "self", "href": head.self_url, "type": _bare_type(format)}
    yield {"rel": "alternate", "href": head.html_url, "type": "text/html"}
    for other, url in head.alternates.items():
        if url and other is not format:
            yield {"rel": "alternate", "href": url, "type": _bare_type(other)}
    if head.first:
        yield {"rel": "first", "href": head.first}
    if head.next:
        yield {"rel": "next", "href": head.next}
    if head.current:
        yield {"rel": "current", "href": head.current}
    if head.prev_archive:
        yield {"rel": "prev-archive", "href": head.prev_archive}
    for hub in head.hubs:
        yield {"rel": "hub", "href": hub}


def _bare_type(format: Format) -> str:
    return format.media_type.partition(";")[0]
