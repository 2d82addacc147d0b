"""What the parts need of each other, as small shapes. ``wiring`` alone knows who fills them.

Contract tests in ``tests/contract`` run the same cases on every adapter of a port.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from feedhub.model import (
    ContentPolicy,
    Decision,
    Digest,
    Draft,
    EntryId,
    Feed,
    FeedId,
    FeedInfo,
    FeedKind,
    FeedRef,
    FetchResult,
    Gap,
    HubForm,
    HubReply,
    KeptPage,
    Key,
    Known,
    Marked,
    Membership,
    Outcome,
    Request,
    ServiceEvent,
    SourceChange,
    SourceId,
    SourceState,
    StoredEntry,
    Story,
    Subscription,
    Wording,
)
from feedhub.ports.paging import PageStore as PageStore
from feedhub.ports.paging import Permission as Permission
from feedhub.ports.paging import Robots as Robots
from feedhub.ports.publishing import Outline as Outline
from feedhub.ports.publishing import PageLinks as PageLinks
from feedhub.ports.publishing import Press as Press
from feedhub.ports.publishing import Stock as Stock
from feedhub.ports.publishing import page_key as page_key
from feedhub.ports.publishing import read_page_key as read_page_key
from feedhub.ports.pushing import Arrival as Arrival
from feedhub.ports.pushing import Pushes as Pushes
from feedhub.ports.pushing import Receipt as Receipt
from feedhub.ports.pushing import Subscriptions as Subscriptions

A = TypeVar("A")
R = TypeVar("R")

Clock = Callable[[], datetime]
"""Now, aware, in UTC."""
MOST_STORIES_OF_A_KEY = 20
"""Stories that one ``cluster`` key may lead to. What more have is a template's address, or a site's page for all its news."""


# ---------------------------------------------------------------- fetching


class Fetcher(Protocol):
    """Asks servers, politely. Every expected outcome is a value; it raises only on cancellation."""

    async def fetch(self, request: Request) -> FetchResult: ...

    async def close(self) -> None: ...


class HubCaller(Protocol):
    """Asks hubs, under the same guard, manners and limits as sources. It raises only on cancellation."""

    async def submit(self, form: HubForm) -> HubReply: ...


# ---------------------------------------------------------------- worker processes


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrun:
    """A job was stopped: it took too long, too much memory, or its process died. ``reason`` says which."""

    reason: str


class Workers(Protocol):
    """Runs pure functions in processes of their own, each under a time and memory limit."""

    async def run(self, function: Callable[[A], R], argument: A) -> R | Overrun:
        """Run ``function(argument)`` in a worker.

        :raises Exception: whatever the function raised, re-raised here with its traceback as text.
        """
        ...

    async def close(self) -> None: ...


class Writer(Protocol):
    """The one thread that writes."""

    async def run(self, function: Callable[[], R]) -> R:
        """Run ``function`` on the writer thread, to its end even if the caller is cancelled meanwhile."""
        ...

    def close(self) -> None:
        """Wait for what was begun, then end the thread."""
        ...


# ---------------------------------------------------------------- the store: writing


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """What the store keeps of a configured source."""

    slug: str
    url: str
    name: str = ""
    enabled: bool = True
    rights: str = ""
    content: ContentPolicy = ContentPolicy.FULL
    republish: bool = True
    formerly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """What the store keeps of a configured topic, so that its feed exists before its first entry."""

    key: str
    title: str
    formerly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """All that one poll found, to be written in one piece. ``info`` is None when nothing was parsed.

    ``pushed``: a hub delivered it. Then only entries are written, and of the state what :func:`feedhub.schedule.after_push`
    changed: validators, next poll, lease and what the source says of itself belong to polls.
    """

    state: SourceState  # the state *after* this poll, with its validators and next poll
    outcome: Outcome
    info: FeedInfo | None = None
    writes: Sequence[tuple[Draft, Decision]] = ()
    seen: Sequence[Digest] = ()
    change: SourceChange | None = None  # if this poll brought the source from one state to another
    aside: bool = False  # an archive page and no poll: it brings entries, and of the state only how the gap stands
    pushed: bool = False
    subscription: Subscription | None = None  # the source's, when this poll changed it
    kept: KeptPage | None = None  # the page, when there is one to keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a transaction changed."""

    new: int = 0
    updated: int = 0
    feeds: frozenset[FeedId] = frozenset()
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relabelled:
    """Memberships of one stored entry under changed rules. ``version``: of the entry that was looked at; None: whatever
    it is now. ``slow``: patterns that did not come to an end on it."""

    entry: EntryId
    memberships: tuple[Membership, ...] = ()
    version: int | None = None
    rank: int = 0
    slow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relabelling:
    """What :meth:`Ledger.relabel` did. ``overtaken``: entries that a poll changed meanwhile, or saw elsewhere: to be
    looked at again, because their labels were left as they are."""

    feeds: frozenset[FeedId] = frozenset()
    overtaken: frozenset[EntryId] = frozenset()


