"""The short way for ready documents: the same bytes as the long way, and never an old answer."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from feedhub.model import Document, Feed, FeedKind
from feedhub.ports import Redirected, Vitals
from feedhub.schedule import explain
from feedhub.serve import express, uvicorn_server
from feedhub.serve.answers import Manner, answer
from feedhub.serve.app import ServeParts, create_app
from feedhub.serve.prometheus_metrics import Metrics
from feedhub.serve.shelf import Shelf
from feedhub.settings import Settings
from support.fake_library import NOON, FakeLibrary, FakePress, sample_library, stored_entry
from support.web import Web, served

ATOM = "/topics/central-banks.atom"
FEEDS = {"size": 5, "private": {"topics/ai": ["s3cret"]}}


class CountingLibrary(FakeLibrary):
    """Counts how often a feed's row was looked up: what the long way does for each request."""

    looked_up = 0

    def feed(self, kind: FeedKind, slug: str) -> Feed | Redirected | None:
        self.looked_up += 1
        return super().feed(kind, slug)


@dataclass
class Site:
    web: Web
    library: CountingLibrary
    writes: int = 0
    others: int = 0  # commits by other processes
    read: int = 0  # requests

    def change(self, title: str) -> None:
        """As a commit of this process: the change, and then the word of it."""
        self.library.publish(FeedKind.TOPIC, "central-banks", title, [stored_entry(3)])
        self.writes += 1

    def raw(self, request: bytes) -> bytes:
        """Everything that comes back until the server closes, without the date."""
        with socket.create_connection((self.web.host, self.web.port), timeout=10) as connection:
            connection.sendall(request)
            received = b"".join(iter(lambda: connection.recv(65_536), b""))
        return re.sub(rb"date: [^\r]+\r\n", b"", received)


class Counted:
    """The application, and how many requests were read for it."""

    def __init__(self, app: ASGIApp, it: Site) -> None:
        self._app = app
        self._it = it
        if isinstance(app, express.Express):
            self.repeated = app.repeated

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._it.read += 1
        await self._app(scope, receive, send)


@contextmanager
def site(short: bool = True, mark: bool = False) -> Iterator[Site]:
    sample = sample_library()
    library = CountingLibrary(**{name: getattr(sample, name) for name in FakeLibrary.__dataclass_fields__})
    words = [stored_entry(number, title=f"Many words of number {number} " * 8) for number in range(9)]
    library.publish(FeedKind.TOPIC, "central-banks", "Central banks", words)
    it = Site(Web("", 0), library)
    parts = ServeParts(
        library=library,
        press=FakePress(library, 5),
        catalogue=library,
        settings=Settings.model_validate({"site": {"base_url": "https://hub.example/sub"}, "feeds": FEEDS}),
        control=None,
        vitals=lambda: Vitals(live=True, ready=True),
        control_token="",
        version="9.9",
        clock=lambda: NOON,
        explain=explain,
        writes=(lambda: it.writes) if short else None,
        mark=(lambda: it.others) if mark else object,
    )
    with served(Counted(create_app(parts), it)) as web:
        it.web = web
        yield it


class Line:
    """One connection that stays open."""

    def __init__(self, web: Web) -> None:
        self.socket = socket.create_connection((web.host, web.port), timeout=10)
        self._reader = self.socket.makefile("rb")

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        self.socket.close()

    def ask(self, *parts: bytes) -> bytes:
        """Send these parts, each by itself, and read one answer, without the date."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            self.socket.sendall(part)
        return self.answer(head=parts[0].startswith(b"HEAD"))

    def answer(self, *, head: bool = False) -> bytes:
        lines = [*iter(self._reader.readline, b"\r\n")]
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        return b"".join(line for line in lines if not line.startswith(b"date:")) + self._reader.read(
            0 if head or b" 304 " in lines[0] else length
        )

    def closed(self) -> bool:
        return self._reader.read() == b""


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only commits of this process make a row doubtful, so that the clock has no part in the outcome."""
    monkeypatch.setattr(express, "DOUBT_AFTER", 1e9)


