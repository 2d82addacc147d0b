"""Publishers on a bad day: each loopback address is one source, and each request meets another misfortune.

What a server did is written down in order, so that a test can hold the log of the program against it. Chance is seeded by
the source's number and the count of its requests: a run with the same number of requests meets the same misfortunes.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

STALL = 5.0
"""Seconds for which a silent server keeps a connection: longer than the time limits of a test's configuration."""


@dataclass
class Publisher:
    """One source: its entries so far, and what it did to each request for its feed."""

    number: int
    entries: list[str] = field(default_factory=list)
    did: list[str] = field(default_factory=list)
    version: int = 0

    def publish(self) -> None:
        self.version += 1
        self.entries.append(f"urn:flaky:{self.number}:{self.version}")

    @property
    def etag(self) -> str:
        return f'"{self.number}-{self.version}"'

    def document(self) -> bytes:
        items = "".join(
            f'<item><title>Entry {name}</title><guid isPermaLink="false">{name}</guid>'
            f"<link>http://p{self.number}.example/{name.rpartition(':')[2]}</link>"
            f"<description>Words of {name}.</description></item>"
            for name in reversed(self.entries)
        )
        head = f"<title>Publisher {self.number}</title><link>http://p{self.number}.example/</link>"
        return f'<rss version="2.0"><channel>{head}<description>d</description>{items}</channel></rss>'.encode()


@dataclass
class Flaky:
    """The publishers, and whether they are having a bad day."""

    publishers: list[Publisher]
    port: int = 0
    calm: bool = False

    def url(self, number: int) -> str:
        return f"http://{address(number)}:{self.port}/feed.xml"


def address(number: int) -> str:
    return f"127.0.{10 + number // 200}.{1 + number % 200}"


Kinds = frozenset[str]
_FINE = frozenset({"ok", "unchanged"})

EXPECTED: dict[str, Kinds] = {
    "fine": _FINE,
    "not modified": frozenset({"unchanged"}),
    "moved for now": _FINE,
    "moved for good": _FINE,
    "in a circle": frozenset({"redirect"}),
    "server error": frozenset({"server error"}),
    "busy": frozenset({"server error", "rate limited"}),
    "too many": frozenset({"rate limited"}),
    "missing": frozenset({"not found"}),
    "locked": frozenset({"needs credentials"}),
    "challenge": frozenset({"blocked"}),
    "page": frozenset({"not a feed", "blocked"}),
    "empty": frozenset({"empty"}),
    "letter": frozenset({"not a feed", "broken"}),
    "bad coding": frozenset({"bad encoding"}),
    "cut off": frozenset({"connect"}),
    "broke off": frozenset({"ok", "unchanged", "not a feed", "broken"}),
    "reset": frozenset({"connect"}),
    "hung up": frozenset({"connect"}),
    "silent": frozenset({"timeout"}),
    "gibberish": frozenset({"protocol"}),
}
"""What the program may call each deed."""
_LIKELY = {"fine": 14, "reset": 2, "server error": 2, "silent": 1}
_BAD_DAY = [deed for deed in EXPECTED if deed != "not modified" for _ in range(_LIKELY.get(deed, 1))]