class Transaction(Protocol):
    """One unit of work of the single writer. Nothing is visible to readers before it ends."""

    def known(self, keys: Iterable[Key]) -> Mapping[Key, Known]:
        """Entries by any of their ``own`` or ``shared`` keys."""
        ...

    def removed(self, keys: Iterable[Key]) -> frozenset[Key]:
        """Those of the keys whose entries were removed for good."""
        ...

    def stories(self, keys: Iterable[Key]) -> Mapping[Key, Sequence[Story]]:
        """Stories by any of their ``cluster`` keys, in the order of their ids.

        A key that more than :data:`MOST_STORIES_OF_A_KEY` stories have says nothing: it leads to none.
        """
        ...

    def stories_named(self, clusters: Collection[EntryId]) -> Mapping[EntryId, Story]:
        """Stories by the ids of their first entries."""
        ...

    def marked(self, marks: Iterable[int]) -> Mapping[int, Sequence[Marked]]:
        """Entries by their marks, the oldest first."""
        ...

    def wordings(self, wanted: Collection[EntryId]) -> Mapping[EntryId, Wording]:
        """What these entries say."""
        ...

    def subscriptions(self, sources: Iterable[SourceId]) -> Mapping[SourceId, Subscription]:
        """The subscriptions of these sources at hubs, without those that are being left or have ended."""
        ...

    def apply(self, records: Sequence[PollRecord]) -> Applied:
        """Write everything of these polls: entries, sightings, labels, memberships, validators, next poll, outcome.

        Two polls of one call may bring the same entry (it is stored once), but not different entries of one story:
        which story an entry joins is the caller's decision, taken against what :meth:`stories` said before.
        """
        ...


class Ledger(Protocol):
    """The writing side of the store. All calls come from one thread.

    :raises feedhub.errors.DiskFull: nothing was written.
    :raises feedhub.errors.DatabaseBusy: nothing was written.
    """

    def transaction(self) -> AbstractContextManager[Transaction]:
        """A transaction that commits at the end of the block and rolls back on any exception."""
        ...

    def sync(self, sources: Sequence[SourceSpec], topics: Sequence[TopicSpec], now: datetime) -> None:
        """Make the tables agree with the configuration.

        Sources that left it are disabled and keep their entries; a slug named in ``formerly`` is renamed and its old
        address redirects; topics that left it are withdrawn (410), and come back with their entries if named again.
        """
        ...

    def claim(
        self, now: datetime, limit: int, lease_until: datetime, busy: Collection[SourceId] = ()
    ) -> list[SourceState]:
        """Take up to ``limit`` enabled sources that are due and not leased, oldest due first, and lease them.

        :param busy: left out, whatever their lease says.
        """
        ...

    def schedule(self, due: Mapping[SourceId, datetime]) -> None:
        """Set next polls (spreading first polls; a poll asked for by hand)."""
        ...

    def never_planned(self) -> list[SourceState]:
        """The enabled sources that no poll is planned for, by slug."""
        ...

    def relabel(self, changes: Sequence[Relabelled]) -> Relabelling:
        """Replace the memberships of stored entries that are still those that were looked at."""
        ...

    def merge_feeds(self, kind: FeedKind, old_keys: Sequence[str], into: FeedRef) -> frozenset[FeedId]:
        """Let feeds live on in one: their entries join it, their slugs and what redirected to them redirect to it.

        The old feeds are gone afterwards. ``into`` is made if it is missing (of one of them), and gets the slug it
        asks for if no other feed has or had it. Without any such old feed nothing happens. Returns ``into`` if changed.
        """
        ...

    def show_every_copy(self, rule: Collection[str]) -> None:
        """Which feeds show every copy of a story, by kind (``authors``) or path (``topics/press``)."""
        ...

    def hide_authors(self, keys: Collection[str]) -> None:
        """Withdraw the feeds of exactly these authors (410); those of others that were hidden come back."""
        ...

    def remember(self, name: str, value: str) -> None:
        """Keep a small text under a name (the applied configuration, the control address)."""
        ...

    def forget_validators(self, slugs: Iterable[str]) -> None:
        """Ask these sources without conditions next time: what they sent belongs to other credentials."""
        ...

    def note(self, event: ServiceEvent) -> None:
        """Keep what happened to the service, for the operator."""
        ...

    def release(self, sources: Iterable[SourceId]) -> None:
        """Give leases back without a poll (a stop abandoned them)."""
        ...


