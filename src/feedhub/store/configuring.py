"""Making the tables agree with the configuration.

Nothing is deleted here. A source that left is switched off and keeps its entries, a topic that left is withdrawn, a
renamed one leaves a redirect, and all come back as they were when they are named again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from feedhub.model import FeedKind, FeedRef, Health, SourceChange
from feedhub.ports import SourceSpec, TopicSpec
from feedhub.store.feeds import (
    ALL_KEY,
    FeedRegistry,
    Listing,
    drop_fragments,
    write_listing,
)
from feedhub.store.happenings import add_change
from feedhub.store.moving import FeedMover
from feedhub.store.polled import retitle
from feedhub.store.rows import source_title
from feedhub.store.statements import Counter, chunks, put
from feedhub.store.tables import feeds, sources
from feedhub.store.touching import bump_versions

FORGET_VALIDATORS: dict[str, Any] = {
    "etag": None,
    "last_modified": None,
    "validators_url": None,
    "body_digest": None,
    "page": None,
    "same_body": 0,
    "has_validators": True,
    "move_target": None,
    "move_since": None,
    "move_count": 0,
    "failing_since": None,
    "failures": 0,
    "last_failure": None,
    "last_detail": "",
    "last_status": 0,
    "fresh_until": None,
    "retry_at": None,
    "newest_listed": None,
    "gap": None,
    "feed_hub": "",
    "next_poll_at": None,
    "leased_until": None,
}
"""What belongs to an address and is void at another (standards, part 1, rule 4)."""


_SAID: Mapping[Health, str] = {
    Health.DISABLED: "Switched off in the configuration; its entries stay.",
    Health.NEW: "The configuration names another address for it, which is polled next.",
    Health.FRESH: "Switched on in the configuration, or named there by the address it had moved to.",
    Health.FAILING: "Switched on again in the configuration; it was failing before.",
}


class Configuring:
    """One call of :meth:`feedhub.ports.Ledger.sync`."""

    def __init__(self, connection: Connection, counter: Counter, now: datetime) -> None:
        self._connection = connection
        self._counter = counter
        self._now = now

    def sync(self, specs: Sequence[SourceSpec], topics: Sequence[TopicSpec]) -> None:
        self._registry().resolve([FeedRef(kind=FeedKind.ALL, key=ALL_KEY, title="All")])
        self._sync_sources(specs)
        self._sync_topics(topics)

    def _registry(self) -> FeedRegistry:
        """A new one each time: keys of feeds change here."""
        return FeedRegistry(self._connection, self._counter)

    # ------------------------------------------------------------ sources

    def _sync_sources(self, specs: Sequence[SourceSpec]) -> None:
        found = self._connection.execute(select(sources.c.slug, sources.c.id))
        stored = {row.slug: row.id for row in found}
        self._rename_sources(specs, stored)
        new = [spec for spec in specs if spec.slug not in stored]
        put(self._connection, sources, [self._new_source(spec) for spec in new])
        recredited: set[int | None] = set()
        for some in chunks(specs):
            rows = self._rows([spec.slug for spec in some if spec.slug in stored])
            recredited |= {self._change_source(spec, rows[spec.slug]) for spec in some if spec.slug in stored}
            self._open_source_feeds(some, rows)
        for gone in chunks(stored.keys() - {spec.slug for spec in specs}):
            self._leave([row for row in self._rows(gone).values() if row["configured"]])
        self._recredit({source for source in recredited if source is not None})

    def _rows(self, slugs: Sequence[str]) -> dict[str, RowMapping]:
        """Sources as they are stored, by slug."""
        query = select(sources).where(sources.c.slug.in_(slugs))
        return {row["slug"]: row for row in self._connection.execute(query).mappings()}

    def _rename_sources(self, specs: Sequence[SourceSpec], stored: dict[str, int]) -> None:
        taken = {spec.slug for spec in specs}
        for spec in specs:
            for old in spec.formerly:
                if old in stored and old not in taken:
                    if spec.slug not in stored:
                        change = update(sources).where(sources.c.id == stored[old])
                        self._connection.execute(change.values(slug=spec.slug))
                        stored[spec.slug] = stored.pop(old)
                    FeedMover(self._connection, self._counter, FeedKind.SOURCE).move(old, spec.slug)

    def _new_source(self, spec: SourceSpec) -> dict[str, Any]:
        return {
            "id": self._counter.next("sources"),
            "slug": spec.slug,
            "name": spec.name,
            "url": spec.url,
            "configured_url": spec.url,
            "enabled": spec.enabled,
            "content": spec.content.value,
            "republish": spec.republish,
            "rights": spec.rights,
            "health": (Health.NEW if spec.enabled else Health.DISABLED).value,
        }

    def _change_source(self, spec: SourceSpec, row: RowMapping) -> int | None:
        """Write what the configuration says; returns the source's id when its entries look different now."""
        values: dict[str, Any] = {
            "name": spec.name,
            "enabled": spec.enabled,
            "configured": True,
            "content": spec.content.value,
            "republish": spec.republish,
            "rights": spec.rights,
            "health": _health(spec, row),
        }
        if spec.url == row["url"]:  # also when the file now says where the source has moved to: nothing is forgotten
            values |= {"configured_url": spec.url}
        elif spec.url != row["configured_url"]:
            values |= {"url": spec.url, "configured_url": spec.url, "credited_at": None, **FORGET_VALIDATORS}
        self._note_change(row, Health(values["health"]))
        changed = {name: value for name, value in values.items() if value != row[name]}
        if changed:
            self._connection.execute(update(sources).where(sources.c.id == row["id"]).values(changed))
        return row["id"] if changed.keys() & {"name", "content", "republish", "rights"} else None

    def _leave(self, rows: Sequence[RowMapping]) -> None:
        for row in rows:
            self._note_change(row, Health.DISABLED, left=True)
            values = {"enabled": False, "configured": False, "health": Health.DISABLED.value, "leased_until": None}
            self._connection.execute(update(sources).where(sources.c.id == row["id"]).values(values))
            _withdraw(self._connection, FeedKind.SOURCE, row["slug"], True)

    def _note_change(self, row: RowMapping, after: Health, *, left: bool = False) -> None:
        """Keep what the configuration made of a source's state, as polls keep theirs."""
        before = Health(row["health"])
        if before is after or (before, after) == (Health.FRESH, Health.NEW):
            return
        cause = "left the configuration" if left else "configuration"
        detail = "It is not in the configuration any more; its entries stay." if left else _SAID[after]
        change = SourceChange(at=self._now, slug=row["slug"], before=before, after=after, cause=cause, detail=detail)
        add_change(self._connection, self._counter, dict(row), change)

    def _open_source_feeds(self, specs: Sequence[SourceSpec], stored: Mapping[str, RowMapping]) -> None:
        refs: list[FeedRef] = []
        withheld: list[FeedRef] = []
        for spec in specs:
            known = stored[spec.slug]["feed_title"] if spec.slug in stored else ""
            title = source_title(spec.name, known, spec.slug)
            ref = FeedRef(kind=FeedKind.SOURCE, key=spec.slug, title=title, slug=spec.slug)
            (refs if spec.republish else withheld).append(ref)
        self._open_feeds(refs)
        self._registry().resolve(withheld)
        for ref in withheld:
            _withdraw(self._connection, FeedKind.SOURCE, ref.key, True)

    def _recredit(self, changed: set[int]) -> None:
        """Entries name their source, its rights and policy: give them, and the feeds they stand in, a new version."""
        if not changed:
            return
        rewritten = bump_versions(self._connection, (), changed, ())
        drop_fragments(self._connection, rewritten)
        write_listing(self._connection, Listing(members=rewritten, rewritten=set(rewritten)))

    # ------------------------------------------------------------ topics

    def _sync_topics(self, topics: Sequence[TopicSpec]) -> None:
        present = {topic.key for topic in topics}
        for topic in topics:
            for old in topic.formerly:
                if old not in present:
                    FeedMover(self._connection, self._counter, FeedKind.TOPIC).move(old, topic.key)
        self._open_feeds(
            [FeedRef(kind=FeedKind.TOPIC, key=topic.key, title=topic.title, slug=topic.key) for topic in topics]
        )
        query = select(feeds.c.key).where(feeds.c.kind == FeedKind.TOPIC.value, ~feeds.c.withdrawn)
        for key in set(self._connection.scalars(query)) - present:
            _withdraw(self._connection, FeedKind.TOPIC, key, True)

    # ------------------------------------------------------------ feeds

    def _open_feeds(self, refs: Sequence[FeedRef]) -> None:
        """Make feeds exist, with these titles, and answer again if they were withdrawn."""
        ids = self._registry().resolve(refs)
        retitle(self._connection, {ids[ref.kind.value, ref.key]: ref.title or ref.key for ref in refs})
        for some in chunks(ids.values()):
            back = update(feeds).where(feeds.c.id.in_(some), feeds.c.withdrawn)
            self._connection.execute(back.values(withdrawn=False, version=feeds.c.version + 1))


