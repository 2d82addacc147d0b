"""Connections, and the translation of their errors into ours. Everything that differs by dialect at connection time.

SQLite: write-ahead log (readers never wait for the writer), ``synchronous=NORMAL`` (a power cut may take the last
commits back, never half of one), foreign keys on. A writing transaction takes the lock at its start (``BEGIN
IMMEDIATE``), because a lock taken later may fail without any wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError, IntegrityError

from feedhub.errors import DatabaseBroken, DatabaseBusy, DatabaseError, DiskFull

PAGE_SIZE = 8192
_FULL = {sqlite3.SQLITE_FULL}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BROKEN = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_CLOSED = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_BUSY_STATES = {"55P03", "40P01", "40001", "53300", "57014"}
_FULL_STATES = {"53100", "53400"}


def parse_url(url: str) -> URL:
    """The address of a database, with the driver we use.

    :raises DatabaseBroken: it is none, or names a kind of database that FeedHub does not use.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseBroken("The database's address cannot be read.", "Write sqlite:///feedhub.db.") from error
    backend = parsed.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise DatabaseBroken(
            f"FeedHub keeps nothing in {parsed.render_as_string(hide_password=True)}.",
            "Use sqlite:///file or postgresql://user@host/name.",
        )
    return parsed.set(drivername="sqlite")


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    parsed = parse_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def name_of(url: str) -> str:
    """How to call this database in a message: without its password."""
    file = sqlite_file(url)
    return str(file) if file else parse_url(url).render_as_string(hide_password=True).replace("+psycopg", "")


def connect(url: str, *, writing: bool, busy_timeout: float = 15.0) -> Engine:
    """An engine for one side of the store. Nothing is opened before the first use.

    :param busy_timeout: seconds to wait for a lock.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed, connect_args={"timeout": busy_timeout}, pool_size=8, max_overflow=56, hide_parameters=True
        )
        _tune_sqlite(engine, writing)
    else:
        engine = _postgres(parsed, writing, busy_timeout)
    _translate_errors(engine, url)
    return engine


def _postgres(parsed: URL, writing: bool, busy_timeout: float) -> Engine:
    options = f"-c lock_timeout={int(busy_timeout * 1000)} -c timezone=UTC"
    level = "READ COMMITTED" if writing else "REPEATABLE READ"  # a page is read by several statements
    try:
        return create_engine(
            parsed,
            connect_args={"options": options, "connect_timeout": 10},
            isolation_level=level,
            pool_pre_ping=True,
            pool_size=8,
            max_overflow=24,
            hide_parameters=True,
        )
    except ModuleNotFoundError as error:
        raise DatabaseBroken(
            "The PostgreSQL driver is not installed.", "Install it with: pip install 'feedhub[postgres]'"
        ) from error


def _tune_sqlite(engine: Engine, writing: bool) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _record: object) -> None:
        assert isinstance(connection, sqlite3.Connection)
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in _pragmas(writing):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _pragmas(writing: bool) -> list[str]:
    shared = ["foreign_keys=ON", "temp_store=MEMORY"]
    if not writing:  # there may be many: what they read again is in the system's cache
        return [*shared, "query_only=ON", "cache_size=-4000"]
    # The first two have an effect on a new file only, and only before the log is switched on
    return [
        f"page_size={PAGE_SIZE}",
        "auto_vacuum=INCREMENTAL",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "journal_size_limit=67108864",
        "cache_size=-16000",
        *shared,
    ]


def _translate_errors(engine: Engine, url: str) -> None:
    @event.listens_for(engine, "handle_error")
    def translate(context: ExceptionContext) -> None:
        ours = translated(context.original_exception, url)
        if ours is not None and not context.is_pre_ping:  # the pool itself replaces a connection that was lost
            raise ours  # SQLAlchemy puts the driver's error behind it


def translated(error: BaseException, url: str) -> DatabaseError | None:
    """Our word for a driver's error; None for one that only a mistake of ours can cause."""
    if isinstance(error, sqlite3.Error):
        return _from_sqlite(error, url)
    if type(error).__module__.startswith("psycopg"):
        return _from_postgres(error, url)
    return None


def _from_sqlite(error: sqlite3.Error, url: str) -> DatabaseError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    name = name_of(url)
    if code in _FULL:
        return DiskFull(f"There is no room left for {name}.", "Free some space; nothing was changed.")
    if code in _BUSY:
        return DatabaseBusy(f"{name} is locked by another program.", "Try again when that program has finished.")
    if code in _BROKEN:
        return DatabaseBroken(f"{name} is damaged or no FeedHub database.", "Restore a backup: feedhub db restore FILE")
    if code in _CLOSED:
        return DatabaseBroken(f"{name} cannot be opened: {_reason(Path(name))}.", "Check the path in database.url.")
    if code == sqlite3.SQLITE_IOERR:
        return DatabaseBroken(f"Reading or writing {name} failed: {error}.", "Check the disk.")
    return None


def _reason(file: Path) -> str:
    if not file.parent.is_dir():
        return f"the folder {file.parent} does not exist"
    if file.is_dir():
        return "it is a folder"
    return "no permission to read and write it"


def _from_postgres(error: BaseException, url: str) -> DatabaseError | None:
    state = str(getattr(error, "sqlstate", None) or "")
    if state in _FULL_STATES:
        return DiskFull(f"There is no room left for {name_of(url)}.", "Free some space; nothing was changed.")
    if state in _BUSY_STATES:
        return DatabaseBusy(f"{name_of(url)} is locked by another program.", "Try again in a while.")
    # A missing state is a connection that failed or was lost; 08, 28, 3D, 57P, 58, XX are the server's own troubles.
    if (not state and type(error).__name__ == "OperationalError") or state[:2] in {"08", "28", "3D", "57", "58", "XX"}:
        first_line = (str(error).strip().splitlines() or ["no answer"])[0]
        return DatabaseBroken(f"{name_of(url)} does not answer: {first_line}", "Check database.url and the server.")
    return None


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the database until the block ends."""
    with _driver_errors(engine), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that commits at the end of the block and rolls back on any exception."""
    with _driver_errors(engine), engine.begin() as connection:
        yield connection


def driver_of(connection: Connection) -> sqlite3.Connection | None:
    """SQLite's own connection, within the transaction of SQLAlchemy's; None on PostgreSQL.

    What it raises is translated at the end of :func:`reading` and :func:`writing`.
    """
    if connection.dialect.name != "sqlite":
        return None
    if not connection.in_transaction():
        connection.begin()
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


@contextmanager
def _driver_errors(engine: Engine) -> Iterator[None]:
    """Errors of :func:`driver_of`'s connection, which SQLAlchemy does not see, as they are when it does."""
    try:
        yield
    except sqlite3.Error as error:
        ours = translated(error, engine.url.render_as_string(hide_password=False))
        if ours is None and isinstance(error, sqlite3.IntegrityError):
            raise IntegrityError(None, None, error) from error
        raise ours or error from error
