"""When a source posts: learned from the moments of its entries, kept in a few dozen numbers.

Every post counts 1 when it happens and fades: for the rate to 1/e in ``MEMORY``, for the shape of day and week more
slowly, because habits outlive busy weeks. A poll that brings nothing changes no number: how long the source has
been watched follows from ``Habit.since``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from feedhub.model import Habit
from feedhub.schedule.moments import DAY, HOUR

MEMORY = timedelta(days=21)
"""After this time a post counts 1/e for the rate."""
SHAPE_MEMORY = timedelta(days=60)
"""After this time a post counts 1/e for the shape of day and week."""
PRIOR_RATE = 0.3
"""Entries a day of a source of which nothing is known."""
PRIOR_WEIGHT = 0.5
"""For how many posts the prior rate counts."""
SHAPE_PRIOR = 12.0
"""For how many posts an even day and week count: a shape must be earned."""
MOST_POSTS = 1e6
"""More than any source lists in a memory's time: what is hostile stays finite."""
POINTS = 8
"""A post whose moment is unknown counts in so many parts, spread over the time in which it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How the rate varies, as factors around 1 by hour of the day and by day of the week (0 = Monday), both UTC."""

    hours: tuple[float, ...] = (1.0,) * 24
    weekdays: tuple[float, ...] = (1.0,) * 7


FLAT = Shape()


def first_habit(moments: Sequence[datetime], listed: int, oldest: datetime | None, now: datetime) -> Habit:
    """What the first look at a source's list teaches.

    The oldest tenth is left out: lists begin with entries that are pinned or were brought over from elsewhere.

    :param moments: those of its entries, as far as stated.
    """
    past = sorted((moment for moment in moments if moment <= now), reverse=True)
    past = past[: len(past) - len(past) // 10]
    if past:
        since = min(past[-1], now - HOUR)
        return _counted(Habit(since=since, at=now), [(moment, 1.0) for moment in past], now)
    since = now if oldest is None or not listed else min(oldest, now - HOUR)
    posts = listed * _watched(since, now) / max((now - since) / DAY, 1 / 24)
    return Habit(since=since, at=now, posts=_kept(min(posts, MOST_POSTS)))


def learned(habit: Habit, moments: Sequence[datetime], new: int, listed: int, last: datetime, now: datetime) -> Habit:
    """What a later look teaches. Nothing new: the habit itself.

    :param moments: those of the new entries, as far as stated. One that lies before ``last`` (the poll before, which
        did not see the entry) or after ``now`` is not believed: the post counts evenly in between.
    """
    if new <= 0 or now <= last:
        return habit
    stated = [moment for moment in moments if last <= moment <= now][:new]
    vague = new - len(stated)
    if listed > 1 and new >= listed and not vague:
        vague = _overlooked(stated, last, now)
    posts = [(moment, 1.0) for moment in stated]
    if vague:
        step = (now - last) / POINTS
        posts += [(last + step * (part + 0.5), vague / POINTS) for part in range(POINTS)]
    return _counted(_faded(habit, now), posts, now)


def rate_of(habit: Habit, now: datetime) -> float:
    """Entries a day: faded posts over faded time, drawn towards the prior while little is known."""
    if habit.since is None or habit.at is None:
        return PRIOR_RATE
    posts = habit.posts * _fade(habit.at, now, MEMORY)
    return (posts + PRIOR_WEIGHT) / (_watched(habit.since, now) + PRIOR_WEIGHT / PRIOR_RATE)


def shape_of(habit: Habit, now: datetime) -> Shape:
    """The shape of day and week; it flattens while nothing comes."""
    if habit.at is None:
        return FLAT
    fade = _fade(habit.at, now, SHAPE_MEMORY)
    return Shape(hours=_factors(habit.hours, fade), weekdays=_factors(habit.weekdays, fade))


def _overlooked(stated: Sequence[datetime], last: datetime, now: datetime) -> int:
    """The whole list is younger than the last poll: it turned over, and more came than it holds.

    As much again as the list's own pace says, at most four times the list.
    """
    span = max(now - min(stated), timedelta(minutes=1))
    return min(int(len(stated) * ((now - last) / span - 1)), 4 * len(stated))


def _counted(habit: Habit, posts: Iterable[tuple[datetime, float]], now: datetime) -> Habit:
    total, hours, weekdays = habit.posts, list(habit.hours), list(habit.weekdays)
    for moment, weight in posts:
        total += weight * _fade(moment, now, MEMORY)
        shaped = weight * _fade(moment, now, SHAPE_MEMORY)
        hours[moment.hour] += shaped
        weekdays[moment.weekday()] += shaped
    return replace(
        habit,
        posts=_kept(min(total, MOST_POSTS)),
        hours=tuple(_kept(min(count, MOST_POSTS)) for count in hours),
        weekdays=tuple(_kept(min(count, MOST_POSTS)) for count in weekdays),
    )


def _faded(habit: Habit, now: datetime) -> Habit:
    """The same habit, its counts as of now."""
    if habit.at is None:
        return replace(habit, since=habit.since or now, at=now)
    shaped = _fade(habit.at, now, SHAPE_MEMORY)
    return replace(
        habit,
        at=now,
        posts=habit.posts * _fade(habit.at, now, MEMORY),
        hours=tuple(count * shaped for count in habit.hours),
        weekdays=tuple(count * shaped for count in habit.weekdays),
    )


def _fade(then: datetime, now: datetime, memory: timedelta) -> float:
    return math.exp(-max((now - then) / memory, 0.0))


def _watched(since: datetime, now: datetime) -> float:
    """Days for which the source has been watched, faded like its posts."""
    return MEMORY / DAY * -math.expm1(-max((now - since) / MEMORY, 0.0))


def _factors(counts: Sequence[float], fade: float) -> tuple[float, ...]:
    share = SHAPE_PRIOR / len(counts)
    scale = len(counts) / (sum(counts) * fade + SHAPE_PRIOR)
    return tuple([(count * fade + share) * scale for count in counts])


def _kept(number: float) -> float:
    """Six digits: what is stored is what is believed, and short."""
    return float(f"{number:.6g}")
