"""Names and offsets of zones as dates write them: ``GMT``, ``BST``, ``+0700``, ``(GMT+7)``, ``UTC+05:30``, ``ET``."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_HOURS: dict[str, float] = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "mez": 1, "cest": 2, "mesz": 2,
    "met": 1, "mest": 2, "eet": 2, "eest": 3, "msk": 3, "мск": 3, "msd": 4, "sast": 2, "cat": 2, "eat": 3, "wat": 1, "trt": 3,
    "ist": 5.5, "pkt": 5, "npt": 5.75, "gst": 4, "irst": 3.5, "idt": 3,
    "ict": 7, "wib": 7, "wita": 8, "wit": 9, "sgt": 8, "myt": 8, "hkt": 8, "pht": 8, "jst": 9, "kst": 9,
    "awst": 8, "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
    "nst": -3.5, "ndt": -2.5, "ast": -4, "adt": -3, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10, "hdt": -9, "brt": -3, "brst": -2, "art": -3, "clt": -4,
    "cot": -5, "pet": -5, "uyt": -3,
}  # fmt: skip
_PLACES = {"et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles"}
_LOCAL = {  # one name, several zones: the source's own zone decides
    "ist": {"Europe/Dublin": 1.0, "Asia/Jerusalem": 2.0, "Asia/Tel_Aviv": 2.0},
    "cst": dict.fromkeys(("Asia/Shanghai", "Asia/Taipei", "Asia/Chongqing", "Asia/Hong_Kong", "Asia/Macau"), 8.0),
    "bst": {"Asia/Dhaka": 6.0},
    "ast": {"Asia/Riyadh": 3.0, "Asia/Baghdad": 3.0, "Asia/Kuwait": 3.0},
}
_OFFSET = r"[+\-−]\s?\d{1,2}(?::?\d{2})?"
PATTERN = rf"(?:(?:gmt|utc|ut)\s?{_OFFSET}|[+\-−]\d{{2}}:?(?:\d{{2}})?|{'|'.join(sorted({*_HOURS, *_PLACES}, key=len, reverse=True))})"
"""Matches any zone in lower-case text, without brackets."""
_PARTS = re.compile(r"(?:gmt|utc|ut)?\s?([+\-−])\s?(\d{1,2}):?(\d{2})?")
MOST_HOURS = 14
"""No zone is further from UTC."""
_MILITARY = re.compile(r"[a-ik-y]")


def read_zone(text: str, own: tzinfo) -> tzinfo | None:
    """The zone that ``text`` (lower case, maybe in brackets) names; None when it names none.

    ``(GMT+7)`` is seven hours *ahead*, unlike the POSIX variable of that look. Military letters have been used with
    both signs, so that RFC 5322, 4.3 takes all but Z for "unknown": UTC.
    """
    text = text.strip("() []")
    if text in _PLACES:
        return ZoneInfo(_PLACES[text])
    if text in _HOURS:
        hours = _LOCAL.get(text, {}).get(str(own), _HOURS[text])
        return timezone(timedelta(hours=hours)) if hours else UTC
    match = _PARTS.fullmatch(text)
    if not match:
        return UTC if _MILITARY.fullmatch(text) else None
    sign, hours_text, minutes = match[1], int(match[2]), int(match[3] or 0)
    if hours_text > MOST_HOURS or minutes > 59:
        return None
    offset = timedelta(hours=hours_text, minutes=minutes)
    return timezone(offset if sign == "+" else -offset)
