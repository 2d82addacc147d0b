"""HTTP on a socket, inside the daemon's own event loop. The one door to uvicorn.

uvicorn neither owns the process nor its signals here. It has no limit on how much of a request's head it takes or how
long it waits for it; :class:`_BoundedProtocol` adds both, so that slow and endless clients cost nothing but a socket.

Readers ask in the same words each time, and most of an answer's cost is to read those words and to make a task for them.
So an application may know whole requests by their bytes (:class:`Repeating`) and be asked before they are parsed.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from feedhub.errors import AddressInUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

HEAD_BYTES = 32_768
"""Request line and headers together; more is answered with 431."""
HEAD_SECONDS = 20.0
"""For a request's head to arrive, from its first byte or from the connection's begin."""
KEEP_ALIVE = 30
"""Seconds an idle connection stays open."""
BACKLOG = 1024
CONNECTIONS = 5_000
"""Connections at once; more are answered with 503."""

LONGEST_REPEATED = 1_000
"""Bytes of a request that an application may know again: the longest of readers in use are half as long."""
REQUEST = "feedhub.request"
"""In the scope of a request that may be known again: its bytes."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

_NO_HOST = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
"""RFC 9112, 3.2: a request without a Host, or with several, must be refused."""


class Whole(NamedTuple):
    """An answer as it goes over the wire, without what differs from answer to answer: the date, and ``connection``."""

    lines: bytes
    body: bytes


class Repeating(Protocol):
    """An application that knows requests again by their bytes."""

    def repeated(self, request: bytes) -> Whole | None:
        """The answer to what was asked in just these bytes before (:data:`REQUEST`), if it would be the same now.

        It is sent, so that it counts as answered.
        """
        ...


class _BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with bounds on the head of a request, and with a short way for known ones.

    A read may hold the end of one request and the begin of the next; bytes are counted from the last complete head,
    which is exact enough for a bound and lets no client send a head without end.

    What is known by its bytes passes the parser by. That changes nothing for the requests after it: it was one whole
    request, after which the connection stays open, and it comes where a request may begin.
    """

    _head = 0
    _in_head = True
    _deadline: asyncio.TimerHandle | None = None
    _begun = _ended = _answered = 0  # requests of this connection that were read
    _answered_at = 0.0  # when the last one was answered on the short way

    def __init__(self, server: HttpServer, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._served_by = server

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        idle = self._begun == self._ended == self._answered
        if idle and len(data) <= LONGEST_REPEATED and self._repeat(data):
            return
        begun = self._begun
        if self._in_head:
            self._head += len(data)
        super().data_received(data)
        if idle and self._begun == self._ended == begun + 1:
            self._offer(data)
        if self._in_head and self._head > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def _repeat(self, data: bytes) -> bool:
        """Whether it was answered without being read. What uvicorn looks at before and after an answer is kept."""
        if self.flow.write_paused or max(len(self.connections), len(self.tasks)) >= CONNECTIONS:
            return False
        if self.transport.is_closing() or (answer := self._served_by.repeated(data)) is None:
            return False
        self._disarm()
        self._head = 0
        lines, body = answer
        self.transport.write(b"".join((lines, self._served_by.date_lines(self.server_state.default_headers), body)))
        self.server_state.total_requests += 1
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(KEEP_ALIVE, self.timeout_keep_alive_handler)
        return True

    def _offer(self, data: bytes) -> None:
        """Let the application know the bytes of a request that has not begun to be answered yet."""
        if len(data) > LONGEST_REPEATED or self.transport.is_closing() or self.parser.should_upgrade():
            return
        if self.cycle.scope is self.scope and self.cycle.keep_alive:
            cast("dict[str, Any]", self.scope)[REQUEST] = data

    def timeout_keep_alive_handler(self) -> None:
        """An answer on the short way leaves the timer as it is, which costs less than a new one each time."""
        left = self._answered_at + KEEP_ALIVE - self.loop.time()
        if left <= 0:
            super().timeout_keep_alive_handler()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)

    def on_message_begin(self) -> None:
        self._in_head = True
        self._begun += 1
        if self._deadline is None:
            self._arm()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head, self._head = False, 0
        self._disarm()
        if [name for name, _ in self.headers].count(b"host") != 1 and self.parser.get_http_version() == "1.1":
            self.transport.write(_NO_HOST)
            self.transport.close()
            return
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head = True
        self._ended += 1
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._answered += 1
        super().on_response_complete()

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()


def header_lines(status: int, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Status line and headers as they go over the wire, without what differs from answer to answer."""
    phrase = HTTPStatus(status).phrase
    return b"".join([f"HTTP/1.1 {status} {phrase}\r\n".encode(), *(b"%b: %b\r\n" % header for header in headers)])


