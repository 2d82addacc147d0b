"""What a page leads to: the feed that it names, parts of its list, the articles of its new entries.

Everything is asked through the same fetcher, so that guard, limits and the host's turn hold, and after robots.txt was asked;
feeds excepted, which are there for programs. What an article says is remembered at once, by itself: a crash repeats at most
the request that was under way, and no page is asked for twice. An entry whose article did not come waits, and the next poll reads
the whole list again; after a few polls it is taken as the list has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from functools import partial

from feedhub.asking import LONGEST_PAUSE, Asker, Lead, feed_named, stored_lead
from feedhub.commit import Finding
from feedhub.documents import ArticleJob, Part, article_of
from feedhub.errors import FeedHubError
from feedhub.gapfill import PASSING
from feedhub.logs import get_logger
from feedhub.model import (
    ARTICLE_TRIES,
    Digest,
    Draft,
    Failure,
    Fetched,
    FetchFailed,
    KeptArticle,
    NotModified,
    Outcome,
    ParseFailed,
    RawEntry,
    Request,
    SourceState,
    Understood,
    Validators,
)
from feedhub.ports import Clock, Fetcher, Overrun, PageStore, Permission, Writer
from feedhub.schedule import same_site
from feedhub.settings import ArticlePages
from feedhub.understand import fault, is_page

log = get_logger("following")

NO_PAGE = "no page stored"
"""Kind of outcome of a source of which there is nothing to read again."""

DISCOVERY_REQUESTS = 5
"""Requests until it is known what an address is, the first one included (standards, part 1)."""
MOST_PARTS = 4
"""Sitemaps of an index that are read in one poll: those that changed last."""
ARTICLE_TIME = 120.0
"""Seconds that the articles of one poll may take by a site's ``Crawl-delay``."""


