"""The schema's version, and how it compares to this program. ``upgrading`` brings it up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from feedhub.errors import DatabaseBroken, DatabaseNewer, DatabaseOutdated
from feedhub.store import sqlalchemy_engine
from feedhub.store.sqlalchemy_engine import name_of, sqlite_file

VERSION_TABLE = "alembic_version"
"""Where Alembic keeps the revision of a database, in one row of one column."""
_REVISION = text("SELECT version_num FROM alembic_version")


class SchemaKind(StrEnum):
    MISSING = "missing"  # no database, or an empty one
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaState:
    """How a database's schema compares to this program. ``steps``: migrations to run."""

    kind: SchemaKind
    revision: str = ""
    steps: tuple[str, ...] = ()


def migrations_folder() -> Path:
    """Where the migrations are: beside this file in the wheel, at the project's root in a checkout."""
    here = Path(__file__).resolve()
    for folder in (here.parent / "migrations", here.parents[3] / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise DatabaseBroken("The migrations are missing from this installation.", "Install FeedHub again.")


def schema_state(url: str) -> SchemaState:
    """Compare without changing anything.

    :raises DatabaseBroken: the database cannot be opened, or holds tables that are not FeedHub's.
    """
    file = sqlite_file(url)
    if file is not None and not _has_content(file):
        return SchemaState(kind=SchemaKind.MISSING, steps=all_steps())
    engine = sqlalchemy_engine.connect(url, writing=False)
    try:
        with engine.connect() as connection:
            return _compare(connection, url)
    finally:
        engine.dispose()


def _has_content(file: Path) -> bool:
    if not file.parent.is_dir():
        raise DatabaseBroken(f"The folder {file.parent} of the database does not exist.", "Create it first.")
    return file.exists() and (file.is_dir() or file.stat().st_size > 0)


def _compare(connection: Connection, url: str) -> SchemaState:
    tables = inspect(connection).get_table_names()
    revision = connection.scalar(_REVISION) if VERSION_TABLE in tables else None
    if revision is None:
        if tables:
            raise DatabaseBroken(f"{name_of(url)} is the database of another program.", "Choose another one.")
        return SchemaState(kind=SchemaKind.MISSING, steps=all_steps())
    steps = all_steps()
    if revision not in steps:
        return SchemaState(kind=SchemaKind.NEWER, revision=revision)
    ahead = steps[steps.index(revision) + 1 :]
    kind = SchemaKind.OLDER if ahead else SchemaKind.CURRENT
    return SchemaState(kind=kind, revision=revision, steps=ahead)


def all_steps() -> tuple[str, ...]:
    """All revisions, oldest first: what the names of the migrations' files begin with (a test holds Alembic to it).

    Without Alembic, because every command asks for them.
    """
    return tuple(sorted(file.name.partition("_")[0] for file in migrations_folder().glob("versions/[0-9]*_*.py")))


def require_current(url: str) -> None:
    """:raises DatabaseOutdated, DatabaseNewer, DatabaseBroken: this program cannot work with the database as it is."""
    state = schema_state(url)
    if state.kind is SchemaKind.NEWER:
        raise newer(url, state)
    if state.kind is SchemaKind.MISSING:
        raise DatabaseOutdated(f"There is no FeedHub database at {name_of(url)}.", "Create it: feedhub db upgrade")
    if state.kind is SchemaKind.OLDER:
        behind = "1 step" if len(state.steps) == 1 else f"{len(state.steps)} steps"
        raise DatabaseOutdated(
            f"{name_of(url)} was made by an older FeedHub ({behind} behind).",
            "Upgrade it: feedhub db upgrade",
        )


def newer(url: str, state: SchemaState) -> DatabaseNewer:
    return DatabaseNewer(
        f"{name_of(url)} was made by a newer FeedHub (schema {state.revision}).",
        "Install that version again, or restore a backup made before the upgrade.",
    )


def free_name(file: Path, ending: str) -> Path:
    """A name beside ``file`` that is not taken."""
    candidate, number = file.with_name(file.name + ending), 2
    while candidate.exists():
        candidate, number = file.with_name(f"{file.name}{ending}-{number}"), number + 1
    return candidate


def copy_sqlite(file: Path, target: Path, url: str) -> None:
    """A consistent copy of a database that may be in use. ``target`` is there when it is complete, and not before."""
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)  # of a copy that was killed
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(partial)) as copy:
            source.backup(copy)
        partial.replace(target)
    except sqlite3.Error as error:
        partial.unlink(missing_ok=True)
        raise sqlalchemy_engine.translated(error, url) or DatabaseBroken(f"Copying {file} failed: {error}.") from error
