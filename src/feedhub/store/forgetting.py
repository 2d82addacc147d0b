"""Forgetting a source: what only it carried goes for good, what others carried passes to the next of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, delete, exists, select, update

from feedhub.errors import NotFound
from feedhub.model import FeedKind
from feedhub.store.feeds import Edit, Listing, drop_fragments, member_of, write_listing
from feedhub.store.listing import Place
from feedhub.store.page_tables import articles, pages
from feedhub.store.statements import bump, chunks
from feedhub.store.tables import entries, feeds, gaps, polls, sightings, source_changes, sources
from feedhub.store.touching import bump_versions


def source_id(connection: Connection, slug: str) -> int:
    """:raises NotFound: there is no such source."""
    number = connection.scalar(select(sources.c.id).where(sources.c.slug == slug))
    if number is None:
        raise NotFound(f"There is no source {slug!r}.", "List them with: feedhub sources list")
    return int(number)


def carried(connection: Connection, source: int, limit: int) -> tuple[list[int], list[int]]:
    """Up to ``limit`` entries of a source: those that nobody else was seen to list, and the others."""
    listed = select(sightings.c.entry_id).where(sightings.c.source_id == source).order_by(sightings.c.entry_id)
    owned = select(entries.c.id).where(entries.c.owner_id == source).order_by(entries.c.id)  # should any be left
    found = connection.scalars(listed.limit(limit)).all() or connection.scalars(owned.limit(limit)).all()
    shared: set[int] = set()
    for some in chunks(found):
        elsewhere = sightings.c.entry_id.in_(some), sightings.c.source_id != source
        shared.update(connection.scalars(select(sightings.c.entry_id).where(*elsewhere)))
    return [entry for entry in found if entry not in shared], sorted(shared)


def pass_on(connection: Connection, source: int, shared: Collection[int]) -> None:
    """Give these entries to whoever carried them next, and remove the source's sightings of them.

    The text stays until the new owner is read again: its sighting's digest is cleared, so that its word is then
    compared and taken.
    """
    heirs = _heirs(connection, source, shared)
    own = set(connection.scalars(select(entries.c.id).where(entries.c.id.in_(shared), entries.c.owner_id == source)))
    rows = [{"b_entry": entry, "b_heir": heirs[entry]} for entry in sorted(own)]
    if rows:
        connection.execute(_INHERIT, rows)
        connection.execute(_LISTEN, rows)
    gone = sightings.c.source_id == source, sightings.c.entry_id.in_(shared)
    connection.execute(delete(sightings).where(*gone))
    _leave_source_feed(connection, source, heirs)
    rewrite_stories(connection, _stories_of(connection, shared))
    bump(connection)


_INHERIT = update(entries).where(entries.c.id == bindparam("b_entry")).values(owner_id=bindparam("b_heir"))
_LISTEN = (
    update(sightings)
    .where(sightings.c.entry_id == bindparam("b_entry"), sightings.c.source_id == bindparam("b_heir"))
    .values(raw_digest=b"")
)


def _heirs(connection: Connection, source: int, shared: Collection[int]) -> dict[int, int]:
    """For each entry the source that carried it first, after this one."""
    query = (
        select(sightings.c.entry_id, sightings.c.source_id)
        .where(sightings.c.entry_id.in_(shared), sightings.c.source_id != source)
        .order_by(sightings.c.first_seen, sightings.c.source_id)
    )
    heirs: dict[int, int] = {}
    for row in connection.execute(query):
        heirs.setdefault(row.entry_id, row.source_id)
    return heirs


def _stories_of(connection: Connection, ids: Collection[int]) -> set[int]:
    return set(connection.scalars(select(entries.c.cluster).where(entries.c.id.in_(ids))))


def _leave_source_feed(connection: Connection, source: int, heirs: Mapping[int, int]) -> None:
    """The entries leave the source's own feed; what its sighting put elsewhere is the heir's word from now on."""
    own = (
        select(feeds.c.id)
        .join(sources, sources.c.slug == feeds.c.key)
        .where(feeds.c.kind == FeedKind.SOURCE.value, sources.c.id == source)
    )
    feed = connection.scalar(own)
    query = select(entries.c.id, entries.c.cluster, entries.c.published, entries.c.updated, entries.c.rank)
    listing = Listing()
    for row in connection.execute(query.where(entries.c.id.in_(heirs))):
        member = member_of(row.id, row.cluster, row.published, row.updated, row.rank)
        listing.edit(member, _handing_over(feed, source, heirs[row.id]))
    write_listing(connection, listing)


def _handing_over(feed: int | None, source: int, heir: int) -> Edit:
    def edit(current: dict[int, Place]) -> dict[int, Place]:
        return {
            number: place._replace(source=heir) if place.source == source else place
            for number, place in current.items()
            if number != feed
        }

    return edit


def rewrite_stories(connection: Connection, stories: Collection[int]) -> None:
    """Entries name the other sightings of their story: give those that are left a new version."""
    rewritten = bump_versions(connection, stories, (), ())
    drop_fragments(connection, rewritten)
    write_listing(connection, Listing(members=rewritten, rewritten=set(rewritten)))


def drop_source(connection: Connection, source: int) -> None:
    """Remove the outcomes, changes, gaps and pages of a source, and the source itself unless it is configured.

    Its feed stays as withdrawn: the address answers 410, and is its own again if the slug is named again.
    """
    for table in (polls, source_changes, gaps, pages, articles):
        connection.execute(delete(table).where(table.c.source_id == source))
    idle = sources.c.id == source, ~sources.c.configured, ~exists().where(entries.c.owner_id == source)
    connection.execute(delete(sources).where(*idle))
    bump(connection)
