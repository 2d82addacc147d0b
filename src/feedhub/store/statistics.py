"""What a database holds and where its bytes are: for ``feedhub db stats``. Reads only, and never for long.

Sizes are the database's own figures: pages of each table and index (SQLite's ``dbstat``, PostgreSQL's
``pg_relation_size``). What a database of many gigabytes cannot say within the time that is granted is told as not
measured, or estimated from a sample of its entries; nothing estimated is told as counted.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Executable, Table, bindparam, func, select, text
from sqlalchemy.exc import OperationalError

from feedhub.errors import DatabaseBusy
from feedhub.model import FeedKind
from feedhub.store import sqlalchemy_engine
from feedhub.store.bodies import texts_of_row, waiting_to_be_packed
from feedhub.store.columns import metadata
from feedhub.store.compacting import map_bytes, shrinks_by_itself
from feedhub.store.marks import first_seen_since
from feedhub.store.retention import Rule, count_old
from feedhub.store.schema import require_current, schema_state
from feedhub.store.search_index import index_state
from feedhub.store.sqlalchemy_engine import sqlite_file
from feedhub.store.statements import chunks
from feedhub.store.tables import contents, entries, feeds

SECONDS = 10.0
"""Time granted to all questions together."""
COUNTED = 200_000
"""Up to so many entries, all are looked at for their months; of more, a sample."""
SAMPLE, BODIES = 10_000, 2_000
"""Entries of a sample, and bodies looked at for their sizes; taken at even distances from all."""
TOP_SOURCES = 10
RETENTION_LOOKS = 10_000
"""Entries that retention would remove are counted up to this number."""
_SEARCH = "search"
_STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table or an index. ``bytes``: None when there was no time to measure it."""

    name: str
    table: str
    kind: str  # table or index
    bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """How many rows a table has. ``count``: None when there was no time to count."""

    table: str
    count: int | None
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """Texts of entries: what they take, and what they would take as plain text. Of ``looked_at`` entries."""

    looked_at: int = 0
    stored_bytes: int = 0
    plain_bytes: int = 0
    packed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What a database holds. Bytes are of the disk unless said otherwise; moments are UTC.

    ``months``: entries by the month of their place in feeds, ``2026-11``. ``sources``: entries of the largest feeds of
    sources. ``unmeasured_bytes``: what the relations without a size take together. ``growing``: entries first seen in
    the last so many days. ``shrinks``: the daemon gives free pages back to the disk. ``removable``: entries that retention would remove now, counted up to
    :data:`RETENTION_LOOKS`; None without retention. ``waiting_to_be_packed``: the largest number of an entry whose texts
    the daemon did not look at yet since they can be packed.
    """

    database: str
    schema: str
    total_bytes: int
    log_bytes: int
    free_bytes: int
    shrinks: bool
    dead_rows: int
    relations: tuple[Relation, ...]
    unmeasured_bytes: int
    rows: tuple[Rows, ...]
    entries: int
    entries_estimated: bool
    months: tuple[tuple[str, int], ...]
    months_estimated: bool
    sources: tuple[tuple[str, int], ...]
    bodies: Bodies
    growing: tuple[tuple[int, int], ...]
    oldest: datetime | None
    newest: datetime | None
    removable: int | None
    removable_complete: bool
    waiting_to_be_packed: int
    waiting_for_index: int
    took: float = field(compare=False)

    @property
    def search_bytes(self) -> int:
        """What the full-text index takes, as far as it was measured."""
        return sum(one.bytes or 0 for one in self.relations if one.table == _SEARCH)

    @property
    def bytes_an_entry(self) -> float:
        """Of everything that is stored, free pages aside."""
        return (self.total_bytes - self.free_bytes) / self.entries if self.entries else 0.0


def statistics(
    url: str, now: datetime, keep_for: timedelta | None, keep_at_least: int, *, seconds: float | None = SECONDS
) -> Statistics:
    """What a database holds; safe beside a running daemon.

    :param keep_for: entries older than this would be removed by retention; None: none.
    :param seconds: time granted; None: as long as it takes, with nothing estimated.
    :raises DatabaseError: it cannot be read, or not by this program.
    """
    require_current(url)
    engine = sqlalchemy_engine.connect(url, writing=False)
    try:
        with engine.connect() as connection:
            return _Survey(connection, url, seconds).report(now, keep_for, keep_at_least)
    finally:
        engine.dispose()


class _OutOfTimeError(Exception):
    """The time granted is over."""


class _Survey:
    """The questions of one report, under one deadline."""

    def __init__(self, connection: Connection, url: str, seconds: float | None) -> None:
        self._connection = connection
        self._url = url
        self._began = time.monotonic()
        self._seconds = seconds
        self._lite = connection.dialect.name == "sqlite"

    def report(self, now: datetime, keep_for: timedelta | None, keep_at_least: int) -> Statistics:
        total, free = self._whole()
        oldest, newest = self._span()
        rows = self._rows()
        count = next(one for one in rows if one.table == entries.name)
        known = self._highest() if count.count is None else count.count
        months, sampled = self._months(known)
        removable, complete = self._removable(now, keep_for, keep_at_least)
        relations = self._relations()  # last: it is what takes long
        measured = sum(one.bytes or 0 for one in relations)
        return Statistics(
            database="SQLite" if self._lite else "PostgreSQL",
            schema=schema_state(self._url).revision,
            total_bytes=total,
            log_bytes=self._log(),
            free_bytes=free,
            shrinks=shrinks_by_itself(self._connection),
            dead_rows=0 if self._lite else self._dead_rows(),
            relations=tuple(sorted(relations, key=lambda one: (-(one.bytes or 0), one.name))),
            unmeasured_bytes=max(total - free - measured, 0) if any(one.bytes is None for one in relations) else 0,
            rows=tuple(sorted(rows, key=lambda one: (-(one.count or 0), one.table))),
            entries=known,
            entries_estimated=count.count is None or count.estimated,
            months=months,
            months_estimated=sampled,
            sources=self._sources(),
            bodies=self._bodies(),
            growing=tuple((days, self._since(now - timedelta(days=days))) for days in (1, 7, 30)),
            oldest=oldest,
            newest=newest,
            removable=removable,
            removable_complete=complete,
            waiting_to_be_packed=waiting_to_be_packed(self._connection),
            waiting_for_index=index_state(self._connection).waiting,
            took=time.monotonic() - self._began,
        )

    # ---- the deadline

    def _left(self) -> float:
        return float("inf") if self._seconds is None else self._began + self._seconds - time.monotonic()

    def _ask(self, query: Executable, values: dict[str, Any] | None = None) -> Sequence[Any]:
        """:raises _OutOfTimeError: no answer in time."""
        if self._left() <= 0:
            raise _OutOfTimeError
        return self._ask_lite(query, values or {}) if self._lite else self._ask_post(query, values or {})

    def _ask_lite(self, query: Executable, values: dict[str, Any]) -> Sequence[Any]:
        """SQLite has no time limit of its own: it asks every few thousand instructions whether to stop."""
        raw = self._connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_progress_handler(lambda: self._left() <= 0, _STEPS)
        try:
            return self._connection.execute(query, values).all()
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
                raise _OutOfTimeError from error
            raise
        finally:
            raw.set_progress_handler(None, 0)

    def _ask_post(self, query: Executable, values: dict[str, Any]) -> Sequence[Any]:
        limit = 0 if self._seconds is None else max(int(self._left() * 1000), 1)
        try:
            with self._connection.begin_nested():  # a statement that was stopped spoils no more than itself
                self._connection.execute(text(f"SET LOCAL statement_timeout = {limit}"))
                return self._connection.execute(query, values).all()
        except DatabaseBusy as error:
            raise _OutOfTimeError from error

    # ---- bytes

    def _whole(self) -> tuple[int, int]:
        """Bytes of everything, and of pages that wait to be used again."""
        if not self._lite:
            (row,) = self._connection.execute(_POST_WHOLE)
            return int(row[0] or 0), 0
        page, pages, free = (
            self._connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0
            for name in ("page_size", "page_count", "freelist_count")
        )
        return page * pages, page * free

    def _log(self) -> int:
        file = sqlite_file(self._url)
        log = None if file is None else file.with_name(file.name + "-wal")
        return log.stat().st_size if log is not None and log.exists() else 0

    def _dead_rows(self) -> int:
        return int(self._connection.scalar(text("SELECT sum(n_dead_tup) FROM pg_stat_user_tables")) or 0)

    def _relations(self) -> list[Relation]:
        return self._lite_relations() if self._lite else self._post_relations()

    def _lite_relations(self) -> list[Relation]:
        """The smallest tables of rows come first, so that the most are known when time is over."""
        names = self._connection.execute(_LITE_NAMES).all()
        found: list[Relation] = []
        for name, table, kind in names:
            try:
                rows = self._ask(_LITE_SIZE, {"name": name})
                size = int(rows[0][0] or 0)
            except _OutOfTimeError:
                size = None
            except OperationalError:  # an SQLite that was built without dbstat
                return [Relation(name=n, table=_owner(t), kind=k, bytes=None) for n, t, k in names]
            found.append(Relation(name=name, table=_owner(table), kind=kind, bytes=size))
        return [*found, *self._page_map()]

    def _page_map(self) -> Iterator[Relation]:
        if size := map_bytes(self._connection):
            yield Relation(name="map of pages", table="map of pages", kind="map", bytes=size)

    def _post_relations(self) -> list[Relation]:
        return [
            Relation(name=name, table=_owner(table), kind=kind, bytes=int(size))
            for name, table, kind, size in self._connection.execute(_POST_SIZES)
        ]

    # ---- rows

    def _rows(self) -> list[Rows]:
        return [self._counted(table) for table in metadata.sorted_tables]

    def _counted(self, table: Table) -> Rows:
        """PostgreSQL's own estimate for large tables: counting reads all of them."""
        if not self._lite and self._seconds is not None:
            guess = self._connection.scalar(_POST_GUESS, {"name": table.name}) or 0
            if guess > COUNTED:
                return Rows(table=table.name, count=int(guess), estimated=True)
        if table is contents:  # one for each entry; its rows are long, and counting reads them
            return Rows(table=table.name, count=self._quick_count(entries))
        return Rows(table=table.name, count=self._quick_count(table))

    def _quick_count(self, table: Table) -> int | None:
        try:
            return int(self._ask(select(func.count()).select_from(table))[0][0])
        except _OutOfTimeError:
            return None

    # ---- entries

    def _highest(self) -> int:
        return int(self._connection.scalar(select(func.max(entries.c.id))) or 0)

    def _span(self) -> tuple[datetime | None, datetime | None]:
        least, most = (self._connection.scalar(select(made(entries.c.sort_key))) for made in (func.min, func.max))
        return _moment(least), _moment(most)

    def _months(self, count: int) -> tuple[tuple[tuple[str, int], ...], bool]:
        """Entries by month, newest first; of more than :data:`COUNTED` estimated from a sample."""
        try:
            if count <= COUNTED or self._seconds is None:
                return _by_month(row[0] for row in self._ask(select(entries.c.sort_key))), False
            keys = [row[0] for some in chunks(self._spread(SAMPLE)) for row in self._ask(_KEYS, {"some": some})]
        except _OutOfTimeError:
            return (), True
        scale = count / max(len(keys), 1)
        return tuple((month, round(found * scale)) for month, found in _by_month(keys)), True

    def _spread(self, wanted: int) -> list[int]:
        """Numbers at even distances; some may be of entries that are gone."""
        highest = self._highest()
        step = max(highest / wanted, 1)
        return [int(number * step) + 1 for number in range(min(wanted, highest))]

    def _sources(self) -> tuple[tuple[str, int], ...]:
        query = select(feeds.c.slug, feeds.c.size).where(feeds.c.kind == FeedKind.SOURCE.value, feeds.c.size > 0)
        return tuple(
            (row.slug, row.size)
            for row in self._connection.execute(query.order_by(feeds.c.size.desc(), feeds.c.slug).limit(TOP_SOURCES))
        )

    def _bodies(self) -> Bodies:
        rows = [
            row
            for some in chunks(self._spread(BODIES))
            for row in self._connection.execute(select(contents).where(contents.c.entry_id.in_(some)))
        ]
        sizes = [sum(len(part.encode("utf-8", "replace")) for part in texts_of_row(row)) for row in rows]
        return Bodies(
            looked_at=len(rows),
            stored_bytes=sum(len(row.packed) if row.packed else size for row, size in zip(rows, sizes, strict=True)),
            plain_bytes=sum(sizes),
            packed=sum(bool(row.packed) for row in rows),
        )

    def _since(self, moment: datetime) -> int:
        """Entries first seen since then."""
        first = first_seen_since(self._connection, moment)
        return int(self._connection.scalar(select(func.count()).where(entries.c.id >= first)) or 0)

    def _removable(self, now: datetime, keep_for: timedelta | None, keep_at_least: int) -> tuple[int | None, bool]:
        if keep_for is None:
            return None, True
        most = None if self._seconds is None else RETENTION_LOOKS
        return count_old(self._connection, Rule(now - keep_for, keep_at_least), most, lambda: self._left() <= 0)


