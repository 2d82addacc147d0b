"""How often a source deserves to be polled.

Polling is a bargain between delay and requests. Let Λ(t) be the entries that are expected within t of the last poll. The poll at t
finds them; had it not been made, all of them would have waited on until the next one, at u: it saves Λ(t)·(u − t) of delay. A
poll costs a price c. It is made where the saving is first worth two prices:

    t = argmin over t of  t + 2c / Λ(t)                   (t + 2c/Λ(t) is the u at which the poll at t has paid)

For a constant rate λ that is t = √(2c/λ), the square-root rule of Sia, Cho and Cho (2007): hence the two. Where the rate varies, the best
t within a stretch of the rate λ is the one with Λ(t) = √(2c·λ), which is the same as Λ(t) = λ·(u − t): what postponing makes all
that came wait equals what it spares those still to come. So polls fall behind the hours and minutes in which entries come, not into
them. A poll that cannot be followed by another one within the shortest interval m waits until Λ(t) ≥ λ·m, by the same
equation. ``habit.py`` learns λ, ``price.py`` steers c.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
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
QUIET = 0.5
"""In an hour with a smaller factor so few entries come that their minutes are left out."""
WHOLE = 0.999 / 24
EVEN = (1.0,)
"""An hour of one piece: its minutes say nothing."""
AIMED_SPREAD = timedelta(minutes=3)
"""Polls that wait for a minute of the hour are spread over this time after it, as long as a piece of the hour."""
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
    return aimed_interval(state, polling, interval, now, price)[0]


def aimed_interval(
    state: SourceState, polling: Polling, interval: Interval, now: datetime, price: float
) -> tuple[timedelta, bool]:
    """:func:`policy_interval`, and whether it was chosen for a minute of the hour, so that sooner would be in vain."""
    if is_silent(state, polling, now):
        return max(polling.silent_interval, interval.min), False
    shape = shape_of(state.habit, now)
    best = worthwhile(state.rate, shape, state.window, price, now, interval.max, interval.min)
    wanted = max(min(best, longest_wait(state.gap, now)), interval.min)
    wanted = wanted if state.has_validators else max(wanted, polling.no_validator_min)
    return wanted, bool(shape.slots) and wanted == best


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


def worthwhile(
    rate: float,
    shape: Shape,
    window: int,
    price: float,
    now: datetime,
    longest: timedelta,
    least: timedelta = timedelta(0),
) -> timedelta:
    """The time after which a poll is worth its price, or half the list of ``window`` entries (0: unknown) has turned
    over; at most ``longest``. A higher rate never makes it longer.

    Within a piece of the hour the rate is constant, so that its best moment is a formula; the loop ends where no later piece
    can be better.

    :param rate: entries a day.
    :param price: entry-days of delay.
    :param least: no poll can follow another one sooner.
    """
    rate = max(rate, LEAST_RATE)
    bargain = 2 * price * math.pow(rate, 1 - ENTRY_WEIGHT)
    room = window * WINDOW_SHARE or math.inf
    soonest, most = least / DAY, longest / DAY
    came = passed = best = 0.0
    paid = math.inf  # when a poll at ``best`` has paid
    lowest = min(shape.slots, default=1.0)

    def dull(flow: float) -> bool:
        """Whether no moment of the hour that begins now can be the best, so that its pieces need not be looked at."""
        then = came + flow / 24
        if then >= room or passed + 1 / 24 >= most:
            return False
        return then < math.sqrt(bargain * flow * lowest) or max(passed, soonest) + bargain / then >= paid

    for flow, piece in _ahead(rate, shape, now, dull):
        end = min(passed + piece, most, passed + (room - came) / flow)
        wanted = max(math.sqrt(bargain * flow), flow * soonest)
        moment = max(passed + max(wanted - came, 0.0) / flow, soonest)
        last = end < passed + piece
        if moment <= end or last:
            moment = min(moment, end)
            pays = moment + bargain / (came + flow * (moment - passed))
            if pays < paid:
                best, paid = moment, pays
        if last or end >= paid:
            break
        came += flow * piece
        passed = end
    return timedelta(days=best)


def pays_before(rate: float, shape: Shape, price: float, now: datetime, moment: datetime, later: datetime) -> bool:
    """Whether what is expected until a moment is worth a poll then, when there can be no other one until ``later``."""
    rate, came, left = max(rate, LEAST_RATE), 0.0, (moment - now) / DAY
    for flow, piece in _ahead(rate, shape, now):
        came += flow * min(piece, left)
        left -= piece
        if left <= 0:
            break
    return came * ((later - moment) / DAY) >= 2 * price * math.pow(rate, 1 - ENTRY_WEIGHT)


def _ahead(
    rate: float, shape: Shape, now: datetime, dull: Callable[[float], bool] | None = None
) -> Iterator[tuple[float, float]]:
    """The rate (entries a day) and length (days) of each piece of time from now on, without end.

    :param dull: asked at the begin of each full hour, with its rate, whether it may come as one piece.
    """
    slots = shape.slots or EVEN
    size = 1 / 24 / len(slots)
    hour, weekday = now.hour, now.weekday()
    into = (now.minute * 60 + now.second) / 86_400
    slot = min(int(into / size), len(slots) - 1)
    piece = (slot + 1) * size - into  # what is left of the first one
    while True:
        flow = rate * shape.hours[hour] * shape.weekdays[weekday]
        left = piece + (len(slots) - 1 - slot) * size
        if shape.hours[hour] < QUIET or (dull and slots is not EVEN and left >= WHOLE and dull(flow)):
            yield flow, left
            piece = size
        else:
            for factor in slots[slot:]:
                yield flow * factor, piece
                piece = size
        slot = 0
        hour += 1
        if hour == 24:
            hour, weekday = 0, (weekday + 1) % 7


def is_silent(state: SourceState, polling: Polling, now: datetime) -> bool:
    """Whether the source answers but has had nothing new for ``silent_after``."""
    return state.last_change_at is not None and now - state.last_change_at > polling.silent_after


def with_jitter(
    wanted: timedelta, polling: Polling, interval: Interval, dice: Dice, *, aimed: bool = False
) -> timedelta:
    """The interval varied by its share of jitter, never below the lower bound: what would fall below is mirrored.

    An aimed one (:func:`aimed_interval`) becomes longer only, by ``AIMED_SPREAD`` at most: a poll before the minute in which
    entries come finds nothing, and one long after it is late for all of them.
    """
    if aimed:
        return max(wanted, interval.min) + min(wanted * polling.jitter, AIMED_SPREAD) * dice()
    varied = jittered(wanted, polling.jitter, dice)
    return varied if varied >= interval.min else 2 * interval.min - varied
