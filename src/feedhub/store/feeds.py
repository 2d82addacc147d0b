"""Output feeds: their ids, slugs and titles, and the writing of their lists."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    Update,
    bindparam,
    case,
    delete,
    or_,
    select,
    type_coerce,
    update,
)

from feedhub.model import FeedKind, FeedRef
from feedhub.slugs import slug_of, with_suffix
from feedhub.store.archiving import archive
from feedhub.store.author_spellings import same_people
from feedhub.store.bulk import Many
from feedhub.store.copies import copies_rule, shows_every_copy
from feedhub.store.listing import Difference, Member, Place, Places, choose, differ, told_again
from feedhub.store.prepared import Prepared
from feedhub.store.statements import Counter, chunks, put, put_ready
from feedhub.store.tables import entries, feeds, fragments, memberships, redirects
from feedhub.store.tombstones import bury

Edit = Callable[[dict[int, Place]], dict[int, Place]]
"""From an entry's present places to those it should have."""
FeedName = tuple[str, str]
"""Kind and key: a feed's identity."""
ALL_KEY = "all"


_KINDS = {kind: kind.value for kind in FeedKind}
"""Looked up for every membership of every entry."""


def identity(ref: FeedRef) -> FeedName:
    """There is one feed of everything, whatever key it is asked for by."""
    return (_KINDS[ref.kind], ALL_KEY if ref.kind is FeedKind.ALL else ref.key)


