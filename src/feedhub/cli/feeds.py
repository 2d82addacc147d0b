"""``feeds list``: what is published."""

from __future__ import annotations

from typing import Annotated

import typer

from feedhub.cli.common import DEFAULT_FILE, FIRST_STEPS, AsJson, ConfigFile, reading_if_any
from feedhub.cli.control import effective
from feedhub.cli.terminal import note, show_json, show_table
from feedhub.instance import MOST_FEEDS
from feedhub.model import Feed, FeedKind
from feedhub.settings import Settings

app = typer.Typer()


@app.command("list", epilog="Example: feedhub feeds list --kind topics")
def list_feeds(
    kind: Annotated[FeedKind | None, typer.Option(help="Only one kind.")] = None,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """List the published feeds with their addresses; of private ones the token is not shown."""
    with reading_if_any(config) as (written, home):
        settings = effective(written, home)
        found = home.store.feeds(kind, limit=MOST_FEEDS) if home else []
    emitted = [feed for feed in found if feed.kind in settings.feeds.kinds]
    if as_json:
        show_json([_for_scripts(feed, settings) for feed in emitted])
    elif home is None:
        note(f"No feed exists yet. {FIRST_STEPS}")
    else:
        ending = f".{settings.feeds.formats[0].value}"
        show_table(
            ("kind", "title", "entries", "updated", "address"),
            ((feed.kind, feed.title, feed.size, feed.updated, _url(feed, settings) + ending) for feed in emitted),
        )


def _for_scripts(feed: Feed, settings: Settings) -> dict[str, object]:
    """``url`` is without an ending: the page for people; `.atom`, `.rss` and `.json` after it are the feeds."""
    return {
        "kind": feed.kind,
        "path": feed.path.lstrip("/"),
        "title": feed.title,
        "url": _url(feed, settings),
        "private": settings.feeds.is_private(feed),
        "entries": feed.size,
        "updated": feed.updated,
    }


def _url(feed: Feed, settings: Settings) -> str:
    base = settings.site.base_url.rstrip("/")
    return f"{base}/private/…{feed.path}" if settings.feeds.is_private(feed) else base + feed.path
