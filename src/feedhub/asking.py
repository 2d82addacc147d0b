"""One source: what is asked of it, and what its answer means.

Of a feed the answer is all there is. A page may lead on: to the feed that it names, to parts of its list, to the articles of
its new entries. Then what comes of it is a :class:`Lead`, which :mod:`feedhub.following` follows before anything is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from feedhub.commit import Finding
from feedhub.documents import Part
from feedhub.errors import FeedHubError
from feedhub.extract import halved
from feedhub.logs import get_logger
from feedhub.model import (
    Digest,
    Failure,
    Fetched,
    FetchFailed,
    FetchResult,
    KeptPage,
    PageMemory,
    ParseFailed,
    RawEntry,
    Request,
    SourceState,
    Understood,
    Validators,
)
from feedhub.ports import Catalogue, Clock, Fetcher, Overrun, Permission, Robots, Workers
from feedhub.readings import Readings
from feedhub.schedule import LOST
from feedhub.settings import WAY_OF_READING, Settings, Source, SourceType
from feedhub.understand import Job, fault, is_page, may_be_page, understand_prepared, where_a_feed_was
from feedhub.websub import announced

log = get_logger("asking")

LONGEST_PAUSE = 60.0
"""Seconds between two requests that a ``Crawl-delay`` is granted; of a site that wants more no articles are read."""
_TOLD = frozenset({SourceType.PAGE, SourceType.JSON, SourceType.SITEMAP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """An answer that is not whole by itself, and what was gathered for it so far."""

    state: SourceState
    result: Fetched
    anew: bool
    understood: Understood | None = None
    feeds: tuple[str, ...] = ()  # that the page names
    usual: tuple[str, ...] = ()  # where its feed would usually stand, as it names none
    feeds_tried: bool = False
    parts: tuple[Part, ...] = ()
    memory: PageMemory | None = None  # of the parts that were asked for, once they are stored
    settled: bool = False  # no part need be asked for while the list that names them stays the same
    articles: Mapping[Digest, RawEntry] = field(default_factory=dict)
    waiting: frozenset[Digest] = frozenset()
    done: bool = False  # nothing more is to be asked
    stored: bool = False  # a page that was kept: what it lists is compared with nothing


class Asker:
    """Asks sources and understands their answers. One instance lives as long as the process; configurations come and go
    (:meth:`adopt`), also while somebody follows what an answer led to."""

    def __init__(
        self,
        *,
        settings: Settings,
        catalogue: Catalogue,
        fetcher: Fetcher,
        robots: Robots,
        workers: Workers,
        readings: Readings,
        clock: Clock,
    ) -> None:
        self._catalogue = catalogue
        self._fetcher = fetcher
        self._robots = robots
        self.readings = readings
        self._clock = clock
        self.adopt(settings, workers)

    def adopt(self, settings: Settings, workers: Workers) -> None:
        """From now on ask and understand by these; to be called while nothing is understood."""
        self.settings = settings
        self._sources = {source.slug: source for source in settings.sources}
        self._renamed = {old: source.slug for source in settings.sources for old in source.formerly}
        self.workers = workers

    def request(self, state: SourceState, anew: bool) -> Request:
        source = self.source(state)
        return Request(
            url=state.url,
            home=state.configured_url,
            validators=Validators() if anew else state.validators,
            headers=source.request_headers() if source else {},
            subscribers=self.settings.site.subscribers,
        )

    def terms(self, state: SourceState) -> object:
        """What an answer means something under, besides its address: the secrets that are sent along, the way it is read."""
        source = self.source(state)
        return source and (source.request_headers(), [getattr(source, name) for name in WAY_OF_READING])

    def settled(self, state: SourceState) -> SourceState:
        """The state as the configuration has it: a page that is to be read itself is not left for the feed that it names."""
        source = self.source(state)
        named = state.page.feed if state.page else ""
        if source is None or source.type not in _TOLD or not named or state.url != named:
            return state
        return replace(state, url=state.configured_url, page=None, validators=Validators(), body_digest=None)

    async def ask(self, state: SourceState, request: Request) -> FetchResult | ParseFailed:
        """A fault of ours in one source is recorded there and costs the others nothing."""
        try:
            if self._is_page(state):
                allowed = await self.allowed(request.url)
                if isinstance(allowed, FetchFailed):
                    return allowed
                request = replace(request, pause=min(allowed.delay, LONGEST_PAUSE), permit=self.permit)
            return await self._fetcher.fetch(request)
        except Exception as error:
            log.exception("poll.fault", source=state.slug)
            return fault(error)

    def _is_page(self, state: SourceState) -> bool:
        source = self.source(state)
        return is_page(state) or (source is not None and source.type in _TOLD)

    async def allowed(self, url: str) -> Permission | FetchFailed:
        """What robots.txt says of a page; a refusal is a failure with its rule."""
        said = await self._robots.permission(url)
        if isinstance(said, FetchFailed) or said.allowed:
            return said
        detail = f"robots.txt keeps this page from programs such as FeedHub (“{said.rule}”)"
        return FetchFailed(failure=Failure.DISALLOWED, detail=detail)

    async def permit(self, url: str) -> float | FetchFailed:
        """The pause that a page's host wants, or why the page is not to be asked for."""
        said = await self.allowed(url)
        return said if isinstance(said, FetchFailed) else min(said.delay, LONGEST_PAUSE)

    async def sitemaps(self, url: str) -> tuple[str, ...]:
        """The sitemaps that the site of an address names in its robots.txt."""
        return await self._robots.sitemaps(url)

    async def find(self, state: SourceState, result: FetchResult | ParseFailed, anew: bool) -> Finding | Lead:
        """Understand what came. A fault of ours is the source's outcome here, too."""
        try:
            if not isinstance(result, Fetched) or says_nothing_new(state, result, anew):
                return Finding(state=state, result=result, body_known=isinstance(result, Fetched))
            return await self.understand(Lead(state=state, result=result, anew=anew))
        except FeedHubError:
            raise
        except Exception as error:
            log.exception("poll.fault", source=state.slug)
            return Finding(state=state, result=fault(error))

    async def understand(self, lead: Lead) -> Finding | Lead:
        """What an answer means with all that was gathered for it; a lead again while there is more to ask."""
        state, result = lead.state, lead.result
        source = self.source(state)
        known: frozenset[Digest] = frozenset()
        if not lead.anew:
            known = await asyncio.to_thread(self._catalogue.known_digests, state.id)
        understood = await self.read(state, result, known, lead=lead)
        if isinstance(understood, ParseFailed):
            if understood.web_page and not (lead.done or lead.feeds_tried) and _leads_on(state, source):
                return replace(lead, feeds=understood.feeds, usual=understood.usual)
            return Finding(state=state, result=where_a_feed_was(understood, state))
        if not lead.done and (understood.parts or _undecided(state, understood) or _lacking(understood)):
            return replace(lead, understood=understood)
        return self._found(lead, understood)

    async def finish(self, lead: Lead) -> Finding:
        """What an answer means with all that there is. A fault of ours is the source's outcome here, too."""
        try:
            found = await self.understand(replace(lead, done=True))
        except FeedHubError:
            raise
        except Exception as error:
            log.exception("poll.fault", source=lead.state.slug)
            return Finding(state=lead.state, result=fault(error))
        assert isinstance(found, Finding)
        return found

    def _found(self, lead: Lead, understood: Understood) -> Finding:
        state, kept = lead.state, _kept(lead.result, understood, self._clock)
        result = replace(lead.result, body=b"")  # the body has served; do not keep it until the commit
        if understood.waiting or (_is_index(understood) and not lead.settled):
            # the next poll must see it again, changed or not
            result = replace(result, validators=Validators(), body_digest=Digest(b""))
        if understood.page is None:
            named = state.page if state.page and state.page.feed else None
            understood = replace(understood, info=announced(understood.info, result.links))
            return Finding(state=replace(state, page=named), result=result, understood=understood)
        page = _remembered(understood.page, lead, understood.waiting)
        if _is_index(understood) and state.page is not None and state.page.parts:
            result = replace(result, partial=True)  # parts that did not change were not read
        again = state.failures if state.last_failure is Failure.BROKEN_SELECTOR else 0
        alike = understood.page.kind != "article" and not lead.stored and not result.partial
        if alike and (short := halved(understood.listed, state.window, again)):
            return Finding(state=state, result=ParseFailed(failure=Failure.BROKEN_SELECTOR, detail=short))
        understood = replace(understood, info=replace(understood.info, hub=""))  # hubs push feeds
        return Finding(state=replace(state, page=page), result=result, understood=understood, kept=kept)

    async def read(
        self,
        state: SourceState,
        result: Fetched,
        known: frozenset[Digest] = frozenset(),
        *,
        lead: Lead | None = None,
    ) -> Understood | ParseFailed:
        """One document in a worker process. Without a lead it is read as a feed."""
        job = Job(
            source=state.id,
            slug=self.name(state.slug),
            body=result.body,
            url=result.url,
            content_type=result.content_type,
            charset=result.charset,
            known=known,
            now=self._clock(),
        )
        if lead is not None:
            job = replace(
                job,
                page=state.page if is_page(state) else None,
                never_a_feed=may_be_page(state, self.source(state)),
                feeds_tried=lead.feeds_tried or _in_vain(state, lead.anew),
                parts=lead.parts,
                articles=lead.articles,
                waiting=lead.waiting,
            )
        understood = await self.workers.run(understand_prepared, job)
        if isinstance(understood, Overrun):
            return ParseFailed(failure=Failure.TOO_COMPLEX, detail=understood.reason)
        self.readings.add(job.slug, understood)
        return understood

    def source(self, state: SourceState) -> Source | None:
        return self._sources.get(self.name(state.slug))

    def name(self, slug: str) -> str:
        """The name that a source has now: it may have got another one while somebody worked on it."""
        return slug if slug in self._sources else self._renamed.get(slug, slug)

    def named(self, state: SourceState) -> SourceState:
        slug = self.name(state.slug)
        return state if slug == state.slug else replace(state, slug=slug)


