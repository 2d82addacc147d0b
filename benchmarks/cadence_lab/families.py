"""Invented sources: seven kinds of posting, with rates as uneven as those of real feeds.

Rates are the quantiles of a lognormal distribution with σ = 2.835, dealt out by chance, so that a sixth of the sources makes most of
the entries (Hmedeh and others, 2014, found 17 % with 97 %). Each seed deals anew; all else follows from the seed too.
"""

from __future__ import annotations

import math
import random
from statistics import NormalDist
from typing import Any

from cadence_lab.traces import DAY, HOUR, MINUTE, WEEK, Beat, Span, Trace

SIGMA = 2.835
MEAN_RATE = 3.0
"""Posts per source and day over all sources."""
HIGHEST_RATE = 150.0
"""Posts a day of the busiest source: one source shall not decide a whole table."""
WINDOWS = (10, 15, 20, 25, 30, 40, 50, 100)
FAMILIES = {"poisson": 24, "daily": 30, "weekly": 10, "cron": 10, "bursty": 14, "dying": 6, "waking": 6}
"""Kinds and their shares in percent."""
CLUSTER = 4.0
"""Entries in a burst, on average, within about an hour."""
CHANGING = 0.15
"""Share of the sources whose rate changes to between a fifth and the fivefold while they are scored."""
UNDATED, PARTLY_DATED = 0.05, 0.05
"""Share of the sources that state no dates, and of those that state only two of three."""


