"""Documents ready to send, kept in memory until what they were made of changes.

The design's promise: serving never renders on the request path when nothing changed. When so much changes that documents
cannot be made as fast (all sources polled for the first time), readers get the version before and the next is made behind them. Bytes, compressed bytes and tags
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

PATIENCE = 0.1
"""Seconds that readers wait, where they need not, for the documents that are to be made before theirs."""
MOST_BEHIND = 60.0
"""Seconds that a reader's answer may be behind in such a rush; less where its ``Cache-Control`` says less."""
MayLag = Callable[[Document], float]
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


def exactly(_document: Document) -> float:
    """No second behind."""
    return 0.0


def _seen(done: asyncio.Future[Ready]) -> None:
    """Take note of a failure even when everyone who asked has gone: those who stayed get it too."""
    if not done.cancelled():
        done.exception()


@dataclass(slots=True)
class ShelfCounts:
    hits: int = 0
    misses: int = 0
    earlier: int = 0  # of the misses: answered with the version before, while the next was made


@dataclass(slots=True)
class _Kept:
    stamp: Hashable
    ready: Ready
    current_at: float  # of the loop's clock: when it was last known to be what it should be


@dataclass(slots=True)
class _Making:
    """A document that is to be made: the latest that was asked for under its key."""

    key: Hashable
    stamp: Hashable
    make: Callable[[], Document]
    asked_at: float
    done: asyncio.Future[Ready]
    awaited: bool = False  # somebody has no other version to go on with


class Shelf:
    """Keeps up to ``limit`` bytes of documents; the ones not asked for longest go first.

    Belongs to one event loop. ``stamp`` is what a document was made of: an equal stamp means an equal document. Documents
    are made one at a time, those first for which somebody waits; of one that changed again meanwhile only the last.
    """

    def __init__(self, limit: int = 64_000_000, patience: float = PATIENCE) -> None:
        self._limit, self._patience = limit, patience
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._waiting: dict[Hashable, _Making] = {}  # by key, in the order of asking
        self._made: _Making | None = None  # right now
        self._maker: asyncio.Task[None] | None = None
        self._pace = 0.0  # seconds that one takes, lately
        self._bytes = 0
        self.counts = ShelfCounts()

    async def get(
        self, key: Hashable, stamp: Hashable, make: Callable[[], Document], may_lag: MayLag = exactly
    ) -> Ready:
        """The document under ``key``; ``make`` runs in a thread when there is none with this stamp.

        Many who ask at once share one making, and one of them going away does not stop it.

        :param may_lag: for how many seconds a document may be taken for what is current (RFC 9111, 4.2). When others wait for
            more than ``patience`` seconds already, the version before is the answer if it was current no longer ago than that
            and :data:`MOST_BEHIND`; the next is made meanwhile (RFC 5861, 3, done by the origin).
        """
        now, kept = asyncio.get_running_loop().time(), self._kept.get(key)
        if kept is not None and kept.stamp == stamp:
            kept.current_at = now
            self._kept.move_to_end(key)
            self.counts.hits += 1
            return kept.ready
        self.counts.misses += 1
        making = self._begin(key, stamp, make, now)
        if kept is not None and self._is_busy() and self._may_serve(kept, now, may_lag):
            self._kept.move_to_end(key)
            self.counts.earlier += 1
            return kept.ready
        making.awaited = True
        return await asyncio.shield(making.done)

    def has(self, key: Hashable, stamp: Hashable, ready: Ready) -> bool:
        """Whether this is the document with this stamp, and not the version before."""
        kept = self._kept.get(key)
        return kept is not None and kept.stamp == stamp and kept.ready is ready

    def touch(self, key: Hashable) -> None:
        """Somebody asked for it, and it is what it should be."""
        if (kept := self._kept.get(key)) is not None:
            kept.current_at = asyncio.get_running_loop().time()
            self._kept.move_to_end(key)

    def _may_serve(self, kept: _Kept, now: float, may_lag: MayLag) -> bool:
        return now - kept.current_at <= min(MOST_BEHIND, may_lag(kept.ready.document))

    def _is_busy(self) -> bool:
        others = len(self._waiting) - 1 + (self._made is not None)  # whoever asks alone never gets less than the latest
        return others * self._pace > self._patience

    def _begin(self, key: Hashable, stamp: Hashable, make: Callable[[], Document], now: float) -> _Making:
        """The making of this document, that is going on, waits already, or waits from now on."""
        if (made := self._made) is not None and made.key == key and made.stamp == stamp:
            return made
        if (making := self._waiting.get(key)) is None:
            done: asyncio.Future[Ready] = asyncio.get_running_loop().create_future()
            done.add_done_callback(_seen)
            making = self._waiting[key] = _Making(key, stamp, make, now, done)
        making.stamp, making.make, making.asked_at = stamp, make, now
        if self._maker is None:
            self._maker = asyncio.create_task(self._make_all(), name="shelf")
        return making

    async def _make_all(self) -> None:
        try:
            while self._waiting:
                making = next((one for one in self._waiting.values() if one.awaited), None)
                making = making or next(iter(self._waiting.values()))
                self._made = self._waiting.pop(making.key)
                await self._make(making)
        finally:
            self._made = self._maker = None
            for making in self._waiting.values():  # the loop ends
                making.done.cancel()

    async def _make(self, making: _Making) -> None:
        loop = asyncio.get_running_loop()
        began, make = loop.time(), making.make
        try:
            ready = await run_in_threadpool(lambda: make_ready(make()))
        except Exception as error:  # for those who asked
            making.done.set_exception(error)
        except asyncio.CancelledError:
            making.done.cancel()
            raise
        else:
            self._keep(making.key, _Kept(making.stamp, ready, making.asked_at))
            making.done.set_result(ready)
        self._pace += (loop.time() - began - self._pace) / 8

    def _keep(self, key: Hashable, kept: _Kept) -> None:
        if (old := self._kept.pop(key, None)) is not None:
            self._bytes -= old.ready.size
        self._kept[key] = kept
        self._bytes += kept.ready.size
        while self._bytes > self._limit and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.ready.size
