"""Searching and narrowing: :class:`feedhub.search.selection.Searching`.

A page is found by walking something that is in the order of all feeds, newest first, and asking of each entry whether the
rest of the selection holds. What is walked is what promises the shortest way: the hits in the index, or the list of the
smallest feed. A bounded number of entries is looked at for a page, so that its cost is bounded whatever is asked.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, func, or_, select, text, tuple_, union_all
from sqlalchemy.exc import OperationalError

from feedhub.errors import DatabaseBusy
from feedhub.model import EntryId, Feed, FeedKind, StoredEntry
from feedhub.search.match import Wanted, wanted
from feedhub.search.selection import Found, Hit, IndexState, Place, Selection, TooCostly
from feedhub.store.base import Side
from feedhub.store.reading import FULL, load
from feedhub.store.rows import feed_of
from feedhub.store.search_index import index_border, index_state, key_of, place_before, place_of
from feedhub.store.statements import chunks
from feedhub.store.tables import counters, entries, feeds, memberships, sources
from feedhub.store.text_search import START, TextSearch, text_search

MOST_LOOKED_AT = 10_000
"""Entries that are looked at for one page."""
TIME_LIMIT = 2.0
"""Seconds for one page: the last net under the bound above."""
_FEW = 1_000
"""Up to so many hits are all looked at, and a feed of so few is walked rather than the hits of common words."""
_FIRST, _MOST_AT_ONCE = 128, 2_000
_SPARSE = 100
"""A feed that holds less than this part of all entries is walked rather than the hits of common words."""


class Finding(Side):
    """The part of the store that is searched."""

    def find(self, selection: Selection, limit: int, before: Place | None = None) -> Found | TooCostly:
        with self.reading() as connection:
            try:
                with _limited(connection, TIME_LIMIT):
                    return _Search(connection, selection).page(limit, before)
            except _TimeIsUp:
                return TooCostly()

    def load(self, hits: Sequence[Hit]) -> list[StoredEntry]:
        places = {hit.id: place for place, hit in enumerate(hits)}
        found: list[StoredEntry] = []
        with self.reading() as connection:
            for some in chunks(places):
                found += load(connection, FULL.where(entries.c.id.in_(some)))
        return sorted(found, key=lambda entry: places[entry.id])

    def named(self, kind: FeedKind, names: Sequence[str]) -> Feed | None:
        query = select(feeds).where(feeds.c.kind == kind.value, ~feeds.c.withdrawn).order_by(feeds.c.id).limit(1)
        with self.reading() as connection:
            # Titles have no index. Of authors and categories there are many, and their keys are their names.
            by_title = kind in {FeedKind.TOPIC, FeedKind.SOURCE}
            for column in (feeds.c.key, feeds.c.title) if by_title else (feeds.c.key,):
                row = connection.execute(query.where(column.in_(names))).mappings().first()
                if row is not None:
                    return feed_of(row)
        return None

    def index_mark(self) -> int:
        with self.reading() as connection:
            return index_border(connection)

    def index_state(self) -> IndexState:
        with self.reading() as connection:
            return index_state(connection)


class _TimeIsUp(Exception):
    """Stays in this module."""


@contextmanager
def _limited(connection: Connection, seconds: float) -> Iterator[None]:
    """Stop the database's work after so long, also in the midst of a statement."""
    if connection.dialect.name != "sqlite":
        connection.execute(text(f"SET LOCAL statement_timeout = {int(seconds * 1000)}"))
        connection.execute(text("SET LOCAL enable_seqscan = off"))  # reads every document
        try:
            yield
        except DatabaseBusy as error:
            raise _TimeIsUp from error
        return
    with _interrupting(connection, seconds):
        try:
            yield
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
                raise _TimeIsUp from error
            raise


@contextmanager
def _interrupting(connection: Connection, seconds: float) -> Iterator[None]:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    turn = threading.Lock()
    over = False

    def interrupt() -> None:
        with turn:
            if not over:  # else it would hit whoever uses the connection next
                raw.interrupt()

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with turn:
            over = True
        timer.cancel()


# ---------------------------------------------------------------- walking


@dataclass(frozen=True, slots=True)
class _Steps:
    """Entries in order; ``until`` is where the next ones begin, None at the end."""

    keys: Sequence[Place]
    until: Place | None
    looked_at: int


