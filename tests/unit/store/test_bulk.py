"""Rows that go to SQLite's driver: the same as through SQLAlchemy, within its transaction, with its errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from feedhub.errors import DiskFull
from feedhub.store import SqlStore, open_store
from feedhub.store.bulk import Many
from feedhub.store.columns import seconds
from feedhub.store.statements import put, put_missing, put_missing_ready, put_over_ready, put_ready
from feedhub.store.tables import access_tokens, feeds, polls
from feedhub.store.upgrading import migrate
from support.stories import NOW, spec

FEEDS: list[dict[str, Any]] = [
    {"id": n, "kind": "topic", "key": f"k{n}", "slug": f"s{n}", "title": "Tiếng Việt", "updated": NOW, "every_copy": n == 2}
    for n in (1, 2, 3)
]  # fmt: skip
POLLS: list[dict[str, Any]] = [
    {"source_id": 1, "number": n, "at": NOW, "kind": "ok", "elapsed": 0.5, "next_poll_at": later}
    for n, later in ((1, None), (2, NOW + timedelta(hours=1)))
]
TOKENS = [{"name": "a", "digest": b"\x00\xff", "since": NOW}]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    url = f"sqlite:///{tmp_path / 'feedhub.db'}"
    migrate(url)
    opened = open_store(url)
    opened.sync([spec("a")], [], NOW)
    with opened.writing() as connection:
        connection.execute(delete(feeds))
    yield opened
    opened.close()


def test_rows_of_all_types_are_those_that_sqlalchemy_writes(store: SqlStore) -> None:
    for table, rows in ((feeds, FEEDS), (polls, POLLS), (access_tokens, TOKENS)):
        bare = text(f"SELECT * FROM {table.name}")
        with store.writing() as connection:
            connection.execute(insert(table), rows)
            wanted = connection.execute(bare).all()
            connection.execute(delete(table))
            put(connection, table, rows)
            assert connection.execute(bare).all() == wanted
            assert len(wanted) == len(rows)


def test_changes_know_names_of_the_row_and_values_of_the_statement(store: SqlStore) -> None:
    change = Many(update(feeds).where(feeds.c.id == bindparam("b_id")).values(version=feeds.c.version + 6))
    retitle = Many(update(feeds).where(feeds.c.id == bindparam("b_id")))
    with store.writing() as connection:
        put(connection, feeds, FEEDS)
        change.run(connection, [{"b_id": 1}, {"b_id": 3}])
        retitle.run(connection, [{"title": "other", "b_id": 2}])
        retitle.run(connection, [{"b_id": 2, "updated": NOW + timedelta(days=1)}])
        change.run(connection, [])
        found = connection.execute(select(feeds.c.version, feeds.c.title, feeds.c.updated).order_by(feeds.c.id)).all()
    title = "Tiếng Việt"
    assert [tuple(row) for row in found] == [(7, title, NOW), (1, "other", NOW + timedelta(days=1)), (7, title, NOW)]


def test_a_key_that_is_there_changes_nothing_or_the_other_columns(store: SqlStore) -> None:
    again = [{**POLLS[0], "kind": "later", "elapsed": 2.0}, {**POLLS[0], "number": 3}]
    query = select(polls.c.number, polls.c.kind, polls.c.elapsed).order_by(polls.c.number)
    with store.writing() as connection:
        put(connection, polls, POLLS[:1])
        put_missing(connection, polls, again)
        assert [tuple(row) for row in connection.execute(query)] == [(1, "ok", 0.5), (3, "ok", 0.5)]
        put_over_ready(connection, polls, tuple(again[0]), [in_seconds(row) for row in again], keep=["kind"])
        assert [tuple(row) for row in connection.execute(query)] == [(1, "ok", 2.0), (3, "ok", 0.5)]


def in_seconds(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(seconds(value) if isinstance(value, datetime) else value for value in row.values())


def test_ready_rows_are_the_same_in_whatever_order_their_values_come(store: SqlStore) -> None:
    """On PostgreSQL tests/contract shows it."""
    for table, rows in ((feeds, FEEDS), (polls, POLLS), (access_tokens, TOKENS)):
        for given in (rows, [dict(reversed(row.items())) for row in rows]):
            with store.writing() as connection:
                connection.execute(delete(table))
                put(connection, table, rows)
                wanted = connection.execute(select(table)).all()
                connection.execute(delete(table))
                put_ready(connection, table, tuple(given[0]), [in_seconds(row) for row in given])
                put_missing_ready(connection, table, tuple(given[0]), [in_seconds(row) for row in given])
                assert connection.execute(select(table)).all() == wanted


def fill(store: SqlStore) -> None:
    """Rows, and in the same transaction more than there is room for."""
    with store.writing() as connection:
        put(connection, feeds, FEEDS)
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        put(
            connection,
            feeds,
            [{**row, "id": 10 + n, "slug": f"large{n}", "key": f"{n}" * 50_000} for n, row in enumerate(FEEDS)],
        )


def test_a_full_disk_is_said_and_takes_the_whole_transaction_back(store: SqlStore) -> None:
    with pytest.raises(DiskFull) as caught:
        fill(store)
    assert isinstance(caught.value.__cause__, sqlite3.Error)
    with store.reading() as connection:
        assert connection.execute(select(feeds)).all() == []


def test_a_broken_rule_of_a_table_is_sqlalchemys_error(store: SqlStore) -> None:
    with pytest.raises(IntegrityError), store.writing() as connection:
        put(connection, feeds, [*FEEDS, FEEDS[0]])
    with store.reading() as connection:
        assert connection.execute(select(feeds)).all() == []
