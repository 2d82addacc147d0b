"""The clock that ticks: a handful of periodic jobs on one APScheduler. The one door to that library.

There is never a job per source: due sources are claimed from the database by one job (design, section 2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from feedhub.logs import get_logger
from feedhub.ports import Clock

Work = Callable[[], Awaitable[None]]

log = get_logger("schedule")

LOOK_EVERY = 5.0
"""Seconds between two looks whether the clock was set back."""
SET_BACK = timedelta(seconds=2)
"""Less is a clock that is being corrected."""


class Timer:
    """Runs coroutine functions again and again, each at most once at a time, until it is stopped.

    A run that is late is made up for once, however many were missed. When the clock is set back, everything runs at
    once instead of waiting for the old time to come again. An error of one job is logged and neither stops
    that job nor any other.
    """

    def __init__(self, clock: Clock, look_every: float = LOOK_EVERY) -> None:
        """:param look_every: seconds between two looks whether the clock was set back."""
        self._clock = clock
        self._look_every = look_every
        self._looking: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def every(self, seconds: float, name: str, work: Work) -> None:
        """Run ``work`` now and then every ``seconds``; a job of that name is replaced."""

        async def run() -> None:
            await self._guarded(name, work)

        self._scheduler.add_job(
            run,
            "interval",
            seconds=seconds,
            id=name,
            name=name,
            next_run_time=self._clock(),
            replace_existing=True,
        )

    def start(self) -> None:
        """Start ticking; needs a running event loop."""
        self._scheduler.start()
        self._looking = asyncio.create_task(self._look_for_jumps(), name="clock")

    async def _look_for_jumps(self) -> None:
        """The library plans by the wall clock, and sleeps by one that nobody sets, as this does."""
        seen = self._clock()
        while True:
            await asyncio.sleep(self._look_every)
            now = self._clock()
            if now < seen - SET_BACK:
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=datetime.now(UTC))
            seen = now

    async def stop(self) -> None:
        """Start nothing more, and cancel what runs."""
        self._stopping = True
        if self._looking is not None:
            self._looking.cancel()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # the library stops in a callback of the loop
        running = [task for task in self._running if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _guarded(self, name: str, work: Work) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        try:
            await work()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            # by stop(), which waits for this; the library would tell of it as of a fault, with its traceback
        except Exception:
            log.exception("timer.job_failed", job=name)
