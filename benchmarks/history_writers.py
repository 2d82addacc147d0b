"""Where the rows of :mod:`history_rows` go: into a copy of a SQLite file, or by COPY into PostgreSQL."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table

from feedhub.model import Indexed
from feedhub.search.match import tsvector
from feedhub.store.columns import metadata
from feedhub.store.search_index import place_of
from feedhub.store.sqlalchemy_engine import parse_url, sqlite_file
from feedhub.store.tables import entries
from feedhub.store.upgrading import migrate

if TYPE_CHECKING:
    from history_rows import Grown

Row = list[Any]
COPY, NUMBER = "zzcopyzz", "zznumberzz"
"""Stand in the tokens of a title for the words that tell the rounds and entries apart."""


class Lite:
    """Writes rows into a copy of the template."""

    def __init__(self, url: str, file: Path, _grown: Grown) -> None:
        target = sqlite_file(url)
        assert target is not None
        shutil.copy(file, target)
        self._connection = sqlite3.connect(target)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1500000", "foreign_keys=OFF"):
            self._connection.execute(f"PRAGMA {pragma}")

    def put(self, table: Table, rows: Iterable[Row]) -> None:
        places = ",".join("?" * len(table.columns))
        self._connection.executemany(f"INSERT INTO {table.name} ({columns_of(table)}) VALUES ({places})", rows)

    def index(self, some: Iterable[tuple[int, Indexed]]) -> None:
        """Places must grow, or FTS5 writes to disk with each."""
        rows = [(place, document.title, document.text) for place, document in sorted(some, key=lambda one: one[0])]
        self._connection.executemany("INSERT INTO search(rowid, title, text) VALUES (?, ?, ?)", rows)

    def replace(self, table: Table, rows: Iterable[Row]) -> None:
        names = columns_of(table).split(", ")
        put = ", ".join(f"{name} = ?" for name in names[1:])
        text = f"UPDATE {table.name} SET {put} WHERE {names[0]} = ?"
        self._connection.executemany(text, ([*row[1:], row[0]] for row in rows))

    def say(self, sql: str) -> None:
        self._connection.execute(sql)

    def commit(self) -> None:
        self._connection.commit()

    def close(self) -> None:
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.close()


class Post:
    """Writes rows by COPY; what is dear to keep up to date row by row is made anew at the end."""

    def __init__(self, url: str, _file: Path, grown: Grown) -> None:
        import psycopg

        migrate(url)
        address = parse_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(address)
        self.say("SET session_replication_role = replica")  # no foreign keys meanwhile
        self.say("SET maintenance_work_mem = '1GB'")
        names = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'ix\\_%'"
        self._indexes: dict[str, str] = dict(self._connection.execute(names).fetchall())
        for name in self._indexes:
            self.say(f"DROP INDEX {name}")
        for table in metadata.sorted_tables:
            self.say(f"DELETE FROM {table.name}")
            self.put(table, grown.all[table.name])
        of_entry = {row[0]: row for row in grown.all["entries"]}
        column = [one.name for one in entries.columns].index("sort_key")
        titles = [one.name for one in entries.columns].index("title")
        self.index(
            (place_of(of_entry[number][column], number), filled_in(document, *words_of(of_entry[number][titles])))
            for number, document in grown.tokens.items()
        )

    def put(self, table: Table, rows: Iterable[Row]) -> None:
        with self._connection.cursor().copy(f"COPY {table.name} ({columns_of(table)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def index(self, some: Iterable[tuple[int, Indexed]]) -> None:
        with self._connection.cursor().copy("COPY search (place, document) FROM STDIN") as copy:
            for place, document in some:
                copy.write_row((place, tsvector(document)))

    def replace(self, table: Table, rows: Iterable[Row]) -> None:
        self.say(f"DELETE FROM {table.name}")
        self.put(table, rows)

    def say(self, sql: str) -> None:
        self._connection.execute(sql)

    def commit(self) -> None:
        self._connection.commit()

    def close(self) -> None:
        for definition in self._indexes.values():
            self.say(definition)
        self.say("SET session_replication_role = DEFAULT")
        self._connection.commit()
        self._connection.autocommit = True
        self.say("VACUUM ANALYZE")
        self._connection.close()


def columns_of(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def words_of(title: str) -> tuple[str, str]:
    copy, number = title.rsplit(" ", 2)[1:]
    return copy, number


def filled_in(document: Indexed, copy: str, number: str) -> Indexed:
    return Indexed(document.title.replace(COPY, copy).replace(NUMBER, number), document.text)
