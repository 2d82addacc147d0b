"""Documents of output feeds: made from stored entries at first need, kept in memory until the feed changes.

::

    outlines of a page -> fragments from memory, from the database, or rendered now -> joined -> ETag -> cache

Only one caller makes a document; others that want the same one wait for it. feedgen runs under one lock.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol
from urllib.parse import quote, urlencode

from feedhub.emit import Renderer, Unrenderable, violations
from feedhub.errors import Unpublishable
from feedhub.logs import get_logger
from feedhub.model import (
    EPOCH,
    OPML_MEDIA_TYPE,
    ContentPolicy,
    Document,
    EntryId,
    Feed,
    Format,
    ServiceEvent,
    SourceChange,
    StoredEntry,
    Tombstone,
)
from feedhub.newest import Before, newest_page, rhythm
from feedhub.ports import Library, Outline, PageLinks, Stock, page_key
from feedhub.prints import DocumentCache, Print, PrintMemory, packed, pieces, unpacked
from feedhub.search.selection import Found, Heading, Searching, Selection, TooCostly
from feedhub.settings import Feeds

CACHE_BYTES = 64_000_000
"""Bodies kept in memory."""
ALL_FEEDS = 10_000_000
"""OPML lists every public feed; the number only fills the port's limit."""
MOST_UNSAVED = 500
"""Fragments that wait to be written to the database: one transaction for many."""
MOST_TROUBLES = 1_000
"""Troubles remembered, the latest."""
MOST_REMADE = 10
"""Times a document is made again because its feed changed meanwhile; commits are slower than that."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Which document of a feed: the newest page, the page below an entry, an archived document."""

    format: Format
    before: Before | None = None
    archive: int = 0
    under: str = ""

    @property
    def newest(self) -> bool:
        return not self.archive and self.before is None


@dataclass(frozen=True, slots=True)
class _Selected:
    """Which page of a selection."""

    heading: Heading
    format: Format
    before: Before | None


_Key = tuple[int, int, _Part]

log = get_logger("press")


class Shelves(Library, Stock, Protocol):
    """What the press reads."""


@dataclass(frozen=True, slots=True)
class _Page:
    entries: Sequence[Outline]
    older: Before | None
    deleted: Sequence[Tombstone] = ()


@dataclass(frozen=True, slots=True)
class _Printed:
    fragments: Sequence[bytes]
    keys: Sequence[bytes]  # of the fragments: id, version and context of their entries
    told: bytes  # the keys of all entries, shown or left out, for the ETag


