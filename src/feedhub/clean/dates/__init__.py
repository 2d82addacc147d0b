"""Dates as people and programs write them -> a moment, or nothing.

A dialect is a file with one function ``read(text, place) -> Reading | None``; the list below is tried in order. Every
dialect is strict: the *whole* text must be a date, since prose is full of things that look like one ("yesterday prices
rose …"). No date is better than a wrong one: the entry is then dated by when it was first seen.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from feedhub.clean.dates import iso, local, relative, rfc822, unix
from feedhub.clean.dates.reading import MAX_LENGTH, Place, ReadDate, Reading, zone_of
from feedhub.clean.dates.zones import MOST_HOURS
from feedhub.clean.text import tidy

__all__ = ["ReadDate", "can_be_meant", "read_date", "usual_moment"]

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
    if (usual := usual_moment(raw)) is not None:
        return ReadDate(at=usual) if can_be_meant(usual, now) else None
    return _in_any_dialect(raw, language, zone, now)


def can_be_meant(at: datetime, now: datetime) -> bool:
    return at.year >= OLDEST and at <= now + FUTURE


def _in_any_dialect(raw: str, language: str, zone: str, now: datetime) -> ReadDate | None:
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


_MONTHS = {name: at for at, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}  # noqa: SIM905 (readable)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)
_RFC = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ({'|'.join(_MONTHS)}) (\d{{4}}) (\d\d):(\d\d):(\d\d) (?:GMT|([+-])(\d\d)(\d\d))",
    re.ASCII,
)


@lru_cache(maxsize=64)  # an entry often says one moment twice
def usual_moment(raw: str) -> datetime | None:
    """What the two forms say in which nearly all feeds write, to the letter; None for all others, and for what is no moment.

    The dialects say the same of them, in five times the time.
    """
    found = (_ISO if raw[:1] in "0123456789" else _RFC).fullmatch(raw)
    if found is None:
        return None
    if found.re is _ISO:
        year, month, day = int(found[1]), int(found[2]), int(found[3])
    else:
        year, month, day = int(found[3]), _MONTHS[found[2]], int(found[1])
    try:
        at = datetime(year, month, day, int(found[4]), int(found[5]), int(found[6]), tzinfo=UTC)
        return _in_utc(at, found[7], int(found[8]), int(found[9])) if found[7] else at
    except (ValueError, OverflowError):
        return None


def _in_utc(at: datetime, sign: str, hours: int, minutes: int) -> datetime | None:
    if hours > MOST_HOURS or minutes > 59:
        return None
    ahead = timedelta(hours=hours, minutes=minutes)
    return at + ahead if sign == "-" else at - ahead


def _moment(reading: Reading, place: Place) -> ReadDate | None:
    try:
        at = reading.at(place)
    except (ValueError, OverflowError):
        return None
    if not can_be_meant(at, place.now):
        return None
    at = at.astimezone(UTC).replace(microsecond=0)
    return ReadDate(at=at, day_only=not reading.has_time)
