"""What a document says about when its entries appeared, as far as noticing missed entries needs it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from feedhub.model import SourceId, Understood
from feedhub.settings import Settings, Source
from feedhub.understand import Job, Rulebook, understand

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def understood(*dates: str, drop: str = "", **more: str) -> Understood:
    items = [
        {"id": f"urn:{at}", "url": f"https://news.example/{at}", "title": f"Story {at}"}
        | ({"date_published": date} if date else {})
        for at, date in enumerate(dates)
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": items, **more}
    rules = ({"title": drop},) if drop else ()
    source = Source.model_validate({"url": "https://news.example/feed", "slug": "news", "drop": rules})
    job = Job(source=SourceId(1), slug="news", body=json.dumps(feed).encode(), url=source.url, now=NOW)
    found = understand(job, Rulebook.of(Settings(sources=(source,))))
    assert isinstance(found, Understood)
    return found


@pytest.mark.parametrize("drop", ["", "Story 1"])
def test_the_span_holds_dropped_entries_too(drop: str) -> None:
    found = understood("2026-03-02T09:00:00Z", "2026-03-01T09:00:00Z", drop=drop)
    assert found.span == (datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert len(found.drafts) == (1 if drop else 2)


@pytest.mark.parametrize("dates", [("2026-03-02T09:00:00Z", ""), ("2026-03-02T09:00:00Z", "soon"), ()])
def test_one_entry_without_a_date_leaves_no_span(dates: tuple[str, ...]) -> None:
    assert understood(*dates).span is None


def test_a_json_feed_names_its_next_page() -> None:
    assert understood("2026-03-02T09:00:00Z", next_url="https://news.example/feed?page=2").info.older == (
        "https://news.example/feed?page=2"
    )
