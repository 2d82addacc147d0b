"""Migrations make what the tables say, go up and down, and refuse what they do not know."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from feedhub.errors import DatabaseBroken, DatabaseNewer, DatabaseOutdated
from feedhub.store import SchemaKind, open_store, schema_state, tables
from feedhub.store.alembic_steps import alembic_config
from feedhub.store.schema import all_steps
from feedhub.store.sqlalchemy_engine import connect, sqlite_file
from feedhub.store.upgrading import migrate


def _is_in_metadata(name: str | None, kind: str, _parents: object) -> bool:
    """The full-text index is made by each database in its own way."""
    return kind != "table" or not str(name).startswith("search")


def test_the_migrations_make_the_tables(database: str) -> None:
    steps = "0001 0002 0003 0010 0012 0013 0014 0015 0016 0017 0018 0019 0020 0021"
    assert migrate(database) == steps.split()
    engine = connect(database, writing=True)
    with engine.connect() as connection:
        opts = {"compare_type": True, "compare_server_default": False, "include_name": _is_in_metadata}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, tables.sources.metadata) == []
    engine.dispose()


def test_the_steps_are_known_without_alembic() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert all_steps() == tuple(step.revision for step in reversed(list(script.walk_revisions())))


def test_up_down_and_up_again(database: str) -> None:
    migrate(database)
    engine = connect(database, writing=True)
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    with engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "head")
    engine.dispose()
    assert schema_state(database).kind is SchemaKind.CURRENT
    assert migrate(database) == []


def test_a_newer_schema_is_refused(database: str) -> None:
    migrate(database)
    engine = connect(database, writing=True)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert schema_state(database).kind is SchemaKind.NEWER
    for refused in (migrate, open_store):
        with pytest.raises(DatabaseNewer, match="newer FeedHub"):
            refused(database)


def test_a_missing_schema_is_no_store(database: str) -> None:
    assert schema_state(database).kind is SchemaKind.MISSING
    with pytest.raises(DatabaseOutdated, match="db upgrade"):
        open_store(database)
    file = sqlite_file(database)
    assert file is None or not file.exists()  # asking creates nothing


def test_the_database_of_another_program_is_left_alone(database: str) -> None:
    engine = connect(database, writing=True)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE recipes (name VARCHAR)"))
    engine.dispose()
    with pytest.raises(DatabaseBroken, match="another program"):
        migrate(database)
