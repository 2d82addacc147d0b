"""What servers and documents ask of pollers: floors under the next poll (standards, "When next")."""

from __future__ import annotations

from datetime import datetime, timedelta

from feedhub.model import PollHints, SourceState
from feedhub.schedule.moments import HOUR, Dice
from feedhub.settings import Polling

SPREAD = timedelta(minutes=30)
"""Polls that skipHours moved start within this time after the hour at most, not all at its first second."""

REMEMBERED = 10
"""Of so many polls that ``ttl`` or ``sy:`` held back it is remembered what that cost: 1 when they found more than one
new entry, which so many of them must have waited for…"""
OVERRUN = 3
"""…this much when the whole list was new, so that entries were probably missed."""
TOO_MUCH = 5
"""From this sum on the advice is not followed any more, until the document gives another."""


def earliest(state: SourceState, polling: Polling, now: datetime) -> datetime:
    """The earliest moment at which the source may be asked again.

    Retry-After (RFC 9110, 10.2.3) and freshness (RFC 9111, 4.2) are orders of the server; ``ttl`` and ``sy:`` are
    advice of the document, which is dropped when it proves wrong. Each is obeyed up to its cap in the configuration.
    A source that can only be asked for everything is asked seldom, whatever chance makes of its interval.
    """
    floors = [now]
    if state.retry_at is not None:
        floors.append(min(state.retry_at, now + polling.retry_after_max))
    if state.fresh_until is not None:
        floors.append(min(state.fresh_until, now + polling.hint_max))
    if not state.has_validators:
        floors.append(now + polling.no_validator_min)
    if sum(state.habit.strain) < TOO_MUCH:
        floors.append(now + min(advised(state.hints), polling.hint_max))
    return max(floors)


def advised(hints: PollHints) -> timedelta:
    """The least interval that the document asks for."""
    return max(timedelta(minutes=hints.ttl), timedelta(seconds=hints.update_interval))


def strain(before: SourceState, wanted: timedelta, new: int, listed: int, now: datetime) -> tuple[int, ...]:
    """What following the advice has cost at the last polls, this one included.

    Counted are polls that came as late as advised although the source deserved one sooner.

    :param wanted: the interval it deserved after the poll before this one.
    """
    asked, last = advised(before.hints), before.last_poll_at
    if last is None or not wanted < asked <= now - last:
        return before.habit.strain
    held = before.fresh_until is not None and before.fresh_until >= last + asked
    if held:  # the server ordered the wait: nobody took advice
        return before.habit.strain
    cost = OVERRUN if listed > 1 and new >= listed else int(new > 1)
    return (*before.habit.strain, cost)[-REMEMBERED:]


def after_skips(moment: datetime, hints: PollHints, dice: Dice, spread: timedelta = SPREAD) -> datetime:
    """The moment, or one within ``spread`` of the end of the time that ``skipHours`` and ``skipDays`` close."""
    span = closed_span(moment, hints)
    return moment if span is None else span[1] + spread * dice()


def closed_span(moment: datetime, hints: PollHints) -> tuple[datetime, datetime] | None:
    """The first closed hour (GMT) and the next open one around a moment that ``skipHours`` or ``skipDays`` close; else None.

    A list that leaves nothing is ignored: it cannot be meant.
    """
    hours = frozenset(hour % 24 for hour in hints.skip_hours)
    days = frozenset(day % 7 for day in hints.skip_days)
    hours = frozenset() if len(hours) == 24 else hours
    days = frozenset() if len(days) == 7 else days
    if not _skipped(moment, hours, days):
        return None
    begin = moment.replace(minute=0, second=0, microsecond=0)
    end = begin + HOUR
    while _skipped(begin - HOUR, hours, days):
        begin -= HOUR
    while _skipped(end, hours, days):
        end += HOUR
    return begin, end


def _skipped(moment: datetime, hours: frozenset[int], days: frozenset[int]) -> bool:
    return moment.hour in hours or moment.weekday() in days