async def _answer(flaky: Flaky, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    host = writer.get_extra_info("sockname")[0].split(".")
    publisher = flaky.publishers[(int(host[2]) - 10) * 200 + int(host[3]) - 1]
    with suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode("latin-1")
        await _serve(flaky, publisher, head, writer)
    writer.close()
    with suppress(ConnectionError, TimeoutError):
        await asyncio.wait_for(writer.wait_closed(), 5)


async def _serve(flaky: Flaky, publisher: Publisher, head: str, writer: asyncio.StreamWriter) -> None:
    path = head.split(" ", 2)[1]
    if path.startswith("/circle"):
        return _send(writer, "302 Found", b"", "Location: /feed.xml")
    if path == "/robots.txt":  # asked once a page came where a feed was expected
        return _send(writer, "404 Not Found", b"")
    if path.startswith("/elsewhere"):
        return _feed(publisher, head, writer)
    dice = random.Random(f"{publisher.number} {len(publisher.did)}")
    deed = "fine" if flaky.calm else dice.choice(_BAD_DAY)
    if not flaky.calm and dice.random() < 0.2:
        publisher.publish()
    publisher.did.append(deed)
    if deed == "silent":
        return await asyncio.sleep(STALL)
    return _DEEDS[deed](publisher, head, writer)


def _send(writer: asyncio.StreamWriter, status: str, body: bytes, *headers: str, length: int | None = None) -> None:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", "Connection: close"]
    writer.write("\r\n".join([*lines, *headers, "", ""]).encode() + body)


def _feed(publisher: Publisher, head: str, writer: asyncio.StreamWriter) -> None:
    tag = f"ETag: {publisher.etag}"
    if f"If-None-Match: {publisher.etag}\r\n" in head:
        _send(writer, "304 Not Modified", b"", tag)
    else:
        _send(writer, "200 OK", publisher.document(), tag, "Content-Type: application/rss+xml")


def _reset(_publisher: Publisher, _head: str, writer: asyncio.StreamWriter) -> None:
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


def _half(publisher: Publisher, _head: str, writer: asyncio.StreamWriter) -> None:
    """A script that died half way: a whole answer by its length, with the validators of the whole document."""
    body = publisher.document()
    _send(writer, "200 OK", body[: len(body) // 2], f"ETag: {publisher.etag}", "Content-Type: application/rss+xml")


Deed = Callable[[Publisher, str, asyncio.StreamWriter], None]


def _says(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> Deed:
    return lambda _publisher, _head, writer: _send(writer, status, body, *headers, length=length)


_HTML = "Content-Type: text/html"
_XML = "Content-Type: application/rss+xml"
_DEEDS: dict[str, Deed] = {
    "fine": _feed,
    "moved for now": _says("302 Found", b"", "Location: /elsewhere.xml"),
    "moved for good": _says("301 Moved Permanently", b"", "Location: /elsewhere.xml"),
    "in a circle": _says("302 Found", b"", "Location: /circle"),
    "server error": _says("500 Internal Server Error", b"<html>Oops</html>", _HTML),
    "busy": _says("503 Service Unavailable", b"", "Retry-After: 2"),
    "too many": _says("429 Too Many Requests"),
    "missing": _says("404 Not Found", b"no"),
    "locked": _says("401 Unauthorized", b"", 'WWW-Authenticate: Basic realm="x"'),
    "challenge": _says("403 Forbidden", b"<html>Just a moment...</html>", _HTML, "cf-mitigated: challenge"),
    "page": _says("200 OK", b"<!doctype html><html><title>Welcome</title><p>hello</html>", _HTML),
    "empty": _says("200 OK", b"", _XML),
    "letter": _says("200 OK", b"Dear reader, this is no XML at all.", _XML),
    "bad coding": _says("200 OK", gzip.compress(b"<rss/>")[:-9], _XML, "Content-Encoding: gzip"),
    "cut off": _says("200 OK", b"<rss version='2.0'><channel><title>Half", _XML, length=4000),
    "broke off": _half,
    "reset": _reset,
    "hung up": lambda _publisher, _head, _writer: None,
    "gibberish": lambda _publisher, _head, writer: writer.write(b"\x00\x01 220 smtp.example ready\r\n\r\n"),
}


@contextmanager
def having_a_bad_day(count: int) -> Iterator[Flaky]:
    """Serve ``count`` publishers until the block ends."""
    flaky = Flaky([Publisher(number) for number in range(count)])
    for publisher in flaky.publishers:
        for _ in range(3):
            publisher.publish()
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def main() -> None:
        server = await asyncio.start_server(
            lambda reader, writer: _answer(flaky, reader, writer), "0.0.0.0", 0, backlog=1024
        )
        flaky.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await server.serve_forever()

    task = loop.create_task(main())

    def run() -> None:
        asyncio.set_event_loop(loop)
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        rest = asyncio.all_tasks(loop)
        for one in rest:
            one.cancel()
        loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield flaky
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(20)
