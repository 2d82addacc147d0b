"""Seconds, milliseconds or microseconds since 1970, told apart by their size; and 14 digits of a calendar."""

from __future__ import annotations

import re
from datetime import timedelta

from feedhub.clean.dates.reading import Place, Reading, make_clock, make_day, reading
from feedhub.model import EPOCH

_UNITS = {9: 1, 10: 1, 13: 1_000, 16: 1_000_000}
_DIGITS = re.compile(r"(\d{9,16})(?:\.\d+)?")
_CALENDAR = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")


def read(text: str, place: Place) -> Reading | None:
    if calendar := _CALENDAR.fullmatch(text):
        year, month, day, hour, minute, second = map(int, calendar.groups())
        clock = make_clock(hour, minute, second)
        return reading(make_day(year, month, day), clock, place.zone) if clock else None
    match = _DIGITS.fullmatch(text)
    unit = _UNITS.get(len(match[1])) if match else None
    if match is None or unit is None:
        return None
    return Reading(instant=EPOCH + timedelta(seconds=int(match[1]) // unit))
