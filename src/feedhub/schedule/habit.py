"""When a source posts: learned from the moments of its entries, kept in a few dozen numbers.

Every post counts 1 when it happens and fades to 1/e in a memory's time τ. S(τ) is the sum of what is left, and
E(τ) = τ·(1 − e^(−age/τ)) the time watched, faded alike; a poll that brings nothing changes no number, because the age follows from
``Habit.since``. The rate is learned in two steps, each the mean of a Poisson rate under its conjugate prior, a Gamma distribution
worth so many posts; the first step is the prior of the second:

    usual = (S(MEMORY) + a) / (E(MEMORY) + a/λ₀)          a = PRIOR_WEIGHT, λ₀ = PRIOR_RATE
    λ     = (S(RECENT) + m) / (E(RECENT) + m/usual)       m = RECENT_WEIGHT

The long memory keeps quiet and bursty sources steady, the short one follows those that wake up or fall silent.

The *shape* is a factor for each of the k pieces of a cycle: 24 hours of the day, 7 days of the week, 20 pieces of the hour. It counts busy
pieces, not posts: ten entries in one hour are one habit, not ten. With n_i counts in piece i and N in all,

    factor_i = k·(n_i + κ/k) / (N + κ)

which is the mean under a Dirichlet prior of weight κ. How much a source keeps to its hours is learned, too (empirical Bayes): two posts
share a piece with probability (κ/k + 1)/(κ + 1) under that prior, so that from the share seen, drawn towards the expected one by so
many pairs as PAIRS says,

    Q = k·(Σ n_i·(n_i − 1) + PAIRS·q₀/k) / (N·(N − 1) + PAIRS)        q₀ = (κ₀ + k)/(κ₀ + 1)
    κ = (k − Q) / (Q − 1)

A source that posts at any hour gets a κ so large that its shape is flat; one that keeps to a minute needs about four posts to be believed.
What is believed is the moment that an entry states when that lies between the poll that did not show it and the one that did.
Each poll that shows a source's dates to be wrong takes three quarters of what was thought of its minutes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from feedhub.model import Habit
from feedhub.schedule.moments import DAY, HOUR

MEMORY = timedelta(days=60)
"""After this time a post counts 1/e for the rate."""
RECENT = timedelta(days=5)
"""After this time a post counts 1/e for what the source does of late: it wakes up, or falls silent."""
RECENT_WEIGHT = 3.0
"""For how many posts the usual rate counts against what came of late."""
SHAPE_MEMORY = timedelta(days=60)
"""After this time a busy hour counts 1/e for the shape of day and week."""
PRIOR_RATE = 0.3
"""Entries a day of a source of which nothing is known."""
PRIOR_WEIGHT = 0.5
"""For how many posts the prior rate counts."""
SHAPE_PRIOR = 12.0
"""κ₀ of the day and the week: for how many busy hours an even one counts as long as little is known."""
NONE = Habit()
SLOT = HOUR / len(NONE.slots)
"""A piece of the hour: as short as most intervals' jitter, as long as programs take to publish what is due."""
SLOT_PRIOR = 200.0
"""κ₀ of the hour: few sources keep to a minute."""
PAIRS = 60.0
"""For how many pairs of posts κ₀ counts: as many as eight posts make."""
LEAST_PRIOR = 3.0
"""κ is never less: habits are broken."""
MOST_PRIOR = 1e4
"""κ of a source whose posts share pieces no oftener than by chance."""
DISPROVED = 0.25
"""What is left of the counts by minute when a source states a moment at which its entry cannot have appeared."""
MATTERS = 10.0
"""Above this κ the minutes of the hour are left out: they would cost time and change nothing."""
DATES = 3
"""So many entries of one time of day, to the second, state days only; so many of full hours, hours only."""
MOST_POSTS = 1e6
"""More than any source lists in a memory's time: what is hostile stays finite."""
POINTS = 8
"""A post whose moment is unknown counts in so many parts, spread over the time in which it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How the rate varies, as factors around 1 by hour of the day, by day of the week (0 = Monday), both UTC, and by
    piece of the hour: 1 on average, () when the minute says nothing."""

    hours: tuple[float, ...] = (1.0,) * 24
    weekdays: tuple[float, ...] = (1.0,) * 7
    slots: tuple[float, ...] = ()


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
        counted = _counted(Habit(since=since, at=now), [(moment, 1.0) for moment in past], now)
        return _without_times(counted, past)
    since = now if oldest is None or not listed else min(oldest, now - HOUR)
    posts = listed * _watched(since, now, MEMORY) / max((now - since) / DAY, 1 / 24)
    recent = posts * _watched(since, now, RECENT) / max(_watched(since, now, MEMORY), 1e-9)
    return Habit(since=since, at=now, posts=_kept(min(posts, MOST_POSTS)), recent=_kept(min(recent, MOST_POSTS)))


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
    faded = _faded(habit, now)
    if any(not last <= moment <= now for moment in moments):  # when it was written, of a wrong zone, of a wrong clock
        faded = replace(faded, slots=tuple([count * DISPROVED for count in faded.slots]))
    return _counted(faded, posts, now)


def rate_of(habit: Habit, now: datetime) -> float:
    """Entries a day: what came of late, drawn towards what is usual, which is drawn towards the prior while little is known."""
    if habit.since is None or habit.at is None:
        return PRIOR_RATE
    posts = habit.posts * _fade(habit.at, now, MEMORY)
    usual = (posts + PRIOR_WEIGHT) / (_watched(habit.since, now, MEMORY) + PRIOR_WEIGHT / PRIOR_RATE)
    recent = habit.recent * _fade(habit.at, now, RECENT)
    return (recent + RECENT_WEIGHT) / (_watched(habit.since, now, RECENT) + RECENT_WEIGHT / usual)


