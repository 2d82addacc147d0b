"""What the newest page of a feed shows, and where its older pages begin.

So that one loud source does not drown a feed, at most ``feeds.per_source.most`` entries of a source stand on the page
within any ``feeds.per_source.within``, the newest of them. What is passed over is not lost: the older pages begin where
the first entry was passed over, and show everything; so do archived documents and the source's own feed.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from feedhub.model import EntryId, Feed, FeedKind
from feedhub.settings import Feeds

Before = tuple[int, EntryId]

MOST_LOOKED_AT = 20
"""Times the page's size: how deep a page looks for other voices. Beyond that it is shorter rather than slow."""


RHYTHM_OF = 20
"""Entries that say how lively a feed is: what it did lately, not years ago."""


class Placed(Protocol):
    """A member of a feed: a stored entry, or its outline."""

    @property
    def id(self) -> EntryId: ...
    @property
    def sort_key(self) -> int: ...
    @property
    def source_slug(self) -> str: ...


P = TypeVar("P", bound=Placed)
Read = Callable[[int, Before | None], Sequence[P]]
"""At most so many members of a feed below a place, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest(Generic[P]):
    """Entries, newest first. ``older`` asks for the page after them, None when there is nothing left."""

    entries: tuple[P, ...]
    older: Before | None


def newest_page(read: Read[P], feed: Feed, feeds: Feeds, before: Before | None = None) -> Newest[P]:
    """The page below ``before``. Only the first page is capped, and a source's own feed never is.

    :raises feedhub.errors.DatabaseError: from reading.
    """
    if before is not None or not feeds.per_source.most or feed.kind is FeedKind.SOURCE:
        return _plain(read(feeds.size + 1, before), feeds.size)
    return _capped(read, feeds)


def _plain(found: Sequence[P], size: int) -> Newest[P]:
    """One entry more than is shown says whether there is an older page."""
    shown = found[:size]
    return Newest(entries=tuple(shown), older=_place(shown[-1]) if len(found) > len(shown) else None)


def _capped(read: Read[P], feeds: Feeds) -> Newest[P]:
    most, within = feeds.per_source.most, feeds.per_source.within.total_seconds()
    told: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=most))
    shown: list[P] = []
    above: Before | None = None  # the last entry before one was passed over
    for entry in _walk(read, feeds.size):
        if len(shown) == feeds.size:
            return Newest(entries=tuple(shown), older=above or _place(shown[-1]))
        of_source = told[entry.source_slug]
        if len(of_source) == most and of_source[0] - entry.sort_key < within:
            above = above or _place(shown[-1])
        else:
            of_source.append(entry.sort_key)
            shown.append(entry)
    return Newest(entries=tuple(shown), older=above)


def _walk(read: Read[P], size: int) -> Iterator[P]:
    before: Before | None = None
    for _ in range(MOST_LOOKED_AT):
        found = read(size + 1, before)
        yield from found
        if len(found) <= size:
            return
        before = _place(found[-1])


def rhythm(entries: Sequence[Placed]) -> int:
    """Mean seconds between the newest entries of a page, at least 1; 0 where there are fewer than two.

    Made of stored moments alone, so that it is the same on every machine and stays until the page changes.
    """
    moments = [entry.sort_key for entry in entries[:RHYTHM_OF]]
    return max(1, (moments[0] - moments[-1]) // (len(moments) - 1)) if len(moments) > 1 else 0


def _place(entry: Placed) -> Before:
    return entry.sort_key, entry.id