async def send_whole(send: Send, head: Message, body: Message) -> bool:
    """Send an answer whose lines are ready (``feedhub.lines`` of its head) in one piece, as uvicorn's ``send`` does in two.

    uvicorn looks at each header of each answer with two regular expressions, about a seventh of a ready answer.
    ``body`` must be whole and of the length that the head says. False, with nothing sent, when ``send`` is not uvicorn's:
    then the messages must be sent.
    """
    cycle = getattr(send, "__self__", None)
    if type(cycle) is not RequestResponseCycle or cycle.response_started:
        return False
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if has_hung_up(send):
        return True
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    content = [head["feedhub.lines"], *(b"%b: %b\r\n" % header for header in cycle.default_headers)]
    content.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
    if cycle.scope["method"] != "HEAD":
        content.append(body["body"])
    cycle.transport.write(b"".join(content))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


def has_hung_up(send: Send) -> bool:
    """Whether whoever asked is gone, so that nothing can be sent. uvicorn hears of it a moment later, and takes it from here."""
    cycle = getattr(send, "__self__", None)
    if type(cycle) is not RequestResponseCycle:
        return False
    cycle.disconnected = cycle.disconnected or cycle.transport.is_closing()
    return bool(cycle.disconnected)


def _nothing_known(_request: bytes) -> None:
    return None


class _QuietServer(uvicorn.Server):
    """Leaves the signals to the daemon."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """A bound TCP socket on a name or address of either family; port 0 takes a free one.

    :raises AddressInUse: with what to do about it.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise AddressInUse(
            f"The address {host!r} to listen on is not known here.", "Set server.host to an address of this machine."
        ) from error
    family, kind, protocol, _, address = found[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        raise _taken(host, port, error) from error
    return bound


def _taken(host: str, port: int, error: OSError) -> AddressInUse:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return AddressInUse(
            f"Another program listens on {place} already.",
            "Stop it, or set server.port to another port (0 takes a free one).",
        )
    if error.errno == errno.EACCES:
        return AddressInUse(
            f"This user may not listen on {place}.", "Set server.port to 1024 or higher, with a web server in front."
        )
    return AddressInUse(
        f"Cannot listen on {place}: {error.strerror}.", "Set server.host to an address of this machine."
    )


class HttpServer:
    """Serves an ASGI application from :meth:`start` to :meth:`stop`."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self.replace(app)
        self._date_lines: tuple[object, bytes] = (None, b"")
        self._host = host
        self._port = port
        self._server: _QuietServer | None = None
        self._task: asyncio.Task[None] | None = None

    def replace(self, app: ASGIApp) -> None:
        """Serve another application from the next request on; requests in flight end with the old one."""
        self._app = app
        self.repeated: Callable[[bytes], Whole | None] = getattr(app, "repeated", _nothing_known)

    def date_lines(self, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
        """The headers that uvicorn makes anew each second, and the end of the head."""
        if self._date_lines[0] is not headers:
            self._date_lines = headers, b"".join([*(b"%b: %b\r\n" % header for header in headers), b"\r\n"])
        return self._date_lines[1]

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def start(self) -> tuple[str, int]:
        """Listen; returns the address that was really bound. Requests are answered when this returns.

        :raises AddressInUse: nothing was started.
        """
        bound = bind(self._host, self._port)
        host, port = bound.getsockname()[:2]
        config = uvicorn.Config(
            self._dispatch,
            http=partial(_BoundedProtocol, self),  # type: ignore[arg-type]  # called as a class would be
            ws="none",
            lifespan="off",
            interface="asgi3",
            access_log=False,
            log_config=None,
            log_level="error",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            limit_concurrency=CONNECTIONS,
            backlog=BACKLOG,
        )
        self._server = _QuietServer(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[bound]), name="http")
        while not self._server.started:
            if self._task.done():
                bound.close()
                self._task.result()
            await asyncio.sleep(0.005)
        return str(host), int(port)

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109  # a bound kept in steps, each gentler than the next
        """Stop listening, let requests end for up to ``timeout`` seconds, then cut them off. May be called twice."""
        server, task = self._server, self._task
        if server is None or task is None:
            return
        self._server = self._task = None
        server.should_exit = True
        done, _ = await asyncio.wait({task}, timeout=max(timeout, 0.0) + 0.3)
        if not done:
            await self._cut_off(server, task)
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error

    @staticmethod
    async def _cut_off(server: _QuietServer, task: asyncio.Task[Any]) -> None:
        server.force_exit = True
        for request in list(server.server_state.tasks):
            request.cancel()
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        await asyncio.wait({task}, timeout=1.0)
        task.cancel()
        await asyncio.wait({task})
