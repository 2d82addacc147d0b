"""The renderer: one place that knows every format. Pure, but for feedgen's trees."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from feedhub.emit import feedgen_xml, identity, json_feed
from feedhub.emit.changes import Happening, happening_item, happenings_head
from feedhub.emit.head import Frame, Head, SiteInfo, head_of, selected_head
from feedhub.emit.item import effective_policy, item_of
from feedhub.emit.opml import Outline, opml
from feedhub.emit.rules import violations
from feedhub.model import (
    ContentPolicy,
    EntryId,
    Feed,
    FeedKind,
    Format,
    ServiceEvent,
    SourceChange,
    StoredEntry,
    Tombstone,
)
from feedhub.ports import PageLinks
from feedhub.search.selection import Heading
from feedhub.settings import Feeds, Source

VERSION = 2
"""Grows whenever the bytes of a fragment or head change for the same input; kept fragments of older ones are not used."""
_FOLDERS = {
    FeedKind.ALL: "",
    FeedKind.TOPIC: "Topics",
    FeedKind.AUTHOR: "Authors",
    FeedKind.CATEGORY: "Categories",
    FeedKind.SOURCE: "Sources",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrenderable:
    """An entry that no document can carry. It is left out and reported; it never takes a feed down with it."""

    entry: EntryId
    reason: str


class Renderer:
    """Turns stored entries into fragments, and fragments into documents. Same input, same bytes, on every machine.

    It holds no state but its settings, takes no clock, and may be called from several threads.
    """

    def __init__(self, site: SiteInfo, feeds: Feeds) -> None:
        self.site = site
        self.feeds = feeds
        shaped = f"{identity.authority(site.base_url)} {feeds.summary_length}".encode()
        self._shape = hashlib.blake2b(shaped, digest_size=4).hexdigest()

    def allowing(self, most: ContentPolicy) -> Renderer:
        """The same, under another policy for ``feeds``."""
        return Renderer(self.site, self.feeds.model_copy(update={"content": most}))

    def format_name(self, format: Format) -> str:
        """The name under which fragments are kept: ``atom:1:full:5f0c33aa``.

        It holds all that fragments depend on besides the entry: renderer, policy, and (as a digest) the host in minted
        ids and the length of summaries.
        """
        return f"{format.value}:{VERSION}:{self.feeds.content.value}:{self._shape}"

    def fragment(self, entry: StoredEntry, format: Format, *, minted: bool = False) -> bytes | Unrenderable:
        """One entry in one format, under the stricter of its own content policy and that of ``feeds``.

        Never raises for what an entry holds. ``minted`` gives it an id of ours although it has one: for a page on which
        another entry has the same.
        """
        base_url, most, length = self.site.base_url, self.feeds.content, self.feeds.summary_length
        try:
            item = item_of(entry, base_url=base_url, most=most, summary_length=length, minted=minted)
            if format is Format.JSON:
                return json_feed.fragment(item, length)
            return feedgen_xml.fragment(item, format)
        except (feedgen_xml.CannotRender, ValueError) as error:
            return Unrenderable(entry=entry.id, reason=str(error))

    def breaches(self, fragments: Sequence[bytes], format: Format) -> list[str]:
        """What our rules (:func:`feedhub.emit.violations`) have against these fragments, whatever feed they stand in."""
        if format is Format.JSON:
            return violations(json_feed.BLANK.around(fragments), format)
        return violations(feedgen_xml.FRAMES[format].around(fragments), format)

    def id_of(self, entry: StoredEntry, format: Format) -> str:
        """The id that :meth:`fragment` writes."""
        name = identity.atom_id if format is Format.ATOM else identity.plain_id
        return name(entry, self.site.base_url)

    def policy_of(self, entry: StoredEntry) -> ContentPolicy:
        return effective_policy(entry.policy, self.feeds.content)

    def frame(
        self,
        feed: Feed,
        links: PageLinks,
        format: Format,
        *,
        deleted: Sequence[Tombstone] = (),
        updated: datetime | None = None,
    ) -> Frame:
        """What stands around the entries of a document.

        :param deleted: what was withdrawn of late; RSS has no words for it.
        :param updated: of an archived document, which is older than its feed.
        """
        return _framed(head_of(feed, links, self.site, deleted=deleted, updated=updated), format)

    def assemble(self, feed: Feed, fragments: Sequence[bytes], links: PageLinks, format: Format) -> bytes:
        """A whole document. Byte-identical to rendering its entries in one go."""
        return self.frame(feed, links, format).around(fragments)

    def frame_selected(self, heading: Heading, updated: datetime, links: PageLinks, format: Format) -> Frame:
        """What stands around the entries of a feed that is asked for and not stored."""
        return _framed(selected_head(heading, updated, links, self.site), format)

    def changes(self, changes: Sequence[SourceChange], events: Sequence[ServiceEvent] = ()) -> bytes:
        """What happened to the sources and the service, newest first, as Atom for the operator alone."""
        told: list[Happening] = sorted([*changes, *events], key=lambda one: (one.at, one.number), reverse=True)
        items = [happening_item(one, self.site) for one in told]
        return feedgen_xml.whole(happenings_head(told, self.site), items, Format.ATOM)

    def opml_of_feeds(self, feeds: Sequence[Feed], modified: datetime | None, page_ending: str = "") -> bytes:
        """The output feeds, in a folder for each kind, in the first format that is emitted (Atom, RSS, JSON Feed)."""
        ending = next((each for each in Format if each in self.feeds.formats), Format.ATOM)
        base_url = self.site.base_url
        outlines = [
            Outline(
                text=feed.title or feed.slug,
                xml_url=f"{base_url}{feed.path}.{ending.value}",
                html_url=base_url + feed.path + page_ending,
                folder=_FOLDERS[feed.kind],
            )
            for feed in feeds
        ]
        return opml(self.site.title, outlines, modified)

    def opml_of_sources(self, sources: Sequence[Source], modified: datetime | None) -> bytes:
        """The sources that are polled. Credentials in a URL are taken out of it."""
        outlines = [
            Outline(text=source.name or source.slug, xml_url=_without_credentials(source.url), language=source.language)
            for source in sources
            if source.enabled
        ]
        return opml(f"{self.site.title} – sources", outlines, modified)


def _framed(head: Head, format: Format) -> Frame:
    return json_feed.frame(head) if format is Format.JSON else feedgen_xml.frame(head, format)


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
