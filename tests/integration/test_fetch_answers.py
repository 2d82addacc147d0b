"""Answers that bring nothing, redirects, and freshness, against a real server."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from feedhub.model import Failure, Freshness, Move, Request, Validators
from feedhub.settings import Limits
from support.fetching import NOW, failed, fetched, fetcher, polling, unchanged
from support.hostile import HostileServer, answer

FEED = b"<feed xmlns='http://www.w3.org/2005/Atom'/>"


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (201, Failure.HTTP),
        (204, Failure.EMPTY),
        (205, Failure.EMPTY),
        (206, Failure.PROTOCOL),
        (300, Failure.HTTP),
        (400, Failure.HTTP),
        (401, Failure.NEEDS_CREDENTIALS),
        (403, Failure.FORBIDDEN),
        (404, Failure.NOT_FOUND),
        (407, Failure.NEEDS_CREDENTIALS),
        (410, Failure.GONE),
        (418, Failure.HTTP),
        (429, Failure.RATE_LIMITED),
        (451, Failure.LEGAL),
        (500, Failure.SERVER),
        (502, Failure.SERVER),
        (503, Failure.SERVER),
        (599, Failure.SERVER),
        (799, Failure.HTTP),
    ],
)
async def test_each_status_has_its_failure(status: int, failure: Failure) -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed?token=s3cret", answer(status, b"<p>secret words</p>", Content_Type="text/html"))
        result = failed(await ours.fetch(Request(url=url)), failure)
    assert result.status == status
    assert result.asked
    assert "s3cret" not in result.detail
    assert result.detail.endswith(".")


@pytest.mark.parametrize("body", [b"", b" \r\n\t\n", b"\xef\xbb\xbf\n", b"\x00\x00"])
async def test_a_body_of_nothing_is_empty(body: bytes) -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(200, body))
        failed(await ours.fetch(Request(url=url)), Failure.EMPTY)


@pytest.mark.parametrize(
    ("headers", "until"),
    [
        ({"Cache_Control": "max-age=3600"}, NOW + timedelta(hours=1)),
        ({"Cache_Control": "public, max-age=3600", "Age": "600"}, NOW + timedelta(minutes=50)),
        (
            {"Expires": "Sun, 01 Mar 2026 15:00:00 GMT", "Date": "Sun, 01 Mar 2026 12:00:00 GMT"},
            NOW + timedelta(hours=3),
        ),
        ({"Cache_Control": "max-age=99999999"}, NOW + timedelta(hours=24)),
        ({"Cache_Control": "no-cache, max-age=3600"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [200, 304])
async def test_freshness_of_200_and_304_alike(status: int, headers: dict[str, str], until: datetime | None) -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(status, FEED if status == 200 else b"", **headers))
        result = await ours.fetch(Request(url=url, validators=Validators(etag='"a"', url=url)))
    freshness = fetched(result).freshness if status == 200 else unchanged(result).freshness
    assert freshness == Freshness(fresh_until=until)


@pytest.mark.parametrize("status", [300, 403, 404, 410, 429, 500, 503])
async def test_retry_after_is_heard_on_every_refusal(status: int) -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(status, Retry_After="7200"))
        result = await ours.fetch(Request(url=url))
    assert getattr(result, "freshness", None) == Freshness(retry_at=NOW + timedelta(hours=2))


async def test_retry_after_as_a_date_is_clamped_to_a_week() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(503, Retry_After="Fri, 01 May 2026 00:00:00 GMT"))
        result = failed(await ours.fetch(Request(url=url)), Failure.SERVER)
    assert result.freshness.retry_at == NOW + timedelta(days=7)


async def test_retry_after_of_a_redirect_is_kept_to_the_end() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/old", answer(302, Location="/new", Retry_After="600"))
        server.route("/new", answer(200, FEED))
        result = fetched(await ours.fetch(Request(url=url)))
    assert result.freshness.retry_at == NOW + timedelta(minutes=10)


# ---------------------------------------------------------------- redirects


@pytest.mark.parametrize(
    ("statuses", "permanent"),
    [([301], True), ([308, 301], True), ([302], False), ([303], False), ([307], False), ([301, 302, 308], False)],
)
async def test_a_move_is_permanent_when_every_hop_is(statuses: list[int], permanent: bool) -> None:
    async with HostileServer() as server, fetcher() as ours:
        for number, status in enumerate(statuses):
            server.route(f"/{number}", answer(status, Location=f"/{number + 1}"))
        end = server.route(f"/{len(statuses)}", answer(200, FEED, ETag='"end"'))
        result = fetched(await ours.fetch(Request(url=server.url("/0"))))
    assert result.move == Move(target=end, permanent=permanent)
    assert result.url == end
    assert result.validators == Validators(etag='"end"', url=end)


async def test_validators_go_to_the_end_of_a_redirect_when_they_came_from_there() -> None:
    async with HostileServer() as server, fetcher() as ours:
        start = server.route("/start", answer(302, Location="/end"))
        end = server.route("/end", answer(304))
        result = await ours.fetch(Request(url=start, validators=Validators(etag='"e"', url=end)))
    assert unchanged(result).move == Move(target=end, permanent=False)
    assert [seen.value("If-None-Match") for seen in server.requests] == [None, '"e"']


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("next?x=%2f", "/dir/next?x=%2f"),
        ("/a b", "/a%20b"),
        ("?page=2", "/dir/old?page=2"),
        ("../up", "/up"),
        ("//127.0.0.1:{port}/abs", "/abs"),
        ("HTTP://127.0.0.1:{port}/case#frag", "/case"),
    ],
)
async def test_locations_are_resolved_against_the_hop(location: str, path: str) -> None:
    async with HostileServer() as server, fetcher() as ours:
        server.route("/dir/old", answer(301, Location=location.format(port=server.port)))
        server.route(path, answer(200, FEED))
        result = fetched(await ours.fetch(Request(url=server.url("/dir/old"))))
    assert server.requests[-1].target == path
    assert result.url == server.url(path)


async def test_a_location_of_other_bytes_is_percent_encoded() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/old", b"HTTP/1.1 301 x\r\nLocation: /t\xe1\xbb\xa9c-\xe9\r\nContent-Length: 0\r\n\r\n")
        await ours.fetch(Request(url=url))
    assert server.requests[-1].target == "/t%E1%BB%A9c-%E9"


@pytest.mark.parametrize(
    ("location", "failure", "asked"),
    [
        (None, Failure.REDIRECT, 1),
        ("", Failure.REDIRECT, 1),
        ("/feed", Failure.REDIRECT, 1),
        ("/feed#again", Failure.REDIRECT, 1),
        ("ftp://127.0.0.1/feed", Failure.FORBIDDEN_ADDRESS, 1),
        ("file:///etc/passwd", Failure.FORBIDDEN_ADDRESS, 1),
        ("javascript:alert(1)", Failure.FORBIDDEN_ADDRESS, 1),
        ("http://[::1", Failure.REDIRECT, 1),
        ("http://169.254.169.254/latest/meta-data/", Failure.FORBIDDEN_ADDRESS, 1),
        ("http://10.0.0.1:6379/", Failure.FORBIDDEN_ADDRESS, 1),
        ("http://0x7f.1/", Failure.FORBIDDEN_ADDRESS, 1),
    ],
)
async def test_redirects_that_lead_nowhere(location: str | None, failure: Failure, asked: int) -> None:
    async with HostileServer() as server, fetcher() as ours:
        extra = {} if location is None else {"Location": location}
        result = await ours.fetch(Request(url=server.route("/feed", answer(301, **extra))))
    failed(result, failure)
    assert len(server.requests) == asked


async def test_five_hops_are_followed_and_not_six() -> None:
    async with HostileServer() as server, fetcher() as ours:
        for number in range(10):
            server.route(f"/{number}", answer(302, Location=f"/{number + 1}"))
        server.route("/10", answer(200, FEED))
        result = failed(await ours.fetch(Request(url=server.url("/0"))), Failure.REDIRECT)
        assert len(server.requests) == 6
        fetched(await ours.fetch(Request(url=server.url("/5"))))
    assert "5 times" in result.detail


async def test_a_longer_circle_ends_at_its_first_return() -> None:
    async with HostileServer() as server, fetcher(polling(limits=Limits(redirects=20))) as ours:
        for here, there in ("ab", "bc", "ca"):
            server.route(f"/{here}", answer(302, Location=f"/{there}"))
        failed(await ours.fetch(Request(url=server.url("/a"))), Failure.REDIRECT)
    assert [seen.target for seen in server.requests] == ["/a", "/b", "/c"]


async def test_credentials_and_custom_headers_stay_with_their_origin() -> None:
    async with HostileServer(hosts=("127.0.0.1", "127.0.0.2")) as server, fetcher() as ours:
        there = server.url("/there", host="127.0.0.2")
        server.route("/start", answer(302, Location="/same"))
        server.route("/same", answer(302, Location=there.replace("http://", "http://evil:pw@")))
        server.route("/there", answer(302, Location=server.url("/back")))
        server.route("/back", answer(200, FEED))
        url = server.url("/start").replace("http://", "http://me:pw@")
        fetched(await ours.fetch(Request(url=url, headers={"X-Key": "k"})))
    told = [(seen.on, seen.value("Authorization"), seen.value("X-Key")) for seen in server.requests]
    assert told == [
        ("127.0.0.1", "Basic bWU6cHc=", "k"),
        ("127.0.0.1", "Basic bWU6cHc=", "k"),
        ("127.0.0.2", None, None),
        ("127.0.0.1", None, None),
    ]


async def test_of_two_etags_the_first_counts_and_a_range_of_the_whole_is_the_whole() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(200, FEED, ETag=['"1"', '"2"'], Content_Range=f"bytes 0-9/{len(FEED)}"))
        result = fetched(await ours.fetch(Request(url=url)))
        await ours.fetch(Request(url=url, validators=result.validators))
    assert result.body == FEED
    assert [seen.value("If-None-Match") for seen in server.requests] == [None, '"1"']
    assert all(seen.value("Range") is None for seen in server.requests)


@pytest.mark.parametrize(
    "raw", [FEED, b"ICY 200 OK\r\n\r\n" + FEED, b"\x15\x03\x01\x00\x02\x02\x16"], ids=["http/0.9", "icy", "tls"]
)
async def test_what_is_no_http_1_is_no_document(raw: bytes) -> None:
    async with HostileServer() as server, fetcher() as ours:
        failed(await ours.fetch(Request(url=server.route("/feed", raw))), Failure.PROTOCOL)
    assert len(server.requests) == 1


# ---------------------------------------------------------------- challenge pages


MENTIONS = (
    b"just a moment... _cf_chl_opt cf-browser-verification attention required! | cloudflare ddos-guard "
    b"incapsula incident id sucuri_cloudproxy_js captcha-delivery.com window._pxappid errors.edgesuite.net "
    b"<title>Just a moment...</title><title>DDoS-Guard</title><title>Client Challenge</title> "
    b"anubis_challenge /.within.website/x/cmd/anubis/ window.gokuprops vercel security checkpoint"
)


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"<rss version='2.0'><channel><title>x</title>", "text/html"),
        (b"<!-- made by hand --><?xml version='1.0'?>\n<!-- <html> -->\n<rss version='2.0'><channel>", "text/html"),
        (b"<html><body><rss version='2.0'><channel>", "text/html"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'>", "application/xhtml+xml"),
        (b"<rdf:RDF xmlns:rdf='x'>", "text/html"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"content_html": "', "text/html"),
        (b"<rss version='2.0'><channel>", "application/rss+xml"),
    ],
)
async def test_a_feed_that_tells_of_challenges_is_a_feed(start: bytes, kind: str) -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(200, start + MENTIONS, Content_Type=kind, Server="cloudflare"))
        fetched(await ours.fetch(Request(url=url)))


async def test_a_challenge_page_is_blocked_whatever_its_status() -> None:
    page = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"
    async with HostileServer() as server, fetcher() as ours:
        one = server.route("/one", answer(403, b"", cf_mitigated="challenge", Retry_After="60"))
        two = server.route("/two", answer(200, page, Content_Type="text/html"))
        result = failed(await ours.fetch(Request(url=one)), Failure.BLOCKED)
        failed(await ours.fetch(Request(url=two)), Failure.BLOCKED)
    assert result.status == 403
    assert result.freshness.retry_at == NOW + timedelta(minutes=1)
    assert "Cloudflare" in result.detail
