"""A WebSub hub on loopback that works, or fails in the ways in which hubs fail.

It accepts subscriptions, verifies intent by asking the callback, and distributes content with a signature. What a test
wants it to do otherwise is said with its attributes, which may be changed at any time.
"""

from __future__ import annotations

import hmac
import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One request of a subscriber, and what the hub's verification was answered with (0: it did not verify)."""

    path: str
    form: Mapping[str, str]
    headers: Mapping[str, str]
    verified: int = 0
    echoed: str = ""
    repeated: Mapping[str, list[str]] = field(default_factory=dict)  # every value of every field


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a callback answered."""

    status: int
    body: str
    headers: Mapping[str, str]
    seconds: float


@dataclass
class Hub:
    """``mode``: work, mute (accepts and never verifies), deny, wrong-challenge, refuse (``status``), forward (``status``)."""

    mode: str = "work"
    status: int = 400
    lease: int | None = 864_000  # None: none is named
    challenge: str = "a-challenge/with+odd=signs&more"
    verify_topic: str = ""  # another topic than the one asked for
    posted: list[Posted] = field(default_factory=list)
    subscribers: dict[str, tuple[str, str]] = field(default_factory=dict)  # callback: topic, secret
    port: int = 0
    _verifying: set[threading.Thread] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hub"

    def asked(self, mode: str = "subscribe") -> list[Posted]:
        return [one for one in self.posted if one.form.get("hub.mode") == mode]

    # ---- what a hub sends

    def ask(self, callback: str, method: str = "GET", **fields: str) -> Heard:
        """Ask a callback: ``mode="subscribe"`` becomes ``hub.mode=subscribe``."""
        query = urlencode({f"hub.{name}": value for name, value in fields.items()})
        joined = f"{callback}{'&' if '?' in callback else '?'}{query}"
        return heard(urllib.request.Request(joined, method=method))

    def distribute(
        self,
        body: bytes,
        *,
        method: str = "sha256",
        secret: str | None = None,
        signed: bool = True,
        topic: str = "",
        media_type: str = "application/rss+xml; charset=utf-8",
        **headers: str,
    ) -> list[Heard]:
        """Deliver to every subscriber, as signed with its own secret unless told otherwise."""
        answers = []
        for callback, (own_topic, own_secret) in list(self.subscribers.items()):
            key = own_secret if secret is None else secret
            sent = {"Content-Type": media_type, "Link": f'<{self.url}>; rel="hub", <{topic or own_topic}>; rel="self"'}
            if signed and key:
                sent["X-Hub-Signature"] = f"{method}={hmac.new(key.encode(), body, method).hexdigest()}"
            sent |= {name.replace("_", "-"): value for name, value in headers.items()}
            answers.append(heard(urllib.request.Request(callback, body, sent, method="POST")))
        return answers

    # ---- what a hub does when it is asked

    def take(
        self, path: str, form: dict[str, str], headers: Mapping[str, str], fields: Mapping[str, list[str]]
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers and text of the answer; verification follows in a thread of its own."""
        number = len(self.posted)
        self.posted.append(Posted(path=path, form=form, headers=headers, repeated=fields))
        if self.mode == "refuse":
            return self.status, {}, "the topic\nis not known here."
        if self.mode == "forward" and path == "/hub":
            return self.status, {"Location": f"http://127.0.0.1:{self.port}/elsewhere"}, ""
        if self.mode != "mute":
            thread = threading.Thread(target=self._verify, args=(number, path, form, headers), daemon=True)
            self._verifying.add(thread)
            thread.start()
        return 202, {}, ""

    def _verify(self, number: int, path: str, form: dict[str, str], headers: Mapping[str, str]) -> None:
        callback, topic = form["hub.callback"], form["hub.topic"]
        with suppress(OSError, http.client.HTTPException):
            if self.mode == "deny":
                answer = self.ask(callback, mode="denied", topic=topic, reason="private\x07 topic")
            else:
                fields = {"lease_seconds": str(self.lease)} if self.lease is not None else {}
                challenge = "" if self.mode == "wrong-challenge" else self.challenge
                asked = self.verify_topic or topic
                answer = self.ask(callback, mode=form["hub.mode"], topic=asked, challenge=challenge, **fields)
                if 200 <= answer.status < 300 and answer.body == self.challenge:
                    self._agree(form)
            self.posted[number] = Posted(
                path=path, form=form, headers=headers, verified=answer.status, echoed=answer.body
            )

    def _agree(self, form: Mapping[str, str]) -> None:
        if form["hub.mode"] == "subscribe":
            self.subscribers[form["hub.callback"]] = (form["hub.topic"], form.get("hub.secret", ""))
        else:
            self.subscribers.pop(form["hub.callback"], None)

    def close(self) -> None:
        for thread in list(self._verifying):
            thread.join(10)


def heard(request: urllib.request.Request) -> Heard:
    """Send a request; statuses are values."""
    began = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return Heard(
                status=answer.status,
                body=answer.read().decode(),
                headers={name.lower(): value for name, value in answer.headers.items()},
                seconds=time.monotonic() - began,
            )
    except urllib.error.HTTPError as error:
        with error:
            return Heard(
                status=error.code,
                body=error.read().decode(),
                headers={name.lower(): value for name, value in error.headers.items()},
                seconds=time.monotonic() - began,
            )


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            fields = parse_qs(raw)
            form = {name: values[0] for name, values in fields.items()}
            status, headers, text = hub.take(urlsplit(self.path).path, form, dict(self.headers.items()), fields)
            self.send_response(status)
            for name, value in {"Content-Type": "text/plain", "Connection": "close", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: tests look at ``posted``."""

    return Handler


@contextmanager
def hub(port: int = 0, **behaviour: object) -> Iterator[Hub]:
    """A hub until the block ends; on ``port`` where one shall come back."""
    ours = Hub(**behaviour)  # type: ignore[arg-type]  # attributes by name

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

    with Quiet(("127.0.0.1", port), _handler(ours)) as server:
        ours.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield ours
        finally:
            server.shutdown()
            thread.join()
            ours.close()


def until(condition: Callable[[], object], within: float = 20.0) -> None:
    """Wait in a thread of its own kind for a condition; fail after ``within`` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.02)
