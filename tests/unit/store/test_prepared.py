"""Statements that go to SQLite's driver: the same rows as through SQLAlchemy, errors and marks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import bindparam, func, select

from feedhub.errors import DatabaseBroken
from feedhub.model import FeedKind, Insert
from feedhub.store import SqlStore, open_store
from feedhub.store.prepared import Prepared
from feedhub.store.reading import FULL
from feedhub.store.tables import entries
from feedhub.store.upgrading import migrate
from support.stories import NOW, draft, poll, spec


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    url = f"sqlite:///{tmp_path / 'feedhub.db'}"
    migrate(url)
    opened = open_store(url)
    opened.sync([spec("a")], [], NOW)
    (state,) = opened.states()
    with opened.transaction() as transaction:
        transaction.apply([poll(state, *((draft("a", str(number)), Insert()) for number in range(90)))])
    yield opened
    opened.close()


def test_lists_of_any_length_find_the_same_rows_of_the_same_types(store: SqlStore) -> None:
    found = FULL.where(entries.c.id.in_(bindparam("some", expanding=True)), entries.c.version >= bindparam("least"))
    query = found.where(func.length(entries.c.title) > 0).order_by(entries.c.id).limit(80)
    prepared = Prepared(query, "least", "some")
    with store.asking() as quick, store.reading() as connection:
        for length in (1, 2, 4, 5, 16, 17, 64, 65, 90, 500):
            wanted = [*range(length, 0, -1)]
            rows = [tuple(row) for row in prepared.rows(quick, 1, wanted)]
            assert rows == [tuple(row) for row in connection.execute(query, {"least": 1, "some": wanted})]
            assert rows == [tuple(row) for row in prepared.rows(connection, 1, wanted)]
            assert len(rows) == min(length, 80)
        named = connection.execute(FULL.where(entries.c.id == 1)).mappings().one()
        assert prepared.mappings(quick, 1, [1]) == [dict(named)]


def test_one_block_sees_one_state(store: SqlStore) -> None:
    count = Prepared(select(func.count()).select_from(entries))
    (state,) = store.states()
    with store.asking() as quick:
        before = count.rows(quick)
        with store.transaction() as transaction:
            transaction.apply([poll(state, (draft("a", "new"), Insert()))])
        assert count.rows(quick) == before == [(90,)]
    with store.asking() as quick:
        assert count.rows(quick) == [(91,)]


def test_a_mark_stays_until_somebody_commits(store: SqlStore) -> None:
    mark = store.mark()
    store.page(store.feeds()[0].id, 5)
    assert store.mark() == mark
    store.remember("a", "b")
    ours = store.mark()
    assert ours != mark
    other = open_store(store.url)
    other.remember("a", "c")
    other.close()
    theirs = store.mark()
    assert theirs not in {mark, ours}
    store.close()
    assert store.mark() not in {mark, ours, theirs}


def test_a_damaged_file_is_told_in_our_words(store: SqlStore) -> None:
    store.close()
    Path(store.url.removeprefix("sqlite:///")).write_bytes(b"no database" * 1000)
    with pytest.raises(DatabaseBroken, match="damaged"):
        store.feed(FeedKind.ALL, "all")
    with pytest.raises(DatabaseBroken, match="damaged"):
        store.mark()
