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
from functools import partial
from typing import Protocol

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
    Tombstone,
)
from feedhub.newest import Before, newest_page
from feedhub.ports import History, Library, PageLinks, page_key
from feedhub.settings import Feeds

CACHE_BYTES = 64_000_000
"""Bodies kept in memory."""
ALL_FEEDS = 10_000_000
"""OPML lists every public feed; the number only fills the port's limit."""
_OVERHEAD = 500  # bytes a cached document costs besides its body


@dataclass(frozen=True, slots=True)
class _Part:
    """Which document of a feed: the newest page, the page below an entry, an archived document."""

    format: Format
    before: Before | None = None
    archive: int = 0
    under: str = ""


_Key = tuple[int, int, _Part]

log = get_logger("press")


class Shelves(Library, History, Protocol):
    """What documents are made of."""


@dataclass(frozen=True, slots=True)
class _Page:
    entries: Sequence[StoredEntry]
    older: Before | None
    deleted: Sequence[Tombstone] = ()


@dataclass(frozen=True, slots=True)
class _Printed:
    fragments: Sequence[bytes]
    fresh: Sequence[bytes]  # those of them that were rendered just now
    told: Sequence[bytes]  # of each entry, shown or left out: id, version and context, for the ETag


class Press:
    """Implements :class:`feedhub.ports.Press`. Safe from any thread.

    :param paged: whether documents link to their older pages; a folder of files has none, and its pages end in ``.html``.
    :param cache_bytes: bodies kept in memory, least recently used ones dropped first.
    """

    def __init__(
        self, library: Shelves, renderer: Renderer, feeds: Feeds, *, paged: bool = True, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self._library = library
        self._renderer = renderer
        self._feeds = feeds
        self._paged = paged
        self._page_ending = "" if paged else ".html"
        self._private = {path.strip("/") for path in feeds.private}
        self._cache = _Cache(cache_bytes)
        self._flights: dict[_Key, threading.Lock] = {}
        self._lock = threading.Lock()
        self._rendering = threading.Lock()

    def document(
        self, feed: Feed, format: Format, before: Before | None = None, under: str = "", *, archive: int = 0
    ) -> Document:
        """The page of a feed that starts below ``before``, or an archived document, in one format.

        :param under: where a private feed lives (``/private/<token>``), so that its links lead to itself.
        :param archive: from 1 to ``feed.archives``; 0 for a page.

        The ETag follows from the head, the renderer and the ordered entries with their versions: equal on every machine
        that reads the same database.

        :raises feedhub.errors.DatabaseError: from the library.
        """
        key = (feed.id, feed.version, _Part(format, before, archive, under))
        with self._lock:
            document = self._cache.get(key)
            if document is not None:
                return document
            flight = self._flights.setdefault(key, threading.Lock())
        with flight:
            return self._landed(key, feed)

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
                document = self._made(feed, key[2])
                with self._lock:
                    self._cache.put(key, document)
        finally:
            with self._lock:
                self._flights.pop(key, None)
        return document

    def _made(self, feed: Feed, part: _Part) -> Document:
        form, page = part.format, self._page(feed, part)
        links = self._links(feed, part, page.older)
        updated = max((one.entry.updated for one in page.entries), default=EPOCH) if part.archive else feed.updated
        printed = self._printed(page.entries, form)
        with self._rendering:
            assemble = partial(
                self._renderer.assemble, feed, links=links, format=form, deleted=page.deleted, updated=updated
            )
            body, head = assemble(printed.fragments), assemble(())
            fresh = assemble(printed.fresh) if printed.fresh else b""
        for breach in violations(fresh, form) if fresh else ():
            log.warning("document.invalid", feed=feed.path, format=form.value, breach=breach)
        told = [head, self._renderer.format_name(form).encode()]
        told += printed.told
        return Document(body=body, media_type=form.media_type, etag=_etag(*told), modified=updated)

    def _page(self, feed: Feed, part: _Part) -> _Page:
        if part.archive:
            return _Page(self._library.archive(feed.id, part.archive), None)
        page = newest_page(self._library, feed, self._feeds, part.before)
        deleted = () if part.before else self._library.tombstones(feed.id)
        return _Page(page.entries, page.older if self._paged else None, deleted)

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

    def _links(self, feed: Feed, part: _Part, older: Before | None) -> PageLinks:
        site, under = self._renderer.site.base_url, part.under
        base = site + under + feed.path
        address = partial(_address, base, before=part.before, archive=part.archive)
        newest, previous = f"{base}.{part.format.value}", 0
        if part.archive or not part.before:
            previous = self._library.newest_archive(feed.id, part.archive or feed.archives + 1) if feed.archives else 0
        return PageLinks(
            self_url=address(part.format),
            html_url=site + "/" if under else base + self._page_ending,  # a private feed has no page for people
            first=newest if part.before or older else "",
            next=_address(base, part.format, before=older) if older else "",
            current=newest if part.archive else "",
            prev_archive=_address(base, part.format, archive=previous) if previous else "",
            alternates={other: address(other) for other in self._feeds.formats if other is not part.format},
        )

    def _is_public(self, feed: Feed) -> bool:
        shown = feed.kind in self._feeds.kinds and not feed.withdrawn
        return shown and feed.path.strip("/") not in self._private


class _Cache:
    """Least recently used documents, bounded in bytes. Not safe by itself: its owner holds a lock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[_Key, Document] = OrderedDict()

    def get(self, key: _Key) -> Document | None:
        document = self._kept.get(key)
        if document is not None:
            self._kept.move_to_end(key)
        return document

    def put(self, key: _Key, document: Document) -> None:
        self._drop(key)
        self._kept[key] = document
        self._size += len(document.body) + _OVERHEAD
        while self._size > self._limit and self._kept:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: _Key) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self._size -= len(old.body) + _OVERHEAD


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
