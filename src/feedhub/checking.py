"""Looking at sources without storing anything: for ``check``, ``sources add`` and ``sources test``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from feedhub import __version__, wiring
from feedhub.extract import find_feeds
from feedhub.fetch import AiohttpFetcher
from feedhub.masking import masked
from feedhub.model import (
    Entry,
    Failure,
    Fetched,
    FetchFailed,
    FetchResult,
    ParseFailed,
    Request,
    SourceId,
    SourceState,
    Understood,
)
from feedhub.schedule import may_poll_now
from feedhub.settings import Settings, Source
from feedhub.understand import Job, Rulebook, understand

MOST_DISCOVERY_REQUESTS = 5
"""Requests for one URL that an operator gave (standards, part 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What FeedHub would make of a URL. ``problem`` is "" when it is a readable feed; ``url`` is the feed's own."""

    url: str
    title: str = ""
    format: str = ""
    entries: tuple[Entry, ...] = ()
    steps: tuple[str, ...] = ()
    problem: str = ""
    advice: str = ""


@dataclass(slots=True)
class _Looking:
    fetcher: AiohttpFetcher
    rules: Rulebook
    now: datetime
    headers: Mapping[str, str]
    slug: str
    subscribers: int = 1
    steps: list[str] = field(default_factory=list)
    asked: int = 0

    async def ask(self, url: str) -> FetchResult:
        self.asked += 1
        headers = self.headers if self.asked == 1 else {}
        result = await self.fetcher.fetch(Request(url=url, headers=headers, subscribers=self.subscribers))
        self.steps.append(_what_came(url, result))
        return result


def look(url: str, settings: Settings, known: Source | None = None) -> View:
    """Fetch and read ``url``; if it is a page, the feeds it names, in order. At most five requests, nothing stored."""
    return asyncio.run(_look(url, settings, known))


async def _look(url: str, settings: Settings, known: Source | None) -> View:
    fetcher = AiohttpFetcher(settings.polling, contact=settings.site.contact, version=__version__, clock=wiring.moment)
    looking = _Looking(
        fetcher=fetcher,
        rules=Rulebook.of(settings),
        now=wiring.now(),
        headers=known.request_headers() if known else {},
        subscribers=settings.site.subscribers,
        slug=known.slug if known else "",
    )
    try:
        view = await _follow(looking, url)
    finally:
        await fetcher.close()
    return replace(view, steps=tuple(looking.steps))


async def _follow(looking: _Looking, url: str) -> View:
    result = await looking.ask(url)
    if not isinstance(result, Fetched):
        detail = result.detail if isinstance(result, FetchFailed) else "it answered 304 to a first request"
        return View(url=url, problem=detail, advice="Check the address.")
    view = _read(looking, url, result)
    if not view.problem:
        return view
    found = find_feeds(result.body, result.url)
    looking.steps.append(f"the page names {len(found)} feeds" + "".join(f"\n  {one.url}" for one in found))
    for candidate in found[: MOST_DISCOVERY_REQUESTS - 1]:
        answer = await looking.ask(candidate.url)
        if isinstance(answer, Fetched) and not (other := _read(looking, candidate.url, answer)).problem:
            return other
    return view


def _read(looking: _Looking, url: str, result: Fetched) -> View:
    job = Job(
        source=SourceId(0),
        slug=looking.slug,
        body=result.body,
        url=result.url,
        content_type=result.content_type,
        charset=result.charset,
        now=looking.now,
    )
    understood = understand(job, looking.rules)
    if isinstance(understood, ParseFailed):
        looking.steps.append(f"{understood.failure.value}: {understood.detail}")
        return View(url=url, problem=understood.detail, advice="Give the address of a feed.")
    looking.steps += [f"note: {note}" for note in understood.notes]
    looking.steps += [f"entry {one.position} refused: {one.reason}" for one in understood.rejected]
    return _view(url, understood)


def _view(url: str, understood: Understood) -> View:
    entries = tuple(draft.entry for draft in understood.drafts)
    return View(url=url, title=understood.info.title, format=understood.info.format, entries=entries)


def _what_came(url: str, result: FetchResult) -> str:
    shown = masked(url)
    if isinstance(result, Fetched):
        size = f"{len(result.body):,} bytes of {result.content_type or 'unknown type'}"
        moved = f", redirected to {masked(result.url)}" if result.url != url else ""
        return f"{shown}: {result.status}, {size} in {result.elapsed:.2f} s{moved}"
    if isinstance(result, FetchFailed):
        return f"{shown}: {result.failure.value}: {result.detail}"
    return f"{shown}: 304, unchanged"


def reachable(settings: Settings, states: Sequence[SourceState] = ()) -> dict[str, tuple[str, str]]:
    """Ask every enabled source once and say how it answered: slug -> (verdict, detail).

    Conditional where validators are known; a source that was asked within ``polling.manual_gap`` or asked us to wait
    is not asked again. Nothing is stored.
    """
    return asyncio.run(_reachable(settings, {state.slug: state for state in states}))


async def _reachable(settings: Settings, states: Mapping[str, SourceState]) -> dict[str, tuple[str, str]]:
    fetcher = AiohttpFetcher(settings.polling, contact=settings.site.contact, version=__version__, clock=wiring.moment)
    enabled = [source for source in settings.sources if source.enabled]
    try:
        answers = await asyncio.gather(*(_reach(fetcher, settings, one, states.get(one.slug)) for one in enabled))
    finally:
        await fetcher.close()
    return {source.slug: answer for source, answer in zip(enabled, answers, strict=True)}


async def _reach(
    fetcher: AiohttpFetcher, settings: Settings, source: Source, state: SourceState | None
) -> tuple[str, str]:
    if state is not None and (reason := may_poll_now(state, wiring.now(), settings.polling.manual_gap)):
        return "not asked", reason
    request = Request(
        url=source.url, home=source.url, headers=source.request_headers(), subscribers=settings.site.subscribers
    )
    if state is not None and state.configured_url == source.url:
        request = replace(request, url=state.url, validators=state.validators)
    result = await fetcher.fetch(request)
    if isinstance(result, FetchFailed):
        waiting = result.failure in {Failure.RATE_LIMITED, Failure.SERVER, Failure.TIMEOUT}
        return "warning" if waiting else "problem", f"{result.failure.value}: {result.detail}"
    return "ok", _what_came(source.url, result)
