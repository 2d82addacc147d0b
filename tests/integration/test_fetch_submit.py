"""Forms for hubs: the same guard, manners and limits as for sources, and a secret that only goes where nobody can read it."""

from __future__ import annotations

import asyncio
import ssl
from datetime import timedelta
from urllib.parse import parse_qs, quote

import pytest

from feedhub.fetch.conclusion import Reply
from feedhub.fetch.headers import Headers
from feedhub.fetch.redirects import begin
from feedhub.fetch.refusal import Refused
from feedhub.fetch.submission import next_hub, require_secrecy
from feedhub.fetch.urls import target_of
from feedhub.model import Failure, FetchFailed, HubAccepted, HubForm, HubReply
from support.fetching import LOOPBACK, NOW, QUICK, FixedResolver, fetcher, polling
from support.hostile import HostileServer, Wire, answer

FIELDS = {"hub.mode": "subscribe", "hub.topic": "http://e.example/ä?a=b&c=d", "hub.secret": "hush"}


def form(url: str, *, confidential: bool = True) -> HubForm:
    return HubForm(url=url, fields=FIELDS, confidential=confidential)


def failed(reply: HubReply, failure: Failure, words: str = "") -> FetchFailed:
    assert isinstance(reply, FetchFailed)
    assert reply.failure is failure, reply
    assert words in reply.detail
    assert "hush" not in repr(reply)
    return reply


async def test_a_form_is_posted_and_nothing_of_a_source_goes_along() -> None:
    bodies: list[bytes] = []

    async def take(wire: Wire) -> None:
        bodies.append(await wire.reader.readexactly(int(wire.seen.value("Content-Length") or "0")))
        await wire.send(answer(202))

    async with HostileServer() as server, fetcher() as ours:
        reply = await ours.submit(form(server.route("/hub", take)))
    assert reply == HubAccepted(status=202)
    (seen,) = server.requests
    assert seen.method == "POST"
    assert seen.value("Content-Type") == "application/x-www-form-urlencoded"
    assert seen.value("User-Agent") == "FeedHub/9.9 (+https://hub.example/about; 1 subscriber)"
    assert {name.lower() for name, _ in seen.headers}.isdisjoint(
        {"authorization", "cookie", "referer", "if-none-match"}
    )
    assert {name: values[0] for name, values in parse_qs(bodies[0].decode()).items()} == FIELDS


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_any_success_is_taken(status: int) -> None:
    async with HostileServer() as server, fetcher() as ours:
        assert await ours.submit(form(server.route("/hub", answer(status)))) == HubAccepted(status=status)


async def test_a_refusal_is_told_in_the_hubs_words_on_one_line() -> None:
    long = b"the topic\r\n\x1b[31mis unknown" + b"!" * 10_000
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/hub", answer(400, long, Content_Type="text/plain"))
        reply = failed(await ours.submit(form(url)), Failure.HTTP, "The hub answered 400: the topic [31mis unknown!!!")
        assert len(reply.detail) < 300
        page = server.route("/page", answer(500, b"<html>secret page", Content_Type="text/html"))
        assert failed(await ours.submit(form(page)), Failure.SERVER).detail == "The hub answered 500."


async def test_a_busy_hub_is_left_alone_as_long_as_it_asks() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/hub", answer(503, Retry_After="120"))
        first = failed(await ours.submit(form(url)), Failure.SERVER)
        second = failed(await ours.submit(form(url)), Failure.RATE_LIMITED)
    assert first.freshness.retry_at == NOW + timedelta(seconds=120)
    assert (second.asked, second.freshness.retry_at) == (False, first.freshness.retry_at)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303])
async def test_redirects_that_lose_the_request_are_not_followed(status: int) -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/hub", answer(status, Location="/other"))
        failed(await ours.submit(form(url)), Failure.REDIRECT, "would lose the request")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("location", "failure"),
    [
        ("/hub", Failure.REDIRECT),
        ("http://10.0.0.1/hub", Failure.REDIRECT),  # the secret would go there unencrypted
        ("https://10.0.0.1/hub", Failure.FORBIDDEN_ADDRESS),
        ("http://localhost/hub", Failure.REDIRECT),
        ("gopher://127.0.0.1/", Failure.FORBIDDEN_ADDRESS),
    ],
)
async def test_where_a_redirect_may_not_lead(location: str, failure: Failure) -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/hub", answer(308, Location=location))
        failed(await ours.submit(form(url)), failure)
    assert len(server.requests) == 1


async def test_the_guard_holds_for_hubs_too() -> None:
    async with HostileServer() as server, fetcher(polling(allow=False)) as ours:
        failed(await ours.submit(form(server.url("/hub"), confidential=False)), Failure.FORBIDDEN_ADDRESS)
    assert server.requests == []
    resolver = FixedResolver({"hub.example": ["10.0.0.1"]})
    async with fetcher(polling(allow=False), resolver=resolver) as ours:
        plain = form("https://hub.example/", confidential=True)
        failed(await ours.submit(plain), Failure.FORBIDDEN_ADDRESS)


def test_where_a_secret_may_go() -> None:
    for url in ("https://hub.example/", "http://127.0.0.1:8000/", "http://[::1]:8000/"):
        require_secrecy(form(url), target_of(url), LOOPBACK)
    for url in ("http://hub.example/", "http://localhost/", "http://10.0.0.1/"):
        require_secrecy(form(url, confidential=False), target_of(url), LOOPBACK)
        with pytest.raises(Refused, match="nothing was sent"):
            require_secrecy(form(url), target_of(url), LOOPBACK)
    with pytest.raises(Refused, match="https to http"):
        next_hub(
            begin("https://hub.example/"), Reply(status=307, headers=Headers((("location", "http://hub.example/"),))), 5
        )


async def test_a_slow_hub_is_given_up_in_time() -> None:
    async def silent(wire: Wire) -> None:
        await asyncio.sleep(30)

    slow = QUICK.model_copy(update={"first_byte": timedelta(seconds=0.3)})
    async with HostileServer() as server, fetcher(polling(timeouts=slow)) as ours:
        failed(await ours.submit(form(server.route("/hub", silent))), Failure.TIMEOUT)


async def test_a_hub_that_is_not_who_it_says_gets_nothing() -> None:
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # without a certificate: no handshake succeeds
    async with HostileServer(tls=bare) as server, fetcher() as ours:
        reply = await ours.submit(form(server.url("/hub")))
    assert isinstance(reply, FetchFailed)
    assert reply.failure in {Failure.TLS, Failure.CONNECT}
    assert server.requests == []


async def test_what_we_told_a_hub_is_not_repeated_in_its_words() -> None:
    token = "t" * 43
    fields = {
        **FIELDS,
        "hub.callback": f"https://us.example/websub/{token}",
        "hub.topic": "https://e.example/?key=hush",
    }
    said = (
        f"No {fields['hub.callback']} ({token}) for {fields['hub.topic']}, {quote(fields['hub.topic'], safe='')}: hush"
    )
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/hub", answer(400, said.encode(), Content_Type="text/plain; charset=utf-8"))
        reply = await ours.submit(HubForm(url=url, fields=fields))
    assert failed(reply, Failure.HTTP).detail == "The hub answered 400: No … (…) for …, …: …."
