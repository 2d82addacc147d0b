"""A source is forgotten: what was its own goes, what others carried stays, on both databases."""

from __future__ import annotations

import pytest

from feedhub.errors import NotFound
from feedhub.model import Draft, Feed, FeedKind, Insert, Same
from feedhub.store import SqlStore
from support.stories import HOUR, NOW, draft, poll, spec, topic
from support.upkeep import forget


def write(store: SqlStore, slug: str, *drafts: Draft) -> None:
    """New entries, or sightings of those that are stored."""
    (state,) = store.states([slug])
    with store.transaction() as transaction:
        known = transaction.known([key for each in drafts for key in (*each.keys.own, each.keys.shared) if key])
        writes = []
        for each in drafts:
            found = known.get(each.keys.shared) if each.keys.shared else None
            writes.append((each, Same(id=found.id) if found else Insert()))
        transaction.apply([poll(state, *writes)])


def feed(store: SqlStore, kind: FeedKind, slug: str) -> Feed:
    found = store.feed(kind, slug)
    assert isinstance(found, Feed)
    return found


@pytest.fixture
def two(store: SqlStore) -> SqlStore:
    """Source ``a`` with two entries of its own and one that ``b`` carries too."""
    store.sync([spec("a"), spec("b")], [topic("tea")], NOW)
    write(store, "a", draft("a", "1", topics=["tea"]), draft("a", "2"), draft("a", "3", shared="x", topics=["tea"]))
    write(store, "b", draft("b", "9", shared="x", at=NOW - HOUR), draft("b", "4"))
    return store


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_what_only_it_carried_is_deleted_and_the_rest_passes_on(two: SqlStore, batch: int) -> None:
    tea = feed(two, FeedKind.TOPIC, "tea")
    shared = next(entry for entry in two.entries(9) if entry.entry.title == "3 of a")
    assert forget(two, "a", NOW, batch=batch) == 2
    assert [entry.entry.title for entry in two.entries(9)] == ["4 of b", "3 of a"]
    assert [entry.entry.title for entry in two.entries(9, source="b")] == ["4 of b", "3 of a"]
    (passed,) = (entry for entry in two.entries(9) if entry.id == shared.id)
    assert (passed.source_slug, passed.source.title) == ("b", "B")
    assert passed.version > shared.version
    assert passed.others == ()
    trace = two.trace(shared.id)
    assert trace is not None
    assert [sighting["source"] for sighting in trace.sightings] == ["b"]
    after = feed(two, FeedKind.TOPIC, "tea")
    assert (after.size, after.version > tea.version) == (1, True)
    assert feed(two, FeedKind.SOURCE, "a").size == 0
    assert forget(two, "a", NOW) == 0


def test_the_new_owner_is_read_again_so_that_its_own_words_are_taken(two: SqlStore) -> None:
    (state,) = two.states(["b"])
    shared, own = draft("b", "9", shared="x").entry.raw_digest, draft("b", "4").entry.raw_digest
    assert two.known_digests(state.id) == {shared, own}
    forget(two, "a", NOW)
    assert two.known_digests(state.id) == {own}


def test_what_was_forgotten_does_not_come_back_as_new(two: SqlStore) -> None:
    forget(two, "a", NOW)
    write(two, "a", draft("a", "1"), draft("a", "fresh"))
    assert [entry.entry.title for entry in two.entries(9, source="a")] == ["fresh of a"]


def test_a_configured_source_stays_and_one_that_left_goes(two: SqlStore) -> None:
    forget(two, "a", NOW)
    assert [state.slug for state in two.states(["a"])] == ["a"]
    two.sync([spec("b")], [topic("tea")], NOW)
    forget(two, "a", NOW)
    assert two.states(["a"]) == []
    assert feed(two, FeedKind.SOURCE, "a").withdrawn  # its address answers 410, not 404
    two.sync([spec("a"), spec("b")], [topic("tea")], NOW)
    write(two, "a", draft("a", "fresh"))
    assert not feed(two, FeedKind.SOURCE, "a").withdrawn
    assert feed(two, FeedKind.SOURCE, "a").size == 1


def test_a_source_that_left_and_returns_resumes_with_its_entries(two: SqlStore) -> None:
    (before,) = two.states(["a"])
    two.sync([spec("b")], [topic("tea")], NOW)
    two.sync([spec("a"), spec("b")], [topic("tea")], NOW + HOUR)
    (after,) = two.states(["a"])
    assert (after.id, after.last_poll_at, after.enabled) == (before.id, before.last_poll_at, True)
    assert len(two.entries(9, source="a")) == 3
    assert len(two.known_digests(after.id)) == 3


def test_no_such_source(store: SqlStore) -> None:
    with pytest.raises(NotFound, match="'nobody'"):
        forget(store, "nobody", NOW)


def test_a_story_without_one_of_its_entries_names_it_no_more(store: SqlStore) -> None:
    store.sync([spec("a"), spec("b")], [], NOW)
    write(store, "a", draft("a", "1", story="s"))
    first = store.entries(1)[0]
    (state,) = store.states(["b"])
    with store.transaction() as transaction:
        transaction.apply([poll(state, (draft("b", "2", story="s"), Insert(cluster=first.id)))])
    second = next(entry for entry in store.entries(9) if entry.source_slug == "b")
    assert [link for link, _ in second.others] == ["http://a.example/1"]
    assert feed(store, FeedKind.ALL, "all").size == 1
    forget(store, "a", NOW)
    (left,) = store.entries(9)
    assert (left.id, left.others, left.version > second.version) == (second.id, (), True)
    assert feed(store, FeedKind.ALL, "all").size == 1


def test_entries_are_listed_by_the_moment_they_were_published(store: SqlStore) -> None:
    store.sync([spec("a"), spec("b")], [], NOW)
    write(store, "a", draft("a", "young", at=NOW - HOUR), draft("a", "old", at=NOW - 9 * HOUR))
    write(store, "b", draft("b", "middle", at=NOW - 5 * HOUR))
    assert [entry.entry.title for entry in store.entries(2)] == ["young of a", "middle of b"]
    assert [entry.entry.title for entry in store.entries(9, source="a")] == ["young of a", "old of a"]
    assert [entry.entry.title for entry in store.entries(9, feed="all")] == ["young of a", "middle of b", "old of a"]
    with pytest.raises(NotFound):
        store.entries(1, source="nobody")


def test_digests_to_skip_are_bounded_by_what_may_come_again(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    write(store, "a", *(draft("a", f"old {number}") for number in range(60)))
    (state,) = store.states()
    with store.transaction() as transaction:
        latest = [(draft("a", f"new {number}"), Insert()) for number in range(90)]
        transaction.apply([poll(state, *latest, at=NOW + HOUR)])
    known = store.known_digests(state.id)
    assert len(known) == 150  # all: twice the list is 180
    with store.transaction() as transaction:
        transaction.apply([poll(state, seen=[each.entry.raw_digest for each, _ in latest[:20]], at=NOW + 2 * HOUR)])
    known = store.known_digests(state.id)
    assert len(known) == 100
    assert {each.entry.raw_digest for each, _ in latest[:20]} <= known
