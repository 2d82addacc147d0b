"""Our hub's decisions: forms, leases, questions, deliveries, turns, pings; and which feeds may be offered."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.model import Failure, Feed, FeedId, FeedKind, FetchFailed, Format, Freshness, HubAccepted
from feedhub.offering import hubs_of, link_header, own_hub, topic_of
from feedhub.ports.hub import Called, HubCensus, HubMode, HubRequest, HubSubscription, OtherHub, Owed
from feedhub.settings import Feeds, Hub, HubLease, Settings, Signature, Site
from feedhub.websub import (
    Places,
    Unfit,
    Wished,
    after_ping,
    caught_up,
    choose,
    delivery_headers,
    denial,
    granted,
    in_turn,
    judge,
    note_of_hub,
    ping,
    question,
    settled,
    subscribed,
    subscription_words,
    was_meant,
    wished,
)
from feedhub.websub.delivering import Verdict
from feedhub.websub.hub_delivering import FIRST_RETRY, LONGEST_RETRY

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FORM = {
    "hub.mode": "subscribe",
    "hub.topic": "https://news.example/all.atom",
    "hub.callback": "https://reader.example/cb",
    "hub.secret": "s",
    "hub.lease_seconds": "600",
}


def form(**changes: str | None) -> list[tuple[str, str]]:
    fields = FORM | {f"hub.{name}": value for name, value in changes.items()}
    return [(name, value) for name, value in fields.items() if value is not None]


def subscription(name: str = "a", **changes: object) -> HubSubscription:
    plain = HubSubscription(
        key=name.encode(),
        feed=FeedId(1),
        format=Format.ATOM,
        topic="https://news.example/all.atom",
        callback=f"https://{name}.example/cb",
        host=f"{name}.example",
        since=NOW,
        lease_until=NOW + DAY,
        version=3,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def request(**changes: object) -> HubRequest:
    plain = HubRequest(
        key=b"a",
        challenge="the challenge",
        mode=HubMode.SUBSCRIBE,
        feed=FeedId(1),
        format=Format.ATOM,
        topic="https://news.example/all.atom",
        callback="https://reader.example/cb?id=7%2F8",
        host="reader.example",
        secret="s",
        lease_seconds=600,
        version=5,
        asked_at=NOW,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def failed(**freshness: datetime) -> FetchFailed:
    return FetchFailed(failure=Failure.TIMEOUT, detail="It took too long.", freshness=Freshness(**freshness))


# ---------------------------------------------------------------- forms and leases


def test_a_whole_form_is_understood_and_what_is_foreign_passed_over() -> None:
    told = wished([*form(), ("hub.verify", "sync"), ("hub.verify", "async"), ("x", "y")])
    assert told == Wished(
        mode=HubMode.SUBSCRIBE,
        topic=FORM["hub.topic"],
        callback=FORM["hub.callback"],
        secret="s",
        lease_seconds=600,
    )
    short = wished(form(mode="unsubscribe", secret=None, lease_seconds=None))
    assert isinstance(short, Wished)
    assert (short.mode, short.secret, short.lease_seconds) == (HubMode.UNSUBSCRIBE, "", 0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mode": None}, "hub.mode must be subscribe or unsubscribe"),
        ({"mode": "Subscribe"}, "hub.mode must be"),
        ({"mode": "publish"}, "knows by itself"),
        ({"topic": None}, "hub.topic is missing"),
        ({"callback": ""}, "hub.callback is missing"),
        ({"callback": "https://r.example/" + "x" * 2048}, "at most 2048"),
        ({"callback": "https://r.example/a b"}, "no address"),
        ({"callback": "https://r.example/\x01"}, "no address"),
        ({"callback": "https://r.example/#top"}, "no fragment"),
        ({"callback": "https://me:pw@r.example/"}, "no user or password"),
        ({"topic": "https://news.example/all.atom#x"}, "no fragment"),
        ({"secret": "é" * 100}, "at most 199 bytes"),
        ({"lease_seconds": "-5"}, "positive whole number"),
        ({"lease_seconds": "0"}, "positive whole number"),
        ({"lease_seconds": "1.5"}, "positive whole number"),
        ({"lease_seconds": "9" * 13}, "positive whole number"),
        ({"lease_seconds": "٣"}, "positive whole number"),
    ],
    ids=lambda value: value if isinstance(value, str) else "".join(value),
)
def test_unfit_forms(changes: dict[str, str | None], words: str) -> None:
    told = wished(form(**changes))
    assert isinstance(told, Unfit)
    assert (told.status, words in told.words) == (400, True)


def test_a_field_that_is_given_twice() -> None:
    told = wished([*form(), ("hub.topic", "https://news.example/other.atom")])
    assert told == Unfit(status=400, words="hub.topic is given more than once.")


@given(st.lists(st.tuples(st.sampled_from([*FORM, "x"]), st.text()), max_size=8))
def test_any_form_is_understood_or_refused(fields: list[tuple[str, str]]) -> None:
    told = wished(fields)
    assert isinstance(told, Wished) or (told.status == 400 and told.words)


@given(st.integers(0, 10**13))
def test_leases_stay_within_the_bounds(asked: int) -> None:
    bounds = HubLease(min=HOUR, usual=5 * DAY, max=10 * DAY)
    lease = granted(asked, bounds)
    assert bounds.min <= lease <= bounds.max
    if bounds.min.total_seconds() <= asked <= bounds.max.total_seconds():
        assert lease.total_seconds() == asked
    if not asked:
        assert lease == bounds.usual


# ---------------------------------------------------------------- asking back


def test_the_question_holds_all_that_the_recommendation_names() -> None:
    asked = urlsplit(question(request()))
    assert parse_qsl(asked.query) == [
        ("id", "7/8"),
        ("hub.mode", "subscribe"),
        ("hub.topic", "https://news.example/all.atom"),
        ("hub.challenge", "the challenge"),
        ("hub.lease_seconds", "600"),
    ]
    leaving = question(request(mode=HubMode.UNSUBSCRIBE, callback="https://reader.example/cb"))
    assert leaving.startswith("https://reader.example/cb?hub.mode=unsubscribe&")
    assert "lease" not in leaving
    told = parse_qsl(urlsplit(denial("https://r.example/cb", "t", "Đã hết.")).query)
    assert told == [("hub.mode", "denied"), ("hub.topic", "t"), ("hub.reason", "Đã hết.")]


@pytest.mark.parametrize(
    ("status", "body", "meant"),
    [
        (200, b"the challenge", True),
        (204, b"the challenge", True),
        (200, b"the challenge\r\n", True),
        (200, b" the challenge", False),
        (200, b"the challenge and more", False),
        (200, b"THE CHALLENGE", False),
        (200, b"", False),
        (301, b"the challenge", False),
        (404, b"the challenge", False),
    ],
)
def test_only_the_challenge_itself_confirms(status: int, body: bytes, meant: bool) -> None:
    assert was_meant(request(), status, body) is meant


def test_a_renewal_keeps_what_was_delivered() -> None:
    first = subscribed(request(), None, NOW)
    assert (first.version, first.etag, first.lease_until) == (5, "", NOW + timedelta(seconds=600))
    used = replace(first, version=9, etag='"e"', deliveries=2, failures=3, due_at=NOW + DAY, detail="It failed.")
    again = subscribed(request(secret="new", version=12, lease_seconds=7200), used, NOW + MINUTE)
    assert (again.version, again.etag, again.deliveries, again.since) == (9, '"e"', 2, NOW)
    assert (again.secret, again.failures, again.due_at, again.detail) == ("new", 0, None, "")
    assert again.lease_until == NOW + MINUTE + 2 * HOUR
    lapsed = subscribed(request(version=12), used, NOW + DAY)
    assert (lapsed.version, lapsed.deliveries) == (12, 0)  # what came in between is lost to it


# ---------------------------------------------------------------- delivering


@pytest.mark.parametrize("method", list(Signature), ids=lambda method: method.value)
def test_deliveries_are_signed_so_that_our_own_subscriber_believes_them(method: Signature) -> None:
    one, body = subscription(secret="giữ kín"), b"<feed/>"
    headers = delivery_headers(one, body, Format.ATOM.media_type, "<x>; rel=hub", method)
    digest = hmac.new("giữ kín".encode(), body, getattr(hashlib, method.value)).hexdigest()
    assert headers["X-Hub-Signature"] == f"{method.value}={digest}"
    assert judge("giữ kín", body, headers["X-Hub-Signature"]) is Verdict.CONTENT
    assert "X-Hub-Signature" not in delivery_headers(subscription(), body, "a/b", "", method)


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_delivery_that_arrived_clears_what_failed_before(status: int) -> None:
    before = subscription(failures=4, failing_since=NOW - HOUR, due_at=NOW, detail="It failed.", deliveries=1)
    after = settled(before, Called(status=status), 8, '"e"', NOW, DAY, lambda: 0.5)
    assert after == replace(caught_up(before, 8, '"e"'), deliveries=2, delivered_at=NOW)
    assert after is not None
    assert (after.failures, after.due_at, after.detail) == (0, None, "")


def test_failures_wait_longer_each_time_and_end_in_a_drop() -> None:
    one: HubSubscription | None = subscription()
    now, waits = NOW, []
    while one is not None:
        one = settled(one, failed(), 8, '"e"', now, 3 * DAY, lambda: 0.0)
        if one is not None:
            assert (one.version, one.etag) == (3, "")  # it is still owed
            assert one.due_at is not None
            waits.append(one.due_at - now)
            now = one.due_at
    assert waits[:3] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY]
    assert waits[-1] == LONGEST_RETRY
    assert 3 * DAY <= now - NOW <= 3 * DAY + LONGEST_RETRY


@pytest.mark.parametrize(
    ("reply", "due", "words"),
    [
        (Called(status=503, retry_at=NOW + HOUR), NOW + HOUR, "answered 503"),
        (Called(status=429, retry_at=NOW + 90 * DAY), NOW + DAY, "answered 429"),
        (Called(status=500, retry_at=NOW + timedelta(seconds=1)), NOW + FIRST_RETRY, "answered 500"),
        (Called(status=307), NOW + FIRST_RETRY, "follow no redirect"),
        (failed(retry_at=NOW + HOUR), NOW + HOUR, "took too long"),
    ],
    ids=["503", "429", "500", "307", "timeout"],
)
def test_what_a_subscriber_asks_for_is_heard_within_reason(
    reply: Called | FetchFailed, due: datetime, words: str
) -> None:
    after = settled(subscription(), reply, 8, "", NOW, DAY, lambda: 0.0)
    assert after is not None
    assert after.due_at == due
    assert words in after.detail


def test_410_ends_it_at_once() -> None:
    assert settled(subscription(), Called(status=410), 8, "", NOW, DAY, lambda: 0.0) is None


# ---------------------------------------------------------------- turns


def owed(name: str, **changes: object) -> Owed:
    return Owed(subscription=subscription(name, **changes), feed=None)


def test_who_was_well_comes_first_and_then_who_waited_longest() -> None:
    some = [
        owed("failing", failures=1),
        owed("just now", delivered_at=NOW + HOUR),
        owed("slow"),
        owed("long ago", delivered_at=NOW - HOUR),
    ]
    keys = [b"long ago", b"just now", b"failing", b"slow"]
    assert [one.subscription.key for one in in_turn(some, {b"slow"})] == keys
    begun, left = choose(in_turn(some, {b"slow"}), {b"slow"}, Places(3, 9))
    assert [[one.subscription.key for one in part] for part in (begun, left)] == [keys[:3], keys[3:]]


def test_doubted_ones_never_take_more_than_half_of_the_places() -> None:
    places = Places(4, 4)
    failing = [owed(f"f{number}", failures=1) for number in range(9)]
    assert len(choose(failing, (), places)[0]) == 2
    assert choose(failing, (), places) == ([], failing)
    well = [owed(f"w{number}") for number in range(9)]
    begun, left = choose(in_turn([*failing, *well], ()), (), places)
    assert len(left) == 16
    assert [one.subscription.key[:1] for one in begun] == [b"w", b"w"]
    places.leave(b"f0")
    assert [one.subscription.key for one in choose([failing[5]], (), places)[0]] == [b"f5"]


def test_a_domain_has_its_own_bound_and_nobody_two_deliveries_at_once() -> None:
    places = Places(10, 2)
    crowd = [owed(f"c{number}", host="crowd.example") for number in range(5)]
    assert len(choose([*crowd, owed("other")], (), places)[0]) == 3
    assert choose([owed("other")], (), places)[0] == []
    places.leave(b"other")
    assert b"other" not in places
    assert len(choose([owed("other")], (), places)[0]) == 1
    places.resize(1, 1)
    assert len(places) == 3
    assert choose([owed("more")], (), places)[0] == []


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3), st.booleans(), st.booleans()), max_size=60))
def test_bounds_hold_whoever_comes_and_goes(moves: list[tuple[int, int, bool, bool]]) -> None:
    places, inside = Places(6, 3), dict[bytes, tuple[str, bool]]()
    for number, host, doubted, leaves in moves:
        key = b"%d" % number
        if leaves and key in places:
            places.leave(key)
            del inside[key]
        elif key not in places and places.enter(key, str(host), doubted=doubted):
            inside[key] = (str(host), doubted)
        hosts = [where for where, _ in inside.values()]
        assert len(places) == len(inside) <= 6
        assert all(hosts.count(one) <= 3 for one in hosts)
        assert sum(doubt for _, doubt in inside.values()) <= 3


# ---------------------------------------------------------------- hubs of others, words


def test_a_ping_names_each_topic_and_failures_wait_longer() -> None:
    hub = OtherHub(hub="https://hub.example/")
    sent = ping(hub, ["https://n.example/a.atom", "https://n.example/a.rss"])
    assert (sent.url, dict(sent.fields)) == ("https://hub.example/", {"hub.mode": "publish"})
    assert sent.repeated == (("hub.url", "https://n.example/a.atom"), ("hub.url", "https://n.example/a.rss"))
    once = after_ping(hub, failed(), NOW, lambda: 0.0)
    twice = after_ping(once, failed(retry_at=NOW + DAY), NOW, lambda: 0.0)
    assert (once.failures, once.due_at, once.detail) == (1, NOW + timedelta(seconds=30), "It took too long.")
    assert (twice.failures, twice.due_at) == (2, NOW + DAY)
    well = after_ping(twice, HubAccepted(status=204), NOW, lambda: 0.0)
    assert (well.failures, well.due_at, well.pings, well.pinged_at, well.detail) == (0, None, 1, NOW, "")


def test_words_about_the_hubs() -> None:
    other = OtherHub(hub="https://hub.example/")
    both = Hub(own=True, others=("https://hub.example/",))
    many = HubCensus(subscriptions=5, hosts=2, failing=1)
    assert note_of_hub(Hub(), HubCensus(), [other]).words == ""
    assert note_of_hub(both, many, [other]).words == (
        "Our hub has 5 subscriptions of 2 domains, 1 of them failing. hub.example will be told of changes."
    )
    told = replace(other, pinged_at=NOW, pings=1)
    assert "was told of changes last at 2026-11-24 12:00 UTC" in note_of_hub(both, many, [told]).words
    silent = replace(other, failures=1, due_at=NOW, detail="The hub answered 500.")
    assert "could not be told of changes, again at 12:00 UTC: The hub" in note_of_hub(both, many, [silent]).words
    assert "Our hub is off; 5 subscriptions" in note_of_hub(Hub(), many, []).words


def test_words_about_a_subscription() -> None:
    assert subscription_words(subscription(), NOW) == "Nothing delivered yet."
    assert subscription_words(subscription(deliveries=3), NOW) == "Delivered 3 times."
    failing = subscription(deliveries=1, failures=2, detail="The subscriber answered 500.")
    assert subscription_words(failing, NOW) == ("Delivered once. Failed 2 times in a row. The subscriber answered 500.")
    assert "lease has run out" in subscription_words(subscription(lease_until=NOW), NOW)


# ---------------------------------------------------------------- what is offered


def feed(slug: str = "rates", **changes: object) -> Feed:
    plain = Feed(id=FeedId(1), kind=FeedKind.TOPIC, key=slug, slug=slug, title="Rates", version=1, updated=NOW)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_only_public_feeds_that_are_emitted_may_be_offered() -> None:
    feeds = Feeds(kinds=(FeedKind.TOPIC, FeedKind.ALL), private={"topics/ships": ()})
    assert feeds.is_public(feed())
    assert not feeds.is_public(feed("ships"))
    assert not feeds.is_public(feed(withdrawn=True))
    assert not feeds.is_public(feed(kind=FeedKind.SOURCE))


def test_names_of_topics_and_hubs() -> None:
    site = Site(base_url="https://news.example/feeds/")
    assert topic_of(site.base_url, feed(), Format.RSS) == "https://news.example/feeds/topics/rates.rss"
    assert own_hub(site.base_url) == "https://news.example/feeds/hub"
    settings = Settings(site=site, hub=Hub(own=True, others=("https://hub.example/",)))
    assert hubs_of(settings) == ("https://news.example/feeds/hub", "https://hub.example/")
    assert hubs_of(Settings()) == ()
    assert link_header(["https://h.example/"], "https://t.example/") == (
        '<https://h.example/>; rel="hub", <https://t.example/>; rel="self"'
    )
