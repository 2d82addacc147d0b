"""Removing what is old, in small steps.

What may go is found by reading, which keeps nobody waiting; the writer's transactions then take some of it each, after
another look whether it still may.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    delete,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)

from feedhub.store.feeds import Listing, leaving, member_of, write_listing
from feedhub.store.forgetting import rewrite_stories
from feedhub.store.search_index import IndexWriter
from feedhub.store.statements import CHUNK, bump, chunks, put_missing
from feedhub.store.tables import (
    cluster_keys,
    entries,
    entry_keys,
    forgotten,
    gaps,
    polls,
    service_events,
    sightings,
    source_changes,
    sources,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What retention took away."""

    entries: int = 0
    polls: int = 0
    changes: int = 0  # of state, gaps and events
    pages: int = 0  # of the file, given back to the disk


@dataclass(frozen=True, slots=True)
class Rule:
    """What is old: entries before a moment that no source lists, but not the newest ``keep_at_least`` of their owner."""

    before: datetime
    keep_at_least: int

    def holds(self, owner: ColumnElement[int]) -> list[ColumnElement[bool]]:
        """The conditions on ``entries``. ``owner``: whose newest stay, the column or one source's number."""
        old = [entries.c.sort_key < int(self.before.timestamp()), ~_listed()]
        return [*old, entries.c.sort_key < self.border(owner)] if self.keep_at_least > 0 else old

    def border(self, owner: ColumnElement[int]) -> ScalarSelect[int]:
        """The place in time of the oldest entry of an owner that stays anyway; NULL: all of them do."""
        others = entries.alias()
        newest = select(others.c.sort_key).where(others.c.owner_id == owner)
        newest = newest.order_by(others.c.sort_key.desc(), others.c.id.desc()).offset(self.keep_at_least - 1).limit(1)
        return newest.correlate(entries, sources).scalar_subquery()


def removable(connection: Connection, rule: Rule, after: int, limit: int) -> tuple[list[int], int | None]:
    """Up to ``limit`` old entries, the oldest of each source first, of the sources with numbers above ``after``.

    Second: the ``after`` to go on with once these are gone; None when these are all.
    """
    found: list[int] = []
    while some := connection.scalars(_having_old(rule, after)).all():
        for source in some:
            found += _old_entries(connection, source, rule, limit - len(found))
            if len(found) >= limit:
                return found, after
            after = source
    return found, None


def remove_old(connection: Connection, ids: Collection[int], rule: Rule, now: datetime) -> int:
    """Remove those of the entries that are old still; returns how many went. Their keys are kept in ``forgotten``."""
    gone: list[int] = []
    for some in chunks(ids):
        gone += connection.scalars(select(entries.c.id).where(entries.c.id.in_(some), *rule.holds(entries.c.owner_id)))
    if gone:
        remove(connection, gone, now)
    return len(gone)


def count_old(connection: Connection, rule: Rule, most: int | None, stop: Callable[[], bool]) -> tuple[int, bool]:
    """How many entries are old, and whether all were counted.

    :param most: count no further; None: all.
    :param stop: asked before each source is looked at.
    """
    found = after = 0
    while some := connection.scalars(_having_old(rule, after)).all():
        for after in some:
            if stop() or (most is not None and found >= most):
                return found, False
            found += len(_old_entries(connection, after, rule, None if most is None else most - found))
    return found, most is None or found < most


def _having_old(rule: Rule, after: int) -> Select[int]:
    """The next sources, by their numbers, of which an entry is old, unless it is listed: most have none."""
    oldest = select(func.min(entries.c.sort_key)).where(entries.c.owner_id == sources.c.id).scalar_subquery()
    query = select(sources.c.id).where(sources.c.id > after, oldest < int(rule.before.timestamp()))
    if rule.keep_at_least > 0:
        query = query.where(oldest < rule.border(sources.c.id))
    return query.order_by(sources.c.id).limit(CHUNK)


def _old_entries(connection: Connection, source: int, rule: Rule, limit: int | None) -> list[int]:
    """Oldest first."""
    query = select(entries.c.id).where(entries.c.owner_id == source, *rule.holds(literal(source)))
    return list(connection.scalars(query.order_by(entries.c.sort_key, entries.c.id).limit(limit)))


