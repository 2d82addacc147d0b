"""Documents of output feeds: made from stored entries at first need, kept in memory until the feed changes.

::

    page of entries -> fragments kept in the database, or rendered now and kept -> joined -> ETag -> cache

Only one caller makes a document; others that want the same one wait for it. feedgen runs under one lock.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from feedhub.emit import Renderer, Unrenderable, context_digest, violations
from feedhub.errors import Unpublishable
from feedhub.logs import get_logger
from feedhub.model import (
    EPOCH,
    OPML_MEDIA_TYPE,
    ContentPolicy,
    Document,
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
MOST_TROUBLES = 1_000
"""Troubles remembered, the latest."""
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
        self._troubles: dict[str, str] = {}

    def document(
        self, feed: Feed, format: Format, before: Before | None = None, under: str = "", *, archive: int = 0
    ) -> Document:
        """The page of a feed that starts below ``before``, or an archived document, in one format.

        :param under: where a private feed lives (``/private/<token>``), so that its links lead to itself.
        :param archive: from 1 to ``feed.archives``; 0 for a page.

        The ETag follows from the head, the renderer and the ordered entries with their versions: equal on every machine
        that reads the same database.

        :raises feedhub.errors.DatabaseError: from the library.
        :raises feedhub.errors.Unpublishable: it breaks a rule of its format, and there is no earlier one to show.
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
                document = self._cache.get(key)
            return document or self._judged(key, feed)
        finally:
            with self._lock:
                self._flights.pop(key, None)

    def _judged(self, key: _Key, feed: Feed) -> Document:
        what = f"{feed.path}.{key[2].format.value}"
        document, reason = self._made(feed, key[2])
        self._say(what, reason)
        with self._lock:
            if not reason:
                self._cache.put(key, document)
                return document
            last = self._cache.last(key)
        if last is None:
            raise Unpublishable(f"{what} breaks a rule of its format: {reason}.")
        return last

    def _made(self, feed: Feed, part: _Part) -> tuple[Document, str]:
        """A document, and what our rules have against it ("" when nothing)."""
        form, page = part.format, self._page(feed, part)
        links = self._links(feed, part, page.older)
        updated = max((one.entry.updated for one in page.entries), default=EPOCH) if part.archive else feed.updated
        printed = self._printed(page.entries, form)
        with self._rendering:
            assemble = partial(
                self._renderer.assemble, feed, links=links, format=form, deleted=page.deleted, updated=updated
            )
            body, head = assemble(printed.fragments), assemble(())
        told = [head, self._renderer.format_name(form).encode()]
        told += printed.told
        document = Document(body=body, media_type=form.media_type, etag=_etag(*told), modified=updated)
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
            return _Page(self._library.archive(feed.id, part.archive), None)
        page = newest_page(self._library, feed, self._feeds, part.before)
        deleted = () if part.before else self._library.tombstones(feed.id)
        return _Page(page.entries, page.older if self._paged else None, deleted)

    def _printed(self, entries: Sequence[StoredEntry], form: Format) -> _Printed:
        """The entries rendered, in their order. What cannot be rendered is left out and told (:meth:`troubles`).

        A kept fragment starts with the digest of what it took from outside its entry; one with another digest is stale.
        """
        name = self._renderer.format_name(form)
        kept = self._library.fragments([(entry.id, entry.version) for entry in entries], name)
        fragments: dict[int, bytes] = {}
        fresh: dict[int, tuple[StoredEntry, bool]] = {}
        told: list[bytes] = []
        for place, (entry, clash) in enumerate(self._clashes(entries, form)):
            key, digest = (entry.id, entry.version), context_digest(entry)
            told.append(b"%d.%d." % key + digest)
            found = kept.get(key, b"")
            if found.startswith(digest) and not clash:
                fragments[place] = found[len(digest) :]
            else:
                fresh[place] = (entry, clash)
        rendered = self._rendered(fresh, form)
        keep = {
            (entry.id, entry.version): context_digest(entry) + rendered[place]
            for place, (entry, clash) in fresh.items()
            if place in rendered and not clash
        }
        if keep:
            self._library.keep_fragments(keep, name)
        fragments |= rendered
        return _Printed([fragments[place] for place in sorted(fragments)], told)

    def _rendered(self, fresh: Mapping[int, tuple[StoredEntry, bool]], form: Format) -> dict[int, bytes]:
        """Fragments that our rules have nothing against, by their places."""
        with self._rendering:
            drafts = {place: self._renderer.fragment(one, form, minted=clash) for place, (one, clash) in fresh.items()}
        sound = {place: draft for place, draft in drafts.items() if isinstance(draft, bytes)}
        if len(sound) == len(fresh) and not self._renderer.breaches(list(sound.values()), form):
            for one, _ in fresh.values() if self._troubles else ():
                self._say(_entry_in(one, form), "")
            return sound
        checked = {place: self._mended(*fresh[place], draft, form) for place, draft in drafts.items()}
        return {place: fragment for place, fragment in checked.items() if fragment}

    def _mended(self, entry: StoredEntry, clash: bool, draft: bytes | Unrenderable, form: Format) -> bytes:
        """The draft if it is sound, else the entry as a mere link, else b"": nothing is lost that can be told at all."""
        what, reason = _entry_in(entry, form), self._against(draft, form)
        if not reason and isinstance(draft, bytes):
            self._say(what, "")
            return draft
        with self._rendering:
            bare = self._renderer.fragment(replace(entry, policy=ContentPolicy.LINK), form, minted=clash)
        if isinstance(bare, bytes) and not self._against(bare, form):
            self._say(what, f"it is published without its text, because {reason}")
            return bare
        self._say(what, f"it is left out, because {reason}")
        return b""

    def _against(self, draft: bytes | Unrenderable, form: Format) -> str:
        if isinstance(draft, Unrenderable):
            return draft.reason
        return "; ".join(self._renderer.breaches([draft], form)[:3])

    def _clashes(self, entries: Sequence[StoredEntry], format: Format) -> Iterator[tuple[StoredEntry, bool]]:
        """Each entry, and whether one before it has the same id (two sources that count from 1)."""
        told: set[str] = set()
        for entry in entries:
            name = self._renderer.id_of(entry, format)
            yield entry, name in told
            told.add(name)

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
    """Least recently used documents, one of each part of a feed, bounded in bytes. Its owner holds a lock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[tuple[int, _Part], tuple[int, Document]] = OrderedDict()

    def get(self, key: _Key) -> Document | None:
        """The document of this version."""
        version, document = self._kept.get((key[0], key[2]), (-1, None))
        if document is None or version != key[1]:
            return None
        self._kept.move_to_end((key[0], key[2]))
        return document

    def last(self, key: _Key) -> Document | None:
        """The document of whatever version was good last."""
        return self._kept.get((key[0], key[2]), (-1, None))[1]

    def put(self, key: _Key, document: Document) -> None:
        place = (key[0], key[2])
        self._drop(place)
        self._kept[place] = (key[1], document)
        self._size += len(document.body) + _OVERHEAD
        while self._size > self._limit and self._kept:
            self._drop(next(iter(self._kept)))

    def _drop(self, place: tuple[int, _Part]) -> None:
        old = self._kept.pop(place, None)
        if old is not None:
            self._size -= len(old[1].body) + _OVERHEAD


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
