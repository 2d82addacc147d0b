"""The application: all routes joined. Start reading here.

::

    express.py           the short way for ready feed documents, in front of the rest
    gate.py              what every request passes: length, prefix, figures, the last net
    feed_routes.py       feeds, pages, directory, OPML, private feeds (private_gate.py: whom they open to)
    search_routes.py     searches, joined and narrowed feeds (narrowing.py: what their names mean)
    operator_routes.py   health, metrics, status, the operator's feed (operator_gate.py admits to it)
    control_routes.py    poll and reload, for commands on this machine
    websub_routes.py     where hubs verify and deliver
    hub_routes.py        our own hub, where subscribers ask
    samples.py           the sample sources of the first run; samples_app.py serves them
    answers.py           ready document + request -> 200, 226, 304, 412
    deltas.py            which version a reader has, so that 226 can tell only what is new
    shelf.py             documents ready to send (codings.py: compressed in advance)
    conditional.py  negotiate.py  addresses.py  words.py  views.py  wire.py     pure
"""

from __future__ import annotations

import logging
from hashlib import blake2b
from http import HTTPStatus
from importlib.resources import files

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from feedhub.errors import FeedHubError
from feedhub.logs import get_logger
from feedhub.model import EPOCH, Document
from feedhub.serve.addresses import site_prefix
from feedhub.serve.answers import Manner, answer, page_answer
from feedhub.serve.control_routes import ControlRoutes
from feedhub.serve.express import Express
from feedhub.serve.feed_routes import FeedRoutes
from feedhub.serve.gate import Gate
from feedhub.serve.hub_routes import HubRoutes
from feedhub.serve.jinja_pages import STATIC, PageRenderer
from feedhub.serve.operator_routes import OperatorRoutes
from feedhub.serve.parts import ServeParts
from feedhub.serve.prometheus_metrics import Metrics
from feedhub.serve.samples_app import samples_app
from feedhub.serve.search_routes import SearchRoutes
from feedhub.serve.shelf import Ready, Shelf, make_ready
from feedhub.serve.websub_routes import WebSubRoutes

__all__ = ["ServeParts", "create_app", "not_ready"]

_ROBOTS = b"User-agent: *\nDisallow: /control/\nDisallow: /private/\nDisallow: /websub/\n"
"""Feeds stay open to robots: a crawler that may not fetch a page never sees its ``noindex``, and readers ask too."""
_WEEK = 604_800
_log = get_logger("serve")


def create_app(parts: ServeParts) -> ASGIApp:
    """The whole server for these settings. After a reload make a new one: nothing in it changes."""
    metrics = Metrics(parts.version)
    shelf = Shelf()
    renderer = PageRenderer(parts.settings, parts.version, searching=parts.searching is not None)
    feeds = FeedRoutes(parts, shelf, renderer)
    operator = OperatorRoutes(parts, shelf, renderer, feeds.known, metrics)
    refusals = Refusals(feeds, renderer)
    search = _search_routes(parts, renderer, feeds)
    routes: list[BaseRoute] = [
        *feeds.routes(),
        *search,
        *operator.routes(),
        *ControlRoutes(parts).routes(),
        *WebSubRoutes(parts).routes(),
        *(HubRoutes(parts).routes() if parts.settings.hub.own else []),
        *_fixed_routes(),
    ]
    if parts.settings.examples:
        routes.append(Mount("/examples", app=samples_app()))
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Gate, prefix=site_prefix(parts.settings.site.base_url), metrics=metrics)],
        exception_handlers={HTTPException: refusals.http, FeedHubError: refusals.unable},
    )
    app.router.redirect_slashes = False  # its Location is made from the Host header, which anyone can forge
    if parts.writes is None or _log.is_enabled_for(logging.DEBUG):  # every request is logged then, by the gate
        return app
    return Express(app, shelf, metrics, parts.writes, parts.mark)


def _search_routes(parts: ServeParts, renderer: PageRenderer, feeds: FeedRoutes) -> list[Route]:
    if parts.searching is None or parts.selections is None or not parts.settings.feeds.search:
        return []
    search = SearchRoutes(parts, parts.searching, parts.selections, renderer, feeds.known)
    feeds.hand_over_to(search)
    return search.routes()


async def not_ready(scope: Scope, receive: Receive, send: Send) -> None:
    """What is served between binding the address and being ready: 503, come back in a second."""
    if scope["type"] == "http":
        await PlainTextResponse("FeedHub is starting.\n", 503, {"Retry-After": "1"})(scope, receive, send)


class Refusals:
    """Errors as answers: a page where a person may be looking, a line of text for programs."""

    def __init__(self, feeds: FeedRoutes, renderer: PageRenderer) -> None:
        self._feeds = feeds
        self._renderer = renderer

    async def http(self, request: Request, error: Exception) -> Response:
        """What a route refused. 405 carries ``Allow``, 401 its challenge: the headers of the error are kept."""
        if not isinstance(error, HTTPException):
            raise error
        if error.status_code == 404 and not request.url.path.startswith("/private/"):
            return await self._feeds.not_found(request)
        said = error.detail or HTTPStatus(error.status_code).phrase
        headers = dict(error.headers or {})
        if "Allow" in headers:
            headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
        if "text/html" in request.headers.get("accept", ""):
            return page_answer(self._renderer.notice(f"{error.status_code}", said), error.status_code, headers)
        return PlainTextResponse(f"{said}\n", error.status_code, {"Cache-Control": "no-store", **headers})

    async def unable(self, _request: Request, error: Exception) -> Response:
        """The database or another part cannot answer now; the reason is for the log, not for the world."""
        _log.warning("request.refused", reason=str(error))
        notice = self._renderer.notice("Not now", "The service cannot answer at the moment. Please try again later.")
        return page_answer(notice, 503, {"Retry-After": "60"})


def _fixed_routes() -> list[Route]:
    """Files that never change while the process lives, each ready from the start."""
    icon = files("feedhub.serve").joinpath("static", "favicon.ico").read_bytes()
    return [
        _fixed("/static/style.css", STATIC["style.css"], "text/css; charset=utf-8"),
        _fixed("/static/icon.svg", STATIC["icon.svg"], "image/svg+xml"),
        _fixed("/favicon.ico", icon, "image/vnd.microsoft.icon"),
        _fixed("/robots.txt", _ROBOTS, "text/plain; charset=utf-8"),
    ]


def _fixed(path: str, body: bytes, media_type: str) -> Route:
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    ready: Ready = make_ready(Document(body=body, media_type=media_type, etag=etag, modified=EPOCH))

    async def fixed(request: Request) -> Response:
        return answer(request, ready, Manner(max_age=_WEEK))

    return Route(path, fixed)
