"""Sitemaps: what they list, when it changed, and what they are not."""

from __future__ import annotations

import gzip

import pytest

from feedhub.extract.rows import SourceReading
from feedhub.extract.sitemap import MOST_ADDRESSES, read_sitemap, titled_by_address, unpacked
from feedhub.model import ParseFailed, RawEntry, RawLink

NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
NEWS = (
    'xmlns:n="http://www.google.com/schemas/sitemap-news/0.9" xmlns:i="http://www.google.com/schemas/sitemap-image/1.1"'
)


def urls(*pairs: tuple[str, str]) -> bytes:
    inner = "".join(f"<url><loc>{loc}</loc>{f'<lastmod>{at}</lastmod>' if at else ''}</url>" for loc, at in pairs)
    return f"<?xml version='1.0' encoding='UTF-8'?><urlset {NS}>{inner}</urlset>".encode()


def read(body: bytes, limit: int = 100) -> SourceReading:
    reading = read_sitemap(body, limit=limit)
    assert isinstance(reading, SourceReading)
    return reading


def test_those_that_changed_last_come_first_and_the_rest_is_told() -> None:
    reading = read(urls(("/a", "2026-01-01"), ("/b", "2026-03-01"), ("/c", ""), ("/d", "2026-02-01")), limit=2)
    assert [entry.links[0].href for entry in reading.feed.entries] == ["/b", "/d"]
    assert reading.feed.notes == ("2 of 4 addresses are read, those that changed last",)


def test_a_date_that_half_of_the_list_has_dates_nothing() -> None:
    dates = [
        entry.updated
        for entry in read(urls(("/a", "2026-01-01"), ("/b", "2026-01-01"), ("/c", "2026-01-02"))).feed.entries
    ]
    assert dates == ["2026-01-02", "", ""]


def test_the_news_extension() -> None:
    body = f"""<urlset {NS} {NEWS}><url><loc>/a</loc><i:image><i:loc>/a.jpg</i:loc><i:title>A picture</i:title></i:image>
    <n:news><n:publication><n:name>The Paper</n:name><n:language>en</n:language></n:publication><n:title>Rates &amp; rises</n:title>
    <n:publication_date>2026-11-20T08:00:00+07:00</n:publication_date><n:keywords>gold, oil</n:keywords></n:news></url></urlset>"""
    (entry,) = read(body.encode()).feed.entries
    assert entry.title is not None
    assert (entry.title.value, entry.published, entry.images) == (
        "Rates & rises",
        "2026-11-20T08:00:00+07:00",
        ("/a.jpg",),
    )
    assert [one.term for one in entry.categories] == ["gold", "oil"]


def test_an_index_leads_on_newest_first() -> None:
    body = f"<sitemapindex {NS}><sitemap><loc>/1</loc></sitemap><sitemap><loc>/2</loc><lastmod>2026-01-01</lastmod></sitemap></sitemapindex>"
    assert [child.url for child in read(body.encode()).children] == ["/2", "/1"]


def test_robots_txt_names_sitemaps() -> None:
    reading = read(
        b"User-agent: *\nDisallow: /x\nSitemap: https://e.example/a.xml # all\nsitemap:https://e.example/b.xml\n"
    )
    assert [child.url for child in reading.children] == ["https://e.example/a.xml", "https://e.example/b.xml"]


def test_what_came_before_a_break_is_kept() -> None:
    assert len(read(urls(("/a", ""), ("/b", ""))[:-20]).feed.entries) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<rss version='2.0'><channel></channel></rss>", "root is <rss>"),
        (b"<urlset", "no sitemap"),
        (b"hello", "neither a sitemap nor a robots.txt"),
        (b'<!DOCTYPE u [<!ENTITY a "b">]><urlset><url><loc>&a;</loc></url></urlset>', "entities of its own"),
        (b"<urlset>" + b"<a>" * 50, "nested more than 12 deep"),
        (b"<urlset>" + b"<url><loc>/</loc></url>" * (MOST_ADDRESSES + 1), "more than 50,000 addresses"),
    ],
    ids=["feed", "broken", "text", "entities", "deep", "long"],
)
def test_what_is_refused(body: bytes, reason: str) -> None:
    failed = read_sitemap(body, limit=10)
    assert isinstance(failed, ParseFailed)
    assert reason in failed.detail


def test_gz_within_bounds() -> None:
    assert unpacked(gzip.compress(b"<urlset/>"), 100) == b"<urlset/>"
    assert unpacked(b"<urlset/>", 100) == b"<urlset/>"
    bomb = unpacked(gzip.compress(b"0" * 1_000_000), 1_000)
    assert isinstance(bomb, ParseFailed)
    assert isinstance(unpacked(b"\x1f\x8bnothing", 100), ParseFailed)


@pytest.mark.parametrize(
    ("link", "title"),
    [
        ("https://e.example/2026/rates-rise-again.html", "rates rise again"),
        ("/a/gi%C3%A1-v%C3%A0ng-4812345.htm", "giá vàng"),
        ("/", ""),
    ],
)
def test_words_of_an_address(link: str, title: str) -> None:
    entry = titled_by_address(RawEntry(links=(RawLink(href=link),)))
    assert (entry.title.value if entry.title else "") == title
