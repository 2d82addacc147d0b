"""What dialects share: where a date is read, and what was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

MAX_LENGTH = 80
"""Characters; no date is longer, prose is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDate:
    """``at`` is UTC; ``day_only``: the source gave no time and ``at`` is noon of the day in the source's zone."""

    at: datetime
    day_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and when a date is read. ``language`` is BCP 47 in lower case."""

    language: str
    zone: tzinfo
    now: datetime

    @property
    def tongue(self) -> str:
        return self.language.partition("-")[0]

    @property
    def region(self) -> str:
        parts = self.language.split("-")[1:]
        return next((part for part in parts if len(part) == 2), "")

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Either ``instant``, or a ``day`` with or without ``clock`` in ``zone`` (None: that of the place)."""

    instant: datetime | None = None
    day: date | None = None
    clock: time | None = None
    zone: tzinfo | None = None

    @property
    def has_time(self) -> bool:
        return self.instant is not None or self.clock is not None

    def at(self, place: Place) -> datetime:
        """:raises OverflowError: outside the calendar."""
        if self.instant is not None:
            return self.instant
        assert self.day is not None
        zone = self.zone or place.zone
        moment = datetime.combine(self.day, self.clock or time(12), zone)
        if self.clock is None and self.day == place.now.astimezone(zone).date():
            moment = min(moment, place.now)
        return moment.astimezone(UTC)


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """The zone of that IANA name; UTC for a name that does not exist (the configuration refuses those)."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return UTC


def make_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def make_clock(hour: int, minute: int = 0, second: int = 0) -> tuple[time, timedelta] | None:
    """A time of day, and how much later it is meant: 24:00 is the next midnight, a leap second the next second."""
    extra = timedelta()
    if second == 60:
        second, extra = 59, timedelta(seconds=1)
    if (hour, minute, second) == (24, 0, 0):
        hour, extra = 0, timedelta(days=1)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return time(hour, minute, second), extra


def full_year(year: int, digits: int) -> int:
    """RFC 5322, 4.3: two digits below 50 are of this century, three count from 1900."""
    if digits == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if digits == 3 else year


def reading(day: date | None, clock: tuple[time, timedelta] | None, zone: tzinfo | None = None) -> Reading | None:
    """A reading of a day and maybe a time; None when there is no such day."""
    if day is None:
        return None
    if clock is None:
        return Reading(day=day, zone=zone)
    at, extra = clock
    if extra == timedelta(days=1):
        try:
            return Reading(day=day + extra, clock=at, zone=zone)
        except OverflowError:
            return None
    return Reading(day=day, clock=at, zone=zone)
