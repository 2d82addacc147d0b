"""FeedHub's own policy: the production code, fed with the events that a poll would give it."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from cadence_lab.simulate import Answer, Score, walk
from cadence_lab.traces import HOUR, START, Span, Trace
from feedhub.model import (
    Digest,
    Failure,
    Fetched,
    FetchFailed,
    Freshness,
    NotModified,
    PollHints,
    SourceId,
    SourceState,
    Validators,
)
from feedhub.schedule import PollEvent, Tariff, after_poll
from feedhub.settings import Polling

POLLING = Polling(silent_after=timedelta(days=9999))
"""The defaults of the configuration, jitter and all, but for one rule: a source that was silent for 180 days is polled
once a week (standards, part 1), which no other policy here does. All are compared between 15 minutes and 24 hours; what
the rule costs is told in docs/performance.md."""
URL = "https://source.example/feed"
TAG = Validators(etag='"1"', url=URL)
SECOND = timedelta(seconds=1)


class FeedHub:
    """``feedhub.schedule.after_poll`` on one source. ``price`` is asked at each poll."""

    def __init__(self, trace: Trace, price: Callable[[], float], polling: Polling = POLLING) -> None:
        self.state = SourceState(id=SourceId(1), slug=trace.name, url=URL, configured_url=URL)
        self._price = price
        self._polling = polling
        self._dice = random.Random(f"dice {trace.name}").random
        self._max_age = trace.max_age
        self._hints = PollHints(ttl=trace.ttl, skip_hours=trace.skip_hours)

    def after(self, answer: Answer) -> int:
        now = _moment(answer.now)
        self.state = after_poll(
            self.state,
            self._event(answer, now),
            self._polling,
            self._polling.interval,
            now,
            self._dice,
            price=self._price(),
        )
        assert self.state.next_poll_at is not None
        return (self.state.next_poll_at - START) // SECOND

    def _event(self, answer: Answer, now: datetime) -> PollEvent:
        if answer.retry_at is not None:
            later = Freshness(retry_at=_moment(answer.retry_at))
            return PollEvent(result=FetchFailed(failure=Failure.SERVER, detail="Busy.", status=503, freshness=later))
        fresh = Freshness(fresh_until=now + SECOND * self._max_age if self._max_age else None)
        if not answer.new and not answer.first:
            return PollEvent(result=NotModified(validators=TAG, freshness=fresh))
        stated = [_moment(date) for date in answer.stated if date is not None]
        body = Fetched(url=URL, status=200, body=b"", body_digest=Digest(b""), validators=TAG, freshness=fresh)
        return PollEvent(
            result=body,
            hints=self._hints,
            listed=len(answer.dates),
            new=answer.new,
            newest=max(stated, default=None),
            oldest=min(stated, default=None),
            moments=tuple(stated),
        )


def _moment(second: int) -> datetime:
    return START + SECOND * second


def steered(traces: Sequence[Trace], budget: float, span: Span) -> tuple[list[Score], float]:
    """All sources on one clock, under one tariff that is settled every hour by what was used, as the daemon does.

    :return: the scores, and the mean price while they were counted.
    """
    tariff, scores = Tariff(), [Score() for _ in traces]
    walks = [
        walk(trace, FeedHub(trace, lambda: tariff.price), span, score)
        for trace, score in zip(traces, scores, strict=True)
    ]
    queue = [(next(one), number) for number, one in enumerate(walks)]
    heapq.heapify(queue)
    settled, prices = 0, []
    while queue:
        now, number = queue[0]
        while now >= settled + HOUR:
            settled += HOUR
            price = tariff.settle(len(traces), budget, timedelta(hours=1))
            if span.begin <= settled < span.end:
                prices.append(price)
        tariff.count(1)
        later = next(walks[number], None)
        if later is None:
            heapq.heappop(queue)
        else:
            heapq.heapreplace(queue, (later, number))
    return scores, sum(prices) / len(prices)
