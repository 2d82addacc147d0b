"""States in one word and one sentence: each is reached by polls, explained, and left again; gaps are noticed rightly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feedhub.model import (
    Digest,
    Failure,
    Fetched,
    FetchFailed,
    Freshness,
    Gap,
    Health,
    Move,
    NotModified,
    SourceId,
    SourceState,
    Validators,
)
from feedhub.schedule import PollEvent, after_poll, change_of, explain, may_fill, same_site
from feedhub.schedule.cadence import policy_interval
from feedhub.schedule.gaps import REMEMBERED, longest_wait
from feedhub.settings import Polling
from support.habits import even_habit

NOW = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)
URL = "https://news.example/feed?key=hunter2"
TAG = Validators(etag='"1"', url=URL)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def seasoned(**changes: Any) -> SourceState:
    values: dict[str, Any] = {
        "id": SourceId(1),
        "slug": "news",
        "url": URL,
        "configured_url": URL,
        "validators": TAG,
        "last_poll_at": NOW - 4 * HOUR,
        "last_success_at": NOW - 4 * HOUR,
        "last_change_at": NOW - DAY,
        "rate": 1.0,
        "rate_at": NOW - 4 * HOUR,
        "window": 10,
        "newest_listed": NOW - 5 * HOUR,
        "health": Health.FRESH,
    }
    return SourceState(**(values | changes))


def fetched(**changes: Any) -> Fetched:
    values: dict[str, Any] = {"url": URL, "status": 200, "body": b"", "body_digest": Digest(b"d" * 16)}
    return Fetched(**(values | {"validators": TAG} | changes))


def polled(before: SourceState, result: Any, now: datetime = NOW, **event: Any) -> SourceState:
    polling = event.pop("polling", Polling())
    return after_poll(before, PollEvent(result=result, **event), polling, polling.interval, now, lambda: 0.5)


def failed(failure: Failure, status: int = 0, **changes: Any) -> FetchFailed:
    return FetchFailed(failure=failure, detail="It failed.", status=status, **changes)


def overturned(before: SourceState | None = None, **event: Any) -> SourceState:
    """A poll whose whole list is new: ten entries from the last three hours."""
    values: dict[str, Any] = {
        "listed": 10,
        "new": 10,
        "all_new": True,
        "newest": NOW - HOUR / 2,
        "span": (NOW - 3 * HOUR, NOW - HOUR / 2),
        "older": "https://news.example/feed/2",
    }
    result = event.pop("result", fetched())
    return polled(before or seasoned(), result, **(values | event))


# ---------------------------------------------------------------- waiting


def test_who_asks_for_quiet_is_waited_for_and_after_a_day_it_counts_as_failing() -> None:
    retry = Freshness(retry_at=NOW + 3 * HOUR)
    waiting = polled(seasoned(), failed(Failure.SERVER, 503, freshness=retry))
    assert waiting.health is Health.WAITING
    assert explain(waiting, NOW).startswith("Waiting for 0 s (once): server error, HTTP 503, It failed; next poll in")
    assert "as the server asked" in explain(waiting, NOW)
    assert polled(seasoned(), failed(Failure.SERVER, 503)).health is Health.FAILING
    assert polled(seasoned(), failed(Failure.RATE_LIMITED, 429)).health is Health.WAITING
    later = NOW + DAY + HOUR
    assert polled(waiting, failed(Failure.RATE_LIMITED, 429), now=later).health is Health.FAILING


def test_a_resting_host_makes_its_sources_wait_but_hides_no_trouble() -> None:
    quiet = failed(Failure.RATE_LIMITED, asked=False, freshness=Freshness(retry_at=NOW + 2 * HOUR))
    for before in (seasoned(), seasoned(health=Health.NEW, last_poll_at=None, last_success_at=None)):
        after = polled(before, quiet)
        assert after.health is Health.WAITING
        assert (after.failures, after.last_poll_at) == (0, before.last_poll_at)
        assert explain(after, NOW) == "Waiting: It failed; next poll in 2 h."
    trouble = polled(seasoned(), failed(Failure.DNS))
    assert polled(trouble, quiet).health is Health.FAILING
    assert explain(polled(trouble, quiet), NOW).startswith("Failing")
    well = polled(polled(seasoned(), quiet), NotModified(validators=TAG))
    assert (well.health, well.last_detail) == (Health.FRESH, "")


# ---------------------------------------------------------------- moved


def test_a_move_is_told_before_and_after_it_is_adopted_without_the_address() -> None:
    target = "https://new.example/feed?key=hunter2"
    now, state = NOW, seasoned()
    for _ in range(3):
        state = polled(state, fetched(move=Move(target=target, permanent=True)), now=now)
        now += 30 * HOUR
        if state.url != target:
            assert state.health is Health.MOVED
            assert "says that it moved to new.example (seen" in explain(state, now)
    assert (state.url, state.health) == (target, Health.MOVED)
    assert "moved to new.example for good, so change its url" in explain(state, now)
    assert "hunter2" not in explain(state, now)
    settled = replace(state, configured_url=target)
    assert polled(settled, NotModified(validators=TAG), now=now).health is Health.FRESH


def test_https_in_the_place_of_http_is_no_move() -> None:
    state = seasoned(url="https://news.example/feed", configured_url="http://news.example/feed")
    assert polled(state, NotModified(validators=TAG)).health is Health.FRESH
    path = polled(seasoned(), fetched(move=Move(target="https://news.example/other?key=hunter2", permanent=True)))
    assert "another address of its host" in explain(path, NOW)
    assert "hunter2" not in explain(path, NOW)


# ---------------------------------------------------------------- silent


def test_silence_beyond_the_habit_is_told_with_the_habit() -> None:
    habit = even_habit(3.0, NOW - 30 * DAY, days=370)
    silent = polled(seasoned(last_change_at=NOW - 30 * DAY, habit=habit), NotModified(validators=TAG))
    assert silent.health is Health.SILENT
    later = polled(
        seasoned(last_change_at=NOW - 90 * DAY, habit=even_habit(3.0, NOW - 90 * DAY)), NotModified(validators=TAG)
    )
    assert later.health is Health.SILENT, "a silence that goes on does not become the habit"
    rare = polled(
        seasoned(last_change_at=NOW - 30 * DAY, habit=even_habit(0.1, NOW - 30 * DAY)), NotModified(validators=TAG)
    )
    assert rare.health is Health.FRESH
    assert explain(silent, NOW).startswith(
        "Answers, but has had nothing new for 30 days, which is longer than its habit"
    )


# ---------------------------------------------------------------- gaps


def test_a_list_that_turned_over_is_a_gap_from_what_was_known_to_what_is_listed() -> None:
    after = overturned()
    assert after.gap == Gap(
        after=NOW - 5 * HOUR, before=NOW - 3 * HOUR, noticed_at=NOW, older="https://news.example/feed/2"
    )
    assert (after.health, after.newest_listed) == (Health.MISSED, NOW - HOUR / 2)
    assert "Entries between 2026-03-02 04:30 UTC and 2026-03-02 06:30 UTC were probably missed" in explain(after, NOW)


@pytest.mark.parametrize(
    ("before", "event"),
    [
        ({"newest_listed": None}, {}),
        ({"newest_listed": NOW - 3 * HOUR}, {}),
        ({}, {"all_new": False}),
        ({}, {"span": None}),
        ({}, {"span": (NOW - HOUR, NOW - HOUR + timedelta(seconds=59))}),
        ({}, {"result": fetched(partial=True)}),
        ({}, {"body_known": True}),
        ({}, {"result": NotModified(validators=TAG)}),
    ],
    ids=["first poll", "no gap", "some known", "dates missing", "one moment for all", "226", "known body", "304"],
)
def test_what_shows_no_gap(before: dict[str, Any], event: dict[str, Any]) -> None:
    after = overturned(seasoned(**before), **event)
    assert (after.gap, after.health) == (None, Health.FRESH)


@pytest.mark.parametrize(
    ("event", "remark"),
    [
        ({"older": ""}, "the source names no archive pages"),
        ({"older": "https://elsewhere.example/2"}, "its archive is on another host"),
        ({"older": "https://news.example:8443/2"}, "its archive is on another host"),
        ({"older": "http://news.example/2"}, "its archive is on another host"),
        ({"polling": Polling(archive_pages=0)}, "reading archive pages is switched off"),
    ],
)
def test_where_an_archive_is_not_looked_at(event: dict[str, Any], remark: str) -> None:
    after = overturned(**event)
    assert after.gap is not None
    assert (after.gap.older, after.gap.remark) == ("", remark)
    assert remark in explain(after, NOW)
    assert not may_fill(after, NOW, 5)


def test_an_archive_beside_where_the_feed_was_redirected_to_is_its_own() -> None:
    after = overturned(result=fetched(url="https://real.example/feed"), older="https://real.example/feed?page=2")
    assert after.gap is not None
    assert after.gap.older == "https://real.example/feed?page=2"


def test_an_archive_is_asked_once_a_day_and_not_while_the_source_wants_quiet() -> None:
    after = overturned()
    assert may_fill(after, NOW, 5)
    assert not may_fill(after, NOW, 0)
    assert not may_fill(replace(after, retry_at=NOW + HOUR), NOW, 5)
    assert not may_fill(polled(after, failed(Failure.TIMEOUT)), NOW, 5)
    assert after.gap is not None
    tried = replace(after, gap=replace(after.gap, tried_at=NOW))
    assert not may_fill(tried, NOW + 23 * HOUR, 5)
    assert may_fill(tried, NOW + DAY, 5)
    second = overturned(replace(tried, newest_listed=NOW - 5 * HOUR))
    assert second.gap is not None
    assert second.gap.tried_at == NOW
    assert not may_fill(second, NOW + HOUR, 5)


def test_a_gap_shortens_the_interval_and_lets_go() -> None:
    polling = Polling()
    calm = seasoned(rate=0.1, window=0)
    assert policy_interval(calm, polling, polling.interval, NOW) > 4 * HOUR
    pressed = replace(calm, gap=overturned().gap)
    assert policy_interval(pressed, polling, polling.interval, NOW) == 1.5 * HOUR  # half of the three hours it listed
    assert policy_interval(pressed, polling, polling.interval, NOW + DAY) == 3 * HOUR
    assert longest_wait(None, NOW) == timedelta.max
    after = polled(overturned(), NotModified(validators=TAG), now=NOW + REMEMBERED)
    assert (after.gap, after.health) == (None, Health.FRESH)


def test_a_gap_never_presses_below_the_least_interval() -> None:
    polling = Polling()
    busy = Gap(after=NOW - HOUR, before=NOW - timedelta(minutes=2), noticed_at=NOW)
    assert policy_interval(seasoned(gap=busy), polling, polling.interval, NOW) == polling.interval.min


def test_a_filled_gap_is_told_but_troubles_nobody() -> None:
    gap = replace(overturned().gap or Gap(after=NOW, before=NOW, noticed_at=NOW), filled_at=NOW, brought=7, older="")
    after = polled(seasoned(gap=gap), NotModified(validators=TAG))
    assert after.health is Health.FRESH
    assert "its archive gave back 7 entries missed before 2026-03-02 06:30 UTC" in explain(after, NOW)


@pytest.mark.parametrize(
    ("url", "other", "same"),
    [
        ("https://a.example/2", "https://a.example/1", True),
        ("https://a.example:443/2", "https://a.example/1", True),
        ("https://a.example/2", "http://a.example/1", True),
        ("http://a.example/2", "https://a.example/1", False),
        ("http://a.example:8000/2", "http://a.example/1", False),
        ("https://b.a.example/2", "https://a.example/1", False),
        ("ftp://a.example/2", "ftp://a.example/1", False),
        ("http://a.example:x/", "http://a.example/", False),
    ],
)
def test_the_same_site(url: str, other: str, same: bool) -> None:
    assert same_site(url, other) is same


# ---------------------------------------------------------------- changes


def test_a_change_has_its_cause_and_its_sentence() -> None:
    before = seasoned()
    after = polled(before, failed(Failure.SERVER, 503))
    change = change_of(before, after, NOW)
    assert change is not None
    assert (change.before, change.after, change.cause) == (Health.FRESH, Health.FAILING, "server error, HTTP 503")
    assert change.detail == explain(after, NOW)
    assert change_of(after, polled(after, failed(Failure.SERVER, 503)), NOW) is None


def test_a_source_that_begins_well_is_no_news_and_one_that_does_not_is() -> None:
    new = seasoned(health=Health.NEW, last_poll_at=None, last_success_at=None)
    assert change_of(new, polled(new, fetched()), NOW) is None
    assert change_of(new, polled(new, failed(Failure.NOT_A_FEED, 200)), NOW) is not None


@pytest.mark.parametrize("failure", list(Failure))
def test_every_failure_is_explained_in_one_sentence(failure: Failure) -> None:
    after = polled(seasoned(), failed(failure))
    sentence = explain(after, NOW)
    assert failure.value in sentence
    assert sentence.endswith(".")
    assert "hunter2" not in sentence


def test_a_document_that_broke_off_shows_no_gap_and_no_shorter_list() -> None:
    before = seasoned(habit=even_habit(1.0, NOW - 4 * HOUR))
    after = overturned(before, listed=3, new=3, cut_off=True)
    assert (after.gap, after.health, after.window) == (None, Health.FRESH, before.window)
    assert after.rate == overturned(before, listed=3, new=3, result=fetched(partial=True)).rate
    assert overturned(before, listed=3, new=3).gap is not None
