"""Bulk changes of entries and sightings that are there already."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from feedhub.model import Digest
from feedhub.ports import PollRecord
from feedhub.store.bulk import Many
from feedhub.store.feeds import member_of
from feedhub.store.listing import Member
from feedhub.store.prepared import Asked, Prepared
from feedhub.store.statements import chunks, put, put_over, put_over_ready
from feedhub.store.tables import contents, entries, sightings, sources


def change_entries(
    connection: Connection,
    updates: Sequence[Mapping[str, Any]],
    bodies: Sequence[Mapping[str, Any]],
    fresh: Collection[int],
) -> None:
    """Write updates of entries, and the bodies of new and updated ones."""
    put(connection, contents, [body for body in bodies if body["entry_id"] in fresh])
    put_over(connection, contents, [body for body in bodies if body["entry_id"] not in fresh])
    _CHANGE.run(connection, updates)


_CHANGE = Many(update(entries).where(entries.c.id == bindparam("b_id")))


SIGHTING_COLUMNS = (
    "source_id",
    "entry_id",
    "original_id",
    "link",
    "title",
    "raw_digest",
    "first_seen",
    "last_seen",
)


def write_sightings(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows by :data:`SIGHTING_COLUMNS`. A sighting that is there keeps the moment it was first seen."""
    put_over_ready(connection, sightings, SIGHTING_COLUMNS, rows, keep=("first_seen",))


def recent_digests(asked: Asked, source: int, limit: int) -> list[tuple[Digest, int]]:
    """Raw digests and entries of the ``limit`` sightings of a source that were seen last."""
    return [(Digest(digest), entry) for digest, entry in _RECENT.rows(asked, source, limit)]


_RECENT = Prepared(
    select(sightings.c.raw_digest, sightings.c.entry_id)
    .where(sightings.c.source_id == bindparam("source"))
    .order_by(sightings.c.last_seen.desc())
    .limit(bindparam("most")),
    "source",
    "most",
)


def known_digests(asked: Asked, source: int) -> frozenset[Digest]:
    """Raw digests of the entries that a source may list again."""
    rows = _WINDOW.rows(asked, source)
    limit = recent_limit(rows[0][0] if rows else 0)
    return frozenset(digest for digest, _ in recent_digests(asked, source, limit) if digest)


_WINDOW = Prepared(select(sources.c.window).where(sources.c.id == bindparam("source")), "source")


def recent_limit(window: int) -> int:
    """How many sightings of a source may come again: its list twice over, for lists that change their order."""
    return max(100, 2 * window)


def touch_sightings(connection: Connection, records: Sequence[PollRecord]) -> None:
    """Note that entries known by their raw digests were listed again."""
    rows = []
    for record in records:
        if record.seen:
            seen = set(record.seen)
            recent = recent_digests(connection, record.state.id, recent_limit(max(record.state.window, len(seen))))
            rows += [
                {"b_source": record.state.id, "b_entry": entry, "last_seen": record.outcome.at}
                for digest, entry in recent
                if digest in seen
            ]
    _TOUCH.run(connection, rows)


_TOUCH = Many(
    update(sightings).where(
        sightings.c.source_id == bindparam("b_source"), sightings.c.entry_id == bindparam("b_entry")
    )
)


def bump_versions(
    connection: Connection, stories: Collection[int], credited: Collection[int], fresh: Collection[int]
) -> dict[int, Member]:
    """Give a new version to the stored entries of these stories and to those that credit these sources."""
    found: dict[int, Member] = {}
    for source in credited:
        found.update({row[0]: member_of(*row) for row in _CREDITING.rows(connection, source)})
    for some in chunks(stories):
        found.update({row[0]: member_of(*row) for row in _TELLING.rows(connection, some)})
    changed = {number: member for number, member in found.items() if number not in fresh}
    _BUMP.run(connection, [{"b_id": number} for number in changed])
    return changed


_MEMBERS = select(entries.c.id, entries.c.cluster, entries.c.published, entries.c.updated, entries.c.rank)
_CREDITING = Prepared(
    _MEMBERS.where(
        entries.c.cluster.in_(
            select(entries.c.cluster)
            .join(sightings, sightings.c.entry_id == entries.c.id)
            .where(sightings.c.source_id == bindparam("source"))
        )
    ),
    "source",
)
_TELLING = Prepared(_MEMBERS.where(entries.c.cluster.in_(bindparam("stories", expanding=True))), "stories")
_BUMP = Many(update(entries).where(entries.c.id == bindparam("b_id")).values(version=entries.c.version + 1))
