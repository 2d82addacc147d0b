"""The server over real HTTP on loopback: feeds, conditional GET, redirects, private feeds."""

from __future__ import annotations

import gzip
import random
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
import zstandard

from feedhub.model import Document, FeedKind, Format
from feedhub.ports import Vitals
from feedhub.schedule import explain
from feedhub.serve.app import ServeParts, create_app
from feedhub.serve.shelf import make_ready
from feedhub.settings import Settings
from support.fake_library import NOON, FakeControl, FakeLibrary, FakePress, sample_library, stored_entry
from support.web import Web, served

ATOM = "/topics/central-banks.atom"
FEEDS = {
    "size": 5,
    "private": {"topics/ai": ["s3cret", "other"], "topics/board-rooms": ["s3cret"], "sources/money-aloud": ["s3cret"]},
}


@dataclass
class Site:
    web: Web
    library: FakeLibrary
    press: FakePress


def parts_for(library: FakeLibrary, press: FakePress, settings: Settings) -> ServeParts:
    return ServeParts(
        library=library,
        press=press,
        catalogue=library,
        settings=settings,
        control=FakeControl(),
        vitals=lambda: Vitals(live=True, ready=True),
        control_token="tok",
        version="9.9",
        clock=lambda: NOON,
        explain=explain,
    )


def _site() -> Iterator[Site]:
    library = sample_library()
    press = FakePress(library, 5)
    settings = Settings.model_validate({"site": {"base_url": "https://hub.example"}, "feeds": FEEDS})
    with served(create_app(parts_for(library, press, settings))) as web:
        yield Site(web, library, press)


@pytest.fixture
def site() -> Iterator[Site]:
    """A site that a test may change."""
    yield from _site()


@pytest.fixture(scope="module")
def still() -> Iterator[Site]:
    """A site that many tests only look at."""
    yield from _site()


@pytest.mark.parametrize("format", Format)
@pytest.mark.parametrize(
    "path", ["/all", "/topics/central-banks", "/authors/huyen-tran", "/categories/vi-mo", "/sources/daily"]
)
def test_every_kind_in_every_format(still: Site, path: str, format: Format) -> None:
    reply = still.web.get(f"{path}.{format.value}")
    assert reply.status == 200
    assert reply.headers["content-type"] == format.media_type
    assert reply.headers["cache-control"] == "public, max-age=300"
    assert reply.headers["vary"] == "A-IM, Accept-Encoding"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["x-robots-tag"] == "noindex"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["last-modified"] == "Mon, 23 Nov 2026 12:09:00 GMT"
    assert "Ngân hàng trung ương" in reply.text


def test_a_304_repeats_what_a_cache_needs(still: Site) -> None:
    full = still.web.get(ATOM)
    again = still.web.get(ATOM, if_none_match=full.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    for name in ("etag", "cache-control", "vary", "last-modified"):
        assert again.headers[name] == full.headers[name]
    assert "content-type" not in again.headers
    assert still.web.get(ATOM, if_modified_since=full.headers["last-modified"]).status == 304
    assert still.web.get(ATOM, if_none_match='"x"', if_modified_since=full.headers["last-modified"]).status == 200
    assert still.web.get(ATOM, if_match='"x"').status == 412


def test_a_list_of_tags_may_be_spread_over_lines(still: Site) -> None:
    tag = still.web.get(ATOM).headers["etag"]
    with socket.create_connection((still.web.host, still.web.port), 5) as raw:
        lines = [f"GET {ATOM} HTTP/1.1", "Host: x", 'If-None-Match: "x"', f"If-None-Match: {tag}", "Connection: close"]
        raw.sendall("\r\n".join([*lines, "", ""]).encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 304 ")


def test_many_who_ask_at_once_share_one_making(site: Site) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: site.web.get("/topics/open-source.rss").status, range(24)))
    assert replies == [200] * 24
    assert site.press.made == [("/topics/open-source", Format.RSS)]


def test_unchanged_feeds_are_made_once_and_changed_ones_anew(site: Site) -> None:
    old = site.web.get(ATOM)
    assert [site.web.get(ATOM).headers["etag"] for _ in range(3)] == [old.headers["etag"]] * 3
    assert site.press.made == [("/topics/central-banks", Format.ATOM)]
    site.library.publish(FeedKind.TOPIC, "central-banks", "Central banks", [stored_entry(60)])
    new = site.web.get(ATOM, if_none_match=old.headers["etag"])
    assert new.status == 200
    assert "Story 60" in new.text
    assert new.headers["last-modified"] == "Mon, 23 Nov 2026 13:00:00 GMT"


UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda packed: zstandard.ZstdDecompressor().decompress(packed),
}


def _publish_words(site: Site) -> None:
    words = [stored_entry(number, title=f"A story of many words, number {number} " * 8) for number in range(9)]
    site.library.publish(FeedKind.TOPIC, "central-banks", "Central banks", words)


@pytest.mark.parametrize("coding", sorted(UNPACK))
def test_large_documents_are_compressed_under_a_tag_of_their_own(site: Site, coding: str) -> None:
    _publish_words(site)
    plain, packed = site.web.get(ATOM), site.web.get(ATOM, accept_encoding=f"deflate, {coding}")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == coding
    assert packed.headers["content-length"] == str(len(packed.body))
    assert len(packed.body) < len(plain.body) / 2
    assert UNPACK[coding](packed.body) == plain.body
    assert packed.headers["etag"] == plain.headers["etag"][:-1] + f'-{coding}"'
    assert packed.headers["vary"] == plain.headers["vary"] == "A-IM, Accept-Encoding"
    for tag in (plain.headers["etag"], packed.headers["etag"]):
        reply = site.web.get(ATOM, accept_encoding=coding, if_none_match=tag)
        assert (reply.status, reply.headers["etag"]) == (304, tag)
        assert "content-encoding" not in reply.headers
    assert "content-encoding" not in site.web.get(ATOM, accept_encoding=f"{coding};q=0").headers


def test_the_coding_is_the_clients_choice_and_then_the_smallest(site: Site) -> None:
    _publish_words(site)
    size = {coding: len(site.web.get(ATOM, accept_encoding=coding).body) for coding in UNPACK}
    both = site.web.get(ATOM, accept_encoding="gzip, deflate, br, zstd")
    assert len(both.body) == min(size.values())
    assert site.web.get(ATOM, accept_encoding="br;q=0.1, zstd;q=0.2, gzip").headers["content-encoding"] == "gzip"
    assert site.web.get(ATOM, accept_encoding="zstd, gzip;q=0.9, br;q=0").headers["content-encoding"] == "zstd"
    assert "content-encoding" not in site.web.get(ATOM, accept_encoding="identity, br;q=0.5").headers


def test_head_of_a_compressed_document_tells_its_length(site: Site) -> None:
    _publish_words(site)
    head = site.web.ask(ATOM, "HEAD", {"Accept-Encoding": "br"})
    full = site.web.get(ATOM, accept_encoding="br")
    assert head.body == b""
    for name in ("etag", "content-length", "content-encoding", "content-type"):
        assert head.headers[name] == full.headers[name]


def test_the_shelf_counts_every_coding() -> None:
    document = Document(body=b"<feed>many words</feed>" * 200, media_type="text/xml", etag='"a"', modified=NOON)
    ready = make_ready(document)
    assert set(ready.encoded) == {"br", "gzip", "zstd"}
    assert ready.size == len(document.body) + sum(len(packed) for packed in ready.encoded.values())
    assert make_ready(document).encoded == ready.encoded


def test_what_does_not_shrink_is_sent_as_it_is() -> None:
    noise = random.Random(1).randbytes(5_000)
    assert not make_ready(Document(body=noise, media_type="image/png", etag='"a"', modified=NOON)).encoded


