"""Statements that are asked with every request and for every changed feed, without SQLAlchemy's steps around each.

On SQLite, SQLAlchemy's own work for a statement of one row (a connection from the pool, the transaction's begin, the
execution's context, result and processors) is nearly all of its cost: 256 µs CPU to find a feed, 17 without. There the
text is written down once and given to the driver, on connections that are kept here, or in the writer's transaction on
the one that it has. On PostgreSQL, where the way to the server is paid as well, SQLAlchemy asks. The rows are the same.
"""

from __future__ import annotations

import sqlite3
import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from feedhub.store.columns import Moment, moment
from feedhub.store.sqlalchemy_engine import driver_of, translated
from feedhub.store.statements import CHUNK

Asked = sqlite3.Connection | Connection
"""What :meth:`Prepared.rows` asks: the driver's connection, or SQLAlchemy's on either dialect."""
_IDLE = 8
"""Connections kept open; more are opened and closed as threads need them."""
_LENGTHS = (1, 4, 16, 64, 128, 256, CHUNK)
"""Of ``IN`` lists: one text each. A list is filled up with its last value, which changes no answer."""
_DIALECT = sqlite.dialect()


class Prepared:
    """A query written down once.

    :param statement: Core. Its parameters are named; the value of an ``expanding`` one is a list of at least
        one and at most :data:`CHUNK` values.
    :param names: of the parameters, in the order in which :meth:`rows` takes their values.
    """

    def __init__(self, statement: Select[Any], *names: str) -> None:
        self._statement = statement
        self._names = names
        self._columns = tuple(str(column.key) for column in statement.selected_columns)
        self._texts: dict[int, _Text] = {}  # by the length of their lists; 0 where there is none

    def rows(self, asked: Asked, *values: Any) -> Sequence[Sequence[Any]]:
        """All rows, their values of the columns' own Python types.

        :raises feedhub.errors.DatabaseError: as everywhere in the store.
        """
        if isinstance(asked, Connection):
            driver = driver_of(asked)
            if driver is None:
                return asked.execute(self._statement, dict(zip(self._names, values, strict=True))).all()
            asked = driver
        length = next((_LENGTHS[bisect_left(_LENGTHS, len(value))] for value in values if type(value) is list), 0)
        text = self._texts.get(length) or self._write(length)
        return text.rows(asked, values)

    def mappings(self, asked: Asked, *values: Any) -> list[dict[str, Any]]:
        """The same by the names of the columns."""
        return [dict(zip(self._columns, row, strict=True)) for row in self.rows(asked, *values)]

    def pairs(self, asked: Asked, *values: Any) -> dict[Any, Any]:
        """Of two columns the second by the first."""
        return {first: second for first, second in self.rows(asked, *values)}  # noqa: C416  rows are sequences, not tuples

    def _write(self, length: int) -> _Text:
        text = self._texts[length] = _Text(self._statement, self._names, length)
        return text


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value goes: which parameter, and for a list which of its values."""

    parameter: int
    item: int = -1


class _Text:
    """The statement as SQLite reads it, with an ``IN`` list of one length."""

    def __init__(self, statement: Select[Any], names: Sequence[str], length: int) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        assert isinstance(compiled, SQLCompiler)
        places: dict[str, Any] = {name: _Place(at) for at, name in enumerate(names)}
        for name, parameter in compiled.binds.items():
            if parameter.expanding:
                places[name] = [_Place(places[name].parameter, item) for item in range(length)]
        written = compiled.construct_expanded_state(places)
        self._sql = written.statement
        given: Sequence[Any] = written.positional_parameters
        # a list's places follow each other: the first stands for all
        self._given = [one for one in given if type(one) is not _Place or one.item <= 0]
        self._length = length
        self._processors = [
            (place, process)
            for place, column in enumerate(statement.selected_columns)
            if (process := _processor(column.type)) is not None
        ]

    def rows(self, connection: sqlite3.Connection, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        given: list[Any] = []
        for one in self._given:
            if type(one) is not _Place:
                given.append(one)
            elif one.item:
                given.append(values[one.parameter])
            else:
                some = values[one.parameter]
                given += some
                given += some[-1:] * (self._length - len(some))
        found = connection.execute(self._sql, given).fetchall()
        return [self._processed(row) for row in found] if self._processors else found

    def _processed(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, process in self._processors:
            values[place] = process(values[place])
        return values


def _processor(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    if isinstance(kind, Moment):
        return moment
    return kind.dialect_impl(_DIALECT).result_processor(_DIALECT, None)


class QuickReads:
    """The driver's connections to a SQLite database, for reading. Safe from any thread.

    They are the engine's, prepared by it, and taken out of its pool for good.
    """

    def __init__(self, engine: Engine, url: str) -> None:
        self._engine = engine
        self._url = url
        self._idle: deque[sqlite3.Connection] = deque()
        self._watching: sqlite3.Connection | None = None
        self._watch = threading.Lock()

    @contextmanager
    def asking(self) -> Iterator[sqlite3.Connection]:
        """One state of the database, for the length of the block.

        :raises feedhub.errors.DatabaseError: for what the driver raises.
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        try:
            connection.execute("BEGIN")
            yield connection
            connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            connection.close()
            raise translated(error, self._url) or error from error
        except BaseException:
            connection.close()  # whatever state it is in
            raise
        if len(self._idle) < _IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    def mark(self) -> Hashable:
        """See :meth:`feedhub.store.base.Side.mark`. ``data_version`` tells of commits by all connections but its own."""
        with self._watch:
            connection = self._watching or self._open()
            self._watching = None
            try:
                (version,) = connection.execute("PRAGMA data_version").fetchone()
            except sqlite3.Error as error:
                connection.close()
                raise translated(error, self._url) or error from error
            self._watching = connection
        return connection, version  # the figure means nothing beside that of another connection

    def _open(self) -> sqlite3.Connection:
        try:
            pooled = self._engine.raw_connection()
        except sqlite3.Error as error:
            raise translated(error, self._url) or error from error
        connection = pooled.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        pooled.detach()
        return connection

    def close(self) -> None:
        """Close what is idle."""
        with self._watch:
            if self._watching is not None:
                self._watching.close()
                self._watching = None
        while self._idle:
            self._idle.pop().close()
