"""A database from before the full-text index: upgraded at once, searched as far as it has come."""

from __future__ import annotations

from alembic import command

from feedhub.model import Feed, FeedKind, Insert
from feedhub.search.query import Query, parse
from feedhub.search.selection import Found, Selection
from feedhub.store import SqlStore, check, open_store
from feedhub.store.alembic_steps import alembic_config
from feedhub.store.sqlalchemy_engine import connect
from feedhub.store.upgrading import migrate
from support.stories import NOW, draft, poll, spec


def found(store: SqlStore, words: str) -> int:
    query, everything = parse(words), store.feed(FeedKind.ALL, "all")
    assert isinstance(query, Query)
    assert isinstance(everything, Feed)
    answer = store.find(Selection(within=(everything,), clauses=query.clauses), 50)
    assert isinstance(answer, Found)
    return len(answer.hits)


def test_stored_entries_are_indexed_after_the_upgrade(database: str) -> None:
    migrate(database)
    store = open_store(database)
    store.sync([spec("a")], [], NOW)
    (state,) = store.states()
    with store.transaction() as transaction:
        transaction.apply([poll(state, *((draft("a", str(n)), Insert()) for n in range(5)))])
    store.close()
    engine = connect(database, writing=True)
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0003")
    engine.dispose()
    assert "0010" in migrate(database)
    store = open_store(database)
    assert (store.index_state().waiting, found(store, "of")) == (5, 0)
    assert check(database) == []
    assert [store.index_some(batch=2) for _ in range(4)] == [2, 2, 1, 0]
    assert (store.index_state().complete, found(store, "of")) == (True, 5)
    assert check(database) == []
    store.close()
