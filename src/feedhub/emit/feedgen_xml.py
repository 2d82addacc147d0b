"""Atom and RSS by feedgen: entries one by one, feeds joined from them. With ``feedgen_extension`` its one door.

An entry is rendered alone inside a fixed frame and cut out of it. That a feed joined from such fragments equals
feedgen rendering the whole feed, byte for byte, holds because every document has the same namespaces at its root.
feedgen's own RSS dates change the locale of the whole process, which is not thread-safe: its date fields are left
empty and the extension writes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from feedhub.emit.feedgen_extension import FeedHubEntry, FeedHubFeed, feed_links
from feedhub.emit.head import GENERATOR, Frame, Head
from feedhub.emit.item import Item
from feedhub.emit.links import is_absolute_iri
from feedhub.emit.words import paragraph
from feedhub.model import EPOCH, Enclosure, Format

_TAILS = {Format.ATOM: b"</feed>", Format.RSS: b"</channel></rss>"}
_FRAME = Head(
    id="tag:localhost,2025:frame",
    title="frame",
    description="frame",
    language="en",
    version="",
    updated=EPOCH,
    self_url="http://localhost/",
    html_url="http://localhost/",
    first="",
    next="",
    alternates={},
)


class CannotRender(Exception):
    """feedgen or lxml refused an entry; the message says why."""


def fragment(item: Item, format: Format) -> bytes:
    """One ``<entry>`` or ``<item>``.

    :raises CannotRender: when the library refuses it.
    """
    blank = FRAMES[format]
    try:
        document = whole(_FRAME, [item], format)
    except (ValueError, TypeError, etree.LxmlError) as error:
        raise CannotRender(str(error)) from error
    return document[len(blank.start) : len(document) - len(blank.end)]


def frame(head: Head, format: Format) -> Frame:
    """What stands around the entries: byte for byte what feedgen writes around them."""
    document, tail = whole(head, (), format), _TAILS[format]
    return Frame(start=document.removesuffix(tail), end=tail)


def whole(head: Head, items: Iterable[Item], format: Format) -> bytes:
    """The same document rendered by feedgen in one go; slower, for comparing and for single entries."""
    feed = _feed(head, format)
    for item in items:
        feed.add_entry(_entry(item, format), order="append")
    text: bytes = feed.atom_str() if format is Format.ATOM else feed.rss_str()
    return text


def _feed(head: Head, format: Format) -> Any:
    feed = FeedGenerator()
    feed.register_extension("feedhub", FeedHubFeed, FeedHubEntry)
    feed.feedhub.head = head
    feed.id(head.id)
    feed.title(head.title)
    feed.updated(head.updated)
    # The only way to leave out the date that feedgen writes by changing the locale (feedgen/util.py).
    feed._FeedGenerator__rss_lastBuildDate = None
    feed.link([*feed_links(head, format)])
    feed.description(head.description)
    feed.language(head.language)
    feed.generator(GENERATOR, version=head.version or None)
    return feed


def _entry(item: Item, format: Format) -> Any:
    entry = FeedEntry()
    entry.register_extension("feedhub", FeedHubEntry)
    entry.feedhub.item = item
    entry.title(item.heading if format is Format.ATOM or not (item.body or item.summary) else item.title or None)
    entry.updated(item.updated)
    entry.category(_categories(item, format))
    if format is Format.ATOM:
        _fill_atom(entry, item)
    else:
        _fill_rss(entry, item)
    return entry


def _categories(item: Item, format: Format) -> list[dict[str, str | None]]:
    """In Atom a scheme is an IRI (RFC 4287, 4.2.2.2); the domain of RSS may be any words."""
    told: dict[tuple[str, str], dict[str, str | None]] = {}
    for one in item.categories:
        scheme = one.scheme if format is Format.RSS or is_absolute_iri(one.scheme) else ""
        told.setdefault(
            (one.term, scheme), {"term": one.term, "scheme": scheme or None, "label": one.label or one.term}
        )
    return list(told.values())


def _fill_atom(entry: Any, item: Item) -> None:
    entry.id(item.atom_id)
    entry.published(item.published)
    entry.author([_person(person.name, person.uri) for person in item.authors] or _credited(item))
    entry.contributor([_person(person.name, person.uri) for person in item.contributors])
    if item.link:
        entry.link(href=item.link, rel="alternate")
    # Without a link to follow, Atom asks for content (RFC 4287, 4.1.2).
    body = item.body or ("" if item.link else item.summary or paragraph(item.heading))
    if body:
        entry.content(body, type="html")
    if item.summary and body != item.summary and not (item.body and item.summary_is_ours):
        entry.summary(item.summary, type="html")
    entry.rights(item.rights or None)


def _fill_rss(entry: Any, item: Item) -> None:
    entry.guid(item.plain_id, permalink=item.is_permalink)
    if item.link:
        entry.link(href=item.link, rel="alternate")
    if item.body:
        entry.content(item.body)
    if item.summary:
        entry.summary(item.summary)
    entry.comments(item.comments or None)
    for enclosure in item.enclosures[:1]:
        entry.link(**_enclosure(enclosure))


def _enclosure(enclosure: Enclosure) -> dict[str, str]:
    length = str(max(enclosure.length, 0))
    return {"href": enclosure.url, "rel": "enclosure", "type": enclosure.type, "length": length}


def _person(name: str, uri: str = "") -> dict[str, str]:
    return {"name": name, "uri": uri} if uri else {"name": name}


def _credited(item: Item) -> list[dict[str, str]]:
    """Who answers for an entry that names nobody: its feed's authors, else the feed by its title (RFC 4287, 4.1.2)."""
    names = item.source.authors or (item.source.title or (item.via.title if item.via else "") or GENERATOR,)
    return [_person(name) for name in names]


FRAMES = {each: frame(_FRAME, each) for each in _TAILS}
"""Documents that are beyond reproach themselves, to render and to judge fragments in."""
