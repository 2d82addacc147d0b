"""Upkeep from its beginning to its end in one call, where the daemon lets polls have their turn between its steps."""

from __future__ import annotations

from datetime import datetime, timedelta

from feedhub.model import SourceId
from feedhub.store import SqlStore
from feedhub.store.retention import Removed
from feedhub.store.statements import chunks


def retain(
    store: SqlStore,
    keep_for: timedelta | None,
    keep_at_least: int,
    polls: int,
    now: datetime,
    *,
    changes: int = 100,
    batch: int = 100,
) -> Removed:
    """Remove entries older than ``keep_for`` (None: none), and outcomes and changes beyond the newest of each source."""
    removed, after = 0, None if keep_for is None else SourceId(0)
    while keep_for is not None and after is not None:
        some, after = store.removable(keep_for, keep_at_least, now, after, batch=batch)
        removed += store.remove_old(some, keep_for, keep_at_least, now)
    trimmed = [store.trim(some) for some in chunks(store.excess(polls, changes))]
    return Removed(entries=removed, polls=sum(one[0] for one in trimmed), changes=sum(one[1] for one in trimmed))


def forget(store: SqlStore, slug: str, now: datetime, *, batch: int = 500) -> int:
    """Delete what only this source carried; returns how many entries that were."""
    deleted, done = 0, False
    while not done:
        some, done = store.forget_some(slug, now, batch=batch)
        deleted += some
    return deleted
