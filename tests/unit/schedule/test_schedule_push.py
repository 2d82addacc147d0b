"""What a hub changes about polling: rarer while it pushes, sooner when it says so or stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.model import (
    Digest,
    Failure,
    Fetched,
    Gap,
    Health,
    NotModified,
    ParseFailed,
    PollHints,
    Push,
    SourceId,
    SourceState,
    Validators,
)
from feedhub.schedule import PollEvent, after_ping, after_poll, after_push, without_push
from feedhub.settings import Interval, Polling
from support.habits import even_habit

NOW = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
URL = "https://news.example/feed"
TAG = Validators(etag='"1"', url=URL)
POLLING = Polling()


def state(**changes: Any) -> SourceState:
    values: dict[str, Any] = {
        "id": SourceId(1),
        "slug": "news",
        "url": URL,
        "configured_url": URL,
        "validators": TAG,
        "last_poll_at": NOW - 4 * HOUR,
        "last_success_at": NOW - 4 * HOUR,
        "last_change_at": NOW - DAY,
        "next_poll_at": NOW + 20 * HOUR,
        "rate": 1.0,
        "rate_at": NOW - 4 * HOUR,
        "habit": even_habit(1.0, NOW - 4 * HOUR),
        "window": 30,
        "health": Health.FRESH,
    }
    return SourceState(**(values | changes))


def wait(push: Push, interval: Interval = POLLING.interval, **changes: Any) -> timedelta:
    before = state(**changes)
    event = PollEvent(result=NotModified(validators=TAG))
    after = after_poll(before, event, POLLING, interval, NOW, lambda: 0.5, push=push)
    assert after.next_poll_at is not None
    return after.next_poll_at - NOW


def test_a_pushed_source_is_polled_twelve_times_more_seldom_within_6_and_24_hours() -> None:
    busy: dict[str, Any] = {"habit": even_habit(100.0, NOW), "window": 1000}
    usual = wait(Push.NONE, **busy)
    assert usual < HOUR / 2
    assert wait(Push.TRUSTED, **busy) == pytest.approx(6 * HOUR, abs=MINUTE)
    middling: dict[str, Any] = {"habit": even_habit(10.0, NOW), "window": 1000}
    usual = wait(Push.NONE, **middling)
    assert wait(Push.TRUSTED, **middling) == pytest.approx(12 * usual, rel=0.02)
    assert wait(Push.TRUSTED) == pytest.approx(DAY, abs=MINUTE)


@pytest.mark.parametrize("push", [Push.TRUSTED, Push.PROVEN])
def test_after_a_gap_no_hub_makes_polls_rarer_than_the_gap_allows(push: Push) -> None:
    gap = Gap(after=NOW - 5 * HOUR, before=NOW - 3 * HOUR, noticed_at=NOW - HOUR)
    assert wait(push, gap=gap) == pytest.approx(HOUR, abs=MINUTE)  # half of the two hours in which the list turned over
    assert wait(push, gap=replace(gap, noticed_at=NOW - 6 * DAY)) == pytest.approx(18 * HOUR, abs=MINUTE)


def test_the_operators_upper_bound_holds_and_never_shortens() -> None:
    assert wait(Push.TRUSTED, Interval(min=HOUR, max=8 * HOUR)) == pytest.approx(8 * HOUR, abs=MINUTE)
    assert wait(Push.TRUSTED, Interval(min=HOUR, max=2 * HOUR)) == pytest.approx(2 * HOUR, abs=MINUTE)


def test_until_the_hub_has_proven_itself_half_the_list_is_the_limit() -> None:
    short: dict[str, Any] = {"habit": even_habit(50.0, NOW), "window": 10}
    trusted, proven = wait(Push.TRUSTED, **short), wait(Push.PROVEN, **short)
    assert trusted < 3 * HOUR
    assert proven >= 6 * HOUR - MINUTE


def test_silence_and_failures_are_as_ever() -> None:
    quiet: dict[str, Any] = {"last_change_at": NOW - 300 * DAY}
    assert wait(Push.TRUSTED, **quiet) == wait(Push.NONE, **quiet)
    event = PollEvent(result=ParseFailed(failure=Failure.NOT_A_FEED, detail="no"))
    both = [after_poll(state(), event, POLLING, POLLING.interval, NOW, lambda: 0.5, push=push) for push in Push]
    assert both[0] == both[1] == both[2]


@given(st.floats(0.0, 1e4), st.integers(0, 500), st.sampled_from(Push), st.integers(5, 600), st.floats(0.5, 0.999))
def test_a_hub_never_makes_polls_more_frequent_nor_longer_than_a_day(
    posts: float, window: int, push: Push, least: int, dice: float
) -> None:
    """Jitter that would lead below the lower bound is mirrored, so that only the upper half of the dice keeps the order."""
    interval = Interval(min=least * MINUTE, max=max(DAY, least * MINUTE))
    before = state(habit=even_habit(posts / 20, NOW), window=window)
    event = PollEvent(result=NotModified(validators=TAG))
    due = [
        after_poll(before, event, POLLING, interval, NOW, lambda: dice, push=one).next_poll_at
        for one in (push, Push.NONE)
    ]
    assert due[0] is not None
    assert due[1] is not None
    assert due[1] <= due[0] + timedelta(seconds=10)
    assert due[0] - NOW <= max(DAY, interval.min) * 1.1 + MINUTE


# ---------------------------------------------------------------- deliveries and pings


def delivered(before: SourceState, **event: Any) -> SourceState:
    body = Fetched(url=URL, status=200, body=b"", body_digest=Digest(b"x" * 16), partial=True)
    return after_push(before, PollEvent(result=body, **event), NOW)


def test_a_delivery_teaches_the_habit_and_is_no_poll() -> None:
    before = state(health=Health.SILENT, fresh_until=NOW + HOUR, retry_at=NOW + HOUR)
    after = delivered(before, new=1, listed=1, moments=(NOW - MINUTE,))
    assert after.last_change_at == NOW
    assert after.habit.posts > before.habit.posts
    assert after.health is Health.FRESH
    kept = (
        "validators",
        "body_digest",
        "next_poll_at",
        "last_poll_at",
        "last_success_at",
        "window",
        "retry_at",
        "failures",
    )
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]


def test_a_delivery_of_what_is_known_changes_nothing() -> None:
    assert delivered(state(), listed=3) == state()
    never = state(last_success_at=None)
    assert delivered(never, new=1) == never


def test_a_single_entry_is_not_taken_for_a_whole_list_that_turned_over() -> None:
    after = delivered(state(), new=2, listed=2, moments=(NOW - MINUTE, NOW - 2 * MINUTE))
    assert after.habit.posts < state().habit.posts + 2.01


def test_a_ping_brings_the_poll_forward_as_far_as_courtesy_allows() -> None:
    assert after_ping(state(), POLLING, NOW) == NOW
    assert after_ping(state(last_poll_at=NOW - MINUTE), POLLING, NOW) == NOW + 4 * MINUTE
    assert after_ping(state(retry_at=NOW + HOUR), POLLING, NOW) == NOW + HOUR
    assert after_ping(state(fresh_until=NOW + 2 * HOUR), POLLING, NOW) == NOW + 2 * HOUR
    assert after_ping(state(next_poll_at=NOW - MINUTE), POLLING, NOW) is None
    assert after_ping(state(next_poll_at=NOW + 2 * MINUTE, last_poll_at=NOW), POLLING, NOW) is None
    assert after_ping(state(next_poll_at=None), POLLING, NOW) is None
    assert after_ping(state(failures=1), POLLING, NOW) is None  # the back-off holds


def test_without_its_hub_a_source_is_due_when_it_would_have_been() -> None:
    def due(**changes: Any) -> datetime | None:
        return without_push(state(**changes), POLLING, POLLING.interval, NOW, lambda: 0.0)

    rare = due(last_success_at=NOW - HOUR)
    assert rare is not None
    assert NOW < rare < NOW + 20 * HOUR
    busy = {"habit": even_habit(100.0, NOW), "rate": 90.0}
    assert due(**busy) == NOW
    assert due(**busy, retry_at=NOW + HOUR) == NOW + HOUR
    assert due(**busy, fresh_until=NOW + HOUR) == NOW + HOUR
    assert due(**busy, hints=PollHints(ttl=300)) == NOW + HOUR  # the document's own wish holds as without a hub
    assert due(**busy, hints=PollHints(ttl=300), next_poll_at=NOW + HOUR) is None
    assert due(**busy, next_poll_at=NOW) is None
    assert due(**busy, failures=3) is None
    assert due(**busy, last_success_at=None) is None


def test_sources_of_a_silent_hub_come_back_spread() -> None:
    busy = state(habit=even_habit(100.0, NOW), rate=90.0)
    late = without_push(busy, POLLING, POLLING.interval, NOW, lambda: 0.99)
    assert late is not None
    assert NOW + MINUTE < late <= NOW + 3 * MINUTE
