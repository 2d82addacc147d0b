"""Documents of output feeds: made from stored entries at first need, kept in memory until the feed changes.

::

    page of entries -> fragments kept in the database, or rendered now and kept -> joined -> ETag -> cache

Only one caller makes a document; others that want the same one wait for it. feedgen runs under one lock.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from feedhub.emit import Renderer, Unrenderable, context_digest, violations
from feedhub.logs import get_logger
from feedhub.model import (
    EPOCH,
    OPML_MEDIA_TYPE,
    Document,
    EntryId,
    Feed,
    Format,
    ServiceEvent,
    SourceChange,
    StoredEntry,
)
from feedhub.ports import Library, PageLinks, page_key
from feedhub.search.selection import Found, Heading, Searching, Selection, TooCostly
from feedhub.settings import Feeds

CACHE_BYTES = 64_000_000
"""Bodies kept in memory."""
ALL_FEEDS = 10_000_000
"""OPML lists every public feed; the number only fills the port's limit."""
_OVERHEAD = 500  # bytes a cached document costs besides its body

Before = tuple[int, EntryId]
_Key = tuple[int, int, Format, Before | None, str]
_SelectedKey = tuple[Heading, Format, Before | None, Found]

log = get_logger("press")


@dataclass(frozen=True, slots=True)
class _Page:
    entries: Sequence[StoredEntry]
    next: Before | None


@dataclass(frozen=True, slots=True)
class _Printed:
    fragments: Sequence[bytes]
    fresh: Sequence[bytes]  # those of them that were rendered just now
    told: Sequence[bytes]  # of each entry, shown or left out: id, version and context, for the ETag


