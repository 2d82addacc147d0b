"""What every request passes first and every answer last: length, prefix, headers for all, figures, and the last net."""

from __future__ import annotations

import re
import time

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from feedhub.logs import get_logger
from feedhub.serve.answers import EVERYWHERE
from feedhub.serve.prometheus_metrics import Metrics
from feedhub.serve.uvicorn_server import has_hung_up

LONGEST_TARGET = 8_000
"""Bytes of path and query: what RFC 9110, 4.1 asks every server to take. Longer ones get 414."""

_KINDS = frozenset(
    [
        "topics",
        "authors",
        "categories",
        "sources",
        "private",
        "control",
        "health",
        "metrics",
        "status",
        "examples",
        "static",
        "websub",
        "hub",
    ]
)
_OPEN = frozenset({"topics", "authors", "categories", "sources", "all", "opml", "search"})
"""What scripts of other sites may read."""
PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since, A-IM",
    "Access-Control-Max-Age": "86400",
}
"""To a reader in a browser, which asks before it sends a condition along (Fetch, "CORS-preflight request")."""
_SECRET = re.compile(r"(/(?:private|websub)/).*", re.DOTALL)
"""Wherever it stands in a path: a slash too many must not write a token into the log."""
_log = get_logger("serve")


def kind_of(path: str) -> str:
    """One of a few words for figures: the first part of a path without its ending."""
    first = path.lstrip("/").partition("/")[0]
    if first in _KINDS:
        return first
    stem = first.partition(".")[0]
    if stem in {"all", "feeds", "status", "search", "opensearch"}:
        return {"feeds": "opml", "opensearch": "search"}.get(stem, stem)
    return "directory" if path == "/" else "other"


def _loggable(path: str) -> str:
    """A path without the token of a private feed or of a hub's callback."""
    return _SECRET.sub(r"\1…", path)[:200]


def _asks_first(scope: Scope) -> bool:
    """Whether a browser asks if a script may ask. By the kind of the address alone: what exists is not told."""
    return kind_of(scope["path"]) in _OPEN and any(
        name == b"access-control-request-method" for name, _ in scope["headers"]
    )


class Gate:
    """ASGI middleware; the outermost of ours."""

    def __init__(self, app: ASGIApp, prefix: str, metrics: Metrics) -> None:
        self._app = app
        self._prefix = prefix
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in EVERYWHERE.items():
                    headers.setdefault(name, value)
            if not has_hung_up(send):
                await send(message)

        inner = self._without_prefix(scope)
        try:
            await self._pass(inner, receive, sending)
        except Exception as error:
            # The last net: a fault in one answer is logged with its trace and costs this answer only.
            _log.error("request.failed", kind=kind_of(inner["path"]), exc_info=error)
            if not status:
                await PlainTextResponse("Something went wrong here; it was logged.", 500)(inner, receive, sending)
        finally:
            elapsed = time.perf_counter() - began
            self._metrics.answered(kind_of(inner["path"]), status or 499, elapsed)
            _log.debug(
                "request.answered", path=_loggable(inner["path"]), status=status or 499, seconds=round(elapsed, 4)
            )

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_TARGET:
            await PlainTextResponse("The address is too long.", 414)(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and _asks_first(scope):
            await Response(status_code=204, headers=PREFLIGHT)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _without_prefix(self, scope: Scope) -> Scope:
        """A web server in front may or may not strip the prefix of ``base_url``; both work."""
        path: str = scope["path"]
        if not self._prefix or not path.startswith(self._prefix + "/"):
            return scope
        raw: bytes = scope.get("raw_path") or path.encode()
        return {**scope, "path": path[len(self._prefix) :], "raw_path": raw[len(self._prefix.encode()) :]}
