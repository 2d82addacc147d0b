"""The rows of ``contents``: the one place that knows how an entry's texts are kept.

A row holds its texts either packed, in ``packed`` (:mod:`feedhub.zstandard_texts`), or as they are, in ``summary``,
``content`` and ``said``. Rows from before texts were packed stay readable; :func:`pack_some` packs them, some at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, delete, select

from feedhub.model import Draft
from feedhub.store.statements import put, put_over
from feedhub.store.tables import contents, counters
from feedhub.zstandard_texts import Texts, packed, texts_of, unpacked

WAITING_COUNTER = "texts_waiting"
"""Entries with numbers up to this one may have texts that are worth packing and are not packed."""

BODY: tuple[ColumnElement[Any], ...] = (contents.c.summary, contents.c.content, contents.c.said, contents.c.packed)
"""What :func:`texts_in` needs of a row."""


def body_row(number: int, draft: Draft) -> dict[str, Any]:
    """The row of an entry."""
    if draft.packed:
        return body_values(number, None, draft.packed)
    texts = texts_of(draft.entry)
    return body_values(number, texts, packed(texts) if draft.packed is None else b"")


def body_values(number: int, texts: Texts | None, frame: bytes) -> dict[str, Any]:
    """The row of texts and of what :func:`feedhub.zstandard_texts.packed` made of them: of a frame, it alone is needed."""
    if texts is None or frame:
        return {"entry_id": number, "summary": "", "content": "", "said": "", "packed": frame}
    return {"entry_id": number, **texts._asdict(), "packed": None}


def texts_in(row: RowMapping | Mapping[str, Any]) -> Texts:
    """The texts of a row that has the columns of :data:`BODY`."""
    frame = row["packed"]
    return unpacked(frame) if frame else Texts(row["summary"], row["content"], row["said"])


def texts_of_row(row: Row[Any]) -> Texts:
    """The same of a row that is asked for by attribute."""
    return texts_in(row._mapping)


def pack_some(connection: Connection, limit: int) -> int:
    """Pack the texts of up to ``limit`` older entries, the newest first; how many were looked at, 0 when none is left."""
    waiting = connection.scalar(select(counters.c.value).where(counters.c.name == WAITING_COUNTER)) or 0
    if not waiting:
        return 0
    older = select(contents).where(contents.c.entry_id <= waiting).order_by(contents.c.entry_id.desc()).limit(limit)
    rows = connection.execute(older).mappings().all()
    changed: list[dict[str, Any]] = []
    for row in rows:
        texts = texts_in(row)
        if row["packed"] is None and (frame := packed(texts)):
            changed.append(body_values(row["entry_id"], texts, frame))
    # Not changed in place: SQLite would leave each page a third full, and 100,000 entries gave back nothing. Taken out and
    # put in again they gave back three quarters of their pages.
    connection.execute(delete(contents).where(contents.c.entry_id.in_([row["entry_id"] for row in changed])))
    put(connection, contents, changed[::-1])
    left = rows[-1]["entry_id"] - 1 if len(rows) == limit else 0
    put_over(connection, counters, [{"name": WAITING_COUNTER, "value": left}])
    return len(rows)


def waiting_to_be_packed(connection: Connection) -> int:
    """The largest number of an entry that :func:`pack_some` did not look at yet; 0: it is done."""
    return connection.scalar(select(counters.c.value).where(counters.c.name == WAITING_COUNTER)) or 0
