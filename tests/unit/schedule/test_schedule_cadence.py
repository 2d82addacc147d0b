"""The laws of the polling interval, of the learned rate, and of the price."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.model import Habit, SourceId, SourceState
from feedhub.schedule import PRICE, Tariff
from feedhub.schedule.cadence import policy_interval, with_jitter, worthwhile
from feedhub.schedule.habit import FLAT, Shape, first_habit, learned, rate_of, shape_of
from feedhub.schedule.price import HIGHEST, LOWEST, steer
from feedhub.settings import Interval, Polling

NOW = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)  # a Monday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

rates = st.floats(1e-3, 500)
prices = st.floats(1e-5, 10)
factors = st.floats(0.05, 20)
shapes = st.builds(Shape, hours=st.tuples(*[factors] * 24), weekdays=st.tuples(*[factors] * 7))


def state(rate: float, habit: Habit = Habit(), window: int = 30) -> SourceState:
    return SourceState(
        id=SourceId(1), slug="a", url="https://a.example/", configured_url="https://a.example/", rate=rate, habit=habit,
        window=window, last_change_at=NOW,
    )  # fmt: skip


@given(rates, prices, st.integers(0, 200))
def test_of_a_constant_rate_the_interval_is_that_of_the_square_root_rule(
    rate: float, price: float, window: int
) -> None:
    got = worthwhile(rate, FLAT, 0, price, NOW, 400 * DAY)
    expected = (2 * price * rate**0.1 / rate) ** 0.5
    assert got / DAY == pytest.approx(min(expected, 400), rel=1e-6, abs=1e-9)
    guarded = worthwhile(rate, FLAT, window, price, NOW, 400 * DAY)
    assert guarded <= got
    if window:
        assert guarded / DAY <= window / 2 / rate * (1 + 1e-6) + 1e-9


@given(rates, shapes, st.integers(0, 200), prices, prices)
def test_a_dearer_poll_never_comes_sooner(rate: float, shape: Shape, window: int, one: float, two: float) -> None:
    cheap, dear = sorted((one, two))
    assert worthwhile(rate, shape, window, cheap, NOW, DAY) <= worthwhile(rate, shape, window, dear, NOW, DAY)


@given(rates, rates, shapes, st.integers(0, 200), prices)
def test_a_busier_source_never_waits_longer(one: float, two: float, shape: Shape, window: int, price: float) -> None:
    quiet, busy = sorted((one, two))
    assert (
        worthwhile(busy, shape, window, price, NOW, DAY)
        <= worthwhile(quiet, shape, window, price, NOW, DAY) + MINUTE / 60
    )


@given(rates, prices, st.integers(0, 100), st.floats(0, 1, exclude_max=True), st.integers(5, 600), st.integers(0, 3000))
def test_the_interval_stays_within_its_bounds(
    rate: float, price: float, window: int, chance: float, least: int, more: int
) -> None:
    polling, bounds = Polling(), Interval(min=least * MINUTE, max=(least + more) * MINUTE)
    wanted = policy_interval(state(rate, window=window), polling, bounds, NOW, price)
    assert bounds.min <= wanted <= bounds.max
    assert with_jitter(wanted, polling, bounds, lambda: chance) >= bounds.min


def test_polls_go_to_the_hours_in_which_entries_come() -> None:
    morning = Shape(hours=tuple(20.0 if hour == 15 else 4 / 23 for hour in range(24)))
    interval = worthwhile(1.0, morning, 0, 0.01, NOW, DAY)
    assert 15 <= (NOW + interval).hour <= 16
    assert interval > worthwhile(1.0, FLAT, 0, 0.01, NOW, DAY)


# ---------------------------------------------------------------- what is learned


def watched(rate: float, days: int, habit: Habit, now: datetime, dice: random.Random) -> tuple[Habit, datetime]:
    """A poll every six hours for some days, of a source that posts by chance."""
    for _ in range(days * 4):
        later = now + 6 * HOUR
        moments, moment = [], now + DAY * dice.expovariate(rate)
        while moment <= later:
            moments.append(moment)
            moment += DAY * dice.expovariate(rate)
        habit, now = learned(habit, moments, len(moments), 50, now, later), later
    return habit, now


def test_a_steady_rate_is_found_and_changes_are_followed_within_days() -> None:
    dice = random.Random(4)
    habit, now = watched(4.0, 90, first_habit((), 0, None, NOW), NOW, dice)
    assert rate_of(habit, now) == pytest.approx(4.0, rel=0.3)
    woken, later = watched(40.0, 4, habit, now, dice)
    assert rate_of(woken, later) > 12
    assert rate_of(habit, now + 20 * DAY) < 1.5  # it fell silent; no poll had to say so
    assert rate_of(habit, now + 100 * DAY) < 0.5


def test_a_burst_is_one_busy_hour_for_the_shape_and_all_its_entries_for_the_rate() -> None:
    start = first_habit((), 0, None, NOW)
    burst = [NOW + HOUR + MINUTE * number for number in range(20)]
    single = learned(start, burst[:1], 1, 50, NOW, NOW + 2 * HOUR)
    many = learned(start, burst, 20, 50, NOW, NOW + 2 * HOUR)
    assert shape_of(many, NOW).hours == pytest.approx(shape_of(single, NOW).hours, rel=0.01)
    assert many.hours == pytest.approx(single.hours, rel=0.01)
    assert many.posts == pytest.approx(20 * single.posts, rel=0.01)
    assert many.recent == pytest.approx(20 * single.recent, rel=0.01)


def test_a_poll_without_news_changes_nothing() -> None:
    habit = first_habit([NOW - DAY], 1, NOW - DAY, NOW)
    assert learned(habit, (), 0, 1, NOW, NOW + DAY) is habit


def test_entries_without_dates_teach_the_rate_too() -> None:
    habit = first_habit((), 30, None, NOW)
    now = NOW
    for _ in range(60):
        habit, now = learned(habit, (), 2, 30, now, now + DAY), now + DAY
    assert rate_of(habit, now) == pytest.approx(2.0, rel=0.15)


# ---------------------------------------------------------------- the price


@given(st.floats(LOWEST, HIGHEST), st.floats(0, 1000), st.floats(0.1, 100), st.floats(0, 48))
def test_the_price_rises_when_more_was_used_than_granted_and_stays_within_reason(
    price: float, used: float, budget: float, hours: float
) -> None:
    later = steer(price, used, budget, HOUR * hours)
    assert LOWEST <= later <= HIGHEST
    if used > budget:
        assert later >= price
    else:
        assert later <= price


def test_without_a_budget_the_price_is_the_usual_one() -> None:
    tariff = Tariff(0.7)
    tariff.count(1000)
    assert tariff.settle(10, None, HOUR) == PRICE


def test_a_budget_that_grants_more_makes_polls_cheaper() -> None:
    tariff = Tariff()
    for _ in range(24):
        tariff.count(10)
        tariff.settle(10, 48.0, HOUR)
    assert LOWEST <= tariff.price < PRICE / 2
