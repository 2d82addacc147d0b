"""A real server on loopback in a thread of its own, and requests as bytes on the wire."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp

from feedhub.serve.uvicorn_server import HttpServer


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Web:
    """Asks one server."""

    host: str
    port: int

    def ask(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            received = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(status=answer.status, headers=received, body=answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        """GET; ``if_none_match='"x"'`` becomes ``If-None-Match``."""
        return self.ask(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@contextmanager
def served(app: ASGIApp, host: str = "127.0.0.1", loop: asyncio.AbstractEventLoop | None = None) -> Iterator[Web]:
    """The app on a free port until the block ends."""
    loop = loop or asyncio.new_event_loop()
    server = HttpServer(app, host, 0)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        bound = asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
        yield Web(*bound)
        asyncio.run_coroutine_threadsafe(server.stop(2), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
