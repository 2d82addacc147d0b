"""RFC 3339, the W3C profile of ISO 8601, and what else of ISO 8601 is written: week dates, days of the year, basic."""

from __future__ import annotations

import re
from datetime import date, timedelta

from feedhub.clean.dates.reading import Place, Reading, make_clock, make_day, reading
from feedhub.clean.dates.zones import read_zone

_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?|(?P<month2>\d{2})(?P<day2>\d{2})"
    r"|-?[wW](?P<week>\d{2})(?:-?(?P<weekday>[1-7]))?|-(?P<ordinal>\d{3}))"
)
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?|(?P<minute2>\d{2})(?P<second2>\d{2})?)?"
    r"\s*(?P<zone>[a-z]{1,5}|\(?(?:gmt|utc)?\s?[+\-−]\d{1,2}:?\d{0,2}\)?)?",
    re.IGNORECASE,
)


def read(text: str, place: Place) -> Reading | None:
    """A month alone is its first day; a year alone says too little and is refused."""
    match = _DATE.match(text)
    if not match:
        return None
    day = _day(match)
    rest = text[match.end() :]
    if not rest or day is None:
        return reading(day, None) if not rest else None
    if rest in {"Z", "z"}:  # a day of xs:date
        return reading(day, None)
    separator = re.match(r"\s*[Tt]\s*|\s+", rest)
    clock = _TIME.fullmatch(rest, separator.end()) if separator else None
    return _with_clock(day, clock, place) if clock and (match["day"] or not match["month"]) else None


def _day(match: re.Match[str]) -> date | None:
    year = int(match["year"])
    if match["week"]:
        try:
            return date.fromisocalendar(year, int(match["week"]), int(match["weekday"] or 1))
        except ValueError:
            return None
    if match["ordinal"]:
        day = make_day(year, 1, 1)
        day = day + timedelta(days=int(match["ordinal"]) - 1) if day and year < 9999 else None
        return day if day and day.year == year else None
    return make_day(year, int(match["month"] or match["month2"]), int(match["day"] or match["day2"] or 1))


def _with_clock(day: date, match: re.Match[str], place: Place) -> Reading | None:
    if not (match["minute"] or match["minute2"]):
        return None
    minute, second = match["minute"] or match["minute2"], match["second"] or match["second2"] or "0"
    clock = make_clock(int(match["hour"]), int(minute), int(second))
    zone = read_zone(match["zone"].lower(), place.zone) if match["zone"] else place.zone
    return reading(day, clock, zone) if clock and zone else None
