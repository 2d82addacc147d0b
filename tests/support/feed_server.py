"""A plain, polite feed server on loopback: files of a folder, with validators, and a record of what was asked."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MEDIA_TYPES = {".json": "application/feed+json", ".html": "text/html; charset=utf-8"}


@dataclass(slots=True)
class Asked:
    """One request as it arrived, and the status it was answered with."""

    path: str
    headers: Mapping[str, str]
    status: int
    at: float = 0.0  # seconds of the monotonic clock


@dataclass
class FeedServer:
    """Serves ``documents`` (path -> bytes), which a test may change at any time.

    A path in ``held`` is answered only once its event is set (or after 20 seconds).
    """

    documents: dict[str, bytes] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    held: dict[str, threading.Event] = field(default_factory=dict)
    port: int = 0
    failing: dict[str, int] = field(default_factory=dict)  # path -> status, for a document that does not come
    saying: dict[str, dict[str, str]] = field(default_factory=dict)  # path -> more headers of its answers

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def count(self, status: int) -> int:
        return sum(one.status == status for one in self.asked)


def _handler(server: FeedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.lstrip("/").split("?")[0]
            body = server.documents.get(path)
            if path in server.held:
                server.asked.append(Asked(path, dict(self.headers.items()), 0))
                server.held[path].wait(20)
            if path in server.failing:
                self._answer(HTTPStatus(server.failing[path]), b"not now", {}, path)
                return
            if body is None:
                self._answer(HTTPStatus.NOT_FOUND, b"no such document", {}, path)
                return
            etag = f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
            if self.headers.get("If-None-Match") == etag:
                self._answer(HTTPStatus.NOT_MODIFIED, b"", {"ETag": etag}, path)
                return
            suffix = "." + path.rpartition(".")[2]
            kind = MEDIA_TYPES.get(suffix, "application/xml")
            self._answer(HTTPStatus.OK, body, {"ETag": etag, "Content-Type": kind}, path)

        def _answer(self, status: HTTPStatus, body: bytes, headers: Mapping[str, str], path: str) -> None:
            server.asked.append(Asked(path, dict(self.headers.items()), int(status), time.monotonic()))
            self.send_response(status)
            for name, value in {**headers, **server.saying.get(path, {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: tests look at ``asked``."""

    return Handler


@contextmanager
def serving(documents: Mapping[str, bytes]) -> Iterator[FeedServer]:
    """Serve until the block ends."""
    server = FeedServer(documents=dict(documents))

    class Quiet(ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed mid-request is part of some tests."""

    with Quiet(("127.0.0.1", 0), _handler(server)) as http:
        server.port = http.server_address[1]
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
