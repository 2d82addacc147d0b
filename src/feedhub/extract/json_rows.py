"""JSON -> rows: by the operator's expressions, and by the usual names where nothing is said. Pure."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence

from feedhub.extract.rows import SourceReading, entry_of, first_given
from feedhub.json_paths import JSON, json_path
from feedhub.model import Failure, PageMemory, ParseFailed, RawFeed
from feedhub.settings import Pick, RowField, Source

MOST_ROWS = 1_000
LOOKED_AT = 20_000
"""Values looked at to find the list."""
_USUAL: dict[RowField, tuple[str, ...]] = {
    RowField.TITLE: ("title", "title.rendered", "headline", "name", "subject"),
    RowField.LINK: ("url", "link", "permalink", "html_url", "canonical_url", "href", "web_url"),
    RowField.DATE: (
        *("date_published", "published_at", "publishedAt", "published", "pubDate", "date_gmt", "datePublished"),
        *("date", "created_at", "createdAt"),
    ),
    RowField.UPDATED: (
        "date_modified",
        "updated_at",
        "updatedAt",
        "modified_gmt",
        "modified",
        "dateModified",
        "updated",
    ),
    RowField.AUTHOR: ("authors[].name", "author.name", "authors[]", "author", "byline", "creator"),
    RowField.SUMMARY: ("summary", "excerpt.rendered", "excerpt", "description", "lead", "standfirst"),
    RowField.CONTENT: ("content_html", "content.rendered", "content_text", "content", "body"),
    RowField.IMAGE: ("image.url", "image", "thumbnail.url", "thumbnail", "cover_image", "featured_image"),
    RowField.CATEGORIES: ("tags[].name", "tags[]", "categories[].name", "categories[]", "category.name", "category"),
    RowField.ID: ("id", "guid", "uuid", "_id"),
}
_TITLED = ("title", "headline", "name")
_LINKED = ("url", "link", "permalink", "href", "slug", "html_url", "id")


def read_json_rows(text: str, url: str, source: Source) -> SourceReading | ParseFailed:
    """Read the rows of a JSON text. Its values are as they are: nothing is resolved or cleaned."""
    try:
        data: JSON = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        return ParseFailed(failure=Failure.BROKEN, detail=f"no JSON{where}: it begins with “{_begin(text)}”")
    found = json_path(source.items).search(data) if source.items else None
    rows, where = (found, source.items) if source.items else _longest_list(data)
    if isinstance(rows, dict):
        rows = list(rows.values())
    listed = rows if isinstance(rows, list) else []
    entries = tuple(
        entry_of({name: _said(row, name, source) for name in RowField}, url) for row in listed[:MOST_ROWS] if row
    )
    other = _longest_list(data)[1] if source.items and not entries else ""
    return SourceReading(
        feed=RawFeed(format="data", entries=entries, notes=_notes(len(listed))),
        memory=PageMemory(kind="json", via=where and f"rows {where}"),
        steps=(f"`{where}` gives {len(listed)} rows" if where else "no list of titled things was found",),
        items=where,
        snippet=outline(data if not listed else listed[0]),
        suggestion=f"`items: {other}` would give some" if other else "",
        dated=bool(source.fields and source.fields.date),
    )


def _said(row: JSON, name: RowField, source: Source) -> tuple[str, ...]:
    picks: Sequence[Pick] = getattr(source.fields, name.value) if source.fields else ()
    picks = picks or [Pick(get=get) for get in _USUAL.get(name, ())]
    return first_given(picks, lambda get: _texts(json_path(get).search(row)))


def _texts(value: JSON) -> Iterator[str]:
    """Texts and numbers; of a list each of them. What is neither says nothing."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bool) or value is None or isinstance(value, dict):
        return
    elif isinstance(value, list):
        for one in value:
            if not isinstance(one, list):
                yield from _texts(one)
    else:
        yield str(value)


def _longest_list(data: JSON) -> tuple[JSON, str]:
    """The longest list of things that have a title and an address, and the expression that finds it."""
    best: tuple[int, JSON, str] = (0, None, "")
    waiting: deque[tuple[JSON, str]] = deque([(data, "")])
    looked = 0
    while waiting and looked < LOOKED_AT:
        value, path = waiting.popleft()
        looked += 1
        if isinstance(value, list):
            titled = sum(_is_row(one) for one in value[:MOST_ROWS])
            if titled > best[0] and titled * 2 >= len(value[:MOST_ROWS]):
                best = titled, value, path or "@"
        elif isinstance(value, dict):
            waiting.extend((child, f"{path}.{_name(key)}".lstrip(".")) for key, child in value.items())
    return best[1], best[2]


def _is_row(value: JSON) -> bool:
    if not isinstance(value, dict):
        return False
    return any(value.get(name) for name in _TITLED) and any(value.get(name) for name in _LINKED)


def _name(key: str) -> str:
    plain = key.isascii() and key.replace("_", "a").isalnum() and not key[:1].isdigit()
    return key if plain else json.dumps(key)


def outline(value: JSON, depth: int = 0) -> str:
    """Names of keys and lengths of lists; no values."""
    if isinstance(value, dict):
        if depth > 2:
            return "{…}"
        names = [
            f"{key[:40]}: {outline(child, depth + 1)}" if isinstance(child, dict | list) else key[:40]
            for key, child in list(value.items())[:12]
        ]
        text = f"{{{', '.join(names)}{', …' if len(value) > 12 else ''}}}"
        return f"`{text[:200]}`" if depth == 0 else text[:120]
    if isinstance(value, list):
        return f"[{len(value)} × {outline(value[0], depth + 1)}]" if value else "[]"
    return type(value).__name__ if value is not None else "null"


def _notes(listed: int) -> tuple[str, ...]:
    return (f"only the first {MOST_ROWS:,} of {listed:,} rows are read",) if listed > MOST_ROWS else ()


def _begin(text: str) -> str:
    return " ".join(text[:60].split())
