"""The full-text index: written in the transaction of the entry, built for older entries some at a time.

::

    SQLite        search: a contentless FTS5 table (title, text); rowid = place
    PostgreSQL    search: place, document tsvector (GIN)

The *place* is an entry's position in the order of all feeds, sort key and number in one, counted down: so the index itself
gives the newest first. (Counted up and read backwards, FTS5 of SQLite 3.40 now and then skips entries: a page of hits
was lost where NOT or a bound made it seek in a list of hundreds of thousands.) Both databases are given the same tokens (:mod:`feedhub.search.words`) and only keep them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Connection, bindparam, column, func, literal, select, table, text

from feedhub.model import Draft, EntryId, Indexed
from feedhub.search.match import tsvector
from feedhub.search.selection import IndexState
from feedhub.search.words import VERSION, indexed
from feedhub.store.bodies import BODY, texts_of_row
from feedhub.store.bulk import Many
from feedhub.store.prepared import Prepared
from feedhub.store.statements import chunks, put_over
from feedhub.store.tables import contents, counters, entries

_ID_BITS = 30
MOST_ID = (1 << _ID_BITS) - 1
"""The greatest number of an entry that a place has room for: a thousand million."""
_LAST = 1 << 62
VERSION_COUNTER = "search_version"
WAITING_COUNTER = "search_waiting"
"""Entries with numbers up to this one may be missing in the index."""

_STORED = select(entries.c.id, entries.c.sort_key, entries.c.title, *BODY).join(
    contents, contents.c.entry_id == entries.c.id
)


def place_of(sort_key: int, entry: int) -> int:
    """Newer entries have lesser places; all are greater than 0 until the year 2106."""
    return _LAST - ((sort_key << _ID_BITS) | (entry & MOST_ID))


def place_before(sort_key: int, entry: int) -> int:
    """The place of a key that somebody wrote: any two numbers."""
    key = min(max(sort_key, 0), _LAST >> _ID_BITS)
    return min(max(place_of(key, min(entry, MOST_ID)), 0), _LAST)


def key_of(place: int) -> tuple[int, EntryId]:
    """The inverse of :func:`place_of`."""
    return (_LAST - place) >> _ID_BITS, EntryId((_LAST - place) & MOST_ID)


@dataclass(frozen=True, slots=True)
class Written:
    """An entry's tokens and where they are, or shall be."""

    place: int
    document: Indexed


