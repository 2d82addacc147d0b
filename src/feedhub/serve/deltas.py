"""Only what is new: RFC 3229 with the instance manipulation ``feed``.

A reader that names the version it has (``If-None-Match``) and says ``A-IM: feed`` gets the entries that are new or
changed since, under 226 IM Used. Which entries a version held is remembered by its tag, for as many as there is room. A
version that we do not know any more, as after a restart, is answered with the whole; so is one of which nothing is left,
because between the two there may be entries that stand on neither.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from feedhub.model import Document
from feedhub.serve.conditional import entity_tags, opaque
from feedhub.serve.negotiate import welcomes

MOST_KEYS = 200_000
"""Entries of all remembered versions together, some 100 bytes each."""
_CODING = re.compile(r"-(?:gzip|br|zstd)(?=\"$)")


NO_TASTE = ("feedparser/", "UniversalFeedParser/", "rss2email/")
"""Beginnings of the ``User-Agent`` of those who do not mean it: feedparser says ``A-IM: feed`` in the name of every program that
has it fetch, and such programs (rss2email) take 226 for a failure. They get the whole."""


def takes_deltas(user_agent: str) -> bool:
    """Whether a reader that says ``A-IM: feed`` means it."""
    return not user_agent.startswith(NO_TASTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The version that a reader has: its tag as we gave it, and the keys of its entries."""

    tag: str
    keys: frozenset[bytes]


class Versions:
    """Remembers what documents held, the least recently noted ones are forgotten first. Belongs to one event loop."""

    def __init__(self, most: int = MOST_KEYS) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[Hashable, str], frozenset[bytes]] = OrderedDict()
        self._size = 0

    def note(self, place: Hashable, document: Document) -> None:
        """This is what readers may have from now on. A tag counts at its own ``place`` only."""
        name = (place, document.etag)
        if name in self._kept:
            self._kept.move_to_end(name)
            return
        if not document.pieces:
            return
        self._kept[name] = keys = frozenset(piece.key for piece in document.pieces)
        self._size += len(keys)
        while self._size > self._most:
            self._size -= len(self._kept.popitem(last=False)[1])

    def base(self, place: Hashable, document: Document, manipulations: str, known: str) -> Base | None:
        """The version from which to tell only what is new; None when the whole, or 304, is the answer.

        :param manipulations: the ``A-IM`` of the request.
        :param known: its ``If-None-Match``.
        """
        if not known or not document.pieces or not welcomes(manipulations, "feed"):
            return None
        tags = [_CODING.sub("", opaque(tag)) for tag in entity_tags(known)]
        if document.etag in tags:
            return None
        for tag in tags:
            keys = self._kept.get((place, tag))
            if keys is not None and any(piece.key in keys for piece in document.pieces):
                return Base(tag=tag, keys=keys)
        return None
