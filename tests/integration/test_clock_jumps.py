"""The wall clock is set while the program runs: nothing stalls, nothing is removed for an age that is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedhub import applying, instance, wiring
from feedhub.clock_jumps import BELIEVED_AFTER, LONG_AWAY, ClockJumps
from feedhub.config import load_text
from feedhub.settings import Backoff, Retention
from feedhub.store.upgrading import migrate
from support.feed_server import serving
from support.newsroom import DOCUMENTS, config

YEAR, DAY, HOUR = timedelta(days=365), timedelta(days=1), timedelta(hours=1)
KEEP = Retention(keep_for=30 * DAY)


@dataclass
class Clocks:
    """A wall clock that can be set, and a steady one that cannot."""

    wall: datetime = datetime(2026, 11, 24, 12, tzinfo=UTC)
    steady: float = 0.0

    def passes(self, length: timedelta) -> None:
        self.wall += length
        self.steady += length.total_seconds()


@dataclass
class Rig:
    clocks: Clocks
    home: instance.Home
    parts: wiring.Parts
    jumps: ClockJumps

    async def polled(self) -> int:
        """How many sources were due, and asked."""
        began = await self.parts.pipeline.poll_due()
        while self.parts.pipeline.in_flight:
            await asyncio.sleep(0.01)
        return began


@asynccontextmanager
async def rig(folder: Path) -> AsyncIterator[Rig]:
    with serving(DOCUMENTS) as server:
        more = f"database: {{url: 'sqlite:///{folder / 'hub.db'}'}}\n"
        settings = load_text(config(server, more=more), folder / "config.yaml", {})
        clocks = Clocks()
        migrate(instance.database_url(settings))
        home = instance.open_home(settings)
        applying.apply_configuration(settings, settings, home.store, clocks.wall)
        parts = wiring.build(settings, home, clock=lambda: clocks.wall)
        jumps = ClockJumps(home.store, home.writer, lambda: clocks.wall, lambda: clocks.steady)
        try:
            yield Rig(clocks, home, parts, jumps)
        finally:
            await parts.close(5)
            home.close()


@pytest.mark.parametrize("by", [-YEAR, YEAR])
async def test_hosts_rest_as_long_as_they_asked_for(tmp_path: Path, by: timedelta) -> None:
    async with rig(tmp_path) as it:
        rests, wall = it.parts.hosts.rests, it.clocks.wall
        jumps = ClockJumps(it.home.store, it.home.writer, lambda: it.clocks.wall, lambda: 0.0, rests.shift)
        rests.busy("news.example", "http://news.example/feed", wall, wall + HOUR, Backoff())
        it.clocks.wall += by
        assert await jumps.look() == by
        assert rests.resting("news.example", it.clocks.wall + timedelta(minutes=59)) is not None
        assert rests.resting("news.example", it.clocks.wall + timedelta(minutes=61)) is None


@pytest.mark.parametrize("back", [HOUR, DAY, YEAR])
async def test_a_clock_that_was_ahead_stalls_nothing(tmp_path: Path, back: timedelta) -> None:
    async with rig(tmp_path) as it:
        await it.jumps.begin()
        it.clocks.passes(HOUR)
        assert await it.jumps.look() == timedelta(0)
        assert await it.polled() == 1
        (before,) = it.home.store.states()
        assert before.next_poll_at is not None
        wait = before.next_poll_at - it.clocks.wall
        it.clocks.wall -= back
        assert await it.jumps.look() == -back
        (after,) = it.home.store.states()
        assert after.next_poll_at == it.clocks.wall + wait  # no sooner than it was, and no later
        assert after.last_poll_at == it.clocks.wall
        assert await it.polled() == 0
        it.clocks.passes(wait)
        assert await it.jumps.look() == timedelta(0)
        assert await it.polled() == 1
        (polled,) = it.home.store.states()
        assert polled.next_poll_at is not None
        assert timedelta(0) < polled.next_poll_at - it.clocks.wall <= 8 * DAY


async def test_a_start_after_the_clock_was_ahead_stalls_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.clocks.passes(HOUR)
        assert await it.polled() == 1
        it.clocks.wall -= YEAR
        again = ClockJumps(it.home.store, it.home.writer, lambda: it.clocks.wall, lambda: 0.0)
        await again.begin()
        (after,) = it.home.store.states()
        assert after.next_poll_at is not None
        assert after.next_poll_at - it.clocks.wall < 8 * DAY
        assert again.allowed(KEEP) == KEEP


async def test_a_lease_from_the_future_is_none(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.clocks.passes(HOUR)
        lease = it.clocks.wall + YEAR
        assert len(it.home.store.claim(it.clocks.wall, 10, lease)) == 1  # and killed: nobody gives it back
        assert len(it.home.store.claim(it.clocks.wall, 10, it.clocks.wall + timedelta(minutes=5))) == 1
        assert it.home.store.claim(it.clocks.wall, 10, it.clocks.wall + timedelta(minutes=5)) == []


async def test_nothing_is_removed_by_a_clock_that_was_just_set(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        assert it.jumps.allowed(KEEP) == KEEP
        it.clocks.wall += YEAR
        assert await it.jumps.look() == YEAR
        assert it.jumps.allowed(KEEP).keep_for is None
        assert it.jumps.allowed(KEEP).polls == KEEP.polls
        it.clocks.passes(BELIEVED_AFTER - HOUR)
        await it.jumps.look()
        assert it.jumps.allowed(KEEP).keep_for is None
        it.clocks.passes(2 * HOUR)
        assert it.jumps.allowed(KEEP) == KEEP


async def test_after_a_long_absence_nothing_is_removed_at_once(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.clocks.passes(HOUR)
        assert await it.polled() == 1
        it.clocks.passes(LONG_AWAY + HOUR)
        again = ClockJumps(it.home.store, it.home.writer, lambda: it.clocks.wall, lambda: 0.0)
        await again.begin()
        assert again.allowed(KEEP).keep_for is None