class Press:
    """Implements :class:`feedhub.ports.Press` and :class:`feedhub.search.selection.SelectionPress`. Safe from any thread.

    :param searching: who finds selections; without it there are none.
    :param hubs: who is named in the newest pages of feeds that may be offered at hubs.
    :param paged: whether documents link to their older pages; a folder of files has none, and its pages end in ``.html``.
    :param cache_bytes: bodies kept in memory, least recently used ones dropped first.
    """

    def __init__(
        self,
        library: Shelves,
        renderer: Renderer,
        feeds: Feeds,
        *,
        searching: Searching | None = None,
        hubs: Sequence[str] = (),
        paged: bool = True,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._stock = library
        self._searching = searching
        self._renderer = renderer
        self._renderers = {policy: renderer.allowing(policy) for policy in ContentPolicy}
        self._feeds = feeds
        self._hubs = tuple(hubs)
        self._paged = paged
        self._page_ending = "" if paged else ".html"
        self._cache = DocumentCache(cache_bytes)
        self._memory = PrintMemory()
        self._unsaved: dict[str, dict[tuple[EntryId, int], bytes]] = {}  # by format name
        self._flights: dict[_Key, threading.Lock] = {}
        self._lock = threading.Lock()
        self._rendering = threading.Lock()
        self._troubles: dict[str, str] = {}

    def document(
        self, feed: Feed, format: Format, before: Before | None = None, under: str = "", *, archive: int = 0
    ) -> Document:
        """The page of a feed that starts below ``before``, or an archived document, in one format.

        :param under: where a private feed lives (``/private/<token>``), so that its links lead to itself.
        :param archive: from 1 to ``feed.archives``; 0 for a page.

        The ETag follows from the head, the renderer and the ordered entries with their versions: equal on every machine
        that reads the same database. Head and entries are of one moment, of a later one than ``feed`` if it changed since.

        :raises feedhub.errors.DatabaseError: from the library.
        :raises feedhub.errors.Unpublishable: it breaks a rule of its format, and there is no earlier one to show.
        """
        key = (feed.id, feed.version, _Part(format, before, archive, under))
        with self._lock:
            document = self._cache.get((key[0], key[2]), key[1])
            if document is not None:
                return document
            flight = self._flights.setdefault(key, threading.Lock())
        with flight:
            return self._landed(key, feed)

    def selected(
        self, selection: Selection, heading: Heading, format: Format, before: Before | None = None
    ) -> Document | TooCostly:
        """The page of a selection that starts below ``before``. What was found decides whether anything is rendered.

        :raises feedhub.errors.DatabaseError: from the library.
        """
        assert self._searching is not None
        found = self._searching.find(selection, self._feeds.size, before)
        if isinstance(found, TooCostly):
            return found
        place = _Selected(heading, format, before)
        with self._lock:
            document = self._cache.get(place, found)
        if document is None:
            document = self._made_selected(selection, place, found)
            with self._lock:
                self._cache.put(place, found, document)
        return document

    def _made_selected(self, selection: Selection, place: _Selected, found: Found) -> Document:
        heading, form = place.heading, place.format
        outlines = self._stock.outlined([hit.id for hit in found.hits])
        updated = _newest_of(outlines)
        links = self._selected_links(heading, form, place.before, found.older)
        by = self._renderers[self._feeds.policy_of(*selection.within)]
        printed = self._printed(outlines, form, by)
        with self._rendering:
            frame = self._renderer.frame_selected(heading, updated, links, form)
        head = frame.around(())
        self._say(f"{heading.path}.{form.value}", "; ".join(violations(head, form)[:3]))
        told = (head, by.format_name(form).encode(), printed.told)
        body = frame.around(printed.fragments)
        return Document(
            body=body, media_type=form.media_type, etag=_etag(*told), modified=updated, rhythm=rhythm(outlines)
        )

    def _selected_links(
        self, heading: Heading, format: Format, before: Before | None, older: Before | None
    ) -> PageLinks:
        site = self._renderer.site.base_url

        def address(ending: str, place: Before | None) -> str:
            more = (("before", page_key(*place)),) if place else ()
            query = urlencode([*heading.parameters, *more], quote_via=quote)
            return f"{site}{heading.path}{ending}" + (f"?{query}" if query else "")

        own = f".{format.value}"
        others = [other for other in self._feeds.formats if other is not format]
        return PageLinks(
            self_url=address(own, before),
            html_url=address("", None) if heading.page else site + "/",
            first=address(own, None) if before or older else "",
            next=address(own, older) if older else "",
            alternates={other: address(f".{other.value}", before) for other in others},
        )

    def opml(self) -> Document:
        """All output feeds that are public."""
        feeds = [feed for feed in self._stock.feeds(limit=ALL_FEEDS) if self._feeds.is_public(feed)]
        modified = max((feed.updated for feed in feeds), default=EPOCH)
        body = self._renderer.opml_of_feeds(feeds, modified if modified > EPOCH else None, self._page_ending)
        return Document(body=body, media_type=OPML_MEDIA_TYPE, etag=_etag(body), modified=modified)

    def changes(self, changes: Sequence[SourceChange], events: Sequence[ServiceEvent] = ()) -> Document:
        """The operator's feed of what happened to the sources and the service. Not kept: few ask for it."""
        with self._rendering:
            body = self._renderer.changes(changes, events)
        for breach in violations(body, Format.ATOM):
            log.warning("document.invalid", feed="/status", format=Format.ATOM.value, breach=breach)
        moments = [*(change.at for change in changes), *(event.at for event in events)]
        modified = max(moments, default=EPOCH)
        return Document(body=body, media_type=Format.ATOM.media_type, etag=_etag(body), modified=modified)

    def troubles(self) -> Mapping[str, str]:
        """What is not published as it should be, and why: documents held back, entries shortened or left out."""
        with self._lock:
            return dict(self._troubles)

    def _landed(self, key: _Key, feed: Feed) -> Document:
        """Runs once for each flight; whoever waited finds the document in the cache.

        A document that breaks our rules never replaces the last good one.
        """
        try:
            with self._lock:
                document = self._cache.get((key[0], key[2]), key[1])
            return document or self._judged(key, feed)
        finally:
            with self._lock:
                self._flights.pop(key, None)

    def _judged(self, key: _Key, feed: Feed) -> Document:
        what = f"{feed.path}.{key[2].format.value}"
        document, reason = self._made_of_one_moment(feed, key[2])
        self._say(what, reason)
        with self._lock:
            if not reason:
                self._cache.put((key[0], key[2]), key[1], document)
                return document
            last = self._cache.last((key[0], key[2]))
        if last is None:
            raise Unpublishable(f"{what} breaks a rule of its format: {reason}.")
        return last

    def _made_of_one_moment(self, feed: Feed, part: _Part) -> tuple[Document, str]:
        """As :meth:`_made`, again while a commit comes between the feed and its entries.

        Else an old head would stand around new entries, and they would be told twice: the next head makes another document.
        """
        made = self._made(feed, part)
        for _ in range(MOST_REMADE):
            now = self._stock.current(feed.id)
            if now is None or now.version <= feed.version:
                break
            feed, made = now, self._made(now, part)
        return made

    def _made(self, feed: Feed, part: _Part) -> tuple[Document, str]:
        """A document, and what our rules have against it ("" when nothing)."""
        form, page = part.format, self._page(feed, part)
        links = self._links(feed, part, page.older)
        updated = _newest_of(page.entries) if part.archive else feed.updated
        by = self._renderers[self._feeds.policy_of(feed)]
        printed = self._printed(page.entries, form, by)
        with self._rendering:
            frame = self._renderer.frame(feed, links, form, deleted=page.deleted, updated=updated)
        head = frame.around(())
        body = frame.around(printed.fragments)
        told = (head, by.format_name(form).encode(), printed.told)
        document = Document(
            body=body,
            media_type=form.media_type,
            etag=_etag(*told),
            modified=updated,
            rhythm=rhythm(page.entries),
            pieces=pieces(printed.keys, printed.fragments, frame) if part.newest else (),
            between=frame.between,
        )
        # The fragments were judged when they were rendered, and no two have one id: what is left is the head.
        return document, "; ".join(violations(head, form)[:3])

    def _say(self, what: str, reason: str) -> None:
        """Remember a trouble, or that it is over; each is logged once."""
        with self._lock:
            before = self._troubles.get(what, "")
            if reason:
                self._troubles[what] = reason
                while len(self._troubles) > MOST_TROUBLES:
                    self._troubles.pop(next(iter(self._troubles)))
            else:
                self._troubles.pop(what, None)
        if reason and reason != before:
            log.warning("publishing.trouble", what=what, reason=reason)

    def _page(self, feed: Feed, part: _Part) -> _Page:
        if part.archive:
            return _Page(self._stock.archive(feed.id, part.archive), None)
        page = newest_page(partial(self._stock.outlines, feed.id), feed, self._feeds, part.before)
        deleted = () if part.before else self._stock.tombstones(feed.id)
        return _Page(page.entries, page.older if self._paged else None, deleted)

    def _printed(self, outlines: Sequence[Outline], form: Format, by: Renderer) -> _Printed:
        """The entries rendered, in their order. What cannot be rendered is left out and told (:meth:`troubles`)."""
        prints = self._recalled(outlines, form, by)
        missing = [one for one in outlines if one.id not in prints]
        if missing:
            prints |= self._rendered(missing, form, by)
        fragments: list[bytes] = []
        shown: list[bytes] = []
        ids: set[str] = set()
        keys = [*map(_key, outlines)]
        for one, key in zip(outlines, keys, strict=True):
            found = prints.get(one.id)  # None: removed since the list was read
            if found is not None and found.id in ids:
                found = self._told_apart(one, form, by)
            if found is not None and found.body:
                fragments.append(found.body)
                shown.append(key)
                ids.add(found.id)
        return _Printed(fragments, shown, b"".join(keys))

    def _recalled(self, outlines: Sequence[Outline], form: Format, by: Renderer) -> dict[EntryId, Print]:
        """What was rendered before: from memory, else from the database."""
        name = by.format_name(form)
        prints = self._memory.recall(name, outlines)
        unknown = [one for one in outlines if one.id not in prints]
        if not unknown:
            return prints
        kept = self._stock.fragments([(one.id, one.version) for one in unknown], name)
        for one in unknown:
            found = unpacked(kept.get((one.id, one.version), b""), one.context)
            if found is not None:
                prints[one.id] = found
                self._memory.keep(name, one, found)
        return prints

    def _rendered(self, missing: Sequence[Outline], form: Format, by: Renderer) -> dict[EntryId, Print]:
        """Fragments made now, which our rules have nothing against. They reach the database with :meth:`flush`."""
        name, outlines = by.format_name(form), {one.id: one for one in missing}
        entries = self._stock.stored(outlines.keys())
        bodies = self._sound(entries, form, by)
        prints: dict[EntryId, Print] = {}
        for entry, body in zip(entries, bodies, strict=True):
            prints[entry.id] = made = Print(id=by.id_of(entry, form), body=body)
            outline = outlines[entry.id]
            if entry.version == outline.version:  # else it was edited since the list was read
                self._memory.keep(name, outline, made)
                if body:
                    self._note_unsaved(name, outline, made)
        return prints

    def _sound(self, entries: Sequence[StoredEntry], form: Format, by: Renderer) -> list[bytes]:
        """Each entry as our rules allow it, b"" for none. They are judged together first: nearly all are sound."""
        with self._rendering:
            drafts = [by.fragment(one, form) for one in entries]
        good = [draft for draft in drafts if isinstance(draft, bytes)]
        if len(good) == len(drafts) and not self._renderer.breaches(good, form):
            for one in entries if self._troubles else ():
                self._say(_entry_in(one, form), "")
            return good
        return [self._mended(entry, draft, form, by) for entry, draft in zip(entries, drafts, strict=True)]

    def _mended(
        self, entry: StoredEntry, draft: bytes | Unrenderable, form: Format, by: Renderer, minted: bool = False
    ) -> bytes:
        """The draft if it is sound, else the entry as a mere link, else b"": nothing is lost that can be told at all."""
        what, reason = _entry_in(entry, form), self._against(draft, form)
        if not reason and isinstance(draft, bytes):
            self._say(what, "")
            return draft
        with self._rendering:
            bare = by.fragment(replace(entry, policy=ContentPolicy.LINK), form, minted=minted)
        if isinstance(bare, bytes) and not self._against(bare, form):
            self._say(what, f"it is published without its text, because {reason}")
            return bare
        self._say(what, f"it is left out, because {reason}")
        return b""

    def _against(self, draft: bytes | Unrenderable, form: Format) -> str:
        if isinstance(draft, Unrenderable):
            return draft.reason
        return "; ".join(self._renderer.breaches([draft], form)[:3])

    def _told_apart(self, outline: Outline, form: Format, by: Renderer) -> Print | None:
        """An entry whose id another one on the page has too (two sources that count from 1): under an id of ours."""
        name = f"{by.format_name(form)} told apart"
        if known := self._memory.recall(name, [outline]):
            return known[outline.id]
        for entry in self._stock.stored([outline.id]):
            with self._rendering:
                draft = by.fragment(entry, form, minted=True)
            made = Print(id=f"entry {entry.id}", body=self._mended(entry, draft, form, by, minted=True))
            if entry.version == outline.version:
                self._memory.keep(name, outline, made)
            return made
        return None

    def _note_unsaved(self, name: str, outline: Outline, made: Print) -> None:
        with self._lock:
            self._unsaved.setdefault(name, {})[outline.id, outline.version] = packed(made, outline.context)
            full = sum(map(len, self._unsaved.values())) >= MOST_UNSAVED
        if full:
            self.flush()

    def flush(self) -> None:
        """Let the database have what was rendered since the last time. Best effort: it can be rendered again."""
        with self._lock:
            unsaved, self._unsaved = self._unsaved, {}
        for name, fragments in unsaved.items():
            self._stock.keep_fragments(fragments, name)

    def _links(self, feed: Feed, part: _Part, older: Before | None) -> PageLinks:
        site, under = self._renderer.site.base_url, part.under
        base = site + under + feed.path
        address = partial(_address, base, before=part.before, archive=part.archive)
        newest, previous = f"{base}.{part.format.value}", 0
        if part.archive or not part.before:
            previous = self._stock.newest_archive(feed.id, part.archive or feed.archives + 1) if feed.archives else 0
        return PageLinks(
            self_url=address(part.format),
            html_url=site + "/" if under else base + self._page_ending,  # a private feed has no page for people
            first=newest if part.before or older else "",
            next=_address(base, part.format, before=older) if older else "",
            current=newest if part.archive else "",
            prev_archive=_address(base, part.format, archive=previous) if previous else "",
            alternates={other: address(other) for other in self._feeds.formats if other is not part.format},
            hubs=() if part.before or part.archive or under or not self._feeds.is_public(feed) else self._hubs,
        )


def _key(one: Outline) -> bytes:
    return b"%d.%d.%b" % (one.id, one.version, one.context)


def _newest_of(outlines: Sequence[Outline]) -> datetime:
    return datetime.fromtimestamp(max((one.updated for one in outlines), default=0), UTC)


def _entry_in(entry: StoredEntry, form: Format) -> str:
    return f"entry {entry.id} in {form.value}"


def _address(base: str, format: Format, *, before: Before | None = None, archive: int = 0) -> str:
    """Paths end in the format; the parts of a feed that are no page of it have paths of their own."""
    path = f"{base}/archive/{archive}" if archive else base
    return f"{path}.{format.value}" + (f"?before={page_key(*before)}" if before else "")


def _etag(*parts: bytes) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return f'"{digest.hexdigest()}"'
