"""Giving room back to the disk, which retention and forgetting have freed in the file.

SQLite uses free pages again before a file grows, but a file does not shrink by itself. Databases of this version keep with each
page who refers to it (``auto_vacuum=INCREMENTAL``, file format 1.5): the last pages can move to free places and the end be
cut off, some at a time, beside everything else. Databases that were made before are written anew once, while nothing runs
(:func:`compact`). PostgreSQL's autovacuum does all of this by itself.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from feedhub.errors import DatabaseBroken, DatabaseError
from feedhub.store import sqlalchemy_engine
from feedhub.store.lock import InstanceLock
from feedhub.store.schema import require_current
from feedhub.store.sqlalchemy_engine import driver_of, name_of, sqlite_file
from feedhub.store.upkeep import drop_log, owned_alike

SHRINK_FROM, SHRINK_TO = 5, 10
"""A file of which more than a fifth is free shrinks until a tenth is: what comes next has room, and no page moves to and fro."""
STEP_PAGES = 250
"""Pages that move in one transaction: 2 MB, some hundredths of a second."""
_INCREMENTAL = 2


def shrinks_by_itself(connection: Connection) -> bool:
    """Whether room can be given back beside everything else. Reads."""
    return connection.dialect.name != "sqlite" or _number(connection, "auto_vacuum") == _INCREMENTAL


def spare_pages(connection: Connection) -> int:
    """How many pages should go; 0 while not too many are free, and where it is not ours to do. Reads."""
    if connection.dialect.name != "sqlite" or not shrinks_by_itself(connection):
        return 0
    pages, free = _number(connection, "page_count"), _number(connection, "freelist_count")
    if free <= max(pages // SHRINK_FROM, STEP_PAGES):
        return 0
    return (free * SHRINK_TO - pages) // (SHRINK_TO - 1)  # the file itself shrinks by what goes


def give_back(connection: Connection, pages: int = STEP_PAGES) -> int:
    """Move so many of the last pages to free places and cut the file there, in this transaction; how many went."""
    driver = driver_of(connection)
    if driver is None:
        return 0
    before = _number(connection, "page_count")
    driver.execute(f"PRAGMA incremental_vacuum({pages:d})").fetchall()  # a page with each row that is asked for
    return before - _number(connection, "page_count")


def map_bytes(connection: Connection) -> int:
    """What it takes to know who refers to each page: five bytes a page, in pages of their own from the second page on."""
    if connection.dialect.name != "sqlite" or not shrinks_by_itself(connection):
        return 0
    size, pages = _number(connection, "page_size"), _number(connection, "page_count")
    return size * ((pages - 2) // (size // 5 + 1) + 1 if pages > 1 else 0)


def _number(connection: Connection, pragma: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() or 0)


def compact(url: str) -> tuple[int, int]:
    """Write a SQLite database anew, without free pages and so that it shrinks by itself from now on; bytes before and now.

    Needs as much room on the disk as the new file. It takes the old one's place in one step: whoever kills this finds one of the two.
    Nobody else has the old one open meanwhile: what they wrote would be lost, and who only reads would go on to read it.

    :raises AlreadyRunning: a FeedHub uses the database.
    :raises DatabaseBusy: another program has it open.
    :raises DatabaseError: PostgreSQL, which does this by itself; or it failed, and nothing was changed.
    """
    file = sqlite_file(url)
    if file is None:
        raise DatabaseError(
            f"{name_of(url)} is kept in order by PostgreSQL itself.",
            "To shrink its files all the same, stop FeedHub and use: VACUUM FULL",
        )
    require_current(url)
    file = file.resolve()  # else a link to it would become the file
    with InstanceLock(url):
        fresh = file.with_name(file.name + ".compacting")
        fresh.unlink(missing_ok=True)  # of one that was killed
        before = file.stat().st_size
        with closing(sqlite3.connect(file, isolation_level=None)) as alone:
            _write_anew(alone, file, fresh, url)
            fresh.replace(file)
        drop_log(file)
    return before, file.stat().st_size


def _hold(connection: sqlite3.Connection) -> None:
    """Lock everybody else out until the connection is closed; what is in the log comes into the file, which does without one."""
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("COMMIT")


def _write_anew(alone: sqlite3.Connection, file: Path, fresh: Path, url: str) -> None:
    try:
        _hold(alone)
        alone.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of what VACUUM writes
        alone.execute("VACUUM INTO ?", (str(fresh),))
        with closing(sqlite3.connect(fresh)) as connection:
            if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise DatabaseBroken(f"{file} is damaged.", "Restore a backup: feedhub db restore FILE")
        with fresh.open("rb+") as written:
            os.fsync(written.fileno())
        owned_alike(fresh, file)
    except (sqlite3.Error, DatabaseBroken, OSError) as error:
        fresh.unlink(missing_ok=True)
        ours = error if isinstance(error, DatabaseError) else sqlalchemy_engine.translated(error, url)
        raise ours or DatabaseBroken(f"Compacting {file} failed: {error}.", "Nothing was changed.") from error