class Press:
    """Implements :class:`feedhub.ports.Press` and :class:`feedhub.search.selection.SelectionPress`. Safe from any thread.

    :param searching: who finds selections; without it there are none.
    :param paged: whether documents link to their older pages; a folder of files has none, and its pages end in ``.html``.
    :param cache_bytes: bodies kept in memory, least recently used ones dropped first.
    """

    def __init__(
        self,
        library: Library,
        renderer: Renderer,
        feeds: Feeds,
        *,
        searching: Searching | None = None,
        paged: bool = True,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._library = library
        self._searching = searching
        self._renderer = renderer
        self._feeds = feeds
        self._paged = paged
        self._page_ending = "" if paged else ".html"
        self._private = {path.strip("/") for path in feeds.private}
        self._cache = _Cache(cache_bytes)
        self._flights: dict[_Key, threading.Lock] = {}
        self._lock = threading.Lock()
        self._rendering = threading.Lock()

    def document(self, feed: Feed, format: Format, before: Before | None = None, under: str = "") -> Document:
        """The page of a feed that starts below ``before``, in one format.

        :param under: where a private feed lives (``/private/<token>``), so that its links lead to itself.

        The ETag follows from the head, the renderer and the ordered entries with their versions: equal on every machine
        that reads the same database.

        :raises feedhub.errors.DatabaseError: from the library.
        """
        key = (feed.id, feed.version, format, before, under)
        with self._lock:
            document = self._cache.get(key)
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
        key = (heading, format, before, found)
        with self._lock:
            document = self._cache.get(key)
        if document is None:
            document = self._made_selected(heading, format, before, found, self._searching)
            with self._lock:
                self._cache.put(key, document)
        return document

    def _made_selected(
        self, heading: Heading, format: Format, before: Before | None, found: Found, searching: Searching
    ) -> Document:
        entries = searching.load(found.hits)
        printed = self._printed(entries, format)
        updated = max((entry.entry.updated for entry in entries), default=EPOCH)
        links = self._selected_links(heading, format, before, found.older)
        with self._rendering:
            body = self._renderer.assemble_selected(heading, updated, printed.fragments, links, format)
            head = self._renderer.assemble_selected(heading, updated, (), links, format)
            fresh = self._renderer.assemble_selected(heading, updated, printed.fresh, links, format)
        for breach in violations(fresh, format) if printed.fresh else ():
            log.warning("document.invalid", feed=heading.path, format=format.value, breach=breach)
        told = [head, self._renderer.format_name(format).encode(), *printed.told]
        return Document(body=body, media_type=format.media_type, etag=_etag(*told), modified=updated)

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
        feeds = [feed for feed in self._library.feeds(limit=ALL_FEEDS) if self._is_public(feed)]
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

    def _landed(self, key: _Key, feed: Feed) -> Document:
        """Runs once for each flight; whoever waited finds the document in the cache."""
        with self._lock:
            document = self._cache.get(key)
        try:
            if document is None:
                document = self._made(feed, *key[2:])
                with self._lock:
                    self._cache.put(key, document)
        finally:
            with self._lock:
                self._flights.pop(key, None)
        return document

    def _made(self, feed: Feed, format: Format, before: Before | None, under: str) -> Document:
        page = self._page(feed, before)
        links = self._links(feed, format, before, page.next, under)
        printed = self._printed(page.entries, format)
        with self._rendering:
            body = self._renderer.assemble(feed, printed.fragments, links, format)
            head = self._renderer.assemble(feed, (), links, format)
            fresh = self._renderer.assemble(feed, printed.fresh, links, format) if printed.fresh else b""
        for breach in violations(fresh, format) if fresh else ():
            log.warning("document.invalid", feed=feed.path, format=format.value, breach=breach)
        told = [head, self._renderer.format_name(format).encode()]
        told += printed.told
        return Document(body=body, media_type=format.media_type, etag=_etag(*told), modified=feed.updated)

    def _page(self, feed: Feed, before: Before | None) -> _Page:
        """One entry more than is shown says whether there is an older page."""
        entries = self._library.page(feed.id, self._feeds.size + 1, before)
        shown = entries[: self._feeds.size]
        older = self._paged and len(entries) > len(shown)
        return _Page(shown, (shown[-1].sort_key, shown[-1].id) if older else None)

    def _printed(self, entries: Sequence[StoredEntry], format: Format) -> _Printed:
        """The entries rendered, in their order. Those that cannot be rendered are left out and logged.

        A kept fragment starts with the digest of what it took from outside its entry; one with another digest is stale.
        """
        name = self._renderer.format_name(format)
        kept = self._library.fragments([(entry.id, entry.version) for entry in entries], name)
        fragments: list[bytes] = []
        rendered: dict[tuple[EntryId, int], bytes] = {}
        fresh: list[bytes] = []
        told: list[bytes] = []
        for entry, clash in self._clashes(entries, format):
            key, digest = (entry.id, entry.version), context_digest(entry)
            told.append(b"%d.%d." % key + digest)
            found = kept.get(key, b"")
            if found.startswith(digest) and not clash:
                fragments.append(found[len(digest) :])
            elif fragment := self._render(entry, format, clash):
                fragments.append(fragment)
                fresh.append(fragment)
                if not clash:
                    rendered[key] = digest + fragment
        if rendered:
            self._library.keep_fragments(rendered, name)
        return _Printed(fragments, fresh, told)

    def _clashes(self, entries: Sequence[StoredEntry], format: Format) -> Iterator[tuple[StoredEntry, bool]]:
        """Each entry, and whether one before it has the same id (two sources that count from 1)."""
        told: set[str] = set()
        for entry in entries:
            name = self._renderer.id_of(entry, format)
            yield entry, name in told
            told.add(name)

    def _render(self, entry: StoredEntry, format: Format, clash: bool) -> bytes:
        """A fragment, b"" when there can be none. ``clash``: an entry before it on the page has the same id."""
        with self._rendering:
            fragment = self._renderer.fragment(entry, format, minted=clash)
        if isinstance(fragment, Unrenderable):
            log.warning("entry.left_out", entry=entry.id, format=format.value, reason=fragment.reason)
            return b""
        return fragment

    def _links(self, feed: Feed, format: Format, before: Before | None, older: Before | None, under: str) -> PageLinks:
        site, query = self._renderer.site.base_url, f"?before={page_key(*before)}" if before else ""
        base = site + under + feed.path
        newest = f"{base}.{format.value}"
        return PageLinks(
            self_url=newest + query,
            html_url=site + "/" if under else base + self._page_ending,  # a private feed has no page for people
            first=newest if before or older else "",
            next=f"{newest}?before={page_key(*older)}" if older else "",
            alternates={other: f"{base}.{other.value}{query}" for other in self._feeds.formats if other is not format},
        )

    def _is_public(self, feed: Feed) -> bool:
        shown = feed.kind in self._feeds.kinds and not feed.withdrawn
        return shown and feed.path.strip("/") not in self._private


class _Cache:
    """Least recently used documents, bounded in bytes. Not safe by itself: its owner holds a lock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[_Key | _SelectedKey, Document] = OrderedDict()

    def get(self, key: _Key | _SelectedKey) -> Document | None:
        document = self._kept.get(key)
        if document is not None:
            self._kept.move_to_end(key)
        return document

    def put(self, key: _Key | _SelectedKey, document: Document) -> None:
        self._drop(key)
        self._kept[key] = document
        self._size += len(document.body) + _OVERHEAD
        while self._size > self._limit and self._kept:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: _Key | _SelectedKey) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self._size -= len(old.body) + _OVERHEAD


def _etag(*parts: bytes) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return f'"{digest.hexdigest()}"'