# ---------------------------------------------------------------- the store: reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirected:
    """The feed was renamed or merged; ``slug`` is where it lives now."""

    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryTrace:
    """Where an entry was seen and why it is in its feeds; for ``entries show``."""

    entry: StoredEntry
    sightings: tuple[Mapping[str, Any], ...] = ()  # source, original_id, link, title, first_seen, last_seen
    memberships: tuple[tuple[Feed, str], ...] = ()  # feed, rule
    cluster: tuple[EntryId, ...] = ()
    joined: str = ""  # why it joined its story; "" when it began it


class Library(Protocol):
    """The reading side of the store: safe from any thread, never waits for the writer."""

    def feed(self, kind: FeedKind, slug: str) -> Feed | Redirected | None: ...

    def feeds(self, kind: FeedKind | None = None, *, limit: int = 10_000) -> list[Feed]:
        """Feeds that have not been withdrawn, by kind and title."""
        ...

    def page(self, feed: FeedId, limit: int, before: tuple[int, EntryId] | None = None) -> list[StoredEntry]:
        """The newest ``limit`` shown entries of a feed, older than ``before`` (sort key, entry id) if given."""
        ...

    def fragments(self, entries: Iterable[tuple[EntryId, int]], format: str) -> Mapping[tuple[EntryId, int], bytes]:
        """Rendered entries by (entry, version) under a format name that includes the renderer's version."""
        ...

    def keep_fragments(self, rendered: Mapping[tuple[EntryId, int], bytes], format: str) -> None:
        """Remember rendered entries. Best effort: a busy database is no error."""
        ...


class Catalogue(Protocol):
    """What commands and status pages ask."""

    def states(self, slugs: Sequence[str] | None = None) -> list[SourceState]: ...

    def outcomes(self, source: SourceId, limit: int = 20) -> list[Outcome]: ...

    def changes(self, limit: int, *, source: str | None = None) -> list[SourceChange]:
        """The latest changes of state, newest first; of one source by its slug, or of all."""
        ...

    def events(self, limit: int) -> list[ServiceEvent]:
        """What happened to the service, the latest first."""
        ...

    def gaps(self, source: SourceId, limit: int = 20) -> list[Gap]:
        """Entries of a source that were probably missed, the latest first."""
        ...

    def entries(self, limit: int, *, source: str | None = None, feed: str | None = None) -> list[StoredEntry]: ...

    def trace(self, entry: EntryId) -> EntryTrace | None: ...

    def recall(self, name: str) -> str | None:
        """What :meth:`Ledger.remember` kept."""
        ...

    def known_digests(self, source: SourceId) -> frozenset[Digest]:
        """Raw digests of the entries seen lately in a source: those need no cleaning when they come again."""
        ...

    def all_entries(self, after: EntryId, limit: int) -> list[tuple[StoredEntry, Sequence[str]]]:
        """Entries in order of id with the slugs of the sources they were seen in; for relabelling and export."""
        ...

    def generation(self) -> int:
        """A number that grows with every commit: equal numbers mean that nothing changed."""
        ...


# ---------------------------------------------------------------- publishing


class EntryChange(StrEnum):
    """What an operator may do to an entry."""

    SPLIT = "split"  # out of its story, for good
    WITHDRAW = "withdraw"  # out of all feeds and the database, for good


class Control(Protocol):
    """What a command may ask of the running daemon."""

    def poll(self, slugs: Sequence[str], *, everything: bool = False, anew: bool = False) -> AsyncIterator[Outcome]:
        """Poll now and yield each outcome as it is committed. ``anew``: without conditions."""
        ...

    def reread(self, slugs: Sequence[str]) -> AsyncIterator[Outcome]:
        """Read the stored pages of these sources, or of all, by the rules in force; yields what came of each."""
        ...

    async def reload(self) -> list[str]:
        """Read the configuration again; the lines say what changed or why the old one stays."""
        ...

    async def change_entry(self, entry: EntryId, change: EntryChange) -> bool:
        """Split an entry from its story, or withdraw it; False when there was nothing to do."""
        ...

    async def forget(self, slug: str) -> int:
        """Delete for good what only this source carried; returns how many entries that were.

        :raises feedhub.errors.NotFound: nothing is stored of such a source.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """Live: the loop turns. Ready: migrated, configured, first claim done, database answers."""

    live: bool
    ready: bool
    detail: Mapping[str, Any] = field(default_factory=dict)


Pages = Iterator[list[StoredEntry]]
