"""When a host is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from feedhub.fetch.rests import HostRests
from feedhub.model import Failure
from feedhub.settings import Backoff

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TERMS = Backoff()
MINUTE = timedelta(minutes=1)


def _rest_of(rests: HostRests, now: datetime = NOW) -> timedelta | None:
    rest = rests.resting("h", now)
    return rest.until - now if rest else None


def test_retry_after_is_obeyed_in_full() -> None:
    rests = HostRests()
    rests.busy("h", "/a", NOW, NOW + timedelta(days=6), TERMS)
    assert _rest_of(rests) == timedelta(days=6)
    assert rests.resting("other", NOW) is None
    assert _rest_of(rests, NOW + timedelta(days=6)) is None


def test_without_retry_after_the_rest_doubles_to_a_day() -> None:
    rests, now, hours = HostRests(), NOW, []
    for _ in range(7):
        rests.busy("h", "/a", now, None, TERMS)
        rest = rests.resting("h", now)
        assert rest is not None
        hours.append((rest.until - now) / timedelta(hours=1))
        now = rest.until
    assert hours == [1, 2, 4, 8, 16, 24, 24]


def test_an_answer_starts_the_doubling_again() -> None:
    rests = HostRests()
    rests.busy("h", "/a", NOW, None, TERMS)
    rests.answered("h", "/a", NOW + timedelta(hours=1))
    rests.busy("h", "/a", NOW + timedelta(hours=3), None, TERMS)
    assert _rest_of(rests, NOW + timedelta(hours=3)) == timedelta(hours=1)


def test_a_later_word_never_shortens_a_rest() -> None:
    rests = HostRests()
    rests.busy("h", "/a", NOW, NOW + timedelta(days=2), TERMS)
    rests.busy("h", "/b", NOW, NOW + timedelta(minutes=5), TERMS)
    assert _rest_of(rests) == timedelta(days=2)


@pytest.mark.parametrize(
    ("path", "before", "rests_as_a_whole"),
    [("/other", 60, False), ("/other", 61, True), ("/busy", 1, True)],
)
def test_other_paths_that_answered_within_the_hour_save_the_host(
    path: str, before: int, rests_as_a_whole: bool
) -> None:
    rests = HostRests()
    rests.answered("h", path, NOW - before * MINUTE)
    rests.busy("h", "/busy", NOW, NOW + timedelta(hours=2), TERMS)
    assert (rests.resting("h", NOW) is not None) is rests_as_a_whole
    beside = rests.resting("h", NOW, beside=True)
    assert beside is not None
    assert beside.until == NOW + timedelta(hours=2)
    assert rests.resting("h", beside.until, beside=True) is None


def test_five_sources_within_ten_minutes() -> None:
    rests = HostRests()
    for number in range(5):
        assert _rest_of(rests) is None
        rests.failed("h", f"/{number}", Failure.TIMEOUT, NOW - (4 - number) * 2 * MINUTE, TERMS)
    assert _rest_of(rests) == 30 * MINUTE
    rest = rests.resting("h", NOW)
    assert rest is not None
    assert rest.failure is Failure.TIMEOUT


@pytest.mark.parametrize(
    "story",
    [
        [("/1", 0), ("/1", 1), ("/1", 2), ("/1", 3), ("/1", 4), ("/1", 5)],  # one source alone
        [("/1", 0), ("/2", 3), ("/3", 6), ("/4", 9), ("/5", 12)],  # over more than ten minutes
        [("/1", 0), ("/2", 0), ("/3", 0), ("ok", 0), ("/4", 0), ("/5", 0)],  # one answered between
        [("404", 0), ("405", 0), ("406", 0), ("407", 0), ("408", 0), ("409", 0)],  # documents, not the host
    ],
)
def test_what_does_not_pause_a_host(story: list[tuple[str, int]]) -> None:
    rests = HostRests()
    for url, minute in story:
        now = NOW + minute * MINUTE
        if url == "ok":
            rests.answered("h", "/ok", now)
        else:
            rests.failed("h", url, Failure.CONNECT if url.startswith("/") else Failure.NOT_FOUND, now, TERMS)
    assert _rest_of(rests, NOW + 12 * MINUTE) is None


def test_hosts_of_which_nothing_new_is_known_are_forgotten_and_rests_are_not() -> None:
    rests = HostRests()
    rests.busy("h", "/", NOW, NOW + timedelta(days=7), TERMS)
    for number in range(10_000):
        rests.answered(f"h{number}", "/", NOW + number * timedelta(seconds=10))
    assert len(rests._hosts) <= 4097
    assert rests.resting("h", NOW + timedelta(days=6)) is not None


def test_rests_outlive_the_process_and_never_grow() -> None:
    rests = HostRests()
    assert rests.changes(NOW) is None
    rests.busy("h", "/a", NOW, None, TERMS)
    rests.busy("far", "/a", NOW, NOW + timedelta(days=6), TERMS)
    rests.busy("soon", "/a", NOW, NOW + MINUTE, TERMS)
    rests.answered("partly", "/a", NOW)
    rests.busy("partly", "/b", NOW, NOW + timedelta(days=1), TERMS)
    text = rests.changes(NOW + 2 * MINUTE)
    assert text is not None
    assert rests.changes(NOW) is None
    later = HostRests()
    later.recall(text, NOW + timedelta(days=2))
    assert _rest_of(later) == timedelta(hours=1)
    assert later.resting("soon", NOW) is None
    assert later.resting("partly", NOW) is None
    partly = later.resting("partly", NOW, beside=True)
    assert partly is not None
    assert partly.until == NOW + timedelta(days=1)
    far = later.resting("far", NOW)
    assert far is not None
    assert far.until == NOW + timedelta(days=2)
    later.busy("h", "/a", NOW + timedelta(hours=1), None, TERMS)
    assert _rest_of(later, NOW + timedelta(hours=1)) == timedelta(hours=2)


def test_what_an_earlier_version_remembered_of_a_rest_is_kept() -> None:
    rests = HostRests()
    rests.recall('{"h": ["2026-03-01T13:00:00+00:00", "rate limited", "Quiet.", 1]}', NOW + timedelta(days=7))
    assert _rest_of(rests) == timedelta(hours=1)
    assert rests.resting("h", NOW, beside=True) == rests.resting("h", NOW)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"h": 3}', '{"h": ["soon", "dns", "", 1]}', '{"h": ["2026-03-01"]}']
)
def test_what_is_no_memory_of_rests_is_passed_over(text: str) -> None:
    rests = HostRests()
    rests.recall(text, NOW + timedelta(days=7))
    assert rests.resting("h", NOW) is None
