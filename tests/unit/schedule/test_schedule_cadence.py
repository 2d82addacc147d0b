"""The laws of the polling interval, of the learned rate, and of the price."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.model import Habit, SourceId, SourceState
from feedhub.schedule import PRICE, Tariff
from feedhub.schedule.cadence import QUIET, aimed_interval, policy_interval, with_jitter, worthwhile
from feedhub.schedule.habit import FLAT, Shape, first_habit, learned, rate_of, shape_of
from feedhub.schedule.price import HIGHEST, LOWEST, steer
from feedhub.settings import Interval, Polling

NOW = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)  # a Monday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

rates = st.floats(1e-3, 500)
prices = st.floats(1e-5, 10)
factors = st.floats(0.05, 20)
slots = st.just(()) | st.tuples(*[factors] * 20).map(lambda some: tuple(20 * one / sum(some) for one in some))
shapes = st.builds(Shape, hours=st.tuples(*[factors] * 24), weekdays=st.tuples(*[factors] * 7), slots=slots)
leasts = st.integers(0, 120).map(lambda minutes: timedelta(minutes=minutes))


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


@given(rates, shapes, st.integers(0, 200), prices, prices, leasts)
def test_a_dearer_poll_never_comes_sooner(
    rate: float, shape: Shape, window: int, one: float, two: float, least: timedelta
) -> None:
    cheap, dear = (worthwhile(rate, shape, window, price, NOW, DAY, least) for price in sorted((one, two)))
    assert cheap <= dear + MINUTE / 60


@given(rates, rates, shapes, st.integers(0, 200), prices, leasts)
def test_a_busier_source_never_waits_longer(
    one: float, two: float, shape: Shape, window: int, price: float, least: timedelta
) -> None:
    quiet, busy = (worthwhile(rate, shape, window, price, NOW, DAY, least) for rate in sorted((one, two)))
    assert busy <= quiet + MINUTE / 60


@given(st.floats(0.1, 100), shapes, prices)
def test_no_other_moment_pays_sooner(rate: float, shape: Shape, price: float) -> None:
    """The definition itself, held against a count of entries half a minute by half a minute."""
    chosen = worthwhile(rate, shape, 0, price, NOW, DAY)
    bargain = 2 * price * rate**0.1
    even = shape.slots or (1.0,)
    came, least, theirs = 0.0, float("inf"), float("inf")
    step = 30 / 86_400
    for number in range(2880):
        at = NOW + timedelta(seconds=30 * number + 15)
        slot = (at.minute * 60 + at.second) * len(even) // 3600
        came += (
            rate
            * shape.hours[at.hour]
            * shape.weekdays[at.weekday()]
            * (even[slot] if shape.hours[at.hour] >= QUIET else 1)
            * step
        )
        pays = (number + 1) * step + bargain / came
        least = min(least, pays)
        if theirs == float("inf") and (number + 1) * step >= chosen / DAY:
            theirs = pays
    assert theirs <= least + 3 * step + 0.01 * least


@given(st.floats(0, 1, exclude_max=True), st.integers(5, 1440))
def test_an_aimed_poll_comes_later_only_and_not_much(chance: float, minutes: int) -> None:
    bounds = Interval(min=5 * MINUTE, max=DAY)
    got = with_jitter(minutes * MINUTE, Polling(), bounds, lambda: chance, aimed=True)
    assert timedelta(0) <= got - minutes * MINUTE <= min(3 * MINUTE, minutes * MINUTE / 10)


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


# ---------------------------------------------------------------- the minute of the hour


def hourly(minute: float, days: int, stated: Callable[[datetime], datetime | None], dice: random.Random) -> Habit:
    """What is learned of a source that posts every third hour at this minute and is polled at random."""
    habit, last, appeared = first_habit((), 0, None, NOW), NOW, NOW.replace(minute=0, second=0) + minute * MINUTE
    for _ in range(days * 12):
        now, moments, new = last + timedelta(seconds=dice.randint(1800, 12_600)), [], 0
        while appeared <= now:
            said = stated(appeared)
            moments += [said] if said else []
            new += 1
            appeared += 3 * HOUR
        habit, last = learned(habit, moments, new, 50, last, now), now
    return replace(habit, at=last)


def polled_at(habit: Habit) -> datetime:
    assert habit.at
    now = habit.at.replace(minute=58, second=0)
    rate = rate_of(habit, now)
    return now + policy_interval(state(rate, habit), Polling(), Polling().interval, now, 0.005)


@pytest.mark.parametrize("minute", [3, 20.5, 37])
def test_a_source_that_keeps_to_a_minute_is_polled_soon_after_it(minute: float) -> None:
    habit = hourly(minute, 10, lambda moment: moment, random.Random(1))
    got = polled_at(habit)
    assert shape_of(habit, got).slots
    assert 0 <= (got.minute - minute) % 60 <= 9


def test_minutes_that_are_rounded_are_as_good() -> None:
    habit = hourly(37, 10, lambda moment: moment.replace(second=0), random.Random(1))
    assert 0 <= polled_at(habit).minute - 37 <= 9


def test_a_source_that_posts_at_any_minute_has_no_minute() -> None:
    dice = random.Random(3)
    habit, now = watched(4.0, 60, first_habit((), 0, None, NOW), NOW, dice)
    assert shape_of(habit, now).slots == ()
    assert max(shape_of(habit, now).hours) < 1.6


def cost(stated: Callable[[datetime], datetime | None], *, minutes: bool) -> float:
    """Delay and price of the polls, in entry-days, of a source that posts by chance and states what it likes."""
    dice = random.Random(5)
    moments = [NOW - 3 * HOUR * (number + dice.random()) for number in range(39)]
    said = [one for one in map(stated, moments) if one]
    habit, last, appeared, total, price = first_habit(said, 39, None, NOW), NOW, NOW, 0.0, 0.005
    polling = Polling()
    while last < NOW + 60 * DAY:
        habit = habit if minutes else replace(habit, slots=Habit().slots)
        wanted, aimed = aimed_interval(state(rate_of(habit, last), habit), polling, polling.interval, last, price)
        now, came = last + with_jitter(wanted, polling, polling.interval, dice.random, aimed=aimed), list[datetime]()
        now = now.replace(microsecond=0)
        while appeared <= now:
            total += (now - appeared) / DAY
            came.append(appeared)
            appeared += timedelta(days=dice.expovariate(8.0))
        said = [one for one in map(stated, came) if one]
        habit, last, total = learned(habit, said, len(came), 50, last, now), now, total + price
    return total


WRONG: dict[str, Callable[[datetime], datetime | None]] = {
    "rounded to the hour": lambda moment: moment.replace(minute=0, second=0),
    "rounded to the half hour": lambda moment: moment.replace(minute=moment.minute // 30 * 30, second=0),
    "days only": lambda moment: moment.replace(hour=0, minute=0, second=0),
    "the minute of a template": lambda moment: moment.replace(minute=17),
    "a zone behind": lambda moment: moment - 7 * HOUR,
    "a zone ahead": lambda moment: moment + 7 * HOUR,
    "a slow clock": lambda moment: moment - 20 * MINUTE,
    "no dates": lambda moment: None,
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_dates_cost_little(wrong: Callable[[datetime], datetime | None]) -> None:
    """Beside the same source when its minutes are not learned: they mislead for a few polls."""
    assert cost(wrong, minutes=True) <= 1.1 * cost(wrong, minutes=False)


@pytest.mark.parametrize(
    ("step", "hours_known"), [(DAY, False), (25 * HOUR, True)], ids=["days without times", "hours without minutes"]
)
def test_a_first_list_without_times_teaches_none(step: timedelta, hours_known: bool) -> None:
    midnight = NOW.replace(hour=0, minute=0, second=0) - DAY
    habit = first_habit([midnight - step * number for number in range(30)], 30, None, NOW)
    assert (any(habit.hours), any(habit.slots)) == (hours_known, False)
    assert any(habit.weekdays)
    assert rate_of(habit, NOW) == pytest.approx(DAY / step, rel=0.2)


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
