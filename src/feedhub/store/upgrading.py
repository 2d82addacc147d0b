"""Bringing the schema up to date. Alembic is imported when there is a step to take, which is hardly ever."""

from __future__ import annotations

from importlib import import_module

from feedhub.store import sqlalchemy_engine
from feedhub.store.schema import SchemaKind, copy_sqlite, free_name, newer, schema_state
from feedhub.store.sqlalchemy_engine import sqlite_file


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
                import_module("feedhub.store.alembic_steps").upgrade(connection)
        finally:
            engine.dispose()
    return list(state.steps)
