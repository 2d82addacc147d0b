"""Rendered entries and documents, kept: in memory for what is asked for now, entries in the database for after a restart.

Pure but for a lock.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from feedhub.model import Document, EntryId, Piece
from feedhub.ports import Outline

MEMORY_BYTES = 32_000_000
"""Fragments kept in memory; an entry stands in several feeds, which are asked for soon after one another."""
_OVERHEAD = 300  # bytes a kept fragment costs besides its body
_DOCUMENT = 500  # bytes a kept document costs besides its body
_PIECE = 200  # and for each entry whose place in it is known
_CONTEXT = 8  # bytes of a context digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """One entry in one format, and the id under which it stands there. ``body`` is b"" when no rule allows it."""

    id: str
    body: bytes


def packed(made: Print, context: bytes) -> bytes:
    """As it is kept in the database: context, length of the id, id, fragment."""
    name = made.id.encode("utf-8", "surrogatepass")
    return b"".join((context, len(name).to_bytes(4), name, made.body))


def unpacked(kept: bytes, context: bytes) -> Print | None:
    """What was kept, unless it was made in another context or is none."""
    if len(kept) < _CONTEXT + 4 or kept[:_CONTEXT] != context:
        return None
    end = _CONTEXT + 4 + int.from_bytes(kept[_CONTEXT : _CONTEXT + 4])
    return Print(id=kept[_CONTEXT + 4 : end].decode("utf-8", "surrogatepass"), body=kept[end:])


class PrintMemory:
    """Least recently used fragments, bounded in bytes. Safe from any thread."""

    def __init__(self, limit: int = MEMORY_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[tuple[str, EntryId], tuple[int, bytes, Print]] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, name: str, outlines: Iterable[Outline]) -> dict[EntryId, Print]:
        """Those of these entries that were rendered as they are now."""
        found: dict[EntryId, Print] = {}
        with self._lock:
            for one in outlines:
                kept = self._kept.get((name, one.id))
                if kept is not None and kept[0] == one.version and kept[1] == one.context:
                    self._kept.move_to_end((name, one.id))
                    found[one.id] = kept[2]
        return found

    def keep(self, name: str, outline: Outline, made: Print) -> None:
        """One print of an entry and format: that of another version gives way."""
        with self._lock:
            self._drop((name, outline.id))
            self._kept[name, outline.id] = (outline.version, outline.context, made)
            self._size += len(made.body) + _OVERHEAD
            while self._size > self._limit and self._kept:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[str, EntryId]) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self._size -= len(old[2].body) + _OVERHEAD


class Frame(Protocol):
    """What stands around the fragments of a document."""

    @property
    def start(self) -> bytes: ...
    @property
    def between(self) -> bytes: ...


def pieces(keys: Sequence[bytes], fragments: Sequence[bytes], frame: Frame) -> tuple[Piece, ...]:
    """Where fragments stand in the document that a frame makes of them."""
    place, found = len(frame.start), []
    for key, fragment in zip(keys, fragments, strict=True):
        found.append(Piece(key, place, place + len(fragment)))
        place += len(fragment) + len(frame.between)
    return tuple(found)


class DocumentCache:
    """Least recently used documents, one for each place, bounded in bytes. Its owner holds a lock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[Hashable, tuple[Hashable, Document]] = OrderedDict()

    def get(self, place: Hashable, version: Hashable) -> Document | None:
        """The document of this version."""
        kept, document = self._kept.get(place, (None, None))
        if document is None or kept != version:
            return None
        self._kept.move_to_end(place)
        return document

    def last(self, place: Hashable) -> Document | None:
        """The document of whatever version was good last."""
        return self._kept.get(place, (None, None))[1]

    def put(self, place: Hashable, version: Hashable, document: Document) -> None:
        self._drop(place)
        self._kept[place] = (version, document)
        self._size += _cost(document)
        while self._size > self._limit and self._kept:
            self._drop(next(iter(self._kept)))

    def _drop(self, place: Hashable) -> None:
        old = self._kept.pop(place, None)
        if old is not None:
            self._size -= _cost(old[1])


def _cost(document: Document) -> int:
    return len(document.body) + _DOCUMENT + _PIECE * len(document.pieces)
