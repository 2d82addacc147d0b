"""Small helpers for bulk statements, the same for both dialects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from feedhub.store.bulk import Many
from feedhub.store.tables import counters

T = TypeVar("T")
CHUNK = 500
"""Values in one IN list, rows of one batch of retention: enough to spread a statement's cost, little to hold."""


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that are known to be new."""
    _insert(table).run(connection, rows)


def put_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose key is there already changes nothing."""
    _upsert(connection.dialect.name, table, ()).run(connection, rows)


def put_over(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose key is there replaces its other columns."""
    if rows:
        _upsert(connection.dialect.name, table, _changing(table, rows[0], ())).run(connection, rows)


def put_ready(connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """As :func:`put`, for rows as :meth:`feedhub.store.bulk.Many.run_ready` takes them."""
    _insert(table).run_ready(connection, names, rows)


def put_missing_ready(
    connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """As :func:`put_missing`, likewise."""
    _upsert(connection.dialect.name, table, ()).run_ready(connection, names, rows)


def put_over_ready(
    connection: Connection,
    table: Table,
    names: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    keep: Collection[str] = (),
) -> None:
    """As :func:`put_over`, likewise."""
    _upsert(connection.dialect.name, table, _changing(table, names, keep)).run_ready(connection, names, rows)


def _changing(table: Table, names: Iterable[str], keep: Collection[str]) -> tuple[str, ...]:
    fixed = {*keep, *(column.name for column in table.primary_key)}
    return tuple(name for name in names if name not in fixed)


@cache
def _insert(table: Table) -> Many:
    return Many(insert(table))


@cache
def _upsert(dialect: str, table: Table, changing: tuple[str, ...]) -> Many:
    keys = list(table.primary_key)
    if dialect == "sqlite":
        lite = sqlite.insert(table)
        values = {name: lite.excluded[name] for name in changing}
        return Many(
            lite.on_conflict_do_update(index_elements=keys, set_=values)
            if values
            else lite.on_conflict_do_nothing(index_elements=keys)
        )
    post = postgresql.insert(table)
    values = {name: post.excluded[name] for name in changing}
    return Many(
        post.on_conflict_do_update(index_elements=keys, set_=values)
        if values
        else post.on_conflict_do_nothing(index_elements=keys)
    )


class Counter:
    """Hands out numbers that are never used twice, for the length of one transaction of the single writer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        rows = connection.execute(select(counters.c.name, counters.c.value))
        self._stored = {str(row.name): int(row.value) for row in rows}
        self._now = dict(self._stored)

    def next(self, name: str) -> int:
        self._now[name] = self._now.get(name, 0) + 1
        return self._now[name]

    def save(self) -> None:
        """Write what was handed out; part of the transaction."""
        changed = [{"name": n, "value": v} for n, v in self._now.items() if self._stored.get(n) != v]
        put_over(self._connection, counters, changed)
        self._stored = dict(self._now)


GENERATION = "generation"


def bump(connection: Connection) -> None:
    """Say that readers may see something new."""
    changed = connection.execute(
        update(counters).where(counters.c.name == GENERATION).values(value=counters.c.value + 1)
    )
    if not changed.rowcount:
        put(connection, counters, [{"name": GENERATION, "value": 1}])
