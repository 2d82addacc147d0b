"""Keys of stories before and after they could lead to several."""

from __future__ import annotations

from alembic import command

from feedhub.model import Insert
from feedhub.store import check, open_store
from feedhub.store.alembic_steps import alembic_config
from feedhub.store.sqlalchemy_engine import connect
from feedhub.store.upgrading import migrate
from support.stories import NOW, draft, key, poll, spec


def test_a_key_keeps_its_first_story_on_the_way_down_and_up(database: str) -> None:
    migrate(database)
    store = open_store(database)
    store.sync([spec("a")], [], NOW)
    (state,) = store.states()
    with store.transaction() as transaction:
        transaction.apply([poll(state, *((draft("a", str(n), story="s"), Insert()) for n in range(3)))])
    first = min(entry.id for entry in store.entries(9))
    store.close()
    engine = connect(database, writing=True)
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0015")
    engine.dispose()
    assert "0016" in migrate(database)
    store = open_store(database)
    with store.transaction() as transaction:
        assert [story.cluster for story in transaction.stories([key("story s")])[key("story s")]] == [first]
    assert check(database) == []
    store.close()
