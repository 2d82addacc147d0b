"""Bringing the schema up to date, with Alembic. The one door to it: only what upgrades a database imports this."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from feedhub.store import sqlalchemy_engine
from feedhub.store.schema import SchemaKind, copy_sqlite, free_name, migrations_folder, newer, schema_state
from feedhub.store.sqlalchemy_engine import sqlite_file


def alembic_config(connection: Connection | None = None) -> Config:
    """A configuration made in memory; ``env.py`` takes the connection from it."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(url: str) -> list[str]:
    """Bring the schema up to date; returns the migrations that ran, oldest first.

    A SQLite database that holds something is copied first, beside itself, as ``<name>.before-<revision>``. All steps
    run in one transaction: they happen together or not at all.

    :raises DatabaseNewer: the schema comes from a newer program.
    """
    state = schema_state(url)
    if state.kind is SchemaKind.NEWER:
        raise newer(url, state)
    if state.steps:
        file = sqlite_file(url)
        if file is not None and state.kind is SchemaKind.OLDER:
            copy_sqlite(file, free_name(file, f".before-{state.steps[0]}"), url)
        engine = sqlalchemy_engine.connect(url, writing=True)
        try:
            with engine.begin() as connection:
                command.upgrade(alembic_config(connection), "head")
        finally:
            engine.dispose()
    return list(state.steps)
