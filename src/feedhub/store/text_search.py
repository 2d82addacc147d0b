"""Asking the full-text index: which entries hold some words. One class for each database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any, Protocol

from sqlalchemy import BindParameter, Connection, bindparam, select, text

from feedhub.search import match
from feedhub.search.match import Wanted
from feedhub.store.tables import counters

LOOK = 500
"""Newest entries that PostgreSQL looks at one by one before it asks its index, which knows no order."""
LOOK_CLOSER = 1_000
"""Those that it looks at where the first ones leave it open whether more of them would do."""
PAGE_TO_HIT = 300
"""What looking at as many entries as make a page costs, in hits of the index (measured: 100 to 600)."""
SPARSEST = 150
"""Of words that fewer than one in so many entries hold, looking would end before a page is full (``finding.MOST_LOOKED_AT``)."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hits in a part of the index: all from where it began up to ``until``, or to the end where that is None."""

    places: list[int]  # ascending: the newest first
    until: int | None
    looked_at: int  # documents


class TextSearch(Protocol):
    """Where a :class:`feedhub.search.match.Wanted` holds. Places are those of the index, the least the newest."""

    def hits(self, after: int, limit: int) -> Stretch:
        """Up to ``limit`` places beyond ``after``; needs something to be present."""
        ...

    def among(self, places: Sequence[int]) -> set[int]:
        """Those of some places where all of it holds."""
        ...

    def more_than(self, number: int) -> bool:
        """Whether it holds at more places than this; an estimate where counting is dear."""
        ...

    def reads_everything(self) -> bool:
        """Whether hits are found by reading every document, so that any feed's list is the shorter way."""
        ...


def text_search(connection: Connection, wanted: Wanted) -> TextSearch:
    return (LiteSearch if connection.dialect.name == "sqlite" else PostSearch)(connection, wanted)


class _Asking:
    """What both share."""

    def __init__(self, connection: Connection, wanted: Wanted) -> None:
        self._connection = connection
        self._wanted = wanted
        self._all: list[int] | None = None  # every hit, once it is known that there are few

    def _few(self, found: list[int], number: int) -> bool:
        """Whether these, looked for up to one more than ``number``, are all; then they are not looked for again."""
        if len(found) > number:
            return False
        self._all = found
        return True

    def _known(self, after: int, limit: int) -> Stretch | None:
        if self._all is None:
            return None
        return _stretch([place for place in self._all if place > after][:limit], limit)

    def _scalars(self, statement: Any, **values: Any) -> list[int]:
        return list(self._connection.scalars(statement, values))


class LiteSearch(_Asking):
    """SQLite's FTS5, whose lists are in the order of places and are walked no further than needed."""

    def hits(self, after: int, limit: int) -> Stretch:
        if known := self._known(after, limit):
            return known
        return _stretch(self._scalars(_LITE_HITS, match=match.fts5(self._wanted), after=after, limit=limit), limit)

    def among(self, places: Sequence[int]) -> set[int]:
        if self._wanted.present:
            return set(self._scalars(_LITE_AMONG, match=match.fts5(self._wanted), places=list(places)))
        absent = match.fts5_any(self._wanted.absent)
        return set(places) - set(self._scalars(_LITE_AMONG, match=absent, places=list(places)))

    def more_than(self, number: int) -> bool:
        found = self._scalars(_LITE_HITS, match=match.fts5(self._wanted), after=START, limit=number + 1)
        return not self._few(found, number)

    def reads_everything(self) -> bool:
        return False


class PostSearch(_Asking):
    """PostgreSQL's GIN, which gives all or nothing: dense words are found by looking at the newest entries.

    Of words that one entry in ``k`` holds, a page is made of ``k`` pages of entries, and the index gives a ``k``-th of all that is stored,
    which with five million is seconds for the words of every fiftieth. Looking is cheaper while ``k`` is less than
    ``sqrt(stored / PAGE_TO_HIT)``: 58 of a million.
    """

    def __init__(self, connection: Connection, wanted: Wanted) -> None:
        super().__init__(connection, wanted)
        self._looked = self._held = 0
        self._by_index = False

    def hits(self, after: int, limit: int) -> Stretch:
        if known := self._known(after, limit):
            return known
        if not self._by_index:
            stretch = self._walk(after, max(limit, LOOK) if self._is_dense(self._held) else LOOK)
            undecided = self._looked < LOOK_CLOSER and self._is_dense(self._held + 2 * sqrt(self._held) + 1)
            if stretch.until is None or undecided or self._is_dense(self._held):
                return stretch
            self._by_index = True
        query = match.tsquery(self._wanted)
        return _stretch(self._scalars(_POST_HITS, query=query, after=after, limit=limit), limit)

    def _walk(self, after: int, number: int) -> Stretch:
        values = {"query": match.tsquery(self._wanted), "after": after, "limit": number}
        row = self._connection.execute(_POST_WALK, values).one()
        self._looked += row.looked
        self._held += len(row.held)
        return Stretch(row.held, row.last if row.looked == number else None, row.looked)

    def _is_dense(self, held: float) -> bool:
        """Whether looking at entries is the cheaper way to a page, if so many of those that were looked at held the words."""
        return held**2 * self._stored >= PAGE_TO_HIT * self._looked**2 and held * SPARSEST >= self._looked

    @cached_property
    def _stored(self) -> int:
        return self._connection.scalar(_STORED) or 0

    def among(self, places: Sequence[int]) -> set[int]:
        if self._wanted.present:
            return set(self._scalars(_POST_AMONG, query=match.tsquery(self._wanted), places=list(places)))
        absent = match.tsquery_any(self._wanted.absent)
        return set(places) - set(self._scalars(_POST_AMONG, query=absent, places=list(places)))

    def more_than(self, number: int) -> bool:
        if self.reads_everything():
            return True
        query = match.tsquery(self._wanted)
        return not self._few(self._scalars(_POST_HITS, query=query, after=START, limit=number + 1), number)

    def reads_everything(self) -> bool:
        return self._walk(START, LOOK).until is not None and self._is_dense(self._held)


def _stretch(places: list[int], limit: int) -> Stretch:
    return Stretch(places, places[-1] if len(places) == limit else None, len(places))


START = 0
"""Before every place."""
_PLACES: BindParameter[int] = bindparam("places", expanding=True)
_LITE_HITS = text("SELECT rowid FROM search WHERE search MATCH :match AND rowid > :after ORDER BY rowid LIMIT :limit")
_LITE_AMONG = text("SELECT rowid FROM search WHERE search MATCH :match AND rowid IN :places").bindparams(_PLACES)
_STORED = select(counters.c.value).where(counters.c.name == "entries")  # about
_POST_WALK = text(
    "SELECT coalesce(array_agg(place ORDER BY place) FILTER (WHERE document @@ CAST(:query AS tsquery)), '{}') AS held,"
    " max(place) AS last, count(*) AS looked"
    " FROM (SELECT place, document FROM search WHERE place > :after ORDER BY place LIMIT :limit) AS newest"
)
# "+ 0" keeps the planner from walking the whole table in the order of places for words that are rare
_POST_HITS = text(
    "SELECT place FROM search WHERE document @@ CAST(:query AS tsquery) AND place + 0 > :after"
    " ORDER BY place + 0 LIMIT :limit"
)
_POST_AMONG = text(
    "SELECT place FROM search WHERE place IN :places AND (document @@ CAST(:query AS tsquery)) IS TRUE"
).bindparams(_PLACES)
