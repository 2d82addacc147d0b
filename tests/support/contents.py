"""What a FeedHub database holds, told so that two databases can be compared: no row numbers, no clock readings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from feedhub.zstandard_texts import unpacked

Contents = dict[str, list[tuple[Any, ...]]]

QUERIES = {
    "sightings": """
        SELECT s.slug, g.original_id, g.link, g.title FROM sightings g JOIN sources s ON s.id = g.source_id""",
    "entries seen once": """
        SELECT s.slug, e.original_id, e.link, e.title, texts(c.packed, c.summary, c.content), e.language, e.rights, e.publisher,
               e.date_origin, CASE e.date_origin WHEN 'stated' THEN e.published END
        FROM entries e JOIN sources s ON s.id = e.owner_id LEFT JOIN contents c ON c.entry_id = e.id
        WHERE (SELECT count(*) FROM sightings g WHERE g.entry_id = e.id) = 1""",
    "authors of entries seen once": """
        SELECT s.slug, e.original_id, e.link, a.key, ea.role, ea.organisation FROM entries e
        JOIN sources s ON s.id = e.owner_id
        JOIN entry_authors ea ON ea.entry_id = e.id JOIN authors a ON a.id = ea.author_id
        WHERE (SELECT count(*) FROM sightings g WHERE g.entry_id = e.id) = 1""",
    "entries": "SELECT count(*) FROM entries",
    # Not their titles and slugs: the first source to say `Kindle` or `kindle` gives those, and any may be the first.
    "feeds": "SELECT kind, key FROM feeds",
    "feed sizes": """
        SELECT f.kind, f.key, count(*) FROM feeds f JOIN memberships m ON m.feed_id = f.id
        WHERE m.hidden = 0 GROUP BY f.id""",
    "stories": "SELECT count(DISTINCT cluster) FROM entries",
    "validators": "SELECT slug, etag, last_modified FROM sources",
}


def contents(database: Path) -> Contents:
    """Every promise that a crash must not break, as sorted lists."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.create_function("texts", 3, _texts, deterministic=True)
    try:
        columns = {row[1] for row in connection.execute("PRAGMA table_info(contents)")}
        packed = "c.packed" if "packed" in columns else "NULL"  # a database from before there were any
        return {name: _rows(connection.execute(query.replace("c.packed", packed))) for name, query in QUERIES.items()}
    finally:
        connection.close()


def _texts(packed: bytes | None, summary: str, content: str) -> str:
    """The same whether they are packed or not."""
    return "\0".join(unpacked(packed)[:2] if packed else (summary, content))


def _rows(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)


def differences(left: Contents, right: Contents) -> list[str]:
    """What is in one and not in the other, a line each; empty when they agree."""
    found = []
    for name in QUERIES:
        mine, theirs = set(left[name]), set(right[name])
        found += [f"{name}: only left: {row!r}"[:300] for row in sorted(mine - theirs, key=repr)]
        found += [f"{name}: only right: {row!r}"[:300] for row in sorted(theirs - mine, key=repr)]
        if len(left[name]) != len(right[name]):
            found.append(f"{name}: {len(left[name])} rows left, {len(right[name])} right")
    return found
