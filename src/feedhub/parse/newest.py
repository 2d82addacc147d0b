"""Which entries stay when a document lists too many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from feedhub.model import RawEntry


def newest(entries: Sequence[RawEntry], limit: int) -> tuple[RawEntry, ...]:
    """At most ``limit`` entries, in the document's order: its first ones, or its last when it runs oldest first."""
    if len(entries) <= limit:
        return tuple(entries)
    return tuple(entries[-limit:] if _oldest_first(entries) else entries[:limit])


def _oldest_first(entries: Sequence[RawEntry]) -> bool:
    first, last = _moment(entries[0]), _moment(entries[-1])
    return first is not None and last is not None and first < last


def _moment(entry: RawEntry) -> datetime | None:
    """The entry's date if it is written by the book; odd forms are read by the cleaning stage only."""
    raw = (entry.published or entry.updated).strip()
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(raw)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
