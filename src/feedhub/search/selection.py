"""A question as the database is asked it, what it answers, and who answers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from feedhub.model import Document, EntryId, Feed, FeedKind, Format, StoredEntry
from feedhub.search.query import Clause

Place = tuple[int, EntryId]
"""Of an entry in the order of all feeds: its sort key and number; the greatest are the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Entries that are in all of some feeds and in none of others, with words and languages.

    :param within: feeds; the first is the one that the others narrow. None: all that is stored, shown anywhere or not.
    :param guarded: slugs of feeds of sources that not everybody may read, None for all: an entry that such a source brought
        counts only where a feed of ``within`` shows it, not where it stands behind another one of its story.

    Of each story one entry is shown, the one that was stored first; with the feed of a source, all are, as there.
    """

    within: tuple[Feed, ...]
    without: tuple[Feed, ...] = ()
    clauses: tuple[Clause, ...] = ()
    languages: tuple[str, ...] = ()  # any of them; "vi" is also "vi-VN"
    no_languages: tuple[str, ...] = ()
    guarded: tuple[str, ...] | None = ()

    @property
    def whole(self) -> bool:
        return any(feed.kind is FeedKind.SOURCE for feed in self.within)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An entry that was found, as much of it as says whether it changed."""

    id: EntryId
    version: int
    sort_key: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page, newest first.

    :param older: where to go on, None when nothing older can be found. A page may hold fewer than were asked for, even
        none, and still have older ones: a bounded number of entries is looked at for each.
    """

    hits: tuple[Hit, ...]
    older: Place | None = None


class TooCostly:
    """A question that took longer than it may. One of its words is too common beside the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """How far the full-text index has come. ``waiting``: entries that it may not know yet, of ``entries``."""

    waiting: int = 0
    entries: int = 0

    @property
    def complete(self) -> bool:
        return self.waiting == 0

    @property
    def words(self) -> str:
        """For people."""
        if self.complete:
            return "complete"
        percent = 100 * (self.entries - self.waiting) // max(1, self.entries)
        return f"being built, {percent} %: the newest entries first, {self.waiting} to go"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a selection is called and where it lives.

    :param name: names it for ever: made from keys, never from slugs; part of the feed's id.
    :param path: without ending, such as ``/search`` or ``/topics/a+b``; parts are made fit for a URL already.
    :param parameters: of the address, in their one order, without ``before``.
    :param page: whether there is a page for people at this address.
    """

    name: str
    title: str
    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    page: bool = True


class SelectionPress(Protocol):
    """Documents of selections, made at need."""

    def selected(
        self, selection: Selection, heading: Heading, format: Format, before: Place | None = None
    ) -> Document | TooCostly: ...


class Searching(Protocol):
    """The part of the store that is searched: safe from any thread, never waits for the writer."""

    def find(self, selection: Selection, limit: int, before: Place | None = None) -> Found | TooCostly:
        """The newest ``limit`` of a selection that are older than ``before``."""
        ...

    def load(self, hits: Sequence[Hit]) -> list[StoredEntry]:
        """The entries that were found, in the order given; without those that went meanwhile."""
        ...

    def named(self, kind: FeedKind, names: Sequence[str]) -> Feed | None:
        """The feed whose key or title is one of these, the first that there is; withdrawn ones are none."""
        ...

    def index_mark(self) -> int:
        """Another number whenever the index has come further, 0 when it is complete."""
        ...

    def index_state(self) -> IndexState: ...
