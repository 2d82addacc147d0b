"""One subscription from its wish to its end: every transition of the stage, and the laws of all of them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.model import (
    Failure,
    FeedInfo,
    FetchFailed,
    Freshness,
    HubQuestion,
    Push,
    SourceId,
    SourceState,
    Standing,
    Subscription,
)
from feedhub.settings import Auth, Polling, Settings, Site, Source, Subscribe, WebSub
from feedhub.websub import (
    Verdict,
    announced,
    confirm,
    found,
    judge,
    leave,
    note_of,
    on_duty,
    outlook,
    pinged,
    plan,
    push_of,
    pushed,
    rejected,
    step,
    unsent,
    wish_of,
)
from feedhub.websub.asking import GIVE_UP_AFTER, LEAVE_TRIES
from feedhub.websub.planning import Plan

NOW = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HUB, TOPIC, BASE = "https://hub.example/", "https://news.example/feed", "https://reader.example"
LEASE = 10 * DAY


def middle() -> float:
    return 0.5


def sub(**changes: Any) -> Subscription:
    values: dict[str, Any] = {
        "token": "tok",
        "source": SourceId(1),
        "slug": "news",
        "hub": HUB,
        "topic": TOPIC,
        "callback": f"{BASE}/websub/tok",
        "secret": "s" * 43,
        "due_at": NOW,
    }
    return Subscription(**(values | changes))


def active(**changes: Any) -> Subscription:
    values: dict[str, Any] = {
        "standing": Standing.ACTIVE,
        "asked_at": NOW - 8 * DAY,
        "since": NOW - 8 * DAY,
        "lease_until": NOW + 2 * DAY,
    }
    return sub(**(values | changes))


def state(**changes: Any) -> SourceState:
    values: dict[str, Any] = {
        "id": SourceId(1),
        "slug": "news",
        "url": TOPIC,
        "configured_url": TOPIC,
        "hub": HUB,
        "topic": TOPIC,
    }
    return SourceState(**(values | changes))


def settings(base: str = BASE, source: dict[str, Any] | None = None, **websub: Any) -> Settings:
    one = Source(url=TOPIC, slug="news", **(source or {}))
    return Settings(
        site=Site(base_url=base),
        websub=WebSub(**websub),
        sources=(one,),
        polling=Polling(allow_networks=(ip_network("127.0.0.0/8"),)),
    )


def question(mode: str = "subscribe", topic: str = TOPIC, **more: str) -> HubQuestion:
    return HubQuestion(mode=mode, topic=topic, **({"challenge": "c", "lease_seconds": "864000"} | more))


def agreed(one: Subscription, asked: HubQuestion | None = None, now: datetime = NOW) -> Subscription:
    after = confirm(one, asked or question(), LEASE, now, middle)
    assert after is not None
    return after


def failure(status: int = 500, **changes: Any) -> FetchFailed:
    return FetchFailed(failure=Failure.SERVER, detail="It failed.", status=status, **changes)


# ---------------------------------------------------------------- what is wished


def test_the_header_comes_before_the_document() -> None:
    info = FeedInfo(hub="https://old.example/", self_url="https://doc.example/")
    links = {"hub": HUB, "self": TOPIC}
    assert announced(info, {}) == info
    assert announced(info, {"self": TOPIC}) == info
    assert (announced(info, links).hub, announced(info, links).self_url) == (HUB, TOPIC)
    assert announced(info, {"hub": HUB}).self_url == "https://doc.example/"


def test_a_wish_names_hub_topic_and_address() -> None:
    ours = settings()
    wish = wish_of(state(), ours.sources[0], ours)
    assert wish is not None
    assert (wish.hub, wish.topic, wish.base, wish.confidential) == (HUB, TOPIC, BASE, True)


@pytest.mark.parametrize(
    ("hub", "confidential"),
    [
        ("https://hub.example/", True),
        ("http://hub.example/", False),
        ("http://127.0.0.1:99/", True),
        ("http://10.0.0.1/", False),
    ],
)
def test_a_secret_goes_over_https_or_into_an_allowed_network(hub: str, confidential: bool) -> None:
    ours = settings()
    wish = wish_of(state(hub=hub), ours.sources[0], ours)
    assert wish is not None
    assert wish.confidential is confidential


def test_without_self_the_polled_address_is_the_topic_unless_given_in_confidence() -> None:
    ours = settings()
    wish = wish_of(state(topic=""), ours.sources[0], ours)
    assert wish is not None
    assert wish.topic == TOPIC
    secret = settings(source={"auth": Auth(bearer="x")})
    assert wish_of(state(topic=""), secret.sources[0], secret) is None
    for address in ("https://me:pw@news.example/feed", "https://news.example/feed?api_key=hunter2"):
        assert wish_of(state(topic="", url=address), ours.sources[0], ours) is None


@pytest.mark.parametrize(
    ("changes", "base", "source", "websub"),
    [
        ({"hub": ""}, BASE, {}, {}),
        ({"enabled": False}, BASE, {}, {}),
        ({"hub": "ftp://hub.example/"}, BASE, {}, {}),
        ({"hub": "https://hub.example/" + "x" * 2048}, BASE, {}, {}),
        ({}, BASE, {"websub": False}, {}),
        ({}, BASE, {}, {"subscribe": Subscribe.NEVER}),
        ({}, "http://127.0.0.1:8080", {}, {}),
        ({}, "http://[::1]:8080", {}, {}),
        ({}, "http://192.168.1.7", {}, {}),
        ({}, "http://localhost:8080", {}, {}),
        ({}, "http://nas.lan", {}, {}),
        ({}, "http://nas", {}, {}),
    ],
)
def test_what_is_not_wished_is_explained(
    changes: dict[str, Any], base: str, source: dict[str, Any], websub: dict[str, Any]
) -> None:
    ours = settings(base, source, **websub)
    assert wish_of(state(**changes), ours.sources[0], ours) is None
    note = note_of(state(**changes), None, ours.sources[0], ours, NOW)
    assert note is None if changes.get("hub") == "" else note is not None and "not asked: " in note.words


def test_always_asks_from_a_private_address_too_and_says_so() -> None:
    ours = settings("http://192.168.1.7", subscribe=Subscribe.ALWAYS)
    assert wish_of(state(), ours.sources[0], ours) is not None
    assert outlook(ours)[0] is False
    assert outlook(settings())[0] is True
    assert "hubs cannot reach http://nas" in outlook(settings("http://nas"))[1]


# ---------------------------------------------------------------- planning


def planned(present: list[Subscription], ours: Settings, **changes: Any) -> Plan:
    wish = wish_of(state(**changes), ours.sources[0], ours)
    numbers = iter(range(100))
    return plan({wish.source: wish} if wish else {}, present, NOW, lambda: f"minted-{next(numbers)}")


def test_a_new_wish_gets_a_callback_and_a_secret_of_its_own() -> None:
    (new,) = planned([], settings()).begin
    assert (new.token, new.secret, new.callback) == ("minted-0", "minted-1", f"{BASE}/websub/minted-0")
    assert (new.due_at, new.standing) == (NOW, Standing.WANTED)
    assert "minted" not in repr(new)
    assert planned([new], settings()) == Plan()


@pytest.mark.parametrize(
    ("ours", "changes"),
    [
        (settings(), {"hub": "https://other.example/"}),
        (settings(), {"topic": "https://news.example/other"}),
        (settings("https://moved.example"), {}),
    ],
)
def test_a_change_ends_the_old_one_and_begins_a_new_one(ours: Settings, changes: dict[str, Any]) -> None:
    both = planned([active()], ours, **changes)
    assert [one.token for one in both.leave] == ["tok"]
    assert [one.token for one in both.begin] == ["minted-0"]
    assert planned([leave(active(), NOW), *both.begin], ours, **changes) == Plan()


def test_what_is_wished_no_more_is_left() -> None:
    assert [one.token for one in planned([active()], settings(), hub="").leave] == ["tok"]
    assert planned([active(standing=Standing.ENDED)], settings(), hub="") == Plan()
    assert leave(sub(), NOW).standing is Standing.ENDED  # the hub never heard of it
    assert leave(active(), NOW).standing is Standing.LEAVING


# ---------------------------------------------------------------- asking


def test_the_first_request_says_what_the_recommendation_wants() -> None:
    asked, ask = step(sub(), NOW, LEASE)
    assert ask is not None
    assert ask.form.url == HUB
    assert dict(ask.form.fields) == {
        "hub.callback": f"{BASE}/websub/tok",
        "hub.mode": "subscribe",
        "hub.topic": TOPIC,
        "hub.lease_seconds": "864000",
        "hub.secret": "s" * 43,
    }
    assert ask.form.confidential
    assert "sss" not in repr(ask)
    assert (asked.pending, asked.asked_at, asked.due_at) == ("subscribe", NOW, NOW + HOUR)
    assert step(asked, NOW + MINUTE, LEASE) == (asked, None)


def test_without_a_secret_none_is_sent() -> None:
    _, ask = step(sub(secret=""), NOW, LEASE)
    assert ask is not None
    assert "hub.secret" not in ask.form.fields
    assert not ask.form.confidential


def test_a_renewal_comes_at_about_80_percent_and_keeps_the_duty() -> None:
    asked, _ = step(sub(), NOW, LEASE)
    on = agreed(asked)
    assert on.lease_until == NOW + 10 * DAY
    assert on.due_at is not None
    assert NOW + 7.5 * DAY <= on.due_at <= NOW + 8 * DAY
    renewing, ask = step(on, on.due_at, LEASE)
    assert ask is not None
    assert on_duty(renewing, on.due_at)
    again = agreed(renewing, now=on.due_at)
    assert (again.since, again.lease_until) == (NOW, on.due_at + 10 * DAY)
    assert (again.token, again.secret) == (on.token, on.secret)


def test_a_lease_that_is_not_renewed_lapses_and_is_asked_for_again() -> None:
    renewing, _ = step(active(due_at=NOW), NOW, LEASE)
    assert renewing.due_at is not None
    assert renewing.due_at <= active().lease_until  # type: ignore[operator]
    while renewing.standing is Standing.ACTIVE:
        assert renewing.due_at is not None
        renewing, ask = step(renewing, renewing.due_at, LEASE)
        assert ask is not None
    assert renewing.due_at is not None
    assert not on_duty(renewing, NOW + 2 * DAY)
    assert renewing.pending == "subscribe"


def test_a_hub_that_never_verifies_is_asked_less_and_less_and_then_once_a_week() -> None:
    one, moments = sub(), []
    for _ in range(GIVE_UP_AFTER + 3):
        assert one.due_at is not None
        moments.append(one.due_at)
        one, ask = step(one, one.due_at, LEASE)
        assert ask is not None
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert gaps[:5] == [HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR]
    assert gaps[-1] == 7 * DAY
    assert one.standing is Standing.GIVEN_UP
    assert agreed(one, now=moments[-1]).standing is Standing.ACTIVE  # late, but as asked


def test_a_hub_that_fails_is_asked_again_from_five_minutes_on() -> None:
    one, ask = step(sub(), NOW, LEASE)
    assert ask is not None
    after = rejected(one, ask, failure(), NOW, lambda: 0.0)
    assert (after.failures, after.due_at, after.pending) == (1, NOW + 5 * MINUTE, "")
    assert "It failed." in after.detail
    assert rejected(one, ask, failure(404), NOW, lambda: 0.0).due_at == NOW + DAY
    asked_to_wait = failure(503, freshness=Freshness(retry_at=NOW + 3 * HOUR))
    assert rejected(one, ask, asked_to_wait, NOW, lambda: 0.0).due_at == NOW + 3 * HOUR
    resting = rejected(one, ask, failure(asked=False, freshness=Freshness(retry_at=NOW + HOUR)), NOW, middle)
    assert (resting.failures, resting.due_at) == (0, NOW + HOUR)


def test_a_refusal_that_comes_after_the_verification_changes_nothing() -> None:
    one, ask = step(sub(), NOW, LEASE)
    assert ask is not None
    on = agreed(one)
    assert rejected(on, ask, failure(), NOW, middle) == on
    assert unsent(on, NOW) == on
    assert unsent(one, NOW + MINUTE).due_at == NOW + MINUTE


def test_leaving_is_asked_a_few_times_and_ends_in_any_case() -> None:
    one = leave(active(), NOW)
    for _ in range(LEAVE_TRIES):
        assert one.due_at is not None
        one, ask = step(one, one.due_at, LEASE)
        assert ask is not None
        assert ask.mode == "unsubscribe"
        assert "hub.secret" not in ask.form.fields
    assert one.due_at is not None
    one, ask = step(one, one.due_at, LEASE)
    assert (one.standing, one.due_at, ask) == (Standing.ENDED, None, None)


# ---------------------------------------------------------------- verifying


def test_only_what_was_asked_for_is_agreed_with() -> None:
    asked, _ = step(sub(), NOW, LEASE)
    leaving, _ = step(leave(active(), NOW), NOW, LEASE)
    assert agreed(asked).standing is Standing.ACTIVE
    assert agreed(leaving, question("unsubscribe")).standing is Standing.ENDED
    for one, wrong in [
        (asked, question(topic="https://news.example/other")),
        (asked, question("unsubscribe")),
        (asked, question("")),
        (asked, question("publish")),
        (asked, question(challenge="")),
        (asked, question(challenge="x" * 5000)),
        (sub(), question()),
        (active(), question()),  # asked for eight days ago: somebody replays it
        (active(), question("unsubscribe")),
        (leaving, question()),
        (leave(active(), NOW), question("unsubscribe")),
        (sub(standing=Standing.ENDED), question("denied")),
        (asked, question("denied", topic="other")),
    ]:
        assert confirm(one, wrong, LEASE, NOW, middle) is None


def test_a_verification_may_be_repeated_because_its_answer_may_be_lost() -> None:
    asked, _ = step(sub(), NOW, LEASE)
    assert agreed(agreed(asked), now=NOW + MINUTE).standing is Standing.ACTIVE
    assert confirm(agreed(asked), question(), LEASE, NOW + 2 * DAY, middle) is None


@pytest.mark.parametrize(
    ("said", "lease"),
    [
        ("3600", HOUR),
        ("", LEASE),
        ("0", LEASE),
        ("-5", LEASE),
        ("ten", LEASE),
        ("٣٦٠٠", LEASE),
        ("9" * 40, 90 * DAY),
        ("31536000", 90 * DAY),
    ],
)
def test_the_hub_says_how_long(said: str, lease: timedelta) -> None:
    asked, _ = step(sub(), NOW, LEASE)
    assert agreed(asked, question(lease_seconds=said)).lease_until == NOW + lease


def test_a_denial_ends_the_duty_and_is_told_in_its_words() -> None:
    after = agreed(active(), question("denied", reason="not\nfor\x1b you" + "!" * 500, challenge=""))
    assert (after.standing, after.due_at, on_duty(after, NOW)) == (Standing.REFUSED, NOW + 7 * DAY, False)
    assert after.detail.startswith("The hub refused: not for you!")
    assert len(after.detail) < 250
    one = active()
    echoed = question("denied", reason=f"no {one.callback} {one.topic} {one.token} {one.secret}", challenge="")
    assert agreed(one, echoed).detail == "The hub refused: no … … … …."
    assert agreed(leave(active(), NOW), question("denied")).standing is Standing.ENDED


# ---------------------------------------------------------------- delivering

BODY = b"<rss><channel/></rss>"
KEY = "s" * 43


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_all_four_methods_are_believed_when_right(method: str) -> None:
    right = hmac.new(KEY.encode(), BODY, method).hexdigest()
    assert judge(KEY, BODY, f"{method}={right}") is Verdict.CONTENT
    assert judge(KEY, BODY, f" {method.upper()} = {right.upper()} ") is Verdict.CONTENT
    assert judge(KEY, BODY + b" ", f"{method}={right}") is Verdict.FORGED
    assert judge("other", BODY, f"{method}={right}") is Verdict.FORGED
    assert judge(KEY, BODY, f"{method}={right[:-1]}") is Verdict.FORGED


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256",
        "sha256=",
        "=",
        "md5=" + hmac.new(KEY.encode(), BODY, "md5").hexdigest(),
        "sha3_256=00",
        "sha256=é\ud800",
    ],
)
def test_anything_else_is_forged(signature: str) -> None:
    assert judge(KEY, BODY, signature) is Verdict.FORGED


def test_what_cannot_be_believed_or_is_empty_is_a_ping() -> None:
    right = hmac.new(KEY.encode(), b" \n", hashlib.sha256).hexdigest()
    assert judge(KEY, b" \n", f"sha256={right}") is Verdict.PING
    assert judge("", BODY, "") is Verdict.PING
    assert judge("", BODY, "sha256=" + hmac.new(b"", BODY, "sha256").hexdigest()) is Verdict.PING


# ---------------------------------------------------------------- trust


def test_two_polls_in_a_row_that_find_what_was_not_pushed_end_the_trust() -> None:
    one = active()
    last = NOW - HOUR
    assert push_of(one, NOW) is Push.TRUSTED
    one = found(one, 1, (), last, NOW)
    assert push_of(one, NOW) is Push.TRUSTED
    assert found(one, 0, (), last, NOW).missed == 0
    one = found(one, 1, (), last, NOW)
    assert push_of(one, NOW) is Push.NONE
    assert push_of(found(one, 0, (), last, NOW), NOW) is Push.NONE  # silence proves nothing
    assert push_of(pushed(one, NOW), NOW) is Push.TRUSTED


def test_what_is_underway_or_older_than_the_duty_is_not_held_against_the_hub() -> None:
    one = active()
    assert found(one, 1, (NOW - MINUTE,), NOW - HOUR, NOW).missed == 0
    assert found(one, 2, (NOW - MINUTE,), NOW - HOUR, NOW).missed == 1
    assert found(one, 1, (), NOW - 8 * DAY - MINUTE, NOW).missed == 0
    assert found(one, 1, (), None, NOW).missed == 0
    assert found(sub(), 1, (), NOW - HOUR, NOW).missed == 0
    told = pinged(one, NOW - MINUTE)
    assert found(told, 1, (), NOW - HOUR, NOW).missed == 0
    assert found(told, 1, (), NOW - MINUTE / 2, NOW).missed == 1


def test_a_hub_proves_itself_by_many_pushes() -> None:
    one = active()
    for _ in range(10):
        one = pushed(one, NOW)
    assert push_of(one, NOW) is Push.PROVEN
    assert push_of(found(one, 1, (), NOW - HOUR, NOW), NOW) is Push.TRUSTED
    assert push_of(one, NOW + 2 * DAY) is Push.NONE  # the lease ran out
    assert push_of(None, NOW) is Push.NONE


# ---------------------------------------------------------------- laws

moments = st.timedeltas(min_value=timedelta(0), max_value=40 * DAY)
MODES = st.sampled_from(["subscribe", "unsubscribe", "denied", "other"])


@given(st.lists(st.tuples(moments, st.integers(0, 5), MODES, st.text(max_size=8)), max_size=40))
def test_whatever_happens_the_subscription_stays_sane(events: list[tuple[timedelta, int, str, str]]) -> None:
    one, now, ask = sub(), NOW, None
    ended = False
    for wait, event, mode, lease in events:
        now += wait
        if event in {0, 1}:
            before = one
            one, new = step(one, now, LEASE)
            ask = new or ask
            if new is not None:
                assert before.due_at is not None
                assert before.due_at <= now
                assert one.due_at is not None
                assert one.due_at >= now + MINUTE  # never asked in a hurry
        elif event == 2:
            one = confirm(one, question(mode, lease_seconds=lease), LEASE, now, middle) or one
        elif event == 3 and ask is not None:
            one = rejected(one, ask, failure(), now, middle)
        elif event == 4:
            one = leave(one, now)
        else:
            one = found(pushed(one, now), 3, (), now - DAY, now)
        assert not (ended and one.standing is not Standing.ENDED)
        ended = one.standing is Standing.ENDED
        assert (one.due_at is None) == ended
        assert one.standing is not Standing.ACTIVE or one.lease_until is not None
        assert (
            one.due_at is None
            or one.lease_until is None
            or one.standing is not Standing.ACTIVE
            or (one.due_at <= max(one.lease_until, now) + MINUTE)
        )


def test_words_for_every_standing_end_like_a_sentence_and_tell_no_secret() -> None:
    ours = settings()
    cases = [
        sub(),
        sub(pending="subscribe"),
        sub(failures=3, detail="It failed."),
        active(),
        active(pushes=1, last_push_at=NOW),
        active(pushes=7, last_push_at=NOW, ignored=2),
        active(secret="", pushes=2),
        active(missed=2),
        active(lease_until=NOW),
        sub(standing=Standing.REFUSED, detail="The hub refused: no."),
        sub(standing=Standing.GIVEN_UP, failures=10, detail="It failed."),
        None,
    ]
    words = set()
    for one in cases:
        note = note_of(state(), one, ours.sources[0], ours, NOW)
        assert note is not None
        assert note.words.endswith(".")
        assert ".." not in note.words
        assert "sss" not in note.words
        assert "tok" not in note.words
        assert note.hub == "hub.example"
        words.add(note.words)
    assert len(words) >= len(cases) - 1
    assert note_of(state(), replace(active(), lease_until=NOW), ours.sources[0], ours, NOW).standing == "lapsed"  # type: ignore[union-attr]
