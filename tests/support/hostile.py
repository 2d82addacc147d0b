"""An HTTP server of raw sockets that does exactly what a test says, also what no server should do.

::

    async with HostileServer() as server:
        server.route("/feed", answer(200, b"<rss/>", ETag='"a"'))  # canned bytes
        server.route("/turns", [answer(503), answer(200, b"<rss/>")])  # one after another; the last one stays
        server.route("/slow", handler)  # async def handler(wire: Wire) -> None
        await fetch(server.url("/feed"))
        assert server.requests[0].value("If-None-Match") is None

Every request is recorded as it came: header names in their own spelling and order.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it arrived. ``at`` is in seconds of the monotonic clock, ``on`` the address it came to."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    at: float
    on: str

    def value(self, name: str) -> str | None:
        """The one value of a header; None when it did not come."""
        values = self.values(name)
        assert len(values) < 2, f"{name} came {len(values)} times"
        return values[0] if values else None

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One connection after its request was read."""

    seen: Seen
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End with RST, losing what was not yet read."""
        connection: socket.socket = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Handler = Callable[[Wire], Awaitable[None]]
Route = bytes | Sequence[bytes] | Handler


def answer(status: int = 200, body: bytes = b"", /, **headers: str | Sequence[str]) -> bytes:
    """A well-formed answer. ``Retry_After="5"`` becomes ``Retry-After: 5``; a sequence becomes repeated headers."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Odd"
    lines = [f"HTTP/1.1 {status} {phrase}"]
    for name, value in headers.items():
        values = [value] if isinstance(value, str) else value
        lines += [f"{name.replace('_', '-')}: {one}" for one in values]
    if status not in {204, 304} and not {"content_length", "transfer_encoding"} & {name.lower() for name in headers}:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
    return head if status in {204, 304} else head + body


@dataclass(slots=True)
class HostileServer:
    """Listens on all of ``hosts`` (loopback addresses) at one free port."""

    hosts: tuple[str, ...] = ("127.0.0.1",)
    tls: ssl.SSLContext | None = None
    requests: list[Seen] = field(default_factory=list)
    port: int = 0
    open_now: int = 0
    most_open: int = 0
    _routes: dict[str, Route] = field(default_factory=dict)
    _turns: dict[str, int] = field(default_factory=dict)
    _servers: list[asyncio.Server] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def route(self, path: str, route: Route) -> str:
        """Answer requests for ``path`` (its query is ignored unless given) so; returns the URL."""
        self._routes[path] = route
        return self.url(path)

    def url(self, path: str = "/", host: str | None = None) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{host or self.hosts[0]}:{self.port}{path}"

    def to(self, path: str) -> list[Seen]:
        """The requests for one path, whatever their query."""
        return [seen for seen in self.requests if seen.target.partition("?")[0] == path]

    async def __aenter__(self) -> HostileServer:
        for host in self.hosts:
            server = await asyncio.start_server(self._serve, host, self.port, ssl=self.tls, backlog=512)
            self._servers.append(server)
            self.port = server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await self._exchange(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()  # the test is over
        finally:
            self.open_now -= 1
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        method, target, _ = first.split(" ")
        pairs = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
        on = writer.get_extra_info("sockname")[0]
        seen = Seen(method=method, target=target, headers=pairs, at=time.monotonic(), on=on)
        self.requests.append(seen)
        route = self._find(target)
        if callable(route):
            await route(Wire(seen=seen, reader=reader, writer=writer))
        else:
            writer.write(self._canned(target, route))
            await writer.drain()

    def _find(self, target: str) -> Route:
        path = target.partition("?")[0]
        return self._routes.get(target) or self._routes.get(path) or answer(404, b"nothing here")

    def _canned(self, target: str, route: bytes | Sequence[bytes]) -> bytes:
        if isinstance(route, bytes):
            return route
        turn = self._turns.get(target, 0)
        self._turns[target] = turn + 1
        return route[min(turn, len(route) - 1)]
