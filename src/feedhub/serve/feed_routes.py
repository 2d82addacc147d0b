"""Feeds, their pages, the directory and OPML: everything that a reader or a person asks for."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import Protocol
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from feedhub.model import EPOCH, Document, EntryId, Feed, FeedKind, Format
from feedhub.newest import newest_page
from feedhub.offering import hubs_of, link_header, topic_of
from feedhub.ports import Redirected, page_key, read_page_key
from feedhub.serve.addresses import Asked, Visibility, nearest, site_prefix, take_apart
from feedhub.serve.answers import Manner, answer, delta_answer, page_answer
from feedhub.serve.deltas import Base, Versions, takes_deltas
from feedhub.serve.express import Found, tell
from feedhub.serve.jinja_pages import PageRenderer
from feedhub.serve.known_feeds import KnownFeeds
from feedhub.serve.narrowing import asks_to_narrow
from feedhub.serve.negotiate import preferred
from feedhub.serve.parts import ServeParts
from feedhub.serve.private_gate import CHALLENGE, Presented, PrivateGate, presented
from feedhub.serve.shelf import Shelf

Before = tuple[int, EntryId] | None
HTML = "text/html; charset=utf-8"
ARCHIVE_AGE = 86_400
"""Seconds for which an archived document may be taken from a cache: its members never change."""


def html_document(text: str) -> Document:
    """A page as a document. No date: a page changes with more than its entries, its tag alone tells."""
    body = text.encode()
    digest = blake2b(body, digest_size=12).hexdigest()
    return Document(body=body, media_type=HTML, etag=f'"{digest}"', modified=EPOCH)


def asked_before(request: Request) -> Before:
    """The page that ``?before=`` asks for.

    :raises HTTPException: 400 for what is no such key.
    """
    text = request.query_params.get("before")
    if text is None:
        return None
    if (key := read_page_key(text)) is None:
        raise HTTPException(
            400, "before= takes the value that the link to older entries carries, such as 1764000000-42."
        )
    return key


class Narrower(Protocol):
    """Answers for feeds that are narrowed or joined."""

    async def narrowed(self, request: Request, base: Feed, asked: Asked, under: str = "") -> Response: ...

    async def topics(self, request: Request, asked: Asked) -> Response: ...


class FeedRoutes:
    """The routes of feeds and pages, over one shelf of ready documents."""

    def __init__(self, parts: ServeParts, shelf: Shelf, renderer: PageRenderer) -> None:
        self._parts = parts
        self._shelf = shelf
        self._renderer = renderer
        self._visibility = Visibility(parts.settings)
        self._known = KnownFeeds(parts.library, parts.catalogue, self._visibility)
        self._prefix = site_prefix(parts.settings.site.base_url)
        self._manner = Manner.of(parts.settings.feeds)
        self._versions = Versions()
        self._private = PrivateGate(self._visibility, parts.library, parts.access)
        self._hubs = hubs_of(parts.settings)
        self._narrower: Narrower | None = None

    def hand_over_to(self, narrower: Narrower) -> None:
        """Let this one answer for what narrows a feed."""
        self._narrower = narrower

    @property
    def known(self) -> KnownFeeds:
        return self._known

    def routes(self) -> list[Route]:
        kinds = [kind.value for kind in FeedKind if kind is not FeedKind.ALL]
        return [
            Route("/", self.directory),
            Route("/all", self.feed),
            Route("/all.{ending}", self.feed),
            *(Route(f"/{kind}", self.listing) for kind in kinds),
            *(Route(f"/{kind}/{{name}}", self.feed) for kind in kinds),
            *(Route(f"/{path}/archive/{{number}}", self.feed) for path in ("all", *(f"{k}/{{name}}" for k in kinds))),
            *(
                Route(f"/{path}/", self.without_slash)
                for path in ("all", *kinds, *(f"{kind}/{{name}}" for kind in kinds))
            ),
            Route("/private/{path:path}", self.private),
            Route("/feeds.opml", self.feeds_opml),
        ]

    async def directory(self, request: Request) -> Response:
        known = await self._known.now()
        return await self._page(request, "/", known.generation, lambda: self._renderer.directory(known.feeds))

    async def listing(self, request: Request) -> Response:
        kind = FeedKind(request.url.path.rpartition("/")[2])
        if kind not in self._visibility.kinds:
            raise HTTPException(404)
        known = await self._known.now()
        return await self._page(request, kind, known.generation, lambda: self._renderer.listing(kind, known.feeds))

    async def _page(self, request: Request, key: Hashable, stamp: Hashable, render: Callable[[], str]) -> Response:
        manner = replace(self._manner, max_age=60)
        ready = await self._shelf.get(key, stamp, lambda: html_document(render()), manner.age)
        return answer(request, ready, manner)

    async def feeds_opml(self, request: Request) -> Response:
        """All public outputs. Made anew after every commit, and told apart by its tag."""
        known = await self._known.now()
        manner = replace(self._manner, cors=True)
        ready = await self._shelf.get("feeds.opml", known.generation, self._parts.press.opml, manner.age)
        return answer(request, ready, manner)

    async def feed(self, request: Request) -> Response:
        """A public feed: 200 or 304, 301 when renamed, 410 when withdrawn, 404 with suggestions."""
        asked = take_apart(request.url.path.lstrip("/"))
        if asked is None or not self._visibility.emitted(asked) or self._visibility.is_private(asked.path):
            return await self.not_found(request)
        if self._narrower is not None and asked.kind is FeedKind.TOPIC and "+" in asked.slug:
            return await self._narrower.topics(request, asked)
        found = self._parts.library.feed(asked.kind, asked.slug)
        if found is None:
            return await self.not_found(request)
        if isinstance(found, Redirected):
            target = self._library_feed(asked.kind, found.slug)
            if target is None or self._visibility.hides(target):
                return await self.not_found(request)
            return self._redirect(request, asked.at(found.slug).address)
        if self._visibility.hides(found):
            return await self.not_found(request)
        if found.withdrawn:
            return self._gone()
        if self._narrower is not None and asks_to_narrow(request.query_params):
            return await self._narrower.narrowed(request, found, asked)
        return await self._found(request, found, asked)

    async def _found(self, request: Request, feed: Feed, asked: Asked) -> Response:
        if asked.archive:
            return await self._archive(request, feed, asked, replace(self._manner, cors=True, max_age=ARCHIVE_AGE))
        before = asked_before(request)
        if asked.format is not None:
            return await self._document(request, feed, asked.format, before, replace(self._manner, cors=True))
        wanted = preferred(", ".join(request.headers.getlist("accept")), self._visibility.formats)
        if wanted is None:
            return await self._feed_page(request, feed, before)
        location = f"{self._prefix}{feed.path}.{wanted.value}"
        location += f"?before={page_key(*before)}" if before else ""
        manner = replace(self._manner, cors=True, negotiated=True, location=location)
        return await self._document(request, feed, wanted, before, manner)

    async def _archive(self, request: Request, feed: Feed, asked: Asked, manner: Manner, under: str = "") -> Response:
        """A document whose members never change. It is stamped by its feed all the same: an entry in it may be edited."""
        press, form, number = self._parts.press, asked.format, asked.archive
        if form is None or number > feed.archives:
            return await self.not_found(request)
        make = partial(press.document, feed, form, None, under, archive=number)
        return await self._from_shelf(request, feed, (feed.id, form, number, under), make, manner)

    async def _document(
        self, request: Request, feed: Feed, format: Format, before: Before, manner: Manner, under: str = ""
    ) -> Response:
        press = self._parts.press
        key = (feed.id, format, before, under)
        manner = replace(manner, deltas=before is None)
        if self._hubs and not before and not under and self._parts.settings.feeds.is_public(feed):
            topic = topic_of(self._parts.settings.site.base_url, feed, format)
            manner = replace(manner, link=link_header(self._hubs, topic))
        return await self._from_shelf(request, feed, key, lambda: press.document(feed, format, before, under), manner)

    async def _from_shelf(
        self, request: Request, feed: Feed, key: Hashable, make: Callable[[], Document], manner: Manner
    ) -> Response:
        ready = await self._shelf.get(key, feed, make, manner.age)
        if not manner.private and not manner.negotiated and self._shelf.has(key, feed, ready):
            look_up = partial(self._parts.library.feed, feed.kind, feed.slug)
            tell(request.scope, Found(feed, look_up, key, manner), ready)
        if manner.deltas and (base := self._base(request, key, ready.document)) is not None:
            document = ready.document
            delta = await self._shelf.get((key, base.tag), document.etag, lambda: document.without(base.keys))
            return delta_answer(request, delta, manner, base.tag)
        return answer(request, ready, manner)

    def _base(self, request: Request, place: Hashable, document: Document) -> Base | None:
        self._versions.note(place, document)
        if "a-im" not in request.headers or "if-match" in request.headers:
            return None
        if not takes_deltas(request.headers.get("user-agent", "")):
            return None
        manipulations, known = (", ".join(request.headers.getlist(name)) for name in ("a-im", "if-none-match"))
        return self._versions.base(place, document, manipulations, known)

    async def _feed_page(self, request: Request, feed: Feed, before: Before) -> Response:
        known = await self._known.now()

        def make() -> Document:
            page = newest_page(partial(self._parts.library.page, feed.id), feed, self._parts.settings.feeds, before)
            older = page_key(*page.older) if page.older else ""
            return html_document(self._renderer.feed(feed, page.entries, older, known.index))

        manner = replace(self._manner, max_age=60, negotiated=True)
        ready = await self._shelf.get((feed.id, None, before), (feed, known.generation), make, manner.age)
        return answer(request, ready, manner)

    async def private(self, request: Request) -> Response:
        """A feed that needs a token, in the address or as the password of HTTP Basic.

        What does not open looks like what is not there: 404 with a token in the address, 401 without.
        """
        path: str = request.path_params["path"]
        if (asked := take_apart(path)) is not None:
            under, shown = "/private", presented(request.headers.get("authorization", ""))
        else:
            token, _, rest = path.partition("/")
            asked, shown, under = take_apart(rest), Presented(token=token), f"/private/{quote(token, safe='')}"
        if asked is None or asked.format is None or not self._visibility.emitted(asked):
            raise HTTPException(404)
        found = self._parts.library.feed(asked.kind, asked.slug)
        feed = self._library_feed(asked.kind, found.slug) if isinstance(found, Redirected) else found
        if shown is None or not self._private.opens(feed, shown) or feed is None:
            if under == "/private":
                raise HTTPException(401, "This address needs a name and a token.", CHALLENGE)
            raise HTTPException(404)
        if feed.slug != asked.slug:
            return self._redirect(request, f"{under}{asked.at(feed.slug).address}", private=True)
        if feed.withdrawn:
            return self._gone()
        if self._narrower is not None and asks_to_narrow(request.query_params):
            return await self._narrower.narrowed(request, feed, asked, under)
        manner = replace(self._manner, private=True)
        if asked.archive:
            return await self._archive(request, feed, asked, manner, under)
        return await self._document(request, feed, asked.format, asked_before(request), manner, under)

    def _library_feed(self, kind: FeedKind, slug: str) -> Feed | None:
        found = self._parts.library.feed(kind, slug)
        return None if isinstance(found, Redirected) else found

    async def without_slash(self, request: Request) -> Response:
        return self._redirect(request, quote(request.url.path.rstrip("/")))

    def _redirect(self, request: Request, address: str, private: bool = False) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        keep = "private" if private else "public"
        headers = {"Location": f"{self._prefix}{address}{query}", "Cache-Control": f"{keep}, max-age=3600"}
        if not private:
            headers["Access-Control-Allow-Origin"] = "*"  # else no script could follow
        return Response(status_code=301, headers=headers)

    def _gone(self) -> Response:
        text = "This feed was withdrawn by whoever runs this site. Please remove it from your feed reader."
        return page_answer(self._renderer.notice("This feed is gone", text), 410)

    async def not_found(self, request: Request) -> Response:
        """404, with the feeds whose names come near; private feeds are never among them."""
        asked = take_apart(request.url.path.strip("/"))
        if asked is None or asked.kind is FeedKind.ALL:
            return page_answer(self._renderer.not_found(request.url.path), 404)
        feeds = (await self._known.now()).feeds
        slug = asked.slug.rpartition(".")[0] or asked.slug
        suggestions = nearest(slug, [feed for feed in feeds if feed.kind is asked.kind])
        return page_answer(self._renderer.not_found(request.url.path, suggestions), 404)
