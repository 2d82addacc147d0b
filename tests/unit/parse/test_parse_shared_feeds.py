"""Real documents, where they are at hand: each is read, and nothing feedparser finds in them is lost."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import feedparser
import pytest

from feedhub.model import RawEntry, RawFeed
from feedhub.parse import read_document
from feedhub.settings import Limits

JSON_ENTRIES = 4
"""Documents in which feedparser finds nothing because they are JSON."""


def pairs(folder: Path) -> list[tuple[str, RawFeed, Any]]:
    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".tsv":
            continue
        ours = read_document(path.read_bytes(), content_type="", charset=None, limits=Limits())
        assert isinstance(ours, RawFeed), (path.name, ours)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append((path.name, ours, feedparser.parse(io.BytesIO(path.read_bytes()))))
    return found


@pytest.fixture(scope="module")
def documents(shared_feeds: Path) -> list[tuple[str, RawFeed, Any]]:
    return pairs(shared_feeds)


def test_every_document_gives_the_entries_feedparser_sees(documents: list[tuple[str, RawFeed, Any]]) -> None:
    differ = {
        name: (len(ours.entries), len(theirs.entries))
        for name, ours, theirs in documents
        if len(ours.entries) != len(theirs.entries) and not ours.format.startswith("json")
    }
    cut_short = [name for name, ours, _ in documents if any("left out" in note for note in ours.notes)]
    assert sorted(differ) == sorted(cut_short)
    assert sum(ours.format.startswith("json") for _, ours, _ in documents) == JSON_ENTRIES


def bodies(theirs: Any) -> list[str]:
    return [theirs.get("summary", ""), *(part.get("value", "") for part in theirs.get("content", ()))]


def lost(ours: RawEntry, theirs: Any) -> list[str]:
    checks = {
        "title": not ours.title and bool(theirs.get("title")) and "media_content" not in theirs,
        "body": not (ours.summary or ours.content) and any(bodies(theirs)),
        "date": not (ours.published or ours.updated) and bool(dict.get(theirs, "published")),
        "author": not ours.authors and bool(theirs.get("author")),
        "link": not any(link.rel == "alternate" for link in ours.links) and bool(theirs.get("link")),
        "category": not ours.categories and bool(theirs.get("tags")),
        "id": bool(ours.id) != bool(theirs.get("id")),
    }
    return [name for name, is_lost in checks.items() if is_lost]


def test_nothing_is_lost_in_an_entry(documents: list[tuple[str, RawFeed, Any]]) -> None:
    losses = [
        (name, ours.id, lost(ours, theirs))
        for name, feed, parsed in documents
        for ours, theirs in zip(feed.entries, parsed.entries, strict=False)
        if lost(ours, theirs)
    ]
    assert losses == []