def _owner(table: str) -> str:
    """FTS5 keeps an index in tables of its own."""
    return _SEARCH if table == _SEARCH or table.startswith(f"{_SEARCH}_") else table


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _by_month(keys: Iterable[int]) -> tuple[tuple[str, int], ...]:
    days = Counter(key // 86_400 for key in keys)
    found: Counter[str] = Counter()
    for day, count in days.items():
        found[f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m}"] += count
    return tuple(sorted(found.items(), reverse=True))


_KEYS = select(entries.c.sort_key).where(entries.c.id.in_(bindparam("some", expanding=True)))
_LITE_NAMES = text("""
    SELECT name, tbl_name, type FROM
    (SELECT name, tbl_name, type FROM sqlite_master WHERE rootpage > 0
     UNION ALL SELECT 'sqlite_schema', 'sqlite_schema', 'table')
    ORDER BY tbl_name IN ('contents', 'search_data', 'fragments'), tbl_name IN ('entries', 'memberships', 'sightings'), name""")
_LITE_SIZE = text("SELECT pgsize FROM dbstat WHERE name = :name AND aggregate = TRUE")
_POST_WHOLE = text("""
    SELECT sum(pg_total_relation_size(oid)) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'""")
_POST_SIZES = text("""
    SELECT c.relname, coalesce(t.relname, c.relname),
           CASE c.relkind WHEN 'r' THEN 'table' ELSE 'index' END,
           CASE c.relkind WHEN 'r' THEN pg_table_size(c.oid) ELSE pg_relation_size(c.oid) END
    FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i')""")
_POST_GUESS = text("""
    SELECT reltuples FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = :name""")
