"""The state of a source in one sentence, for people."""

from __future__ import annotations

from datetime import datetime, timedelta

from feedhub.masking import masked
from feedhub.model import Health, SourceState
from feedhub.schedule.moments import NEVER


def explain(state: SourceState, now: datetime) -> str:
    """What the source does, since when, and what comes next: one sentence."""
    if not state.enabled:
        return "Switched off in the configuration; its entries stay."
    if state.last_poll_at is None:
        return f"Never polled yet{_next(state, now)}."
    if state.last_failure is not None:
        return f"{_failing(state, now)}{_next(state, now)}."
    if state.health is Health.SILENT and state.last_change_at:
        return f"Answers, but has had nothing new for {span(now - state.last_change_at)}{_next(state, now)}."
    return f"Answers well, last {span(now - state.last_poll_at)} ago{_moving(state)}{_next(state, now)}."


def _failing(state: SourceState, now: datetime) -> str:
    since = f" for {span(now - state.failing_since)}" if state.failing_since else ""
    times = "once" if state.failures == 1 else f"{state.failures} times in a row"
    detail = state.last_detail.strip().rstrip(".")
    status = f", HTTP {state.last_status}" if state.last_status >= 300 else ""
    return f"Failing{since} ({times}): {state.last_failure}{status}{f', {detail}' if detail else ''}"


def _moving(state: SourceState) -> str:
    if state.move_target is None:
        return ""
    return f", says that it moved to {masked(state.move_target)} (seen {state.move_count} times, not adopted yet)"


def _next(state: SourceState, now: datetime) -> str:
    due = state.next_poll_at
    if due is None or due <= now:
        return "; due now"
    if due >= NEVER:
        return "; polled no more until you ask for it"
    asked = " as the server asked" if state.retry_at is not None and now < state.retry_at <= due else ""
    return f"; next poll in {span(due - now)}{asked}"


def span(time: timedelta) -> str:
    """A time in its largest fitting unit: ``45 s``, ``12 min``, ``3 h``, ``9 days``."""
    seconds = max(int(time.total_seconds()), 0)
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
