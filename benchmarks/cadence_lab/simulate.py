"""One source, polled by one policy in simulated time; what was late, missed, or asked against a wish."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

from cadence_lab.traces import HOUR, MINUTE, Span, Trace

LONGEST_HINT = 24 * HOUR
"""No freshness and no ttl counts as asked for beyond this, as in the configuration's ``hint_max``."""


@dataclass(slots=True)
class Answer:
    """What a poll brought. ``dates`` are those of the whole list, oldest first: as stated, else when first seen."""

    now: int
    dates: Sequence[int]
    stated: Sequence[int | None]  # of the new entries only
    new: int
    first: bool
    retry_at: int | None = None  # not None: a 503 that says so; it shows no list


class Poller(Protocol):
    """A policy at work on one source."""

    def after(self, answer: Answer) -> int:
        """The second of the next poll, later than ``answer.now``."""
        ...


@dataclass(slots=True)
class Score:
    """Of one source, within the scored time. Delays are in minutes."""

    delays: list[float] = field(default_factory=list)
    missed: int = 0
    polls: int = 0
    forbidden: int = 0  # requests within Retry-After, freshness or skipHours
    unadvised: int = 0  # requests earlier than ttl advised

    @property
    def entries(self) -> int:
        return len(self.delays) + self.missed


def simulate(trace: Trace, poller: Poller, span: Span) -> Score:
    """The score of a policy that works on this source alone."""
    score = Score()
    for _ in walk(trace, poller, span, score):
        pass
    return score


def walk(trace: Trace, poller: Poller, span: Span, score: Score) -> Iterator[int]:
    """Poll until every entry of the scored time was either found or has left the list; yield each poll's second before it.

    An entry is found by the first poll, at or after the second in which it appeared, whose list still holds it: the list
    shows the ``window`` newest. Its delay is the time between. Polls are counted from ``span.begin`` to before ``span.end``.
    """
    now, seen, first = trace.first_poll, 0, True
    appeared, window = trace.appeared, trace.window
    known = list(trace.stated)  # as the policy knows them: replaced by the first sight where not stated
    low, high = bisect_left(appeared, span.begin), bisect_left(appeared, span.end)
    wishes, hinted, dates = _Wishes(trace), trace.hinted, cast("list[int]", [])
    while True:
        yield now
        if span.begin <= now < span.end:
            score.polls += 1
            if hinted:
                wishes.check(now, score)
        retry_at = wishes.told(now) if hinted else None
        if retry_at is None:
            count = bisect_right(appeared, now)
            oldest = max(0, count - window)
            found = max(seen, oldest)
            if not first:
                score.missed += max(0, min(found, high) - max(seen, low))
                score.delays.extend([(now - appeared[at]) / MINUTE for at in range(max(found, low), min(count, high))])
            if count > seen or first:
                known[found:count] = [now if date is None else date for date in known[found:count]]
                dates = cast("list[int]", known[oldest:count])
            answer = Answer(now, dates, trace.stated[found:count], count - found, first)
            if now >= span.end:
                return
            seen, first = count, False
        else:
            answer = Answer(now, (), (), 0, first, retry_at)
        later = poller.after(answer)
        if later <= now:
            raise AssertionError(f"{type(poller).__name__} wants {trace.name} polled at {later}, not after {now}")
        now = later


class _Wishes:
    """The referee: what the source asked of its pollers so far. No policy sees this."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._not_before = self._advised = -1
        self._read = False  # nobody can keep a wish that he has not read yet

    def check(self, now: int, score: Score) -> None:
        """Count a request at ``now`` that a hint forbade or advised against."""
        skipped = self._read and now // HOUR % 24 in self._trace.skip_hours
        score.forbidden += skipped or now < self._not_before
        score.unadvised += now < self._advised

    def told(self, now: int) -> int | None:
        """The Retry-After of a 503 at ``now``, or None when the server answers; either is a wish from then on."""
        trace = self._trace
        for start, end in trace.outages:
            if start <= now < end:
                self._not_before = end
                return end
        self._read = True
        self._not_before = now + min(trace.max_age, LONGEST_HINT)
        self._advised = now + min(trace.ttl * MINUTE, LONGEST_HINT)
        return None
