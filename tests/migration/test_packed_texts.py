"""A database from before texts were packed: upgraded without touching a row, and packed row by row afterwards."""

from __future__ import annotations

from dataclasses import replace

from alembic import command
from sqlalchemy import text

from feedhub.model import EntryId, Insert
from feedhub.store import check, open_store
from feedhub.store.alembic_steps import alembic_config
from feedhub.store.schema import all_steps
from feedhub.store.sqlalchemy_engine import connect
from feedhub.store.upgrading import migrate
from support.stories import NOW, draft, poll, spec

LONG = "<p>" + "Tàu chờ thủy triều lên. " * 50 + "</p>"


def plain(database: str, revision: str | None = None) -> list[str]:
    """The texts that are stored as they are; after a step down, if one is named."""
    engine = connect(database, writing=True)
    with engine.begin() as connection:
        if revision:
            command.downgrade(alembic_config(connection), revision)
        found = list(connection.scalars(text("SELECT content FROM contents ORDER BY entry_id")))
    engine.dispose()
    return found


def test_rows_stay_as_they_are_and_are_packed_later(database: str) -> None:
    migrate(database)
    store = open_store(database)
    store.sync([spec("a")], [], NOW)
    (state,) = store.states()
    made = [replace(one, entry=replace(one.entry, content=LONG)) for one in (draft("a", "1"), draft("a", "2"))]
    with store.transaction() as transaction:
        transaction.apply([poll(state, *((each, Insert()) for each in (*made, draft("a", "3"))))])
    store.close()
    assert plain(database) == ["", "", "<p>3 of a</p>"]
    assert plain(database, "0019") == [LONG, LONG, "<p>3 of a</p>"]
    assert migrate(database) == list(all_steps()[all_steps().index("0020") :])
    assert plain(database) == [LONG, LONG, "<p>3 of a</p>"]
    store = open_store(database)
    assert [store.pack_some(batch=2) for _ in range(3)] == [2, 1, 0]
    assert plain(database) == ["", "", "<p>3 of a</p>"]
    assert {one.entry.content for one in store.stored([EntryId(1), EntryId(2)])} == {LONG}
    store.close()
    assert check(database) == []
