"""The policies that FeedHub is compared with, each with one knob by which it is given its budget.

Formulas: Palladian's (Urbansky, Reichert and others) for learned fixed, adaptive TTL, MAV, MAVSync, PostRate and IndHist (Bright, Gal and
Raschid 2006); the programs' own for Miniflux and NewsBlur; Sia, Cho and Cho (2007) for the square-root rule. All are written anew
here. In their favour: no jitter, no ticks of a clock, no batches; their dates are those stated, else when they first saw the entry. All are
held between FLOOR and CEILING, as FeedHub is. Only Miniflux looks at hints, as its program does.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right, insort
from collections.abc import Sequence
from datetime import timedelta

from cadence_lab.simulate import Answer
from cadence_lab.traces import DAY, HOUR, MINUTE, START, WEEK, Span, Trace
from feedhub.schedule.cadence import worthwhile
from feedhub.schedule.habit import Shape

FLOOR, CEILING = 15 * MINUTE, 24 * HOUR
UNKNOWN = HOUR
"""The interval of a source of which a formula can say nothing."""


class Bounded:
    """What all have in common: the bounds, and the same interval again after a 503."""

    def __init__(self, trace: Trace, knob: float, span: Span) -> None:
        self.trace, self.knob, self.span = trace, knob, span
        self._interval = UNKNOWN

    def after(self, answer: Answer) -> int:
        if answer.retry_at is None:
            self._interval = round(min(max(self.interval(answer), FLOOR), CEILING))
        return answer.now + self._interval

    def interval(self, answer: Answer) -> float:
        """Seconds, before the bounds."""
        raise NotImplementedError


class Fixed(Bounded):
    """T = knob."""

    def interval(self, answer: Answer) -> float:  # noqa: ARG002  nothing of it matters
        return self.knob * HOUR


class LearnedFixed(Bounded):
    """T = knob · mean gap of the first list, for ever."""

    def interval(self, answer: Answer) -> float:
        return self.knob * _mean_gap(answer.dates) if answer.first else self._interval


class AdaptiveTtl(Bounded):
    """T = knob · age of the newest entry."""

    def interval(self, answer: Answer) -> float:
        return self.knob * (answer.now - answer.dates[-1]) if answer.dates else UNKNOWN


class Mav(Bounded):
    """T = knob · mean gap of the list; without a new entry the newest gap counts as the time since the newest entry."""

    def interval(self, answer: Answer) -> float:
        dates = answer.dates
        gap = _mean_gap(dates)
        if not answer.new and len(dates) > 2:
            gap += ((answer.now - dates[-1]) - (dates[-1] - dates[-2])) / (len(dates) - 1)
        return self.knob * gap


class MavSync(Bounded):
    """The next poll falls on newest entry + knob · mean gap if that is ahead; else T = knob · age of the oldest / n."""

    def interval(self, answer: Answer) -> float:
        dates = answer.dates
        if len(dates) < 2:
            return UNKNOWN
        ahead = dates[-1] + self.knob * _mean_gap(dates) - answer.now
        return ahead if ahead >= FLOOR else self.knob * (answer.now - dates[0]) / len(dates)


class PostRate(Bounded):
    """Posts by minute of the day over days watched; T is the first time with Σ ≥ knob."""

    def __init__(self, trace: Trace, knob: float, span: Span) -> None:
        super().__init__(trace, knob, span)
        self._minutes: list[int] = []  # of the day, of every post known, in order
        self._since = 0

    def interval(self, answer: Answer) -> float:
        dates = answer.dates
        if answer.first:
            self._since = dates[0] if dates else answer.now
        for date in dates[len(dates) - answer.new :]:
            insort(self._minutes, date // MINUTE % 1440)
        days = max((answer.now - self._since) / DAY, 1.0)
        ahead = max(math.ceil(self.knob * days), 1)  # so many posts of the past lie ahead in the cycle of the day
        if not self._minutes:
            return CEILING
        minute = answer.now // MINUTE % 1440
        rounds, place = divmod(bisect_right(self._minutes, minute) + ahead - 1, len(self._minutes))
        return (rounds * 1440 + self._minutes[place] - minute) * MINUTE


class IndHist(Bounded):
    """Hourly rates of a training time, which is all of the past up to the scored time; T is the first time with Σ ≥ knob."""

    def __init__(self, trace: Trace, knob: float, span: Span) -> None:
        super().__init__(trace, knob, span)
        start = max(span.begin - 4 * WEEK, min(trace.appeared, default=0))
        counts = [0.0] * 24
        for moment in trace.appeared:
            if start <= moment < span.begin:
                counts[moment // HOUR % 24] += 1
        days = max((span.begin - start) / DAY, 1.0)
        self._rates = [count / days for count in counts]

    def interval(self, answer: Answer) -> float:
        if not any(self._rates):
            return CEILING
        left, now = self.knob, answer.now
        while now - answer.now < CEILING:
            rate, rest = self._rates[now // HOUR % 24], HOUR - now % HOUR
            if rate * rest / HOUR >= left:
                return now + left / rate * HOUR - answer.now
            left -= rate * rest / HOUR
            now += rest
        return CEILING


class Miniflux(Bounded):
    """entry_frequency: T = 7 d / (entries of the last 7 d · knob); a 200's ttl or max-age, up to 24 h, as the floor."""

    def __init__(self, trace: Trace, knob: float, span: Span) -> None:
        super().__init__(trace, knob, span)
        self._dates: list[int] = []

    def interval(self, answer: Answer) -> float:
        for date in answer.dates[len(answer.dates) - answer.new :]:
            insort(self._dates, date)
        week = len(self._dates) - bisect_right(self._dates, answer.now - WEEK)
        wanted = WEEK / (week * self.knob) if week else CEILING
        hint = max(self.trace.ttl * MINUTE, self.trace.max_age) if answer.new or answer.first else 0
        return max(min(max(wanted, FLOOR), CEILING), min(hint, CEILING))