def _listed() -> ColumnElement[bool]:
    """Whether any source named the entry in its latest list."""
    latest = or_(sources.c.listed_at.is_(None), sightings.c.last_seen >= sources.c.listed_at)
    return (
        select(sightings.c.entry_id)
        .join(sources, sources.c.id == sightings.c.source_id)
        .where(sightings.c.entry_id == entries.c.id, sources.c.configured, latest)
        .exists()
    )


def remove(connection: Connection, gone: Collection[int], now: datetime, *, withdrawn: bool = False) -> None:
    """Remove entries for good: their keys are kept, so that they never come back as new.

    :param withdrawn: by somebody's wish, which feeds tell (RFC 6721), and not for their age.
    """
    for some in chunks(gone):
        rows = connection.execute(
            select(entries.c.id, entries.c.cluster, entries.c.published, entries.c.updated, entries.c.rank).where(
                entries.c.id.in_(some)
            )
        ).all()
        listing = Listing(withdrawn_at=now if withdrawn else None)
        for row in rows:
            listing.edit(member_of(row.id, row.cluster, row.published, row.updated, row.rank), leaving())
        write_listing(connection, listing)
        keys = connection.scalars(select(entry_keys.c.key).where(entry_keys.c.entry_id.in_(some)))
        put_missing(connection, forgotten, [{"key": key, "at": now} for key in keys])
        index = IndexWriter(connection)
        index.remove(list(index.stored(some).values()))
        connection.execute(delete(entries).where(entries.c.id.in_(some)))  # the rest goes by cascade
        rewrite_stories(connection, _pass_on_stories(connection, {row.cluster for row in rows}))
    bump(connection)


def _pass_on_stories(connection: Connection, stories: set[int]) -> set[int]:
    """A story is named for its first entry; when that one is gone, the next takes its place. Returns those left."""
    query = select(entries.c.cluster, func.min(entries.c.id).label("first")).where(entries.c.cluster.in_(stories))
    left = {row.cluster: row.first for row in connection.execute(query.group_by(entries.c.cluster))}
    connection.execute(delete(cluster_keys).where(cluster_keys.c.cluster.in_(stories - left.keys())))
    for story, first in left.items():
        if first != story:
            for table in (entries, cluster_keys):
                connection.execute(update(table).where(table.c.cluster == story).values(cluster=first))
    return set(left.values())


Excess = tuple[str, int, int]
"""A table of what happened, a source (0: the service itself), and the position in it up to which its rows are too many."""
_BY_SOURCE = {column.table.name: column for column in (polls.c.number, source_changes.c.number, gaps.c.noticed_at)}


def excess(connection: Connection, most_polls: int, most_changes: int) -> list[Excess]:
    """Where there are more outcomes, or changes of state, gaps and events, than are kept of each source."""
    found: list[Excess] = []
    for name, order in _BY_SOURCE.items():
        table, keep = order.table, most_polls if order.table is polls else most_changes
        newest = select(order).where(table.c.source_id == sources.c.id).order_by(order.desc()).offset(keep).limit(1)
        asked = select(sources.c.id, type_coerce(newest.scalar_subquery(), BigInteger).label("border")).subquery()
        rows = connection.execute(select(asked).where(asked.c.border.is_not(None)).order_by(asked.c.id))
        found += [(name, source, border) for source, border in rows]
    number = service_events.c.number
    border = connection.scalar(select(number).order_by(number.desc()).offset(most_changes).limit(1))
    return found if border is None else [*found, (service_events.name, 0, border)]


def trim(connection: Connection, some: Iterable[Excess]) -> tuple[int, int]:
    """Remove what is too much; returns how many outcomes went, and how many changes, gaps and events."""
    gone: Counter[str] = Counter()
    for name, source, border in some:
        if name == service_events.name:
            old = delete(service_events).where(service_events.c.number <= border)
        else:
            order = _BY_SOURCE[name]
            of_source = order.table.c.source_id == source
            old = delete(order.table).where(of_source, type_coerce(order, BigInteger) <= border)
        gone[name] += connection.execute(old).rowcount
    return gone[polls.name], gone.total() - gone[polls.name]
