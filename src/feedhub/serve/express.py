"""The short way for ready feed documents: no routing, no request object, no header made twice.

What the routes answered to a public feed's address is remembered as the messages that were sent, and sent again to
whoever asks in the same words, while the document is on the shelf and its feed's row is what it was. The row is looked
up anew after any commit of this process, and when another process (a command beside the daemon) committed something,
for which the database is asked every :data:`DOUBT_AFTER`: so a change of theirs is seen that much later at most, and one of
our own at once. Everything else takes the long way: other methods, queries, pages, private feeds, repeated headers, rare conditions. Both ways give the same bytes,
because the short one only repeats what the long one made.

A request that came in the same bytes before is not even read (:meth:`Express.repeated`).
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Hashable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from feedhub.errors import FeedHubError
from feedhub.model import Feed
from feedhub.ports import Redirected
from feedhub.serve.answers import EVERYWHERE, Manner, answer
from feedhub.serve.prometheus_metrics import Metrics
from feedhub.serve.shelf import Messages, Ready, Shelf
from feedhub.serve.uvicorn_server import REQUEST, Whole, header_lines, send_whole

DOUBT_AFTER = 0.05
"""Seconds for which a change by another process may go unnoticed."""
MOST_WORDINGS = 32
"""Ways of asking for one document that are remembered: readers send few different ``Accept-Encoding``."""
_LONGEST_WORDING = 300
_MOST = 10_000
"""Addresses, and wordings of all of them together (some 2 kB each), from which we begin to remember anew."""
_MOST_REQUESTS = 10_000
"""Requests known by their bytes, from which we begin anew: some 5 MB, 10 at most."""
_FOUND = "feedhub.found"
_SAFE = frozenset({"GET", "HEAD"})
_RARE = frozenset({b"if-match", b"if-unmodified-since"})


@dataclass(frozen=True, slots=True)
class Found:
    """What the routes say of a public feed's document: that asking the same again may take the short way."""

    feed: Feed
    look_up: Callable[[], Feed | Redirected | None]
    key: Hashable  # on the shelf
    manner: Manner


def tell(scope: MutableMapping[str, Any], found: Found, ready: Ready) -> None:
    """Called by the routes; without effect where nobody listens."""
    if (listener := scope.get(_FOUND)) is not None:
        listener.append((found, ready))


@dataclass(slots=True)
class _Kept:
    """An address and what it led to. The document itself is the shelf's: what falls from there is gone here too."""

    found: Found
    ready: weakref.ref[Ready]
    writes: int  # of this process, and
    mark: Hashable  # of the database, both from before the row was looked up
    kind: str
    stale: bool = False
    touched: float = 0.0  # the look at the database since which the shelf knows that it is asked for


_Wording = tuple[bytes | None, bytes | None, bytes | None]
"""What an answer depends on besides the address: ``Accept-Encoding``, ``If-None-Match``, ``If-Modified-Since``."""


