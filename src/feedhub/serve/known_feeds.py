"""The feeds that exist, read again only after a commit: what directories list and pages may link to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool

from feedhub.model import Feed, FeedKind
from feedhub.ports import Catalogue, Library
from feedhub.serve.addresses import Visibility

MOST = 100_000
"""Feeds of one kind that are read; names beyond it still have their feeds and pages."""
_FRESH = 1.0
"""Seconds for which a commit may go unnoticed here, so that a busy poll does not make every page read everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The public feeds as of a generation of the database."""

    generation: int
    feeds: tuple[Feed, ...]
    index: Mapping[tuple[FeedKind, str], Feed] = field(repr=False)


class KnownFeeds:
    """Belongs to one event loop."""

    def __init__(self, library: Library, catalogue: Catalogue, visibility: Visibility) -> None:
        self._library = library
        self._catalogue = catalogue
        self._visibility = visibility
        self._known: Known | None = None
        self._read_at = 0.0
        self._turn = asyncio.Lock()

    async def now(self) -> Known:
        """The public feeds, at most a second behind the database."""
        async with self._turn:
            time = asyncio.get_running_loop().time()
            if self._known is None or time - self._read_at > _FRESH:
                self._known = await run_in_threadpool(self._read, self._known)
                self._read_at = time
            return self._known

    def _read(self, last: Known | None) -> Known:
        generation = self._catalogue.generation()
        if last is not None and last.generation == generation:
            return last
        feeds = [
            feed
            for kind in self._visibility.kinds
            for feed in self._library.feeds(kind, limit=MOST)
            if self._visibility.is_public(feed)
        ]
        index = {(feed.kind, feed.key): feed for feed in feeds}
        return Known(generation=generation, feeds=tuple(feeds), index=index)
