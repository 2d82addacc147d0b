"""The store: one class for both dialects, put together from its sides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import select

from feedhub.model import EntryId, FeedId, FeedKind, FeedRef, ServiceEvent, SourceId, SourceState
from feedhub.ports import Relabelled, Relabelling, SourceSpec, TopicSpec
from feedhub.store import forgetting, sources, stories
from feedhub.store.access import Access
from feedhub.store.accounting import Accounting
from feedhub.store.base import Side
from feedhub.store.bodies import pack_some
from feedhub.store.catalogue import Cataloguing
from feedhub.store.compacting import give_back, spare_pages
from feedhub.store.configuring import Configuring, hide_authors
from feedhub.store.copies import copies_rule, set_copies_rule
from feedhub.store.finding import Finding
from feedhub.store.happenings import add_event
from feedhub.store.hub_rows import HubRows
from feedhub.store.marks import first_seen_since, forget_marks
from feedhub.store.mending import mend_schedule
from feedhub.store.moving import FeedMover
from feedhub.store.paging import Paging
from feedhub.store.reading import Reading
from feedhub.store.relabelling import relabel
from feedhub.store.retention import Excess, Rule, excess, removable, remove, remove_old, trim
from feedhub.store.schema import require_current
from feedhub.store.search_index import IndexWriter
from feedhub.store.statements import Counter, bump, put_over
from feedhub.store.subscribing import Subscribing
from feedhub.store.tables import entries, memory
from feedhub.store.tombstones import trim_tombstones
from feedhub.store.writing import SqlTransaction


class Writing(Side):
    """The part of the store that is a :class:`feedhub.ports.Ledger`. All calls come from one thread."""

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        with self.writing() as connection:
            transaction = SqlTransaction(connection)
            yield transaction
            transaction.finish()

    def sync(self, sources: Sequence[SourceSpec], topics: Sequence[TopicSpec], now: datetime) -> None:
        with self.writing() as connection:
            counter = Counter(connection)
            Configuring(connection, counter, now).sync(sources, topics)
            counter.save()
            bump(connection)

    def hide_authors(self, keys: Collection[str]) -> None:
        with self.writing() as connection:
            hide_authors(connection, keys)
            bump(connection)

    def claim(
        self, now: datetime, limit: int, lease_until: datetime, busy: Collection[SourceId] = ()
    ) -> list[SourceState]:
        with self.writing() as connection:
            return sources.claim(connection, now, limit, lease_until, busy)

    def schedule(self, due: Mapping[SourceId, datetime]) -> None:
        with self.writing() as connection:
            sources.schedule(connection, due)

    def never_planned(self) -> list[SourceState]:
        with self.reading() as connection:
            return sources.never_planned(connection)

    def forget_validators(self, slugs: Iterable[str]) -> None:
        with self.writing() as connection:
            sources.forget_validators(connection, slugs)

    def mend_schedule(self, now: datetime) -> int:
        """Bring what was planned by a clock that was ahead back to now; returns for how many sources."""
        with self.writing() as connection:
            return mend_schedule(connection, now)

    def last_polled(self) -> datetime | None:
        with self.reading() as connection:
            return sources.last_polled(connection)

    def release(self, ids: Iterable[SourceId]) -> None:
        with self.writing() as connection:
            sources.lease(connection, ids, None)

    def relabel(self, changes: Sequence[Relabelled]) -> Relabelling:
        with self.writing() as connection:
            counter = Counter(connection)
            done = relabel(connection, counter, changes)
            counter.save()
            if done.feeds:
                bump(connection)
            return done

    def merge_feeds(self, kind: FeedKind, old_keys: Sequence[str], into: FeedRef) -> frozenset[FeedId]:
        with self.writing() as connection:
            counter = Counter(connection)
            changed = FeedMover(connection, counter, kind).merge(old_keys, into)
            counter.save()
            if changed:
                bump(connection)
            return frozenset(FeedId(feed) for feed in changed)

    def note(self, event: ServiceEvent) -> None:
        with self.writing() as connection:
            counter = Counter(connection)
            add_event(connection, counter, event)
            counter.save()

    def remember(self, name: str, value: str) -> None:
        with self.writing() as connection:
            put_over(connection, memory, [{"name": name, "value": value}])

    def removable(
        self, keep_for: timedelta, keep_at_least: int, now: datetime, after: SourceId, *, batch: int
    ) -> tuple[list[EntryId], SourceId | None]:
        """Reads: up to ``batch`` entries that are too old, of the sources numbered above ``after``.

        Those are older than ``keep_for``, listed by no source any more, and not of the newest ``keep_at_least`` of theirs.
        Second: the ``after`` to ask with for the next ones, once these are removed; None at the end.
        """
        with self.reading() as connection:
            some, then = removable(connection, Rule(now - keep_for, keep_at_least), after, batch)
        return [EntryId(one) for one in some], None if then is None else SourceId(then)

    def remove_old(self, some: Collection[EntryId], keep_for: timedelta, keep_at_least: int, now: datetime) -> int:
        """Remove those of the entries that are too old still, in one transaction; returns how many.

        What is removed never comes back as new.
        """
        if not some:
            return 0
        with self.writing() as connection:
            return remove_old(connection, some, Rule(now - keep_for, keep_at_least), now)

    def forget_tombstones(self, now: datetime) -> int:
        """Drop the tombstones that every reader has heard of; returns how many."""
        with self.writing() as connection:
            gone = trim_tombstones(connection, now)
            if gone:
                bump(connection)
            return gone

    def withdraw(self, entry: EntryId, now: datetime) -> bool:
        """Remove an entry for good and let its feeds say so (RFC 6721); False when there is none."""
        with self.writing() as connection:
            if connection.scalar(select(entries.c.id).where(entries.c.id == entry)) is None:
                return False
            remove(connection, [entry], now, withdrawn=True)
            return True

    def forget_marks(self, seen_before: datetime, part: int, parts: int) -> int:
        """Drop the marks of entries first seen before a moment, one of ``parts`` parts of them; returns how many."""
        with self.writing() as connection:
            return forget_marks(connection, first_seen_since(connection, seen_before), part, parts)

    def show_every_copy(self, rule: Collection[str]) -> None:
        with self.writing() as connection:
            if copies_rule(connection) != frozenset(rule):
                set_copies_rule(connection, rule)
                bump(connection)

    def split(self, entry: EntryId) -> bool:
        """Make an entry a story of its own, for good; False when it is one already, or there is none."""
        with self.writing() as connection:
            return stories.split(connection, entry)

    def excess(self, polls: int, changes: int) -> list[Excess]:
        """Reads: where there are more outcomes and changes than the newest of each source, to be given to :meth:`trim`."""
        with self.reading() as connection:
            return excess(connection, polls, changes)

    def trim(self, some: Iterable[Excess]) -> tuple[int, int]:
        """Drop what is too much, in one transaction; returns how many outcomes and how many changes."""
        with self.writing() as connection:
            return trim(connection, some)

    def spare_pages(self) -> int:
        """Reads: how many pages of the file should be given back to the disk, by :meth:`give_back`."""
        with self.reading() as connection:
            return spare_pages(connection)

    def give_back(self) -> int:
        """One step of giving free pages back, in one transaction; how many went, 0 at the end."""
        with self.writing() as connection:
            return give_back(connection)

    def index_some(self, *, batch: int = 100, anew: bool = False) -> int:
        """One step of building the full-text index for entries that it does not know; returns how many, 0 at the end.

        :param anew: empty the index first.
        """
        with self.writing() as connection:
            index = IndexWriter(connection)
            if anew:
                index.start_anew()
            return index.build_some(batch)

    def pack_some(self, *, batch: int = 100) -> int:
        """One step of packing the texts of entries from before they were packed; how many were looked at, 0 at the end."""
        with self.writing() as connection:
            return pack_some(connection, batch)

    def forget_some(self, slug: str, now: datetime, *, batch: int) -> tuple[int, bool]:
        """Delete what only this source carried, hand the rest to who carried it next: ``batch`` entries, one transaction.

        What is deleted never comes back as new. The source itself goes at the end when it is not configured any more.
        Returns how many entries were deleted, and whether that was all; doing it again finishes what was interrupted.

        :raises NotFound: there is no such source.
        """
        with self.writing() as connection:
            source = forgetting.source_id(connection, slug)
            alone, shared = forgetting.carried(connection, source, batch)
            if not (alone or shared):
                forgetting.drop_source(connection, source)
                return 0, True
            remove(connection, alone, now, withdrawn=True)
            forgetting.pass_on(connection, source, shared)
            return len(alone), False


class SqlStore(Writing, Reading, Cataloguing, Accounting, Subscribing, HubRows, Finding, Paging, Access):
    """Fills the ports of the store on SQLite and PostgreSQL: Ledger, Library, Catalogue, Subscriptions, PageStore,
    Searching, HubLedger and PingLedger."""


def open_store(url: str, *, busy_timeout: float = 15.0, read_only: bool = False) -> SqlStore:
    """Open a migrated database.

    :param url: ``sqlite:///file`` or ``postgresql://…``.
    :param busy_timeout: seconds to wait for a lock that another program holds.
    :param read_only: refuse every change (for commands beside a running daemon).
    :raises DatabaseOutdated: it is empty or older than this program: run :func:`feedhub.store.upgrading.migrate` first.
    :raises DatabaseNewer: it was made by a newer FeedHub.
    :raises DatabaseBroken: it cannot be opened.
    """
    require_current(url)
    return SqlStore(url, busy_timeout=busy_timeout, read_only=read_only)
