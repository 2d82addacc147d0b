"""What happened to sources: their changes of state, and the entries they probably had that nobody saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from feedhub.model import Gap, Health, ServiceEvent, SourceChange
from feedhub.ports import PollRecord
from feedhub.store.gap_rows import gap_of, gap_row, pack_gap
from feedhub.store.rows import source_title
from feedhub.store.statements import Counter, put, put_over
from feedhub.store.tables import gaps, service_events, source_changes, sources

Stored = Mapping[int, Mapping[str, Any]]
"""Rows of ``sources`` by id, as they were before."""


def write_changes(connection: Connection, counter: Counter, stored: Stored, records: Iterable[PollRecord]) -> None:
    """Keep what these polls changed. What counts as *before* is what is stored: a reload may have come in between."""
    for record in records:
        change, row = record.change, stored[record.state.id]
        if change is not None and row["health"] != change.after.value:
            add_change(connection, counter, row, change)


def add_change(connection: Connection, counter: Counter, row: Mapping[str, Any], change: SourceChange) -> None:
    """One change of the source that ``row`` shows as it was."""
    values = {
        "number": counter.next("source_changes"),
        "source_id": row["id"],
        "at": change.at,
        "before": row["health"],
        "after": change.after.value,
        "cause": change.cause,
        "detail": change.detail,
    }
    put(connection, source_changes, [values])


def write_gaps(connection: Connection, stored: Stored, records: Iterable[PollRecord]) -> None:
    """Keep the gaps of these states, new ones and those that were looked into."""
    rows = [
        {"source_id": record.state.id, **gap_row(record.state.gap)}
        for record in records
        if record.state.gap is not None and pack_gap(record.state.gap) != stored[record.state.id]["gap"]
    ]
    put_over(connection, gaps, rows)


def changes(connection: Connection, limit: int, source: str | None) -> list[SourceChange]:
    """The latest first."""
    query = (
        select(source_changes, sources.c.slug, sources.c.name, sources.c.feed_title)
        .join(sources, sources.c.id == source_changes.c.source_id)
        .order_by(source_changes.c.number.desc())
        .limit(limit)
    )
    if source is not None:
        query = query.where(sources.c.slug == source)
    return [_change_of(row) for row in connection.execute(query).mappings()]


def add_event(connection: Connection, counter: Counter, event: ServiceEvent) -> None:
    number = counter.next("service_events")
    put(connection, service_events, [{"number": number, "at": event.at, "what": event.what, "detail": event.detail}])


def events(connection: Connection, limit: int) -> list[ServiceEvent]:
    """The latest first."""
    query = select(service_events).order_by(service_events.c.number.desc()).limit(limit)
    return [ServiceEvent(**row) for row in connection.execute(query).mappings()]


def gaps_of(connection: Connection, source: int, limit: int) -> list[Gap]:
    """The latest first."""
    query = select(gaps).where(gaps.c.source_id == source).order_by(gaps.c.noticed_at.desc()).limit(limit)
    return [gap_of(row) for row in connection.execute(query).mappings()]


def _change_of(row: RowMapping) -> SourceChange:
    return SourceChange(
        number=row["number"],
        at=row["at"],
        slug=row["slug"],
        title=source_title(row["name"], row["feed_title"], row["slug"]),
        before=Health(row["before"]),
        after=Health(row["after"]),
        cause=row["cause"],
        detail=row["detail"],
    )
