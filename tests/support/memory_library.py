"""A working library in memory: what the press reads, without a database."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence

from feedhub.model import EntryId, Feed, FeedId, FeedKind, StoredEntry, Tombstone
from feedhub.ports import Outline, Redirected
from support.published import outline_of


class MemoryLibrary:
    """Implements :class:`feedhub.ports.Library`. Counts what was asked of it."""

    def __init__(self, *feeds: Feed) -> None:
        self.known = list(feeds)
        self.entries: dict[FeedId, list[StoredEntry]] = {feed.id: [] for feed in feeds}
        self.kept: dict[tuple[str, EntryId, int], bytes] = {}
        self.buried: dict[FeedId, list[Tombstone]] = {}
        self.pages = 0
        self.read = 0  # entries read with everything
        self.kept_times = 0
        self._lock = threading.Lock()

    def feed(self, kind: FeedKind, slug: str) -> Feed | Redirected | None:
        return next((feed for feed in self.known if (feed.kind, feed.slug) == (kind, slug)), None)

    def feeds(self, kind: FeedKind | None = None, *, limit: int = 10_000) -> list[Feed]:
        chosen = [feed for feed in self.known if not feed.withdrawn and kind in {None, feed.kind}]
        return sorted(chosen, key=lambda feed: (feed.kind, feed.title))[:limit]

    def page(self, feed: FeedId, limit: int, before: tuple[int, EntryId] | None = None) -> list[StoredEntry]:
        with self._lock:
            self.pages += 1
        newest = sorted(self.entries[feed], key=lambda entry: (entry.sort_key, entry.id), reverse=True)
        return [entry for entry in newest if before is None or (entry.sort_key, entry.id) < before][:limit]

    def current(self, feed: FeedId) -> Feed | None:
        return next((one for one in self.known if one.id == feed), None)

    def outlines(self, feed: FeedId, limit: int, before: tuple[int, EntryId] | None = None) -> list[Outline]:
        return [outline_of(one) for one in self.page(feed, limit, before)]

    def outlined(self, wanted: Sequence[EntryId]) -> list[Outline]:
        found = {one.id: one for one in self.stored(wanted)}
        return [outline_of(found[entry]) for entry in wanted if entry in found]

    def stored(self, wanted: Collection[EntryId]) -> list[StoredEntry]:
        found = [one for listed in self.entries.values() for one in listed if one.id in wanted]
        self.read += len(found)
        return found

    def archive(self, feed: FeedId, number: int) -> list[Outline]:
        """Pages of two, counted from the oldest."""
        oldest = sorted(self.entries[feed], key=lambda one: (one.sort_key, one.id))
        return [outline_of(one) for one in oldest[2 * number - 2 : 2 * number][::-1]]

    def newest_archive(self, feed: FeedId, below: int) -> int:
        return min(below - 1, len(self.entries[feed]) // 2)

    def tombstones(self, feed: FeedId) -> list[Tombstone]:
        return self.buried.get(feed, [])

    def fragments(self, entries: Iterable[tuple[EntryId, int]], format: str) -> Mapping[tuple[EntryId, int], bytes]:
        return {key: self.kept[format, *key] for key in entries if (format, *key) in self.kept}

    def keep_fragments(self, rendered: Mapping[tuple[EntryId, int], bytes], format: str) -> None:
        with self._lock:
            self.kept_times += 1
            self.kept.update({(format, *key): fragment for key, fragment in rendered.items()})