class FeedRegistry:
    """Finds feeds by identity and opens those that do not exist yet."""

    def __init__(self, connection: Connection, counter: Counter) -> None:
        self._connection = connection
        self._counter = counter
        self._ids: dict[FeedName, int] = {}

    def resolve(self, refs: Iterable[FeedRef]) -> dict[FeedName, int]:
        """The ids of these feeds; missing ones are created with a slug that never changes afterwards."""
        wanted = {identity(ref): ref for ref in refs}
        people = same_people(self._connection, [key for kind, key in wanted if kind == _KINDS[FeedKind.AUTHOR]])
        meant = {
            (kind, key): (kind, people.get(key, key) if kind == _KINDS[FeedKind.AUTHOR] else key)
            for kind, key in wanted
        }
        self._find([name for name in meant.values() if name not in self._ids])
        missing = {meant[name]: ref for name, ref in wanted.items() if meant[name] not in self._ids}
        if missing:
            self._open(missing)
        return {name: self._ids[meant[name]] for name in wanted}

    def _find(self, names: Sequence[FeedName]) -> None:
        by_kind: dict[str, list[str]] = {}
        for kind, key in names:
            by_kind.setdefault(kind, []).append(key)
        for kind, keys in by_kind.items():
            for some in chunks(keys):
                self._ids.update({(kind, key): number for key, number in _NAMED.rows(self._connection, kind, some)})

    def _open(self, missing: Mapping[FeedName, FeedRef]) -> None:
        bases = {name: base_slug(ref) for name, ref in missing.items()}
        rule = copies_rule(self._connection)
        taken = self._taken({(kind, bases[kind, key]) for kind, key in missing})
        rows = []
        for (kind, key), ref in missing.items():
            slug = self._free(kind, bases[kind, key], taken)
            taken.add((kind, slug))
            feed_id = self._counter.next("feeds")
            self._ids[kind, key] = feed_id
            rows.append({"id": feed_id, "kind": kind, "key": key, "slug": slug, "title": ref.title or key})
        put(self._connection, feeds, [{**row, "every_copy": shows_every_copy(rule, row)} for row in rows])

    def _taken(self, wanted: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        taken: set[tuple[str, str]] = set()
        for kind in {kind for kind, _ in wanted}:
            for slugs in chunks(slug for k, slug in wanted if k == kind):
                for query in _TAKEN:
                    taken.update((kind, slug) for (slug,) in query.rows(self._connection, kind, slugs))
        return taken

    def free_slug(self, kind: str, base: str) -> str:
        """The base, or the first of its numbered forms that no feed has and no redirect needs."""
        return self._free(kind, base, self._taken([(kind, base)]))

    def _free(self, kind: str, base: str, taken: Collection[tuple[str, str]]) -> str:
        if (kind, base) not in taken:
            return base
        number = 2
        while (kind, slug := with_suffix(base, number)) in taken or self._taken([(kind, slug)]):
            number += 1
        return slug


_KIND: BindParameter[str] = bindparam("kind")
_SOME: BindParameter[Any] = bindparam("some", expanding=True)
_NAMED = Prepared(select(feeds.c.key, feeds.c.id).where(feeds.c.kind == _KIND, feeds.c.key.in_(_SOME)), "kind", "some")
_TAKEN = [
    Prepared(select(table.c.slug).where(table.c.kind == _KIND, table.c.slug.in_(_SOME)), "kind", "some")
    for table in (feeds, redirects)
]


def base_slug(ref: FeedRef) -> str:
    """The slug that a feed asks for."""
    if ref.kind is FeedKind.ALL:
        return ALL_KEY
    return ref.slug or slug_of(ref.title or ref.key)


@dataclass(slots=True, kw_only=True)
class Listing:
    """Changes of entries to be brought into the feeds, collected before anything is written."""

    edits: dict[int, list[Edit]] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    fresh: set[int] = field(default_factory=set)  # entries that have no places yet
    rewritten: set[int] = field(default_factory=set)  # entries that look different now
    unseen: set[int] = field(default_factory=set)  # entries that came in this transaction
    withdrawn_at: datetime | None = None  # when entries that leave all feeds are withdrawn, not merely old

    def edit(self, member: Member, edit: Edit) -> None:
        self.members[member.id] = member
        self.edits.setdefault(member.id, []).append(edit)


def write_listing(connection: Connection, listing: Listing) -> set[int]:
    """Bring memberships up to date; returns the feeds whose shown list, or an entry in it, changed."""
    members = dict(listing.members)
    _load_mates(connection, members, listing.fresh)
    current = _load_places(connection, members.keys() - listing.fresh)
    wanted: Places = {}
    for entry in members:
        places = current.get(entry, {})
        for edit in listing.edits.get(entry, ()):
            places = edit(places)
        wanted[entry] = places
    rivals = [wanted[entry] for telling in told_again(members, wanted) for entry in telling]
    settled = choose(members, wanted, current, _unhiding(connection, rivals), listing.unseen)
    change = differ(members, current, settled)
    if listing.withdrawn_at is not None:
        bury(connection, current, settled, listing.withdrawn_at)
    _write_places(connection, change)
    touched = _touch_feeds(connection, change, settled, members, listing.rewritten - listing.fresh)
    archive(connection, change)
    return touched


def _load_mates(connection: Connection, members: dict[int, Member], fresh: Collection[int]) -> None:
    """Add the other entries of the stories: what one shows depends on all."""
    stories = {m.cluster for m in members.values() if m.id not in fresh or m.cluster != m.id}
    for some in chunks(stories):
        for row in _MATES.rows(connection, some):
            if row[0] not in members:
                members[row[0]] = member_of(*row)


_MATES = Prepared(
    select(entries.c.id, entries.c.cluster, entries.c.published, entries.c.updated, entries.c.rank).where(
        entries.c.cluster.in_(_SOME)
    ),
    "some",
)


def member_of(entry: int, cluster: int, published: datetime, updated: datetime, rank: int) -> Member:
    """A :class:`Member` from stored moments."""
    return Member(entry, cluster, int(published.timestamp()), int(updated.timestamp()), rank)


def _load_places(connection: Connection, ids: Iterable[int]) -> Places:
    places: Places = {}
    for some in chunks(ids):
        for entry, feed, key, source, rule, hidden in _PLACES.rows(connection, some):
            places.setdefault(entry, {})[feed] = Place(key, source, rule, hidden)
    return places


_PLACES = Prepared(
    select(
        memberships.c.entry_id,
        memberships.c.feed_id,
        memberships.c.sort_key,
        memberships.c.source_id,
        memberships.c.rule,
        memberships.c.hidden,
    ).where(memberships.c.entry_id.in_(_SOME)),
    "some",
)


def _unhiding(connection: Connection, wanted: Iterable[Mapping[int, Place]]) -> frozenset[int]:
    """Feeds that show every copy, among those wanted by more than one entry."""
    seen: set[int] = set()
    shared: set[int] = set()
    for places in wanted:
        shared.update(seen & places.keys())
        seen.update(places)
    found: set[int] = set()
    for some in chunks(shared):
        found.update(feed for (feed,) in _UNHIDING.rows(connection, some))
    return frozenset(found)


_UNHIDING = Prepared(
    select(feeds.c.id).where(feeds.c.id.in_(_SOME), or_(feeds.c.kind == FeedKind.SOURCE.value, feeds.c.every_copy)),
    "some",
)


def _write_places(connection: Connection, change: Difference) -> None:
    _LEAVE.run(connection, [{"entry": entry, "feed": feed} for entry, feed in change.remove])
    rows = [
        (feed, hidden, sort_key, entry, source, rule) for entry, feed, (sort_key, source, rule, hidden) in change.add
    ]
    put_ready(connection, memberships, _PLACE_COLUMNS, rows)


_PLACE_COLUMNS = ("feed_id", "hidden", "sort_key", "entry_id", "source_id", "rule")
_LEAVE = Many(
    delete(memberships).where(memberships.c.entry_id == bindparam("entry"), memberships.c.feed_id == bindparam("feed"))
)


def _touch_feeds(
    connection: Connection, change: Difference, settled: Places, members: Mapping[int, Member], rewritten: set[int]
) -> set[int]:
    newest: dict[int, int] = {**dict.fromkeys(change.touched, 0), **change.newest}
    for entry in rewritten:
        for feed, place in settled.get(entry, {}).items():
            if not place.hidden and newest.get(feed, 0) < members[entry].updated:
                newest[feed] = members[entry].updated
    rows = [{"feed": f, "newest": moment, "more": change.size.get(f, 0)} for f, moment in newest.items()]
    _TOUCH.run(connection, rows)
    return set(newest)


def _touch() -> Update:
    """A change of a feed: one version more, and never a step back of its newest moment."""
    newest = bindparam("newest", type_=BigInteger)
    updated = type_coerce(feeds.c.updated, BigInteger)
    later = case((updated < newest, newest), else_=updated)
    values = {"version": feeds.c.version + 1, "size": feeds.c.size + bindparam("more"), "updated": later}
    return update(feeds).where(feeds.c.id == bindparam("feed")).values(values)


_TOUCH = Many(_touch())


def drop_fragments(connection: Connection, ids: Iterable[int]) -> None:
    """Forget renderings of entries that look different now."""
    _DROP.run(connection, [{"entry": entry} for entry in ids])


_DROP = Many(delete(fragments).where(fragments.c.entry_id == bindparam("entry")))


# ---------------------------------------------------------------- edits


def adding(places: dict[int, Place]) -> Edit:
    """Join feeds that the entry is not in yet."""
    return lambda current: {**places, **current} if current else places


def replacing(source: int, places: Mapping[int, Place], sort_key: int) -> Edit:
    """One source's word is replaced; what other sources' sightings said stays, at the entry's place in time."""

    def edit(current: dict[int, Place]) -> dict[int, Place]:
        kept = {f: p._replace(sort_key=sort_key) for f, p in current.items() if p.source != source}
        return {**kept, **places}

    return edit


def setting(places: Mapping[int, Place]) -> Edit:
    """Exactly these feeds. Whose sighting put the entry into a feed stays as it was."""

    def edit(current: dict[int, Place]) -> dict[int, Place]:
        return {f: p._replace(source=current[f].source) if f in current else p for f, p in places.items()}

    return edit


def leaving() -> Edit:
    """No feed any more."""
    return lambda _: {}
