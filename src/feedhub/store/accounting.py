"""What `explain`, `try` and `check` ask of stored entries: how they came to be, and what rules would see of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, and_, func, or_, select

from feedhub.model import Account, EntryId, FeedKind, Outcome
from feedhub.store.base import Side
from feedhub.store.bodies import BODY, texts_in
from feedhub.store.reading import FULL, load
from feedhub.store.rows import feed_of, outcome_of, unpack_said
from feedhub.store.statements import chunks
from feedhub.store.tables import (
    categories,
    contents,
    entries,
    entry_categories,
    feeds,
    memberships,
    polls,
    sightings,
    sources,
)


class Accounting(Side):
    """The part of the store that accounts for itself. Reads only."""

    def account(self, entry: EntryId) -> Account | None:
        """What is known of an entry beside what readers see; None when there is none."""
        with self.reading() as connection:
            body = connection.execute(select(*BODY).where(contents.c.entry_id == entry)).mappings().first()
            if body is None:
                return None
            story = select(entries.c.cluster).where(entries.c.id == entry).scalar_subquery()
            mates = FULL.where(entries.c.cluster == story, entries.c.id != entry).order_by(entries.c.id)
            return Account(
                said=unpack_said(texts_in(body).said),
                shown_by=_shown_by(connection, entry),
                mates=tuple(load(connection, mates)),
                polls=_polls(connection, entry),
            )

    def find_entries(self, words: str, limit: int, *, link: str = "") -> list[EntryId]:
        """Entries by their link or id, as any source gave it; else by words of their titles, newest first.

        :param link: the words as a link in the form in which links are compared.

        Titles are compared without case in any script, which databases do not agree on: all are looked at.
        """
        query = (
            select(entries.c.id)
            .join(sightings, sightings.c.entry_id == entries.c.id)
            .where(
                or_(
                    sightings.c.link == words,
                    sightings.c.original_id == words,
                    entries.c.link == words,
                    and_(entries.c.canonical_link != "", entries.c.canonical_link == link),
                )
            )
            .distinct()
            .order_by(entries.c.id.desc())
            .limit(limit)
        )
        with self.reading() as connection:
            found = [EntryId(number) for number in connection.scalars(query)]
            return found or _titled(connection, words, limit)

    def before_newest(self, count: int) -> EntryId:
        """The number after which ``count`` entries come, or 0."""
        query = select(entries.c.id).order_by(entries.c.id.desc()).offset(count).limit(1)
        with self.reading() as connection:
            return EntryId(connection.scalar(query) or 0)

    def topics_of(self, numbers: Collection[EntryId]) -> Mapping[EntryId, Mapping[str, str]]:
        """The topics that entries belong to, with the rule that said so."""
        found: dict[EntryId, dict[str, str]] = {}
        query = (
            select(memberships.c.entry_id, feeds.c.key, memberships.c.rule)
            .join(feeds, feeds.c.id == memberships.c.feed_id)
            .where(feeds.c.kind == FeedKind.TOPIC.value)
        )
        with self.reading() as connection:
            for some in chunks(numbers):
                for row in connection.execute(query.where(memberships.c.entry_id.in_(some))):
                    found.setdefault(EntryId(row.entry_id), {})[row.key] = row.rule
        return found

    def categories_seen(self) -> list[tuple[str, str, str, int]]:
        """Key, term and label of every category of a stored entry, and how many have it; the most frequent first."""
        number = func.count()
        query = (
            select(categories.c.key, categories.c.term, categories.c.label, number)
            .join(entry_categories, entry_categories.c.category_id == categories.c.id)
            .group_by(categories.c.id, categories.c.key, categories.c.term, categories.c.label)
            .order_by(number.desc(), categories.c.key)
        )
        with self.reading() as connection:
            return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query)]

    def languages_seen(self) -> frozenset[str]:
        """The languages of stored entries."""
        with self.reading() as connection:
            return frozenset(connection.scalars(select(entries.c.language).distinct())) - {""}


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _titled(connection: Connection, words: str, limit: int) -> list[EntryId]:
    wanted = _folded(words)
    found: list[EntryId] = []
    if not wanted:
        return found
    query = select(entries.c.id, entries.c.title).order_by(entries.c.id.desc())
    for row in connection.execute(query):
        if wanted in _folded(row.title):
            found.append(EntryId(row.id))
            if len(found) == limit:
                break
    return found


def _shown_by(connection: Connection, entry: EntryId) -> dict[str, EntryId]:
    """For each feed that shows another entry of the story instead: which."""
    story = select(entries.c.cluster).where(entries.c.id == entry).scalar_subquery()
    hidden = select(memberships.c.feed_id).where(memberships.c.entry_id == entry, memberships.c.hidden)
    query = (
        select(feeds, memberships.c.entry_id.label("shown"))
        .join(memberships, memberships.c.feed_id == feeds.c.id)
        .join(entries, entries.c.id == memberships.c.entry_id)
        .where(entries.c.cluster == story, ~memberships.c.hidden, feeds.c.id.in_(hidden))
    )
    return {feed_of(row).path: EntryId(row["shown"]) for row in connection.execute(query).mappings()}


def _polls(connection: Connection, entry: EntryId) -> dict[str, Outcome]:
    """The poll that brought an entry, for each source where it is still remembered."""
    query = (
        select(polls, sources.c.slug)
        .join(sources, sources.c.id == polls.c.source_id)
        .join(sightings, (sightings.c.source_id == polls.c.source_id) & (sightings.c.first_seen == polls.c.at))
        .where(sightings.c.entry_id == entry)
        .order_by(polls.c.number)
    )
    return {row["slug"]: outcome_of(row, row["slug"]) for row in connection.execute(query).mappings()}