REQUESTS = {
    "plain": "",
    "gzip": "Accept-Encoding: gzip\r\n",
    "browser": "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept: text/html\r\n",
    "zstd": "Accept-Encoding: zstd;q=1, gzip;q=0.1\r\n",
    "nothing welcome": "Accept-Encoding: identity;q=0, *;q=0\r\n",
    "two lines": "Accept-Encoding: gzip;q=0\r\nAccept-Encoding: br\r\n",
    "known": "If-None-Match: {tag}\r\n",
    "known, compressed": 'If-None-Match: "x", W/{tag}\r\nAccept-Encoding: gzip\r\n',
    "known, two lines": 'If-None-Match: "x"\r\nIf-None-Match: {tag}\r\n',
    "any": "If-None-Match: *\r\n",
    "unknown": 'If-None-Match: "x"\r\nIf-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n',
    "since": "If-Modified-Since: Mon, 23 Nov 2026 12:09:00 GMT\r\n",
    "since, older": "If-Modified-Since: Sun, 22 Nov 2026 12:09:00 GMT\r\n",
    "since, damaged": "If-Modified-Since: yesterday\r\n",
    "match": "If-Match: {tag}\r\n",
    "match, another": 'If-Match: "x"\r\n',
    "unmodified": "If-Unmodified-Since: Sun, 22 Nov 2026 12:09:00 GMT\r\n",
    "range": "Range: bytes=0-9\r\n",
    "long": "If-None-Match: " + ", ".join(f'"{n}"' for n in range(900)) + "\r\n",
    "not ascii": 'If-None-Match: "ü"\r\nAccept-Encoding: gzip\xff\r\n',
}
TARGETS = [
    ATOM,
    "/topics/central-banks.json",
    "/sub/topics/central-banks.atom",
    "/topics/central%2Dbanks.atom",
    "/topics/central-banks/archive/1.rss",
    f"{ATOM}?before=1-1",
    f"{ATOM}?",
    "/topics/central-banks",
    "/topics/old-news.atom",
    "/topics/boards.atom",
    "/topics/ai.atom",
    "/private/s3cret/topics/ai.atom",
    "/topics/nothing.atom",
]


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("target", TARGETS)
def test_both_ways_send_the_same_bytes(target: str) -> None:
    with site() as fast, site(short=False) as slow:
        tag = slow.web.get(ATOM).headers["etag"]
        for method in ("GET", "HEAD", "POST"):
            for name, headers in REQUESTS.items():
                for rest in ("HTTP/1.1\r\nConnection: close\r\n", "HTTP/1.0\r\n"):
                    lines = f"{method} {target} {rest}Host: hub.example\r\n{headers.replace('{tag}', tag)}\r\n"
                    asked = lines.encode("latin-1")
                    long = slow.raw(asked)
                    for _ in range(2):
                        assert fast.raw(asked) == long, (method, name, rest)


@pytest.mark.usefixtures("trusting")
def test_a_ready_document_takes_the_short_way() -> None:
    with site() as fast:
        replies = [fast.web.get(ATOM, accept_encoding="gzip") for _ in range(20)]
        again = [fast.web.get(ATOM, if_none_match=replies[0].headers["etag"]) for _ in range(20)]
        assert {reply.status for reply in replies} == {200}
        assert {reply.status for reply in again} == {304}
        assert fast.library.looked_up == 1
        figures = fast.web.get("/metrics").text
        assert 'feedhub_http_requests_total{kind="topics",status="200"} 20.0' in figures
        assert 'feedhub_http_requests_total{kind="topics",status="304"} 20.0' in figures
        assert 'feedhub_http_request_seconds_count{kind="topics"} 40.0' in figures
        assert 'feedhub_documents{result="hit"} 39.0' in figures


@pytest.mark.usefixtures("trusting")
def test_a_commit_of_ours_is_seen_at_once() -> None:
    with site() as fast:
        for number in range(5):
            fast.change(f"Banks {number}")
            for _ in range(2):
                assert f"Banks {number}" in fast.web.get(ATOM).text
        fast.library.rename(FeedKind.TOPIC, "central-banks", "money")
        fast.writes += 1
        assert fast.web.get(ATOM).status == 301
        assert fast.web.get("/topics/money.atom").status == 200
        assert fast.web.get("/topics/money.atom").status == 200
        fast.library.withdraw(FeedKind.TOPIC, "money")
        fast.writes += 1
        assert fast.web.get("/topics/money.atom").status == 410


