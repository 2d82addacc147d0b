"""The configuration as the program sees it: frozen, complete, checked. Read once, handed down in pieces.

Every key of ``config.yaml`` stands here once, with its meaning, unit and default; the JSON Schema for editors and
``docs/configuration.md`` are made from these descriptions. ``feedhub.config`` turns YAML (with its short forms) into
:class:`Settings`, or into errors that name file, line, key and the fix. pydantic checks types and ranges; its errors
are translated there, on the spot.

::

    values.py    durations, sizes, zones, addresses
    service.py   site, database, server, websub        polling.py   how sources are asked
    sources.py   sources, people                       rules.py     topics
    pages.py     sources without a feed                stories.py   stories
    hub.py       who is told of our feeds
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from feedhub.model import ContentPolicy, Feed, FeedKind, Format
from feedhub.settings.hub import OWN_HUB, Hub, HubLease, Signature
from feedhub.settings.pages import ArticlePages, ArticlePart, Expect, Pick, RowField, RowFields, SourceType
from feedhub.settings.polling import Backoff, Interval, Limits, Parser, Polling, Timeouts
from feedhub.settings.rules import Fields, Rule, Topic
from feedhub.settings.service import Database, Server, Site, Subscribe, WebSub
from feedhub.settings.sources import WAY_OF_READING, Auth, Authors, Person, Source, SourceDefaults
from feedhub.settings.stories import Show, Stories
from feedhub.settings.values import Duration, Network, Section, Slug

__all__ = [
    "OWN_HUB",
    "WAY_OF_READING",
    "ArticlePages",
    "ArticlePart",
    "Auth",
    "Authors",
    "Backoff",
    "Database",
    "Expect",
    "Feeds",
    "Fields",
    "Hub",
    "HubLease",
    "Interval",
    "Limits",
    "MaxAge",
    "Network",
    "Parser",
    "PerSource",
    "Person",
    "Pick",
    "Polling",
    "Retention",
    "RowField",
    "RowFields",
    "Rule",
    "Section",
    "Settings",
    "Show",
    "Signature",
    "Site",
    "Source",
    "SourceDefaults",
    "SourceType",
    "Stories",
    "Subscribe",
    "Timeouts",
    "Topic",
    "WebSub",
]


def _some_time(value: timedelta) -> timedelta:
    if value < timedelta(minutes=1):
        raise ValueError("1m or more")
    return value


class PerSource(Section):
    most: int = Field(0, ge=0)
    """Most entries of one source on a feed's newest page within `within`; 0: no limit. What is passed over is on the older pages and in the source's own feed."""
    within: Annotated[Duration, AfterValidator(_some_time)] = timedelta(days=1)
    """The time in which a source's entries are counted together."""


class MaxAge(Section):
    """How long caches and readers may take a feed for fresh: a quarter of the mean time between its newest 20 entries, within these bounds."""

    min: Duration = timedelta(minutes=5)
    """For a lively feed, and one with fewer than two entries."""
    max: Duration = timedelta(hours=1)
    """For a quiet one. New entries are heard of that much later where a cache is in between."""


