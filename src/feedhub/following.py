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
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from feedhub.asking import LONGEST_PAUSE, Asker, Lead, asked_instead, stored_lead
from feedhub.commit import Finding
from feedhub.documents import ArticleJob, Part, article_of
from feedhub.errors import FeedHubError
from feedhub.gapfill import PASSING
from feedhub.list_parts import MOST_PARTS, PartsRead, may_have_changed, sitemap_of
from feedhub.logs import get_logger
from feedhub.model import (
    ARTICLE_TRIES,
    Digest,
    Draft,
    Failure,
    Fetched,
    FetchFailed,
    FetchResult,
    KeptArticle,
    NotModified,
    Outcome,
    PageMemory,
    PagePart,
    ParseFailed,
    RawEntry,
    Request,
    SourceId,
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

NAMED, USUAL = "the page names it", "it stands where feeds usually do"
"""How a feed was found that is polled in a page's place."""
DISCOVERY_REQUESTS = 5
"""Requests until it is known what an address is, the first one included (standards, part 1)."""
ARTICLE_TIME = 120.0
"""Seconds that the articles of one poll may take by a site's ``Crawl-delay``."""
MOST_SHARED = 200
"""Articles at hand for other sources that list them, those that were asked for last."""
SHARED_FOR = timedelta(hours=1)
"""So long another source takes an article as it was; after that it may say something else."""

_Key = tuple[str, str, tuple[str, ...], SourceId | None]


class Follower:
    """Follows leads, by the asker's rules as they are at each step.

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
        self._shared: dict[_Key, KeptArticle] = {}
        self._lanes: WeakValueDictionary[_Key, asyncio.Lock] = WeakValueDictionary()

    async def follow(self, lead: Lead | Finding, request: Request) -> Finding | Lead:
        """Ask for what a lead leads to, until there is nothing more: a lead to be finished, or what became of it before.

        :param lead: or the failure of a feed that was found by way of a page, which is looked at again.
        :param request: as the source itself is asked. Its headers go along to its own site only.
        :raises feedhub.errors.FeedHubError: what was read could not be remembered.
        """
        try:
            if isinstance(lead, Finding):
                return await self._looked_again(lead, request)
            return await self._followed(lead, request)
        except FeedHubError:
            raise
        except Exception as error:
            log.exception("follow.fault", source=lead.state.slug)
            return Finding(state=lead.state, result=fault(error))

    async def _followed(self, lead: Lead, request: Request) -> Finding | Lead:
        if lead.understood is None and (named := await self._feed(lead, lead.feeds, NAMED, request)) is not None:
            return named
        if (lead.understood is None or lead.understood.page is not None) and not is_page(lead.state):
            allowed = await self._asker.allowed(lead.result.url)
            if isinstance(allowed, FetchFailed):
                return Finding(state=lead.state, result=allowed)
        if lead.understood is None:
            lead = replace(lead, feeds=(), feeds_tried=True)
            async with self._passing():
                understood = await self._asker.read(lead.state, lead.result, lead=lead)
            lead = await self._at_usual_places(lead, understood, request)
            if lead.understood is None:
                return lead
        if lead.understood.parts:
            with_parts = await self._with_parts(lead, lead.understood, request)
            if isinstance(with_parts, Finding):
                return with_parts
            lead = with_parts
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

    # ---------------------------------------------------------------- what is asked in a page's place

    async def _feed(self, lead: Lead, feeds: Sequence[str], via: str, request: Request) -> Lead | None:
        """The first of these feeds which is one and lists something; it is polled from now on.

        What it says is understood where it is stored: by then the rules may be others than those it was looked at by.
        """
        for number, url in enumerate(feeds[: DISCOVERY_REQUESTS - 1], 1):
            result = await self._ask_page(url, request) if via == USUAL else await self._ask_feed(url, request)
            if not isinstance(result, Fetched):
                continue
            state = asked_instead(lead.state, url, via)
            async with self._passing():
                understood = await self._asker.read(state, result)
            if isinstance(understood, Understood) and understood.page is None and understood.listed:
                log.info("page.has_feed", source=state.slug, via=via, tried=number)
                return Lead(state=state, result=result, anew=True)
        return None

    async def _ask_feed(self, url: str, request: Request) -> FetchResult:
        headers = request.headers if same_site(url, request.url) else {}
        return await self._fetcher.fetch(
            replace(request, url=url, headers=headers, validators=Validators(), beside=True)
        )

    async def _at_usual_places(self, lead: Lead, understood: Understood | ParseFailed, request: Request) -> Lead:
        """Where feeds usually stand, once, for a page that names none and is no article; in vain its list, at last a sitemap."""
        kind = "" if isinstance(understood, ParseFailed) or not understood.page else understood.page.kind
        if kind != "article":
            usual = lead.usual if kind else lead.usual[: DISCOVERY_REQUESTS - 2]  # one is left for the sitemap
            if (found := await self._feed(lead, usual, USUAL, request)) is not None:
                return found
        if not isinstance(understood, ParseFailed):
            return replace(lead, understood=understood)
        if lead.usual and understood.web_page and urlsplit(lead.result.url).path in {"", "/"}:
            return await self._by_sitemap(lead, request)
        return lead

    async def _by_sitemap(self, lead: Lead, request: Request) -> Lead:
        """The sitemap of a site whose front page shows nothing, the one of its news first; the lead as it was if there is none."""
        named = await self._asker.sitemaps(lead.result.url)
        url = sitemap_of(lead.result.url, named)
        result = await self._ask_page(url, request)
        if not isinstance(result, Fetched):
            return lead
        via = "the sitemap that its site names" if named else "the sitemap of its site"
        other = Lead(state=asked_instead(lead.state, url, via, "sitemap"), result=result, anew=True, feeds_tried=True)
        async with self._passing():
            understood = await self._asker.read(other.state, result, lead=other)
        if isinstance(understood, ParseFailed) or not (understood.listed or understood.parts):
            return lead
        return replace(other, understood=understood)

    async def _looked_again(self, lost: Finding, request: Request) -> Finding | Lead:
        """Another feed of the page whose feed is no more; else the failure, which says that it was looked for.

        The page itself is not read as a list: where a feed was, a list is somebody who stands in the way.
        """
        state, failed = lost.state, lost.result
        assert isinstance(failed, FetchFailed | ParseFailed)
        page = state.configured_url
        result = await self._ask_page(page, replace(request, url=page, home=page))
        remark = f"could not be read ({result.detail.rstrip('.')})" if isinstance(result, FetchFailed) else ""
        if isinstance(result, Fetched):
            fresh = replace(state, url=page, page=None, last_success_at=None, body_digest=None)
            lead = Lead(state=fresh, result=result, anew=True)
            async with self._passing():
                understood = await self._asker.read(fresh, result, lead=lead)
            if isinstance(understood, Understood) and understood.page is None:
                return Lead(state=replace(state, url=page, page=None), result=result, anew=True)
            others = [
                url
                for url in getattr(understood, "feeds", ())
                if url not in {state.url, state.page and state.page.feed}
            ]
            if (found := await self._feed(replace(lead, state=state), others, NAMED, request)) is not None:
                return found
            remark = "names no other feed that can be read"
        detail = f"{failed.detail.rstrip('.')}; the page that named this feed was looked at again and {remark}"
        return replace(lost, result=replace(failed, detail=detail))

    # ---------------------------------------------------------------- parts of a list

    async def _with_parts(self, lead: Lead, understood: Understood, request: Request) -> Finding | Lead:
        """The list with those of its parts that changed; its finding at once when none did, or none came."""
        known = lead.state.page
        before = known if known is not None and known.parts and not lead.anew else None
        read = PartsRead(is_first=before is None)
        parts = await self._parts(lead, understood.parts, before, read, request)
        kept, until = read.remembered(understood.parts, before)
        memory = replace(understood.page or PageMemory(kind="sitemap"), parts=kept, until=until)
        settled = read.is_settled(understood.parts, self._clock())
        lead = replace(lead, parts=parts, memory=memory, settled=settled)
        if not parts:
            if before is None or (read.left and not read.done):
                return Finding(state=lead.state, result=_nothing_came())
            return _unchanged(lead, memory)
        async with self._passing():
            again = await self._asker.read(lead.state, lead.result, lead=lead)
        if isinstance(again, ParseFailed) or again.parts:
            return Finding(state=lead.state, result=again if isinstance(again, ParseFailed) else _nothing_came())
        return replace(lead, understood=again)

    async def _parts(
        self, lead: Lead, named: Sequence[PagePart], before: PageMemory | None, read: PartsRead, request: Request
    ) -> tuple[Part, ...]:
        """The sitemaps that changed last. Of a robots.txt or an index that leads to an index, those too, one level deep."""
        parts: list[Part] = []
        waiting = may_have_changed(named, before, self._clock())
        first = len(waiting[:MOST_PARTS]) if read.is_first else len(waiting)
        waiting = waiting[:first]  # of the very first list the rest is no news
        seen = {request.url}
        while waiting and len(seen) <= 2 * MOST_PARTS and len(parts) < MOST_PARTS:
            part = waiting.pop(0)
            if part.url in seen or not part.url.startswith(("http://", "https://")):
                continue
            seen.add(part.url)
            result = await self._ask_page(part.url, request, part.validators)
            if isinstance(result, NotModified):
                read.done[part.url] = replace(part, validators=result.validators)
                continue
            if not isinstance(result, Fetched):
                read.left.append(part)
                continue
            async with self._passing():
                inner = await self._asker.read(lead.state, result, lead=replace(lead, parts=()))
            if isinstance(inner, Understood) and inner.parts:
                read.unsure = True  # what it names changes while what names it does not
                waiting += may_have_changed(inner.parts, before, self._clock())[:MOST_PARTS]
            else:
                parts.append(Part(body=result.body, url=result.url))
                read.done[part.url] = replace(part, validators=result.validators)
        read.left += [part for part in waiting if part.lastmod]
        return tuple(parts)

    async def _ask_page(self, url: str, request: Request, validators: Validators | None = None) -> FetchResult:
        allowed = await self._asker.permit(url)
        if isinstance(allowed, FetchFailed):
            return allowed
        headers = request.headers if same_site(url, request.url) else {}
        asked = Request(
            url=url,
            home=request.home if headers else "",
            validators=validators or Validators(),
            headers=headers,
            subscribers=request.subscribers,
            pause=allowed,
            permit=self._asker.permit,
            beside=True,
        )
        result = await self._fetcher.fetch(asked)
        if isinstance(result, NotModified) and not validators:
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
        """One article, and remember what came of it. Sources of one site often list the same story at the same time: who
        comes second takes what the first was told, unless it was told in confidence."""
        key = draft.entry.link, wanted.content, wanted.remove, lead.state.id if request.headers else None
        lane = self._lanes.setdefault(key, asyncio.Lock())
        async with lane:
            article = self._at_hand(key) or await self._asked(draft, request, wanted, before)
            await self._writer.run(partial(self._store.keep_article, lead.state.id, article))
            if article.entry is not None:
                self._shared[key] = article
        while len(self._shared) > MOST_SHARED:
            del self._shared[next(iter(self._shared))]
        log.debug("article.read", source=lead.state.slug, remark=article.remark)
        return article

    def _at_hand(self, key: _Key) -> KeptArticle | None:
        article = self._shared.get(key)
        return article if article is not None and self._clock() - article.at < SHARED_FOR else None

    async def _asked(
        self, draft: Draft, request: Request, wanted: ArticlePages, before: KeptArticle | None
    ) -> KeptArticle:
        """Ask for one article's page."""
        tries = before.tries + 1 if before else 1
        link = draft.entry.canonical_link
        result = await self._ask_page(draft.entry.link, request)
        if not isinstance(result, Fetched):
            assert isinstance(result, FetchFailed)  # nothing was asked that 304 would answer
            again = result.failure in PASSING
            return KeptArticle(
                link=link,
                at=self._clock(),
                tries=tries if again else ARTICLE_TRIES,
                remark=f"{result.failure}: {result.detail}",
            )
        said = await self._said(result, wanted)
        entry = said if isinstance(said, RawEntry) else None
        remark = said.detail if isinstance(said, ParseFailed) else ""
        return KeptArticle(link=link, at=self._clock(), tries=ARTICLE_TRIES, entry=entry, remark=remark)

    async def _said(self, result: Fetched, wanted: ArticlePages) -> RawEntry | ParseFailed:
        job = ArticleJob(
            body=result.body, url=result.url, charset=result.charset, content=wanted.content, remove=wanted.remove
        )
        async with self._passing():  # else the workers could be closed under the job
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


def _unchanged(lead: Lead, memory: PageMemory) -> Finding:
    """A list of which no part has changed."""
    result = replace(lead.result, body=b"")
    if not lead.settled:  # the next poll must see it again, changed or not
        result = replace(result, validators=Validators(), body_digest=Digest(b""))
    page = replace(memory, feed=lead.state.page.feed if lead.state.page else "")
    return Finding(state=replace(lead.state, page=page), result=result, body_known=True)


def _nothing_came() -> ParseFailed:
    return ParseFailed(failure=Failure.BROKEN_SELECTOR, detail="none of the sitemaps that it names could be read")


def _is_settled(article: KeptArticle | None) -> bool:
    return article is not None and article.is_settled
