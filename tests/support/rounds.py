"""A hub of one process over many days: a real database, real requests, and a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from feedhub import applying, instance, wiring
from feedhub.config import load_text
from feedhub.model import Outcome, SourceState
from feedhub.store.upgrading import migrate

BASE = """
site: {contact: "https://hub.example/about"}
database: {url: "sqlite:///hub.db"}
"""
POLLING = """
polling:
  allow_networks: [127.0.0.0/8]
  ports: ["1-65535"]
  host_gap: 0s
  workers: 1
"""
START = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)  # a Monday


def rss(*numbers: int, extra: str = "") -> bytes:
    """A feed with an entry for each number, published that many hours into the first of March."""
    items = "".join(
        f'<item><title>Story {n}</title><guid isPermaLink="false">urn:story:{n}</guid><link>http://e.example/{n}</link>'
        f"<pubDate>Sun, 01 Mar 2026 {n:02}:00:00 GMT</pubDate><description>Words {n}.</description></item>"
        for n in numbers
    )
    head = "<title>A source</title><link>http://e.example/</link><description>d</description>"
    namespace = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    return f'<rss version="2.0" {namespace}><channel>{head}{extra}{items}</channel></rss>'.encode()


@dataclass
class Days:
    """The clock."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def later(self, **length: float) -> None:
        self.at += timedelta(**length)


@dataclass
class Hub:
    home: instance.Home
    parts: wiring.Parts
    clock: Days

    def state(self, slug: str) -> SourceState:
        return self.home.store.states([slug])[0]

    def titles(self) -> set[str]:
        return {stored.entry.title for stored in self.home.store.entries(100)}

    async def poll(self, *slugs: str, anew: bool = False) -> dict[str, Outcome]:
        """Poll these sources now, whatever is due."""
        states = self.home.store.states(list(slugs))
        return {one.slug: one async for one in self.parts.pipeline.poll(states, anew=anew)}

    async def due(self) -> int:
        """What the daemon does each second; returns how many sources were polled once all of them are stored."""
        started = await self.parts.pipeline.poll_due()
        async with asyncio.timeout(20):
            while self.parts.pipeline.in_flight:
                await asyncio.sleep(0.01)
        return started

    async def until_due_of(self, slug: str) -> timedelta:
        """Let the time to the next poll of a source pass and poll only it; returns how long it was."""
        due = self.state(slug).next_poll_at
        assert due is not None
        waited, self.clock.at = due - self.clock.at, due
        await self.poll(slug)
        return waited

    async def until_due(self, slug: str) -> timedelta:
        """Let the time to the next poll of a source pass and poll it; returns how long it was."""
        due = self.state(slug).next_poll_at
        assert due is not None
        waited = due - self.clock.at
        assert waited > timedelta(0)
        self.clock.at = due - timedelta(seconds=1)
        assert await self.due() == 0  # not a second early
        self.clock.at = due
        assert await self.due() == 1
        return waited


@asynccontextmanager
async def hub(
    folder: Path, sources: str, clock: Days | None = None, polling: str = POLLING, base: str = BASE
) -> AsyncIterator[Hub]:
    """A hub in ``folder``; opened a second time there it is the same hub after a restart."""
    clock = clock or Days()
    settings = load_text(f"{base}{polling}\nsources:\n{sources}", folder / "config.yaml", {})
    migrate(instance.database_url(settings))
    home = instance.open_home(settings)
    applying.apply_configuration(settings, settings, home.store, clock(), dice=lambda: 0.0)
    parts = wiring.build(settings, home, clock=clock)
    try:
        yield Hub(home, parts, clock)
    finally:
        await parts.close(5)
        home.close()
