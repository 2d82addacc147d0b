"""Whose turn it is: few requests at once to a host and an address, a gap between starts, first come first served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

_MANY = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """``gap``: seconds between the starts of two requests to one host; ``domain_gap``: to one registrable domain."""

    concurrency: int
    per_host: int
    per_address: int
    gap: float
    domain_gap: float = 0.0


class _Lane:
    """The queue of one host, or of one domain."""

    def __init__(self, width: int) -> None:
        self.width = width
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
    always taken in the order host, start, domain, address, general, so that nobody waits in a circle.
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

    def behave(self, manners: Manners) -> None:
        """From now on these manners hold. Who waits or works keeps its place, and no gap is cut short."""
        if manners == self._manners:
            return
        self._manners = manners
        self._general = asyncio.Semaphore(manners.concurrency)
        self._addresses = _Counter(manners.per_address)

    @asynccontextmanager
    async def turn(self, host: str, address: str, domain: str = "", pause: float = 0.0) -> AsyncIterator[None]:
        """Wait for a turn and keep it for the block. ``domain`` is what ``domain_gap`` counts by.

        :param pause: seconds until the next start at this host, when it asked for more than the usual gap.
        """
        lane = self._lane(host, self._manners.per_host)
        lane.users += 1  # at once: looking for the other one forgets lanes that nobody uses
        common = self._lane(f"*.{domain}", 1) if domain and self._manners.domain_gap else _Lane(1)
        common.users += 1
        try:
            async with AsyncExitStack() as places:
                await places.enter_async_context(lane.slots)
                async with lane.starting:
                    await self._wait_for_gap(lane)
                    async with common.starting:
                        await self._wait_for_gap(common)
                        await places.enter_async_context(self._addresses.one(address))
                        await places.enter_async_context(self._general)
                        now = self._now()
                        lane.next_start = now + max(self._manners.gap, pause)
                        common.next_start = now + self._manners.domain_gap
                yield
        finally:
            lane.users -= 1
            common.users -= 1

    async def _wait_for_gap(self, lane: _Lane) -> None:
        while (wait := lane.next_start - self._now()) > 0:
            await self._sleep(wait)

    def _lane(self, host: str, width: int) -> _Lane:
        if len(self._lanes) >= _MANY and host not in self._lanes:
            now = self._now()
            self._lanes = {name: lane for name, lane in self._lanes.items() if lane.users or lane.next_start > now}
        lane = self._lanes.setdefault(host, _Lane(width))
        if lane.width != width and not lane.users:
            lane.width, lane.slots = width, asyncio.Semaphore(width)
        return lane
