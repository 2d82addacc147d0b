"""Polls that come sooner than planned: a hub said that there is news, or it does not push any more. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from feedhub.model import SourceState
from feedhub.schedule.cadence import policy_interval
from feedhub.schedule.hints import after_skips, earliest
from feedhub.schedule.moments import Dice, off_the_minute
from feedhub.schedule.price import PRICE
from feedhub.settings import Interval, Polling

SPREAD = timedelta(minutes=2)
"""Over this time the sources of a hub that fell silent come back, so that they are no burst."""


def after_ping(state: SourceState, polling: Polling, now: datetime) -> datetime | None:
    """When to poll a source whose hub says that there is news; None when it is to be polled by then anyway.

    At once, but ``polling.manual_gap`` after the last poll at the earliest, and not while the server asked for quiet
    or called its last answer fresh. The document's own ``ttl`` is for those who are not told. A source that fails is
    asked again when its back-off says so: no hub hurries us there.
    """
    if state.failures:
        return None
    floors = [now]
    if state.last_poll_at is not None:
        floors.append(state.last_poll_at + polling.manual_gap)
    if state.retry_at is not None:
        floors.append(state.retry_at)
    if state.fresh_until is not None:
        floors.append(min(state.fresh_until, now + polling.hint_max))
    return _sooner(state, max(floors))


def without_push(
    state: SourceState, polling: Polling, interval: Interval, now: datetime, dice: Dice, price: float = PRICE
) -> datetime | None:
    """When to poll a source that was pushed and is not any more: when it would have been due without its hub, or now.

    None when it is to be polled by then anyway.
    """
    last = state.last_success_at
    if last is None or state.failures:
        return None  # it was due, or is being retried
    due = max(last + policy_interval(state, polling, interval, last, price), earliest(state, polling, last))
    due = max(due, now) + min(SPREAD, interval.min) * dice()
    return _sooner(state, off_the_minute(after_skips(due, state.hints, dice), dice))


def _sooner(state: SourceState, due: datetime) -> datetime | None:
    return due if state.next_poll_at is not None and due < state.next_poll_at else None
