"""The day in a folded text: with numbers in the order of the place, with names of months, in Chinese characters."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Protocol

from feedhub.clean.dates.lexicon import Tongue
from feedhub.clean.dates.reading import Place, full_year, make_day


class Rest(Protocol):
    """A text from which what is recognised is taken."""

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None: ...


_ERAS = {"令和": 2018, "平成": 1988}
_HAN = re.compile(
    r"(?:(?P<era>令和|平成)?(?P<year>\d{1,4}|元)\s*[年년]\s*)?(?P<month>\d{1,2})\s*[月월]\s*(?P<day>\d{1,2})\s*[日일號号]?"
)
_YEAR_FIRST = re.compile(r"(?<!\d)(?P<year>\d{4})\s?([-/.])\s?(?P<month>\d{1,2})\s?\2\s?(?P<day>\d{1,2})(?!\d)\.?")
_NUMBERS = re.compile(r"(?<![\d.,/])(?P<a>\d{1,2})\s?([-/.])\s?(?P<b>\d{1,2})\s?\2\s?(?P<c>\d{4}|\d{2})(?!\d)\.?")
_VIETNAMESE = re.compile(
    r"(?<!\d)(?P<day>\d{1,2})\s*(?:thang|thg|th)\.?\s*(?P<month>\d{1,2}|gieng|hai|ba|tu|nam|sau|bay|tam|chin|muoi mot|muoi hai|muoi|chap)"
    r"(?:\s*[,./-]?\s*(?:nam)?\s*(?P<year>\d{4}))?(?!\d)"
)
_SHORT = re.compile(r"(?<![\d.,/])(?P<a>\d{1,2})([/-])(?P<b>\d{1,2})(?![\d.,/])")
_VIETNAMESE_NAMES = ("gieng", "hai", "ba", "tu", "nam", "sau", "bay", "tam", "chin", "muoi", "muoi mot", "muoi hai")
_VIETNAMESE_MONTHS = {name: at for at, name in enumerate(_VIETNAMESE_NAMES, 1)} | {"chap": 12}
_CHINESE_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_CHINESE_NUMBER = re.compile(r"([一二三四五六七八九]?)十([一二三四五六七八九]?)(?=[月日年時时点點分號号])")
_CHINESE_RUN = re.compile(r"[〇零一二三四五六七八九]+(?=[月日年時时点點分號号])")
_MONTH_FIRST_REGIONS = frozenset({"us", "ph", "pw", "fm"})
_YEAR_FIRST_TONGUES = frozenset({"ja", "zh", "ko", "hu", "mn"})


def arabic_digits(text: str) -> str:
    """Chinese numerals in dates as digits: 二〇二五年二月十四日 is 2025年2月14日."""
    if "月" not in text or text.isascii():
        return text
    tens = _CHINESE_NUMBER.sub(lambda m: _digit(m[1] or "一") + _digit(m[2] or "〇"), text)
    return _CHINESE_RUN.sub(lambda m: m[0].translate(_CHINESE_DIGITS), tens)


def _digit(char: str) -> str:
    return char.translate(_CHINESE_DIGITS)


def take_day(rest: Rest, tongue: Tongue, place: Place) -> tuple[date | None, bool]:
    """The day, and whether it is complete: a day without a year is the last such day that was not after tomorrow."""
    if match := rest.take(_HAN):
        return _han(match, place)
    if match := rest.take(_YEAR_FIRST):
        return make_day(int(match["year"]), int(match["month"]), int(match["day"])), True
    if match := rest.take(_NUMBERS):
        return _numbers(match, place), True
    if match := rest.take(_VIETNAMESE):
        name = match["month"]
        month = int(name) if name.isdigit() else _VIETNAMESE_MONTHS[name]
        return _maybe_yearless(match["year"], month, int(match["day"]), place), True
    if tongue.months and (match := _take_named(rest, tongue)):
        month = tongue.months[match["month"]]
        return _maybe_yearless(match["year"], month, int(match["day"]), place), True
    if match := rest.take(_SHORT):
        day, month = _day_and_month(int(match["a"]), int(match["b"]), place)
        return _yearless(month, day, place), False
    return None, False


def _han(match: re.Match[str], place: Place) -> tuple[date | None, bool]:
    month, day = int(match["month"]), int(match["day"])
    if match["year"] is None:
        return _yearless(month, day, place), True
    year = 1 if match["year"] == "元" else int(match["year"])
    if match["era"]:
        year += _ERAS[match["era"]]
    elif len(match["year"]) < 4:
        year = full_year(year, len(match["year"]))
    return make_day(year, month, day), True


def _numbers(match: re.Match[str], place: Place) -> date | None:
    a, b, c = int(match["a"]), int(match["b"]), int(match["c"])
    if len(match["c"]) == 2 and (place.tongue in _YEAR_FIRST_TONGUES or a > 31):
        return make_day(full_year(a, 2), b, c)
    day, month = _day_and_month(a, b, place, dots=match[2] == ".")
    return make_day(full_year(c, len(match["c"])), month, day)


def _day_and_month(a: int, b: int, place: Place, *, dots: bool = False) -> tuple[int, int]:
    """Which of two numbers is the day: the one above 12, else by the place; dots mean day first everywhere."""
    if a > 12 or b > 12:
        return (a, b) if a > 12 else (b, a)
    month_first = place.tongue in _YEAR_FIRST_TONGUES or _american(place)
    return (b, a) if month_first and not dots else (a, b)


def _american(place: Place) -> bool:
    """English of the United States, or English of no stated country whose source sits in their zones."""
    if place.tongue not in {"en", ""}:
        return place.region == "us"
    if place.region:
        return place.region in _MONTH_FIRST_REGIONS
    zone = str(place.zone)
    return place.tongue == "en" and zone.startswith(("US/", *_AMERICAN_ZONES))


_AMERICAN_ZONES = tuple(
    f"America/{city}"
    for city in ("New_York", "Chicago", "Denver", "Los_Angeles", "Phoenix", "Detroit", "Anchorage", "Boise")
)


@lru_cache(maxsize=64)
def _named_patterns(names: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    month = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    month = rf"(?<![^\W\d_])(?P<month>{month})(?![^\W\d_])\.?"
    of = r"(?:(?:\.|er|st|nd|rd|th|º|°|ª|o|a)?(?:\s*[-/]\s*|\s+|\s*\.\s*)(?:de |d'|di |of |del )?|\s*)"
    year = r"(?:\s*[,./-]?\s*(?:de |del |of |'|nam )?(?P<year>\d{4})(?!\d|:))?"
    short_year = r"\s*[./-]\s*(?P<year>\d{2})(?![\d:])"
    return (
        re.compile(rf"(?<!\d)(?P<year>\d{{4}})\s*[,./-]?\s*{month}\s*[,./-]?\s*(?P<day>\d{{1,2}})(?!\d)"),
        re.compile(rf"(?<!\d)(?P<day>\d{{1,2}}){of}{month}{short_year}"),
        re.compile(rf"(?<!\d)(?P<day>\d{{1,2}}){of}{month}{year}"),
        re.compile(rf"{month}\s*[./-]?\s*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:]){year}"),
    )


def _take_named(rest: Rest, tongue: Tongue) -> re.Match[str] | None:
    return next((match for pattern in _named_patterns(tuple(tongue.months)) if (match := rest.take(pattern))), None)


def _maybe_yearless(year: str | None, month: int, day: int, place: Place) -> date | None:
    return make_day(full_year(int(year), len(year)), month, day) if year else _yearless(month, day, place)


def _yearless(month: int, day: int, place: Place) -> date | None:
    today = place.today
    this = make_day(today.year, month, day)
    if this is not None and (this - today).days <= 1:
        return this
    return make_day(today.year - 1, month, day)
