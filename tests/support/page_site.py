"""A small newspaper without a feed: list pages, article pages and whatever else a test puts there, on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from feedhub import applying, instance, wiring
from feedhub.config import load_text
from feedhub.model import Entry, FeedKind, Outcome, SourceState
from feedhub.schedule import explain
from feedhub.settings import Settings
from feedhub.store.upgrading import migrate
from support.feed_server import FeedServer

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
WORDS = ("Harbour", "Lantern", "Granite", "Willow", "Copper", "Meadow", "Falcon", "Saffron", "Thimble", "Juniper")

CONFIG = """
polling: {{allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s, workers: 1}}
database: {{url: 'sqlite:///{database}'}}
sources:
- url: {url}
  slug: paper
{more}
"""


def headline(number: int) -> str:
    return f"{WORDS[number % 10]} council votes on plan number {number}"


def card(number: int, *, date: str = "", author: str = "", lead: str = "", css: str = "card") -> str:
    """One row of a list."""
    parts = [
        f'<h3><a href="/story-{number}.html">{headline(number)}</a></h3>',
        f'<span class="by"><b class="name">{author}</b></span>' if author else "",
        f'<span class="time">{date}</span>' if date else "",
        f'<p class="lead">{lead}</p>' if lead else "",
    ]
    return f'<div class="{css}">{"".join(parts)}</div>'


def listing(cards: Sequence[str], *, head: str = "", container: str = "list") -> bytes:
    """A list page with what stands around lists."""
    menu = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in ("home", "sport", "about"))
    return (
        f"<!doctype html><html lang=en><head><title>The Paper</title>{head}</head><body><nav><ul>{menu}</ul></nav>"
        f'<main><div class="{container}">{"".join(cards)}</div></main><footer><a href="/imprint">Imprint</a></footer></body></html>'
    ).encode()


def article(number: int, *, author: str = "Ada Quill", date: str = "2026-11-23T08:00:00+07:00") -> bytes:
    """The page of one story, with structured data."""
    text = f"The council met in the hall and talked about plan {number} at length. " * 12
    data = (
        f'{{"@context": "https://schema.org", "@type": "NewsArticle", "headline": "{headline(number)}",'
        f' "datePublished": "{date}", "author": {{"@type": "Person", "name": "{author}"}}}}'
    )
    return (
        f"<!doctype html><html lang=en><head><title>{headline(number)}</title><meta property=og:type content=article>"
        f'<script type="application/ld+json">{data}</script></head><body><article><h1>{headline(number)}</h1>'
        f"<p>{text}</p><p>{text}</p></article></body></html>"
    ).encode()


@dataclass
class Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Rig:
    """One source, polled by hand."""

    home: instance.Home
    parts: wiring.Parts
    clock: Clock
    server: FeedServer
    folder: Path

    async def poll(self, *, days: float = 2) -> Outcome:
        self.clock.at += timedelta(days=days)
        outcomes = [one async for one in self.parts.pipeline.poll(self.home.store.states())]
        return outcomes[0]

    @property
    def state(self) -> SourceState:
        return self.home.store.states()[0]

    @property
    def entries(self) -> dict[str, Entry]:
        """Stored entries by title."""
        return {stored.entry.title: stored.entry for stored in self.home.store.entries(1000)}

    @property
    def versions(self) -> dict[str, int]:
        return {stored.entry.title: stored.version for stored in self.home.store.entries(1000)}

    @property
    def shown(self) -> list[str]:
        feed = self.home.store.feed(FeedKind.ALL, "all")
        assert feed is not None
        return [stored.entry.title for stored in self.home.store.page(feed.id, 100)]  # type: ignore[union-attr]

    @property
    def sentence(self) -> str:
        return explain(self.state, self.clock())

    def asked(self, path: str) -> int:
        return sum(one.path == path for one in self.server.asked)


def settings_for(folder: Path, url: str, more: str = "") -> Settings:
    """``more``: further keys of the source, as YAML."""
    lines = "\n".join(f"  {line}" for line in more.strip().splitlines())
    return load_text(CONFIG.format(database=folder / "hub.db", url=url, more=lines), folder / "config.yaml", {})


@asynccontextmanager
async def rig(folder: Path, server: FeedServer, path: str = "list.html", more: str = "") -> AsyncIterator[Rig]:
    settings = settings_for(folder, server.url(path), more)
    clock = Clock()
    migrate(instance.database_url(settings))
    home = instance.open_home(settings)
    applying.apply_configuration(settings, settings, home.store, clock())
    parts = wiring.build(settings, home, clock=clock)
    try:
        yield Rig(home, parts, clock, server, folder)
    finally:
        await parts.close(5)
        home.close()