class Follower:
    """Follows leads, under one configuration.

    :param passing: entered while something is understood, so that rules do not change in between.
    """

    def __init__(
        self,
        *,
        asker: Asker,
        fetcher: Fetcher,
        store: PageStore,
        writer: Writer,
        passing: Callable[[], AbstractAsyncContextManager[None]],
        clock: Clock,
    ) -> None:
        self._asker = asker
        self._fetcher = fetcher
        self._store = store
        self._writer = writer
        self._passing = passing
        self._clock = clock

    async def follow(self, lead: Lead, request: Request) -> Finding | Lead:
        """Ask for what a lead leads to, until there is nothing more: a lead to be finished, or what became of it before.

        :param request: as the source itself is asked. Its headers go along to its own site only.
        :raises feedhub.errors.FeedHubError: what was read could not be remembered.
        """
        try:
            return await self._followed(lead, request)
        except FeedHubError:
            raise
        except Exception as error:
            log.exception("follow.fault", source=lead.state.slug)
            return Finding(state=lead.state, result=fault(error))

    async def _followed(self, lead: Lead, request: Request) -> Finding | Lead:
        if lead.understood is None and (named := await self._feed(lead, request)) is not None:
            return named
        if (lead.understood is None or lead.understood.page is not None) and not is_page(lead.state):
            allowed = await self._asker.allowed(lead.result.url)
            if isinstance(allowed, FetchFailed):
                return Finding(state=lead.state, result=allowed)
        if lead.understood is None:
            lead = replace(lead, feeds=(), feeds_tried=True)
            async with self._passing():
                understood = await self._asker.read(lead.state, lead.result, lead=lead)
            if isinstance(understood, ParseFailed):
                return lead
            lead = replace(lead, understood=understood)
        if lead.understood is not None and lead.understood.parts:
            lead = replace(lead, parts=await self._parts(lead, lead.understood, request))
            async with self._passing():
                understood = await self._asker.read(lead.state, lead.result, lead=lead)
            if isinstance(understood, ParseFailed) or understood.parts:
                return Finding(state=lead.state, result=_nothing_came(understood))
            lead = replace(lead, understood=understood)
        return await self._with_articles(lead, request)

    async def stored(self, state: SourceState) -> Lead | None:
        """The stored page of a source with what is remembered of its articles; nothing is asked."""
        page = await asyncio.to_thread(self._store.kept_page, state.id)
        if page is None:
            return None
        lead = stored_lead(state, page)
        async with self._passing():
            understood = await self._asker.read(lead.state, lead.result, lead=lead)
        if isinstance(understood, ParseFailed):
            return replace(lead, done=True)
        lacking = [draft for draft in understood.drafts if draft.lacks]
        return replace(lead, articles=_said_of(lacking, await self._kept(lead, lacking)), done=True)

    # ---------------------------------------------------------------- the feed of a page

    async def _feed(self, lead: Lead, request: Request) -> Finding | None:
        """The first of the feeds that the page names which is one and lists something; it is polled from now on."""
        for url in lead.feeds[: DISCOVERY_REQUESTS - 1]:
            headers = request.headers if same_site(url, request.url) else {}
            asked = replace(request, url=url, headers=headers, validators=Validators())
            result = await self._fetcher.fetch(asked)
            if not isinstance(result, Fetched):
                continue
            state = feed_named(lead.state, url)
            async with self._passing():
                understood = await self._asker.read(state, result)
            if isinstance(understood, Understood) and understood.page is None and understood.listed:
                log.info("page.names_feed", source=state.slug, tried=lead.feeds.index(url) + 1)
                return Finding(state=state, result=replace(result, body=b""), understood=understood)
        return None

    # ---------------------------------------------------------------- parts of a list

    async def _parts(self, lead: Lead, understood: Understood, request: Request) -> tuple[Part, ...]:
        """The sitemaps that changed last. Of a robots.txt or an index that leads to an index, those too, one level deep."""
        parts: list[Part] = []
        waiting = list(understood.parts)[:MOST_PARTS]
        seen = {request.url}
        while waiting and len(seen) <= 2 * MOST_PARTS and len(parts) < MOST_PARTS:
            url = waiting.pop(0)
            if url in seen or not url.startswith(("http://", "https://")):
                continue
            seen.add(url)
            result = await self._ask_page(url, request)
            if not isinstance(result, Fetched):
                continue
            async with self._passing():
                inner = await self._asker.read(lead.state, result, lead=replace(lead, parts=()))
            if isinstance(inner, Understood) and inner.parts:
                waiting += inner.parts[:MOST_PARTS]
            else:
                parts.append(Part(body=result.body, url=result.url))
        return tuple(parts)

    async def _ask_page(self, url: str, request: Request) -> Fetched | FetchFailed:
        allowed = await self._asker.allowed(url)
        if isinstance(allowed, FetchFailed):
            return allowed
        headers = request.headers if same_site(url, request.url) else {}
        asked = Request(
            url=url,
            home=request.home if headers else "",
            headers=headers,
            subscribers=request.subscribers,
            pause=min(allowed.delay, LONGEST_PAUSE),
        )
        result = await self._fetcher.fetch(asked)
        if isinstance(result, NotModified):
            return FetchFailed(failure=Failure.PROTOCOL, detail="it answered 304 to a request without conditions")
        return result

    # ---------------------------------------------------------------- articles

    async def _with_articles(self, lead: Lead, request: Request) -> Lead:
        """The lead with the articles of its new entries, as many as one poll may ask for."""
        source = self._asker.source(lead.state)
        wanted = source.articles if source else None
        lacking = [draft for draft in lead.understood.drafts if draft.lacks] if lead.understood else []
        if wanted is None or not lacking:
            return replace(lead, done=True)
        kept = await self._kept(lead, lacking)
        fresh = await self._new(lacking)
        open_ones = [draft for draft in fresh if not _is_settled(kept.get(draft.entry.canonical_link))]
        most = await self._most(open_ones, wanted)
        for draft in open_ones[:most]:
            article = await self._article(lead, draft, request, wanted, kept.get(draft.entry.canonical_link))
            kept[article.link] = article
        waiting = self._waiting(lead, open_ones, most, kept)
        return replace(lead, articles=_said_of(lacking, kept), waiting=waiting, done=True)

    async def _kept(self, lead: Lead, drafts: Sequence[Draft]) -> dict[str, KeptArticle]:
        links = {draft.entry.canonical_link for draft in drafts}
        return dict(await asyncio.to_thread(self._store.articles, lead.state.id, links))

    async def _new(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Those that nothing is stored of."""
        keys = {
            key for draft in drafts for key in (*draft.keys.own, *([draft.keys.shared] if draft.keys.shared else []))
        }
        known = await asyncio.to_thread(self._store.known_keys, keys)
        return [
            draft
            for draft in drafts
            if known.isdisjoint(draft.keys.own) and (draft.keys.shared is None or draft.keys.shared not in known)
        ]

    async def _most(self, drafts: Sequence[Draft], wanted: ArticlePages) -> int:
        """How many articles one poll asks for: as configured, and no more than the site's ``Crawl-delay`` has time for."""
        if not drafts:
            return 0
        said = await self._asker.allowed(drafts[0].entry.link)
        delay = said.delay if isinstance(said, Permission) else 0.0
        if delay > LONGEST_PAUSE:
            return 0
        return min(wanted.max_per_poll, max(1, int(ARTICLE_TIME / delay))) if delay else wanted.max_per_poll

    @staticmethod
    def _waiting(lead: Lead, drafts: Sequence[Draft], asked: int, kept: dict[str, KeptArticle]) -> frozenset[Digest]:
        """Entries left to the next poll. Of the first list what was not asked for is no news, and taken as it is."""
        if not asked:
            return frozenset()
        later = [] if lead.state.last_success_at is None else drafts[asked:]
        tried = [draft for draft in drafts[:asked] if not _is_settled(kept.get(draft.entry.canonical_link))]
        return frozenset(draft.entry.raw_digest for draft in (*tried, *later))

    async def _article(
        self, lead: Lead, draft: Draft, request: Request, wanted: ArticlePages, before: KeptArticle | None
    ) -> KeptArticle:
        """Ask for one article's page, and remember what came of it."""
        tries = before.tries + 1 if before else 1
        link = draft.entry.canonical_link
        result = await self._ask_page(draft.entry.link, request)
        if isinstance(result, FetchFailed):
            again = result.failure in PASSING
            article = KeptArticle(
                link=link,
                at=self._clock(),
                tries=tries if again else ARTICLE_TRIES,
                remark=f"{result.failure}: {result.detail}",
            )
        else:
            said = await self._said(result, wanted)
            entry = said if isinstance(said, RawEntry) else None
            remark = said.detail if isinstance(said, ParseFailed) else ""
            article = KeptArticle(link=link, at=self._clock(), tries=ARTICLE_TRIES, entry=entry, remark=remark)
        await self._writer.run(partial(self._store.keep_article, lead.state.id, article))
        log.debug("article.read", source=lead.state.slug, remark=article.remark)
        return article

    async def _said(self, result: Fetched, wanted: ArticlePages) -> RawEntry | ParseFailed:
        job = ArticleJob(
            body=result.body, url=result.url, charset=result.charset, content=wanted.content, remove=wanted.remove
        )
        said = await self._asker.workers.run(article_of, job)
        return ParseFailed(failure=Failure.TOO_COMPLEX, detail=said.reason) if isinstance(said, Overrun) else said


def unread(state: SourceState, at: datetime, finding: Finding | None) -> Outcome:
    """Why a stored page changed nothing: there is none, or it cannot be read by the rules in force."""
    kind, detail = NO_PAGE, "no page of it is stored; the next poll that can be read leaves one"
    if finding is not None and isinstance(finding.result, ParseFailed):
        kind, detail = finding.result.failure.value, finding.result.detail
    return Outcome(source=state.id, slug=state.slug, at=at, kind=kind, detail=detail)


def _said_of(drafts: Sequence[Draft], kept: Mapping[str, KeptArticle]) -> dict[Digest, RawEntry]:
    """What articles say, by the digests of their entries."""
    pairs = ((draft.entry.raw_digest, kept.get(draft.entry.canonical_link)) for draft in drafts)
    return {digest: article.entry for digest, article in pairs if article and article.entry is not None}


def _nothing_came(understood: Understood | ParseFailed) -> ParseFailed:
    if isinstance(understood, ParseFailed):
        return understood
    return ParseFailed(failure=Failure.BROKEN_SELECTOR, detail="none of the sitemaps that it names could be read")


def _is_settled(article: KeptArticle | None) -> bool:
    return article is not None and article.is_settled
