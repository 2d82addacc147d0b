"""Stories changed as a whole: an entry is taken out for good, or two turn out to be one."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, select, update

from feedhub.store.feeds import Listing, drop_fragments, write_listing
from feedhub.store.statements import bump
from feedhub.store.tables import cluster_keys, entries
from feedhub.store.touching import bump_versions

BY_HAND = "split by hand"
BY_A_THIRD = "a later entry is a copy of both"


def split(connection: Connection, entry: int) -> bool:
    """Make an entry a story of its own; False when it is one, or there is no such entry.

    It stays so: entries join stories only when they are new, and its story is merged with no other. The names by which later copies find the story stay with
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


class Merges:
    """Stories that new entries prove to be one, each told once: what goes into what, through any number of steps."""

    def __init__(self) -> None:
        self._into: dict[int, int] = {}

    def add(self, one: int, other: int) -> None:
        one, other = self.name(one), self.name(other)
        if one != other:
            self._into[max(one, other)] = min(one, other)

    def name(self, story: int) -> int:
        """What a story is called when all is merged: by its first entry."""
        while story in self._into:
            story = self._into[story]
        return story

    @property
    def moved(self) -> Mapping[int, int]:
        """Stories that are no more, and where their entries are."""
        return {story: self.name(story) for story in self._into}


def merge(connection: Connection, merges: Merges) -> None:
    """Give the entries of the moved stories, and the names by which copies find these, to those that they are one with.

    Entries keep why they joined. The first entry of a moved story says now that it did.
    """
    for story, into in merges.moved.items():
        there = select(cluster_keys.c.key).where(cluster_keys.c.cluster == into)
        mine = cluster_keys.c.cluster == story
        connection.execute(delete(cluster_keys).where(mine, cluster_keys.c.key.in_(there)))
        connection.execute(update(cluster_keys).where(mine).values(cluster=into))
        connection.execute(update(entries).where(entries.c.id == story).values(joined=BY_A_THIRD))
        connection.execute(update(entries).where(entries.c.cluster == story).values(cluster=into))


def story_size(connection: Connection, entry: int) -> int:
    """How many entries the story of an entry has; 0 when there is no such entry."""
    story = select(entries.c.cluster).where(entries.c.id == entry).scalar_subquery()
    return int(connection.scalar(select(func.count()).where(entries.c.cluster == story)) or 0)
