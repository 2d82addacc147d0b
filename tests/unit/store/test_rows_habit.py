"""What is learned of a source survives the database, and rows that an earlier program wrote are read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from feedhub.model import Habit
from feedhub.schedule.habit import first_habit, learned
from feedhub.store.rows import pack_habit, unpack_habit

HABIT = Habit(
    since=datetime(2026, 1, 1, tzinfo=UTC),
    at=datetime(2026, 2, 1, 12, tzinfo=UTC),
    posts=40.5,
    recent=12.25,
    hours=tuple(float(hour) for hour in range(24)),
    weekdays=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0),
    slots=tuple(slot / 4 for slot in range(20)),
    strain=(1, 0, 3),
)


@pytest.mark.parametrize("habit", [HABIT, Habit()])
def test_it_comes_back_as_it_was(habit: Habit) -> None:
    assert unpack_habit(pack_habit(habit)) == habit


@pytest.mark.parametrize(("known", "recent"), [(6, 10.125), (7, 6.125)])
def test_a_row_of_an_earlier_program_reads_as_if_nothing_had_changed_of_late(known: int, recent: float) -> None:
    """Six values: before the short memory; seven: before the minutes, when that memory was twice as long."""
    old = json.dumps(json.loads(pack_habit(HABIT) or "")[:known])
    read = unpack_habit(old)
    assert (read.posts, read.recent, read.strain) == (40.5, recent, (1, 0, 3))
    assert (read.hours, read.weekdays, read.slots) == (HABIT.hours, HABIT.weekdays, (0.0,) * 20)
    assert unpack_habit(pack_habit(read)) == read


def test_what_is_kept_is_of_a_bounded_size_whatever_comes() -> None:
    now = HABIT.at or datetime.now(UTC)
    habit = first_habit([now - timedelta(seconds=7 * number) for number in range(5000)], 5000, None, now)
    for _ in range(5):
        later = now + timedelta(hours=7, seconds=13)
        moments = [now + timedelta(seconds=11 * number) for number in range(2000)]
        habit, now = learned(habit, moments, 4000, 5000, now, later), later
    assert len(pack_habit(habit) or "") < 700
