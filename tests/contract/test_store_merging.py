"""Feeds are merged and their addresses live on, on both databases."""

from __future__ import annotations

import pytest

from feedhub.model import Feed, FeedKind, FeedRef, Insert
from feedhub.ports import Redirected
from feedhub.store import SqlStore
from support.stories import HOUR, NOW, draft, poll, spec

AUTHOR = FeedKind.AUTHOR
PERSON = FeedRef(kind=AUTHOR, key="ana-lu", title="Ana Lu", slug="ana-lu")


def fill(store: SqlStore, **authors: str) -> None:
    """One entry for each name, by the author with this key."""
    store.sync([spec("a")], [], NOW)
    (state,) = store.states()
    ages = range(len(authors))
    drafts = [
        draft("a", name, authors=[key], at=NOW - age * HOUR)
        for age, (name, key) in zip(ages, authors.items(), strict=True)
    ]
    with store.transaction() as transaction:
        transaction.apply([poll(state, *((each, Insert()) for each in drafts))])


def feed(store: SqlStore, slug: str) -> Feed:
    found = store.feed(AUTHOR, slug)
    assert isinstance(found, Feed)
    return found


def titles(store: SqlStore, slug: str) -> list[str]:
    return [entry.entry.title for entry in store.page(feed(store, slug).id, 9)]


@pytest.fixture
def spelled(store: SqlStore) -> SqlStore:
    """Two spellings of one name want one slug: the second got a number."""
    fill(store, one="ana lu", two="ana lù", three="bo")
    assert {found.slug for found in store.feeds(AUTHOR)} == {"ana-lu", "ana-lu-2", "bo"}
    return store


def test_spellings_become_one_feed_and_old_addresses_redirect(spelled: SqlStore) -> None:
    version = max(found.version for found in spelled.feeds(AUTHOR))
    changed = spelled.merge_feeds(AUTHOR, ["ana lu", "ana lù", "nobody"], PERSON)
    joined = feed(spelled, "ana-lu")
    assert changed == {joined.id}
    assert (joined.key, joined.title, joined.size) == ("ana-lu", "Ana Lu", 2)
    assert joined.version > version
    assert titles(spelled, "ana-lu") == ["one of a", "two of a"]
    assert spelled.feed(AUTHOR, "ana-lu-2") == Redirected(slug="ana-lu")
    assert {found.key for found in spelled.feeds(AUTHOR)} == {"ana-lu", "bo"}


def test_merging_twice_changes_nothing(spelled: SqlStore) -> None:
    spelled.merge_feeds(AUTHOR, ["ana lu", "ana lù"], PERSON)
    before, generation = spelled.feeds(), spelled.generation()
    assert spelled.merge_feeds(AUTHOR, ["ana lu", "ana lù", "ana-lu"], PERSON) == frozenset()
    assert (spelled.feeds(), spelled.generation()) == (before, generation)


def test_an_existing_feed_takes_over_the_slug_of_a_merged_one(spelled: SqlStore) -> None:
    """The person was configured after a spelling had taken the slug, and already has a feed of its own."""
    (state,) = spelled.states()
    late = draft("a", "late", authors=["ana-lu"])
    with spelled.transaction() as transaction:
        transaction.apply([poll(state, (late, Insert()))])
    assert feed(spelled, "ana-lu-3").key == "ana-lu"
    spelled.merge_feeds(AUTHOR, ["ana lu", "ana lù"], PERSON)
    assert feed(spelled, "ana-lu").size == 3
    for old in ("ana-lu-2", "ana-lu-3"):
        assert spelled.feed(AUTHOR, old) == Redirected(slug="ana-lu")


def test_redirects_follow_a_second_merge(spelled: SqlStore) -> None:
    spelled.merge_feeds(AUTHOR, ["ana lu", "ana lù"], PERSON)
    other = FeedRef(kind=AUTHOR, key="team", title="Team", slug="team")
    spelled.merge_feeds(AUTHOR, ["ana-lu", "bo"], other)
    for old in ("ana-lu", "ana-lu-2", "bo"):
        assert spelled.feed(AUTHOR, old) == Redirected(slug="team")
    assert feed(spelled, "team").size == 3


def test_a_slug_of_somebody_else_is_not_taken(spelled: SqlStore) -> None:
    wanted = FeedRef(kind=AUTHOR, key="ana-lu", title="Ana Lu", slug="bo")
    spelled.merge_feeds(AUTHOR, ["ana lu", "ana lù"], wanted)
    assert feed(spelled, "bo").key == "bo"
    assert feed(spelled, "ana-lu").key == "ana-lu"  # keeps an address that readers have


def test_a_slug_that_redirects_elsewhere_is_not_taken(spelled: SqlStore) -> None:
    spelled.merge_feeds(AUTHOR, ["bo"], FeedRef(kind=AUTHOR, key="bob", title="Bob", slug="bob"))
    spelled.merge_feeds(AUTHOR, ["ana lu"], FeedRef(kind=AUTHOR, key="x", title="X", slug="bo"))
    assert spelled.feed(AUTHOR, "bo") == Redirected(slug="bob")


def test_nothing_to_merge_makes_nothing(store: SqlStore) -> None:
    store.sync([], [], NOW)
    assert store.merge_feeds(AUTHOR, ["ana lu"], PERSON) == frozenset()
    assert store.feed(AUTHOR, "ana-lu") is None


def test_an_entry_that_stood_in_both_stands_once(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    (state,) = store.states()
    with store.transaction() as transaction:
        transaction.apply([poll(state, (draft("a", "1", authors=["ana lu", "ana lù"]), Insert()))])
    store.merge_feeds(AUTHOR, ["ana lu", "ana lù"], PERSON)
    assert (feed(store, "ana-lu").size, titles(store, "ana-lu")) == (1, ["1 of a"])