class IndexWriter:
    """One transaction's changes of the index."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lite = connection.dialect.name == "sqlite"
        self._before: dict[int, Written] = {}  # what is in the index of the entries that :meth:`change` told of
        self._after: dict[int, Written] = {}
        if self._lite:
            self._tune()
        if self._counter(VERSION_COUNTER) != VERSION:
            self.start_anew()

    def _tune(self) -> None:
        """FTS5 keeps its settings in the file; those of an older FeedHub, or of another program, are changed once."""
        kept = _TUNED.pairs(self._connection)
        changed = [{"name": name, "value": value} for name, value in _TUNING.items() if kept.get(name) != value]
        _TUNE.run(self._connection, changed)

    def stored(self, ids: Iterable[int]) -> dict[int, Written]:
        """What the index holds of these entries now: to be asked before they are changed or removed.

        Without those that :meth:`change` told of already.
        """
        found: dict[int, Written] = {}
        for some in chunks(entry for entry in ids if entry not in self._after):
            found.update(self._written(_STORED.where(entries.c.id.in_(some))))
        present = self._present([one.place for one in found.values()])
        return {entry: one for entry, one in found.items() if one.place in present}

    def _written(self, query: Any) -> dict[int, Written]:
        found: dict[int, Written] = {}
        for row in self._connection.execute(query):
            texts = texts_of_row(row)
            document = indexed(row.title, texts.summary, texts.content)
            found[row.id] = Written(place_of(row.sort_key, row.id), document)
        return found

    def _present(self, places: Iterable[int]) -> set[int]:
        """Those of the places that are in the index."""
        query = _LITE_PRESENT if self._lite else _POST_PRESENT
        found: set[int] = set()
        for some in chunks(places):
            found.update(self._connection.scalars(query, {"places": some}))
        return found

    def change(self, before: Mapping[int, Written], after: Mapping[int, Written]) -> None:
        """Bring entries from one state to another, when all is told (:meth:`write`): FTS5 writes a piece of index for each call.

        :param before: what :meth:`stored` said of those in ``after``.
        """
        self._before.update(before)
        self._after.update(after)

    def write(self) -> None:
        """Write what :meth:`change` told of."""
        self.remove([one for entry, one in self._before.items() if self._after[entry] != one])
        self.add([one for entry, one in self._after.items() if self._before.get(entry) != one])
        self._before, self._after = {}, {}

    def remove(self, gone: Collection[Written]) -> None:
        if gone:
            (_LITE_REMOVE if self._lite else _POST_REMOVE).run(self._connection, self._rows(gone))

    def add(self, new: Collection[Written]) -> None:
        if new:
            (_LITE_ADD if self._lite else _POST_ADD).run(self._connection, self._rows(new))

    def _rows(self, some: Collection[Written]) -> list[dict[str, Any]]:
        ordered = sorted(some, key=lambda one: one.place)  # FTS5 writes to disk whenever a number is not greater
        if self._lite:
            return [{"place": one.place, "title": one.document.title, "text": one.document.text} for one in ordered]
        return [{"place": one.place, "document": tsvector(one.document)} for one in ordered]

    def build_some(self, limit: int) -> int:
        """Bring up to ``limit`` older entries into the index, the newest first; 0 when none is left."""
        waiting = self._counter(WAITING_COUNTER)
        query = _STORED.where(entries.c.id <= waiting).order_by(entries.c.id.desc()).limit(limit)
        some = self._written(query) if waiting else {}
        present = self._present([one.place for one in some.values()])
        self.add([one for one in some.values() if one.place not in present])
        if waiting:
            self._count(WAITING_COUNTER, min(some, default=1) - 1)
        return len(some)

    def start_anew(self) -> None:
        """Empty the index; all entries wait for :meth:`build_some`."""
        self._connection.execute(
            text("INSERT INTO search(search) VALUES ('delete-all')" if self._lite else "TRUNCATE search")
        )
        self._count(WAITING_COUNTER, self._connection.scalar(select(func.max(entries.c.id))) or 0)
        self._count(VERSION_COUNTER, VERSION)

    def _counter(self, name: str) -> int:
        rows = _COUNTER.rows(self._connection, name)
        return int(rows[0][0]) if rows else 0

    def _count(self, name: str, value: int) -> None:
        put_over(self._connection, counters, [{"name": name, "value": value}])


_TUNING = {"automerge": 8, "hashsize": 1 << 22}
"""Of FTS5: as many pieces of one size are made one (without our word 4), and as many bytes are gathered before a piece is
written (1 MB). A fifth less to write; a word is then looked up in half as many pieces more. With 16, where merges are forced, one commit took 0.4 s."""
_CONFIG = table("search_config", column("k"), column("v"))
_TUNED = Prepared(select(_CONFIG.c.k, _CONFIG.c.v))
_TUNE = Many(text("INSERT INTO search(search, rank) VALUES (:name, :value)"))
_COUNTER = Prepared(select(counters.c.value).where(counters.c.name == bindparam("name")), "name")
_PLACES: BindParameter[int] = bindparam("places", expanding=True)
_LITE_PRESENT = text("SELECT id FROM search_docsize WHERE id IN :places").bindparams(_PLACES)
_POST_PRESENT = text("SELECT place FROM search WHERE place IN :places").bindparams(_PLACES)
_LITE_REMOVE = Many(text("INSERT INTO search(search, rowid, title, text) VALUES ('delete', :place, :title, :text)"))
_POST_REMOVE = Many(text("DELETE FROM search WHERE place = :place"))
_LITE_ADD = Many(text("INSERT INTO search(rowid, title, text) VALUES (:place, :title, :text)"))
_POST_ADD = Many(text("INSERT INTO search(place, document) VALUES (:place, CAST(:document AS tsvector))"))


def index_state(connection: Connection) -> IndexState:
    """How far the index has come; entries are counted only while some wait."""
    if not (border := index_border(connection)):
        return IndexState()
    count = select(func.count()).select_from(entries)
    waiting = connection.scalar(count.where(entries.c.id <= border)) or 0
    return IndexState(waiting=waiting, entries=connection.scalar(count) or 0)


def index_border(connection: Connection) -> int:
    """Entries with numbers up to this one may be missing in the index; 0 when it is complete."""
    kept = select(counters.c.name, counters.c.value).where(counters.c.name.in_([VERSION_COUNTER, WAITING_COUNTER]))
    values = {row.name: row.value for row in connection.execute(kept)}
    if values.get(VERSION_COUNTER) != VERSION:
        return int(connection.scalar(select(func.max(entries.c.id))) or 0)
    return int(values.get(WAITING_COUNTER, 0))


def index_faults(connection: Connection) -> dict[str, int]:
    """How many entries the index lacks, or knows though they are gone, by words for people.

    Each entry and each place is looked up by its number: a list of all places would be held in memory by SQLite, and
    PostgreSQL would search it from the beginning for each entry once it is too long for its memory.
    """
    lite = connection.dialect.name == "sqlite"
    kept = table("search_docsize", column("id", BigInteger)) if lite else table("search", column("place", BigInteger))
    (known,) = kept.c
    place = _LAST - (entries.c.sort_key * (1 << _ID_BITS) + entries.c.id)
    key = literal(_LAST, BigInteger) - known
    count = select(func.count())
    missing = count.select_from(entries).where(
        entries.c.id > index_border(connection), ~select(known).where(known == place).correlate(entries).exists()
    )
    holder = select(entries.c.id).where(
        entries.c.id == key % (1 << _ID_BITS), entries.c.sort_key == key // (1 << _ID_BITS)
    )
    extra = count.select_from(kept).where(~holder.correlate(kept).exists())
    return {
        "entries that the full-text index should know and does not": connection.scalar(missing) or 0,
        "entries that the full-text index knows and that are gone": connection.scalar(extra) or 0,
    }


def written_of(entry: int, sort_key: int, draft: Draft) -> Written:
    """What the index shall hold of an entry that comes in."""
    said = draft.entry
    return Written(place_of(sort_key, entry), draft.indexed or indexed(said.title, said.summary, said.content))
