"""Entries that were probably missed: noticed, pressed on with, looked for, and one day let go.

A list that turned over between two polls leaves no trace of what came and went in between. The sign is that the oldest
entry of this poll is newer than the newest of all polls before.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from feedhub.model import Fetched, Gap, Health, SourceState
from feedhub.schedule.event import PollEvent
from feedhub.schedule.moments import DAY
from feedhub.settings import Polling

LEAST_SPAN = timedelta(minutes=1)
"""A list whose entries all state nearly one moment states when it was made, not when they were."""
REMEMBERED = timedelta(days=7)
"""So long a gap matters: it is shown, may be filled, and shortens the interval less and less."""
SHARE = 0.5
"""The next poll is due when half of a list like this one has turned over."""
EASING = 1 / 8
"""The bound on the interval grows with this share of the time since the gap: a burst is over one day."""
AGAIN_AFTER = DAY
"""Least time between two attempts at a source's archive."""

NO_ARCHIVE = "the source names no archive pages"
SWITCHED_OFF = "reading archive pages is switched off"
ELSEWHERE = "its archive is on another host"


def gap_after(before: SourceState, event: PollEvent, polling: Polling, now: datetime) -> Gap | None:
    """The gap that matters after a successful poll: a new one, the one before, or none any more."""
    found = noticed(before, event, now)
    if found is None:
        return before.gap if before.gap and now - before.gap.noticed_at < REMEMBERED else None
    if not polling.archive_pages:
        return replace(found, remark=SWITCHED_OFF)
    if not event.older:
        return replace(found, remark=NO_ARCHIVE)
    final = event.result.url if isinstance(event.result, Fetched) else before.url
    if not (same_site(event.older, final) or same_site(event.older, before.url)):
        return replace(found, remark=ELSEWHERE)
    return replace(found, older=event.older)


def noticed(before: SourceState, event: PollEvent, now: datetime) -> Gap | None:
    """A gap, if this poll shows one: all listed entries are new, all say when they appeared, all after what was known.

    A partial document (RFC 3229) lists only what is new and shows nothing, nor does one that broke off, nor the first
    look at a source.
    """
    if not (event.parsed and event.all_new) or event.span is None or before.newest_listed is None:
        return None
    oldest, newest = event.span
    if not event.whole or newest - oldest < LEAST_SPAN or oldest <= before.newest_listed:
        return None
    tried = before.gap.tried_at if before.gap else None  # the archive is not asked sooner for a second gap
    return Gap(after=before.newest_listed, before=oldest, noticed_at=now, tried_at=tried)


def newest_listed(before: SourceState, event: PollEvent, now: datetime) -> datetime | None:
    """The newest moment that any poll has listed; the future is not believed."""
    moments = [before.newest_listed, event.newest, event.span[1] if event.span else None]
    return max((min(moment, now) for moment in moments if moment is not None), default=None)


def longest_wait(gap: Gap | None, now: datetime) -> timedelta:
    """A bound on the interval after a gap: at first half the time in which the list turned over, then longer."""
    if gap is None:
        return timedelta.max
    turned_over_in = gap.noticed_at - gap.before
    return max(turned_over_in * SHARE, (now - gap.noticed_at) * EASING)


def may_fill(state: SourceState, now: datetime, most_pages: int) -> bool:
    """Whether the archive may be asked now: the source just answered, did not ask for quiet, and was not tried lately."""
    gap = state.gap
    if gap is None or not gap.is_open or not gap.older or gap.pages >= most_pages:
        return False
    if state.last_failure is not None or state.health is not Health.MISSED:
        return False
    quiet = state.retry_at is not None and now < state.retry_at
    return not quiet and (gap.tried_at is None or now - gap.tried_at >= AGAIN_AFTER)


def same_site(url: str, other: str) -> bool:
    """The same host and port; https in the place of http is the same site too."""
    there, here = _origin(url), _origin(other)
    if there is None or here is None:
        return False
    return there == here or (here[0] == "http" and there == ("https", here[1], 443 if here[2] == 80 else here[2]))


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.scheme in {"http", "https"} and parts.hostname else None
