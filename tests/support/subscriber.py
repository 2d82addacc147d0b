"""A WebSub subscriber on loopback that works, or misbehaves in the ways in which subscribers do.

Each path is a callback of its own. What a test wants it to do otherwise is said with its attributes, at any time.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request

from support.hub import Heard, heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A GET of the hub: a verification of intent, or a denial."""

    path: str
    query: Mapping[str, str]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A POST of the hub, and how it was answered."""

    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    at: float
    answered: int

    def is_signed(self, secret: str) -> bool:
        method, _, digest = self.headers.get("x-hub-signature", "").partition("=")
        return hmac.compare_digest(hmac.new(secret.encode(), self.body, method or "sha256").hexdigest(), digest)


@dataclass
class Subscriber:
    """``challenge``: echo, wrong, none (an empty 200), refuse (404), redirect, long. ``status`` and ``delay`` (seconds) of
    deliveries; ``statuses`` and ``delays`` of single callbacks, by path."""

    challenge: str = "echo"
    status: int = 202
    delay: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    held: dict[str, threading.Event] = field(default_factory=dict)  # by path: the next answer waits for it
    more: dict[str, str] = field(default_factory=dict)  # headers of the answers to deliveries
    questions: list[Question] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    started: list[str] = field(default_factory=list)  # paths of deliveries that began
    port: int = 0

    def callback(self, path: str = "/cb") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def asked(self, mode: str) -> list[Question]:
        return [one for one in self.questions if one.query.get("hub.mode") == mode]

    def ask(self, hub: str, topic: str, mode: str = "subscribe", *, path: str = "/cb", **more: str) -> Heard:
        """Ask a hub; ``secret="hush"`` becomes ``hub.secret``."""
        fields = {"mode": mode, "topic": topic, "callback": self.callback(path), **more}
        return posted(hub, {f"hub.{name}": value for name, value in fields.items()})


def posted(hub: str, form: Mapping[str, str] | bytes, media_type: str = "application/x-www-form-urlencoded") -> Heard:
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    return heard(Request(hub, body, {"Content-Type": media_type}, method="POST"))


def _handler(ours: Subscriber) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            ours.questions.append(Question(path=parts.path, query=query, at=time.monotonic()))
            challenge = query.get("hub.challenge", "")
            status = {"refuse": 404, "redirect": 302}.get(ours.challenge, 200)
            body = {
                "echo": challenge,
                "long": challenge + "x" * 5_000_000,
                "wrong": f"{challenge}x",
                "redirect": challenge,
            }.get(ours.challenge, "")
            self._answer(status, body, {"Location": ours.callback("/elsewhere")} if status == 302 else {})

        def do_POST(self) -> None:
            path = urlsplit(self.path).path
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            ours.started.append(path)
            time.sleep(ours.delays.get(path, ours.delay))
            status = ours.statuses.get(path, ours.status)
            if (held := ours.held.pop(path, None)) is not None:
                held.wait(20)
            headers = {name.lower(): value for name, value in self.headers.items()}
            ours.deliveries.append(
                Delivery(path=path, headers=headers, body=body, at=time.monotonic(), answered=status)
            )
            self._answer(status, "", {"Location": ours.callback("/elsewhere"), **ours.more})

        def _answer(self, status: int, body: str, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "text/plain", "Connection": "close", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            with suppress(OSError):  # a hub need not read it all
                self.wfile.write(body.encode())
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: tests look at ``questions`` and ``deliveries``."""

    return Handler


@contextmanager
def subscriber(port: int = 0, **behaviour: object) -> Iterator[Subscriber]:
    """A subscriber until the block ends; on ``port`` where one shall come back."""
    ours = Subscriber(**behaviour)  # type: ignore[arg-type]  # attributes by name

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 100

        def handle_error(self, request: object, client_address: object) -> None:
            """A hub that hangs up on a slow subscriber is no fault of ours."""

    with Quiet(("127.0.0.1", port), _handler(ours)) as server:
        ours.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield ours
        finally:
            server.shutdown()
            thread.join()
