"""Small arithmetic of moments and chance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Dice = Callable[[], float]
"""A number from 0 to below 1, another one at each call."""

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""The next poll of a source that is polled no more until the operator says so."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def whole_seconds(moment: datetime) -> datetime:
    """The moment, or the first whole second after it."""
    floor = moment.replace(microsecond=0)
    return floor if floor == moment else floor + timedelta(seconds=1)


def off_the_minute(moment: datetime, dice: Dice) -> datetime:
    """A whole second that is not the first of its minute, when every clock of the world starts something."""
    moment = whole_seconds(moment)
    return moment if moment.second else moment + timedelta(seconds=1 + int(dice() * 8))


def jittered(interval: timedelta, share: float, dice: Dice) -> timedelta:
    """The interval, longer or shorter by up to ``share`` of it."""
    return interval * (1 + share * (2 * dice() - 1))
