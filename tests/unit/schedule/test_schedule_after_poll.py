"""The next state of a source: every rule of the standards' "Answers" and "When next", and the laws."""

from __future__ import annotations

import asyncio
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
    FetchFailed,
    Freshness,
    Health,
    Move,
    NotModified,
    ParseFailed,
    PollHints,
    SourceId,
    SourceState,
    Validators,
)
from feedhub.schedule import NEVER, PollEvent, after_poll, explain, first_polls, may_poll_now
from feedhub.schedule.apscheduler_timer import Timer
from feedhub.schedule.hints import after_skips
from feedhub.settings import Interval, Polling
from support.habits import even_habit

NOW = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)  # a Monday
URL = "https://news.example/feed"
TAG = Validators(etag='"1"', url=URL)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def middle() -> float:
    return 0.5


def state(**changes: Any) -> SourceState:
    values: dict[str, Any] = {"id": SourceId(1), "slug": "news", "url": URL, "configured_url": URL}
    return SourceState(**(values | changes))


def seasoned(**changes: Any) -> SourceState:
    """A source that has been polled well: one entry a day, validators, the last poll four hours ago."""
    values: dict[str, Any] = {
        "validators": TAG,
        "last_poll_at": NOW - 4 * HOUR,
        "last_success_at": NOW - 4 * HOUR,
        "last_change_at": NOW - DAY,
        "rate": 1.0,
        "rate_at": NOW - 4 * HOUR,
        "window": 30,
        "health": Health.FRESH,
    }
    return state(**(values | changes))


def fetched(**changes: Any) -> Fetched:
    values: dict[str, Any] = {
        "url": URL,
        "status": 200,
        "body": b"",
        "body_digest": Digest(b"d" * 16),
        "validators": TAG,
    }
    return Fetched(**(values | changes))


def polled(before: SourceState, result: Any, dice: Any = middle, now: datetime = NOW, **event: Any) -> SourceState:
    polling = Polling()
    return after_poll(before, PollEvent(result=result, **event), polling, polling.interval, now, dice)


def wait(after: SourceState) -> timedelta:
    assert after.next_poll_at is not None
    return after.next_poll_at - NOW


def failed(failure: Failure, status: int = 0, **freshness: Any) -> FetchFailed:
    return FetchFailed(failure=failure, detail="It failed.", status=status, freshness=Freshness(**freshness))


def test_a_200_replaces_validators_and_an_absent_one_clears_them() -> None:
    assert polled(seasoned(), fetched(validators=Validators(etag='W/"2"'))).validators == Validators(
        etag='W/"2"', url=URL
    )
    bare = polled(seasoned(), fetched(validators=Validators()))
    assert not bare.validators
    assert not bare.has_validators
    assert wait(bare) >= timedelta(hours=2)


def test_a_304_updates_them_and_refreshes_freshness() -> None:
    until = NOW + 9 * HOUR
    new = Validators(etag='"2"', url=URL)
    after = polled(seasoned(), NotModified(validators=new, freshness=Freshness(fresh_until=until)))
    assert (after.validators, after.fresh_until, after.last_status) == (new, until, 304)
    assert wait(after) >= 9 * HOUR


@pytest.mark.parametrize("result", [ParseFailed(failure=Failure.BROKEN, detail="x"), failed(Failure.TIMEOUT)])
def test_old_validators_and_body_stay_when_nothing_was_read(result: Any) -> None:
    before = seasoned(body_digest=Digest(b"o" * 16))
    after = polled(before, result)
    assert (after.validators, after.body_digest) == (before.validators, before.body_digest)
    assert (after.failures, after.failing_since, after.last_success_at) == (1, NOW, before.last_success_at)
    healed = polled(after, fetched())
    assert (healed.failures, healed.failing_since, healed.last_failure, healed.health) == (0, None, None, Health.FRESH)


def test_five_known_bodies_in_spite_of_validators_discredit_them_until_a_304() -> None:
    now = seasoned()
    for count in range(1, 6):
        now = polled(now, fetched(), body_known=True)
        assert (now.same_body, now.has_validators) == (count, count < 5)
    assert wait(now) >= timedelta(hours=2)
    assert not polled(now, fetched(), listed=3, new=1).has_validators
    assert polled(now, NotModified(validators=TAG)).has_validators