def _leads_on(state: SourceState, source: Source | None) -> bool:
    """Whether a page that came is to be looked at: of a page that is known to be one nothing more can be said."""
    return may_be_page(state, source) and not is_page(state)


def says_nothing_new(state: SourceState, answer: FetchResult | ParseFailed, anew: bool) -> bool:
    """Whether an answer needs no understanding: there is no document, or the one that is known."""
    return not isinstance(answer, Fetched) or (answer.body_digest == state.body_digest and not anew)


def feed_is_lost(finding: Finding) -> bool:
    """Whether the feed that was found by way of a page is no more: then its page is looked at again.

    At the first failure in a row, the second, the fourth and so on; failures come ever more seldom themselves.
    """
    state, result = finding.state, finding.result
    if state.page is None or state.page.kind != "feed" or not isinstance(result, FetchFailed | ParseFailed):
        return False
    number = state.failures + 1
    return result.failure in LOST and number & (number - 1) == 0


def _in_vain(state: SourceState, anew: bool) -> bool:
    """Whether the feeds that the page names were tried before: not again at each poll of a page that gives nothing."""
    return state.last_failure is Failure.NOT_A_FEED and not anew


def _undecided(state: SourceState, understood: Understood) -> bool:
    """Whether an address turns out to be a page now: robots.txt was not asked then."""
    return understood.page is not None and understood.page.kind in {"listing", "article"} and not is_page(state)


