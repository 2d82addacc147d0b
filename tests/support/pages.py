"""The corpus of pages: each case is a folder with the page, how it is read, and what is expected of it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from feedhub.clean.context import CleanContext
from feedhub.clean.feed import clean_feed
from feedhub.clean.html import html_to_text
from feedhub.extract import read_article, read_page
from feedhub.model import CleanFeed, Entry, RawFeed

CORPUS = Path(__file__).parents[1] / "corpus" / "pages"
NOW = datetime(2025, 2, 15, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    html: str
    url: str
    language: str = ""
    timezone: str = "UTC"
    content: str = "auto"

    @property
    def expected(self) -> Path:
        return CORPUS / self.name / "expected.json"


def cases() -> list[Case]:
    return [load(folder.name) for folder in sorted(CORPUS.iterdir()) if (folder / "case.toml").exists()]


def load(name: str, page: str = "page.html") -> Case:
    folder = CORPUS / name
    options = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    return Case(name=name, html=(folder / page).read_text(encoding="utf-8"), **options)


def cleaned(case: Case, feed: RawFeed, now: datetime = NOW) -> CleanFeed:
    context = CleanContext(final_url=case.url, language=case.language, timezone=case.timezone)
    return clean_feed(feed, context, now)


def told(case: Case) -> dict[str, Any]:
    """What a case comes to, as its expected.json has it: the reading, and its entries after cleaning.

    The text of an article is that of our own rules: what trafilatura finds is its own affair, and tested apart.
    """
    reading = read_page(case.html, case.url)
    feed = cleaned(case, reading.feed)
    assert not feed.rejected
    said: dict[str, Any] = {"kind": reading.kind.value, "via": reading.via, "title": feed.info.title}
    if reading.items:
        said |= {"items": reading.items, "fields": dict(reading.fields)}
    if reading.kind == "article":
        said["paywalled"] = read_article(case.html, case.url, content=case.content).paywalled
    said["entries"] = [_entry(entry) for entry in feed.entries]
    return said


def _entry(entry: Entry) -> dict[str, Any]:
    said = {
        "title": entry.title,
        "link": entry.link,
        "id": entry.original_id,
        "published": entry.published.isoformat() if entry.date_origin == "stated" else "",
        "authors": [_byline(one.name, one.role, one.organisation, one.uri) for one in entry.authors],
        "categories": [one.term for one in entry.categories],
        "summary": html_to_text(entry.summary),
        "text": [line for line in html_to_text(entry.content).splitlines() if line.strip()],
        "image": entry.image,
        "publisher": entry.publisher,
        "language": entry.language,
    }
    return {name: value for name, value in said.items() if value}


def _byline(*parts: str) -> str:
    return " | ".join(part for part in parts if part)
