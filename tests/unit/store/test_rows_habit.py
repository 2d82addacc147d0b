"""What is learned of a source survives the database, and rows that an earlier program wrote are read."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from feedhub.model import Habit
from feedhub.store.rows import pack_habit, unpack_habit

HABIT = Habit(
    since=datetime(2026, 1, 1, tzinfo=UTC),
    at=datetime(2026, 2, 1, 12, tzinfo=UTC),
    posts=40.5,
    recent=12.25,
    hours=tuple(float(hour) for hour in range(24)),
    weekdays=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0),
    strain=(1, 0, 3),
)


@pytest.mark.parametrize("habit", [HABIT, Habit()])
def test_it_comes_back_as_it_was(habit: Habit) -> None:
    assert unpack_habit(pack_habit(habit)) == habit


def test_a_row_without_the_short_memory_reads_as_if_nothing_had_changed_of_late() -> None:
    old = json.dumps(json.loads(pack_habit(HABIT) or "")[:6])
    read = unpack_habit(old)
    assert (read.posts, read.recent, read.strain) == (40.5, 20.25, (1, 0, 3))