def make_sources(count: int, seed: int, span: Span) -> list[Trace]:
    """``count`` sources, the same ones for the same seed."""
    dice = random.Random(f"cadence {seed}")
    rates = _rates(count)
    dice.shuffle(rates)
    kinds = [kind for kind, share in FAMILIES.items() for _ in range(share)]
    return [
        _source(f"{seed}-{number}", kinds[number * len(kinds) // count], rate, span)
        for number, rate in enumerate(rates)
    ]


def _rates(count: int) -> list[float]:
    """Quantiles of the distribution, scaled so that their mean is MEAN_RATE in spite of the cap."""
    raw = [math.exp(SIGMA * NormalDist().inv_cdf((place + 0.5) / count)) for place in range(count)]
    low, high = 0.0, 1e6
    for _ in range(60):
        scale = (low + high) / 2
        mean = sum(min(rate * scale, HIGHEST_RATE) for rate in raw) / count
        low, high = (scale, high) if mean < MEAN_RATE else (low, scale)
    return [min(rate * low, HIGHEST_RATE) for rate in raw]


def _source(name: str, kind: str, rate: float, span: Span) -> Trace:
    dice = random.Random(f"source {name}")
    window = dice.choice(WINDOWS)
    past = -int(min(max(window / rate, 30), 730) * DAY)
    beat = _beat(kind, rate, span, dice)
    stop = span.end + DAY
    match kind:
        case "cron":
            appeared = _cron(beat, past, stop, dice)
        case "bursty":
            appeared = _bursts(beat, past, stop, dice)
        case _:
            appeared = _poisson(beat, past, stop, 1.0, dice)
    return Trace(
        name=name,
        family=kind,
        appeared=appeared,
        stated=_dates(appeared, dice),
        window=window,
        first_poll=dice.randrange(DAY),
        beat=beat,
        **_hints(beat, rate, window, span, dice),
    )


# ---------------------------------------------------------------- when


def _beat(kind: str, rate: float, span: Span, dice: random.Random) -> Beat:
    turn = dice.randrange(span.begin - 7 * DAY, span.end - 7 * DAY)
    past = -800 * DAY
    rates: tuple[tuple[int, float], ...] = ((past, rate),)
    if kind == "dying":
        rates = ((past, rate), (turn, rate * 0.02))
    elif kind == "waking":
        rates = ((past, rate * 0.02), (turn, rate))
    elif dice.random() < CHANGING:
        rates = ((past, rate), (turn, rate * math.exp(dice.uniform(-math.log(5), math.log(5)))))
    if kind in {"poisson", "bursty"}:
        return Beat(rates=rates)
    if kind == "cron":
        return _cron_beat(rates, rate, dice)
    narrow = dice.uniform(2.0, 4.5)
    peak = dice.uniform(0, 24)
    hours = _even([0.08 + math.exp(-((min((h - peak) % 24, (peak - h) % 24) / narrow) ** 2) / 2) for h in range(24)])
    if kind == "weekly":
        chosen = dice.randrange(7)
        weekdays = _even([1.0 if day == chosen else 0.04 for day in range(7)])
    else:
        weekend = dice.uniform(0.1, 1.0)
        weekdays = _even([1.0] * 5 + [weekend] * 2)
    return Beat(rates=rates, hours=hours, weekdays=weekdays)


def _even(weights: list[float]) -> tuple[float, ...]:
    """Factors around 1 in the proportion of the weights."""
    return tuple(weight * len(weights) / sum(weights) for weight in weights)


def _poisson(beat: Beat, start: int, stop: int, thinned: float, dice: random.Random) -> list[int]:
    """A Poisson process of the beat's intensity, by thinning one of its highest."""
    top = max(rate for _, rate in beat.rates) * max(beat.hours) * max(beat.weekdays) / thinned
    moments, now = list[int](), float(start)
    while True:
        now += dice.expovariate(top / DAY)
        if now >= stop:
            return moments
        second = int(now)
        flow = beat.rate(second) * beat.hours[second // HOUR % 24] * beat.weekdays[second // DAY % 7] / thinned
        if dice.random() < flow / top:
            moments.append(second)


def _bursts(beat: Beat, start: int, stop: int, dice: random.Random) -> list[int]:
    """Clusters that come as a Poisson process, each of a geometric number of entries some minutes apart."""
    moments = []
    for first in _poisson(beat, start, stop, CLUSTER, dice):
        now = float(first)
        moments.append(first)
        while dice.random() < 1 - 1 / CLUSTER:
            now += dice.expovariate(1 / (15 * 60))
            moments.append(int(now))
    return sorted(moment for moment in moments if moment < stop)


def _cron_beat(rates: tuple[tuple[int, float], ...], rate: float, dice: random.Random) -> Beat:
    """Fixed hours of the day; of a rare source, one day of the week."""
    times = max(1, min(24, round(rate)))
    chosen = set(dice.sample(range(24), times))
    hours = _even([1.0 if hour in chosen else 0.0 for hour in range(24)])
    if rate >= 0.7:
        return Beat(rates=rates, hours=hours)
    day = dice.randrange(7)
    return Beat(rates=rates, hours=hours, weekdays=_even([1.0 if one == day else 0.0 for one in range(7)]))


def _cron(beat: Beat, start: int, stop: int, dice: random.Random) -> list[int]:
    """At the beat's hours, always at the same minute give or take three, as often as the rate says."""
    minute = dice.randrange(4, 56)
    slots = [h * HOUR + minute * 60 for h in range(24) if beat.hours[h]]
    days = [day for day in range(7) if beat.weekdays[day]]
    moments = []
    for day in range(start // DAY, stop // DAY + 1):
        if day % 7 not in days:
            continue
        each = beat.rate(day * DAY) * 7 / len(days) / len(slots)
        for slot in slots:
            times = int(each) + (dice.random() < each % 1)
            moments += [day * DAY + slot + int(dice.uniform(-180, 180)) for _ in range(times)]
    return sorted(moment for moment in moments if start <= moment < stop)


# ---------------------------------------------------------------- what they state and ask


def _dates(appeared: list[int], dice: random.Random) -> list[int | None]:
    lot = dice.random()
    if lot < UNDATED:
        return [None] * len(appeared)
    if lot < UNDATED + PARTLY_DATED:
        return [None if dice.random() < 1 / 3 else moment for moment in appeared]
    return list(appeared)


def _hints(beat: Beat, rate: float, window: int, span: Span, dice: random.Random) -> dict[str, Any]:
    """Of a tenth of the sources each: freshness, ttl; of a twentieth each: hours to skip, outages with Retry-After.

    What publishers ask for fits what they do: no answer stays fresh for longer than the usual gap between posts (five
    minutes at least), no ttl is longer than half the list lasts, and the hours to skip are the quietest of the day.
    """
    lot, gap = dice.random(), DAY / rate
    if lot < 0.10:
        return {"max_age": dice.choice([age for age in (600, 900, 1800, HOUR, 3 * HOUR) if age <= gap] or [300])}
    if lot < 0.20:
        return {"ttl": dice.choice([ttl for ttl in (15, 30, 60, 60, 120) if ttl * MINUTE <= gap * window / 2] or [5])}
    if lot < 0.25 and len(set(beat.hours)) > 1:
        length = dice.randrange(4, 9)
        skipped = min(range(24), key=lambda start: sum(beat.hours[(start + hour) % 24] for hour in range(length)))
        return {"skip_hours": tuple(sorted((skipped + hour) % 24 for hour in range(length)))}
    if lot < 0.30:
        starts = sorted(dice.randrange(0, span.end) for _ in range(max(1, span.end // WEEK)))
        return {"outages": tuple((start, start + dice.randrange(HOUR, 8 * HOUR)) for start in starts)}
    return {}
