"""What arrives at the server (standards, part 1, Request), and the answers that are no trouble."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest

from feedhub.model import Failure, Request, Validators
from support.fetching import NOW, FixedResolver, failed, fetched, fetcher, unchanged
from support.hostile import HostileServer, answer

FEED = b"<rss version='2.0'><channel><title>x</title></channel></rss>"


async def test_a_plain_request_says_who_asks_and_nothing_else() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(200, FEED, Content_Type='Application/RSS+XML; Charset="UTF-8"'))
        result = fetched(await ours.fetch(Request(url=url, subscribers=3)))
    (seen,) = server.requests
    assert seen.method == "GET"
    assert dict(seen.headers) == {
        "Host": f"127.0.0.1:{server.port}",
        "User-Agent": "FeedHub/9.9 (+https://hub.example/about; 3 subscribers)",
        "Accept": seen.value("Accept"),
        "Accept-Encoding": "gzip, deflate, br",
        "Connection": "close",
    }
    assert (seen.value("Accept") or "").startswith("application/atom+xml, application/rss+xml, application/feed+json")
    assert (result.body, result.status, result.url, result.move) == (FEED, 200, url, None)
    assert (result.content_type, result.charset, result.wire_bytes) == ("application/rss+xml", "utf-8", len(FEED))
    assert len(result.body_digest) == 16
    assert result.elapsed > 0


@pytest.mark.parametrize(
    "target",
    [
        "/a%2fb/%7Efeed?x=%41&&y=+%20&z",
        "/a/../b/./c//d",
        "/feed?a=b?c=d",
        "/feed;v=1,2'()*!",
        "/%E1%BB%87?q=%e1%bb%87",
        '/odd"<>\\^`{|}',
    ],
)
async def test_the_url_is_sent_byte_for_byte(target: str) -> None:
    async with HostileServer() as server, fetcher() as ours:
        await ours.fetch(Request(url=server.url(target)))
    assert [seen.target for seen in server.requests] == [target]


async def test_letters_outside_ascii_are_percent_encoded_and_fragments_stay_at_home() -> None:
    async with HostileServer() as server, fetcher() as ours:
        await ours.fetch(Request(url=server.url("/tin tức?q=mới#top")))
    assert server.requests[0].target == "/tin%20t%E1%BB%A9c?q=m%E1%BB%9Bi"


ODD_VALIDATORS = [
    ('"abc"', "Sun, 01 Mar 2026 10:00:00 GMT"),
    ('W/"weak"', "Sun, 01 Mar 2026 10:00:00 GMT"),
    ("unquoted-etag", "2026-03-01T10:00:00+00:00"),
    ('"with "inner" quotes"', "yesterday, more or less"),
    ('"comma, and \\ backslash"', "Sun, 1 Mar 2026 10:00:00 +0700"),
    ('"tứ"', "Thu, 01 Jan 1970 00:00:00 GMT"),
    (None, "Sun, 01 Mar 2026 10:00:00 GMT"),
    ('""', None),
]


@pytest.mark.parametrize(("etag", "modified"), ODD_VALIDATORS)
async def test_validators_come_back_verbatim(etag: str | None, modified: str | None) -> None:
    lines = [f"ETag: {etag}"] if etag else []
    lines += [f"Last-Modified: {modified}"] if modified else []
    first = "\r\n".join(["HTTP/1.1 200 OK", *lines, f"Content-Length: {len(FEED)}", "", ""]).encode() + FEED
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", [first, answer(304)])
        validators = fetched(await ours.fetch(Request(url=url))).validators
        assert validators == Validators(etag=etag, last_modified=modified, url=url)
        again = unchanged(await ours.fetch(Request(url=url, validators=validators)))
    assert again.validators == validators
    second = server.requests[1]
    assert second.value("If-None-Match") == (etag.encode().decode("latin-1") if etag else None)
    assert second.value("If-Modified-Since") == modified
    assert second.value("A-IM") == "feed"


@pytest.mark.parametrize("value", [b'"\xe9"', b'"a\x01b"'])
async def test_validators_that_cannot_be_kept_as_text_count_as_absent(value: bytes) -> None:
    async with HostileServer() as server, fetcher() as ours:
        head = b"HTTP/1.1 200 OK\r\nETag: " + value + b"\r\nLast-Modified: " + value
        url = server.route("/feed", head + b"\r\nContent-Length: 4\r\n\r\nfeed")
        assert not fetched(await ours.fetch(Request(url=url))).validators


@pytest.mark.parametrize("other", ["http://127.0.0.1:1/feed", None])
async def test_validators_of_another_url_stay_at_home(other: str | None) -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(200, FEED))
        await ours.fetch(Request(url=url, validators=Validators(etag='"a"', last_modified="x", url=other)))
    names = {name for name, _ in server.requests[0].headers}
    assert not names & {"If-None-Match", "If-Modified-Since", "A-IM"}


async def test_a_200_without_validators_clears_them() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(200, FEED))
        result = await ours.fetch(Request(url=url, validators=Validators(etag='"a"', url=url)))
    assert not fetched(result).validators


async def test_a_304_lays_its_validators_over_the_stored_ones_and_brings_freshness() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(304, ETag='"new"', Cache_Control="max-age=7200", Age="200"))
        stored = Validators(etag='"old"', last_modified="then", url=url)
        result = unchanged(await ours.fetch(Request(url=url, validators=stored)))
    assert result.validators == Validators(etag='"new"', last_modified="then", url=url)
    assert result.freshness.fresh_until == NOW + timedelta(seconds=7000)


async def test_a_304_nobody_asked_for_is_an_error() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(304))
        result = failed(await ours.fetch(Request(url=url)), Failure.PROTOCOL)
    assert result.status == 304


@pytest.mark.parametrize(("im", "taken"), [("feed", True), ("", True), ("feed, gzip", False), ("vcdiff", False)])
async def test_226_is_taken_only_as_asked_for(im: str, taken: bool) -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(226, FEED, ETag='"b"', **({"IM": im} if im else {})))
        result = await ours.fetch(Request(url=url, validators=Validators(etag='"a"', url=url)))
        unasked = await ours.fetch(Request(url=url))
    failed(unasked, Failure.PROTOCOL)
    if taken:
        assert fetched(result).partial
        assert fetched(result).validators.etag == '"b"'
    else:
        failed(result, Failure.PROTOCOL)


async def test_cookies_are_never_sent_back() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(200, FEED, Set_Cookie=["a=b; Path=/", "c=d"]))
        for _ in range(2):
            await ours.fetch(Request(url=url))
    assert [seen.value("Cookie") for seen in server.requests] == [None, None]


async def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(200, FEED))
        fetched(await ours.fetch(Request(url=url)))


async def test_the_operators_headers_go_out_but_not_in_place_of_ours() -> None:
    custom = {
        "X-Key": "s3cret",
        "authorization": "Bearer t0ken",
        "accept": "text/html",
        "User-Agent": "Mozilla/5.0",
        "if-none-match": "*",
        "Host": "elsewhere.example",
        "Accept-Encoding": "zstd",
    }
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(200, FEED)).replace("http://", "http://user:pass@")
        fetched(await ours.fetch(Request(url=url, headers=custom)))
    (seen,) = server.requests
    assert (seen.value("X-Key"), seen.value("Authorization"), seen.value("Accept")) == (
        "s3cret",
        "Bearer t0ken",
        "text/html",
    )
    assert seen.value("User-Agent") == "FeedHub/9.9 (+https://hub.example/about; 1 subscriber)"
    assert seen.value("Host") == f"127.0.0.1:{server.port}"
    assert seen.value("If-None-Match") is None
    assert seen.value("Accept-Encoding") == "gzip, deflate, br"


async def test_credentials_of_the_url_become_basic_authorization_and_leave_the_url() -> None:
    async with HostileServer() as server, fetcher() as ours:
        plain = server.route("/feed", answer(200, FEED))
        result = await ours.fetch(Request(url=plain.replace("http://", "http://me:p%40ss@")))
    assert server.requests[0].value("Authorization") == "Basic bWU6cEBzcw=="
    assert fetched(result).url == plain


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb", "a\x00b"])
async def test_a_header_that_cannot_be_sent_is_named_but_not_shown(value: str) -> None:
    async with HostileServer() as server, fetcher() as ours:
        result = await ours.fetch(Request(url=server.url("/feed"), headers={"X-Key": value}))
    assert server.requests == []
    detail = failed(result, Failure.PROTOCOL).detail
    assert "X-Key" in detail
    assert value not in detail


async def test_links_of_the_head() -> None:
    async with HostileServer() as server, fetcher() as ours:
        links = ['<https://hub.example/>; rel="hub", </feed>; rel=self', '<x>; rel="alternate"; title="a, b"']
        url = server.route("/dir/feed", answer(200, FEED, Link=links))
        result = fetched(await ours.fetch(Request(url=url)))
    assert result.links == {
        "hub": "https://hub.example/",
        "self": server.url("/feed"),
        "alternate": server.url("/dir/x"),
    }


async def test_an_ipv6_literal_is_asked() -> None:
    if not _has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    async with HostileServer(hosts=("::1",)) as server, fetcher() as ours:
        server.route("/feed", answer(200, FEED))
        fetched(await ours.fetch(Request(url=server.url("/feed", host="[::1]"))))
    assert server.requests[0].value("Host") == f"[::1]:{server.port}"


async def test_a_name_in_its_own_script_is_looked_up_and_sent_in_ascii() -> None:
    names = FixedResolver({"xn--bcher-kva.example": ["127.0.0.1"]})
    async with HostileServer() as server, fetcher(resolver=names) as ours:
        server.route("/feed", answer(200, FEED))
        result = fetched(await ours.fetch(Request(url=server.url("/feed", host="Bücher.example"))))
    assert server.requests[0].value("Host") == f"xn--bcher-kva.example:{server.port}"
    assert result.url == f"http://xn--bcher-kva.example:{server.port}/feed"
    assert names.asked == ["xn--bcher-kva.example"]


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as test:
            test.bind(("::1", 0))
    except OSError:
        return False
    return True
