"""Entries that were probably missed -> looked for in the source's own archive pages (RFC 5005).

Followed is only what the source itself names, ``prev-archive`` or ``next``, on its own host, a few pages at most; nothing is
guessed. Each page is committed together with how far the search has come, so that a crash repeats at most one request. A
page is no poll: it leaves validators, schedule, window and habit as they are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime

from feedhub.commit import Finding, older_of
from feedhub.errors import FeedHubError
from feedhub.logs import get_logger
from feedhub.model import (
    DateOrigin,
    Digest,
    Draft,
    Failure,
    Fetched,
    FetchFailed,
    Gap,
    NotModified,
    ParseFailed,
    Request,
    SourceState,
    Understood,
)
from feedhub.ports import Clock, Fetcher
from feedhub.schedule import same_site

log = get_logger("gapfill")

PASSING = frozenset(
    {Failure.DNS, Failure.CONNECT, Failure.TLS, Failure.TIMEOUT, Failure.SERVER, Failure.RATE_LIMITED, Failure.PROTOCOL}
)
"""Failures after which the same page is worth another attempt, a day later."""

FAULT = "a fault of FeedHub, which its log tells of"

Read = Callable[[SourceState, Fetched], Awaitable[Understood | ParseFailed]]
Keep = Callable[[Finding], Awaitable[SourceState]]
"""Commits a finding; returns the source's state after it."""


@dataclass(slots=True)
class Trail:
    """Where a search has been, so that it never goes in a circle."""

    urls: set[str] = field(default_factory=set)
    bodies: set[Digest] = field(default_factory=set)


class GapFiller:
    """Looks for missed entries.

    :param passing: entered while a page is understood and kept, so that rules do not change in between.
    :param pages: most pages for one gap, all attempts together.
    """

    def __init__(
        self,
        *,
        fetcher: Fetcher,
        read: Read,
        keep: Keep,
        passing: Callable[[], AbstractAsyncContextManager[None]],
        pages: int,
        clock: Clock,
    ) -> None:
        self._fetcher = fetcher
        self._read = read
        self._keep = keep
        self._passing = passing
        self._pages = pages
        self._clock = clock

    async def fill(self, state: SourceState, request: Request) -> None:
        """Follow the archive until the gap is filled or there is a reason to stop.

        :param request: as the source itself is asked. Its headers go along to its own site only.
        """
        trail = Trail(urls={state.url})
        tried = state.gap.tried_at if state.gap else None
        while (gap := state.gap) is not None and gap.older and gap.tried_at == tried:
            headers = request.headers if same_site(gap.older, state.url) else {}
            result = await self._page(gap, replace(request, url=gap.older, headers=headers, beside=True), trail)
            async with self._passing():
                state = await self._kept(state, gap, result)
        if gap is not None:
            log.info("gap.looked_for", source=state.slug, pages=gap.pages, brought=gap.brought, remark=gap.remark)

    async def _kept(self, state: SourceState, gap: Gap, result: Fetched | FetchFailed | str) -> SourceState:
        """A fault of ours ends the search: the page would be asked for at each poll, and in vain.

        :raises feedhub.errors.FeedHubError: the database refused; the same page is worth another attempt.
        """
        try:
            return await self._keep(await self._finding(state, gap, result))
        except FeedHubError:
            raise
        except Exception:
            log.exception("gap.fault", source=state.slug)
            after = given_up(replace(gap, pages=gap.pages + 1), FAULT, self._clock())
            failed = FetchFailed(failure=Failure.BROKEN, detail=FAULT, asked=False)
            return await self._keep(Finding(state=replace(state, gap=after), result=failed, aside=True))

    async def _page(self, gap: Gap, request: Request, trail: Trail) -> Fetched | FetchFailed | str:
        """A page that is none of those before, or why there is none."""
        if gap.older in trail.urls:
            return "its archive leads in a circle"
        result = await self._fetcher.fetch(request)
        if isinstance(result, NotModified):
            return "its archive answers 304 to a request without conditions"
        if isinstance(result, FetchFailed):
            return result
        if not same_site(result.url, gap.older):
            return "its archive leads to another host"
        if result.body_digest in trail.bodies or result.url in trail.urls:
            return "its archive leads in a circle"
        trail.urls |= {gap.older, result.url}
        trail.bodies.add(result.body_digest)
        return result

    async def _finding(self, state: SourceState, gap: Gap, result: Fetched | FetchFailed | str) -> Finding:
        """What a page brings, and how the gap stands after it."""
        now = self._clock()
        if isinstance(result, str):
            failed = FetchFailed(failure=Failure.REDIRECT, detail=result, asked=False)
            return Finding(state=replace(state, gap=given_up(gap, result, now)), result=failed, aside=True)
        if isinstance(result, FetchFailed):
            return Finding(state=replace(state, gap=after_failure(gap, result, now)), result=result, aside=True)
        page = await self._read(state, result)
        asked, result = replace(gap, pages=gap.pages + 1), replace(result, body=b"")
        if isinstance(page, ParseFailed):
            remark = f"an archive page could not be read: {page.failure}"
            return Finding(state=replace(state, gap=given_up(asked, remark, now)), result=result, aside=True)
        after = after_page(asked, page, older_of(result, page), self._pages, now)
        wanted = replace(page, drafts=tuple(draft for draft in page.drafts if belongs(draft, gap)))
        return Finding(state=replace(state, gap=after), result=result, understood=wanted, aside=True)


# ---------------------------------------------------------------- decisions, pure


def belongs(draft: Draft, gap: Gap) -> bool:
    """Whether an entry of an archive page may be a missed one. What is older was never promised: no history is fetched."""
    return draft.entry.date_origin is DateOrigin.STATED and draft.entry.published >= gap.after


def after_page(gap: Gap, page: Understood, older: str, most: int, now: datetime) -> Gap:
    """How a gap stands after a page that could be read. ``most``: pages for one gap."""
    moments = [moment for moment in (page.oldest, page.span[0] if page.span else None) if moment is not None]
    if not moments:
        return given_up(gap, "its archive pages do not say when entries appeared", now)
    if min(moments) <= gap.after:
        return replace(gap, older="", tried_at=now, filled_at=now, remark="")
    if not older:
        return given_up(gap, "its archive pages end before they reach what was known", now)
    if not same_site(older, gap.older):
        return given_up(gap, "its archive leads to another host", now)
    if gap.pages >= most:
        count = "one archive page" if gap.pages == 1 else f"{gap.pages} archive pages"
        return given_up(gap, f"{count} did not reach what was known", now)
    return replace(gap, older=older)


def after_failure(gap: Gap, failed: FetchFailed, now: datetime) -> Gap:
    """How a gap stands after a page that did not come. What may pass is tried again a day later, from the same page."""
    remark = f"an archive page did not come: {failed.failure}"
    if not failed.asked:
        return replace(gap, tried_at=now, remark=remark)
    asked = replace(gap, pages=gap.pages + 1)
    return replace(asked, tried_at=now, remark=remark) if failed.failure in PASSING else given_up(asked, remark, now)


def given_up(gap: Gap, remark: str, now: datetime) -> Gap:
    return replace(gap, older="", tried_at=now, remark=remark)
