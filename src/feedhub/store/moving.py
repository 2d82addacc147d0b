"""Feeds that live on under another name: renamed, merged. Their old addresses redirect for ever."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, RowMapping, delete, select, update

from feedhub.model import FeedKind, FeedRef
from feedhub.store.feeds import FeedRegistry, Listing, adding, base_slug, member_of, write_listing
from feedhub.store.listing import Place
from feedhub.store.polled import retitle
from feedhub.store.statements import Counter, put_over
from feedhub.store.tables import entries, feeds, memberships, redirects

AT_ONCE = 500
"""Entries of a merged feed that are held in memory at a time: a prolific author has a hundred thousand."""


class FeedMover:
    """Moves feeds of one kind within a transaction."""

    def __init__(self, connection: Connection, counter: Counter, kind: FeedKind) -> None:
        self._connection = connection
        self._counter = counter
        self._kind = kind.value

    def move(self, old: str, new: str) -> None:
        """Let the feed with key ``old`` live on as ``new``."""
        before, after = self.feed(old), self.feed(new)
        if before is None:
            return
        if after is None:
            self._rename(before, new)
        else:
            self._merge(before, after)

    def merge(self, old_keys: Iterable[str], into: FeedRef) -> set[int]:
        """Let these feeds live on in one; returns its id if there was anything to merge.

        If it does not exist yet, the old feed that has the slug it asks for becomes it, else the largest.
        """
        olds = [row for key in dict.fromkeys(old_keys) if key != into.key and (row := self.feed(key)) is not None]
        if not olds:
            return set()
        target = self.feed(into.key)
        if target is None:
            heir = max(olds, key=lambda row: (row["slug"] == base_slug(into), row["size"], -row["id"]))
            olds.remove(heir)
            change = update(feeds).where(feeds.c.id == heir["id"])
            self._connection.execute(change.values(key=into.key, withdrawn=False, version=feeds.c.version + 1))
            target = heir
        for old in olds:
            self._merge(old, target)
        retitle(self._connection, {target["id"]: into.title or into.key})
        self._take_slug(target, base_slug(into))
        return {target["id"]}

    def feed(self, key: str) -> RowMapping | None:
        query = select(feeds).where(feeds.c.kind == self._kind, feeds.c.key == key)
        return self._connection.execute(query).mappings().first()

    def _rename(self, feed: RowMapping, key: str) -> None:
        self._connection.execute(update(feeds).where(feeds.c.id == feed["id"]).values(key=key))
        self._forget_own_redirect(feed["id"], key)
        self._give_slug(feed, FeedRegistry(self._connection, self._counter).free_slug(self._kind, key))

    def _take_slug(self, feed: RowMapping, slug: str) -> None:
        """Give a feed the slug it asks for, unless another feed has or had it."""
        self._forget_own_redirect(feed["id"], slug)
        if FeedRegistry(self._connection, self._counter).free_slug(self._kind, slug) == slug:
            self._give_slug(feed, slug)

    def _give_slug(self, feed: RowMapping, slug: str) -> None:
        change = update(feeds).where(feeds.c.id == feed["id"])
        self._connection.execute(change.values(slug=slug, version=feeds.c.version + 1))
        if slug != feed["slug"]:
            self._redirect(feed["slug"], feed["id"])

    def _forget_own_redirect(self, feed: int, slug: str) -> None:
        """A feed may take an old name of its own back."""
        own = redirects.c.kind == self._kind, redirects.c.slug == slug, redirects.c.feed_id == feed
        self._connection.execute(delete(redirects).where(*own))

    def _merge(self, before: RowMapping, after: RowMapping) -> None:
        self._take_over(before["id"], after["id"])
        change = update(redirects).where(redirects.c.feed_id == before["id"])
        self._connection.execute(change.values(feed_id=after["id"]))
        self._connection.execute(delete(feeds).where(feeds.c.id == before["id"]))
        self._redirect(before["slug"], after["id"])

    def _take_over(self, before: int, after: int) -> None:
        """Entries of a merged feed join the other one."""
        query = (
            select(entries.c.id, entries.c.cluster, entries.c.published, entries.c.updated, entries.c.rank, memberships)
            .join(memberships, memberships.c.entry_id == entries.c.id)
            .where(memberships.c.feed_id == before)
            .order_by(entries.c.id)
            .limit(AT_ONCE)
        )
        last = 0
        while rows := self._connection.execute(query.where(entries.c.id > last)).all():
            listing = Listing()
            for row in rows:
                place = Place(sort_key=row.sort_key, source=row.source_id, rule=row.rule)
                listing.edit(
                    member_of(row.id, row.cluster, row.published, row.updated, row.rank), adding({after: place})
                )
            write_listing(self._connection, listing)
            last = rows[-1].id

    def _redirect(self, slug: str, feed: int) -> None:
        put_over(self._connection, redirects, [{"kind": self._kind, "slug": slug, "feed_id": feed}])
