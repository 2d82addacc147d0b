"""Archives of feeds (RFC 5005, section 4): which entries belong to which archived document, once and for ever.

An archived document is a list of :data:`ARCHIVE_PAGE` entries in the order in which the feed got them. As soon as a feed
has so many that are in no archive yet, they become its next one; its members never change after that, however many
entries come, with whatever dates. So the newest page and the archives together hold everything, but for late entries
(older than all that is archived), which wait for the next archive to fill.

``feeds.archived_key`` and ``archived_entry`` name the newest entry that was archived in its turn: everything newer is
still to come, and what joins below it is late. A late entry gets its place in the coming archive at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from feedhub.store.bulk import Many
from feedhub.store.listing import Difference
from feedhub.store.prepared import Prepared
from feedhub.store.statements import chunks, put_missing_ready, put_ready
from feedhub.store.tables import archive_pages, feeds, memberships

ARCHIVE_PAGE = 50
"""Entries of one archived document. Part of what was promised: another number holds for later documents only."""
MOST_AT_ONCE = 40
"""Archives that one transaction closes for a feed; the rest of a large backlog (an upgrade) waits for the next ones."""


_PAGE_COLUMNS = ("feed_id", "entry_id", "number")


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a feed's row says of its archives."""

    id: int
    archives: int
    archived_key: int | None
    archived_entry: int | None


_MARKS = Prepared(
    select(feeds.c.id, feeds.c.archives, feeds.c.archived_key, feeds.c.archived_entry).where(
        feeds.c.id.in_(bindparam("ids", expanding=True)), or_(feeds.c.size >= ARCHIVE_PAGE, feeds.c.archives > 0)
    ),
    "ids",
)


def archive(connection: Connection, change: Difference) -> None:
    """Bring the archives up to date with a change of lists that was just written. What only left a feed fills none."""
    marks = _marks(connection, {feed for _, feed, place in change.add if not place.hidden})
    if not marks:
        return
    _place_late_ones(connection, change, marks)
    closed = [row for feed in _full(connection, marks) if (row := _close(connection, marks[feed])) is not None]
    _CLOSE.run(connection, closed)


def newest_archive(connection: Connection, feed: int, below: int) -> int:
    """The number of the newest complete archive under ``below`` that has entries; 0 when there is none."""
    query = select(func.max(archive_pages.c.number)).where(archive_pages.c.feed_id == feed)
    return int(connection.scalar(query.where(archive_pages.c.number < below)) or 0)


def _marks(connection: Connection, touched: Collection[int]) -> dict[int, _Mark]:
    found: dict[int, _Mark] = {}
    for some in chunks(touched):
        found.update({row[0]: _Mark(*row) for row in _MARKS.rows(connection, some)})
    return found


def _full(connection: Connection, marks: Iterable[int]) -> list[int]:
    """Those of the feeds that have enough for another archive: of the many that change, few."""
    found: list[int] = []
    for some in chunks(marks):
        for feed, late, in_turn in _FILLED.rows(connection, some):
            if late + in_turn >= ARCHIVE_PAGE:
                found.append(feed)
    return found


def _filled() -> Select[Any]:
    """Of each feed how many entries wait as late ones, and how many, up to :data:`ARCHIVE_PAGE`, in their turn."""
    late = select(func.count()).where(
        archive_pages.c.feed_id == feeds.c.id, archive_pages.c.number == feeds.c.archives + 1
    )
    last = tuple_(func.coalesce(feeds.c.archived_key, _BEFORE_ALL), func.coalesce(feeds.c.archived_entry, 0))
    waiting = (
        select(memberships.c.entry_id)
        .where(
            memberships.c.feed_id == feeds.c.id,
            ~memberships.c.hidden,
            tuple_(memberships.c.sort_key, memberships.c.entry_id) > last,
            ~_archived(),
        )
        .limit(literal_column(str(ARCHIVE_PAGE)))
        .correlate(feeds)
        .subquery()
    )
    in_turn = select(func.count()).select_from(waiting)
    columns = (feeds.c.id, late.scalar_subquery(), in_turn.scalar_subquery())
    return select(*columns).where(feeds.c.id.in_(bindparam("ids", expanding=True))).order_by(feeds.c.id)


def _archived() -> ColumnElement[bool]:
    """Whether the entry of a membership is in an archive of its feed."""
    same = archive_pages.c.feed_id == memberships.c.feed_id, archive_pages.c.entry_id == memberships.c.entry_id
    return select(archive_pages.c.entry_id).where(*same).correlate(memberships).exists()


_BEFORE_ALL = -(1 << 63)
_FILLED = Prepared(_filled(), "ids")


