"""Replacing the memberships of stored entries after a change of rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, select, update

from feedhub.model import EntryId, FeedId, FeedKind, FeedRef
from feedhub.ports import Relabelled, Relabelling
from feedhub.store.feeds import FeedRegistry, Listing, identity, member_of, setting, write_listing
from feedhub.store.listing import Place
from feedhub.store.polled import retitle
from feedhub.store.statements import Counter, chunks
from feedhub.store.tables import entries


def relabel(connection: Connection, counter: Counter, changes: Sequence[Relabelled]) -> Relabelling:
    """Give each entry exactly these memberships; feeds take the titles that the new rules give them.

    An entry that has another version by now is left alone: its labels were found without what came since.
    """
    overtaken = _overtaken(connection, changes)
    changes = [change for change in changes if change.entry not in overtaken]
    refs = [membership.feed for change in changes for membership in change.memberships]
    ids = FeedRegistry(connection, counter).resolve(refs)
    wanted = {change.entry: change.memberships for change in changes}
    ranks = {change.entry: change.rank for change in changes}
    _rank_anew(connection, ranks)
    listing = Listing()
    query = select(
        entries.c.id,
        entries.c.cluster,
        entries.c.published,
        entries.c.updated,
        entries.c.rank,
        entries.c.owner_id,
        entries.c.sort_key,
    )
    for some in chunks(wanted):
        for row in connection.execute(query.where(entries.c.id.in_(some))):
            places = {
                ids[identity(m.feed)]: Place(sort_key=row.sort_key, source=row.owner_id, rule=m.rule)
                for m in wanted[row.id]
            }
            member = member_of(row.id, row.cluster, row.published, row.updated, ranks[row.id])
            listing.edit(member, setting(places))
    titled = {ids[identity(ref)]: ref.title for ref in refs if _titled_by_rules(ref)}
    changed = retitle(connection, titled) | write_listing(connection, listing)
    return Relabelling(feeds=frozenset(FeedId(feed) for feed in changed), overtaken=overtaken)


def _rank_anew(connection: Connection, ranks: Mapping[EntryId, int]) -> None:
    for some in chunks(ranks):
        rows = connection.execute(select(entries.c.id, entries.c.rank).where(entries.c.id.in_(some)))
        changed = [{"b_id": row.id, "b_rank": ranks[row.id]} for row in rows if row.rank != ranks[row.id]]
        if changed:
            connection.execute(_RANK, changed)


_RANK = update(entries).where(entries.c.id == bindparam("b_id")).values(rank=bindparam("b_rank"))


def _overtaken(connection: Connection, changes: Sequence[Relabelled]) -> frozenset[EntryId]:
    seen = {change.entry: change.version for change in changes if change.version is not None}
    found: set[EntryId] = set()
    for some in chunks(seen):
        rows = connection.execute(select(entries.c.id, entries.c.version).where(entries.c.id.in_(some)))
        found.update(EntryId(row.id) for row in rows if row.version != seen[EntryId(row.id)])
    return frozenset(found)


def _titled_by_rules(ref: FeedRef) -> bool:
    """Topics, and authors that the configuration names. Other titles are the first spelling that was seen."""
    return bool(ref.title) and (ref.kind is FeedKind.TOPIC or (ref.kind is FeedKind.AUTHOR and bool(ref.slug)))
