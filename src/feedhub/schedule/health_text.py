"""The state of a source in words, for people: one sentence, the same wherever it is shown.

An address may hold a key, and the status page is public: of addresses only the host is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from feedhub.model import Failure, Gap, Health, PageMemory, SourceChange, SourceState
from feedhub.schedule.gaps import REMEMBERED
from feedhub.schedule.habit import usual_rate
from feedhub.schedule.health import has_moved
from feedhub.schedule.moments import NEVER
from feedhub.schedule.traits import said_of

_STATE: Mapping[Health, str] = {
    Health.WAITING: "Waiting",
    Health.BLOCKED: "Blocked",
    Health.NEEDS_CREDENTIALS: "Locked",
    Health.NOT_A_FEED: "No feed there",
    Health.BROKEN_SELECTOR: "Broken selector",
    Health.MAYBE_GONE: "Perhaps gone",
    Health.GONE: "Gone",
}
_REMEDY: Mapping[Failure, str] = {
    Failure.NEEDS_CREDENTIALS: "give it `auth` in the configuration",
    Failure.NOT_A_FEED: "`feedhub sources test` shows what came",
    Failure.BROKEN_SELECTOR: "its entries stay as they are; `feedhub sources test` shows what came",
    Failure.DISALLOWED: "FeedHub keeps to it",
    Failure.FORBIDDEN_ADDRESS: "the guard refuses this address unless `polling.allow_networks` or `polling.ports` allows it",
}
_AS = {"page": "a page", "listing": "a page with a list", "article": "a page with one article", "json": "JSON"} | {
    "sitemap": "a sitemap"
}
LOST = frozenset({Failure.NOT_FOUND, Failure.GONE, Failure.NOT_A_FEED, Failure.BLOCKED})
"""Failures after which the page that a feed was found on is looked at again for another."""
_HABITUAL = 0.02
"""Entries a day from which one can speak of a habit."""
_AFRESH = timedelta(minutes=2)
"""A poll this soon after the end of freshness was put off for its sake."""


def explain(state: SourceState, now: datetime) -> str:
    """What the source does, since when, and what comes next: one sentence."""
    if not state.enabled:
        return "Switched off in the configuration; its entries stay."
    if state.last_failure is not None:
        return f"{_failing(state, now)}{_next(state, now)}."
    if state.health is Health.WAITING:
        return f"Waiting: {_clause(state.last_detail)}{_next(state, now)}."
    if state.last_poll_at is None:
        return f"Never polled yet{_next(state, now)}."
    return f"{_answering(state, now)}{said_of(state.traits, now)}{_moving(state)}{_next(state, now)}."


def change_of(before: SourceState, after: SourceState, now: datetime) -> SourceChange | None:
    """What the operator is told of a poll; None when the state stays, or a new source begins well."""
    if before.health is after.health or (before.health, after.health) == (Health.NEW, Health.FRESH):
        return None
    return SourceChange(
        at=now,
        slug=after.slug,
        before=before.health,
        after=after.health,
        cause=cause(after, now),
        detail=explain(after, now),
    )


def cause(state: SourceState, now: datetime) -> str:
    """Why the source is as it is, in a few words; "" when there is nothing to say."""
    if state.last_failure is not None:
        return f"{state.last_failure}{_status(state)}"
    if state.health is Health.SILENT and state.last_change_at:
        return f"nothing new for {span(now - state.last_change_at)}"
    if state.health is Health.MISSED and state.gap is not None:
        return f"{_moment(state.gap.after)} to {_moment(state.gap.before)}"
    if state.health is Health.MOVED:
        return f"to {_place(state.move_target or state.url, state)}"
    return "the host rests" if state.health is Health.WAITING else ""


def _failing(state: SourceState, now: datetime) -> str:
    since = f" for {span(now - state.failing_since)}" if state.failing_since else ""
    times = "once" if state.failures == 1 else f"{state.failures} times in a row"
    detail, remedy = _clause(state.last_detail), _REMEDY.get(state.last_failure) if state.last_failure else None
    parts = [f"{state.last_failure}{_status(state)}", detail, remedy, _looked_for(state)]
    return f"{_STATE.get(state.health, 'Failing')}{since} ({times}): {', '.join(part for part in parts if part)}"


def _looked_for(state: SourceState) -> str:
    if state.page is None or state.page.kind != "feed" or state.last_failure not in LOST:
        return ""
    return "" if "looked at again" in state.last_detail else "its page is looked at again for another feed now and then"


def _answering(state: SourceState, now: datetime) -> str:
    if state.health is Health.MISSED and state.gap is not None:
        return _missed(state.gap, now)
    if state.health is Health.SILENT and state.last_change_at:
        rate = usual_rate(state.habit)
        habit = f", which is longer than its habit of {_rate(rate)}" if rate > _HABITUAL else ""
        return f"Answers, but has had nothing new for {span(now - state.last_change_at)}{habit}"
    ago = f", last {span(now - state.last_poll_at)} ago" if state.last_poll_at else ""
    return f"Answers well{ago}{_read_as(state.page)}{_found(state.gap)}"


def _read_as(page: PageMemory | None) -> str:
    if page is None:
        return ""
    if page.kind == "feed":
        how = "that its page names" if page.via == "the page names it" else "found where feeds usually stand"
        return f"; polled is the feed {how}"
    return f"; read as {_AS.get(page.kind, page.kind)}{f' by {page.via}' if page.via else ''}"


def _missed(gap: Gap, now: datetime) -> str:
    left = gap.noticed_at + REMEMBERED - now
    looked = gap.remark or "its archive pages are asked next"
    return (
        f"Entries between {_moment(gap.after)} and {_moment(gap.before)} were probably missed, because its list turned"
        f" over between two polls ({looked}); asked more often and shown here for {span(left)}"
    )


def _found(gap: Gap | None) -> str:
    if gap is None or gap.is_open or not gap.brought:
        return ""
    entries = "entry" if gap.brought == 1 else "entries"
    return f"; its archive gave back {gap.brought} {entries} missed before {_moment(gap.before)}"


def _moving(state: SourceState) -> str:
    if state.move_target is not None:
        times = "once" if state.move_count == 1 else f"{state.move_count} times"
        return f"; says that it moved to {_place(state.move_target, state)} (seen {times}, not adopted yet)"
    if has_moved(state):
        where = _place(state.url, state)
        return f"; it moved to {where} for good, so change its url in the configuration to the one of `feedhub sources list`"
    return ""


def _place(url: str, state: SourceState) -> str:
    host = _host(url)
    return host if host and host != _host(state.configured_url) else "another address of its host"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _status(state: SourceState) -> str:
    return f", HTTP {state.last_status}" if state.last_status >= 300 else ""


def _clause(sentence: str) -> str:
    return sentence.strip().rstrip(".")


def _rate(rate: float) -> str:
    """``3 entries a day``, ``an entry every 5 days``."""
    return f"{rate:.0f} entries a day" if rate >= 1.5 else f"an entry every {span(timedelta(days=1 / rate))}"


def _next(state: SourceState, now: datetime) -> str:
    due = state.next_poll_at
    if due is None or due <= now:
        return "; due now"
    if due >= NEVER:
        return "; polled no more until you ask for it"
    return f"; next poll in {span(due - now)}{_because(state, due, now)}"


def _because(state: SourceState, due: datetime, now: datetime) -> str:
    if state.retry_at is not None and now < state.retry_at <= due:
        return " as the server asked"
    fresh = state.fresh_until
    return " when its answer is no longer fresh" if fresh and now < fresh <= due < fresh + _AFRESH else ""


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def span(time: timedelta) -> str:
    """A time in its largest fitting unit: ``45 s``, ``12 min``, ``3 h``, ``9 days``."""
    seconds = max(int(time.total_seconds()), 0)
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