class NewsBlur(Bounded):
    """Its tiers for a feed of one reader, times knob: by stories a day, then by months of silence; 0 to 25 % of chance on top."""

    def __init__(self, trace: Trace, knob: float, span: Span) -> None:
        super().__init__(trace, knob, span)
        self._dates: list[int] = []
        self._dice = random.Random(f"newsblur {trace.name}")

    def interval(self, answer: Answer) -> float:
        for date in answer.dates[len(answer.dates) - answer.new :]:
            insort(self._dates, date)
        month = len(self._dates) - bisect_right(self._dates, answer.now - 30 * DAY)
        a_day = month / 30
        if a_day >= 1:
            minutes = 60.0
        elif month:
            minutes = max(720 - 720 * a_day, 60)
        else:
            silent = (answer.now - self._dates[-1]) / (30 * DAY) if self._dates else 1.0
            minutes = 12 * 60 * max(silent, 1.0)
        return self.knob * minutes * MINUTE * (1 + self._dice.random() / 4)


class Learning(Bounded):
    """A rate as FeedHub learns it: counts that fade over three weeks, and half a post at 0.3 a day as the prior."""

    MEMORY = 21.0

    def __init__(self, trace: Trace, knob: float, span: Span) -> None:
        super().__init__(trace, knob, span)
        self._posts, self._at, self._since = 0.0, 0, 0

    def rate(self, answer: Answer) -> float:
        """Posts a day, after this answer is learned."""
        new = answer.dates[len(answer.dates) - answer.new :]
        if answer.first:
            self._since = min([*new, answer.now - HOUR])
        if new or answer.first:
            self._posts *= self._fade(self._at, answer.now)
            self._posts += sum(self._fade(date, answer.now) for date in new)
            self._at = answer.now
        watched = self.MEMORY * -math.expm1((self._since - answer.now) / DAY / self.MEMORY)
        return (self._posts * self._fade(self._at, answer.now) + 0.5) / (watched + 0.5 / 0.3)

    def _fade(self, then: int, now: int) -> float:
        return math.exp((then - now) / DAY / self.MEMORY)


class Proportional(Learning):
    """T = knob / λ̂."""

    def interval(self, answer: Answer) -> float:
        return self.knob * DAY / self.rate(answer)


class SquareRoot(Learning):
    """T = knob / √λ̂: least total delay for constant rates (Sia, Cho and Cho 2007)."""

    def interval(self, answer: Answer) -> float:
        return self.knob * DAY / math.sqrt(self.rate(answer))


class Oracle(Bounded):
    """FeedHub's rule at the true intensity of this moment, without hints and jitter: what better learning could gain at most."""

    def interval(self, answer: Answer) -> float:
        beat = self.trace.beat
        if beat is None:
            raise ValueError(f"Nobody knows the true intensity of {self.trace.name}.")
        shape = Shape(
            hours=tuple([max(hour, 1e-4) for hour in beat.hours]),
            weekdays=tuple([max(day, 1e-4) for day in beat.weekdays]),
        )
        now, longest = START + timedelta(seconds=answer.now), timedelta(seconds=CEILING)
        rate = beat.rate(answer.now)
        return worthwhile(
            rate, shape, self.trace.window, self.knob, now, longest, timedelta(seconds=FLOOR)
        ).total_seconds()


class Obedient:
    """Another policy that keeps every hint too: what is left of the difference is the policy's."""

    def __init__(self, trace: Trace, inner: Bounded) -> None:
        self._trace, self._inner = trace, inner

    def after(self, answer: Answer) -> int:
        trace, now = self._trace, answer.now
        wait = max(trace.ttl * MINUTE, trace.max_age)
        later = max(self._inner.after(answer), now + min(wait, CEILING), answer.retry_at or 0)
        while later // HOUR % 24 in trace.skip_hours:
            later = (later // HOUR + 1) * HOUR
        return later


def _mean_gap(dates: Sequence[int]) -> float:
    return max((dates[-1] - dates[0]) / (len(dates) - 1), 1.0) if len(dates) > 1 else UNKNOWN
