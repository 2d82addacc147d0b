"""People, categories and enclosures of entries: written in bulk, read in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Table, bindparam, delete, select

from feedhub.model import Byline, Category, Enclosure, Entry, EntryId
from feedhub.store.prepared import Asked, Prepared
from feedhub.store.rows import BYLINE_COLUMNS, ENCLOSURE_COLUMNS, byline_rows, enclosure_rows
from feedhub.store.statements import Counter, chunks, put, put_ready
from feedhub.store.tables import authors, categories, enclosures, entry_authors, entry_categories

CategoryName = tuple[str, str, str, str]
_TABLES: tuple[Table, ...] = (entry_authors, entry_categories, enclosures)


class Attachments:
    """Gathers what belongs to entries, then writes it."""

    def __init__(self, connection: Connection, counter: Counter) -> None:
        self._connection = connection
        self._counter = counter
        self._entries: dict[EntryId, Entry] = {}
        self._replaced: set[EntryId] = set()

    def attach(self, number: EntryId, entry: Entry) -> None:
        """For a new entry."""
        self._entries[number] = entry

    def replace(self, number: EntryId, entry: Entry) -> None:
        """For a stored entry: what it had goes."""
        self._entries[number] = entry
        self._replaced.add(number)

    def write(self) -> None:
        for some in chunks(self._replaced):
            for table in _TABLES:
                self._connection.execute(delete(table).where(table.c.entry_id.in_(some)))
        self._write_people()
        self._write_categories()
        rows = [row for number, entry in self._entries.items() for row in enclosure_rows(number, entry.enclosures)]
        put_ready(self._connection, enclosures, ENCLOSURE_COLUMNS, rows)

    def _write_people(self) -> None:
        people = {number: _people(entry) for number, entry in self._entries.items()}
        ids = self._author_ids(byline for bylines in people.values() for byline, _ in bylines)
        rows = [row for number, bylines in people.items() for row in byline_rows(number, bylines, ids)]
        put_ready(self._connection, entry_authors, BYLINE_COLUMNS, rows)

    def _author_ids(self, bylines: Iterable[Byline]) -> dict[str, int]:
        first: dict[str, Byline] = {}
        for byline in bylines:
            first.setdefault(byline.key, byline)
        ids: dict[str, int] = {}
        for some in chunks(first):
            ids.update(_AUTHORS.pairs(self._connection, some))
        rows = []
        for key, byline in first.items():
            if key not in ids:
                ids[key] = self._counter.next("authors")
                name, organisation = byline.name, byline.is_organisation
                rows.append({"id": ids[key], "key": key, "name": name, "is_organisation": organisation})
        put(self._connection, authors, rows)
        return ids

    def _write_categories(self) -> None:
        names = {_name(category) for entry in self._entries.values() for category in entry.categories}
        ids = self._category_ids(sorted(names))
        rows = [
            (number, position, ids[_name(category)])
            for number, entry in self._entries.items()
            for position, category in enumerate(entry.categories)
        ]
        put_ready(self._connection, entry_categories, ("entry_id", "position", "category_id"), rows)

    def _category_ids(self, names: Sequence[CategoryName]) -> dict[CategoryName, int]:
        ids: dict[CategoryName, int] = {}
        for some in chunks({name[0] for name in names}):
            ids.update({tuple(name): number for number, *name in _NAMED.rows(self._connection, some)})
        rows = []
        for name in names:
            if name not in ids:
                ids[name] = self._counter.next("categories")
                rows.append(dict(zip(("id", "key", "term", "scheme", "label"), (ids[name], *name), strict=True)))
        put(self._connection, categories, rows)
        return ids


def _people(entry: Entry) -> list[tuple[Byline, bool]]:
    return [*((byline, False) for byline in entry.authors), *((byline, True) for byline in entry.contributors)]


def _name(category: Category) -> CategoryName:
    return (category.key, category.term, category.scheme, category.label)


# ---------------------------------------------------------------- reading


_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_AUTHORS = Prepared(select(authors.c.key, authors.c.id).where(authors.c.key.in_(_KEYS)), "keys")
_NAMED = Prepared(
    select(categories.c.id, categories.c.key, categories.c.term, categories.c.scheme, categories.c.label).where(
        categories.c.key.in_(_KEYS)
    ),
    "keys",
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_BYLINES = Prepared(
    select(
        entry_authors.c.entry_id,
        entry_authors.c.contributor,
        authors.c.key,
        entry_authors.c.name,
        entry_authors.c.role,
        entry_authors.c.organisation,
        entry_authors.c.uri,
        entry_authors.c.is_organisation,
    )
    .join(authors, authors.c.id == entry_authors.c.author_id)
    .where(entry_authors.c.entry_id.in_(_IDS))
    .order_by(entry_authors.c.entry_id, entry_authors.c.position),
    "ids",
)
_CATEGORIES = Prepared(
    select(entry_categories.c.entry_id, categories.c.key, categories.c.term, categories.c.scheme, categories.c.label)
    .join(categories, categories.c.id == entry_categories.c.category_id)
    .where(entry_categories.c.entry_id.in_(_IDS))
    .order_by(entry_categories.c.entry_id, entry_categories.c.position),
    "ids",
)
_ENCLOSURES = Prepared(
    select(
        enclosures.c.entry_id,
        enclosures.c.url,
        enclosures.c.type,
        enclosures.c.length,
        enclosures.c.title,
        enclosures.c.duration,
    )
    .where(enclosures.c.entry_id.in_(_IDS))
    .order_by(enclosures.c.entry_id, enclosures.c.position),
    "ids",
)


def bylines_of(asked: Asked, ids: Sequence[int]) -> dict[tuple[int, bool], list[Byline]]:
    """People by entry and by whether they are contributors."""
    found: dict[tuple[int, bool], list[Byline]] = {}
    for entry, contributor, key, name, role, organisation, uri, is_organisation in _BYLINES.rows(asked, list(ids)):
        byline = Byline(
            key=key, name=name, role=role, organisation=organisation, uri=uri, is_organisation=is_organisation
        )
        found.setdefault((entry, contributor), []).append(byline)
    return found


def categories_of(asked: Asked, ids: Sequence[int]) -> dict[int, list[Category]]:
    found: dict[int, list[Category]] = {}
    for entry, key, term, scheme, label in _CATEGORIES.rows(asked, list(ids)):
        found.setdefault(entry, []).append(Category(key=key, term=term, scheme=scheme, label=label))
    return found


def enclosures_of(asked: Asked, ids: Sequence[int]) -> dict[int, list[Enclosure]]:
    found: dict[int, list[Enclosure]] = {}
    for entry, url, type_, length, title, duration in _ENCLOSURES.rows(asked, list(ids)):
        enclosure = Enclosure(url=url, type=type_, length=length, title=title, duration=duration)
        found.setdefault(entry, []).append(enclosure)
    return found
