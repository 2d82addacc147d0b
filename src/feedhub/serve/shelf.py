"""Documents ready to send, kept in memory until what they were made of changes.

The design's promise: serving never renders on the request path when nothing changed. Bytes, compressed bytes and tags
are made once, in a thread, one document at a time: rendering holds the interpreter anyway, and feedgen's dates call
``setlocale``, which no two threads may do at once.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool

from feedhub.model import Document
from feedhub.serve.codings import compressed

Messages = tuple[dict[str, Any], dict[str, Any]]
"""An answer as ASGI sends it: its head and its body."""


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Ready:
    """A document with its encodings, smallest first. A strong tag names one sequence of bytes: each has its own."""

    document: Document
    encoded: Mapping[str, bytes] = field(default_factory=dict)
    sent: dict[Hashable, Messages] = field(default_factory=dict, compare=False, repr=False)  # express.py's notes

    def tag(self, coding: str = "") -> str:
        """The entity tag of an encoding: ``"abc"``, ``"abc-gzip"``."""
        return f'{self.document.etag[:-1]}-{coding}"' if coding else self.document.etag

    @property
    def size(self) -> int:
        return len(self.document.body) + sum(map(len, self.encoded.values()))


def make_ready(document: Document) -> Ready:
    """The document, and compressed in every way that makes it smaller."""
    return Ready(document=document, encoded=compressed(document.body))


@dataclass(slots=True)
class ShelfCounts:
    hits: int = 0
    misses: int = 0


def _seen(task: asyncio.Task[Ready]) -> None:
    """Take note of a failure even when everyone who asked has gone: those who stayed get it too."""
    if not task.cancelled():
        task.exception()


class Shelf:
    """Keeps up to ``limit`` bytes of documents; the ones not asked for longest go first.

    Belongs to one event loop. ``stamp`` is what a document was made of: an equal stamp means an equal document.
    """

    def __init__(self, limit: int = 64_000_000) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, tuple[Hashable, Ready]] = OrderedDict()
        self._making: dict[tuple[Hashable, Hashable], asyncio.Task[Ready]] = {}
        self._turn = asyncio.Lock()
        self._bytes = 0
        self.counts = ShelfCounts()

    async def get(self, key: Hashable, stamp: Hashable, make: Callable[[], Document]) -> Ready:
        """The document under ``key``; ``make`` runs in a thread when there is none with this stamp.

        Many who ask at once share one making, and one of them going away does not stop it.
        """
        kept = self._kept.get(key)
        if kept is not None and kept[0] == stamp:
            self._kept.move_to_end(key)
            self.counts.hits += 1
            return kept[1]
        self.counts.misses += 1
        job = (key, stamp)
        if job not in self._making:
            self._making[job] = asyncio.create_task(self._make(key, stamp, make))
            self._making[job].add_done_callback(_seen)
        return await asyncio.shield(self._making[job])

    def touch(self, key: Hashable) -> None:
        """Somebody asked for it."""
        if key in self._kept:
            self._kept.move_to_end(key)

    async def _make(self, key: Hashable, stamp: Hashable, make: Callable[[], Document]) -> Ready:
        try:
            async with self._turn:
                ready = await run_in_threadpool(lambda: make_ready(make()))
            self._keep(key, stamp, ready)
            return ready
        finally:
            del self._making[key, stamp]

    def _keep(self, key: Hashable, stamp: Hashable, ready: Ready) -> None:
        if (old := self._kept.pop(key, None)) is not None:
            self._bytes -= old[1].size
        self._kept[key] = (stamp, ready)
        self._bytes += ready.size
        while self._bytes > self._limit and len(self._kept) > 1:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._bytes -= oldest.size
