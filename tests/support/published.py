"""Stored entries and feeds for tests of what is published: invented content, every field with a sensible value."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from feedhub.emit import Renderer, SiteInfo
from feedhub.model import Byline, Credit, Entry, EntryId, Feed, FeedId, FeedKind, StoredEntry
from feedhub.ports import Outline, PageLinks
from feedhub.settings import Feeds

BASE_URL = "https://hub.example.net"
SITE = SiteInfo(title="The Hub", base_url=BASE_URL, language="en", version="0.1.0")
WHEN = datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
CREDIT = Credit(
    title="Harbour News",
    id="https://harbour.example/feed",
    link="https://harbour.example/",
    self_url="https://harbour.example/feed.xml",
    updated=WHEN,
    rights="CC BY 4.0",
)
FEED = Feed(
    id=FeedId(1), kind=FeedKind.TOPIC, key="ports", slug="ports", title="Ports & ships", version=1, updated=WHEN, size=1
)
LINKS = PageLinks(self_url=f"{BASE_URL}/topics/ports.atom", html_url=f"{BASE_URL}/topics/ports")


def renderer(site: SiteInfo = SITE, **feeds: Any) -> Renderer:
    return Renderer(site, Feeds(**feeds))


def byline(name: str, **fields: Any) -> Byline:
    return Byline(key=name.casefold(), name=name, **fields)


def stored(number: int = 1, *, outside: dict[str, Any] | None = None, **fields: Any) -> StoredEntry:
    """An entry; ``fields`` are of the entry, ``outside`` of what the store adds."""
    link = f"https://harbour.example/{number}"
    entry = Entry(
        original_id=f"https://harbour.example/ids/{number}",
        link=link,
        canonical_link=link,
        title=f"Ship {number} has come in",
        content=f"<p>Ship {number} was made fast at noon.</p>",
        published=WHEN,
        updated=WHEN,
    )
    return StoredEntry(
        **{
            "id": EntryId(number),
            "version": 1,
            "entry": replace(entry, **fields),
            "first_seen": WHEN,
            "sort_key": number,
            "source_slug": "harbour",
            "source": CREDIT,
            **(outside or {}),
        }
    )


def outline_of(one: StoredEntry) -> Outline:
    """As the store would give it; the context also holds what the store would have counted as a new version."""
    outside = repr((one.source_slug, one.source, one.policy, one.others)).encode()
    return Outline(
        id=one.id,
        version=one.version,
        sort_key=one.sort_key,
        updated=int(one.entry.updated.timestamp()),
        source_slug=one.source_slug,
        context=hashlib.blake2b(outside, digest_size=8).digest(),
    )


def read_entry(document: bytes) -> StoredEntry:
    """A stored entry from its JSON; keys are the fields' names."""
    return _READER.validate_json(document)


_READER = TypeAdapter(StoredEntry)
