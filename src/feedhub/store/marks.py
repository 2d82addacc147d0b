"""Marks of texts, by which near copies find each other (:mod:`feedhub.dedupe.sketch`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select

from feedhub.model import EntryId, Marked, Wording
from feedhub.store.bodies import BODY, texts_in
from feedhub.store.prepared import Prepared
from feedhub.store.statements import chunks, put_missing_ready
from feedhub.store.tables import contents, entries, story_marks

_MARKED = Prepared(
    select(story_marks.c.mark, story_marks.c.entry_id, entries.c.cluster)
    .join(entries, entries.c.id == story_marks.c.entry_id)
    .where(story_marks.c.mark.in_(bindparam("marks", expanding=True)))
    .order_by(story_marks.c.mark, story_marks.c.entry_id),  # as they stand in the table
    "marks",
)
_WORDINGS = Prepared(
    select(entries.c.id, entries.c.title, *BODY)
    .join(contents, contents.c.entry_id == entries.c.id)
    .where(entries.c.id.in_(bindparam("wanted", expanding=True))),
    "wanted",
)


def marked(connection: Connection, marks: Iterable[int]) -> Mapping[int, Sequence[Marked]]:
    """The entries that have these marks, the oldest first."""
    found: dict[int, list[Marked]] = {}
    for some in chunks(set(marks)):
        for mark, entry, cluster in _MARKED.rows(connection, some):
            found.setdefault(mark, []).append(Marked(entry, cluster))
    return found


def wordings(connection: Connection, wanted: Collection[EntryId]) -> Mapping[EntryId, Wording]:
    """What these entries say."""
    found: dict[EntryId, Wording] = {}
    for some in chunks(wanted):
        for row in _WORDINGS.mappings(connection, some):
            texts = texts_in(row)
            found[EntryId(row["id"])] = Wording(title=row["title"], body=texts.content or texts.summary)
    return found


def write_marks(connection: Connection, rows: Sequence[tuple[int, int]]) -> None:
    """Remember (mark, entry)."""
    put_missing_ready(connection, story_marks, ("mark", "entry_id"), rows)


def first_seen_since(connection: Connection, moment: datetime) -> EntryId:
    """The smallest id of an entry first seen at a moment or later: ids grow with it, so that halving finds it."""
    low, high = 0, int(connection.scalar(select(func.max(entries.c.id))) or 0) + 1
    while low < high:
        middle = (low + high) // 2
        at = select(entries.c.id, entries.c.first_seen).where(entries.c.id >= middle).order_by(entries.c.id).limit(1)
        row = connection.execute(at).first()
        if row is not None and row.first_seen < moment:
            low = row.id + 1
        else:
            high = middle
    return EntryId(low)


def forget_marks(connection: Connection, before: EntryId, part: int, parts: int) -> int:
    """Drop the marks of entries with smaller ids, in one of ``parts`` equal parts of all marks; returns how many."""
    width = 2**63 // parts
    of_part = story_marks.c.mark >= part * width, story_marks.c.mark <= (part + 1) * width - 1
    return connection.execute(delete(story_marks).where(*of_part, story_marks.c.entry_id < before)).rowcount
