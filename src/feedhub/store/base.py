"""What the two sides of the store share: their connections."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Connection

from feedhub.store import sqlalchemy_engine
from feedhub.store.prepared import Asked, QuickReads


class Side:
    """Connections for reading and for writing. Two engines: a reader must never take the writer's lock."""

    def __init__(self, url: str, *, busy_timeout: float, read_only: bool) -> None:
        self.url = url
        self.read_only = read_only
        self.writes = 0  # commits by :meth:`writing`, in this process: readers may see something new
        self._writer = sqlalchemy_engine.connect(url, writing=True, busy_timeout=busy_timeout)
        self._hurried = sqlalchemy_engine.connect(url, writing=True, busy_timeout=0.05)
        self._reader = sqlalchemy_engine.connect(url, writing=False, busy_timeout=busy_timeout)
        self._quick = QuickReads(self._reader, url) if sqlalchemy_engine.sqlite_file(url) else None

    def reading(self) -> AbstractContextManager[Connection]:
        """One state of the database, for the length of the block."""
        return sqlalchemy_engine.reading(self._reader)

    def asking(self) -> AbstractContextManager[Asked]:
        """As :meth:`reading`, for statements that were written down before (:class:`feedhub.store.prepared.Prepared`)."""
        return self.reading() if self._quick is None else self._quick.asking()

    def mark(self) -> Hashable:
        """Equal to the last one only if nobody, in any process, committed anything in between. Never equal on PostgreSQL.

        :raises feedhub.errors.DatabaseError: the database cannot be read.
        """
        return object() if self._quick is None else self._quick.mark()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction of the single writer."""
        with sqlalchemy_engine.writing(self._reader if self.read_only else self._writer) as connection:
            yield connection
        self.writes += 1

    @contextmanager
    def hurried_writing(self) -> Iterator[Connection]:
        """A transaction that gives up at once when somebody else writes."""
        with sqlalchemy_engine.writing(self._hurried) as connection:
            yield connection

    def close(self) -> None:
        """Close all connections. The store opens new ones if it is used again."""
        if self._quick is not None:
            self._quick.close()
        for engine in (self._writer, self._hurried, self._reader):
            engine.dispose()
