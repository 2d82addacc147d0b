"""What commands and status pages ask: :class:`feedhub.ports.Catalogue`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, select

from feedhub.errors import NotFound
from feedhub.model import (
    Digest,
    EntryId,
    Feed,
    FeedKind,
    Gap,
    Outcome,
    ServiceEvent,
    SourceChange,
    SourceId,
    SourceState,
    StoredEntry,
)
from feedhub.ports import EntryTrace
from feedhub.store import happenings
from feedhub.store import sources as remembered
from feedhub.store.base import Side
from feedhub.store.forgetting import source_id
from feedhub.store.reading import FULL, load, page
from feedhub.store.rows import feed_of, outcome_of
from feedhub.store.statements import GENERATION, chunks
from feedhub.store.tables import counters, entries, feeds, memberships, memory, polls, sightings, sources
from feedhub.store.touching import known_digests

_NEWEST_FIRST = (entries.c.sort_key.desc(), entries.c.id.desc())


class Cataloguing(Side):
    """The part of the store that answers questions."""

    def states(self, slugs: Sequence[str] | None = None) -> list[SourceState]:
        """By slug; without ``slugs`` all sources of the configuration, with them also those that left it."""
        with self.reading() as connection:
            return remembered.states(connection, slugs)

    def outcomes(self, source: SourceId, limit: int = 20) -> list[Outcome]:
        """The latest polls of a source, newest first."""
        with self.reading() as connection:
            slug = connection.scalar(select(sources.c.slug).where(sources.c.id == source))
            query = select(polls).where(polls.c.source_id == source).order_by(polls.c.number.desc()).limit(limit)
            return [outcome_of(row, str(slug)) for row in connection.execute(query).mappings()]

    def changes(self, limit: int, *, source: str | None = None) -> list[SourceChange]:
        with self.reading() as connection:
            return happenings.changes(connection, limit, source)

    def events(self, limit: int) -> list[ServiceEvent]:
        with self.reading() as connection:
            return happenings.events(connection, limit)

    def gaps(self, source: SourceId, limit: int = 20) -> list[Gap]:
        with self.reading() as connection:
            return happenings.gaps_of(connection, source, limit)

    def entries(self, limit: int, *, source: str | None = None, feed: str | None = None) -> list[StoredEntry]:
        """The entries published last; of a source by its slug, or what a feed shows by its path (``topics/ai``).

        :raises NotFound: there is no such source or feed.
        """
        with self.reading() as connection:
            if feed is not None:
                return page(connection, _feed_id(connection, feed), limit, None)
            newest = select(entries.c.id).order_by(*_NEWEST_FIRST).limit(limit)  # ids alone: sorted without bodies
            if source is not None:
                seen = sightings.c.entry_id == entries.c.id, sightings.c.source_id == source_id(connection, source)
                newest = newest.join(sightings, and_(*seen))
            return load(connection, FULL.where(entries.c.id.in_(newest)).order_by(*_NEWEST_FIRST))

    def trace(self, entry: EntryId) -> EntryTrace | None:
        with self.reading() as connection:
            found = load(connection, FULL.where(entries.c.id == entry))
            if not found:
                return None
            told = select(entries.c.cluster, entries.c.joined).where(entries.c.id == entry)
            cluster, joined = connection.execute(told).one()
            mates = connection.scalars(select(entries.c.id).where(entries.c.cluster == cluster).order_by(entries.c.id))
            return EntryTrace(
                entry=found[0],
                sightings=tuple(_sightings(connection, entry)),
                memberships=tuple(_memberships(connection, entry)),
                cluster=tuple(EntryId(mate) for mate in mates),
                joined=joined,
            )

    def recall(self, name: str) -> str | None:
        with self.reading() as connection:
            value: str | None = connection.scalar(select(memory.c.value).where(memory.c.name == name))
            return value

    def known_digests(self, source: SourceId) -> frozenset[Digest]:
        with self.asking() as asked:
            return known_digests(asked, source)

    def all_entries(self, after: EntryId, limit: int) -> list[tuple[StoredEntry, Sequence[str]]]:
        with self.reading() as connection:
            found = load(connection, FULL.where(entries.c.id > after).order_by(entries.c.id).limit(limit))
            slugs: dict[int, list[str]] = {}
            for some in chunks(entry.id for entry in found):
                query = (
                    select(sightings.c.entry_id, sources.c.slug)
                    .join(sources, sources.c.id == sightings.c.source_id)
                    .where(sightings.c.entry_id.in_(some))
                    .order_by(sightings.c.entry_id, sightings.c.first_seen, sources.c.slug)
                )
                for row in connection.execute(query):
                    slugs.setdefault(row.entry_id, []).append(row.slug)
            return [(entry, tuple(slugs.get(entry.id, ()))) for entry in found]

    def count_entries(self, after: EntryId = EntryId(0)) -> int:
        """How many entries have a greater number."""
        with self.reading() as connection:
            return connection.scalar(select(func.count()).select_from(entries).where(entries.c.id > after)) or 0

    def generation(self) -> int:
        """A number that grows with every commit that readers can see the effect of: entries, lists, titles, sources."""
        with self.reading() as connection:
            return connection.scalar(select(counters.c.value).where(counters.c.name == GENERATION)) or 0


def _feed_id(connection: Connection, path: str) -> int:
    kind, _, slug = path.strip("/").partition("/")
    query = select(feeds.c.id).where(feeds.c.kind == kind, feeds.c.slug == (slug or FeedKind.ALL.value))
    number = connection.scalar(query)
    if number is None:
        raise NotFound(f"There is no feed {path!r}.", "List them with: feedhub feeds list")
    return int(number)


def _sightings(connection: Connection, entry: EntryId) -> list[Mapping[str, Any]]:
    query = (
        select(
            sources.c.slug.label("source"),
            sightings.c.original_id,
            sightings.c.link,
            sightings.c.title,
            sightings.c.first_seen,
            sightings.c.last_seen,
        )
        .join(sources, sources.c.id == sightings.c.source_id)
        .where(sightings.c.entry_id == entry)
        .order_by(sightings.c.first_seen, sources.c.slug)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _memberships(connection: Connection, entry: EntryId) -> list[tuple[Feed, str]]:
    query = (
        select(feeds, memberships.c.rule)
        .join(memberships, memberships.c.feed_id == feeds.c.id)
        .where(memberships.c.entry_id == entry)
        .order_by(feeds.c.kind, feeds.c.slug)
    )
    return [(feed_of(row), row["rule"]) for row in connection.execute(query).mappings()]
