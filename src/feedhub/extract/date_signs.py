"""Whether a text looks like a date, so that it is worth handing on. Whether it *is* one, and which, ``clean`` decides."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_LENGTH = 70

_NUMERIC = re.compile(
    r"(?<!\d)\d{1,4}\s?[/.\-]\s?\d{1,2}\s?[/.\-]\s?\d{2,4}(?!\d)|(?<!\d)\d{4}\s*[年년]\s*\d{1,2}\s*[月월]"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20|25)\d{2}(?!\d)|(?<![٠-٩])[٠-٩]{4}(?![٠-٩])|(?<![۰-۹])[۰-۹]{4}(?![۰-۹])")
_SHORT = re.compile(r"(?<!\d)\d{1,2}(?:[/.]\d{1,2}|\s*[月월]\s*\d{1,2}\s*[日일])(?!\d)")
_CLOCK = re.compile(r"(?<!\d)\d{1,2}\s?(?::|h|giờ|時|点|시)\s?\d{2}")
_UNITS = (
    r"giây|phút|giờ|tiếng|ngày|tuần|tháng|năm|seconds?|secs?|minutes?|mins?|min|hours?|hrs?|h|days?|d|weeks?|w|months?|years?|"
    r"minuten?|stunden?|tag(?:en)?|wochen?|monat(?:en)?|minutes?|heures?|jours?|semaines?|mois|minutos?|horas?|días?|dias?|semanas?|"
    r"minut\w*|мин\w*|час\w*|дн\w*|день|недел\w*|分|時間|小时|小時|分钟|分鐘|日|天|시간|분|일|دقائق|دقيقة|ساعة|ساعات|أيام|يوم"
)
_RELATIVE = re.compile(
    r"(?:^|\W)(?:\d+|a|an|một|ein|eine|einer|un|una|une|один|hai|ba)\s*"
    rf"(?:{_UNITS})\s*(?:trước|ago|назад|前|전|atrás|fa\b|geleden|$)"
)
_ASCII_UNITS = tuple(
    {
        re.sub(pattern, "", unit)  # both with the ending that may be left out, and without it
        for unit in _UNITS.split("|")
        if unit.isascii()
        for pattern in (r"[()?:]|\\w\*", r"\(\?:\w+\)\?|\w\?|\\w\*")
    }
)
_RELATIVE_DAY = re.compile(
    r"(?:vor|il y a|hace|há|قبل|منذ)\s.{1,20}\d?|"
    r"(?:hôm qua|hôm nay|hôm kia|vừa xong|mới đây|yesterday|today|just now|gestern|heute|hier|aujourd'hui|ayer|hoy|вчера|сегодня|昨日|今日|昨天|今天|어제|오늘|أمس|اليوم)\b"
)
_MONTHS = (
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|janv|févr|avr|juin|juil|août|déc|ene|abr|ago|dic|"
    r"gen|mag|giu|lug|set|ott|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|tháng|ม\.ค\.|ก\.พ\.|มี\.ค\.|เม\.ย\.|พ\.ค\.|มิ\.ย\.|ก\.ค\.|ส\.ค\.|ก\.ย\.|ต\.ค\.|พ\.ย\.|ธ\.ค\.|มกราคม|กุมภาพันธ์|มีนาคม|เมษายน|พฤษภาคม|มิถุนายน|กรกฎาคม|สิงหาคม|กันยายน|ตุลาคม|พฤศจิกายน|ธันวาคม|يناير|فبراير|مارس|أبريل|مايو|يونيو|"
    r"يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر"
)
_MONTH = re.compile(rf"\b(?:{_MONTHS})\w*")
_ASCII_MONTHS = tuple(name for name in _MONTHS.split("|") if name.isascii())
_ASCII_MONTH = re.compile(rf"\b(?:{'|'.join(_ASCII_MONTHS)})")
_MONTH_BEGINNINGS = frozenset(name[:3] for name in _ASCII_MONTHS)
_UPDATED = re.compile(
    r"^\W*(?:last\s+)?(?:updated?|modified|cập nhật|aktualisiert|stand|mis à jour|actualizado|atualizado|aggiornato|обновлено|更新|업데이트|تحديث)",
)
_DATE_SIGNS = re.compile(
    "[年月日時时分秒曜火水木金土更新公開公开発表掲載配信発布发布於于午前後后上下周星期昨今天小間间鐘钟前년월일시분초오전후요]"
)
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f\uac00-\ud7af]")
_FIGURES = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+")
_ASCII_FIGURES, _ASCII_WORD = re.compile(r"[0-9]+"), re.compile(r"[a-z]+")  # twice as fast
_MOST_WORDS = 8
_MOST_SPACES = 12


def looks_like_date(text: str) -> bool:
    """Whether a whole text may be a date: short, with figures of a day, a name of a month, or so long ago."""
    if not text or len(text) > MAX_LENGTH or text.count(" ") > _MOST_SPACES:
        return False
    return _looks_like_date(text)


@lru_cache(maxsize=4096)
def _looks_like_date(text: str) -> bool:
    """The names, roles and dates of a page are asked of again and again."""
    text = unicodedata.normalize("NFC", text).lower()  # patterns that ignore case take three times as long
    is_ascii = text.isascii()
    words = (_ASCII_WORD if is_ascii else _WORD).findall(text)
    if len(words) > _MOST_WORDS or _is_dense(text):
        return False
    figures = len((_ASCII_FIGURES if is_ascii else _FIGURES).findall(text))
    if (figures > 1 and _NUMERIC.search(text)) or _is_relative(text):
        return True
    has_month = figures > 0 and _has_month(text, words)
    if figures < 2:  # no more than "14 Feb"
        return has_month
    if _YEAR.search(text) and (has_month or _CLOCK.search(text)):
        return True
    return has_month or bool(_SHORT.search(text) and (_CLOCK.search(text) or len(text) <= 12))


def _is_dense(text: str) -> bool:
    """Whether it says more in a script without spaces than dates do."""
    return not text.isascii() and len(_DENSE.findall(_DATE_SIGNS.sub("", _MONTH.sub("", text)))) > 4


def _is_relative(text: str) -> bool:
    """Patterns that begin anywhere are dear; most texts have neither a word nor an ending that they would need."""
    if _RELATIVE_DAY.match(text):
        return True
    may_be = (
        not text.isascii()
        or "ago" in text
        or "fa" in text
        or "geleden" in text
        or "minut" in text
        or text.rstrip().endswith(_ASCII_UNITS)
    )
    return may_be and bool(_RELATIVE.search(text))


def _has_month(text: str, words: list[str]) -> bool:
    if not text.isascii():
        return bool(_MONTH.search(text))
    return not _MONTH_BEGINNINGS.isdisjoint([word[:3] for word in words]) and bool(_ASCII_MONTH.search(text))


def says_updated(text: str) -> bool:
    """Whether the date is introduced as that of a change."""
    return bool(_UPDATED.search(unicodedata.normalize("NFC", text).lower()))
