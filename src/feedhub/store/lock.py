"""One FeedHub for one database. The system takes the lock back when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from time import sleep
from types import TracebackType
from typing import IO

from sqlalchemy import Connection, Engine, text

from feedhub.errors import AlreadyRunning, DatabaseBroken, DatabaseError
from feedhub.store import sqlalchemy_engine
from feedhub.store.sqlalchemy_engine import name_of, sqlite_file

ADVISORY_KEY = 0xFEED_4B
"""The name of our lock among PostgreSQL's advisory locks, which are kept for each database."""
_LOCK = text("SELECT pg_try_advisory_lock(:key)").bindparams(key=ADVISORY_KEY)
_HOLDER = text(
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objid = :key AND l.classid = 0"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
).bindparams(key=ADVISORY_KEY)
_STILL_THERE = text("SELECT 1")
_NAME = "feedhub "
LOOKS, LOOK = 100, 0.01
"""How often, and after how many seconds, we try again while others only look who holds the lock (:func:`holder`)."""


class InstanceLock:
    """A context in which this process alone may write to the database.

    SQLite: a lock on ``<database>.lock`` beside the file itself, which also holds the process id. PostgreSQL: an advisory lock on a connection
    of its own, whose name holds the process id.

    :raises AlreadyRunning: another process has it.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._file: IO[str] | None = None
        self._engine: Engine | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> InstanceLock:
        file = sqlite_file(self._url)
        if file is None:
            self._lock_server()
        else:
            self._lock_file(_lock_file(file))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()  # the file stays: removing it would let two processes lock two files of one name
            self._file = None
        if self._connection is not None:
            self._connection.invalidate()  # ends the session, and with it the lock, even when the server is gone
            self._connection.close()
            self._connection = None
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def hold(self) -> None:
        """See that the lock is still ours. A PostgreSQL server that was restarted has forgotten it: take it again.

        :raises AlreadyRunning: another process was quicker; this one must stop.
        :raises feedhub.errors.DatabaseError: the server does not answer; nobody can have the lock then.
        """
        if sqlite_file(self._url) is not None:
            return  # the lock of a file ends with the process only
        if self._connection is not None:
            with suppress(DatabaseError):
                self._connection.scalar(_STILL_THERE)
                return
        self.__exit__(None, None, None)
        self._lock_server()

    def _lock_file(self, path: Path) -> None:
        try:
            file = path.open("a+")
        except OSError as error:
            raise DatabaseBroken(f"{path} cannot be written: {error.strerror}.", "Check the folder.") from error
        for look in range(LOOKS, -1, -1):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if not look or _file_holder(path) is not None:
                    file.close()
                    raise _running(self._url) from error
                sleep(LOOK)  # nobody holds it: a command is just asking who does
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def _lock_server(self) -> None:
        self._engine = sqlalchemy_engine.connect(self._url, writing=True)
        self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        name = text("SELECT set_config('application_name', :name, false)")
        self._connection.execute(name.bindparams(name=f"{_NAME}{os.getpid()}"))
        if not self._connection.scalar(_LOCK):
            self.__exit__(None, None, None)
            raise _running(self._url)


def holder(url: str) -> int | None:
    """The process id of the FeedHub that holds this database; None when there is none. 0: one that cannot be named."""
    file = sqlite_file(url)
    return _server_holder(url) if file is None else _file_holder(_lock_file(file))


def _lock_file(file: Path) -> Path:
    file = file.resolve()  # one lock, whatever links lead to the database
    return file.with_name(file.name + ".lock")


def _file_holder(path: Path) -> int | None:
    try:
        with path.open("r") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _pid(file.read())
    except FileNotFoundError:
        return None
    return None


def _server_holder(url: str) -> int | None:
    engine = sqlalchemy_engine.connect(url, writing=False)
    try:
        with engine.connect() as connection:
            name = connection.scalar(_HOLDER)
    finally:
        engine.dispose()
    return None if name is None else _pid(str(name).removeprefix(_NAME))


def _pid(word: str) -> int:
    return int(word) if word.strip().isdigit() else 0


def _running(url: str) -> AlreadyRunning:
    pid = holder(url)
    who = f"process {pid}" if pid else "another process"
    return AlreadyRunning(f"A FeedHub already runs on {name_of(url)} ({who}).", "Stop it first, or ask it.")
