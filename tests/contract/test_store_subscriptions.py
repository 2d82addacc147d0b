"""Subscriptions at hubs, and what a hub delivered, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from feedhub.model import Feed, FeedInfo, FeedKind, Habit, Health, Insert, SourceId, Standing, Subscription, Validators
from feedhub.store import SqlStore
from support.stories import HOUR, NOW, draft, poll, spec
from support.upkeep import forget

DAY = timedelta(days=1)


def sub(token: str, source: int = 1, **changes: object) -> Subscription:
    plain = Subscription(
        token=token,
        source=SourceId(source),
        hub="https://hub.example/",
        topic="https://a.example/feed",
        callback=f"https://reader.example/websub/{token}",
        secret="hush",
        due_at=NOW,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_every_field_comes_back(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    (state,) = store.states()
    full = sub(
        "t",
        state.id,
        slug="a",
        standing=Standing.ACTIVE,
        pending="subscribe",
        asked_at=NOW,
        since=NOW - DAY,
        lease_until=NOW + DAY,
        failures=3,
        detail="It failed: đã hỏng.",
        pushes=4,
        ignored=5,
        missed=1,
        last_push_at=NOW - HOUR,
        last_ping_at=NOW - DAY,
        ended_at=NOW,
    )
    store.keep_subscriptions([full])
    assert store.subscription("t") == full
    assert store.subscriptions() == [full]
    assert store.subscription("other") is None


def test_a_source_that_is_gone_leaves_its_subscription_to_be_ended(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    (state,) = store.states()
    store.keep_subscriptions([sub("t", state.id)])
    store.sync([], [], NOW)
    forget(store, "a", NOW)
    assert store.states(["a"]) == []
    (left,) = store.subscriptions()
    assert (left.source, left.slug) == (state.id, "")


def test_what_is_due_comes_longest_due_first(store: SqlStore) -> None:
    store.keep_subscriptions(
        [sub("late", due_at=NOW - HOUR), sub("now"), sub("later", due_at=NOW + HOUR), sub("never", due_at=None)]
    )
    assert [one.token for one in store.due_subscriptions(NOW, 9)] == ["late", "now"]
    assert [one.token for one in store.due_subscriptions(NOW, 1)] == ["late"]


def test_a_change_reads_and_writes_in_one_go(store: SqlStore) -> None:
    store.keep_subscriptions([sub("t")])
    for _ in range(3):
        store.change_subscription("t", lambda one: replace(one, pushes=one.pushes + 1))
    assert store.change_subscription("t", lambda _: None) is None
    assert store.change_subscription("unknown", lambda one: replace(one, pushes=9)) is None
    with pytest.raises(ZeroDivisionError):
        store.change_subscription("t", lambda one: replace(one, pushes=1 // 0))
    (left,) = store.subscriptions()
    assert left.pushes == 3


def test_what_ended_long_ago_is_forgotten(store: SqlStore) -> None:
    store.keep_subscriptions([sub("old", ended_at=NOW - DAY), sub("fresh", ended_at=NOW), sub("on")])
    assert store.drop_subscriptions(NOW - HOUR) == 1
    assert [one.token for one in store.subscriptions()] == ["fresh", "on"]


def test_a_transaction_sees_the_current_one_and_a_poll_writes_it(store: SqlStore) -> None:
    store.sync([spec("a"), spec("b")], [], NOW)
    a, b = store.states()
    store.keep_subscriptions(
        [sub("a1", a.id), sub("a2", a.id, standing=Standing.LEAVING), sub("b1", b.id, standing=Standing.ENDED)]
    )
    with store.transaction() as transaction:
        found = transaction.subscriptions([a.id, b.id])
        assert {source: one.token for source, one in found.items()} == {a.id: "a1"}
        transaction.apply([replace(poll(a), subscription=replace(found[a.id], missed=1))])
    changed = store.subscription("a1")
    assert changed is not None
    assert changed.missed == 1


def test_publishers_are_enabled_sources_that_name_a_hub(store: SqlStore) -> None:
    store.sync([spec("a"), spec("b"), spec("c")], [], NOW)
    a, b, c = store.states()
    named = FeedInfo(title="A", hub="https://hub.example/", self_url="https://a.example/feed")
    with store.transaction() as transaction:
        transaction.apply([poll(a, info=named), poll(b, info=named), poll(c)])
    store.sync([spec("a"), spec("b", enabled=False), spec("c")], [], NOW)
    (publisher,) = store.publishers()
    assert (publisher.slug, publisher.hub, publisher.topic) == ("a", named.hub, named.self_url)
    assert store.states(["a"])[0].hub == named.hub


def test_another_address_names_no_hub_until_it_was_read(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    (a,) = store.states()
    with store.transaction() as transaction:
        transaction.apply([poll(a, info=FeedInfo(title="A", hub="https://hub.example/"))])
    store.sync([spec("a", url="http://a.example/elsewhere")], [], NOW)
    assert store.publishers() == []


def test_what_was_pushed_brings_entries_and_leaves_everything_of_polls_alone(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    (before,) = store.states()
    own = FeedInfo(title="Own title", hub="https://hub.example/", link="http://a.example/")
    with store.transaction() as transaction:
        transaction.apply([poll(replace(before, validators=Validators(etag='"1"', url=before.url)), info=own)])
    (polled,) = store.states()
    (leased,) = store.claim(polled.next_poll_at or NOW, 1, NOW + 9 * HOUR)
    told = replace(
        leased,
        last_change_at=NOW + HOUR,
        habit=Habit(since=NOW, at=NOW, posts=1.0),
        rate=3.0,
        health=Health.FRESH,
        validators=Validators(),
        next_poll_at=None,
        last_poll_at=None,
        window=999,
    )
    pushed = poll(polled, (draft("a", "1"), Insert()), info=FeedInfo(title="Not its own words", hub=""))
    with store.transaction() as transaction:
        applied = transaction.apply([replace(pushed, state=told, pushed=True)])
    assert applied.new == 1
    (after,) = store.states()
    assert after == replace(polled, last_change_at=NOW + HOUR, habit=told.habit, rate=3.0)
    assert store.claim(NOW + 2 * HOUR, 1, NOW + 9 * HOUR) == []  # the poll's lease is still held
    feed = store.feed(FeedKind.SOURCE, "a")
    assert isinstance(feed, Feed)
    assert (feed.title, feed.size) == ("Own title", 1)
    assert store.outcomes(polled.id)[0].new == 1


@pytest.mark.parametrize("back", [HOUR, 300 * DAY])
def test_a_clock_that_was_ahead_moves_what_a_subscription_waits_for(store: SqlStore, back: timedelta) -> None:
    store.sync([spec("a")], [], NOW)
    (state,) = store.states()
    plain = sub("t", state.id, slug="a", asked_at=NOW, since=NOW - DAY, due_at=NOW + HOUR, lease_until=NOW + DAY)
    store.keep_subscriptions([plain])
    store.mend_schedule(NOW)  # the clock is right
    assert store.subscription("t") == plain
    now = NOW - back
    store.mend_schedule(now)
    since = NOW - DAY - back if now < NOW - DAY else NOW - DAY  # what is not in the future stays
    moved = replace(plain, asked_at=now, since=since, due_at=now + HOUR, lease_until=now + DAY)
    assert store.subscription("t") == moved
    store.mend_schedule(now)
    assert store.subscription("t") == moved