def test_a_commit_of_another_process_is_seen_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(express, "DOUBT_AFTER", 0.0)
    with site() as fast:
        fast.web.get(ATOM)
        fast.library.publish(FeedKind.TOPIC, "central-banks", "Told by nobody", [stored_entry(3)])
        assert "Told by nobody" in fast.web.get(ATOM).text


@pytest.mark.usefixtures("trusting")
def test_a_database_that_cannot_answer_is_told_after_a_commit() -> None:
    with site() as fast:
        assert fast.web.get(ATOM).status == fast.web.get(ATOM).status == 200
        fast.library.busy = True
        fast.writes += 1
        assert fast.web.get(ATOM).status == 503
        fast.library.busy = False
        assert fast.web.get(ATOM).status == 200


@pytest.mark.usefixtures("trusting")
def test_requests_in_one_piece_get_their_answers_in_order() -> None:
    with site() as fast:
        tag = fast.web.get(ATOM).headers["etag"]
        line = f"GET {ATOM} HTTP/1.1\r\nHost: a\r\n"
        end = f"{line}Connection: close\r\n\r\n"
        received = fast.raw(
            f"{line}\r\n{line}If-None-Match: {tag}\r\n\r\nHEAD {ATOM} HTTP/1.1\r\nHost: a\r\n\r\n{end}".encode()
        )
        statuses = re.findall(rb"HTTP/1.1 (\d+) ", received)
        assert statuses == [b"200", b"304", b"200", b"200"]
        assert received.endswith(fast.web.get(ATOM).body)


@pytest.mark.usefixtures("trusting")
def test_one_who_does_not_read_keeps_nobody_waiting() -> None:
    with site() as fast:
        words = [stored_entry(number, title=f"{number} " * 40_000) for number in range(5)]
        fast.library.publish(FeedKind.TOPIC, "central-banks", "Large", words)
        large = fast.web.get(ATOM).body
        ask = f"GET {ATOM} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        with socket.create_connection((fast.web.host, fast.web.port), timeout=10) as idle:
            idle.sendall(ask * 100)  # some 40 MB, more than any buffer takes
            for _ in range(5):
                assert fast.web.get(ATOM).body == large
            read = 0
            while chunk := idle.recv(1_000_000):
                read += len(chunk)
                if read > 100 * len(large):
                    break
            assert read > 100 * len(large)


