"""Changes of many rows, without SQLAlchemy's steps around each value.

SQLAlchemy's own work for a statement with many rows (each value's parameter looked up and processed, each row's dictionary
copied) is dearer than what SQLite does with them. There the text is written down once for each set of columns and given
to the driver, within SQLAlchemy's transaction and on its connection. On PostgreSQL SQLAlchemy gives it. The rows are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Insert, LargeBinary, TextClause, Update
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Delete
from sqlalchemy.types import TypeEngine

from feedhub.store.columns import Moment, seconds
from feedhub.store.sqlalchemy_engine import driver_of

_DIALECT = sqlite.dialect()
_TAKEN_AS_THEY_ARE = (Boolean, LargeBinary)
"""Types whose values SQLite's driver stores in the same way when they are not processed: truth values and ``bytes``."""


class Many:
    """A statement for many rows, written down once.

    :param statement: Core, with a named parameter or a column for each value of a row.
    """

    def __init__(self, statement: Insert | Update | Delete | TextClause) -> None:
        self._statement = statement
        self._texts: dict[tuple[str, ...], _Text] = {}  # by the names of a row's values

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Once for each row; nothing without rows.

        :param rows: values by name, the same names in each.
        :raises feedhub.errors.DatabaseError: as everywhere in the store.
        """
        if not rows:
            return
        driver = driver_of(connection)
        if driver is None:
            connection.execute(self._statement, list(rows))
            return
        names = tuple(rows[0])
        text = self._texts.get(names) or self._write(names)
        driver.executemany(text.sql, text.values(rows))

    def run_ready(self, connection: Connection, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
        """The same for rows whose values need no more work, which halves what a row costs here.

        :param names: of the values of each row, in their order.
        :param rows: values as SQLite keeps them: a moment is its seconds.
        """
        if not rows:
            return
        driver = driver_of(connection)
        if driver is None:
            connection.execute(self._statement, [dict(zip(names, row, strict=True)) for row in rows])
            return
        text = self._texts.get(names) or self._write(names)
        driver.executemany(text.sql, text.in_order(rows))

    def _write(self, names: tuple[str, ...]) -> _Text:
        text = self._texts[names] = _Text(self._statement, names)
        return text


class _Text:
    """The statement as SQLite reads it, for rows of certain names."""

    def __init__(self, statement: Insert | Update | Delete | TextClause, names: tuple[str, ...]) -> None:
        compiled = statement.compile(dialect=_DIALECT, column_keys=list(names), for_executemany=True)
        assert isinstance(compiled, SQLCompiler)
        self.sql = str(compiled)
        places = compiled.positiontup or []
        order = [names.index(name) for name in places if name in names]
        self._order = None if order == [*range(len(names))] else itemgetter(*order)
        self._of = itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
        self._fixed = {name: compiled.binds[name].value for name in places if name not in names}
        self._processors = [
            (place, process)
            for place, name in enumerate(places)
            if (process := _processor(compiled.binds[name].type)) is not None
        ]

    def values(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Sequence[Any]]:
        """A sequence for each row, in the order of the text's question marks."""
        if self._fixed:
            rows = ({**self._fixed, **row} for row in rows)
        given = map(self._of, rows)
        return map(self._processed, given) if self._processors else given

    def in_order(self, rows: Iterable[tuple[Any, ...]]) -> Iterable[Sequence[Any]]:
        """Tuples of the values named, in the order of the text's question marks."""
        assert not self._fixed
        return rows if self._order is None else map(self._order, rows)

    def _processed(self, row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for place, process in self._processors:
            values[place] = process(values[place])
        return values


def _processor(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    if isinstance(kind, _TAKEN_AS_THEY_ARE):
        return None
    if isinstance(kind, Moment):
        return seconds
    return kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)
