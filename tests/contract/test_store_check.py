"""`db check` on both databases: what is broken is told, and nothing is held in memory to find it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from feedhub.model import Insert
from feedhub.store import SqlStore, check, open_store
from feedhub.store.upgrading import migrate
from feedhub.store.upkeep import _INVARIANTS
from support.stories import HOUR, NOW, draft, key, poll, spec, topic


@pytest.fixture
def told_twice(database: str) -> Iterator[SqlStore]:
    """One story of two entries, of which feeds show the first, and an entry of its own; not checked after the test."""
    migrate(database)
    store = open_store(database)
    store.sync([spec("a"), spec("b")], [topic("tea")], NOW)
    first, second = store.states()
    with store.transaction() as transaction:
        own = draft("a", "2", at=NOW - HOUR, topics=("tea",))
        transaction.apply([poll(first, (draft("a", "1", story="s", topics=("tea",)), Insert()), (own, Insert()))])
        (story,) = transaction.stories([key("story s")])[key("story s")]
        again = draft("b", "1", story="s", topics=("tea",))
        transaction.apply([poll(second, (again, Insert(cluster=story.cluster)))])
    assert check(store.url) == []
    yield store
    store.close()


_OF_TEA = "feed_id = (SELECT id FROM feeds WHERE key = 'tea')"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (f"UPDATE memberships SET hidden = FALSE WHERE {_OF_TEA}", "1 stories that a feed shows twice"),
        (
            f"UPDATE memberships SET hidden = TRUE WHERE {_OF_TEA} AND entry_id = 1",
            "1 stories that a feed should show and hides",
        ),
        (
            f"UPDATE memberships SET hidden = TRUE WHERE {_OF_TEA} AND entry_id = 2",
            "1 stories that a feed should show and hides",
        ),
        (
            f"UPDATE memberships SET sort_key = sort_key + 1 WHERE {_OF_TEA} AND entry_id = 2",
            "1 memberships at another moment than their entry",
        ),
    ],
)
def test_a_list_that_is_not_as_it_should_be_is_told(told_twice: SqlStore, fault: str, told: str) -> None:
    with told_twice.writing() as connection:
        connection.execute(text(fault))
    assert told in check(told_twice.url)


def test_the_index_is_compared_with_the_entries_both_ways(told_twice: SqlStore) -> None:
    with told_twice.writing() as connection:
        lite = connection.dialect.name == "sqlite"
        kept, place = ("search_docsize", "id") if lite else ("search", "place")
        connection.execute(text(f"DELETE FROM {kept} WHERE {place} = (SELECT min({place}) FROM {kept})"))
        add = "search(rowid, title, text) VALUES (5, 'a', 'b')" if lite else "search(place, document) VALUES (5, '')"
        connection.execute(text(f"INSERT INTO {add}"))
    assert check(told_twice.url) == [
        "1 entries that the full-text index should know and does not",
        "1 entries that the full-text index knows and that are gone",
    ]


def test_no_question_sorts_or_groups_what_grows_with_the_history(tmp_path: Path) -> None:
    """SQLite does it in memory; PostgreSQL on its disk."""
    migrate(url := f"sqlite:///{tmp_path}/feedhub.db")
    with closing(open_store(url)) as store, store.reading() as connection:
        for words, query in _INVARIANTS.items():
            steps = {row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}"))}
            assert not {step for step in steps if "GROUP BY" in step or "LIST SUBQUERY" in step}, words
