"""Entries that were withdrawn from feeds (RFC 6721): remembered long enough for every reader to hear of it.

Withdrawn is what leaves *all* feeds by somebody's wish: the operator's, or its publisher's. What grows old and goes by
retention is not, nor what merely changes its topics: its id lives on elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select, update

from feedhub.model import EntryId, Tombstone
from feedhub.store.listing import Places
from feedhub.store.prepared import Asked, Prepared
from feedhub.store.statements import chunks, put_missing
from feedhub.store.tables import entries, feeds, memberships, sources, tombstones

TOLD_FOR = timedelta(days=30)
"""How long feeds name what was withdrawn: longer than any reader that is still in use waits between polls."""
MOST_TOLD = 100
"""Tombstones of one document, the latest; so that withdrawing a whole source does not make feeds of nothing else."""


def bury(connection: Connection, current: Places, settled: Places, at: datetime) -> None:
    """Remember the entries that were shown and have no place any more. They must still be stored."""
    left = {
        entry: feeds
        for entry, places in current.items()
        if not settled.get(entry) and (feeds := [feed for feed, place in places.items() if not place.hidden])
    }
    for some in chunks(left):
        put_missing(connection, tombstones, _rows(connection, {entry: left[entry] for entry in some}, at))


def _rows(connection: Connection, left: Mapping[int, Sequence[int]], at: datetime) -> list[dict[str, object]]:
    query = (
        select(entries.c.id, entries.c.original_id, entries.c.link, entries.c.title, entries.c.published)
        .add_columns(sources.c.slug)
        .join(sources, sources.c.id == entries.c.owner_id)
        .where(entries.c.id.in_(left))
    )
    return [
        {
            "feed_id": feed,
            "at": at,
            "entry_id": row.id,
            "original_id": row.original_id,
            "name": row.original_id.strip() or row.link or f"{row.title}\n{row.published.isoformat()}",
            "source_slug": row.slug,
        }
        for row in connection.execute(query)
        for feed in left[row.id]
    ]


def tombstones_of(asked: Asked, feed: int) -> list[Tombstone]:
    """What was withdrawn from a feed, the latest first; without what came back."""
    return [
        Tombstone(entry=EntryId(entry), at=at, original_id=original_id, name=name, source_slug=slug)
        for entry, at, original_id, name, slug in _TOLD.rows(asked, feed)
    ]


_BACK = select(memberships.c.entry_id).where(
    memberships.c.feed_id == tombstones.c.feed_id, memberships.c.entry_id == tombstones.c.entry_id
)
_TOLD = Prepared(
    select(
        tombstones.c.entry_id, tombstones.c.at, tombstones.c.original_id, tombstones.c.name, tombstones.c.source_slug
    )
    .where(tombstones.c.feed_id == bindparam("feed"), ~_BACK.exists())
    .order_by(tombstones.c.at.desc(), tombstones.c.entry_id.desc())
    .limit(MOST_TOLD),
    "feed",
)


def trim_tombstones(connection: Connection, now: datetime) -> int:
    """Forget what every reader has heard; the feeds that named it are documents of other bytes from now on."""
    heard = tombstones.c.at <= now - TOLD_FOR
    named = select(tombstones.c.feed_id).where(heard)
    connection.execute(update(feeds).where(feeds.c.id.in_(named)).values(version=feeds.c.version + 1))
    return connection.execute(delete(tombstones).where(heard)).rowcount
