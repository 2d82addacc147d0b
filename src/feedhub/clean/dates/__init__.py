"""Dates as people and programs write them -> a moment, or nothing.

A dialect is a file with one function ``read(text, place) -> Reading | None``; the list below is tried in order. Every
dialect is strict: the *whole* text must be a date, since prose is full of things that look like one ("yesterday prices
rose …"). No date is better than a wrong one: the entry is then dated by when it was first seen.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from feedhub.clean.dates import iso, local, relative, rfc822, unix
from feedhub.clean.dates.reading import MAX_LENGTH, Place, ReadDate, Reading, zone_of
from feedhub.clean.text import tidy

__all__ = ["ReadDate", "read_date"]

DIALECTS = (rfc822.read, iso.read, unix.read, relative.read, local.read)
OLDEST = 1990
FUTURE = timedelta(days=1)


def read_date(raw: str, *, language: str = "", zone: str = "UTC", now: datetime) -> ReadDate | None:
    """The moment that ``raw`` states, in UTC with whole seconds; None when it is no date, or one nobody can mean.

    :param language: BCP 47; decides names of months and, with its region, whether 3/4 is in April or in March.
    :param zone: IANA name; of dates that say none.
    :param now: aware; relative dates count from here, and nothing may lie more than a day ahead of it.

    A date without a time becomes noon in its zone (never midnight UTC, which is the day before in America), or ``now``
    when noon is still to come. Years before 1990 are refused.
    """
    if not raw or len(raw) > 4 * MAX_LENGTH:
        return None
    text = tidy(raw)
    if not text or len(text) > MAX_LENGTH:
        return None
    place = Place(language=language.lower().replace("_", "-"), zone=zone_of(zone), now=now)
    for dialect in DIALECTS:
        reading = dialect(text, place)
        if reading is not None:
            return _moment(reading, place)
    return None


def _moment(reading: Reading, place: Place) -> ReadDate | None:
    try:
        at = reading.at(place)
    except (ValueError, OverflowError):
        return None
    if at.year < OLDEST or at > place.now + FUTURE:
        return None
    at = at.astimezone(UTC).replace(microsecond=0)
    return ReadDate(at=at, day_only=not reading.has_time)