class _Walk(Protocol):
    def next(self, before: Place | None, number: int) -> _Steps: ...


class _HitWalk:
    def __init__(self, search: TextSearch) -> None:
        self._search = search

    def next(self, before: Place | None, number: int) -> _Steps:
        stretch = self._search.hits(place_before(*before) if before else START, number)
        until = None if stretch.until is None else key_of(stretch.until)
        return _Steps([key_of(place) for place in stretch.places], until, stretch.looked_at)


class _FeedWalk:
    """Both ranges of a feed's list, shown and hidden: which entry of a story is shown is decided here anew."""

    def __init__(self, connection: Connection, feed: Feed) -> None:
        self._connection = connection
        self._feed = feed

    def next(self, before: Place | None, number: int) -> _Steps:
        order = (memberships.c.sort_key.desc(), memberships.c.entry_id.desc())
        base = select(memberships.c.sort_key, memberships.c.entry_id).where(memberships.c.feed_id == self._feed.id)
        if before is not None:
            base = base.where(tuple_(memberships.c.sort_key, memberships.c.entry_id) < before)
        ranges = [base.where(memberships.c.hidden.is_(side)).order_by(*order).limit(number) for side in (False, True)]
        both = union_all(*(select(one.subquery()) for one in ranges)).subquery()
        query = select(both).order_by(both.c.sort_key.desc(), both.c.entry_id.desc()).limit(number)
        keys = [(row.sort_key, EntryId(row.entry_id)) for row in self._connection.execute(query)]
        return _Steps(keys, keys[-1] if len(keys) == number else None, len(keys))