class Express:
    """ASGI, in front of everything. Belongs to one event loop, and to one configuration."""

    def __init__(
        self,
        app: ASGIApp,
        shelf: Shelf,
        metrics: Metrics,
        writes: Callable[[], int],
        mark: Callable[[], Hashable] = object,
    ) -> None:
        """:param mark: equal to the last one only if nobody committed anything in between."""
        self._app = app
        self._shelf = shelf
        self._metrics = metrics
        self._writes = writes
        self._new_mark = mark
        self._mark: Hashable = None
        self._marked_until = 0.0
        self._kept: dict[bytes, _Kept] = {}
        self._requests: dict[bytes, tuple[_Kept, _Wording]] = {}
        self._wordings = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["query_string"] or scope["method"] not in _SAFE:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        kept = self._kept.get(scope["raw_path"])
        messages = kept and self._messages(scope, kept, began)
        if not kept or not messages:
            await self._learn(scope, receive, send, began)
            return
        head, body = messages
        if not await send_whole(send, head, body):
            await send(head)
            await send(body)
        self._metrics.answered(kept.kind, head["status"], time.perf_counter() - began)

    def repeated(self, request: bytes) -> Whole | None:
        """Implements :class:`feedhub.serve.uvicorn_server.Repeating`."""
        if (known := self._requests.get(request)) is None:
            return None
        began = time.perf_counter()
        kept, wording = known
        ready = kept.ready()
        messages = ready.sent.get(wording) if ready is not None and self._holds(kept, began) else None
        if messages is None:
            del self._requests[request]
            return None
        head, body = messages
        self._shelf.counts.hits += 1
        self._metrics.answered(kept.kind, head["status"], time.perf_counter() - began)
        return Whole(head["feedhub.lines"], body["body"])

    def _messages(self, scope: Scope, kept: _Kept, now: float) -> Messages | None:
        """The two messages of an answer; None where the long way must find one."""
        ready = kept.ready()
        if ready is None or not self._holds(kept, now):
            return None
        headers = scope["headers"]
        asked: dict[bytes, bytes] = dict(headers)
        if len(asked) != len(headers) or not _RARE.isdisjoint(asked):
            return None
        wording = asked.get(b"accept-encoding"), asked.get(b"if-none-match"), asked.get(b"if-modified-since")
        messages = ready.sent.get(wording) or self._compose(scope, kept, ready, wording)
        if b"a-im" in asked and wording[1] is not None and messages[0]["status"] == 200:
            return None  # the routes know whether only the news may do
        self._shelf.counts.hits += 1
        if REQUEST in scope and scope["method"] == "GET":
            if len(self._requests) >= _MOST_REQUESTS:
                self._requests.clear()
            self._requests[scope[REQUEST]] = kept, wording
        return messages

    def _holds(self, kept: _Kept, now: float) -> bool:
        """Whether the feed's row is still what it was: nobody committed anything, or it is looked up."""
        if now > self._marked_until:
            self._look_at_database(now)
        writes = self._writes()
        if kept.writes != writes or kept.mark != self._mark:
            kept.stale = kept.stale or not self._is_as_it_was(kept.found)
            if kept.stale:
                return False
            kept.writes, kept.mark = writes, self._mark
        if kept.touched < self._marked_until:
            kept.touched = self._marked_until
            self._shelf.touch(kept.found.key)
        return True

    def _is_as_it_was(self, found: Found) -> bool:
        try:
            return found.look_up() == found.feed
        except FeedHubError:
            return False  # the long way tells it

    def _look_at_database(self, now: float) -> None:
        try:
            self._mark = self._new_mark()
        except FeedHubError:
            self._mark = object()
        self._marked_until = now + DOUBT_AFTER

    def _compose(self, scope: Scope, kept: _Kept, ready: Ready, wording: _Wording) -> Messages:
        """As the routes and the gate do it, once for each wording."""
        response = answer(Request(scope), ready, kept.found.manner)
        present = Headers(raw=response.raw_headers)
        more = [(name.lower().encode(), value.encode()) for name, value in EVERYWHERE.items() if name not in present]
        headers = [*response.raw_headers, *more]
        head = {"type": "http.response.start", "status": response.status_code, "headers": headers}
        head["feedhub.lines"] = header_lines(response.status_code, headers)
        messages = head, {"type": "http.response.body", "body": bytes(response.body)}
        if sum(len(word or b"") for word in wording) <= _LONGEST_WORDING:
            if self._wordings >= _MOST:
                self._forget()
            if len(ready.sent) >= MOST_WORDINGS:
                ready.sent.clear()
            ready.sent[wording] = messages
            self._wordings += 1
        return messages

    def _forget(self) -> None:
        for kept in self._kept.values():
            if (ready := kept.ready()) is not None:
                ready.sent.clear()
        self._kept.clear()
        self._requests.clear()
        self._wordings = 0

    async def _learn(self, scope: Scope, receive: Receive, send: Send, now: float) -> None:
        """The long way, listening to what it finds. Commits are counted first: a later one makes what was found doubtful."""
        if now > self._marked_until:
            self._look_at_database(now)
        writes, mark = self._writes(), self._mark
        told: list[tuple[Found, Ready]] = []
        self._kept.pop(scope["raw_path"], None)
        await self._app({**scope, _FOUND: told}, receive, send)
        if len(self._kept) >= _MOST:
            self._forget()
        for found, ready in told:
            self._kept[scope["raw_path"]] = _Kept(found, weakref.ref(ready), writes, mark, found.feed.kind.value)