def usual_rate(habit: Habit) -> float:
    """Entries a day as of the last one: what a silence is measured by. 0 when nothing was learned yet."""
    return rate_of(habit, habit.at) if habit.at else 0.0


def shape_of(habit: Habit, now: datetime) -> Shape:
    """The shape of day and week; it flattens while nothing comes."""
    if habit.at is None:
        return FLAT
    fade = _fade(habit.at, now, SHAPE_MEMORY)
    slots, prior = habit.slots, _prior(habit.slots, fade, SLOT_PRIOR)
    if prior <= MATTERS:  # what falls near the edge of a piece may fall into the next one
        near = zip(slots[-1:] + slots[:-1], slots, slots[1:] + slots[:1], strict=True)
        slots = _factors([(one + 2 * own + other) / 4 for one, own, other in near], fade, prior)
    return Shape(
        hours=_factors(habit.hours, fade, _prior(habit.hours, fade, SHAPE_PRIOR)),
        weekdays=_factors(habit.weekdays, fade, _prior(habit.weekdays, fade, SHAPE_PRIOR)),
        slots=slots if prior <= MATTERS else (),
    )


def _prior(counts: Sequence[float], fade: float, expected: float) -> float:
    """κ: for how many posts an even cycle counts, by how often two posts share a piece of it."""
    size, posts = len(counts), sum(counts) * fade
    sharing = max(sum([count * count for count in counts]) * fade * fade - posts, 0.0)
    usual = (expected / size + 1) / (expected + 1)
    share = size * (sharing + PAIRS * usual) / (max(posts * (posts - 1), 0.0) + PAIRS)
    return min(max((size - share) / max(share - 1, 1e-9), LEAST_PRIOR), MOST_PRIOR)


def _without_times(habit: Habit, moments: Sequence[datetime]) -> Habit:
    """The habit without what moments cannot teach that are none: dates without a time of day, hours without minutes.

    Who really posts on the stroke of the clock will be found to do so by the polls to come.
    """
    if len(moments) < DATES:
        return habit
    if len({moment.time() for moment in moments}) == 1:
        return replace(habit, hours=NONE.hours, slots=NONE.slots)
    on_the_hour = not any(moment.minute or moment.second for moment in moments)
    return replace(habit, slots=NONE.slots) if on_the_hour else habit


def _overlooked(stated: Sequence[datetime], last: datetime, now: datetime) -> int:
    """The whole list is younger than the last poll: it turned over, and more came than it holds.

    As much again as the list's own pace says, at most four times the list.
    """
    span = max(now - min(stated), timedelta(minutes=1))
    return min(int(len(stated) * ((now - last) / span - 1)), 4 * len(stated))


def _counted(habit: Habit, posts: Iterable[tuple[datetime, float]], now: datetime) -> Habit:
    """The habit with these posts added, each with its weight; its counts must be as of now."""
    total, recent, hours, weekdays = habit.posts, habit.recent, list(habit.hours), list(habit.weekdays)
    slots = list(habit.slots)
    busy: dict[datetime, float] = {}  # by the hour
    pieces: dict[datetime, float] = {}  # by the piece of it
    for moment, weight in posts:
        total += weight * _fade(moment, now, MEMORY)
        recent += weight * _fade(moment, now, RECENT)
        hour = moment.replace(minute=0, second=0, microsecond=0)
        piece = hour + (moment - hour) // SLOT * SLOT
        busy[hour] = busy.get(hour, 0.0) + weight
        pieces[piece] = pieces.get(piece, 0.0) + weight
    for hour, weight in busy.items():
        shaped = min(weight, 1.0) * _fade(hour, now, SHAPE_MEMORY)
        hours[hour.hour] += shaped
        weekdays[hour.weekday()] += shaped
    for piece, weight in pieces.items():
        slots[piece.minute * len(slots) // 60] += min(weight, 1.0) * _fade(piece, now, SHAPE_MEMORY)
    return replace(
        habit,
        posts=_kept(min(total, MOST_POSTS)),
        recent=_kept(min(recent, MOST_POSTS)),
        hours=_all_kept(hours),
        weekdays=_all_kept(weekdays),
        slots=_all_kept(slots),
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
        recent=habit.recent * _fade(habit.at, now, RECENT),
        hours=tuple(count * shaped for count in habit.hours),
        weekdays=tuple(count * shaped for count in habit.weekdays),
        slots=tuple(count * shaped for count in habit.slots),
    )


def _fade(then: datetime, now: datetime, memory: timedelta) -> float:
    return math.exp(-max((now - then) / memory, 0.0))


def _watched(since: datetime, now: datetime, memory: timedelta) -> float:
    """Days for which the source has been watched, faded like its posts."""
    return memory / DAY * -math.expm1(-max((now - since) / memory, 0.0))


def _factors(counts: Sequence[float], fade: float, prior: float) -> tuple[float, ...]:
    share = prior / len(counts)
    scale = len(counts) / (sum(counts) * fade + prior)
    return tuple([(count * fade + share) * scale for count in counts])


def _all_kept(counts: Iterable[float]) -> tuple[float, ...]:
    """Most pieces of most cycles never saw a post: nothing is done for those."""
    return tuple([_kept(min(count, MOST_POSTS)) if count else count for count in counts])


def _kept(number: float) -> float:
    """Six digits: what is stored is what is believed, and short."""
    return float(f"{number:.6g}")
