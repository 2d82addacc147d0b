"""Reading: feeds and their pages. Every call sees one state of the database and never waits for the writer."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Select, and_, case, select, tuple_
from sqlalchemy.exc import IntegrityError

from feedhub.errors import DatabaseBusy
from feedhub.model import EntryId, Feed, FeedId, FeedKind, StoredEntry, Tombstone
from feedhub.ports import Outline, Redirected
from feedhub.store.archiving import members_of, newest_archive
from feedhub.store.attachments import bylines_of, categories_of, enclosures_of
from feedhub.store.base import Side
from feedhub.store.rows import Attached, Row, feed_of, stored_entry
from feedhub.store.statements import chunks, put_over
from feedhub.store.tables import (
    archive_pages,
    contents,
    entries,
    feeds,
    fragments,
    memberships,
    redirects,
    sightings,
    sources,
)
from feedhub.store.tombstones import tombstones_of

SOURCE_TITLE = case(
    (sources.c.name != "", sources.c.name), (sources.c.feed_title != "", sources.c.feed_title), else_=sources.c.slug
)
_OWNER = [
    sources.c.slug.label("source_slug"),
    sources.c.content.label("source_content"),
    SOURCE_TITLE.label("source_title"),
    sources.c.feed_id.label("source_feed_id"),
    sources.c.feed_link.label("source_link"),
    case((sources.c.feed_self != "", sources.c.feed_self), else_=sources.c.url).label("source_self"),
    case((sources.c.rights != "", sources.c.rights), else_=sources.c.feed_rights).label("source_rights"),
    sources.c.feed_authors.label("source_authors"),
]
FULL = (
    select(entries, contents.c.summary, contents.c.content, *_OWNER)
    .join(contents, contents.c.entry_id == entries.c.id)
    .join(sources, sources.c.id == entries.c.owner_id)
)
"""An entry with its body and its owner; what :func:`load` needs of a row."""
_OUTLINE = select(entries.c.id, entries.c.version, entries.c.sort_key, entries.c.updated, *_OWNER).join(
    sources, sources.c.id == entries.c.owner_id
)


def load(connection: Connection, query: Select[Any]) -> list[StoredEntry]:
    """The entries of a query made from :data:`FULL`, with all that belongs to them, in its order."""
    rows = connection.execute(query).mappings().all()
    loaded: list[StoredEntry] = []
    for some in chunks(rows):
        attached = _attached(connection, some)
        loaded += [stored_entry(row, attached[row["id"]]) for row in some]
    return loaded


def _attached(connection: Connection, rows: Sequence[Row]) -> dict[int, Attached]:
    ids = [row["id"] for row in rows]
    people = bylines_of(connection, ids)
    labels = categories_of(connection, ids)
    media = enclosures_of(connection, ids)
    others = _others(connection, rows)
    return {
        entry: Attached(
            authors=tuple(people.get((entry, False), ())),
            contributors=tuple(people.get((entry, True), ())),
            categories=tuple(labels.get(entry, ())),
            enclosures=tuple(media.get(entry, ())),
            others=others.get(entry, ()),
        )
        for entry in ids
    }


def _others(connection: Connection, rows: Sequence[Row]) -> dict[int, tuple[tuple[str, str], ...]]:
    """Links and source titles of every other sighting of each story, oldest first, each link once."""
    query = (
        select(entries.c.cluster, entries.c.id, entries.c.owner_id, sightings.c.source_id, sightings.c.link)
        .add_columns(SOURCE_TITLE.label("title"))
        .join(sightings, sightings.c.entry_id == entries.c.id)
        .join(sources, sources.c.id == sightings.c.source_id)
        .where(entries.c.cluster.in_({row["cluster"] for row in rows}))
        .order_by(sightings.c.first_seen, sightings.c.entry_id, sightings.c.source_id)
    )
    stories: dict[int, list[Any]] = {}
    for sighting in connection.execute(query):
        stories.setdefault(sighting.cluster, []).append(sighting)
    return {row["id"]: _other_links(row, stories.get(row["cluster"], ())) for row in rows}


def _other_links(row: Row, story: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for sighting in story:
        own = sighting.id == row["id"] and sighting.source_id == row["owner_id"]
        if not own and sighting.link:
            found.setdefault(sighting.link, sighting.title)
    return tuple(found.items())


def page(connection: Connection, feed: int, limit: int, before: tuple[int, int] | None) -> list[StoredEntry]:
    """See :func:`_listed`."""
    return load(connection, _listed(FULL, feed, limit, before))


def _listed(query: Select[Any], feed: int, limit: int, before: tuple[int, int] | None) -> Select[Any]:
    """One range of the primary key of ``memberships``: its cost does not depend on the feed's size or the page's depth."""
    query = (
        query.join(memberships, memberships.c.entry_id == entries.c.id)
        .where(memberships.c.feed_id == feed, ~memberships.c.hidden)
        .order_by(memberships.c.sort_key.desc(), memberships.c.entry_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(tuple_(memberships.c.sort_key, memberships.c.entry_id) < before)
    return query


def _outline(row: Any) -> Outline:
    number, version, sort_key, updated, slug, *owner = row
    return Outline(
        id=EntryId(number),
        version=version,
        sort_key=sort_key,
        updated=updated,
        source_slug=slug,
        context=_digest_of(slug, *owner),
    )


@lru_cache(maxsize=10_000)
def _digest_of(*owner: str) -> bytes:
    return blake2b(repr(owner).encode("utf-8", "replace"), digest_size=8).digest()


class Reading(Side):
    """The part of the store that is a :class:`feedhub.ports.Library`."""

    def feed(self, kind: FeedKind, slug: str) -> Feed | Redirected | None:
        with self.reading() as connection:
            own = select(feeds).where(feeds.c.kind == kind.value, feeds.c.slug == slug)
            row = connection.execute(own).mappings().first()
            if row is not None:
                return feed_of(row)
            moved = (
                select(feeds.c.slug)
                .join(redirects, redirects.c.feed_id == feeds.c.id)
                .where(redirects.c.kind == kind.value, redirects.c.slug == slug)
            )
            target = connection.scalar(moved)
        return None if target is None else Redirected(slug=target)

    def feeds(self, kind: FeedKind | None = None, *, limit: int = 10_000) -> list[Feed]:
        query = select(feeds).where(~feeds.c.withdrawn).order_by(feeds.c.kind, feeds.c.title, feeds.c.id).limit(limit)
        if kind is not None:
            query = query.where(feeds.c.kind == kind.value)
        with self.reading() as connection:
            return [feed_of(row) for row in connection.execute(query).mappings()]

    def page(self, feed: FeedId, limit: int, before: tuple[int, EntryId] | None = None) -> list[StoredEntry]:
        with self.reading() as connection:
            return page(connection, feed, limit, before)

    def outlines(self, feed: FeedId, limit: int, before: tuple[int, EntryId] | None = None) -> list[Outline]:
        with self.reading() as connection:
            return [_outline(row) for row in connection.execute(_listed(_OUTLINE, feed, limit, before))]

    def archive(self, feed: FeedId, number: int) -> list[Outline]:
        belongs = (archive_pages.c.feed_id == memberships.c.feed_id, archive_pages.c.entry_id == memberships.c.entry_id)
        query = (
            _OUTLINE.join(memberships, memberships.c.entry_id == entries.c.id)
            .join(archive_pages, and_(*belongs))
            .where(*members_of(feed, number))
            .order_by(memberships.c.sort_key.desc(), memberships.c.entry_id.desc())
        )
        with self.reading() as connection:
            return [_outline(row) for row in connection.execute(query)]

    def stored(self, wanted: Collection[EntryId]) -> list[StoredEntry]:
        with self.reading() as connection:
            return [one for some in chunks(wanted) for one in load(connection, FULL.where(entries.c.id.in_(some)))]

    def newest_archive(self, feed: FeedId, below: int) -> int:
        with self.reading() as connection:
            return newest_archive(connection, feed, below)

    def tombstones(self, feed: FeedId) -> list[Tombstone]:
        with self.reading() as connection:
            return tombstones_of(connection, feed)

    def fragments(self, entries: Iterable[tuple[EntryId, int]], format: str) -> Mapping[tuple[EntryId, int], bytes]:
        wanted = set(entries)
        found: dict[tuple[EntryId, int], bytes] = {}
        with self.reading() as connection:
            for some in chunks({entry for entry, _ in wanted}):
                query = select(fragments).where(fragments.c.entry_id.in_(some), fragments.c.format == format)
                for row in connection.execute(query):
                    found[EntryId(row.entry_id), row.version] = row.body
        return {name: body for name, body in found.items() if name in wanted}

    def keep_fragments(self, rendered: Mapping[tuple[EntryId, int], bytes], format: str) -> None:
        if not rendered or self.read_only:
            return
        with contextlib.suppress(DatabaseBusy, IntegrityError), self.hurried_writing() as connection:
            current: set[tuple[int, int]] = set()
            for some in chunks({entry for entry, _ in rendered}):
                query = select(entries.c.id, entries.c.version).where(entries.c.id.in_(some))
                current.update((row.id, row.version) for row in connection.execute(query))
            rows = [
                {"entry_id": entry, "version": version, "format": format, "body": body}
                for (entry, version), body in rendered.items()
                if (entry, version) in current
            ]
            put_over(connection, fragments, rows)
