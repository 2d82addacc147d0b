"""Dates for people: any order of day and time, names of months, weekdays, "updated:" before it, in many languages.

The text is taken apart: what is recognised (zone, date, time, half of the day, weekday, words that say nothing) is
taken out, and only a text of which nothing is left was a date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta, tzinfo
from functools import lru_cache

from feedhub.clean.dates import calendar, zones
from feedhub.clean.dates.fold import fold
from feedhub.clean.dates.lexicon import Tongue, tongues
from feedhub.clean.dates.reading import Place, Reading, make_clock, reading

_ZONE = re.compile(rf"\(\s*(?P<bracketed>{zones.PATTERN})\s*\)|(?<![\w/.:+-])(?P<bare>{zones.PATTERN})(?![\w/:])")
_OFFSET_AFTER_TIME = re.compile(r"(?<=\d)\s?([+\-]\d{2}:?\d{2})(?![\d/.-])")
_COLON = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2})\s?:\s?(?P<minute>\d{2})(?:\s?:\s?(?P<second>\d{2})(?:[.,]\d{1,9})?)?(?!\d)"
)
_UNITS = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2})\s*(?:gio|h(?![a-z])|h(?=\d)|時|时|點|点|시|uhr)\s*"
    r"(?:(?P<minute>\d{1,2})\s*(?:phut|min(?:uten)?|m|p|'|分|분)?\s*(?:(?P<second>\d{1,2})\s*(?:giay|s|秒|초))?)?(?![\da-z:])"
)
_DOTTED = re.compile(
    r"(?:(?<=um )|(?<=kl )|(?<=kl\. )|(?<=klo )|(?<=ore )|(?<=pukul ))(?P<hour>\d{1,2})\.(?P<minute>\d{2})(?P<second>)(?![\d.])"
)
_DOTTED_AFTER_DAY = re.compile(r"~\s+(?P<hour>\d{1,2})\.(?P<minute>\d{2})(?P<second>)(?![\d.])")
"""``Fri 14 Feb 2025 10.00 GMT``: where the day was taken out, what is left can be nothing else."""
_DOTTED_UHR = re.compile(r"(?<!\d)(?P<hour>\d{1,2})\.(?P<minute>\d{2})(?P<second>)\s*(?=uhr|am\b|pm\b)")
_BARE_HOUR = re.compile(r"(?<![\d:.])(?P<hour>\d{1,2})(?P<minute>)(?P<second>)(?=\s*(?:am|pm|a\.m|p\.m)\b)")
_TIMES = (_COLON, _DOTTED, _DOTTED_UHR, _DOTTED_AFTER_DAY, _UNITS, _BARE_HOUR)
_PUNCTUATION = re.compile(r"[\s,.;:|/()\[\]·•@\-]*")


@dataclass(slots=True)
class _Rest:
    """What is left of a text while it is taken apart."""

    text: str

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.search(self.text)
        if match:
            self.text = f"{self.text[: match.start()]} ~ {self.text[match.end() :]}"
        return match


def read(text: str, place: Place) -> Reading | None:
    folded = calendar.arabic_digits(fold(text))
    if not any(char.isdigit() for char in folded):
        return None
    for tongue in tongues(place.tongue):
        found = _read(folded, tongue, place)
        if found is not None:
            return found
    return None


def _read(text: str, tongue: Tongue, place: Place) -> Reading | None:
    rest = _Rest(text)
    zone = _take_zone(rest, place)
    day, complete = calendar.take_day(rest, tongue, place)
    clock = take_clock(rest, tongue)
    named = drop_words(rest, tongue.weekdays)
    marked = drop_words(rest, tongue.fillers)
    if day is None or not _is_empty(rest) or not (complete or clock or named or marked):
        return None
    return reading(day, clock, zone)


def _take_zone(rest: _Rest, place: Place) -> tzinfo | None:
    match = rest.take(_OFFSET_AFTER_TIME) if ":" in rest.text else None
    if match:
        return zones.read_zone(match[1], place.zone)
    match = rest.take(_ZONE)
    return zones.read_zone(match["bracketed"] or match["bare"], place.zone) if match else None


def take_clock(rest: _Rest, tongue: Tongue) -> tuple[time, timedelta] | None:
    """The time of day in the text, with the half of the day that stands before or behind it."""
    for pattern in _TIMES:
        match = pattern.search(rest.text)
        if match is None:
            continue
        hour, minute, second = int(match["hour"]), int(match["minute"] or 0), int(match["second"] or 0)
        before, after = rest.text[: match.start()], rest.text[match.end() :]
        rest.text = f"{before} ~ {after}"
        half = _take_half(rest, tongue)
        if half is not None:
            hour = _of_half(hour, half)
        clock = make_clock(hour, minute, second)
        if clock is None:
            rest.text = match[0]  # no time of day: what is left over refuses the date
        return clock
    return None


def _take_half(rest: _Rest, tongue: Tongue) -> str | None:
    english = re.compile(r"(?:(?<=~ )|(?<=~  )|(?<=~))(?:(?P<am>a\.?m\b\.?)|(?P<pm>p\.?m\b\.?))")
    if match := rest.take(english):
        return "am" if match["am"] else "pm"
    for half, names in (("am", tongue.morning), ("pm", tongue.evening)):
        if names and rest.take(_any_of(names)):
            return half
    return None


def _of_half(hour: int, half: str) -> int:
    if half == "am":
        return 0 if hour == 12 else hour
    return hour + 12 if hour < 12 else hour


@lru_cache(maxsize=256)
def _any_of(names: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the words, whole; scripts without spaces are matched anywhere."""
    spaced = [re.escape(name) for name in names if name[0] < "\u2e80" and name[0] != "("]
    free = [re.escape(name) for name in names if not (name[0] < "\u2e80" and name[0] != "(")]
    parts = [rf"(?<![^\W\d_])(?:{'|'.join(spaced)})(?![^\W\d_])"] if spaced else []
    return re.compile("|".join(parts + free))


def drop_words(rest: _Rest, names: tuple[str, ...]) -> bool:
    """Take all of these words out; True when one was there."""
    if not names:
        return False
    text = _any_of(names).sub(" ", rest.text)
    found = text != rest.text
    rest.text = text
    return found


def _is_empty(rest: _Rest) -> bool:
    return bool(_PUNCTUATION.fullmatch(rest.text.replace("~", " ")))


def clock_only(text: str, tongue: Tongue) -> tuple[bool, tuple[time, timedelta] | None]:
    """For a text that should hold nothing but a time (or nothing at all): whether that is so, and the time."""
    rest = _Rest(text)
    clock = take_clock(rest, tongue)
    drop_words(rest, tongue.weekdays)
    drop_words(rest, tongue.fillers)
    return _is_empty(rest), clock
