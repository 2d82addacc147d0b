"""The state that scripts of a page start from (Next.js, Nuxt and their like): the articles listed in its JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from feedhub.extract.facts import Facts
from feedhub.extract.furniture import may_be_title
from feedhub.extract.linked_data import Absolute, facts_of

MAX_STATE = 3_000_000
_DEPTH = 20
_LINKS = ("url", "href", "link", "permalink", "path", "canonicalUrl", "canonical_url", "uri", "webUrl")
_TITLES = ("title", "headline", "name")
_DATES = (
    "publishedAt",
    "published_at",
    "datePublished",
    "publishDate",
    "publish_date",
    "published",
    "pubDate",
    "date",
    "createdAt",
    "created_at",
    "firstPublished",
)
_UPDATED = ("updatedAt", "updated_at", "dateModified", "modifiedAt", "modified")
_LEADS = ("description", "summary", "excerpt", "abstract", "lead", "dek", "teaser", "subtitle")
_AUTHORS = ("author", "authors", "byline", "creator", "writer")
_IMAGES = ("image", "thumbnail", "cover", "coverImage", "featuredImage", "heroImage")
_SECTIONS = ("section", "category", "categories", "tags")


def articles_in_state(text: str, absolute: Absolute) -> tuple[list[Facts], str]:
    """The longest list of objects with a title and an address, and the path to it in the form of JMESPath."""
    try:
        state = json.loads(text[:MAX_STATE])
    except (ValueError, RecursionError):
        return [], ""
    best: list[Facts] = []
    where = ""
    for path, items in _lists(state, "", 0):
        found = {facts.link: facts for item in items[:300] if (facts := _facts(item, absolute)) is not None}
        if len(found) > len(best):
            best, where = list(found.values()), path
    return best, where


def _lists(value: Any, path: str, depth: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    if depth > _DEPTH:
        return
    if isinstance(value, dict):
        for name, item in value.items():
            key = name if name.isidentifier() and name.isascii() else json.dumps(name)
            yield from _lists(item, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        objects = [item for item in value if isinstance(item, dict)]
        if len(objects) >= 2:
            yield path, objects
        for at, item in enumerate(value[:50]):
            yield from _lists(item, f"{path}[{at}]", depth + 1)


def _facts(item: dict[str, Any], absolute: Absolute) -> Facts | None:
    title = next((value for name in _TITLES if isinstance(value := item.get(name), str) and value.strip()), "")
    link = next(
        (address for name in _LINKS if isinstance(value := item.get(name), str) and (address := absolute(value))), ""
    )
    if not link or not may_be_title(title):
        return None
    return facts_of(
        {
            "headline": title,
            "url": link,
            "datePublished": _first(item, _DATES),
            "dateModified": _first(item, _UPDATED),
            "description": _first(item, _LEADS),
            "author": _first(item, _AUTHORS),
            "image": _first(item, _IMAGES),
            "articleSection": _first(item, _SECTIONS),
        },
        absolute,
    )


def _first(item: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((value for name in names if (value := item.get(name))), None)
