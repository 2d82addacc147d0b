"""Whose turn it is: few requests at once to a host and an address, a gap between starts, first come first served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

_MANY = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """``gap``: seconds between the starts of two requests to one host."""

    concurrency: int
    per_host: int
    per_address: int
    gap: float


class _Lane:
    """One host's queue."""

    def __init__(self, width: int) -> None:
        self.slots = asyncio.Semaphore(width)
        self.starting = asyncio.Lock()
        self.next_start = float("-inf")
        self.users = 0


class _Counter:
    """A semaphore for each key, kept only while somebody uses it."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._open: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def one(self, key: str) -> AsyncIterator[None]:
        semaphore, users = self._open.get(key) or (asyncio.Semaphore(self._width), 0)
        self._open[key] = (semaphore, users + 1)
        try:
            async with semaphore:
                yield
        finally:
            semaphore, users = self._open[key]
            if users > 1:
                self._open[key] = (semaphore, users - 1)
            else:
                del self._open[key]


class Gate:
    """Hands out turns. ``now`` and ``sleep`` are in seconds of one monotonic clock.

    A waiting request holds no general place, so that a slow host does not keep others from being asked; places are
    always taken in the order host, start, address, general, so that nobody waits in a circle.
    """

    def __init__(
        self, manners: Manners, *, now: Callable[[], float], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._manners = manners
        self._now = now
        self._sleep = sleep
        self._general = asyncio.Semaphore(manners.concurrency)
        self._addresses = _Counter(manners.per_address)
        self._lanes: dict[str, _Lane] = {}

    def adopt(self, manners: Manners) -> None:
        """New bounds, for turns to come. Gaps run on from the last start; who has a place keeps it."""
        if manners.concurrency != self._manners.concurrency:
            self._general = asyncio.Semaphore(manners.concurrency)
        if manners.per_address != self._manners.per_address:
            self._addresses = _Counter(manners.per_address)
        if manners.per_host != self._manners.per_host:
            for lane in self._lanes.values():
                lane.slots = asyncio.Semaphore(manners.per_host)
        self._manners = manners

    @asynccontextmanager
    async def turn(self, host: str, address: str) -> AsyncIterator[None]:
        """Wait for a turn and keep it for the block."""
        lane = self._lane(host)
        lane.users += 1
        try:
            async with AsyncExitStack() as places:
                await places.enter_async_context(lane.slots)
                async with lane.starting:
                    await self._wait_for_gap(lane)
                    await places.enter_async_context(self._addresses.one(address))
                    await places.enter_async_context(self._general)
                    lane.next_start = self._now() + self._manners.gap
                yield
        finally:
            lane.users -= 1

    async def _wait_for_gap(self, lane: _Lane) -> None:
        while (wait := lane.next_start - self._now()) > 0:
            await self._sleep(wait)

    def _lane(self, host: str) -> _Lane:
        if len(self._lanes) >= _MANY and host not in self._lanes:
            now = self._now()
            self._lanes = {name: lane for name, lane in self._lanes.items() if lane.users or lane.next_start > now}
        return self._lanes.setdefault(host, _Lane(self._manners.per_host))
