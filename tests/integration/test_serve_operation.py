"""Health, metrics, control, failures, samples, and the server's own life: over real HTTP on loopback."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from feedhub.errors import AddressInUse
from feedhub.ports import Vitals
from feedhub.schedule import explain
from feedhub.serve.app import ServeParts, create_app
from feedhub.serve.samples import sample_folder, sample_sources
from feedhub.serve.uvicorn_server import HttpServer
from feedhub.serve.wire import outcome_from_json
from feedhub.settings import Settings
from support.fake_library import NOON, FakeControl, FakeLibrary, FakePress, sample_library
from support.web import Reply, Web, served

TOKEN = {"Authorization": "Bearer tok"}


def parts(library: FakeLibrary | None = None, **changes: Any) -> ServeParts:
    books = library or sample_library()
    made = ServeParts(
        library=books,
        press=FakePress(books),
        catalogue=books,
        settings=Settings(examples=True),
        control=FakeControl(),
        vitals=lambda: Vitals(live=True, ready=True, detail={"due": 3, "since": NOON}),
        control_token="tok",
        version="9.9",
        clock=lambda: NOON,
        explain=explain,
    )
    return replace(made, **changes)


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with served(create_app(parts())) as running:
        yield running


# ---------------------------------------------------------------- health and figures


@pytest.mark.parametrize(
    ("live", "ready", "expected"),
    [(True, True, (200, 200, 200)), (True, False, (200, 503, 503)), (False, False, (503, 503, 503))],
)
def test_health(live: bool, ready: bool, expected: tuple[int, int, int]) -> None:
    with served(create_app(parts(vitals=lambda: Vitals(live=live, ready=ready, detail={"since": NOON})))) as web:
        replies = [web.get(path) for path in ("/health/live", "/health/ready", "/health")]
    assert tuple(reply.status for reply in replies) == expected
    assert json.loads(replies[2].text) == {"live": live, "ready": ready, "detail": {"since": str(NOON)}}
    assert all(reply.headers["cache-control"] == "no-store" for reply in replies)


def test_metrics_count_what_was_answered() -> None:
    with served(create_app(parts())) as web:
        web.get("/topics/ai.atom")
        web.get("/topics/ai.atom")
        web.get("/private/a-secret-token/x")
        text = web.get("/metrics").text
    assert 'feedhub_http_requests_total{kind="topics",status="200"} 2.0' in text
    assert 'feedhub_http_requests_total{kind="private",status="404"} 1.0' in text
    assert 'feedhub_sources{health="failing"} 1.0' in text
    assert 'feedhub_sources{health="gone"} 0.0' in text
    assert 'feedhub_documents{result="hit"} 1.0' in text
    assert 'feedhub_vitals{name="due"} 3.0' in text
    assert 'feedhub_info{version="9.9"} 1.0' in text
    assert "a-secret-token" not in text


def test_status_tells_states_and_no_secrets(web: Web) -> None:
    told = json.loads(web.get("/status.json").text)
    assert [(one["slug"], one["health"]) for one in told["sources"]] == [("daily", "fresh"), ("weekly", "failing")]
    page = web.get("/status").text
    words = "Failing for 2 h (3 times in a row): timeout, no answer within 20 s; next poll in 25 min."
    assert words in page
    assert [one["explanation"] for one in told["sources"]][1] == words
    assert "hunter2" not in page + json.dumps(told)


@pytest.mark.parametrize(
    ("detail", "words", "told"),
    [
        (
            {"relabelling": True, "relabelled": 1500, "to_relabel": 3000},
            "Stored entries are being labelled by changed rules: 1\u202f500 of 3\u202f000 (50 %).",
            {"done": 1500, "of": 3000},
        ),
        ({"relabelling": False, "relabelled": 3000, "to_relabel": 3000}, "", None),
        ({}, "", None),
    ],
    ids=["half way", "done", "not told"],
)
def test_status_tells_how_far_labelling_is(detail: dict[str, object], words: str, told: object) -> None:
    with served(create_app(parts(vitals=lambda: Vitals(live=True, ready=True, detail=detail)))) as web:
        page = web.get("/status").text
        assert json.loads(web.get("/status.json").text)["labelling"] == told
    assert ("labelled by changed rules" in page) is bool(words)
    assert words in page


def test_robots_may_see_the_noindex(web: Web) -> None:
    text = web.get("/robots.txt").text
    assert "Disallow: /private/" in text
    assert "Disallow: /\n" not in text


@pytest.mark.parametrize("path", ["/favicon.ico", "/static/style.css", "/static/icon.svg", "/feeds.opml"])
def test_small_files_are_conditional(web: Web, path: str) -> None:
    reply = web.get(path)
    assert reply.status == 200
    assert reply.body
    assert web.get(path, if_none_match=reply.headers["etag"]).status == 304


def test_a_database_that_does_not_answer_is_a_503_without_details(capsys: pytest.CaptureFixture[str]) -> None:
    library = sample_library()
    library.busy = True
    with served(create_app(parts(library))) as web:
        for path in ("/", "/topics/ai.atom", "/topics/ai", "/status", "/feeds.opml"):
            reply = web.get(path)
            assert (reply.status, reply.headers["retry-after"]) == (503, "60")
            assert "secret" not in reply.text
        assert "feedhub_ready 0.0" in web.get("/metrics").text
        library.busy = False
        assert web.get("/topics/ai.atom").status == 200


class BrokenPress(FakePress):
    def document(self, *args: Any, **kwargs: Any) -> Any:
        raise ZeroDivisionError("a fault of ours")


def test_a_fault_costs_one_answer(capsys: pytest.CaptureFixture[str]) -> None:
    library = sample_library()
    with served(create_app(parts(library, press=BrokenPress(library)))) as web:
        reply = web.get("/topics/ai.atom")
        assert reply.status == 500
        assert "fault of ours" not in reply.text
        assert web.get("/topics/ai").status == 200


# ---------------------------------------------------------------- control


def post(web: Web, path: str, body: object = None, headers: Mapping[str, str] = TOKEN) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return web.ask(path, "POST", {"Content-Type": "application/json", **headers}, raw)


def test_polling_on_request_streams_outcomes(web: Web) -> None:
    reply = post(web, "/control/poll", {"slugs": ["daily", "weekly"]})
    assert (reply.status, reply.headers["content-type"]) == (200, "application/x-ndjson")
    outcomes = [outcome_from_json(json.loads(line)) for line in reply.text.splitlines()]
    assert [(one.slug, one.new, one.at) for one in outcomes] == [("daily", 1, NOON), ("weekly", 2, NOON)]
    assert len(post(web, "/control/poll", {"everything": True}).text.splitlines()) == 2


def test_stored_pages_are_read_again_on_request(web: Web) -> None:
    lines = post(web, "/control/reread", {"slugs": ["daily", "typo"]}).text.splitlines()
    assert outcome_from_json(json.loads(lines[0])).kind == "read again"
    assert json.loads(lines[1])["exit_code"] == 7
    assert post(web, "/control/reread", headers={}).status == 401


def test_an_error_is_the_last_line(web: Web) -> None:
    lines = post(web, "/control/poll", {"slugs": ["daily", "typo", "weekly"]}).text.splitlines()
    assert json.loads(lines[1]) == {
        "error": "There is no source 'typo'.",
        "advice": "See feedhub sources list.",
        "exit_code": 7,
    }
    assert len(lines) == 2


def test_reload(web: Web) -> None:
    assert json.loads(post(web, "/control/reload").text) == {"lines": ["topics: 1 added"]}


def test_forgetting(web: Web) -> None:
    assert json.loads(post(web, "/control/forget/daily").text) == {"deleted": 12}
    assert json.loads(post(web, "/control/forget/typo").text)["exit_code"] == 7
    assert post(web, "/control/forget/daily", headers={"Authorization": "Bearer wrong"}).status == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Basic tok"}, 401),
        ({**TOKEN, "X-Forwarded-For": "127.0.0.1"}, 403),
        ({**TOKEN, "Forwarded": "for=127.0.0.1"}, 403),
        ({**TOKEN, "Content-Type": "text/plain"}, 415),
    ],
)
def test_who_may_not_steer(web: Web, headers: dict[str, str], status: int) -> None:
    reply = post(web, "/control/poll", headers=headers)
    assert reply.status == status
    if status == 401:
        assert reply.headers["www-authenticate"] == "Bearer"


def test_steering_by_the_book(web: Web) -> None:
    assert web.ask("/control/poll", "GET", TOKEN).headers["allow"] == "POST"
    assert post(web, "/control/poll", b"{").status == 400
    assert post(web, "/control/poll", {"slug": []}).status == 400
    assert post(web, "/control/poll", b" " * 1_000_001).status == 413


def test_nothing_opens_without_a_token_of_ours() -> None:
    with served(create_app(parts(control_token=""))) as web:
        assert post(web, "/control/reload", headers={"Authorization": "Bearer "}).status == 401
    with served(create_app(parts(control=None))) as web:
        assert post(web, "/control/reload").status == 503


# ---------------------------------------------------------------- samples


def test_samples_are_served_like_any_polite_feed(web: Web) -> None:
    for sample in sample_sources():
        reply = web.get(f"/examples/{sample.file}")
        assert (reply.status, reply.headers["content-type"]) == (200, sample.media_type)
        assert reply.body == (sample_folder() / sample.file).read_bytes()
        assert web.get(f"/examples/{sample.file}", if_none_match=reply.headers["etag"]).status == 304
        assert web.get(f"/examples/{sample.file}", if_modified_since=reply.headers["last-modified"]).status == 304
    assert web.get("/examples/README.md").status == 404


# ---------------------------------------------------------------- the server itself


async def _slow(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(60)


async def test_a_taken_port_is_said_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(AddressInUse, match=rf"listens on 127.0.0.1:{port} already") as caught:
            await HttpServer(_slow, "127.0.0.1", port).start()
    assert "server.port" in caught.value.advice


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
async def test_an_address_that_is_not_ours(host: str) -> None:
    with pytest.raises(AddressInUse):
        await HttpServer(_slow, host, 0).start()


async def test_stopping_is_bounded_and_leaves_signals_alone() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    server = HttpServer(_slow, "127.0.0.1", 0)
    host, port = await server.start()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    _, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await writer.drain()
    began = asyncio.get_running_loop().time()
    await server.stop(0.2)
    await server.stop(0.2)
    assert asyncio.get_running_loop().time() - began < 3
    writer.close()
    with pytest.raises(OSError):
        await asyncio.open_connection(host, port)


def test_ipv6() -> None:
    with served(create_app(parts()), "::1") as web:
        assert web.get("/health").status == 200
        assert post(web, "/control/reload").status == 200


async def test_a_head_without_end_is_cut_off() -> None:
    server = HttpServer(_slow, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*await server.start())
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 40_000)
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 431 ")
    writer.close()
    await server.stop(1)


async def test_many_requests_on_one_connection_and_a_new_application() -> None:
    server = HttpServer(create_app(parts()), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*await server.start())
    for number in range(300):
        if number == 150:
            server.replace(create_app(parts(vitals=lambda: Vitals(live=False, ready=False))))
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Pad: " + b"a" * 400 + b"\r\n\r\n")
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).lower()
        assert (b" 200 " if number < 150 else b" 503 ") in head.splitlines()[0]
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()
    await server.stop(1)
