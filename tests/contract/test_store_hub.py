"""Our own hub's memory, and what hubs of others were told, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from feedhub.model import Feed, FeedId, FeedKind, Format, Insert
from feedhub.ports.hub import Cap, HubCaps, HubMode, HubRequest, HubSubscription, OtherHub, Settled, subscription_key
from feedhub.store import SqlStore
from feedhub.store.mending import HUB_REST
from feedhub.websub.hub_pinging import LONGEST_RETRY
from support.stories import HOUR, NOW, draft, poll, spec

DAY = timedelta(days=1)
CAPS = HubCaps(feed=9, host=9, all=9, waiting=9, waiting_host=9)


def wish(callback: str = "https://r.example/cb", feed: int = 1, **changes: object) -> HubRequest:
    topic = f"https://hub.example/{feed}.atom"
    plain = HubRequest(
        key=subscription_key(topic, callback),
        challenge=f"challenge of {callback}",
        mode=HubMode.SUBSCRIBE,
        feed=FeedId(feed),
        format=Format.ATOM,
        topic=topic,
        callback=callback,
        host="r.example",
        secret="giữ kín",
        lease_seconds=3600,
        version=3,
        asked_at=NOW,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def subscription(request: HubRequest, **changes: object) -> HubSubscription:
    plain = HubSubscription(
        key=request.key,
        feed=request.feed,
        format=request.format,
        topic=request.topic,
        callback=request.callback,
        host=request.host,
        secret=request.secret,
        since=NOW,
        lease_until=NOW + DAY,
        version=request.version,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def kept(store: SqlStore, request: HubRequest, **changes: object) -> HubSubscription:
    one = subscription(request, **changes)
    assert store.keep_request(request, CAPS) is None
    assert store.settle_request(request, one)
    return one


def news(store: SqlStore, name: str) -> Feed:
    """One entry more in the feed of everything."""
    store.sync([spec("a")], [], NOW)
    (state,) = store.states(["a"])
    with store.transaction() as transaction:
        transaction.apply([poll(state, (draft("a", name), Insert()))])
    found = store.feed(FeedKind.ALL, "all")
    assert isinstance(found, Feed)
    return found


def test_every_field_comes_back(store: SqlStore) -> None:
    request = wish(mode=HubMode.UNSUBSCRIBE, format=Format.JSON)
    assert store.keep_request(request, CAPS) is None
    assert store.hub_requests(9) == [request]
    full = subscription(
        request,
        etag='"abc"',
        due_at=NOW,
        failures=3,
        failing_since=NOW - HOUR,
        deliveries=4,
        delivered_at=NOW - DAY,
        detail="Đã hỏng.",
    )
    assert store.settle_request(request, full)
    assert store.hub_requests(9) == []
    assert store.hub_subscription(request.key) == full
    assert store.hub_subscription(b"another") is None
    (one,) = store.hub_subscriptions()
    assert (one.subscription, one.feed) == (full, None)


def test_a_later_request_takes_the_place_of_an_earlier_one(store: SqlStore) -> None:
    first, second = wish(), wish(challenge="another", secret="new")
    assert store.keep_request(first, CAPS) is None
    assert store.keep_request(second, CAPS) is None
    assert store.hub_requests(9) == [second]
    assert not store.settle_request(first, subscription(first))  # its answer came too late
    assert store.hub_subscriptions() == []
    assert store.settle_request(second, subscription(second))
    assert [one.subscription.secret for one in store.hub_subscriptions()] == ["new"]


def test_requests_come_longest_waiting_first(store: SqlStore) -> None:
    for number, wait in enumerate((5, 9, 7)):
        store.keep_request(wish(f"https://r.example/{number}", asked_at=NOW - wait * HOUR), CAPS)
    assert [one.callback[-1] for one in store.hub_requests(2)] == ["1", "2"]


def test_a_request_that_was_not_meant_leaves_what_there_was(store: SqlStore) -> None:
    before = kept(store, wish())
    again = wish(challenge="another")
    store.keep_request(again, CAPS)
    assert store.settle_request(again, None)
    assert store.hub_subscription(before.key) == before
    store.keep_request(again, CAPS)
    assert store.settle_request(again, None, drop=True)
    assert store.hub_subscription(before.key) is None


def test_caps(store: SqlStore) -> None:
    caps = HubCaps(feed=2, host=3, all=4, waiting=9, waiting_host=9)
    kept(store, wish("https://r.example/1"))
    assert store.keep_request(wish("https://r.example/2"), caps) is None  # waits, and counts
    assert store.keep_request(wish("https://r.example/3"), caps) is Cap.FEED
    assert store.keep_request(wish("https://r.example/1"), caps) is None  # a renewal adds nothing
    assert store.keep_request(wish("https://r.example/2", challenge="again"), caps) is None
    assert store.keep_request(wish("https://r.example/3", feed=2), caps) is None
    assert store.keep_request(wish("https://r.example/4", feed=3), caps) is Cap.HOST
    assert store.keep_request(wish("https://s.example/4", feed=3, host="s.example"), caps) is None
    assert store.keep_request(wish("https://t.example/5", feed=4, host="t.example"), caps) is Cap.ALL
    ending = wish("https://t.example/5", feed=4, host="t.example", mode=HubMode.UNSUBSCRIBE)
    assert store.keep_request(ending, caps) is None  # nobody is kept from leaving
    few = replace(caps, waiting_host=1)
    assert store.keep_request(wish("https://r.example/1", challenge="3"), few) is Cap.WAITING
    assert store.keep_request(wish("https://r.example/1", challenge="3"), replace(caps, waiting=1)) is Cap.WAITING


def test_owed_is_what_changed_since_it_was_delivered_last(store: SqlStore) -> None:
    feed = news(store, "1")
    at_it = {"feed": FeedId(feed.id), "version": feed.version}
    kept(store, wish("https://r.example/up to date"), **at_it)
    behind = kept(store, wish("https://r.example/behind"), **at_it | {"version": feed.version - 1})
    kept(store, wish("https://r.example/later"), **at_it | {"version": 0}, due_at=NOW + HOUR, failures=1)
    kept(store, wish("https://r.example/lapsed"), **at_it | {"version": 0}, lease_until=NOW)
    orphan = kept(store, wish("https://r.example/orphan"), feed=FeedId(999))
    owed = {one.subscription.key: one.feed for one in store.owed(NOW)}
    assert owed == {behind.key: feed, orphan.key: None}
    assert len(store.owed(NOW + HOUR)) == 3
    assert store.next_retry() == NOW + HOUR
    grown = news(store, "2")
    assert {one.feed for one in store.owed(NOW)} == {grown, None}
    assert len(store.owed(NOW)) == 3


def test_outcomes_of_deliveries_leave_the_wish_alone(store: SqlStore) -> None:
    first, second, third = (kept(store, wish(f"https://r.example/{number}")) for number in range(3))
    renewed = wish("https://r.example/0", challenge="again")
    kept(store, renewed, lease_until=NOW + 2 * DAY)
    after = replace(first, version=8, etag='"e"', deliveries=1, delivered_at=NOW, due_at=None)
    failed = replace(second, failures=2, failing_since=NOW, due_at=NOW + HOUR, detail="It failed.")
    gone = Settled(before=replace(first, key=b"gone"), after=replace(after, key=b"gone"))
    pairs = (first, after), (second, failed), (third, None)
    store.settle_deliveries([*(Settled(before=one, after=then) for one, then in pairs), gone])
    now = {one.subscription.key: one.subscription for one in store.hub_subscriptions()}
    assert now == {first.key: replace(after, lease_until=NOW + 2 * DAY), second.key: failed}
    store.settle_deliveries([])
    census = store.hub_census(NOW)
    assert (census.subscriptions, census.hosts, census.failing) == (2, 1, 1)
    assert store.hub_census(NOW + 9 * DAY).subscriptions == 0


def test_outcomes_of_deliveries_that_began_before_a_renewal(store: SqlStore) -> None:
    """A failure is over for who has just answered, and nothing arrived that was signed with a secret that has gone."""
    early = [kept(store, wish(f"https://r.example/{number}"), failures=2, failing_since=NOW) for number in range(3)]
    first = early[0]
    for number, secret in enumerate((first.secret, first.secret, "new")):
        renewed = wish(f"https://r.example/{number}", challenge="again", secret=secret)
        kept(store, renewed, secret=secret, lease_until=NOW + 2 * DAY)
    present = [one.subscription for one in store.hub_subscriptions()]
    failed = replace(early[0], failures=3, due_at=NOW + HOUR, detail="It failed.")
    delivered = replace(early[2], version=8, failures=0, failing_since=None, deliveries=1, delivered_at=NOW)
    store.settle_deliveries(
        Settled(before=one, after=then) for one, then in zip(early, (failed, None, delivered), strict=True)
    )
    assert [one.subscription for one in store.hub_subscriptions()] == present


def test_a_subscription_is_dropped_by_one_only(store: SqlStore) -> None:
    one = kept(store, wish("https://r.example/1"))
    assert store.drop_subscription(one.key)
    assert not store.drop_subscription(one.key)
    assert store.hub_subscriptions() == []


def test_leases_run_out(store: SqlStore) -> None:
    kept(store, wish("https://r.example/1"), lease_until=NOW + HOUR)
    kept(store, wish("https://r.example/2"), lease_until=NOW + 2 * HOUR)
    assert store.drop_lapsed(NOW) == 0
    assert store.drop_lapsed(NOW + HOUR) == 1
    assert [one.subscription.callback[-1] for one in store.hub_subscriptions()] == ["2"]


def test_a_new_hub_of_others_is_told_of_what_comes(store: SqlStore) -> None:
    news(store, "1")
    store.adopt_hubs(["https://a.example/", "https://b.example/"])
    assert store.untold("https://a.example/", 9) == []
    feed = news(store, "2")
    untold = store.untold("https://a.example/", 99)
    assert feed in untold
    assert store.untold("https://a.example/", 1) == untold[:1]
    told = OtherHub(hub="https://a.example/", pings=1, pinged_at=NOW)
    store.settle_ping(told, untold)
    assert store.untold("https://a.example/", 9) == []
    assert feed in store.untold("https://b.example/", 99)
    failed = OtherHub(hub="https://b.example/", failures=1, due_at=NOW + HOUR, detail="Nein.")
    store.settle_ping(failed, [])
    assert store.other_hubs() == [told, failed]
    store.adopt_hubs(["https://b.example/"])
    store.settle_ping(told, untold)  # it left the configuration meanwhile
    assert store.other_hubs() == [failed]
    store.adopt_hubs(["https://a.example/", "https://b.example/"])
    assert store.untold("https://a.example/", 9) == []  # it begins anew
    assert feed in store.untold("https://b.example/", 99)
    store.adopt_hubs([])
    assert store.other_hubs() == []


def test_a_clock_that_was_ahead_keeps_no_subscriber_and_no_hub_waiting(store: SqlStore) -> None:
    failing = kept(store, wish(), failures=3, failing_since=NOW, due_at=NOW + HOUR)
    waiting = wish("https://r.example/other")
    assert store.keep_request(waiting, CAPS) is None
    hub = OtherHub(hub="https://hub.example/", due_at=NOW + HOUR, failures=1)
    store.adopt_hubs([hub.hub])
    store.settle_ping(hub, [])
    store.mend_schedule(NOW)  # the clock is right
    assert store.hub_subscription(failing.key) == failing
    assert store.other_hubs() == [hub]
    now = NOW - 300 * DAY
    store.mend_schedule(now)
    moved = replace(failing, since=now, failing_since=now, due_at=now + HOUR, lease_until=now + DAY)
    assert store.hub_subscription(failing.key) == moved
    assert store.hub_requests(9) == [replace(waiting, asked_at=now)]
    assert store.other_hubs() == [replace(hub, due_at=now)]


def test_what_counts_as_too_late_is_what_no_rest_of_a_hub_reaches() -> None:
    assert HUB_REST >= LONGEST_RETRY