def hide_authors(connection: Connection, hidden: Collection[str]) -> None:
    """See :meth:`feedhub.ports.Ledger.hide_authors`. Nothing else ever withdraws an author's feed."""
    query = select(feeds.c.key).where(feeds.c.kind == FeedKind.AUTHOR.value, feeds.c.withdrawn)
    for key in set(connection.scalars(query)) - set(hidden):
        _withdraw(connection, FeedKind.AUTHOR, key, False)
    for key in sorted(hidden):
        _withdraw(connection, FeedKind.AUTHOR, key, True)


def _withdraw(connection: Connection, kind: FeedKind, key: str, gone: bool) -> None:
    change = update(feeds).where(feeds.c.kind == kind.value, feeds.c.key == key, feeds.c.withdrawn != gone)
    connection.execute(change.values(withdrawn=gone, version=feeds.c.version + 1))


def _health(spec: SourceSpec, row: RowMapping) -> str:
    """A source that is switched on again is what its last polls made it: fresh, or never polled."""
    if not spec.enabled:
        return Health.DISABLED.value
    if spec.url == row["url"] != row["configured_url"]:  # the file follows the source to where it moved
        return str(row["health"]) if row["health"] != Health.MOVED.value else Health.FRESH.value
    if spec.url != row["configured_url"] or (row["health"] == Health.DISABLED.value and row["last_success_at"] is None):
        return Health.NEW.value
    if row["health"] == Health.DISABLED.value:
        return (Health.FAILING if row["failures"] else Health.FRESH).value
    return str(row["health"])
