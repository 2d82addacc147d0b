"""Addresses: what is a feed, who may see it, what comes near a wrong name; and what a client would rather have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.model import EntryId, FeedKind, Format
from feedhub.ports import page_key, read_page_key
from feedhub.serve.addresses import Visibility, nearest, site_prefix, take_apart
from feedhub.serve.negotiate import by_preference, preferred
from feedhub.settings import Settings
from support.fake_library import FakeLibrary


@pytest.mark.parametrize(
    ("path", "kind", "slug", "format"),
    [
        ("topics/ai.atom", FeedKind.TOPIC, "ai", Format.ATOM),
        ("topics/ai", FeedKind.TOPIC, "ai", None),
        ("authors/huyen-tran.json", FeedKind.AUTHOR, "huyen-tran", Format.JSON),
        ("all.rss", FeedKind.ALL, "all", Format.RSS),
        ("all", FeedKind.ALL, "all", None),
        ("topics/ai.xml", FeedKind.TOPIC, "ai.xml", None),
    ],
)
def test_feeds_addresses(path: str, kind: FeedKind, slug: str, format: Format | None) -> None:
    asked = take_apart(path)
    assert asked is not None
    assert (asked.kind, asked.slug, asked.format) == (kind, slug, format)
    assert asked.address == f"/{path}"


@pytest.mark.parametrize(
    "path", ["", "topics", "topics/", "topics.atom", "all/x", "all/", "people/x.atom", ".atom", "all.xml"]
)
def test_what_is_no_feed(path: str) -> None:
    assert take_apart(path) is None


def test_tokens_open_their_own_feed_only() -> None:
    settings = Settings.model_validate({"feeds": {"private": {"topics/ai": ["one", "two"], "topics/x": [""]}}})
    visibility = Visibility(settings)
    assert visibility.opens({"topics/ai"}, "one")
    assert visibility.opens({"topics/ai"}, "two")
    for path, token in [
        ("topics/ai", "three"),
        ("topics/ai", ""),
        ("topics/ai", "ồne"),
        ("topics/x", ""),
        ("topics/other", "one"),
        ("topics/other", "compared where a feed has no token, so that both cases take the same time"),
    ]:
        assert not visibility.opens({path}, token)
    assert visibility.is_private("/topics/ai")
    assert not visibility.is_private("/topics/a")


def test_names_that_come_near() -> None:
    library = FakeLibrary()
    for slug in ("central-banks", "ai", "open-source", "banking", "podcasts"):
        library.publish(FeedKind.TOPIC, slug, slug)
    found = library.feeds(FeedKind.TOPIC)
    assert nearest("centralbanks", found)[0].slug == "central-banks"
    assert nearest("Podcast", found)[0].slug == "podcasts"
    assert nearest("zzzzzzzz", found) == []
    assert nearest("a" * 500, found) == []


@pytest.mark.parametrize(
    ("base", "prefix"),
    [
        ("http://x.example", ""),
        ("http://x.example/", ""),
        ("https://x.example/feeds/", "/feeds"),
        ("https://x/a/b", "/a/b"),
    ],
)
def test_prefixes(base: str, prefix: str) -> None:
    assert site_prefix(base) == prefix


@given(st.integers(-(10**17), 10**17), st.integers(0, 10**17))
def test_page_keys_survive(sort_key: int, number: int) -> None:
    assert read_page_key(page_key(sort_key, EntryId(number))) == (sort_key, number)


@pytest.mark.parametrize(
    "text", ["", "-", "1", "1-", "-1", "a-1", "1-a", "1.5-2", "--1-2", "1-2 ", "١-٢", "9" * 19 + "-1", "1-" + "9" * 30]
)
def test_what_is_no_page_key(text: str) -> None:
    assert read_page_key(text) is None


FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "format"),
    [
        ("", None),
        ("*/*", None),
        (FIREFOX, None),
        ("application/atom+xml", Format.ATOM),
        ("application/rss+xml", Format.RSS),
        ("application/feed+json, application/json;q=0.9", Format.JSON),
        ("application/rss+xml, application/atom+xml", Format.ATOM),
        ("application/atom+xml;q=0.5, application/rss+xml", Format.RSS),
        ("application/atom+xml, application/rss+xml;q=0.9, */*;q=0.1", Format.ATOM),
        ("application/xml", Format.ATOM),
        ("text/*;q=0.3, application/json", Format.JSON),
        ("image/png", None),
        ("application/atom+xml;q=0, text/html;q=0.1", None),
        ("application/atom+xml;q=high", None),
    ],
)
def test_what_a_client_would_rather_have(header: str, format: Format | None) -> None:
    assert preferred(header, tuple(Format)) is format


def test_formats_that_are_not_emitted_are_not_offered() -> None:
    assert preferred("application/rss+xml, application/atom+xml;q=0.1", (Format.ATOM,)) is Format.ATOM


ENCODINGS = [
    ("", [""]),
    ("gzip", ["gzip", ""]),
    ("GZIP;q=0.5", ["gzip", ""]),
    ("x-gzip", ["gzip", ""]),
    ("gzip;q=0", [""]),
    ("gzip, deflate, br", ["br", "gzip", ""]),
    ("gzip, deflate, br, zstd", ["br", "zstd", "gzip", ""]),
    ("gzip;q=1.0, br;q=0.9", ["gzip", "br", ""]),
    ("*", ["br", "zstd", "gzip", ""]),
    ("*, br;q=0", ["zstd", "gzip", ""]),
    ("*;q=0", [""]),
    ("*;q=0, zstd", ["zstd", ""]),
    ("identity", [""]),
    ("identity;q=0", [""]),
    ("identity;q=0, gzip", ["gzip", ""]),
    ("identity, gzip;q=0.5", [""]),
    ("identity;q=0.5, gzip;q=0.5, br;q=0.2", ["gzip", ""]),
    ("compress, exi", [""]),
    ("br;q=much, gzip", ["gzip", ""]),
    (",;=,q=1;;gzip", [""]),
]


@pytest.mark.parametrize(("header", "order"), ENCODINGS)
def test_encodings_by_quality_and_then_by_size(header: str, order: list[str]) -> None:
    assert by_preference(header, ["br", "zstd", "gzip"]) == order
