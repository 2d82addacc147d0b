"""Habits of sources that have posted evenly."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from feedhub.model import Habit
from feedhub.schedule.habit import MEMORY, RECENT

DAY = timedelta(days=1)


def even_habit(rate: float, at: datetime, days: float = 60) -> Habit:
    """What is learned of ``rate`` entries a day for so many days until ``at``."""

    def counted(memory: timedelta) -> float:
        return rate * (memory / DAY) * -math.expm1(-days * DAY / memory)

    return Habit(since=at - days * DAY, at=at, posts=counted(MEMORY), recent=counted(RECENT))