class Feeds(Section):
    kinds: tuple[FeedKind, ...] = tuple(FeedKind)
    """Which feeds to emit: all, topics, authors, categories, sources."""
    formats: tuple[Format, ...] = tuple(Format)
    """In which formats: atom, rss, json."""
    size: int = Field(50, ge=1, le=1000)
    """Entries in a feed's newest page."""
    per_source: PerSource = PerSource()
    """So that one loud source does not drown a feed."""
    content: ContentPolicy = ContentPolicy.FULL
    """The most that any feed republishes; a source may allow less."""
    content_of: dict[str, ContentPolicy] = Field(default_factory=dict)
    """The most that single feeds republish, on their pages too: path without ending (`topics/ai`, `all`) to full, summary or link. The strictest holds: this, `content`, and what the source allows."""
    summary_length: int = Field(500, ge=50)
    """Characters of a summary made from a body."""
    max_age: MaxAge = MaxAge()
    """`Cache-Control: max-age` of feeds."""
    noindex: bool = True
    """Ask search engines not to index this site: the originals should be found."""
    search: bool = True
    """Answer searches at `/search`, and narrow feeds by parameters such as `?author=`. Searches need a public `all` feed: they show nothing that no public feed shows."""
    private: dict[str, tuple[SecretStr, ...]] = Field(default_factory=dict)
    """Feeds that need a token: path without ending (`topics/ai`) to tokens, written as `${NAME}`; none (`[]`): only those of `feedhub tokens add` open it. Served at `/private/<token>/topics/ai.atom`, and with HTTP Basic at `/private/topics/ai.atom`; listed nowhere."""

    def policy_of(self, *feeds: Feed) -> ContentPolicy:
        """The most that may be republished of an entry of these feeds, whatever its source allows."""
        return self.content.at_most(*(self.content_of[path] for path in self._named(feeds) if path in self.content_of))

    @staticmethod
    def _named(feeds: Iterable[Feed]) -> Iterator[str]:
        """What the configuration may call these feeds: their paths, and those made of keys.

        The two differ where an earlier feed has the slug for ever: a new topic `ai` may live at `topics/ai-2`.
        """
        for feed in feeds:
            yield feed.path[1:]
            if feed.kind in {FeedKind.TOPIC, FeedKind.SOURCE}:
                yield f"{feed.kind.value}/{feed.key}"

    def is_private(self, feed: Feed) -> bool:
        """Whether a feed needs a token: by its address, or by what the configuration calls a topic or source."""
        return any(path in self.private for path in self._named([feed]))

    def is_public(self, feed: Feed) -> bool:
        """Whether everybody may know of a feed. The one rule for pages, OPML, searches, hubs and static files."""
        return feed.kind in self.kinds and not feed.withdrawn and not self.is_private(feed)


class Retention(Section):
    keep_for: Duration | None = None
    """Entries older than this are removed; empty: kept for ever. Entries a source still lists are kept."""
    keep_at_least: int = Field(100, ge=0)
    """Newest entries of each source that are kept whatever their age."""
    polls: int = Field(200, ge=10)
    """Poll outcomes remembered for each source."""
    changes: int = Field(100, ge=10)
    """Changes of state and missed entries remembered for each source, and events of the service itself."""


class Settings(Section):
    """The whole of `config.yaml`."""

    site: Site = Site()
    """What this site is called and where it lives."""
    database: Database = Database()
    """Where everything is remembered."""
    server: Server = Server()
    """Where to listen."""
    polling: Polling = Polling()
    """How sources are asked."""
    websub: WebSub = WebSub()
    """How hubs are asked to push."""
    hub: Hub = Hub()
    """Who is told of changes of our own feeds. Short forms: `off`, `own`, or a list of addresses of hubs."""
    defaults: SourceDefaults = SourceDefaults()
    """What holds for every source that does not say otherwise."""
    examples: bool = False
    """Also poll the sample sources shipped with FeedHub, served by itself on loopback; for the first run."""
    sources: tuple[Source, ...] = ()
    """The feeds to poll."""
    topics: dict[Slug, Topic] = Field(default_factory=dict)
    """What to sort entries into. A plain list of keywords is a topic."""
    authors: Authors = Authors()
    """How people are recognised."""
    stories: Stories = Stories()
    """What is shown of stories that several sources carry."""
    feeds: Feeds = Feeds()
    """What is emitted."""
    retention: Retention = Retention()
    """What is removed, and when."""

    file: Path = Field(Path("config.yaml"), exclude=True, json_schema_extra={"x-internal": True})
    """The file this was read from."""
    plain_secrets: tuple[str, ...] = Field((), exclude=True, json_schema_extra={"x-internal": True})
    """Paths of secrets that are written out in the file itself; `feedhub check` warns of them."""

    @property
    def folder(self) -> Path:
        """Relative paths in the file are relative to this folder."""
        return self.file.parent

    def source(self, slug: str) -> Source | None:
        return next((source for source in self.sources if source.slug == slug), None)
