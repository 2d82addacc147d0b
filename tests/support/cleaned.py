"""Clean entries made in one line, for tests of what comes after cleaning."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from feedhub.model import Digest, Entry

MORNING = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)


def digest_of(text: str) -> Digest:
    return Digest(hashlib.blake2b(text.encode(), digest_size=16).digest())


def clean_entry(**fields: Any) -> Entry:
    """An :class:`Entry` with sensible values for all that is not given; its parts are digests of what it holds."""
    link = fields.get("link", "https://news.example/2026/03/harbour")
    values: dict[str, Any] = {
        "original_id": "tag:news.example,2026:1",
        "link": link,
        "canonical_link": link,
        "title": "The harbour opens again",
        "published": MORNING,
        "updated": MORNING,
    } | fields
    if "parts" not in values:
        values["parts"] = {
            "title": digest_of(values["title"]),
            "body": digest_of(values.get("content", "") + values.get("summary", "") + values.get("text", "")),
            "link": digest_of(values["canonical_link"]),
            "people": digest_of(repr([byline.key for byline in values.get("authors", ())])),
            "enclosures": digest_of(repr([enclosure.url for enclosure in values.get("enclosures", ())])),
            "categories": digest_of(repr([category.key for category in values.get("categories", ())])),
            "rights": digest_of(values.get("rights", "")),
        }
    return Entry(**values)
