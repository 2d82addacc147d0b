"""RFC 822, 2822 and 5322 as feeds write them, RFC 850 and asctime: English, whatever the page's language."""

from __future__ import annotations

import re

from feedhub.clean.dates.reading import Place, Reading, full_year, make_clock, make_day, reading
from feedhub.clean.dates.zones import read_zone

_MONTHS = {name: at for at, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}  # noqa: SIM905 (readable)
_MONTH = (
    r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?\.?"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed|thur?s?|fri|sat|sun)(?:day|nesday|urday|rsday|sday)?\.?,?\s*)?"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,]\d+)?)?"
_ZONE = r"(?P<zone>\(?[a-z]{1,5}\)?|(?:gmt|utc|ut)?\s?[+\-−]\s?\d{1,2}:?\d{0,2})?(?:\s*\([^()]*\))?"
_RFC = re.compile(
    rf"{_WEEKDAY}(?P<day>\d{{1,2}})[\s,.-]+{_MONTH}[\s,-]+(?P<year>\d{{4}}|\d{{2,3}}),?(?:\s+{_CLOCK}\s*{_ZONE})?",
    re.IGNORECASE,
)
_ASCTIME = re.compile(
    rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})\s+{_CLOCK}\s+(?:{_ZONE}\s+)?(?P<year>\d{{4}})", re.IGNORECASE
)
_SCRIPT = re.compile(
    rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})\s+(?P<year>\d{{4}})\s+{_CLOCK}\s*{_ZONE}", re.IGNORECASE
)
"""What JavaScript prints of a Date: ``Fri Feb 14 2025 13:44:00 GMT+0700 (Indochina Time)``."""


def read(text: str, place: Place) -> Reading | None:
    """A wrong weekday is ignored; a missing second is 0; a zone without meaning refuses the date here."""
    match = _RFC.fullmatch(text) or _ASCTIME.fullmatch(text) or _SCRIPT.fullmatch(text)
    if not match:
        return None
    day = make_day(
        full_year(int(match["year"]), len(match["year"])), _MONTHS[match["month"].lower()], int(match["day"])
    )
    if match["hour"] is None:
        return reading(day, None)
    if match["zone"] and len(match["zone"]) == 1 and match["zone"].islower() and match["zone"] != "z":
        return None  # "13:44 h" is Spanish, not a military zone
    clock = make_clock(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
    zone = read_zone(match["zone"].lower(), place.zone) if match["zone"] else place.zone
    return reading(day, clock, zone) if clock and zone else None
