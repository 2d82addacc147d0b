"""Reading: feeds and their pages. Every call sees one state of the database and never waits for the writer."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, and_, bindparam, case, select, tuple_, type_coerce
from sqlalchemy.exc import IntegrityError

from feedhub.errors import DatabaseError
from feedhub.model import EntryId, Feed, FeedId, FeedKind, StoredEntry, Tombstone
from feedhub.ports import Outline, Redirected
from feedhub.store.archiving import members_of, newest_archive
from feedhub.store.attachments import bylines_of, categories_of, enclosures_of
from feedhub.store.base import Side
from feedhub.store.bodies import BODY
from feedhub.store.prepared import Asked, Prepared
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
    select(entries, *BODY, *_OWNER)
    .join(contents, contents.c.entry_id == entries.c.id)
    .join(sources, sources.c.id == entries.c.owner_id)
)
"""An entry with its body and its owner; what :func:`load` needs of a row."""
_OUTLINE = select(
    entries.c.id,
    entries.c.version,
    entries.c.sort_key,
    type_coerce(entries.c.updated, BigInteger),
    entries.c.owner_id,
    *_OWNER,
).join(sources, sources.c.id == entries.c.owner_id)


def load(connection: Connection, query: Select[Any]) -> list[StoredEntry]:
    """The entries of a query made from :data:`FULL`, with all that belongs to them, in its order."""
    return loaded(connection, connection.execute(query).mappings().all())


def loaded(asked: Asked, rows: Sequence[Row | Mapping[str, Any]]) -> list[StoredEntry]:
    """Rows of :data:`FULL` with all that belongs to them."""
    found: list[StoredEntry] = []
    for some in chunks(rows):
        attached = _attached(asked, some)
        found += [stored_entry(row, attached[row["id"]]) for row in some]
    return found


def _attached(asked: Asked, rows: Sequence[Row | Mapping[str, Any]]) -> dict[int, Attached]:
    ids = [row["id"] for row in rows]
    people = bylines_of(asked, ids)
    labels = categories_of(asked, ids)
    media = enclosures_of(asked, ids)
    others = _others(asked, rows)
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


def _others(asked: Asked, rows: Sequence[Row | Mapping[str, Any]]) -> dict[int, tuple[tuple[str, str], ...]]:
    """Links and source titles of every other sighting of each story, oldest first, each link once."""
    stories: dict[int, list[Sequence[Any]]] = {}
    for cluster, *sighting in _SIGHTINGS.rows(asked, list({row["cluster"] for row in rows})):
        stories.setdefault(cluster, []).append(sighting)
    return {row["id"]: _other_links(row, stories.get(row["cluster"], ())) for row in rows}


_SIGHTINGS = Prepared(
    select(entries.c.cluster, entries.c.id, sightings.c.source_id, sightings.c.link)
    .add_columns(SOURCE_TITLE.label("title"))
    .join(sightings, sightings.c.entry_id == entries.c.id)
    .join(sources, sources.c.id == sightings.c.source_id)
    .where(entries.c.cluster.in_(bindparam("stories", expanding=True)), sources.c.republish)
    .order_by(sightings.c.first_seen, sightings.c.entry_id, sightings.c.source_id),
    "stories",
)


def _other_links(row: Row | Mapping[str, Any], story: Sequence[Sequence[Any]]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for entry, source, link, title in story:
        own = entry == row["id"] and source == row["owner_id"]
        if not own and link:
            found.setdefault(link, title)
    return tuple(found.items())


def page(connection: Connection, feed: int, limit: int, before: tuple[int, int] | None) -> list[StoredEntry]:
    """See :func:`_listed`."""
    return load(connection, _listed(FULL, feed, limit, before))


def _listed(query: Select[Any], feed: Any, limit: Any, before: tuple[Any, Any] | None) -> Select[Any]:
    """One range of the primary key of ``memberships``: its cost does not depend on the feed's size or the page's depth."""
    query = (
        query.join(memberships, memberships.c.entry_id == entries.c.id)
        .where(memberships.c.feed_id == feed, ~memberships.c.hidden)
        .order_by(memberships.c.sort_key.desc(), memberships.c.entry_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(tuple_(memberships.c.sort_key, memberships.c.entry_id) < tuple_(*before))
    return query


_WANTED = Prepared(FULL.where(entries.c.id.in_(bindparam("wanted", expanding=True))), "wanted")
_PLACE: tuple[Any, Any] = (bindparam("sort_key"), bindparam("entry"))
_OUTLINES = Prepared(_listed(_OUTLINE, bindparam("feed"), bindparam("most"), None), "feed", "most")
_OUTLINES_BELOW = Prepared(
    _listed(_OUTLINE, bindparam("feed"), bindparam("most"), _PLACE), "feed", "most", "sort_key", "entry"
)


def _outlined(rows: Iterable[Any]) -> list[Outline]:
    """The digest of a source is made once for all of its entries on a page."""
    contexts: dict[int, bytes] = {}
    found = []
    for number, version, sort_key, updated, owner, *credit in rows:
        if owner not in contexts:
            contexts[owner] = blake2b(repr(credit).encode("utf-8", "replace"), digest_size=8).digest()
        found.append(Outline(EntryId(number), version, sort_key, updated, credit[0], contexts[owner]))
    return found


_FRAGMENTS = Prepared(
    select(fragments.c.entry_id, fragments.c.version, fragments.c.body).where(
        fragments.c.entry_id.in_(bindparam("some", expanding=True)), fragments.c.format == bindparam("format")
    ),
    "some",
    "format",
)
_FEED = Prepared(
    select(feeds).where(feeds.c.kind == bindparam("kind"), feeds.c.slug == bindparam("slug")), "kind", "slug"
)
_CURRENT = Prepared(select(feeds).where(feeds.c.id == bindparam("feed")), "feed")
_MOVED = Prepared(
    select(feeds.c.slug)
    .join(redirects, redirects.c.feed_id == feeds.c.id)
    .where(redirects.c.kind == bindparam("kind"), redirects.c.slug == bindparam("slug")),
    "kind",
    "slug",
)


class Reading(Side):
    """The part of the store that is a :class:`feedhub.ports.Library`."""

    def feed(self, kind: FeedKind, slug: str) -> Feed | Redirected | None:
        with self.asking() as asked:
            for row in _FEED.mappings(asked, kind.value, slug):
                return feed_of(row)
            for (target,) in _MOVED.rows(asked, kind.value, slug):
                return Redirected(slug=target)
        return None

    def feeds(self, kind: FeedKind | None = None, *, limit: int = 10_000) -> list[Feed]:
        query = select(feeds).where(~feeds.c.withdrawn).order_by(feeds.c.kind, feeds.c.title, feeds.c.id).limit(limit)
        if kind is not None:
            query = query.where(feeds.c.kind == kind.value)
        with self.reading() as connection:
            return [feed_of(row) for row in connection.execute(query).mappings()]

    def moved(self) -> list[tuple[str, Feed]]:
        """Every old slug with the feed that it redirects to, by kind and slug."""
        query = select(feeds, redirects.c.slug.label("old")).join(redirects, redirects.c.feed_id == feeds.c.id)
        with self.reading() as connection:
            rows = connection.execute(query.order_by(redirects.c.kind, redirects.c.slug)).mappings()
            return [(row["old"], feed_of(row)) for row in rows]

    def withdrawn(self) -> list[Feed]:
        """Feeds that answer 410, by kind and slug."""
        query = select(feeds).where(feeds.c.withdrawn).order_by(feeds.c.kind, feeds.c.slug)
        with self.reading() as connection:
            return [feed_of(row) for row in connection.execute(query).mappings()]

    def page(self, feed: FeedId, limit: int, before: tuple[int, EntryId] | None = None) -> list[StoredEntry]:
        with self.reading() as connection:
            return page(connection, feed, limit, before)

    def current(self, feed: FeedId) -> Feed | None:
        with self.asking() as asked:
            return next((feed_of(row) for row in _CURRENT.mappings(asked, feed)), None)

    def outlines(self, feed: FeedId, limit: int, before: tuple[int, EntryId] | None = None) -> list[Outline]:
        with self.asking() as asked:
            if before is None:
                return _outlined(_OUTLINES.rows(asked, feed, limit))
            return _outlined(_OUTLINES_BELOW.rows(asked, feed, limit, *before))

    def archive(self, feed: FeedId, number: int) -> list[Outline]:
        belongs = (archive_pages.c.feed_id == memberships.c.feed_id, archive_pages.c.entry_id == memberships.c.entry_id)
        query = (
            _OUTLINE.join(memberships, memberships.c.entry_id == entries.c.id)
            .join(archive_pages, and_(*belongs))
            .where(*members_of(feed, number))
            .order_by(memberships.c.sort_key.desc(), memberships.c.entry_id.desc())
        )
        with self.reading() as connection:
            return _outlined(connection.execute(query))

    def outlined(self, wanted: Sequence[EntryId]) -> list[Outline]:
        found: dict[EntryId, Outline] = {}
        with self.reading() as connection:
            for some in chunks(wanted):
                rows = connection.execute(_OUTLINE.where(entries.c.id.in_(some)))
                found.update({one.id: one for one in _outlined(rows)})
        return [found[entry] for entry in wanted if entry in found]

    def stored(self, wanted: Collection[EntryId]) -> list[StoredEntry]:
        with self.asking() as asked:
            return [one for some in chunks(wanted) for one in loaded(asked, _WANTED.mappings(asked, some))]

    def newest_archive(self, feed: FeedId, below: int) -> int:
        with self.reading() as connection:
            return newest_archive(connection, feed, below)

    def tombstones(self, feed: FeedId) -> list[Tombstone]:
        with self.asking() as asked:
            return tombstones_of(asked, feed)

    def fragments(self, entries: Iterable[tuple[EntryId, int]], format: str) -> Mapping[tuple[EntryId, int], bytes]:
        wanted = set(entries)
        with self.asking() as asked:
            return {
                (entry, version): body
                for some in chunks({entry for entry, _ in wanted})
                for entry, version, body in _FRAGMENTS.rows(asked, some, format)
                if (entry, version) in wanted
            }

    def keep_fragments(self, rendered: Mapping[tuple[EntryId, int], bytes], format: str) -> None:
        if not rendered or self.read_only:
            return
        with contextlib.suppress(DatabaseError, IntegrityError), self.hurried_writing() as connection:
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
