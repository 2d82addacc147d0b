"""Spellings of one person are joined by the configuration; nobody's subscription dies, neither then nor when undone."""

from __future__ import annotations

from pathlib import Path

from feedhub import applying, instance, wiring
from feedhub.config import load_text
from feedhub.model import Feed, FeedKind
from feedhub.once import relabel_if_needed
from feedhub.ports import Redirected
from feedhub.store import check
from feedhub.store.upgrading import migrate
from support.feed_server import FeedServer, serving

ITEM = """<item><title>{title}</title><guid isPermaLink="false">urn:x:{title}</guid><link>http://e.example/{title}</link>
<pubDate>Tue, 24 Nov 2026 0{hour}:00:00 GMT</pubDate><dc:creator>{author}</dc:creator><description>d</description></item>"""
FEED = (
    '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>A</title>'
    "<link>http://e.example/</link><description>d</description>"
    + ITEM.format(title="one", hour=1, author="Huyen Tran")
    + ITEM.format(title="two", hour=2, author="Huyền Trần")
    + ITEM.format(title="three", hour=3, author="Jane Doe")
    + "</channel></rss>"
).encode()

CONFIG = """
polling: {{allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s, workers: 1}}
database: {{url: 'sqlite:///{database}'}}
sources:
  - {{url: '{url}', slug: a}}
"""
PEOPLE = """
authors:
  people:
    huyen-tran: {name: Huyền Trần, aliases: [Huyen Tran]}
"""


async def apply(folder: Path, server: FeedServer, extra: str = "") -> instance.Home:
    """Put a configuration in force as the daemon does, poll once if nothing was polled, and label."""
    text = CONFIG.format(database=folder / "hub.db", url=server.url("a.xml")) + extra
    settings = load_text(text, folder / "config.yaml", {})
    migrate(instance.database_url(settings))
    home = instance.open_home(settings)
    applying.apply_configuration(settings, settings, home.store, instance.now())
    parts = wiring.build(settings, home)
    async for _ in parts.pipeline.poll([state for state in home.store.states() if state.last_poll_at is None]):
        pass
    await relabel_if_needed(home, parts)
    await parts.close(1)
    return home


def titles(home: instance.Home, slug: str) -> list[str]:
    feed = home.store.feed(FeedKind.AUTHOR, slug)
    assert isinstance(feed, Feed)
    return [stored.entry.title for stored in home.store.page(feed.id, 10)]


async def test_joined_spellings_have_one_feed_and_the_old_address_leads_to_it(tmp_path: Path) -> None:
    with serving({"a.xml": FEED}) as server:
        home = await apply(tmp_path, server)
        feeds = {feed.title: feed.slug for feed in home.store.feeds(FeedKind.AUTHOR)}
        assert set(feeds) == {"Huyen Tran", "Huyền Trần", "Jane Doe"}
        other = next(slug for slug in feeds.values() if slug == "huyen-tran-2")
        home.close()
        home = await apply(tmp_path, server, PEOPLE)
        assert titles(home, "huyen-tran") == ["two", "one"]
        assert home.store.feed(FeedKind.AUTHOR, other) == Redirected(slug="huyen-tran")
        assert {feed.title for feed in home.store.feeds(FeedKind.AUTHOR)} == {"Huyền Trần", "Jane Doe"}
        home.close()
        assert check(f"sqlite:///{tmp_path / 'hub.db'}") == []


async def test_parted_again_no_address_is_dead(tmp_path: Path) -> None:
    with serving({"a.xml": FEED}) as server:
        for extra in ("", PEOPLE):
            (await apply(tmp_path, server, extra)).close()
        home = await apply(tmp_path, server)
        found = home.store.feed(FeedKind.AUTHOR, "huyen-tran")
        assert isinstance(found, Feed | Redirected)
        slug = found.slug
        assert titles(home, slug)
        listed = {feed.title for feed in home.store.feeds(FeedKind.AUTHOR)}
        assert {"Huyen Tran", "Huyền Trần", "Jane Doe"} <= listed
        home.close()
        assert check(f"sqlite:///{tmp_path / 'hub.db'}") == []
