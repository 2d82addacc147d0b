"""Any query as a feed: searches, topics joined by ``+``, feeds narrowed by parameters, and their pages for people.

What was found decides: a commit makes each question be asked anew, once, and gives the same document where the answer is
the same. One question is worked on at a time and few may wait, so that searching never takes the server from readers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import NoReturn
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from feedhub.model import EPOCH, Document, Feed, FeedKind, Format
from feedhub.ports import page_key
from feedhub.search.query import Faulty, Query
from feedhub.search.selection import Place, Searching, SelectionPress, TooCostly
from feedhub.serve.addresses import Asked, Visibility, nearest, site_prefix
from feedhub.serve.answers import Manner, answer, page_answer
from feedhub.serve.feed_routes import asked_before, html_document
from feedhub.serve.jinja_pages import PageRenderer
from feedhub.serve.known_feeds import KnownFeeds
from feedhub.serve.narrowing import KINDS, TOPICS_TOGETHER, Narrowed, Narrowing, Unknown, asked_query
from feedhub.serve.negotiate import preferred
from feedhub.serve.parts import ServeParts
from feedhub.serve.shelf import Shelf

KEPT_BYTES = 16_000_000
"""Documents of selections kept in memory: not at the cost of the feeds that everybody reads."""
MOST_WAITING = 16
"""Questions that wait for their turn; more are asked to come again."""
OPENSEARCH = "application/opensearchdescription+xml; charset=utf-8"


class SearchRoutes:
    """Answers for selections; :class:`feedhub.serve.feed_routes.FeedRoutes` hands over what narrows a feed."""

    def __init__(
        self,
        parts: ServeParts,
        searching: Searching,
        press: SelectionPress,
        renderer: PageRenderer,
        known: KnownFeeds,
    ) -> None:
        self._parts = parts
        self._searching = searching
        self._press = press
        self._renderer = renderer
        self._known = known
        self._visibility = Visibility(parts.settings)
        self._narrowing = Narrowing(
            parts.library,
            searching,
            self._visibility.is_public,
            parts.settings.authors,
            self._visibility.guarded_sources,
        )
        self._shelf = Shelf(KEPT_BYTES)
        self._waiting = 0
        self._prefix = site_prefix(parts.settings.site.base_url)
        self._manner = Manner.of(parts.settings.feeds)

    def routes(self) -> list[Route]:
        return [
            Route("/search", self.search),
            Route("/search.{ending}", self.search),
            Route("/opensearch.xml", self.opensearch),
        ]

    # ------------------------------------------------------------ searches

    async def search(self, request: Request) -> Response:
        ending = request.path_params.get("ending", "")
        everything = self._parts.library.feed(FeedKind.ALL, "all")
        if not self._visibility.searchable or not isinstance(everything, Feed):
            raise HTTPException(404)
        wanted = Format(ending) if ending in Format._value2member_map_ else None
        if ending and wanted not in self._visibility.formats:
            raise HTTPException(404)
        query = asked_query(request.query_params)
        if isinstance(query, Faulty):
            return self._refused(request, str(query), 400)
        if not query:
            return self._nothing_asked(request, wanted)
        found = await run_in_threadpool(self._narrowing.search, everything, query)
        return await self._answer(request, found, wanted, query)

    def _nothing_asked(self, request: Request, format: Format | None) -> Response:
        if format is not None:
            return self._refused(request, f"Say what to look for: /search.{format.value}?q=word", 400)
        typed = request.query_params.get("q", "")
        said = "There is no word in it to look for." if typed.strip() else ""
        return page_answer(self._renderer.search_form(typed, said, self._searching.index_state()), 200)

    async def opensearch(self, request: Request) -> Response:
        """How a browser adds this site to its search bar (OpenSearch 1.1)."""
        if not self._visibility.searchable:
            raise HTTPException(404)
        body = self._renderer.opensearch().encode()
        etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
        document = Document(body=body, media_type=OPENSEARCH, etag=etag, modified=EPOCH)
        ready = await self._shelf.get("opensearch", 0, lambda: document)
        return answer(request, ready, replace(self._manner, max_age=86_400))

    # ------------------------------------------------------------ feeds that are narrowed

    async def narrowed(self, request: Request, base: Feed, asked: Asked, under: str = "") -> Response:
        """A feed that exists, narrowed by the request's parameters. ``under``: where it lives when it is private."""
        return await self._narrow(request, [base], asked.format, under)

    async def topics(self, request: Request, asked: Asked) -> Response:
        """``/topics/a+b``: what is in all of them. Each must be public; one that was renamed redirects."""
        slugs = asked.slug.split("+")
        if not 2 <= len(slugs) <= TOPICS_TOGETHER:
            return self._refused(request, f"An address joins 2 to {TOPICS_TOGETHER} topics: /topics/a+b", 404)
        feeds: dict[str, Feed] = {}
        moved = False
        for slug in slugs:
            feed, redirected = self._narrowing.feed(FeedKind.TOPIC, slug)
            if feed is None:
                return await self._unknown(request, FeedKind.TOPIC, slug, f"topic {slug!r}")
            feeds[feed.slug], moved = feed, moved or redirected
        if moved or len(feeds) < len(slugs):
            ending = f".{asked.format.value}" if asked.format else ""
            joined = "+".join(quote(slug, safe="-") for slug in feeds)
            return self._redirect(f"/topics/{joined}{ending}", request.url.query)
        return await self._narrow(request, [feeds[slug] for slug in sorted(feeds)], asked.format)

    async def _narrow(self, request: Request, base: Sequence[Feed], format: Format | None, under: str = "") -> Response:
        query = asked_query(request.query_params)
        if isinstance(query, Faulty):
            return self._refused(request, str(query), 400)
        found = await run_in_threadpool(self._narrowing.narrow, base, query, under)
        return await self._answer(request, found, format, query, bool(under))

    # ------------------------------------------------------------ answers

    async def _answer(
        self, request: Request, found: Narrowed | Unknown, format: Format | None, query: Query, private: bool = False
    ) -> Response:
        if isinstance(found, Unknown):
            kind = KINDS[found.name.field]
            return await self._unknown(
                request, kind, found.name.value, f"{found.name.field.value} {found.name.value!r}"
            )
        before = asked_before(request)
        if found.moved:
            ending = f".{format.value}" if format else ""
            return self._redirect(found.heading.path + ending, _query_string(found, before), private=private)
        manner = replace(self._manner, private=private, cors=not private)
        if format is not None:
            return await self._document(request, found, format, before, manner)
        wanted = preferred(", ".join(request.headers.getlist("accept")), self._visibility.formats)
        if wanted is None:
            return await self._page(request, found, before, query)
        asked = _query_string(found, before)
        location = f"{self._prefix}{found.heading.path}.{wanted.value}" + (f"?{asked}" if asked else "")
        return await self._document(request, found, wanted, before, replace(manner, negotiated=True, location=location))

    async def _document(
        self, request: Request, found: Narrowed, format: Format, before: Place | None, manner: Manner
    ) -> Response:
        def make() -> Document:
            made = self._press.selected(found.selection, found.heading, format, before)
            if isinstance(made, TooCostly):
                _too_costly()
            return made

        stamp = (found.selection, self._parts.catalogue.generation(), self._searching.index_mark())
        return await self._ready(request, (found.heading, format, before), stamp, make, manner)

    async def _page(self, request: Request, found: Narrowed, before: Place | None, query: Query) -> Response:
        known = await self._known.now()

        def make() -> Document:
            page = self._searching.find(found.selection, self._parts.settings.feeds.size, before)
            if isinstance(page, TooCostly):
                _too_costly()
            entries = self._searching.load(page.hits)
            older = page_key(*page.older) if page.older else ""
            notes = [*query.notes, *self._of_the_index(found)]
            return html_document(
                self._renderer.selection(found.heading, entries, older, known.index, notes, found.selection.within)
            )

        manner = replace(self._manner, max_age=60, negotiated=True, noindex=True)
        key = (found.heading, None, before, query.notes)
        return await self._ready(
            request, key, (found.selection, known.generation, self._searching.index_mark()), make, manner
        )

    def _of_the_index(self, found: Narrowed) -> list[str]:
        state = self._searching.index_state() if found.selection.clauses else None
        return [f"The index of words is {state.words}."] if state and not state.complete else []

    async def _ready(
        self, request: Request, key: Hashable, stamp: Hashable, make: Callable[[], Document], manner: Manner
    ) -> Response:
        if self._waiting >= MOST_WAITING:
            raise HTTPException(503, "Many are searching at this moment.", {"Retry-After": "10"})
        self._waiting += 1
        try:
            ready = await self._shelf.get(key, stamp, make)
        finally:
            self._waiting -= 1
        return answer(request, ready, manner)

    # ------------------------------------------------------------ refusals

    async def _unknown(self, request: Request, kind: FeedKind, name: str, words: str) -> Response:
        known = [feed for feed in (await self._known.now()).feeds if feed.kind is kind]
        close = nearest(name, known)
        said = f"There is no {words} here."
        if close:
            said += f" Did you mean {', '.join(feed.slug for feed in close)}?"
        return self._refused(request, said, 404)

    def _refused(self, request: Request, said: str, status: int) -> Response:
        """A page where a person may be looking, a line of text for programs."""
        if "text/html" in request.headers.get("accept", ""):
            if not self._visibility.searchable:
                return page_answer(
                    self._renderer.notice("Not found" if status == 404 else "Not understood", said), status
                )
            typed = request.query_params.get("q", "")
            return page_answer(self._renderer.search_form(typed, said, self._searching.index_state()), status)
        return PlainTextResponse(f"{said}\n", status, {"Cache-Control": "no-store"})

    def _redirect(self, path: str, query: str, *, private: bool = False) -> Response:
        keep = "private" if private else "public"
        location = f"{self._prefix}{path}" + (f"?{query}" if query else "")
        headers = {"Location": location, "Cache-Control": f"{keep}, max-age=3600"}
        if not private:
            headers["Access-Control-Allow-Origin"] = "*"
        return Response(status_code=301, headers=headers)


def _query_string(found: Narrowed, before: Place | None) -> str:
    more = (("before", page_key(*before)),) if before else ()
    return urlencode([*found.heading.parameters, *more], quote_via=quote)


def _too_costly() -> NoReturn:
    said = "This search takes too long here. Add a word that is less common, or name a source, an author or a topic."
    raise HTTPException(503, said, {"Retry-After": "300"})