class _EntryWalk:
    """All that is stored."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next(self, before: Place | None, number: int) -> _Steps:
        query = select(entries.c.sort_key, entries.c.id).order_by(entries.c.sort_key.desc(), entries.c.id.desc())
        if before is not None:
            query = query.where(tuple_(entries.c.sort_key, entries.c.id) < before)
        keys = [(row.sort_key, EntryId(row.id)) for row in self._connection.execute(query.limit(number))]
        return _Steps(keys, keys[-1] if len(keys) == number else None, len(keys))


# ---------------------------------------------------------------- one page


class _Search:
    """One question within one state of the database."""

    def __init__(self, connection: Connection, selection: Selection) -> None:
        self._connection = connection
        self._selection = selection
        asked = wanted(selection.clauses)
        self._texts = text_search(connection, asked) if asked != Wanted() else None
        self._walk, self._walked = self._way(asked)
        self._guarded = self._guarded_owners()

    def _way(self, asked: Wanted) -> tuple[_Walk, Feed | None]:
        """What to walk, and the feed whose list that is."""
        if not self._selection.within:
            walk = _HitWalk(self._texts) if self._texts is not None and asked.present else _EntryWalk(self._connection)
            return walk, None
        smallest = min(self._selection.within, key=lambda feed: (feed.size, feed.id))
        if self._texts is not None and asked.present and not self._feed_is_shorter(smallest, self._texts):
            return _HitWalk(self._texts), None
        return _FeedWalk(self._connection, smallest), smallest

    def _feed_is_shorter(self, feed: Feed, texts: TextSearch) -> bool:
        """The answer is the same on both ways."""
        stored = self._stored()
        if feed.size <= _FEW or feed.size * _SPARSE < stored:
            return texts.more_than(_FEW)
        return feed.size * 2 < stored and texts.reads_everything()

    def _stored(self) -> int:
        """About how many entries there are."""
        return self._connection.scalar(select(counters.c.value).where(counters.c.name == "entries")) or 0

    def page(self, limit: int, before: Place | None) -> Found:
        hits: list[Hit] = []
        looked, number, began = 0, _FIRST, time.monotonic()
        place = before
        while True:
            steps = self._walk.next(place, number)
            hits += self._matching(steps.keys)
            if len(hits) > limit:
                last = hits[limit - 1]
                return Found(hits=tuple(hits[:limit]), older=(last.sort_key, last.id))
            looked += steps.looked_at
            place = steps.until
            if place is None or looked >= MOST_LOOKED_AT:
                return Found(hits=tuple(hits), older=place)
            if time.monotonic() - began > TIME_LIMIT:
                raise _TimeIsUp
            number = min(number * 4, _MOST_AT_ONCE)

    def _matching(self, keys: Sequence[Place]) -> list[Hit]:
        """Those of the entries that are selected, one of each story, in their order."""
        found = {row.id: row for row in self._selected(keys, walked=True)}
        if not self._selection.whole:
            for later in self._not_the_first(list(found.values())):
                del found[later]
        return [
            Hit(id=entry, version=found[entry].version, sort_key=found[entry].sort_key)
            for _, entry in keys
            if entry in found
        ]

    def _selected(self, keys: Sequence[Place], *, walked: bool) -> list[Any]:
        """Rows of the entries for which all holds but for their story. ``walked``: what is walked holds already."""
        ids = {entry for _, entry in keys}
        for feed in self._selection.within:
            if not (walked and feed is self._walked):
                ids &= self._members(feed, ids)
        for feed in self._selection.without:
            ids -= self._members(feed, ids)
        if self._texts is not None and ids and not (walked and isinstance(self._walk, _HitWalk)):
            places = {place_of(*key): key[1] for key in keys if key[1] in ids}
            ids = {places[place] for some in chunks(places) for place in self._texts.among(some)}
        return self._without_guarded(self._rows(ids))

    def _without_guarded(self, rows: list[Any]) -> list[Any]:
        """Leave out what nobody is shown who may not read the feed of its source."""
        guarded = {row.id for row in rows if self._guarded is None or row.owner_id in self._guarded}
        within = [feed.id for feed in self._selection.within]
        for some in chunks(guarded):
            query = select(memberships.c.entry_id)
            query = query.where(memberships.c.entry_id.in_(some), memberships.c.feed_id.in_(within))
            guarded -= set(self._connection.scalars(query.where(~memberships.c.hidden)))
        return [row for row in rows if row.id not in guarded]

    def _guarded_owners(self) -> frozenset[int] | None:
        """The sources whose feeds are guarded; None for all."""
        slugs = self._selection.guarded
        if not slugs:
            return None if slugs is None else frozenset()
        query = select(sources.c.id).join(feeds, feeds.c.key == sources.c.slug)
        query = query.where(feeds.c.kind == FeedKind.SOURCE.value, or_(feeds.c.slug.in_(slugs), feeds.c.key.in_(slugs)))
        return frozenset(self._connection.scalars(query))

    def _members(self, feed: Feed, ids: Collection[EntryId]) -> set[EntryId]:
        found: set[EntryId] = set()
        for some in chunks(ids):
            query = select(memberships.c.entry_id)
            query = query.where(memberships.c.entry_id.in_(some), memberships.c.feed_id == feed.id)
            found.update(self._connection.scalars(query))
        return found

    def _rows(self, ids: Collection[EntryId]) -> list[Any]:
        chosen = self._selection
        rows: list[Any] = []
        for some in chunks(ids):
            query = select(entries.c.id, entries.c.version, entries.c.sort_key, entries.c.cluster, entries.c.owner_id)
            query = query.where(entries.c.id.in_(some))
            if chosen.languages:
                query = query.where(_speaks(chosen.languages))
            if chosen.no_languages:
                query = query.where(~_speaks(chosen.no_languages))
            rows += self._connection.execute(query).all()
        return rows

    def _not_the_first(self, rows: Sequence[Any]) -> list[EntryId]:
        """Those whose story has an entry that was stored before and is selected too."""
        mates: list[Any] = []
        stories = {row.cluster for row in rows}
        for some in chunks(stories):
            query = select(entries.c.id, entries.c.sort_key, entries.c.cluster).where(entries.c.cluster.in_(some))
            mates += self._connection.execute(query).all()
        if len(mates) == len(stories):
            return []
        known = {row.id for row in rows}
        others = [(row.sort_key, EntryId(row.id)) for row in mates if row.id not in known]
        first: dict[int, int] = {}
        for row in [*rows, *self._selected(others, walked=False)]:
            first[row.cluster] = min(first.get(row.cluster, row.id), row.id)
        return [EntryId(row.id) for row in rows if row.id != first[row.cluster]]


def _speaks(languages: Sequence[str]) -> ColumnElement[bool]:
    """Tags and all that is below them (RFC 4647, 3.3.1). Entries hold tags as sources wrote them."""
    spoken = func.lower(entries.c.language)
    return or_(*(or_(spoken == one, spoken.like(f"{one}-%")) for one in languages))
