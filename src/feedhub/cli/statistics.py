"""What ``db stats`` tells people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from feedhub.cli.terminal import counted, say, show_table
from feedhub.store.statistics import Relation, Statistics

_MONTHS = 12
"""Months that are told one by one; the older ones are told together."""


def show_statistics(found: Statistics, keep_for: timedelta | None) -> None:
    say("\n".join(_summary(found, keep_for)))
    say("")
    show_table(("table", "rows", "size", "with indexes", "share"), list(_tables(found)))
    if found.unmeasured_bytes:
        names = ", ".join(one.name for one in found.relations if one.bytes is None)
        say(
            f"Not measured one by one, for want of time or of SQLite's dbstat: {names}; together {size(found.unmeasured_bytes)}."
        )
    if found.months:
        say("")
        show_table(("month", "entries" + (" (estimated)" if found.months_estimated else "")), list(_months(found)))
    if found.sources:
        say("")
        show_table(("largest sources", "entries"), found.sources)


def _summary(found: Statistics, keep_for: timedelta | None) -> Iterator[str]:
    log = f", and {size(found.log_bytes)} of log" if found.log_bytes else ""
    yield f"{found.database}, schema {found.schema}: {size(found.total_bytes)}{log}."
    if found.free_bytes:
        rest = (
            "when they are more than a fifth, the daemon gives them back"
            if found.shrinks
            else "`feedhub db compact` gives them back"
        )
        yield f"{size(found.free_bytes)} of it are free pages, which are used before the file grows; {rest}."
    if found.dead_rows:
        yield f"{found.dead_rows:,} dead rows wait for PostgreSQL's autovacuum."
    about = "about " if found.entries_estimated else ""
    span = f", from {found.oldest:%Y-%m-%d} to {found.newest:%Y-%m-%d}" if found.oldest and found.newest else ""
    yield f"{about}{counted(found.entries, 'entry', 'entries')}{span}; {found.bytes_an_entry:,.0f} bytes an entry, all included."
    yield from _bodies(found)
    if found.search_bytes:
        waiting = f"; {found.waiting_for_index:,} entries wait for it" if found.waiting_for_index else ""
        yield f"The full-text index takes {size(found.search_bytes)}{waiting}."
    yield _growth(found)
    yield _retention(found, keep_for)


def _bodies(found: Statistics) -> Iterator[str]:
    bodies = found.bodies
    if not bodies.looked_at:
        return
    stored, plain = bodies.stored_bytes / bodies.looked_at, bodies.plain_bytes / bodies.looked_at
    of = "" if bodies.looked_at >= found.entries else f" (of {bodies.looked_at:,} looked at)"
    yield (
        f"Texts: {stored:,.0f} bytes an entry, {plain:,.0f} as plain text"
        f" ({stored / plain if plain else 1:.0%}); {bodies.packed / bodies.looked_at:.0%} are compressed{of}."
    )
    if found.waiting_to_be_packed:
        yield f"The daemon compresses older texts, some at a time; it has come down to entry {found.waiting_to_be_packed:,}."


def _growth(found: Statistics) -> str:
    told = ", ".join(f"{count:,} in {counted(days, 'day')}" for days, count in found.growing)
    days, count = next((pair for pair in found.growing if pair[0] == 7), (7, 0))
    return f"New: {told}; of late {size(found.bytes_an_entry * count / days)} a day."


def _retention(found: Statistics, keep_for: timedelta | None) -> str:
    if keep_for is None or found.removable is None:
        return "Nothing is removed for its age: `retention.keep_for` is not set."
    most = "" if found.removable_complete else "at least "
    return f"Retention ({keep_for.days} days) would remove {most}{counted(found.removable, 'entry', 'entries')} now."


def _tables(found: Statistics) -> Iterator[tuple[str, str, str, str, str]]:
    """The largest first; tables that are nearly empty are left out."""
    counts = {one.table: one for one in found.rows}
    groups: dict[str, list[Relation]] = {}
    for one in found.relations:
        groups.setdefault(one.table, []).append(one)
    whole = max(found.total_bytes, 1)
    for name, parts in sorted(groups.items(), key=lambda pair: -sum(one.bytes or 0 for one in pair[1])):
        own = [one.bytes for one in parts if one.kind == "table" or one.name == name]
        total = sum(one.bytes or 0 for one in parts)
        unknown = any(one.bytes is None for one in parts)
        rows = counts.get(name)
        told = "" if rows is None else "?" if rows.count is None else f"{'~' if rows.estimated else ''}{rows.count:,}"
        if total < whole / 1000 and not unknown:
            continue
        yield (
            name,
            told,
            "?" if None in own else size(sum(one or 0 for one in own)),
            "?" if unknown else size(total),
            "?" if unknown else f"{total / whole:.1%}",
        )


def _months(found: Statistics) -> Iterator[tuple[str, str]]:
    for month, count in found.months[:_MONTHS]:
        yield month, f"{count:,}"
    if older := found.months[_MONTHS:]:
        yield f"before {found.months[_MONTHS - 1][0]}", f"{sum(count for _, count in older):,}"


def size(count: float) -> str:
    """``4.1 kB``, in steps of a thousand."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
