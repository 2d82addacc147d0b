"""Removing what is old, in small steps."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, delete, func, or_, select, update

from feedhub.store.feeds import Listing, leaving, member_of, write_listing
from feedhub.store.forgetting import rewrite_stories
from feedhub.store.search_index import IndexWriter
from feedhub.store.statements import bump, chunks, put_missing
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


def remove_old(connection: Connection, before: datetime, keep_at_least: int, now: datetime, limit: int) -> int:
    """Remove up to ``limit`` entries older than ``before`` that no source lists; returns how many went.

    The newest ``keep_at_least`` of each owner stay. The keys of what is removed are kept in ``forgotten``.
    """
    gone: list[int] = []
    for source in connection.scalars(select(sources.c.id).order_by(sources.c.id)).all():
        if len(gone) >= limit:
            break
        gone += _old_entries(connection, source, before, keep_at_least, limit - len(gone))
    if gone:
        remove(connection, gone, now)
    return len(gone)


def count_old(
    connection: Connection, before: datetime, keep_at_least: int, most: int | None, stop: Callable[[], bool]
) -> tuple[int, bool]:
    """How many entries :func:`remove_old` would remove, and whether all were counted.

    :param most: count no further; None: all.
    :param stop: asked before each source is looked at.
    """
    found = 0
    for source in connection.scalars(select(sources.c.id).order_by(sources.c.id)).all():
        if stop() or (most is not None and found >= most):
            return found, False
        limit = None if most is None else most - found
        found += len(_old_entries(connection, source, before, keep_at_least, limit))
    return found, most is None or found < most


def _old_entries(connection: Connection, source: int, before: datetime, keep: int, limit: int | None) -> list[int]:
    """Oldest first."""
    border = (
        select(entries.c.sort_key)
        .where(entries.c.owner_id == source)
        .order_by(entries.c.sort_key.desc(), entries.c.id.desc())
        .offset(keep - 1)
        .limit(1)
    )
    query = (
        select(entries.c.id)
        .where(entries.c.owner_id == source, entries.c.sort_key < int(before.timestamp()), ~_listed())
        .order_by(entries.c.sort_key, entries.c.id)
        .limit(limit)
    )
    if keep > 0:
        oldest_kept = connection.scalar(border)
        if oldest_kept is None:
            return []
        query = query.where(entries.c.sort_key < oldest_kept)
    return list(connection.scalars(query))


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


def _pass_on_stories(connection: Connection, stories: Collection[int]) -> set[int]:
    """A story is named for its first entry; when that one is gone, the next takes its place. Returns those left."""
    query = select(entries.c.cluster, func.min(entries.c.id).label("first")).where(entries.c.cluster.in_(stories))
    left = {row.cluster: row.first for row in connection.execute(query.group_by(entries.c.cluster))}
    for story in stories:
        first = left.get(story)
        if first is None:
            connection.execute(delete(cluster_keys).where(cluster_keys.c.cluster == story))
        elif first != story:
            for table in (entries, cluster_keys):
                connection.execute(update(table).where(table.c.cluster == story).values(cluster=first))
    return set(left.values())


def trim_polls(connection: Connection, keep: int) -> int:
    """Remove all but the newest ``keep`` outcomes of each source; returns how many went."""
    return _trim(connection, polls.c.number, keep)


def trim_changes(connection: Connection, keep: int) -> int:
    """Remove all but the newest ``keep`` changes of state and gaps of each source, and events; returns how many went."""
    border = select(service_events.c.number).order_by(service_events.c.number.desc()).offset(keep).limit(1)
    old = delete(service_events).where(service_events.c.number <= border.scalar_subquery())
    gone = connection.execute(old).rowcount
    return gone + _trim(connection, source_changes.c.number, keep) + _trim(connection, gaps.c.noticed_at, keep)


def _trim(connection: Connection, order: Column[Any], keep: int) -> int:
    """Of each source the rows that are last by ``order`` stay."""
    table = order.table
    place = func.row_number().over(partition_by=table.c.source_id, order_by=order.desc())
    ranked = select(table.c.source_id, order.label("position"), place.label("place")).subquery()
    oldest = select(ranked.c.source_id, ranked.c.position).where(ranked.c.place == keep + 1)
    gone = 0
    for source, position in connection.execute(oldest).all():
        gone += connection.execute(delete(table).where(table.c.source_id == source, order <= position)).rowcount
    return gone
