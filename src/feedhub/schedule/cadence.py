"""How often a source deserves to be polled.

Polling is a bargain between delay and requests. Entries that come at a rate λ(s) after a poll have waited, all together,

    D(t) = ∫ λ(s)·(t − s) ds

by the time t, and a poll costs a price c. The sum per time, (D + c) / t, is least where D = c: then it is time to poll.
For a constant λ that is T = √(2c/λ), the square-root rule of Sia, Cho and Cho (2007); with the shape of day and week in λ
polls move to the hours in which entries come. ``habit.py`` learns λ, ``price.py`` steers c.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from feedhub.model import Push, SourceState
from feedhub.schedule.gaps import longest_wait
from feedhub.schedule.habit import Shape, shape_of
from feedhub.schedule.moments import DAY, HOUR, Dice, jittered
from feedhub.schedule.price import PRICE
from feedhub.settings import Interval, Polling

ENTRY_WEIGHT = 0.9
"""1: every entry's delay counts the same; 0: every source's does. Between them, quiet sources are not forgotten."""
WINDOW_SHARE = 0.5
"""A poll is due when this share of the source's list has probably turned over, so that a burst loses nothing."""
LEAST_RATE = 1e-4
PUSHED_TIMES = 12
"""A source that is pushed is polled so many times more seldom, within the two bounds that follow."""
PUSHED_MIN, PUSHED_MAX = 6 * HOUR, 24 * HOUR
NEVER_WORTH = 1e12
"""A price at which only the turnover of the list makes a poll due."""


def policy_interval(
    state: SourceState, polling: Polling, interval: Interval, now: datetime, price: float = PRICE
) -> timedelta:
    """The time to the next poll of a source that answers, before jitter and before what the server asks for.

    The lower bound always holds. The upper one gives way to ``silent_interval`` and ``no_validator_min`` only.
    """
    if is_silent(state, polling, now):
        return max(polling.silent_interval, interval.min)
    wanted = worthwhile(state.rate, shape_of(state.habit, now), state.window, price, now, interval.max)
    wanted = max(min(wanted, longest_wait(state.gap, now)), interval.min)
    return wanted if state.has_validators else max(wanted, polling.no_validator_min)


def pushed_interval(wanted: timedelta, state: SourceState, interval: Interval, now: datetime, push: Push) -> timedelta:
    """``wanted`` for a source whose hub pushes: the polls that are left find what the hub did not deliver.

    Until the hub has proven itself no poll comes later than half the list turns over: what falls off it is lost. After
    a gap no hub makes polls rarer than the gap allows. The operator's upper bound holds as ever.
    """
    if push is Push.NONE:
        return wanted
    longer = min(max(wanted * PUSHED_TIMES, PUSHED_MIN), PUSHED_MAX, longest_wait(state.gap, now))
    if push is Push.TRUSTED and state.window:
        shape = shape_of(state.habit, now)
        longer = min(longer, worthwhile(state.rate, shape, state.window, NEVER_WORTH, now, PUSHED_MAX))
    return max(wanted, min(longer, interval.max))


def worthwhile(rate: float, shape: Shape, window: int, price: float, now: datetime, longest: timedelta) -> timedelta:
    """The time after which a poll is worth its price, or half the list of ``window`` entries (0: unknown) has turned
    over; at most ``longest``. A higher rate never makes it longer.

    Within an hour the rate is constant, so that the crossing is the root of a parabola.

    :param rate: entries a day.
    :param price: entry-days of delay.
    """
    rate = max(rate, LEAST_RATE)
    worth = price * rate ** (1 - ENTRY_WEIGHT)
    room = window * WINDOW_SHARE or math.inf
    hour, weekday = now.hour, now.weekday()
    piece = 1 / 24 - (now.minute * 60 + now.second) / 86_400
    waited = came = passed = 0.0
    most = longest / DAY
    while passed < most:
        flow = rate * shape.hours[hour] * shape.weekdays[weekday]
        left = worth - waited
        crossing = min(2 * left / (came + math.sqrt(came * came + 2 * flow * left)), (room - came) / flow)
        if crossing <= piece:
            return timedelta(days=min(passed + crossing, most))
        waited += came * piece + flow * piece * piece / 2
        came += flow * piece
        passed += piece
        piece = 1 / 24
        hour += 1
        if hour == 24:
            hour, weekday = 0, (weekday + 1) % 7
    return longest


def is_silent(state: SourceState, polling: Polling, now: datetime) -> bool:
    """Whether the source answers but has had nothing new for ``silent_after``."""
    return state.last_change_at is not None and now - state.last_change_at > polling.silent_after


def with_jitter(wanted: timedelta, polling: Polling, interval: Interval, dice: Dice) -> timedelta:
    """The interval varied by its share of jitter, never below the lower bound: what would fall below is mirrored."""
    varied = jittered(wanted, polling.jitter, dice)
    return varied if varied >= interval.min else 2 * interval.min - varied