def _lacking(understood: Understood) -> bool:
    return any(draft.lacks for draft in understood.drafts)


def _is_index(understood: Understood) -> bool:
    """Whether the list stands at other addresses, which change while this one does not."""
    return understood.page is not None and understood.page.via.startswith(("an index", "a robots.txt"))


def _remembered(page: PageMemory, lead: Lead, waiting: int) -> PageMemory:
    """What is remembered of how it was read. While entries wait, their parts must come again whole."""
    before = lead.state.page
    parts = before if waiting or lead.memory is None else lead.memory
    named = before.feed if before is not None and before.kind == page.kind else ""
    return replace(page, feed=named, parts=parts.parts if parts else (), until=parts.until if parts else "")


def _kept(result: Fetched, understood: Understood, clock: Clock) -> KeptPage | None:
    if understood.page is None or _is_index(understood):
        return None
    return KeptPage(
        url=result.url, body=result.body, content_type=result.content_type, charset=result.charset, at=clock()
    )


def asked_instead(state: SourceState, url: str, via: str, kind: str = "feed") -> SourceState:
    """The source as a feed or a sitemap that is asked in its page's place from now on."""
    memory = PageMemory(kind=kind, via=via, feed=url)
    return replace(state, url=url, page=memory, validators=Validators(), body_digest=None)


def stored_lead(state: SourceState, page: KeptPage) -> Lead:
    """A stored page as if it had just come, for the rules that are in force now."""
    result = Fetched(
        url=page.url,
        status=200,
        body=page.body,
        body_digest=Digest(b""),
        content_type=page.content_type,
        charset=page.charset,
    )
    return Lead(state=state, result=result, anew=True, feeds_tried=True, stored=True)
