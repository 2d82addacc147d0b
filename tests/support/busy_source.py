"""A source that posts every hour and lists its last few entries, polled by the real pipeline under a clock of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from feedhub import applying, instance, wiring
from feedhub.config import load_text
from feedhub.model import Feed, FeedKind, Gap, Outcome, SourceState
from feedhub.store.upgrading import migrate
from support.feed_server import FeedServer

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
WINDOW = 5
CONFIG = """
polling:
  allow_networks: [127.0.0.0/8]
  ports: ["1-65535"]
  host_gap: 0s
  workers: 1
  archive_pages: 4
database: {{url: 'sqlite:///{database}'}}
sources:
  - {{url: '{url}', slug: busy{more}}}
"""


def entry(number: int) -> str:
    """The entries of the source: one an hour."""
    at = START + timedelta(hours=number)
    return (
        f"<item><title>Story {number}</title><guid isPermaLink='false'>urn:story:{number}</guid>"
        f"<link>http://busy.example/{number}</link><pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<description>What happened in hour {number}.</description></item>"
    )


def document(numbers: range, link: str = "", rel: str = "next") -> bytes:
    """A list, newest first, that names its older page."""
    named = f'<atom:link rel="{rel}" href="{link}"/>' if link else ""
    items = "".join(entry(number) for number in reversed(numbers))
    return (
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Busy</title>'
        f"<link>http://busy.example/</link><description>d</description>{named}{items}</channel></rss>"
    ).encode()


@dataclass
class Clock:
    at: datetime = START + timedelta(hours=WINDOW)

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Rig:
    home: instance.Home
    parts: wiring.Parts
    clock: Clock
    server: FeedServer

    async def poll(self, hours: float = 15) -> Outcome:
        self.clock.at += timedelta(hours=hours)
        (outcome,) = [one async for one in self.parts.pipeline.poll(self.home.store.states())]
        return outcome

    @property
    def state(self) -> SourceState:
        (state,) = self.home.store.states()
        return state

    @property
    def numbers(self) -> list[int]:
        """The entries that the source's own feed shows, in its order."""
        feed = self.home.store.feed(FeedKind.SOURCE, "busy")
        assert isinstance(feed, Feed)
        return [int(one.entry.title.split()[1]) for one in self.home.store.page(feed.id, 500)]

    @property
    def gap(self) -> Gap:
        """The latest gap, as the table keeps it and as it stands beside the state."""
        found = self.home.store.gaps(self.state.id)
        assert self.state.gap in {None, found[0]}
        return found[0]

    def asked_for(self, part: str) -> int:
        return sum(part in one.path for one in self.server.asked)


@asynccontextmanager
async def rig(folder: Path, server: FeedServer, more: str = "") -> AsyncIterator[Rig]:
    url = server.url("busy.rss")
    settings = load_text(CONFIG.format(database=folder / "hub.db", url=url, more=more), folder / "config.yaml", {})
    migrate(instance.database_url(settings))
    home = instance.open_home(settings)
    clock = Clock()
    applying.apply_configuration(settings, settings, home.store, clock())
    parts = wiring.build(settings, home, clock=clock)
    try:
        yield Rig(home, parts, clock, server)
    finally:
        await parts.close(5)
        home.close()
