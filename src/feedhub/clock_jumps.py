"""The wall clock was set: what was planned by the old one is put right, and nothing is removed by the new one at once.

Moments are kept by the wall clock, because they outlive the process. A clock that is set back would leave every source
waiting until the old time comes again; one that is set forward makes everything due, which the bounds of polling spread,
and old, which retention must not believe at once. A steady clock beside the wall clock tells a jump from time that passed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from feedhub.logs import get_logger
from feedhub.ports import Clock, Writer
from feedhub.settings import Retention

log = get_logger("clock")

JUMP = timedelta(minutes=2)
"""A clock that is disciplined moves by less between two looks; a machine that slept has the same effect as a jump."""
BELIEVED_AFTER = timedelta(days=1)
"""Retention waits so long after a jump forward: time for whoever set the clock wrong to notice."""
LONG_AWAY = timedelta(days=30)
"""And as long after a start, when the last poll is longer ago than this: the clock may be wrong since the machine started."""


class Store(Protocol):
    """The part of the store that keeps what is planned."""

    def mend_schedule(self, now: datetime) -> int: ...

    def last_polled(self) -> datetime | None: ...


class ClockJumps:
    """Looks at two clocks from time to time."""

    def __init__(
        self,
        store: Store,
        writer: Writer,
        clock: Clock,
        steady: Callable[[], float] = time.monotonic,
        shift: Callable[[timedelta], None] = lambda _: None,
    ) -> None:
        """
        :param steady: seconds of a clock that nobody sets.
        :param shift: told by how much the clock was set: moments in memory are to move with it.
        """
        self._store, self._writer, self._shift = store, writer, shift
        self._clock, self._steady = clock, steady
        self._seen = clock(), steady()
        self._doubted_at: float | None = None

    async def begin(self) -> None:
        """What an earlier process left: plans made by a clock that was ahead, or a long absence."""
        now = self._clock()
        last = await self._writer.run(self._store.last_polled)
        if last is not None and now - last > LONG_AWAY:
            self._doubted_at = self._steady()
        await self._mend(now)

    async def look(self) -> timedelta:
        """Put right what a jump since the last look left; returns by how much the clock was set.

        :raises feedhub.errors.FeedHubError: the database cannot be written; the next look tries again.
        """
        now, steady = self._clock(), self._steady()
        jump = now - self._seen[0] - timedelta(seconds=steady - self._seen[1])
        if abs(jump) < JUMP:
            self._seen = now, steady
            return timedelta(0)
        log.warning("clock.was_set", by=jump.total_seconds())
        if jump > timedelta(0):
            self._doubted_at = steady
        else:
            await self._mend(now)
        self._shift(jump)
        self._seen = now, steady
        return jump

    def allowed(self, retention: Retention) -> Retention:
        """What may be removed now: nothing for its age while the clock is doubted. Retention looks again in some hours."""
        if self._doubted_at is None or self._steady() - self._doubted_at >= BELIEVED_AFTER.total_seconds():
            return retention
        return retention.model_copy(update={"keep_for": None})

    async def _mend(self, now: datetime) -> None:
        if mended := await self._writer.run(partial(self._store.mend_schedule, now)):
            log.warning("clock.schedule_mended", sources=mended)
