"""Moments that were written by a clock which was ahead, and has been set back since.

What a row did in the future, it is as if it had done it now; what was planned from there keeps its distance. Without this
a source, a subscription at a hub, or one at ours would wait until the old time comes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, and_, or_, select, update

from feedhub.store.hub_tables import websub_hubs, websub_requests, websub_subscribers
from feedhub.store.sources import NEVER
from feedhub.store.tables import sources, websub_subscriptions

CLOCK_SLACK = timedelta(minutes=1)
"""What was done may seem to be this much in the future: clocks are corrected by seconds all the time."""
FIRST_POLL = timedelta(days=1)
"""No first poll is planned further ahead."""
HUB_REST = timedelta(hours=6)
"""No hub of others rests longer after failures (:mod:`feedhub.websub`)."""

_OF_SOURCES = (
    *("last_poll_at", "last_success_at", "last_change_at", "failing_since", "rate_at", "fresh_until", "retry_at"),
    *("move_since", "listed_at", "next_poll_at"),
)


def mend_schedule(connection: Connection, now: datetime) -> int:
    """Put right what was planned from the future; returns for how many sources."""
    never_polled = and_(sources.c.last_poll_at.is_(None), sources.c.next_poll_at > now + FIRST_POLL)
    unplanned = and_(never_polled, sources.c.next_poll_at < NEVER)
    mended = _bring_back(connection, sources, ("last_poll_at",), _OF_SOURCES, now, unplanned)
    ours = ("asked_at", "since", "last_push_at", "last_ping_at", "ended_at")
    _bring_back(connection, websub_subscriptions, ours, (*ours, "due_at", "lease_until"), now)
    others = ("since", "delivered_at", "failing_since")
    _bring_back(connection, websub_subscribers, others, (*others, "due_at", "lease_until"), now)
    _bring_back(connection, websub_requests, ("asked_at",), ("asked_at",), now)
    _bring_back(connection, websub_hubs, ("pinged_at",), ("pinged_at",), now)
    late = websub_hubs.c.due_at > now + HUB_REST + CLOCK_SLACK  # when it failed is not kept: it is tried at once
    connection.execute(update(websub_hubs).where(late).values(due_at=now))
    return mended


def _bring_back(
    connection: Connection, table: Table, done: Sequence[str], moments: Sequence[str], now: datetime, also: Any = None
) -> int:
    """Move the moments of rows that did something in the future; returns how many these are.

    :param done: columns that say when a row did something.
    :param moments: columns that are moved, where they are later than now.
    :param also: other rows that are moved, by their ``next_poll_at``.
    """
    future = now + CLOCK_SLACK
    key = next(iter(table.primary_key))
    wrong = or_(*(table.c[name] > future for name in done), *([] if also is None else [also]))
    rows = connection.execute(select(key, *(table.c[name] for name in moments)).where(wrong)).mappings().all()
    for row in rows:
        acted = [row[name] for name in done if row[name] is not None and row[name] > future]
        ahead = (max(acted) if acted else row["next_poll_at"]) - now
        moved = {name: row[name] - ahead for name in moments if row[name] is not None and now < row[name] < NEVER}
        connection.execute(update(table).where(key == row[key.name]).values(**moved))
    return len(rows)