def _place_late_ones(connection: Connection, change: Difference, marks: dict[int, _Mark]) -> None:
    """Entries that are archived already keep their place: it was given once."""
    late = [
        (feed, entry, marks[feed].archives + 1)
        for entry, feed, place in change.add
        if feed in marks and not place.hidden and _is_late(marks[feed], place.sort_key, entry)
    ]
    put_missing_ready(connection, archive_pages, _PAGE_COLUMNS, late)


def _is_late(mark: _Mark, sort_key: int, entry: int) -> bool:
    last = _last(mark)
    return last is not None and (sort_key, entry) <= last


def _last(mark: _Mark) -> tuple[int, int] | None:
    """The newest entry that was archived in its turn."""
    if mark.archived_key is None or mark.archived_entry is None:
        return None
    return mark.archived_key, mark.archived_entry


def _close(connection: Connection, mark: _Mark) -> dict[str, int] | None:
    """Close as many archives of a feed as are full; what its row says afterwards, None when there was none."""
    last = _last(mark)
    late = _waiting(connection, mark.id, mark.archives + 1) if mark.archives else 0
    number, late = _close_late_ones(connection, mark, late)
    while number < mark.archives + MOST_AT_ONCE:
        rows = _in_their_turn(connection, mark.id, last, ARCHIVE_PAGE - late)
        if late + len(rows) < ARCHIVE_PAGE:
            break
        number += 1
        put_ready(connection, archive_pages, _PAGE_COLUMNS, [(mark.id, entry, number) for _, entry in rows])
        last, late = rows[-1], 0
    if number == mark.archives or last is None:
        return None
    return {"b_feed": mark.id, "b_archives": number, "b_key": last[0], "b_entry": last[1]}


def _close_late_ones(connection: Connection, mark: _Mark, late: int) -> tuple[int, int]:
    """Archives of late entries alone, in the order of their ids: the newest archive's number, and how many late ones wait.

    All are in the coming archive; each goes at once to where it stays, however many archives they fill.
    """
    full = min(late // ARCHIVE_PAGE, MOST_AT_ONCE)
    if late > ARCHIVE_PAGE:
        later = _LATER.rows(connection, mark.id, mark.archives + 1)
        _MOVE.run(
            connection,
            [
                {"b_feed": mark.id, "b_entry": entry, "b_number": mark.archives + 1 + min(1 + at // ARCHIVE_PAGE, full)}
                for at, (entry,) in enumerate(later)
            ],
        )
    return mark.archives + full, late - full * ARCHIVE_PAGE


def _waiting(connection: Connection, feed: int, number: int) -> int:
    ((count,),) = _WAITING.rows(connection, feed, number)
    return int(count)


_WAITING = Prepared(
    select(func.count()).where(
        archive_pages.c.feed_id == bindparam("feed"), archive_pages.c.number == bindparam("number")
    ),
    "feed",
    "number",
)


_LATER = Prepared(
    select(archive_pages.c.entry_id)
    .where(archive_pages.c.feed_id == bindparam("feed"), archive_pages.c.number == bindparam("number"))
    .order_by(archive_pages.c.entry_id)
    .offset(ARCHIVE_PAGE),
    "feed",
    "number",
)
_MOVE = Many(
    update(archive_pages)
    .where(archive_pages.c.feed_id == bindparam("b_feed"), archive_pages.c.entry_id == bindparam("b_entry"))
    .values(number=bindparam("b_number"))
)


def _in_their_turn(
    connection: Connection, feed: int, last: tuple[int, int] | None, limit: int
) -> list[tuple[int, int]]:
    """The oldest shown entries above ``last`` that are in no archive, as (sort key, entry)."""
    rows = _OLDEST.rows(connection, feed, limit) if last is None else _OLDEST_ABOVE.rows(connection, feed, *last, limit)
    return [(key, entry) for key, entry in rows]


_OLDEST_FIRST = (
    select(memberships.c.sort_key, memberships.c.entry_id)
    .where(memberships.c.feed_id == bindparam("feed"), ~memberships.c.hidden)
    .order_by(memberships.c.sort_key, memberships.c.entry_id)
    .limit(bindparam("most"))
)
_OLDEST = Prepared(_OLDEST_FIRST, "feed", "most")
_OLDEST_ABOVE = Prepared(
    _OLDEST_FIRST.where(
        tuple_(memberships.c.sort_key, memberships.c.entry_id) > tuple_(bindparam("key"), bindparam("entry")),
        ~_archived(),
    ),
    "feed",
    "key",
    "entry",
    "most",
)


_CLOSE = Many(
    update(feeds)
    .where(feeds.c.id == bindparam("b_feed"))
    .values(archives=bindparam("b_archives"), archived_key=bindparam("b_key"), archived_entry=bindparam("b_entry"))
)


def members_of(feed: int, number: int) -> Iterable[Any]:
    """Conditions on ``memberships`` and ``archive_pages`` (joined by feed and entry) for one archived document."""
    return (archive_pages.c.feed_id == feed, archive_pages.c.number == number, ~memberships.c.hidden)
