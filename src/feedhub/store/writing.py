"""A transaction of the single writer: what is known, and the writing of polls."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

from feedhub.model import DateOrigin, Digest, EntryId, Key, Known, Marked, SourceId, Story, Subscription, Wording
from feedhub.ports import MOST_STORIES_OF_A_KEY, Applied, PollRecord
from feedhub.store.batch import Batch
from feedhub.store.marks import marked, wordings
from feedhub.store.paging import write_pages
from feedhub.store.prepared import Prepared
from feedhub.store.recognised import Recognised, all_of
from feedhub.store.rows import unpack_parts
from feedhub.store.search_index import IndexWriter
from feedhub.store.statements import Counter, chunks
from feedhub.store.stories import BY_HAND
from feedhub.store.subscribing import current_subscriptions, write_subscriptions
from feedhub.store.tables import cluster_keys, entries, entry_keys

_SOME: BindParameter[Any] = bindparam("some", expanding=True)
_KNOWN = Prepared(
    select(
        entry_keys.c.key,
        entries.c.id,
        entries.c.owner_id,
        entries.c.digest,
        entries.c.original_id,
        entries.c.published,
        entries.c.updated,
        entries.c.date_origin,
        entries.c.version,
        entries.c.parts,
    )
    .select_from(entry_keys)
    .join(entries, entries.c.id == entry_keys.c.entry_id)
    .where(entry_keys.c.key.in_(_SOME)),
    "some",
)
_LEADING = Prepared(select(cluster_keys.c.key, cluster_keys.c.cluster).where(cluster_keys.c.key.in_(_SOME)), "some")
_OWNERS = Prepared(select(entries.c.cluster, entries.c.owner_id).where(entries.c.cluster.in_(_SOME)).distinct(), "some")
_STORIES = Prepared(
    select(entries.c.id, entries.c.language, entries.c.publisher, entries.c.published, entries.c.joined).where(
        entries.c.id.in_(_SOME)
    ),
    "some",
)


class SqlTransaction:
    """One unit of work; see :class:`feedhub.ports.Transaction`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._unseen: set[int] = set()  # entries that this transaction brought
        self._recognised = Recognised(connection)
        self._index: IndexWriter | None = None  # looked at when entries are written first

    def known(self, keys: Iterable[Key]) -> Mapping[Key, Known]:
        found: dict[Key, Known] = {}
        asked = all_of(keys)
        for some in chunks(asked):
            for row in _KNOWN.mappings(self._connection, some):
                found[Key(row["key"])] = Known(
                    id=EntryId(row["id"]),
                    owner=SourceId(row["owner_id"]),
                    digest=Digest(row["digest"]),
                    original_id=row["original_id"],
                    published=row["published"],
                    updated=row["updated"],
                    date_origin=DateOrigin(row["date_origin"]),
                    version=row["version"],
                    parts=unpack_parts(row["parts"]),
                )
        self._recognised.learn(asked, {key: known.id for key, known in found.items()})
        return found

    def removed(self, keys: Iterable[Key]) -> frozenset[Key]:
        return frozenset(self._recognised.removed(all_of(keys)))

    def stories(self, keys: Iterable[Key]) -> Mapping[Key, Sequence[Story]]:
        clusters: dict[Key, list[EntryId]] = {}
        for some in chunks(set(keys)):
            for key, cluster in _LEADING.rows(self._connection, some):
                clusters.setdefault(Key(key), []).append(EntryId(cluster))
        telling = {key: sorted(found) for key, found in clusters.items() if len(found) <= MOST_STORIES_OF_A_KEY}
        stories = self.stories_named({cluster for found in telling.values() for cluster in found})
        return {key: [stories[one] for one in found if one in stories] for key, found in telling.items()}

    def _owners(self, clusters: Collection[EntryId]) -> Mapping[EntryId, frozenset[SourceId]]:
        """The sources that own an entry of each story."""
        owners: dict[EntryId, set[SourceId]] = {cluster: set() for cluster in clusters}
        for some in chunks(clusters):
            for cluster, owner in _OWNERS.rows(self._connection, some):
                owners[EntryId(cluster)].add(SourceId(owner))
        return {cluster: frozenset(sources) for cluster, sources in owners.items()}

    def stories_named(self, clusters: Collection[EntryId]) -> Mapping[EntryId, Story]:
        owners = self._owners(clusters)
        return {
            EntryId(number): Story(
                cluster=EntryId(number),
                language=language,
                publisher=publisher,
                published=published,
                sources=owners[EntryId(number)],
                kept_apart=joined == BY_HAND,
            )
            for some in chunks(clusters)
            for number, language, publisher, published, joined in _STORIES.rows(self._connection, some)
        }

    def marked(self, marks: Iterable[int]) -> Mapping[int, Sequence[Marked]]:
        return marked(self._connection, marks)

    def wordings(self, wanted: Collection[EntryId]) -> Mapping[EntryId, Wording]:
        return wordings(self._connection, wanted)

    def subscriptions(self, sources: Iterable[SourceId]) -> Mapping[SourceId, Subscription]:
        return current_subscriptions(self._connection, sources)

    def apply(self, records: Sequence[PollRecord]) -> Applied:
        counter = Counter(self._connection)
        applied = Batch(self._connection, counter, self._unseen, self._recognised, self._writing_index).write(records)
        self._recognised.forget()
        write_pages(self._connection, [record for record in records if record.kept is not None])
        counter.save()
        changed = [record.subscription for record in records if record.subscription is not None]
        write_subscriptions(self._connection, changed)
        return applied

    def _writing_index(self) -> IndexWriter:
        if self._index is None:
            self._index = IndexWriter(self._connection)
        return self._index

    def finish(self) -> None:
        """Write what was kept for the end of the transaction."""
        if self._index is not None:
            self._index.write()
