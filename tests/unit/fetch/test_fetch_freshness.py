"""Freshness lifetimes and Retry-After."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.fetch.freshness import freshness_of, http_date, retry_at
from feedhub.fetch.headers import Headers
from feedhub.model import Freshness

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
EXPIRES = ("expires", "Sun, 01 Mar 2026 14:00:00 GMT")


def _freshness(status: int, *pairs: tuple[str, str], now: datetime = NOW) -> Freshness:
    return freshness_of(status, Headers(pairs), now, hint_max=DAY, retry_after_max=WEEK)


@pytest.mark.parametrize(
    ("pairs", "seconds"),
    [
        ([("cache-control", "max-age=60")], 60),
        ([("cache-control", "MAX-AGE = 60")], 60),
        ([("cache-control", 'private, max-age="60"')], 60),
        ([("cache-control", "public"), ("cache-control", "max-age=60")], 60),
        ([("cache-control", "max-age=60, max-age=600")], 60),
        ([("cache-control", "s-maxage=600, max-age=60")], 60),
        ([("cache-control", 'x="max-age=5, y", max-age=60')], 60),
        ([("cache-control", "s-maxage=600")], None),
        ([("cache-control", "max-age=0"), EXPIRES], None),
        ([("cache-control", "max-age=-5")], None),
        ([("cache-control", "max-age=soon"), EXPIRES], None),
        ([("cache-control", "max-age")], None),
        ([("cache-control", "no-store, max-age=60")], None),
        ([("cache-control", "no-cache"), EXPIRES], None),
        ([("cache-control", 'no-cache="Set-Cookie", max-age=60')], 60),
        ([("cache-control", 'private, no-cache="Set-Cookie, Set-Cookie2"'), EXPIRES], 7200),
        ([("cache-control", "max-age=60"), EXPIRES], 60),
        ([("cache-control", "max-age=600"), ("age", "100")], 500),
        ([("cache-control", "max-age=600"), ("age", "601")], None),
        ([("cache-control", "max-age=600"), ("age", "old")], 600),
        ([("cache-control", "max-age=86401")], 86400),
        ([("cache-control", "max-age=" + "9" * 400)], 86400),
        ([("cache-control", "max-age=60"), ("age", "9" * 400)], None),
        ([EXPIRES], 7200),
        ([EXPIRES, ("date", "Sun, 01 Mar 2026 13:00:00 GMT")], 3600),
        ([EXPIRES, ("date", "nonsense")], 7200),
        ([("expires", "Sunday, 01-Mar-26 14:00:00 GMT")], 7200),
        ([("expires", "Sun Mar  1 14:00:00 2026")], 7200),
        ([("expires", "0")], None),
        ([("expires", "-1")], None),
        ([("expires", "Thu, 01 Jan 1970 00:00:00 GMT")], None),
        ([("expires", "Fri, 31 Dec 9999 23:59:59 GMT")], 86400),
        ([], None),
    ],
)
@pytest.mark.parametrize("status", [200, 226, 304])
def test_lifetimes(status: int, pairs: list[tuple[str, str]], seconds: int | None) -> None:
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert _freshness(status, *pairs) == Freshness(fresh_until=expected)


def test_an_error_has_no_lifetime_and_a_success_no_retry() -> None:
    both = [("cache-control", "max-age=60"), ("retry-after", "60")]
    assert _freshness(503, *both) == Freshness(retry_at=NOW + timedelta(seconds=60))
    assert _freshness(200, *both) == Freshness(fresh_until=NOW + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("Sun, 01 Mar 2026 13:00:00 GMT", 3600),
        ("Sun, 01 Mar 2026 19:00:00 +0700", None),
        ("Sun, 01 Mar 2026 20:00:00 +0700", 3600),
        ("9" * 30, 604800),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 604800),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("１２", None),
        ("soon", None),
        ("Sun, 01 Mar 2026 11:00:00 GMT", None),
        ("Sun, 99 Mar 2026 11:00:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(value: str | None, seconds: int | None) -> None:
    assert retry_at(value, NOW, WEEK) == (None if seconds is None else NOW + timedelta(seconds=seconds))


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=40))
def test_no_header_makes_it_raise_or_leave_its_bounds(cache: str, expires: str, age: str) -> None:
    freshness = _freshness(200, ("cache-control", cache), ("expires", expires), ("age", age))
    assert freshness.fresh_until is None or NOW < freshness.fresh_until <= NOW + DAY
    moment = retry_at(expires, NOW, WEEK)
    assert moment is None or NOW < moment <= NOW + WEEK
    assert http_date(age) is None or http_date(age)


def test_moments_are_whole_seconds_and_never_early() -> None:
    odd = NOW + timedelta(microseconds=1)
    assert _freshness(200, ("cache-control", "max-age=60"), now=odd).fresh_until == NOW + timedelta(seconds=61)
