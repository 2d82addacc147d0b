"""Recorded posting: a CSV of ``source,published,first_seen``, or a FeedHub database, as traces.

A moment is ISO 8601 or Unix seconds; ``published`` may be empty. What nobody recorded is guessed: a source's list is as long
as the entries that its first look brought (10 to 100), nobody gave hints, and an entry appeared when it says so if that is at most a
day before it was first seen, else when it was first seen.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from cadence_lab.traces import DAY, START, Span, Trace
from feedhub.store.schema import require_current
from feedhub.store.sqlalchemy_engine import connect

HEADER = ("source", "published", "first_seen")
QUERY = """
SELECT sources.slug, CASE entries.date_origin WHEN 'stated' THEN entries.published END, entries.first_seen
FROM entries JOIN sources ON sources.id = entries.owner_id ORDER BY entries.first_seen, entries.id
"""
MOST_WARM_UP = 28 * DAY

Row = tuple[str, int | None, int]
"""Source, stated date or None, first seen; Unix seconds."""


def read_csv(path: Path) -> Iterator[Row]:
    """The rows of a file.

    :raises ValueError: with the line and what is wrong there.
    """
    with path.open(newline="", encoding="utf-8") as file:
        lines = csv.reader(file)
        if tuple(next(lines, ())) != HEADER:
            raise ValueError(f"{path}: the first line must be {','.join(HEADER)}")
        for fields in lines:
            try:
                source, published, first_seen = fields
                yield source, _second(published) if published else None, _second(first_seen)
            except ValueError as error:
                raise ValueError(
                    f"{path}, line {lines.line_num}: three fields are needed, source,published,first_seen, the moments "
                    f"as ISO 8601 or Unix seconds ({error})"
                ) from error


def read_database(url: str) -> Iterator[Row]:
    """The rows of a FeedHub database, which is only read. An entry counts for the source that brought it first.

    :raises DatabaseOutdated, DatabaseNewer, DatabaseBroken: it cannot be read as it is.
    """
    require_current(url)
    engine = connect(url, writing=False)
    with engine.connect() as connection:
        yield from [(slug, published, seen) for slug, published, seen in connection.execute(sa.text(QUERY))]
    engine.dispose()


def write_csv(rows: Iterable[Row], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows((source, "" if published is None else published, seen) for source, published, seen in rows)


def as_traces(rows: Iterable[Row]) -> tuple[list[Trace], Span]:
    """Traces, and the scored time: what follows half of the recorded time, or four weeks if that is less.

    Sources that appeared later than that are left out.

    :raises ValueError: when there is nothing to score.
    """
    sources: defaultdict[str, list[tuple[int | None, int]]] = defaultdict(list)
    for source, published, first_seen in rows:
        sources[source].append((published, first_seen))
    if not sources:
        raise ValueError("The recording holds no entries.")
    first = min(seen for some in sources.values() for _, seen in some)
    last = max(seen for some in sources.values() for _, seen in some)
    origin = int(START.timestamp()) + (first - int(START.timestamp())) // (7 * DAY) * (7 * DAY)  # a Monday again
    span = Span(begin=first - origin + min((last - first) // 2, MOST_WARM_UP), end=last - origin)
    if span.end - span.begin < DAY:
        raise ValueError("The recording is too short: at least two days are needed.")
    traces = [_trace(name, some, origin) for name, some in sorted(sources.items())]
    return [trace for trace in traces if trace.first_poll < span.begin], span


def _trace(name: str, some: list[tuple[int | None, int]], origin: int) -> Trace:
    start = min(seen for _, seen in some)
    entries = sorted(_placed(published, seen, start, origin) for published, seen in some)
    return Trace(
        name=name,
        family="replayed",
        appeared=[appeared for appeared, _, _ in entries],
        stated=[stated if dated else None for appeared, dated, stated in entries],
        window=min(max(sum(seen == start for _, seen in some), 10), 100),
        first_poll=start - origin,
    )


def _placed(published: int | None, seen: int, start: int, origin: int) -> tuple[int, bool, int]:
    """(appeared, whether it is dated, stated date) in seconds of the trace; sortable."""
    if published is None:
        return seen - origin, False, 0
    believed = published <= seen and (seen == start or seen - published <= DAY)
    return (published if believed else seen) - origin, True, published - origin


def _second(text: str) -> int:
    if text.lstrip("-").isdigit():
        return int(text)
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