def test_what_fell_from_the_shelf_is_not_held_here() -> None:
    """The shelf's bound on bytes is the only one there is: nothing else keeps a document."""
    library = sample_library()
    feed = library.feed(FeedKind.TOPIC, "central-banks")
    assert isinstance(feed, Feed)
    shelf, asked = Shelf(limit=10_000), []

    async def routes(scope: Scope, _receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        body = scope["path"].encode() * 800
        document = Document(body=body, media_type="text/xml", etag=f'"{scope["path"]}"', modified=NOON)
        ready = await shelf.get(scope["path"], feed, lambda: document)
        express.tell(scope, express.Found(feed, lambda: feed, scope["path"], Manner()), ready)
        await answer(Request(scope), ready, Manner())(scope, _receive, send)

    with served(express.Express(routes, shelf, Metrics("9.9"), lambda: 0)) as web:
        for path in ("/a", "/b", "/c", "/d", "/e", "/f", "/g", "/a"):
            assert web.get(path).body == web.get(path).body == path.encode() * 800
    assert asked == ["/a", "/b", "/c", "/d", "/e", "/f", "/g", "/a"]


@pytest.mark.usefixtures("trusting")
def test_endless_ways_of_asking_are_not_remembered() -> None:
    with site() as fast:
        full = fast.web.get(ATOM)
        for number in range(express.MOST_WORDINGS * 3):
            assert fast.web.get(ATOM, if_none_match=f'"{number}"').body == full.body
        assert fast.web.get(ATOM, if_none_match=full.headers["etag"]).status == 304
        assert fast.library.looked_up == 1


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("target", [ATOM, "/topics/central-banks.json", "/topics/nothing.atom", f"{ATOM}?before=1-1"])
def test_requests_known_by_their_bytes_get_the_same_answers(target: str) -> None:
    with site() as fast, site(short=False) as slow:
        tag = slow.web.get(ATOM).headers["etag"]
        for method in ("GET", "HEAD"):
            for name, headers in REQUESTS.items():
                asked = f"{method} {target} HTTP/1.1\r\nHost: a\r\n{headers.replace('{tag}', tag)}\r\n".encode(
                    "latin-1"
                )
                with Line(fast.web) as line, Line(slow.web) as long:
                    answers = [line.ask(asked) for _ in range(4)]
                    assert {*answers} == {long.ask(asked)}, (method, name)


@pytest.mark.usefixtures("trusting")
def test_what_is_known_by_its_bytes_is_counted_and_follows_commits() -> None:
    with site() as fast, Line(fast.web) as line:
        asked = f"GET {ATOM} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        answers = [line.ask(asked) for _ in range(10)]
        assert len({*answers}) == 1
        assert (fast.read, fast.library.looked_up) == (2, 1)
        figures = fast.web.get("/metrics").text
        assert 'feedhub_http_requests_total{kind="topics",status="200"} 10.0' in figures
        assert 'feedhub_documents{result="hit"} 9.0' in figures
        for number in range(3):
            fast.change(f"Banks {number}")
            assert {f"Banks {number}".encode() in line.ask(asked) for _ in range(3)} == {True}
        fast.library.withdraw(FeedKind.TOPIC, "central-banks")
        fast.writes += 1
        assert [line.ask(asked)[:12] for _ in range(2)] == [b"HTTP/1.1 410"] * 2


@pytest.mark.usefixtures("trusting")
def test_known_bytes_are_a_request_only_where_one_begins() -> None:
    with site() as fast:
        asked = f"GET {ATOM} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        with Line(fast.web) as line:
            good = line.ask(asked)
            assert line.ask(asked) == good
            for at in (1, 9, len(asked) - 2, len(asked) - 1):
                assert line.ask(asked[:at], asked[at:]) == good
            line.socket.sendall(asked * 3)
            assert [line.answer() for _ in range(3)] == [good] * 3
            posted = b"POST /topics/central-banks.atom HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(asked)
            assert line.ask(posted, asked).startswith(b"HTTP/1.1 405")
            assert line.ask(asked) == good
        with Line(fast.web) as line:
            assert line.ask(asked) == good
            line.socket.sendall(b"X")  # the begin of another request
            while fast.web.get(ATOM).status != 200:
                pass
            assert line.ask(asked).startswith(b"HTTP/1.1 400")


@pytest.mark.usefixtures("trusting")
def test_a_connection_stays_open_while_it_is_used_and_not_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_server, "KEEP_ALIVE", 0.5)
    with site() as fast, Line(fast.web) as line:
        asked = f"GET {ATOM} HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n".encode()
        until = time.monotonic() + 0.8
        while time.monotonic() < until:
            assert line.ask(asked).startswith(b"HTTP/1.1 304")
        assert line.closed()
        assert time.monotonic() > until + 0.4


def test_the_database_is_asked_for_its_mark_instead_of_each_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unchanged mark spares looking up rows however old they are; a changed one does not."""
    monkeypatch.setattr(express, "DOUBT_AFTER", 0.0)
    with site(mark=True) as fast:
        for _ in range(5):
            assert fast.web.get(ATOM).status == 200
        assert fast.library.looked_up == 1
        fast.library.publish(FeedKind.TOPIC, "central-banks", "Told by nobody", [stored_entry(3)])
        fast.others += 1
        assert "Told by nobody" in fast.web.get(ATOM).text
        assert "Told by nobody" in fast.web.get(ATOM).text
        assert fast.library.looked_up == 3