def test_head_tells_the_same_without_the_body(still: Site) -> None:
    full, head = still.web.get(ATOM), still.web.ask(ATOM, "HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("etag", "content-length", "content-type", "last-modified"):
        assert head.headers[name] == full.headers[name]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_told_which_ones_work(still: Site, method: str) -> None:
    reply = still.web.ask(ATOM, method)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")


def test_a_reader_in_a_browser_may_ask_with_conditions(still: Site) -> None:
    asks = {"Origin": "https://reader.example", "Access-Control-Request-Method": "GET"}
    asks["Access-Control-Request-Headers"] = "if-none-match"
    for path in (ATOM, "/all.json", "/feeds.opml", "/topics/none.atom", "/search.atom?q=x"):
        reply = still.web.ask(path, "OPTIONS", asks)
        assert (reply.status, reply.body) == (204, b"")
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "If-None-Match" in reply.headers["access-control-allow-headers"]
    for path in ("/private/s3cret/topics/ai.atom", "/control/poll", "/status.json", "/metrics"):
        reply = still.web.ask(path, "OPTIONS", asks)
        assert reply.status == 405
        assert "access-control-allow-origin" not in reply.headers
    moved = still.web.get("/topics/boards.atom")
    assert "access-control-allow-origin" not in moved.headers, "it is private"


@pytest.mark.parametrize(
    ("hosts", "status"), [("", b"400"), ("Host: a\r\nHost: b\r\n", b"400"), ("Host: a\r\n", b"200")]
)
def test_a_request_names_one_host(still: Site, hosts: str, status: bytes) -> None:
    with socket.create_connection((still.web.host, still.web.port), 5) as raw:
        raw.sendall(f"GET {ATOM} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n".encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 " + status)
    with socket.create_connection((still.web.host, still.web.port), 5) as raw:
        raw.sendall(f"GET {ATOM} HTTP/1.0\r\n\r\n".encode())
        assert b" 200 " in raw.recv(100)


def test_older_pages_reach_the_last_entry(still: Site) -> None:
    first = still.web.get("/topics/central-banks.json")
    older = first.text.split('"next_url": "')[1].split('"')[0]
    second = still.web.get(older)
    assert "Story 1" not in first.text
    assert "Story 1" in second.text
    assert second.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("query", ["before=", "before=x", "before=1", f"before={'9' * 40}-1", "before=1-2&before=x"])
def test_a_damaged_page_key_is_a_bad_request(still: Site, query: str) -> None:
    assert still.web.get(f"{ATOM}?{query}").status == 400
    assert still.web.get(f"/topics/central-banks?{query}").status == 400


def test_what_other_tools_add_to_an_address_does_no_harm(still: Site) -> None:
    assert still.web.get(f"{ATOM}?utm_source=reader").status == 200


def test_too_long_addresses(still: Site) -> None:
    assert still.web.get("/topics/" + "a" * 9_000).status == 414
    assert still.web.get(f"{ATOM}?x=" + "a" * 9_000).status == 414
    assert still.web.get("/topics/" + "a" * 2_000).status == 404


def test_renamed_withdrawn_unknown(site: Site) -> None:
    site.library.rename(FeedKind.TOPIC, "open-source", "free-software")
    moved = site.web.get("/topics/open-source.rss?before=5-5")
    assert (moved.status, moved.headers["location"]) == (301, "/topics/free-software.rss?before=5-5")
    assert moved.headers["access-control-allow-origin"] == "*"
    assert site.web.get("/topics/open-source").headers["location"] == "/topics/free-software"
    assert site.web.get("/topics/old-news.atom").status == 410
    assert site.web.get("/topics/old-news").status == 410
    missing = site.web.get("/topics/centralbanks.atom")
    assert missing.status == 404
    assert 'href="/topics/central-banks"' in missing.text


@pytest.mark.parametrize("path", ["/topics/central-banks/", "/topics/", "/all/"])
def test_a_slash_too_many(still: Site, path: str) -> None:
    reply = still.web.get(f"{path}?a=b", host="evil.example")
    assert (reply.status, reply.headers["location"]) == (301, path.rstrip("/") + "?a=b")


@pytest.mark.parametrize(
    "path",
    [
        "/topics/central-banks.xml",
        "/nothing",
        "/topics/%00",
        "/topics/..%2f..%2fetc",
        "//evil.example/x",
        "/static/app.py",
        "/examples/podcast.rss",
    ],
)
def test_nothing_there(still: Site, path: str) -> None:
    reply = still.web.get(path)
    assert reply.status == 404
    assert reply.headers["cache-control"] == "no-store"


def test_kinds_and_formats_that_are_off() -> None:
    library = sample_library()
    settings = Settings.model_validate({"feeds": {"kinds": ["topics"], "formats": ["atom"], "noindex": False}})
    with served(create_app(parts_for(library, FakePress(library), settings))) as web:
        assert web.get(ATOM).status == 200
        assert "x-robots-tag" not in web.get(ATOM).headers
        for path in ("/topics/central-banks.rss", "/authors/jane-doe.atom", "/authors/jane-doe", "/authors", "/all"):
            assert web.get(path).status == 404
        assert "/authors" not in web.get("/").text


def test_a_prefix_before_everything() -> None:
    library = sample_library()
    settings = Settings.model_validate({"site": {"base_url": "https://hub.example/news/"}})
    with served(create_app(parts_for(library, FakePress(library), settings))) as web:
        assert web.get(ATOM).status == web.get(f"/news{ATOM}").status == 200
        assert 'href="/news/topics/central-banks"' in web.get("/news/").text
        assert web.get("/news/topics/boards").headers["location"] == "/news/topics/board-rooms"


def test_readers_that_ask_the_page_for_a_feed_get_it(still: Site) -> None:
    feed = still.web.get("/topics/central-banks", accept="application/atom+xml, */*;q=0.1")
    assert feed.headers["content-type"] == Format.ATOM.media_type
    assert feed.headers["content-location"] == ATOM
    assert feed.body == still.web.get(ATOM).body
    page = still.web.get("/topics/central-banks", accept="text/html,application/xml;q=0.9,*/*;q=0.8")
    assert page.headers["content-type"].startswith("text/html")
    assert feed.headers["vary"] == "A-IM, Accept, Accept-Encoding"
    assert page.headers["vary"] == "Accept, Accept-Encoding"
    assert page.headers["etag"] != feed.headers["etag"]


# ---------------------------------------------------------------- private feeds


def test_private_feeds_open_with_their_token(still: Site) -> None:
    reply = still.web.get("/private/s3cret/topics/ai.atom")
    assert reply.status == 200
    assert reply.headers["cache-control"] == "private, max-age=300"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["x-robots-tag"] == "noindex"
    assert "access-control-allow-origin" not in reply.headers
    assert still.web.get("/private/other/topics/ai.json").status == 200
    assert still.web.get("/private/s3cret/topics/ai.atom", if_none_match=reply.headers["etag"]).status == 304


@pytest.mark.parametrize(
    "path",
    [
        "/private/wrong/topics/ai.atom",
        "/private/s3cret/topics/central-banks.atom",
        "/private/s3cret/topics/ai",
        "/private/other/sources/money-aloud.atom",
        "/private/s3cret/topics/nothing.atom",
        "/private/s3cret",
        "/private//topics/ai.atom",
    ],
)
def test_nothing_else_opens(still: Site, path: str) -> None:
    reply = still.web.get(path)
    assert reply.status == 404
    assert "s3cret" not in reply.text


@pytest.mark.parametrize(
    "path", ["/topics/ai.atom", "/topics/ai", "/topics/board-rooms.atom", "/topics/boards.atom", "/sources/money-aloud"]
)
def test_private_feeds_have_no_public_address(still: Site, path: str) -> None:
    assert still.web.get(path).status == 404
    assert still.web.get(path, accept="application/atom+xml").status == 404


def test_private_feeds_are_named_nowhere(still: Site) -> None:
    for path in ("/", "/topics", "/sources", "/all", "/status", "/status.json", "/topics/aii", "/topics/board-room"):
        text = still.web.get(path).text
        for secret in ("/topics/ai", "board-rooms", "/sources/money-aloud", "s3cret"):
            assert secret not in text.replace("/topics/aii", ""), path


def test_a_renamed_private_feed_moves_behind_its_token(still: Site) -> None:
    reply = still.web.get("/private/s3cret/topics/boards.rss?before=1-1")
    assert reply.status == 301
    assert reply.headers["location"] == "/private/s3cret/topics/board-rooms.rss?before=1-1"
    assert reply.headers["cache-control"].startswith("private")
    assert still.web.get("/private/wrong/topics/boards.rss").status == 404


# ---------------------------------------------------------------- archived documents


def test_archived_documents_are_kept_for_a_day(still: Site) -> None:
    for each in Format:
        reply = still.web.get(f"/topics/central-banks/archive/1.{each.value}")
        assert reply.status == 200
        assert reply.headers["content-type"] == each.media_type
        assert reply.headers["cache-control"] == "public, max-age=86400"
        again = still.web.get(f"/topics/central-banks/archive/1.{each.value}", if_none_match=reply.headers["etag"])
        assert again.status == 304


def test_private_archives_open_with_their_token(still: Site) -> None:
    reply = still.web.get("/private/s3cret/topics/ai/archive/1.atom")
    assert reply.status == 200
    assert reply.headers["cache-control"].startswith("private")
    for path in ("/topics/ai/archive/1.atom", "/private/wrong/topics/ai/archive/1.atom"):
        assert still.web.get(path).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/topics/central-banks/archive/99999.atom",
        "/topics/central-banks/archive/999999999999.atom",
        "/topics/central-banks/archive/0.atom",
        "/topics/central-banks/archive/01.atom",
        "/topics/central-banks/archive/-1.atom",
        "/topics/central-banks/archive/1",
        "/topics/central-banks/archive/x.atom",
        "/topics/none/archive/1.atom",
        "/archive/1.atom",
    ],
)
def test_archives_that_are_not_there(still: Site, path: str) -> None:
    assert still.web.get(path).status == 404
