"""The state of a source in one word: every rule that gives one after a poll."""

from __future__ import annotations

from datetime import datetime, timedelta

from feedhub.model import Failure, Health, SourceState
from feedhub.schedule.cadence import is_silent
from feedhub.schedule.gaps import REMEMBERED
from feedhub.schedule.habit import usual_rate
from feedhub.schedule.moments import DAY
from feedhub.settings import Polling

SILENT_GAPS = 10
"""A source is called silent after this many of its usual gaps…"""
SILENT_AT_LEAST = timedelta(days=14)
"""…and this time at least."""
PATIENCE = DAY
"""Who asks for quiet is waited for; after this time without any answer the source counts as failing."""


def health_of_answering(state: SourceState, polling: Polling, now: datetime) -> Health:
    """What a source that answers is. What needs the operator's eye first comes first."""
    if state.gap and state.gap.is_open and now - state.gap.noticed_at < REMEMBERED:
        return Health.MISSED
    if is_silent(state, polling, now) or _beyond_habit(state, now):
        return Health.SILENT
    return Health.MOVED if state.move_target or has_moved(state) else Health.FRESH


def health_of_failing(state: SourceState, planned: Health, now: datetime) -> Health:
    """What a failure makes of a source: what its plan says, except while the server only asks for quiet."""
    asked_for_quiet = state.last_failure is Failure.RATE_LIMITED or (
        state.retry_at is not None and state.retry_at > now
    )
    patient = state.failing_since is None or now - state.failing_since < PATIENCE
    return Health.WAITING if planned is Health.FAILING and asked_for_quiet and patient else planned


def health_of_unasked(state: SourceState) -> Health:
    """Its host rests, so that nothing was sent: a source in trouble stays what it was."""
    return state.health if state.last_failure is not None else Health.WAITING


def has_moved(state: SourceState) -> bool:
    """Whether another address than the configured one is asked. The same one by https is no move, nor the feed of a page."""
    if state.url == state.configured_url:
        return False
    upgraded = "https" + state.configured_url.removeprefix("http")
    return state.url != upgraded and (state.page is None or state.url != state.page.feed)


def _beyond_habit(state: SourceState, now: datetime) -> bool:
    quiet = now - state.last_change_at if state.last_change_at else timedelta(0)
    return quiet > SILENT_AT_LEAST and quiet / DAY * usual_rate(state.habit) > SILENT_GAPS
