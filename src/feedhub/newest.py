"""What the newest page of a feed shows, and where its older pages begin.

So that one loud source does not drown a feed, at most ``feeds.per_source.most`` entries of a source stand on the page
within any ``feeds.per_source.within``, the newest of them. What is passed over is not lost: the older pages begin where
the first entry was passed over, and show everything; so do archived documents and the source's own feed.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from feedhub.model import EntryId, Feed, FeedKind, StoredEntry
from feedhub.ports import Library
from feedhub.settings import Feeds

Before = tuple[int, EntryId]

MOST_LOOKED_AT = 20
"""Times the page's size: how deep a page looks for other voices. Beyond that it is shorter rather than slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """Entries, newest first. ``older`` asks for the page after them, None when there is nothing left."""

    entries: tuple[StoredEntry, ...]
    older: Before | None


def newest_page(library: Library, feed: Feed, feeds: Feeds, before: Before | None = None) -> Newest:
    """The page below ``before``. Only the first page is capped, and a source's own feed never is.

    :raises feedhub.errors.DatabaseError: from the library.
    """
    if before is not None or not feeds.per_source.most or feed.kind is FeedKind.SOURCE:
        return _plain(library.page(feed.id, feeds.size + 1, before), feeds.size)
    return _capped(library, feed, feeds)


def _plain(found: list[StoredEntry], size: int) -> Newest:
    """One entry more than is shown says whether there is an older page."""
    shown = found[:size]
    return Newest(entries=tuple(shown), older=_place(shown[-1]) if len(found) > len(shown) else None)


def _capped(library: Library, feed: Feed, feeds: Feeds) -> Newest:
    most, within = feeds.per_source.most, feeds.per_source.within.total_seconds()
    told: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=most))
    shown: list[StoredEntry] = []
    above: Before | None = None  # the last entry before one was passed over
    for entry in _walk(library, feed, feeds.size):
        if len(shown) == feeds.size:
            return Newest(entries=tuple(shown), older=above or _place(shown[-1]))
        of_source = told[entry.source_slug]
        if len(of_source) == most and of_source[0] - entry.sort_key < within:
            above = above or _place(shown[-1])
        else:
            of_source.append(entry.sort_key)
            shown.append(entry)
    return Newest(entries=tuple(shown), older=above)


def _walk(library: Library, feed: Feed, size: int) -> Iterator[StoredEntry]:
    before: Before | None = None
    for _ in range(MOST_LOOKED_AT):
        found = library.page(feed.id, size + 1, before)
        yield from found
        if len(found) <= size:
            return
        before = _place(found[-1])


def _place(entry: StoredEntry) -> Before:
    return entry.sort_key, entry.id
