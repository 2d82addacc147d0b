"""Looking after the database: checking, backing up, restoring."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import Connection, text

from feedhub.errors import DatabaseBroken, DatabaseError, OutputError
from feedhub.store import sqlalchemy_engine
from feedhub.store.lock import InstanceLock
from feedhub.store.schema import SchemaKind, copy_sqlite, free_name, require_current, schema_state
from feedhub.store.search_index import index_faults
from feedhub.store.sqlalchemy_engine import name_of, sqlite_file

LOGS = ("-wal", "-shm")
"""Endings of what SQLite keeps beside a database in use."""

# Each walks one table in its order and looks up the rest, so that a database of any size takes time and no memory: SQLite
# keeps what it must sort or group in memory. CROSS JOIN is its word for joining in the order that is written.
_INVARIANTS = {
    "feeds whose size is not the number of entries they show": """
        SELECT count(*) FROM feeds f WHERE f.size <>
        (SELECT count(*) FROM memberships m WHERE m.feed_id = f.id AND NOT m.hidden)""",
    "entries without a body": """
        SELECT count(*) FROM entries e LEFT JOIN contents c ON c.entry_id = e.id WHERE c.entry_id IS NULL""",
    "entries without a key": """
        SELECT count(*) FROM entries e WHERE NOT EXISTS (SELECT 1 FROM entry_keys k WHERE k.entry_id = e.id)""",
    "entries that no source was seen to list": """
        SELECT count(*) FROM entries e WHERE NOT EXISTS (SELECT 1 FROM sightings s WHERE s.entry_id = e.id)""",
    "memberships at another moment than their entry": """
        SELECT count(*) FROM entries e CROSS JOIN memberships m WHERE m.entry_id = e.id AND m.sort_key <> e.sort_key""",
    "stories that a feed shows twice": """
        SELECT count(*) FROM (SELECT DISTINCT m.feed_id, e.cluster
        FROM entries e CROSS JOIN memberships m CROSS JOIN feeds f
        WHERE e.cluster <> e.id AND m.entry_id = e.id AND NOT m.hidden
        AND f.id = m.feed_id AND f.kind <> 'sources' AND NOT f.every_copy
        AND EXISTS (SELECT 1 FROM entries o CROSS JOIN memberships n WHERE o.cluster = e.cluster AND o.id <> e.id
        AND n.entry_id = o.id AND n.feed_id = m.feed_id AND NOT n.hidden)) AS twice""",
    "stories that a feed should show and hides": """
        SELECT count(*) FROM (SELECT DISTINCT m.feed_id, e.cluster
        FROM entries e CROSS JOIN memberships m WHERE m.entry_id = e.id AND m.hidden
        AND NOT EXISTS (SELECT 1 FROM entries o CROSS JOIN memberships n WHERE o.cluster = e.cluster
        AND n.entry_id = o.id AND n.feed_id = m.feed_id AND NOT n.hidden)) AS unseen""",
    "redirects away from an address that is in use": """
        SELECT count(*) FROM redirects r JOIN feeds f ON f.kind = r.kind AND f.slug = r.slug""",
    "removed entries that are still stored": """
        SELECT count(*) FROM forgotten g JOIN entry_keys k ON k.key = g.key""",
}


def check(url: str) -> list[str]:
    """What is wrong with a database, one sentence each; empty when it is sound. Reads all of it.

    :raises DatabaseError: it cannot be read at all, or not by this program.
    """
    require_current(url)
    engine = sqlalchemy_engine.connect(url, writing=False)
    try:
        with engine.connect() as connection:
            damage = _damage(connection) if connection.dialect.name == "sqlite" else []
            return damage or _broken_invariants(connection)
    finally:
        engine.dispose()


def _damage(connection: Connection) -> list[str]:
    found = [f"damaged: {row[0]}" for row in connection.execute(text("PRAGMA integrity_check(20)")) if row[0] != "ok"]
    rows = connection.execute(text("PRAGMA foreign_key_check")).all()
    found += [f"{row[0]}: row {row[1]} refers to a missing row of {row[2]}" for row in rows[:20]]
    return found


def _broken_invariants(connection: Connection) -> list[str]:
    counts = {words: connection.scalar(text(query)) for words, query in _INVARIANTS.items()}
    counts |= index_faults(connection)
    return [f"{count} {words}" for words, count in counts.items() if count]


def backup(url: str, target: Path) -> None:
    """Write a complete copy to ``target``; safe while FeedHub runs.

    :raises DatabaseError: PostgreSQL, which has programs of its own for this, or the copy failed.
    :raises OutputError: the target exists or its folder does not.
    """
    file = _sqlite_only(url, f"pg_dump --format=custom --file={target}")
    require_current(url)
    if target.exists():
        raise OutputError(f"{target} exists already.", "Choose another name.")
    if not target.parent.is_dir():
        raise OutputError(f"The folder {target.parent} does not exist.", "Create it first.")
    copy_sqlite(file, target, url)


def restore(url: str, source: Path) -> Path | None:
    """Put a backup in the database's place; returns where the old database was set aside, if there was one.

    :raises AlreadyRunning: a FeedHub uses the database.
    :raises DatabaseError: the backup is none, or was made by a newer FeedHub; nothing was changed.
    """
    file = _sqlite_only(url, f"pg_restore --clean --dbname=… {source}")
    # else a link to it would become the file; and its log, which lies beside the file, would stay and be played into the new one
    file = file.resolve()
    _check_backup(source)
    with InstanceLock(url):
        fresh = file.with_name(file.name + ".restoring")
        fresh.unlink(missing_ok=True)
        copy_sqlite(source, fresh, url)
        if file.exists():
            owned_alike(fresh, file)
        aside = _set_aside(file)
        fresh.replace(file)
        drop_log(file)
    return aside


def _sqlite_only(url: str, instead: str) -> Path:
    file = sqlite_file(url)
    if file is None:
        raise DatabaseError(f"{name_of(url)} is copied by PostgreSQL's own programs.", f"Use: {instead}")
    return file


def _check_backup(source: Path) -> None:
    if not source.is_file():
        raise DatabaseBroken(f"There is no backup at {source}.")
    state = schema_state(f"sqlite:///{source}")
    if state.kind is SchemaKind.NEWER:
        raise DatabaseBroken(f"{source} was made by a newer FeedHub.", "Install that version to restore it.")
    if state.kind is SchemaKind.MISSING:
        raise DatabaseBroken(f"{source} is empty.", "Choose another backup.")
    with closing(sqlite3.connect(source)) as connection:
        if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise DatabaseBroken(f"{source} is damaged.", "Choose another backup.")


def _set_aside(file: Path) -> Path | None:
    """Give the database a second name, which is its only one once another file takes its place: it is never without one.

    What its log holds is written into it before, for a log that stays would be played into the restored file and ruin
    it. A database that is too broken for that keeps its log beside its second name.
    """
    if not file.exists():
        return None
    aside = free_name(file, ".replaced")
    if not emptied_log(file):
        for ending in LOGS:
            log = file.with_name(file.name + ending)
            if log.exists():
                shutil.move(log, aside.with_name(aside.name + ending))
    try:
        aside.hardlink_to(file)
    except OSError:  # a file system without links
        shutil.copy2(file, aside)
    return aside


def owned_alike(fresh: Path, file: Path) -> None:
    """Let those read and write a new file who could the old one: whoever looks after a database is often not who runs FeedHub."""
    old = file.stat()
    fresh.chmod(old.st_mode & 0o777)
    with suppress(PermissionError):
        os.chown(fresh, old.st_uid, old.st_gid)


def emptied_log(file: Path) -> bool:
    """Have all that is in the log written into the file; whether that could be done."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:
        return False
    return not busy


def drop_log(file: Path) -> None:
    """Remove the log, of which nothing is wanted any more."""
    for ending in LOGS:
        file.with_name(file.name + ending).unlink(missing_ok=True)
