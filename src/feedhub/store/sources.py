"""Sources as the scheduler sees them: claimed, leased, given back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, or_, select, update

from feedhub.model import EPOCH, PageMemory, PagePart, SourceId, SourceState
from feedhub.store.page_rows import pack_memory, unpack_memory
from feedhub.store.rows import source_state
from feedhub.store.statements import chunks
from feedhub.store.tables import sources

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""From here on moments mean never (``feedhub.schedule``)."""


def claim(
    connection: Connection, now: datetime, limit: int, lease_until: datetime, busy: Collection[SourceId] = ()
) -> list[SourceState]:
    """Take due sources that nobody works on, oldest due first, and lease them.

    A lease that ran out counts as none, and so does one that ends later than any given now: the clock was set back.
    """
    free = or_(sources.c.leased_until <= now, sources.c.leased_until > lease_until)
    due = (
        select(sources)
        .where(sources.c.enabled, sources.c.next_poll_at <= now, free)
        .order_by(sources.c.next_poll_at, sources.c.id)
        .limit(limit)
    )
    if busy:
        due = due.where(sources.c.id.not_in(busy))
    states = [source_state(row) for row in connection.execute(due).mappings()]
    lease(connection, [state.id for state in states], lease_until)
    return states


def last_polled(connection: Connection) -> datetime | None:
    """When any source was polled last."""
    return connection.scalar(
        select(sources.c.last_poll_at).order_by(sources.c.last_poll_at.desc().nulls_last()).limit(1)
    )


def lease(connection: Connection, ids: Iterable[SourceId], until: datetime | None) -> None:
    """Lease sources; None gives the leases back."""
    for some in chunks(ids):
        connection.execute(update(sources).where(sources.c.id.in_(some)).values(leased_until=until))


def forget_validators(connection: Connection, slugs: Iterable[str]) -> None:
    """Have the documents of these sources, and the parts of their lists, asked for whole at the next poll."""
    for some in chunks(slugs):
        these = sources.c.slug.in_(some)
        forgotten = {"etag": None, "last_modified": None, "validators_url": None, "body_digest": None}
        connection.execute(update(sources).where(these).values(forgotten))
        pages = connection.execute(select(sources.c.id, sources.c.page).where(these, sources.c.page.is_not(None))).all()
        for source, page in pages:
            unread = pack_memory(_with_unread_parts(unpack_memory(page)))
            connection.execute(update(sources).where(sources.c.id == source).values(page=unread))


def _with_unread_parts(memory: PageMemory | None) -> PageMemory | None:
    return memory and replace(memory, parts=tuple(PagePart(url=part.url) for part in memory.parts))


def schedule(connection: Connection, due: Mapping[SourceId, datetime]) -> None:
    rows = [{"b_id": source, "next_poll_at": moment} for source, moment in due.items()]
    if rows:
        connection.execute(update(sources).where(sources.c.id == bindparam("b_id")), rows)


def never_planned(connection: Connection) -> list[SourceState]:
    """States of the enabled sources that no poll is planned for, by slug."""
    unplanned = sources.c.next_poll_at == EPOCH  # as the column keeps None: it never has NULL
    query = select(sources).where(sources.c.configured, sources.c.enabled, unplanned)
    return [source_state(row) for row in connection.execute(query.order_by(sources.c.slug)).mappings()]


def states(connection: Connection, slugs: Sequence[str] | None) -> list[SourceState]:
    """States by slug: of these sources, or of all that are in the configuration."""
    query = select(sources).order_by(sources.c.slug)
    if slugs is None:
        rows = connection.execute(query.where(sources.c.configured)).mappings()
        return [source_state(row) for row in rows]
    found = [
        source_state(row)
        for some in chunks(slugs)
        for row in connection.execute(query.where(sources.c.slug.in_(some))).mappings()
    ]
    return sorted(found, key=lambda state: state.slug)
