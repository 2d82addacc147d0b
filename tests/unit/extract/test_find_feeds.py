"""Autodiscovery: what a page names, absolute, likeliest first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.extract import FoundFeed, find_feeds, usual_places

PAGE = "https://site.example/blog/page"


def urls(html: str, url: str = PAGE) -> list[str]:
    return [found.url for found in find_feeds(html.encode(), url)]


def link(href: str, type: str = "application/rss+xml", more: str = "") -> str:
    return f'<link rel="alternate" type="{type}" href="{href}" {more}>'


def test_declared_feeds_come_with_title_and_type() -> None:
    html = link("/feed.xml", more='title=" Site   news "') + link("atom", "Application/Atom+XML; charset=utf-8")
    assert find_feeds(html.encode(), PAGE) == [
        FoundFeed(url="https://site.example/blog/atom", type="application/atom+xml"),
        FoundFeed(url="https://site.example/feed.xml", title="Site news", type="application/rss+xml"),
    ]


def test_base_is_obeyed() -> None:
    assert urls('<base href="/other/">' + link("f.rss")) == ["https://site.example/other/f.rss"]


@pytest.mark.parametrize(
    "html",
    [
        '<link rel="alternate" hreflang="fr" href="/fr/">',
        '<link rel="alternate" type="text/html" hreflang="fr" href="/fr/feed">',
        link("/oembed?format=json", "application/json+oembed"),
        link("/wp-json/wp/v2/posts/1", "application/json"),
        link("/wp-json/oembed/1.0/embed?url=x", "text/xml"),
        link("/data.json", "application/json"),
        '<link rel="stylesheet" type="application/rss+xml" href="/a.rss">',
        link("javascript:alert(1)"),
        link("data:application/rss+xml,x"),
        link(""),
        link("https://[bad/feed"),
        '<a href="/feedback">Feedback</a><a href="/sitemap.xml">Map</a><a href="mailto:rss@site.example">rss</a>',
    ],
)
def test_what_is_no_feed_is_left_out(html: str) -> None:
    assert urls(html) == []


def test_feeds_of_comments_come_last() -> None:
    html = (
        link("/post/feed", more='title="Site » A post Comments Feed"')
        + link("/comments/feed/")
        + link("/feed/")
        + '<a href="/news.rss">All</a>'
    )
    assert urls(html) == [
        "https://site.example/feed/",
        "https://site.example/news.rss",
        "https://site.example/post/feed",
        "https://site.example/comments/feed/",
    ]


@pytest.mark.parametrize(
    "href", ["/rss", "/feed/", "/index.rdf", "/atom.xml", "/rss.php", "/blog/feed.json", "/news.rss", "/rss2.xml"]
)
def test_links_that_look_like_feeds_are_taken(href: str) -> None:
    assert urls(f'<a href="{href}">Subscribe</a>') == ["https://site.example" + href]


def test_the_feed_scheme_is_read() -> None:
    assert urls('<a href="feed://site.example/rss">a</a><a href="feed:https://site.example/atom.xml">b</a>') == [
        "https://site.example/rss",
        "https://site.example/atom.xml",
    ]


def test_each_address_once_and_at_most_twenty() -> None:
    html = link("/feed") * 3 + "".join(link(f"/{n}/feed") for n in range(50))
    found = urls(html)
    assert len(found) == len(set(found)) == 20
    assert found[0] == "https://site.example/feed"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_page(html: bytes) -> None:
    assert all(found.url.startswith(("http://", "https://")) for found in find_feeds(html, PAGE))


def test_the_usual_places_are_below_the_page_and_begin_with_its_program() -> None:
    page = b'<meta name="generator" content="WordPress 6.9">'
    assert usual_places(page, "https://e.example/")[:3] == [
        "https://e.example/feed/",
        "https://e.example/feed",
        "https://e.example/rss.xml",
    ]
    assert usual_places(b"", "https://e.example/markets/")[0] == "https://e.example/markets/feed"
    assert usual_places(b"", "https://e.example/index.html")[0] == "https://e.example/feed"
    assert usual_places(page, "https://e.example/story.html") == []
