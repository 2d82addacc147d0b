"""Configuration, leases and retention, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from feedhub.model import Digest, Feed, FeedKind, Health, Insert, SourceId, Validators
from feedhub.ports import Redirected
from feedhub.store import SqlStore
from support.stories import HOUR, NOW, draft, key, poll, spec, topic
from support.upkeep import retain


def feed(store: SqlStore, kind: FeedKind, slug: str) -> Feed:
    found = store.feed(kind, slug)
    assert isinstance(found, Feed)
    return found


def fill(store: SqlStore, slug: str, *names: str, age: timedelta = HOUR) -> None:
    (state,) = store.states([slug])
    writes = [(draft(slug, name, at=NOW - age, topics=("tea",)), Insert()) for name in names]
    with store.transaction() as transaction:
        transaction.apply([poll(state, *writes)])


def test_claims_take_the_oldest_due_first_and_lease_them(store: SqlStore) -> None:
    store.sync([spec("a"), spec("b"), spec("c"), spec("off", enabled=False)], [], NOW)
    ids = {state.slug: state.id for state in store.states()}
    store.schedule({ids["a"]: NOW - HOUR, ids["b"]: NOW + HOUR})
    assert [state.slug for state in store.claim(NOW, 1, NOW + HOUR)] == ["c"]  # never polled
    assert [state.slug for state in store.claim(NOW, 9, NOW + HOUR)] == ["a"]
    assert store.claim(NOW, 9, NOW + HOUR) == []
    store.release([ids["a"]])
    assert [state.slug for state in store.claim(NOW, 9, NOW + 3 * HOUR)] == ["a"]
    late = [state.slug for state in store.claim(NOW + 2 * HOUR, 9, NOW + 3 * HOUR)]
    assert late == ["c", "b"]  # the lease of c ran out: whoever had it is gone


def test_sources_that_no_poll_is_planned_for_are_found(store: SqlStore) -> None:
    def slugs() -> list[str]:
        return [state.slug for state in store.never_planned()]

    store.sync([spec("b"), spec("a"), spec("off", enabled=False)], [], NOW)
    assert slugs() == ["a", "b"]
    store.schedule({state.id: NOW + HOUR for state in store.never_planned()})
    assert slugs() == []
    store.sync([replace(spec("b"), url="https://elsewhere.example/feed"), spec("a")], [], NOW)
    assert slugs() == ["b"]
    store.sync([spec("a")], [], NOW)
    assert slugs() == []


def test_a_poll_gives_its_lease_back(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    (state,) = store.claim(NOW, 1, NOW + 9 * HOUR)
    with store.transaction() as transaction:
        transaction.apply([poll(state)])
    assert [s.slug for s in store.claim(NOW + HOUR, 1, NOW + 9 * HOUR)] == ["a"]


def test_sync_twice_changes_nothing(store: SqlStore) -> None:
    store.sync([spec("a")], [topic("tea")], NOW)
    fill(store, "a", "1")
    before = store.feeds(), store.states()
    store.sync([spec("a")], [topic("tea")], NOW + HOUR)
    assert (store.feeds(), store.states()) == before


def test_a_source_that_leaves_keeps_its_entries_and_may_return(store: SqlStore) -> None:
    store.sync([spec("a"), spec("b")], [topic("tea")], NOW)
    fill(store, "a", "1")
    store.sync([spec("b")], [topic("tea")], NOW)
    assert [state.slug for state in store.states()] == ["b"]
    assert store.states(["a"])[0].health is Health.DISABLED
    assert feed(store, FeedKind.SOURCE, "a").withdrawn
    assert feed(store, FeedKind.TOPIC, "tea").size == 1
    assert [state.slug for state in store.claim(NOW + 9 * HOUR, 9, NOW + 10 * HOUR)] == ["b"]
    store.sync([spec("a"), spec("b")], [topic("tea")], NOW)
    assert store.states(["a"])[0].health is Health.FRESH
    assert not feed(store, FeedKind.SOURCE, "a").withdrawn
    assert feed(store, FeedKind.SOURCE, "a").size == 1


def test_a_renamed_source_is_the_same_source(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    fill(store, "a", "1")
    (before,) = store.states()
    store.sync([replace(spec("new"), url=before.url, formerly=("a",))], [], NOW)
    (after,) = store.states()
    assert (after.id, after.slug) == (before.id, "new")
    assert store.feed(FeedKind.SOURCE, "a") == Redirected(slug="new")
    assert feed(store, FeedKind.SOURCE, "new").size == 1


def test_another_address_clears_validators_but_keeps_entries(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    (state,) = store.states()
    known = replace(state, validators=Validators(etag='"1"', url=state.url), move_target="http://x/", move_count=2)
    with store.transaction() as transaction:
        transaction.apply([poll(known, (draft("a", "1"), Insert()))])
    store.sync([spec("a", url="http://elsewhere.example/")], [], NOW)
    (after,) = store.states()
    assert (after.url, after.configured_url) == ("http://elsewhere.example/", "http://elsewhere.example/")
    assert (after.validators, after.move_target, after.next_poll_at) == (Validators(), None, None)
    assert len(store.entries(9)) == 1


def test_a_poll_of_the_old_address_does_not_bring_it_back(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    (begun,) = store.claim(NOW, 1, NOW + HOUR)
    store.sync([spec("a", url="http://elsewhere.example/")], [], NOW)
    with store.transaction() as transaction:
        transaction.apply([poll(begun)])
    assert store.states()[0].url == "http://elsewhere.example/"


def test_topics_are_renamed_withdrawn_and_come_back(store: SqlStore) -> None:
    store.sync([spec("a")], [topic("tea")], NOW)
    fill(store, "a", "1")
    store.sync([spec("a")], [topic("leaves", "tea")], NOW)
    assert store.feed(FeedKind.TOPIC, "tea") == Redirected(slug="leaves")
    assert feed(store, FeedKind.TOPIC, "leaves").size == 1
    store.sync([spec("a")], [], NOW)
    assert feed(store, FeedKind.TOPIC, "leaves").withdrawn
    assert FeedKind.TOPIC not in {found.kind for found in store.feeds()}
    store.sync([spec("a")], [topic("leaves", "tea")], NOW)
    assert not feed(store, FeedKind.TOPIC, "leaves").withdrawn
    assert feed(store, FeedKind.TOPIC, "leaves").size == 1


def test_merged_topics_share_their_entries(store: SqlStore) -> None:
    store.sync([spec("a")], [topic("tea"), topic("drinks")], NOW)
    fill(store, "a", "1")
    store.sync([spec("a")], [topic("drinks", "tea")], NOW)
    assert store.feed(FeedKind.TOPIC, "tea") == Redirected(slug="drinks")
    assert feed(store, FeedKind.TOPIC, "drinks").size == 1


def test_validators_are_forgotten_where_asked_and_nothing_else(store: SqlStore) -> None:
    store.sync([spec("a"), spec("b")], [], NOW)
    with store.transaction() as transaction:
        states = [
            replace(state, validators=Validators(etag='"1"', url=state.url), body_digest=Digest(b"d" * 16))
            for state in store.states()
        ]
        transaction.apply([poll(state) for state in states])
    before = store.states()
    assert all(state.validators for state in before)
    store.forget_validators(["a", "none"])
    assert store.states() == [replace(before[0], validators=Validators(), body_digest=None), before[1]]


def test_small_texts_are_remembered(store: SqlStore) -> None:
    store.remember("applied", "một")
    store.remember("applied", "hai")
    assert (store.recall("applied"), store.recall("nothing")) == ("hai", None)


def test_retention_takes_what_is_old_and_unlisted_and_it_never_comes_back(store: SqlStore) -> None:
    store.sync([spec("a"), spec("b")], [topic("tea")], NOW)
    fill(store, "a", "old-1", "old-2", "old-3", age=timedelta(days=100))
    week = timedelta(days=7)
    assert retain(store, week, 0, 10, NOW).entries == 0  # still listed
    (state,) = store.states(["a"])
    listed = draft("a", "old-3", at=NOW - timedelta(days=100)).entry.raw_digest
    with store.transaction() as transaction:
        transaction.apply([poll(state, (draft("a", "young"), Insert()), seen=[listed], at=NOW + HOUR)])
    assert retain(store, week, 10, 10, NOW + HOUR).entries == 0  # among the newest ten
    assert retain(store, week, 0, 10, NOW + HOUR, batch=1).entries == 2
    assert [entry.entry.title for entry in store.entries(9)] == ["young of a", "old-3 of a"]
    fill(store, "a", "old-1", age=timedelta(days=100))
    assert len(store.entries(9)) == 2
    assert feed(store, FeedKind.TOPIC, "tea").size == 1
    assert feed(store, FeedKind.ALL, "all").size == 2


def test_what_may_be_removed_is_found_source_by_source_and_looked_at_again(store: SqlStore) -> None:
    slugs = ("a", "b", "c")
    store.sync([spec(slug) for slug in (*slugs, "d")], [], NOW)
    states = {state.slug: state for state in store.states()}
    for slug in slugs:
        fill(store, slug, "1", "2", age=timedelta(days=9))
        with store.transaction() as transaction:
            transaction.apply([poll(states[slug], (draft(slug, "young"), Insert()), at=NOW + HOUR)])
    rule = timedelta(days=7), 0, NOW + HOUR
    first, then = store.removable(*rule, SourceId(0), batch=3)
    assert ([entry.entry.title for entry in store.stored(first)], then) == (
        ["1 of a", "2 of a", "1 of b"],
        states["a"].id,
    )
    listed = draft("b", "1", at=NOW - timedelta(days=9)).entry.raw_digest
    with store.transaction() as transaction:  # b lists its first one again before it is removed
        transaction.apply([poll(states["b"], (draft("b", "new"), Insert()), seen=[listed], at=NOW + 2 * HOUR)])
    assert store.remove_old(first, *rule) == 2
    second, then = store.removable(*rule, states["a"].id, batch=3)
    assert ([entry.entry.title for entry in store.stored(second)], then) == (
        ["2 of b", "1 of c", "2 of c"],
        states["b"].id,
    )
    assert store.remove_old(second, *rule) == 3
    assert store.removable(*rule, states["b"].id, batch=3) == ([], None)


def test_a_story_lives_on_when_its_first_entry_is_removed(store: SqlStore) -> None:
    store.sync([spec("a"), spec("b")], [], NOW)
    first, second = store.states()
    old = draft("a", "1", story="s", at=NOW - timedelta(days=9))
    young = draft("b", "2", story="s", at=NOW)
    with store.transaction() as transaction:
        transaction.apply([poll(first, (old, Insert()))])
        (story,) = transaction.stories([key("story s")])[key("story s")]
        assert story.sources == {first.id}
        transaction.apply([poll(second, (young, Insert(cluster=story.cluster)))])
        transaction.apply([poll(first, (draft("a", "3"), Insert()), at=NOW + HOUR)])
    assert feed(store, FeedKind.ALL, "all").size == 2
    assert retain(store, timedelta(days=7), 0, 10, NOW + HOUR).entries == 1
    left = store.entries(9)
    assert [entry.entry.title for entry in left] == ["2 of b", "3 of a"]
    with store.transaction() as transaction:
        assert [story.cluster for story in transaction.stories([key("story s")])[key("story s")]] == [left[0].id]


def test_old_outcomes_are_trimmed(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    (state,) = store.states()
    for hours in range(5):
        with store.transaction() as transaction:
            transaction.apply([poll(state, at=NOW + hours * HOUR)])
    assert retain(store, None, 0, 2, NOW).polls == 3
    assert [outcome.at for outcome in store.outcomes(state.id)] == [NOW + 4 * HOUR, NOW + 3 * HOUR]
