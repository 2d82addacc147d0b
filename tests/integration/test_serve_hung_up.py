"""Whoever hangs up with answers still to come costs no line in the log: uvloop objects to writing where nobody listens."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
import uvloop
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from feedhub.serve.gate import Gate
from feedhub.serve.prometheus_metrics import Metrics
from feedhub.serve.uvicorn_server import header_lines, send_whole
from support.web import served

LARGE = b"x" * 4_000_000
"""More than the buffers of a connection hold: the second answer waits for the first to be read."""
ASKED = 5


async def short_way(_scope: Scope, _receive: Receive, send: Send) -> None:
    headers = [(b"content-length", b"%d" % len(LARGE))]
    head = {
        "type": "http.response.start",
        "status": 200,
        "headers": headers,
        "feedhub.lines": header_lines(200, headers),
    }
    assert await send_whole(send, head, {"type": "http.response.body", "body": LARGE})


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(LARGE)(scope, receive, send)


class Watched:
    """The application, when all have asked that will, and what went wrong."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.faults: list[str] = []
        self.ended = threading.Semaphore(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            self.faults.append(repr(error))
            raise
        finally:
            self.ended.release()


@pytest.mark.parametrize("app", [short_way, Gate(large, "", Metrics("9.9"))], ids=["short way", "long way"])
def test_who_hangs_up_with_answers_to_come_is_no_fault(app: Any, capfd: pytest.CaptureFixture[str]) -> None:
    watched = Watched(app)
    with served(watched, loop=uvloop.new_event_loop()) as web:
        with socket.create_connection((web.host, web.port), timeout=10) as deaf:
            deaf.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * ASKED)
            assert watched.ended.acquire(timeout=10)
        assert watched.ended.acquire(timeout=10)  # the second, which waited; the others need not be begun
        assert web.get("/").body == LARGE
    assert watched.faults == []
    assert "request.failed" not in "".join(capfd.readouterr())
