"""Taking an entry out of the story that it joined, for good."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from feedhub.store.feeds import Listing, drop_fragments, write_listing
from feedhub.store.statements import bump
from feedhub.store.tables import cluster_keys, entries
from feedhub.store.touching import bump_versions

BY_HAND = "split by hand"


def split(connection: Connection, entry: int) -> bool:
    """Make an entry a story of its own; False when it is one, or there is no such entry.

    It stays so: entries join stories only when they are new. The names by which later copies find the story stay with
    those that are left in it, for which of them were this entry's nobody knows.
    """
    story = connection.scalar(select(entries.c.cluster).where(entries.c.id == entry))
    mates = set(connection.scalars(select(entries.c.id).where(entries.c.cluster == story, entries.c.id != entry)))
    if story is None or not mates:
        return False
    left = story
    if story == entry:  # a story is named for its first entry: the next one takes its place
        left = min(mates)
        for table in (entries, cluster_keys):
            connection.execute(update(table).where(table.c.cluster == story).values(cluster=left))
    connection.execute(update(entries).where(entries.c.id == entry).values(cluster=entry, joined=BY_HAND))
    rewritten = bump_versions(connection, {left, entry}, (), ())
    drop_fragments(connection, rewritten)
    write_listing(connection, Listing(members=rewritten, rewritten=set(rewritten)))
    bump(connection)
    return True


def story_size(connection: Connection, entry: int) -> int:
    """How many entries the story of an entry has; 0 when there is no such entry."""
    story = select(entries.c.cluster).where(entries.c.id == entry).scalar_subquery()
    return int(connection.scalar(select(func.count()).where(entries.c.cluster == story)) or 0)