@pytest.mark.parametrize(
    ("failure", "status", "failing_for", "failures", "low", "high", "health"),
    [
        (Failure.NEEDS_CREDENTIALS, 401, 1 * DAY, 5, 6 * HOUR, 7 * HOUR, Health.NEEDS_CREDENTIALS),
        (Failure.FORBIDDEN, 403, 1 * DAY, 5, 6 * HOUR, 7 * HOUR, Health.BLOCKED),
        (Failure.FORBIDDEN, 403, 30 * DAY, 99, None, None, Health.BLOCKED),
        (Failure.NOT_FOUND, 404, 0 * DAY, 0, HOUR, 1.1 * HOUR, Health.FAILING),
        (Failure.NOT_FOUND, 404, 1 * DAY, 2, 4 * HOUR, 5 * HOUR, Health.FAILING),
        (Failure.NOT_FOUND, 404, 9 * DAY, 20, DAY, 25 * HOUR, Health.FAILING),
        (Failure.NOT_FOUND, 404, 14 * DAY, 20, 7 * DAY, 7.1 * DAY, Health.MAYBE_GONE),
        (Failure.NOT_FOUND, 404, 104 * DAY, 30, None, None, Health.GONE),
        (Failure.GONE, 410, 0 * DAY, 0, DAY, 25 * HOUR, Health.MAYBE_GONE),
        (Failure.GONE, 410, 5 * HOUR / 5, 1, DAY, 25 * HOUR, Health.MAYBE_GONE),
        (Failure.GONE, 410, 1 * DAY, 1, None, None, Health.GONE),
        (Failure.LEGAL, 451, 1 * DAY, 1, DAY, 25 * HOUR, Health.BLOCKED),
        (Failure.LEGAL, 451, 2 * DAY, 2, None, None, Health.BLOCKED),
        (Failure.RATE_LIMITED, 429, 0 * DAY, 0, 4.8 * HOUR, 6 * HOUR, Health.WAITING),
        (Failure.SERVER, 503, 0 * DAY, 0, 4.8 * HOUR, 6 * HOUR, Health.FAILING),
        (Failure.RATE_LIMITED, 429, 2 * DAY, 9, DAY, 25 * HOUR, Health.FAILING),
        (Failure.SERVER, 500, 0 * DAY, 0, 2.3 * HOUR, 5 * HOUR, Health.FAILING),
        (Failure.DNS, 0, 5 * DAY, 20, 2.3 * HOUR, DAY, Health.FAILING),
        (Failure.TLS, 0, 30 * DAY, 50, 7 * DAY, 7.1 * DAY, Health.FAILING),
        (Failure.TIMEOUT, 0, 180 * DAY, 70, None, None, Health.FAILING),
        (Failure.NOT_A_FEED, 200, 0 * DAY, 0, 2.3 * HOUR, 3 * HOUR, Health.NOT_A_FEED),
        (Failure.BLOCKED, 403, 0 * DAY, 0, 6 * HOUR, 7 * HOUR, Health.BLOCKED),
    ],
)
def test_what_a_failure_means(
    failure: Failure,
    status: int,
    failing_for: timedelta,
    failures: int,
    low: timedelta | None,
    high: timedelta | None,
    health: Health,
) -> None:
    before = seasoned(failures=failures)
    if failures:
        before = replace(before, failing_since=NOW - failing_for, last_failure=failure, last_status=status)
    after = polled(before, failed(failure, status))
    assert after.health is health
    if low is None or high is None:
        assert after.next_poll_at == NEVER
        assert "no more" in explain(after, NOW)
    else:
        assert low <= wait(after) <= high


def test_every_failure_has_a_plan() -> None:
    for failure in Failure:
        assert wait(polled(seasoned(), failed(failure))) >= Polling().interval.min


@pytest.mark.parametrize(
    ("asked", "obeyed"), [(5 * HOUR, 5 * HOUR), (6 * DAY, 6 * DAY), (70 * DAY, 7 * DAY), (timedelta(seconds=5), HOUR)]
)
def test_retry_after_is_obeyed_up_to_a_week(asked: timedelta, obeyed: timedelta) -> None:
    after = polled(seasoned(), failed(Failure.RATE_LIMITED, 429, retry_at=NOW + asked))
    assert obeyed <= wait(after) <= max(obeyed + timedelta(minutes=2), 6 * HOUR)


