"""Looking at sources without storing anything: for ``check``, ``sources add`` and ``sources test``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from feedhub import __version__, instance
from feedhub.asking import LONGEST_PAUSE
from feedhub.config import source_block
from feedhub.documents import ArticleJob, Part, article_of
from feedhub.fetch import AiohttpFetcher, Hosts, RobotsKeeper
from feedhub.list_parts import sitemap_of
from feedhub.masking import masked
from feedhub.model import (
    Digest,
    Entry,
    Failure,
    Fetched,
    FetchFailed,
    FetchResult,
    PageMemory,
    ParseFailed,
    RawEntry,
    Request,
    SourceId,
    SourceState,
    Understood,
)
from feedhub.ports import Permission
from feedhub.schedule import may_poll_now
from feedhub.settings import Settings, Source, SourceType
from feedhub.understand import Job, Rulebook, is_page, understand

MOST_DISCOVERY_REQUESTS = 5
"""Requests for one URL that an operator gave (standards, part 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What FeedHub would make of a URL. ``problem`` is "" when it can be read; ``url`` is what would be polled.

    ``block`` is an item for ``sources`` that reads it in the same way.
    """

    url: str
    title: str = ""
    format: str = ""
    entries: tuple[Entry, ...] = ()
    steps: tuple[str, ...] = ()
    problem: str = ""
    advice: str = ""
    block: str = ""


@dataclass(slots=True)
class _Looking:
    fetcher: AiohttpFetcher
    robots: RobotsKeeper
    rules: Rulebook
    now: datetime
    headers: Mapping[str, str]
    slug: str
    source: Source | None = None
    subscribers: int = 1
    steps: list[str] = field(default_factory=list)
    asked: int = 0
    known: PageMemory | None = None  # what is known of the document that is read

    async def ask(self, url: str, *, page: bool = False) -> FetchResult:
        """:param page: what is asked for is a page, so that robots.txt counts for where it leads to, too."""
        self.asked += 1
        headers = self.headers if self.asked == 1 else {}
        permit = self.permit if page else None
        request = Request(url=url, headers=headers, subscribers=self.subscribers, permit=permit, beside=self.asked > 1)
        result = await self.fetcher.fetch(request)
        self.steps.append(_what_came(url, result))
        return result

    @property
    def may_ask(self) -> bool:
        return self.asked < MOST_DISCOVERY_REQUESTS

    async def permit(self, url: str) -> float | FetchFailed:
        return await _permitted(self.robots, url)

    async def refusal(self, url: str) -> str:
        """Why a page is not to be read, by its site's robots.txt; "" when it may."""
        said = await self.robots.permission(url)
        if isinstance(said, FetchFailed):
            self.steps.append(f"robots.txt: {said.detail}")
            return said.detail
        delay = f", {said.delay:g} s between two requests" if said.delay else ""
        verdict = "lets it be read" if said.allowed else "keeps it from us"
        self.steps.append(f"robots.txt {verdict}{f' (“{said.rule}”)' if said.rule else ''}{delay}")
        return "" if said.allowed else _kept_out(said)


async def _permitted(robots: RobotsKeeper, url: str) -> float | FetchFailed:
    """The pause that a page's host wants, or why the page is not to be asked for."""
    said = await robots.permission(url)
    if isinstance(said, FetchFailed) or said.allowed:
        return said if isinstance(said, FetchFailed) else min(said.delay, LONGEST_PAUSE)
    return FetchFailed(failure=Failure.DISALLOWED, detail=_kept_out(said))


def _kept_out(said: Permission) -> str:
    return f"robots.txt keeps this page from programs such as FeedHub (“{said.rule}”)"


def look(url: str, settings: Settings, hosts: Hosts, known: Source | None = None) -> View:
    """Fetch and read ``url`` as a source; of a page the feeds that it names first. At most five requests, nothing stored.

    :param hosts: those that asked for quiet are left alone.
    """
    return asyncio.run(_look(url, settings, hosts, known))


async def _look(url: str, settings: Settings, hosts: Hosts, known: Source | None) -> View:
    fetcher = AiohttpFetcher(
        settings.polling, contact=settings.site.contact, version=__version__, clock=instance.moment, hosts=hosts
    )
    looking = _Looking(
        fetcher=fetcher,
        robots=RobotsKeeper(fetcher, instance.moment),
        rules=Rulebook.of(settings),
        now=instance.now(),
        headers=known.request_headers() if known else {},
        subscribers=settings.site.subscribers,
        slug=known.slug if known else "",
        source=known,
    )
    try:
        view = await _follow(looking, url)
    finally:
        await fetcher.close()
    return replace(view, steps=tuple(looking.steps))


async def _follow(looking: _Looking, url: str) -> View:
    told = looking.source is not None and looking.source.type not in {SourceType.AUTO, SourceType.FEED}
    if told and (refusal := await looking.refusal(url)):
        return View(url=url, problem=refusal, advice="Ask the publisher, or take the source out.")
    result = await looking.ask(url, page=told)
    if not isinstance(result, Fetched):
        detail = result.detail if isinstance(result, FetchFailed) else "it answered 304 to a first request"
        return View(url=url, problem=detail, advice="Check the address.")
    understood = _read(looking, result)
    if isinstance(understood, ParseFailed) and understood.web_page and not told:
        return await _of_page(looking, url, result, understood)
    if isinstance(understood, Understood) and understood.parts:
        understood = await _with_parts(looking, result, understood)
    return await _view(looking, url, result, understood)


async def _of_page(looking: _Looking, url: str, result: Fetched, failed: ParseFailed) -> View:
    """A page: the feeds that it names, then what is on it."""
    looking.steps.append(
        f"the page names {len(failed.feeds)} feeds" + "".join(f"\n  {masked(one)}" for one in failed.feeds)
    )
    for candidate in failed.feeds:
        if not looking.may_ask:
            break
        answer = await looking.ask(candidate)
        if isinstance(answer, Fetched) and isinstance(found := _read(looking, answer, page=False), Understood):
            return await _view(looking, candidate, answer, found)
    if looking.source is not None and looking.source.type is SourceType.FEED:
        return View(url=url, problem=failed.detail, advice="Give the address of a feed, or leave `type` out.")
    if refusal := await looking.refusal(result.url):
        return View(url=url, problem=refusal, advice="Ask the publisher, or take the source out.")
    read = _read(looking, result, feeds_tried=True)
    if failed.usual and (isinstance(read, ParseFailed) or (read.page is not None and read.page.kind == "listing")):
        return await _at_usual_places(looking, url, result, failed, read)
    return await _view(looking, url, result, read)


async def _at_usual_places(
    looking: _Looking, url: str, result: Fetched, failed: ParseFailed, read: Understood | ParseFailed
) -> View:
    """Where feeds usually stand, for a page that names none; in vain its list, or the sitemap of a site that shows none."""
    most = MOST_DISCOVERY_REQUESTS - isinstance(read, ParseFailed)  # one is left for the sitemap
    looking.steps.append("its feed is looked for where feeds usually stand")
    for candidate in failed.usual:
        if looking.asked >= most:
            break
        if isinstance(await looking.permit(candidate), FetchFailed):
            continue
        answer = await looking.ask(candidate, page=True)
        if isinstance(answer, Fetched) and isinstance(found := _read(looking, answer, page=False), Understood):
            return await _view(looking, candidate, answer, found)
    if isinstance(read, Understood) or urlsplit(result.url).path not in {"", "/"}:
        return await _view(looking, url, result, read)
    named = await looking.robots.sitemaps(result.url)
    sitemap = sitemap_of(result.url, named)
    if isinstance(await looking.permit(sitemap), FetchFailed):
        return await _view(looking, url, result, read)
    answer = await looking.ask(sitemap, page=True)
    if isinstance(answer, Fetched):
        looking.known = PageMemory(kind="sitemap")
        found = _read(looking, answer)
        if isinstance(found, Understood) and found.parts:
            found = await _with_parts(looking, answer, found)
        if isinstance(found, Understood):
            return replace(await _view(looking, sitemap, answer, found), url=url)  # each poll finds it from there
    return await _view(looking, url, result, read)


async def _with_parts(looking: _Looking, result: Fetched, understood: Understood) -> Understood | ParseFailed:
    """A sitemap that leads to others: those that changed last."""
    looking.steps += understood.steps
    parts: list[Part] = []
    waiting = list(understood.parts)
    while waiting and looking.may_ask:
        url = waiting.pop(0).url
        if await looking.refusal(url):
            continue
        answer = await looking.ask(url, page=True)
        if not isinstance(answer, Fetched):
            continue
        inner = _read(looking, answer)
        if isinstance(inner, Understood) and inner.parts:
            waiting = [*inner.parts, *waiting]
        else:
            parts.append(Part(body=answer.body, url=answer.url))
    found = _read(looking, result, parts=tuple(parts))
    if isinstance(found, Understood) and found.parts:
        return ParseFailed(failure=Failure.BROKEN_SELECTOR, detail="none of the sitemaps that it names could be read")
    return found


def _read(
    looking: _Looking,
    result: Fetched,
    *,
    page: bool = True,
    feeds_tried: bool = False,
    parts: tuple[Part, ...] = (),
    articles: Mapping[Digest, RawEntry] | None = None,
) -> Understood | ParseFailed:
    job = Job(
        source=SourceId(0),
        slug=looking.slug,
        body=result.body,
        url=result.url,
        content_type=result.content_type,
        charset=result.charset,
        now=looking.now,
        never_a_feed=page,
        feeds_tried=feeds_tried,
        page=looking.known,
        parts=parts,
        articles=articles or {},
    )
    understood = understand(job, looking.rules)
    if isinstance(understood, ParseFailed) and not (understood.web_page and not feeds_tried):
        looking.steps.append(f"{understood.failure.value}: {understood.detail}")
    return understood


async def _view(looking: _Looking, url: str, result: Fetched, understood: Understood | ParseFailed) -> View:
    if isinstance(understood, ParseFailed):
        return View(url=url, problem=understood.detail, advice=_ADVICE.get(understood.failure, "Check the address."))
    articles = await _first_article(looking, understood)
    if articles:
        again = _read(looking, result, feeds_tried=True, articles=articles)
        understood = replace(again, steps=understood.steps) if isinstance(again, Understood) else understood
    looking.steps += understood.steps
    looking.steps += [f"note: {note}" for note in understood.notes]
    looking.steps += [f"entry {one.position} refused: {one.reason}" for one in understood.rejected]
    if understood.page is not None and understood.page.via:
        looking.steps.append(f"read as {understood.page.kind} by {understood.page.via}")
    entries = tuple(draft.entry for draft in understood.drafts)
    return View(
        url=url,
        title=understood.info.title,
        format=understood.info.format,
        entries=entries,
        block=source_block(url, understood, looking.source),
    )


async def _first_article(looking: _Looking, understood: Understood) -> dict[Digest, RawEntry]:
    """Of a source that reads articles, that of the first entry that lacks something, as a sample."""
    wanted = looking.source.articles if looking.source else None
    draft = next((draft for draft in understood.drafts if draft.lacks), None)
    if wanted is None or draft is None or not looking.may_ask or await looking.refusal(draft.entry.link):
        return {}
    answer = await looking.ask(draft.entry.link, page=True)
    if not isinstance(answer, Fetched):
        return {}
    job = ArticleJob(
        body=answer.body, url=answer.url, charset=answer.charset, content=wanted.content, remove=wanted.remove
    )
    said = article_of(job)
    if isinstance(said, ParseFailed):
        looking.steps.append(f"the article of “{draft.entry.title}”: {said.detail}")
        return {}
    looking.steps.append(f"the article of “{draft.entry.title}” is read for its {draft.lacks}")
    return {draft.entry.raw_digest: said}


_ADVICE = {
    Failure.NOT_A_FEED: "Give the address of a feed, or say with `type: page` and `items` where its entries are.",
    Failure.BROKEN_SELECTOR: "Change `items` and `fields`, and test again.",
}


def _what_came(url: str, result: FetchResult) -> str:
    shown = masked(url)
    if isinstance(result, Fetched):
        size = f"{len(result.body):,} bytes of {result.content_type or 'unknown type'}"
        moved = f", redirected to {masked(result.url)}" if result.url != url else ""
        return f"{shown}: {result.status}, {size} in {result.elapsed:.2f} s{moved}"
    if isinstance(result, FetchFailed):
        return f"{shown}: {result.failure.value}: {result.detail}"
    return f"{shown}: 304, unchanged"


def reachable(settings: Settings, hosts: Hosts, states: Sequence[SourceState] = ()) -> dict[str, tuple[str, str]]:
    """Ask every enabled source once and say how it answered: slug -> (verdict, detail).

    Conditional where validators are known; a source that was asked within ``polling.manual_gap`` or asked us to wait
    is not asked again, nor one whose host rests. Nothing is stored.
    """
    return asyncio.run(_reachable(settings, hosts, {state.slug: state for state in states}))


async def _reachable(settings: Settings, hosts: Hosts, states: Mapping[str, SourceState]) -> dict[str, tuple[str, str]]:
    fetcher = AiohttpFetcher(
        settings.polling, contact=settings.site.contact, version=__version__, clock=instance.moment, hosts=hosts
    )
    robots = RobotsKeeper(fetcher, instance.moment)
    enabled = [source for source in settings.sources if source.enabled]
    try:
        answers = await asyncio.gather(
            *(_reach(fetcher, robots, settings, one, states.get(one.slug)) for one in enabled)
        )
    finally:
        await fetcher.close()
    return {source.slug: answer for source, answer in zip(enabled, answers, strict=True)}


async def _reach(
    fetcher: AiohttpFetcher, robots: RobotsKeeper, settings: Settings, source: Source, state: SourceState | None
) -> tuple[str, str]:
    if state is not None and (reason := may_poll_now(state, instance.now(), settings.polling.manual_gap)):
        return "not asked", reason
    request = Request(
        url=source.url, home=source.url, headers=source.request_headers(), subscribers=settings.site.subscribers
    )
    if state is not None and state.configured_url == source.url:
        request = replace(request, url=state.url, validators=state.validators)
    if (state is not None and is_page(state)) or source.type not in {SourceType.AUTO, SourceType.FEED}:
        said = await _permitted(robots, request.url)
        if isinstance(said, FetchFailed):
            return _trouble(said)
        request = replace(request, pause=said, permit=partial(_permitted, robots))
    result = await fetcher.fetch(request)
    return _trouble(result) if isinstance(result, FetchFailed) else ("ok", _what_came(source.url, result))


def _trouble(failed: FetchFailed) -> tuple[str, str]:
    waiting = failed.failure in {Failure.RATE_LIMITED, Failure.SERVER, Failure.TIMEOUT}
    return "warning" if waiting else "problem", f"{failed.failure.value}: {failed.detail}"
