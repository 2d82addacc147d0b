"""The writing of many polls at once: everything is gathered in memory, then written table by table in bulk.

Decisions were taken against what was known before; two polls of one batch may both bring the same new entry. The
second is then treated as a sighting of the first: never doubled, never refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

from feedhub.model import DateOrigin, Draft, EntryId, FeedId, Insert, Key, Membership, Outcome, Update
from feedhub.ports import Applied, PollRecord
from feedhub.store.attachments import Attachments
from feedhub.store.author_pages import learn
from feedhub.store.bodies import body_row
from feedhub.store.columns import seconds
from feedhub.store.feeds import (
    FeedRegistry,
    Listing,
    adding,
    drop_fragments,
    identity,
    member_of,
    replacing,
    write_listing,
)
from feedhub.store.listing import Place
from feedhub.store.marks import write_marks
from feedhub.store.polled import Polled, write_polls
from feedhub.store.prepared import Prepared
from feedhub.store.recognised import Recognised
from feedhub.store.rows import ENTRY_COLUMNS, entry_values, sort_key
from feedhub.store.search_index import IndexWriter, Written, written_of
from feedhub.store.statements import Counter, bump, chunks, put_missing_ready, put_ready
from feedhub.store.stories import Merges, merge
from feedhub.store.tables import cluster_keys, entries, entry_keys, sightings, sources
from feedhub.store.touching import bump_versions, change_entries, touch_sightings, write_sightings


@dataclass(slots=True, kw_only=True)
class Present:
    """An entry that is stored, or will be by this batch."""

    id: int
    owner: int
    cluster: int
    published: datetime
    updated: datetime
    first_seen: datetime
    date_origin: DateOrigin
    sort_key: int
    rank: int
    republish: bool = True  # what its owner allows


class Batch:
    """One call of :meth:`feedhub.ports.Transaction.apply`."""

    def __init__(
        self,
        connection: Connection,
        counter: Counter,
        unseen: set[int],
        recognised: Recognised,
        index: Callable[[], IndexWriter],
    ) -> None:
        self._connection = connection
        self._recognised = recognised
        self._index = index
        self._counter = counter
        self._registry = FeedRegistry(connection, counter)
        self._listing = Listing(unseen=unseen)
        self._attachments = Attachments(connection, counter)
        self._present: dict[int, Present] = {}
        self._by_key: dict[Key, int] = {}
        self._forgotten: set[Key] = set()
        self._feeds: dict[tuple[str, str], int] = {}
        self._sighted: set[tuple[int, int]] = set()  # source, entry: before this batch or in it
        self._new: list[tuple[Any, ...]] = []  # by _NEW_COLUMNS
        self._contents: list[dict[str, Any]] = []
        self._indexed: dict[int, Written] = {}  # what the full-text index shall hold of new and updated entries
        self._keys: dict[Key, tuple[Key, int, bool]] = {}
        self._cluster_keys: dict[tuple[Key, int], None] = {}
        self._marks: list[tuple[int, int]] = []
        self._merges = Merges()
        self._joined: set[int] = set()  # feeds of people whose spellings were joined
        self._sightings: dict[tuple[int, int], tuple[Any, ...]] = {}
        self._updates: dict[int, dict[str, Any]] = {}
        self._seen_anew: set[int] = set()  # stored entries that got another sighting
        self._outcomes: list[Outcome] = []
        self._polls: list[Outcome] = []  # those that are of polls: an archive page is none

    def write(self, records: Sequence[PollRecord]) -> Applied:
        self._prepare(records)
        polled = Polled(self._connection, records)
        for record in records:
            self._take(record, polled.holds(record.state.id))
        return self._flush(records, polled)

    # ------------------------------------------------------------ what is there already

    def _prepare(self, records: Sequence[PollRecord]) -> None:
        writes = [write for record in records for write in record.writes]
        for _, decision in writes:
            if isinstance(decision, Insert) and decision.cluster is not None:
                for story in decision.merges:
                    self._merges.add(decision.cluster, story)
        merge(self._connection, self._merges)
        bylines = [one for draft, _ in writes for one in draft.entry.authors if one.uri]
        self._joined = learn(self._connection, self._counter, bylines, {one.key: one.name for one in bylines})
        self._feeds = self._registry.resolve(m.feed for draft, _ in writes for m in draft.memberships)
        self._find_keys([draft for draft, decision in writes if isinstance(decision, Insert)])
        ids = {decision.id for _, decision in writes if not isinstance(decision, Insert)}
        self._find_entries({*ids, *self._by_key.values()})

    def _find_keys(self, drafts: Iterable[Draft]) -> None:
        keys = {key for draft in drafts for key in _keys_of(draft)}
        self._by_key = self._recognised.entries(keys)
        self._forgotten = self._recognised.removed(keys - self._by_key.keys())

    def _find_entries(self, ids: Iterable[int]) -> None:
        for some in chunks(ids):
            for row in _PRESENT.mappings(self._connection, some):
                self._present[row["id"]] = Present(**{**row, "date_origin": DateOrigin(row["date_origin"])})
            self._sighted.update((source, entry) for source, entry in _SIGHTED.rows(self._connection, some))

    # ------------------------------------------------------------ one poll

    def _take(self, record: PollRecord, known_source: bool) -> None:
        new = updated = 0
        for draft, decision in record.writes if known_source else ():
            if isinstance(decision, Insert):
                new += self._insert(record, draft, decision)
            elif decision.id not in self._present:
                continue  # removed by retention since it was decided
            elif isinstance(decision, Update):
                self._update(record, draft, decision)
                updated += 1
            else:
                self._sight(record, draft, self._present[decision.id])
        outcome = record.outcome
        if (new, updated) != (outcome.new, outcome.updated):
            outcome = replace(outcome, new=new, updated=updated)
        self._outcomes.append(outcome)
        self._polls += [] if record.aside else [outcome]

    def _insert(self, record: PollRecord, draft: Draft, decision: Insert) -> int:
        keys = _keys_of(draft)
        twin = next((self._by_key[key] for key in keys if key in self._by_key), None)
        if twin is not None:
            if twin in self._present:
                self._sight(record, draft, self._present[twin])
            return 0
        if not self._forgotten.isdisjoint(keys):
            return 0
        self._begin(record, draft, decision)
        return 1

    def _begin(self, record: PollRecord, draft: Draft, decision: Insert) -> None:
        entry, now, source = draft.entry, record.outcome.at, record.state.id
        number = self._counter.next("entries")
        cluster = number if decision.cluster is None else self._merges.name(decision.cluster)
        here = Present(
            id=number,
            owner=source,
            cluster=cluster,
            published=entry.published,
            updated=entry.updated,
            first_seen=now,
            date_origin=entry.date_origin,
            sort_key=sort_key(entry.published, now),
            rank=draft.rank,
        )
        self._present[number] = here
        updated = seconds(record.info.updated) if record.info else None
        self._new.append((number, source, 1, decision.because, updated, *_moments(here), *entry_values(entry)))
        self._marks += [(mark, number) for mark in decision.marks]
        self._contents.append(body_row(number, draft))
        self._indexed[number] = written_of(number, here.sort_key, draft)
        self._attachments.attach(EntryId(number), entry)
        self._listing.fresh.add(number)
        self._listing.unseen.add(number)
        self._listing.rewritten.add(number)
        self._listing.edit(_member(here), adding(self._places(draft.memberships, here, source)))
        self._note_sighting(record, draft, number)
        self._note_keys(draft, here)

    def _update(self, record: PollRecord, draft: Draft, decision: Update) -> None:
        entry, here = draft.entry, self._present[decision.id]
        here.published, here.updated = decision.published, decision.updated
        if entry.date_origin is DateOrigin.STATED:
            here.date_origin = DateOrigin.STATED
        here.sort_key = sort_key(decision.published, here.first_seen)
        values = zip((*_MOMENT_COLUMNS, *ENTRY_COLUMNS), (*_moments(here), *entry_values(entry)), strict=True)
        source_updated = record.info.updated if record.info else None
        self._updates[here.id] = {"b_id": here.id, "source_updated": source_updated, **dict(values)}
        self._contents.append(body_row(here.id, draft))
        self._indexed[here.id] = written_of(here.id, here.sort_key, draft)
        self._attachments.replace(EntryId(here.id), entry)
        places = self._places(draft.memberships, here, here.owner)
        self._listing.edit(_member(here), replacing(here.owner, places, here.sort_key))
        self._note_sighting(record, draft, here.id)
        self._note_keys(draft, here)

    def _sight(self, record: PollRecord, draft: Draft, here: Present) -> None:
        first = (record.state.id, here.id) not in self._sighted
        self._note_sighting(record, draft, here.id)
        self._note_keys(draft, here)
        if first:
            self._seen_anew.add(here.id)
        if first and (here.republish or record.state.id == here.owner):
            places = self._places(draft.memberships, here, record.state.id)
            self._listing.edit(_member(here), adding(places))

    def _places(self, wanted: Iterable[Membership], here: Present, source: int) -> dict[int, Place]:
        return {self._feeds[identity(m.feed)]: Place(here.sort_key, source, m.rule) for m in wanted}

    def _note_sighting(self, record: PollRecord, draft: Draft, number: int) -> None:
        pair = (record.state.id, number)
        self._sighted.add(pair)
        entry, at = draft.entry, seconds(record.outcome.at)
        self._sightings[pair] = (*pair, entry.original_id, entry.link, entry.title, entry.raw_digest, at, at)

    def _note_keys(self, draft: Draft, here: Present) -> None:
        for key in _keys_of(draft):
            self._by_key.setdefault(key, here.id)
            self._keys.setdefault(key, (key, here.id, key == draft.keys.shared))
        for key in draft.keys.cluster:
            self._cluster_keys[key, here.cluster] = None

    # ------------------------------------------------------------ writing

    def _flush(self, records: Sequence[PollRecord], polled: Polled) -> Applied:
        before = self._index().stored(self._updates) if self._indexed else {}
        put_ready(self._connection, entries, _NEW_COLUMNS, self._new)
        change_entries(self._connection, list(self._updates.values()), self._contents, self._listing.fresh)
        if self._indexed:
            self._index().change(before, self._indexed)
        self._attachments.write()
        self._write_keys()
        write_marks(self._connection, self._marks)
        write_sightings(self._connection, list(self._sightings.values()))
        touch_sightings(self._connection, records)
        touched = self._rewrite(polled)
        feeds = write_listing(self._connection, self._listing) | self._joined
        feeds |= polled.write(self._counter)
        write_polls(self._connection, self._counter, [o for o in self._polls if polled.holds(o.source)])
        if feeds or touched or self._new:
            bump(self._connection)
        return Applied(
            new=len(self._new),
            updated=len(self._updates),
            feeds=frozenset(FeedId(feed) for feed in feeds),
            outcomes=tuple(self._outcomes),
        )

    def _write_keys(self) -> None:
        put_missing_ready(self._connection, entry_keys, ("key", "entry_id", "shared"), list(self._keys.values()))
        put_missing_ready(self._connection, cluster_keys, ("key", "cluster"), list(self._cluster_keys))

    def _rewrite(self, polled: Polled) -> set[int]:
        """Give a new version to every stored entry whose rendering changes: edited, seen elsewhere, joined, credited."""
        joined = {
            m.cluster for m in self._listing.members.values() if m.id in self._listing.fresh and m.cluster != m.id
        }
        changed = {*self._updates, *(self._seen_anew - self._listing.fresh)}
        stories = {*joined, *self._merges.moved.values(), *(self._present[entry].cluster for entry in changed)}
        rewritten = bump_versions(self._connection, stories, polled.credited, self._listing.fresh)
        drop_fragments(self._connection, rewritten)
        self._listing.rewritten |= rewritten.keys()
        for member in rewritten.values():
            self._listing.members.setdefault(member.id, member)
        return set(rewritten)


_SOME: BindParameter[Any] = bindparam("some", expanding=True)
_SIGHTED = Prepared(select(sightings.c.source_id, sightings.c.entry_id).where(sightings.c.entry_id.in_(_SOME)), "some")
_PRESENT = Prepared(
    select(
        entries.c.id,
        entries.c.owner_id.label("owner"),
        entries.c.cluster,
        entries.c.published,
        entries.c.updated,
        entries.c.first_seen,
        entries.c.date_origin,
        entries.c.sort_key,
        entries.c.rank,
        sources.c.republish,
    )
    .join(sources, sources.c.id == entries.c.owner_id)
    .where(entries.c.id.in_(_SOME)),
    "some",
)


def _keys_of(draft: Draft) -> tuple[Key, ...]:
    shared = draft.keys.shared
    return draft.keys.own if shared is None else (*draft.keys.own, shared)


_MOMENT_COLUMNS = ("cluster", "published", "updated", "date_origin", "first_seen", "sort_key", "rank")
_NEW_COLUMNS = ("id", "owner_id", "version", "joined", "source_updated", *_MOMENT_COLUMNS, *ENTRY_COLUMNS)


def _moments(here: Present) -> tuple[Any, ...]:
    return (
        here.cluster,
        seconds(here.published),
        seconds(here.updated),
        here.date_origin.value,
        seconds(here.first_seen),
        here.sort_key,
        here.rank,
    )


def _member(here: Present) -> Any:
    return member_of(here.id, here.cluster, here.published, here.updated, here.rank)