def test_a_move_is_adopted_after_three_polls_over_two_days() -> None:
    move = Move(target="https://new.example/feed", permanent=True)
    now, moment = seasoned(), NOW
    for _ in range(3):
        now = polled(now, fetched(url=move.target, move=move), now=moment)
        assert now.url == URL
        moment += HOUR
    later = polled(now, fetched(url=move.target, move=move), now=NOW + 2 * DAY)
    assert (later.url, later.validators.url, later.move_target) == (move.target, move.target, None)
    assert polled(now, fetched()).move_target is None
    kept = polled(now, failed(Failure.TIMEOUT))
    assert kept.move_count == now.move_count


@pytest.mark.parametrize(
    ("permanent", "upgrade", "adopted"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_https_of_the_same_path_is_adopted_at_once(permanent: bool, upgrade: bool, adopted: bool) -> None:
    before = seasoned(url="http://news.example/feed")
    after = polled(before, fetched(move=Move(target=URL, permanent=permanent, upgrade=upgrade)))
    assert (after.url == URL) is adopted


@pytest.mark.parametrize(
    ("hints", "least"),
    [
        (PollHints(ttl=600), 10 * HOUR),
        (PollHints(update_interval=36_000), 10 * HOUR),
        (PollHints(ttl=60_000), 24 * HOUR),
    ],
)
def test_hints_of_the_document(hints: PollHints, least: timedelta) -> None:
    assert least <= wait(polled(seasoned(), fetched(), hints=hints, listed=3)) <= least + timedelta(minutes=2)


def test_skips() -> None:
    assert after_skips(NOW, PollHints(), middle) == NOW
    moved = after_skips(NOW, PollHints(skip_hours=(9, 10), skip_days=(0,)), middle)
    assert moved.weekday() == 1
    assert moved.hour == 0
    assert after_skips(NOW, PollHints(skip_hours=tuple(range(24)), skip_days=tuple(range(7))), middle) == NOW


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_a_busy_source_is_polled_once_more_just_before_the_hours_it_closes(chance: float) -> None:
    hints = PollHints(skip_hours=tuple(range(10, 16)))

    def due(rate: float) -> datetime:
        before = seasoned(rate=rate, hints=hints, habit=even_habit(rate, NOW))
        event = PollEvent(result=NotModified(validators=TAG))
        got = after_poll(before, event, Polling(), Interval(), NOW, lambda: chance).next_poll_at
        assert got is not None
        return got

    ten, sixteen = NOW.replace(hour=10, minute=0, second=0), NOW.replace(hour=16, minute=0, second=0)
    assert ten - timedelta(minutes=4) <= due(10.0) <= ten - timedelta(minutes=1, seconds=50)
    assert due(100.0) <= ten - timedelta(minutes=9)  # its usual turn comes before
    assert sixteen <= due(0.3) <= sixteen + timedelta(minutes=30)  # not worth a poll


@pytest.mark.parametrize(("rate", "most"), [(100.0, 20), (0.5, 30)])
def test_after_closed_hours_a_busy_source_is_not_kept_waiting(rate: float, most: int) -> None:
    before = seasoned(rate=rate, hints=PollHints(skip_hours=tuple(range(9, 21))), habit=even_habit(rate, NOW))
    event = PollEvent(result=NotModified(validators=TAG))
    due = after_poll(before, event, Polling(), Interval(), NOW, lambda: 0.999).next_poll_at
    end = NOW.replace(hour=21, minute=0, second=0)
    assert due is not None
    assert timedelta(minutes=most - 1) <= due - end <= timedelta(minutes=most)


def test_a_silent_source_is_polled_weekly() -> None:
    after = polled(seasoned(last_change_at=NOW - 200 * DAY, rate=0.0), NotModified(validators=TAG))
    assert after.health is Health.SILENT
    assert 6 * DAY < wait(after) < 8 * DAY


def test_a_first_look_learns_from_the_window() -> None:
    busy = polled(state(), fetched(), listed=50, new=50, newest=NOW, oldest=NOW - DAY)
    calm = polled(state(), fetched(), listed=50, new=50, newest=NOW, oldest=NOW - 500 * DAY)
    assert wait(busy) < HOUR < wait(calm)
    assert busy.rate > 10 > 1 > calm.rate


FLOORS = st.one_of(st.none(), st.integers(-100, 1_000_000).map(lambda s: NOW + timedelta(seconds=s)))
RESULTS = st.one_of(
    st.builds(lambda f: NotModified(validators=TAG, freshness=Freshness(fresh_until=f)), FLOORS),
    st.builds(lambda f, r: fetched(freshness=Freshness(fresh_until=f, retry_at=r)), FLOORS, FLOORS),
    st.builds(
        lambda f, s, r: failed(f, s, retry_at=r), st.sampled_from(Failure), st.sampled_from([0, 404, 503]), FLOORS
    ),
)
HINTS = st.builds(
    PollHints,
    ttl=st.integers(0, 5000),
    update_interval=st.integers(0, 200_000),
    skip_hours=st.lists(st.integers(0, 23)).map(tuple),
    skip_days=st.lists(st.integers(0, 6)).map(tuple),
)


@given(
    RESULTS,
    HINTS,
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 500),
    st.integers(0, 40),
    st.sampled_from([Interval(), Interval(min=timedelta(seconds=3), max=timedelta(seconds=3))]),
)
def test_no_poll_before_a_floor_nor_on_the_minute(
    result: Any, hints: PollHints, chance: float, rate: float, failures: int, interval: Interval
) -> None:
    polling = Polling()
    before = seasoned(rate=rate, failures=failures, hints=hints)
    after = after_poll(before, PollEvent(result=result, hints=hints), polling, interval, NOW, lambda: chance)
    due = after.next_poll_at
    assert due is not None
    assert due >= NOW + interval.min
    if due != NEVER:
        assert due.second != 0
        assert due.microsecond == 0
        if after.fresh_until is not None:
            assert due >= min(after.fresh_until, NOW + polling.hint_max)
        assert due >= NOW + min(timedelta(minutes=hints.ttl), polling.hint_max)
        if result.freshness.retry_at is not None:
            assert due >= min(result.freshness.retry_at, NOW + polling.retry_after_max)
    assert after_skips(due, hints, middle) == due or due == NEVER
    assert explain(after, NOW).endswith(".")


def test_first_polls_are_spread_over_hosts_and_time() -> None:
    many = [state(id=SourceId(n), url=f"https://h{n % 3}.example/{n}") for n in range(3000)]
    spread = timedelta(minutes=5)
    due = first_polls(many, NOW, spread, middle)
    assert len(due) == 3000
    assert all(NOW <= moment <= NOW + spread + timedelta(seconds=10) for moment in due.values())
    assert max(due.values()) - min(due.values()) > spread * 0.9
    assert first_polls([], NOW, spread, middle) == {}
    assert first_polls(many[:1], NOW, spread, middle)[SourceId(0)] <= NOW + timedelta(seconds=2)


def test_polls_by_hand() -> None:
    gap = timedelta(minutes=5)
    assert may_poll_now(state(), NOW, gap) is None
    assert may_poll_now(seasoned(), NOW, gap) is None
    assert "Retry-After" in (may_poll_now(seasoned(retry_at=NOW + HOUR), NOW, gap) or "")
    assert "60 s ago" in (may_poll_now(seasoned(last_poll_at=NOW - timedelta(minutes=1)), NOW, gap) or "")
    assert may_poll_now(seasoned(last_poll_at=NOW + DAY), NOW, gap) is None  # the clock went back


async def test_the_timer_runs_jobs_again_and_an_error_stops_nothing() -> None:
    runs = {"good": 0, "bad": 0}
    enough = asyncio.Event()

    async def good() -> None:
        runs["good"] += 1
        if runs["good"] >= 3 and runs["bad"] >= 2:
            enough.set()

    async def bad() -> None:
        runs["bad"] += 1
        raise ValueError("on purpose")

    timer = Timer(lambda: datetime.now(UTC))
    timer.every(0.05, "good", good)
    timer.every(0.05, "bad", bad)
    timer.start()
    await asyncio.wait_for(enough.wait(), 10)
    await timer.stop()
    assert runs["bad"] >= 2


async def test_a_job_that_is_stopped_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    timer = Timer(lambda: datetime.now(UTC))
    timer.every(60, "endless", endless)
    timer.start()
    await asyncio.wait_for(began.wait(), 10)
    await timer.stop()
    assert ended.is_set()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_clock_that_is_set_back_lets_nothing_wait_for_the_old_time() -> None:
    at, again, runs = [datetime.now(UTC)], asyncio.Event(), [0]

    async def hourly() -> None:
        runs[0] += 1
        if runs[0] == 2:
            again.set()

    timer = Timer(lambda: at[0], look_every=0.05)
    timer.every(3600, "hourly", hourly)
    timer.start()
    while not runs[0]:
        await asyncio.sleep(0.01)
    at[0] -= timedelta(days=365)
    await asyncio.wait_for(again.wait(), 10)
    await timer.stop()
