"""When the answer's head says to come back: RFC 9111 (4.2) and Retry-After (RFC 9110, 10.2.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from feedhub.fetch.headers import Headers
from feedhub.model import Freshness

_DIRECTIVE = re.compile(r'\s*([^\s=,;"]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s,;]*))?\s*(?:[,;]|$)')
_SECONDS = re.compile(r"[0-9]+", re.ASCII)
_MOST_SECONDS = 10**9  # beyond any clamp; keeps dates within what datetime can hold


def freshness_of(
    status: int, headers: Headers, now: datetime, *, hint_max: timedelta, retry_after_max: timedelta
) -> Freshness:
    """What one answer says about the next request. Both moments are whole seconds, rounded up, never in the past."""
    return Freshness(
        fresh_until=_fresh_until(headers, now, hint_max) if status in {200, 203, 226, 304} else None,
        retry_at=retry_at(headers.first("retry-after"), now, retry_after_max) if status >= 300 else None,
    )


def retry_at(value: str | None, now: datetime, most: timedelta) -> datetime | None:
    """Retry-After in either form, at most ``most`` from now. Garbage, zero and dates gone by say nothing."""
    text = (value or "").strip()
    moment = now + _seconds(text) if _SECONDS.fullmatch(text) else http_date(text)
    return _later(moment, now, most)


def http_date(text: str) -> datetime | None:
    """Any of the three forms of RFC 9110 (5.6.7), as sloppily written as servers do; None when it is no date."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _fresh_until(headers: Headers, now: datetime, most: timedelta) -> datetime | None:
    lifetime = _lifetime(headers, now)
    if lifetime is None:
        return None
    age = (headers.first("age") or "").strip()
    left = lifetime - (_seconds(age) if _SECONDS.fullmatch(age) else timedelta(0))
    return _later(now + min(left, most), now, most) if left > timedelta(0) else None


def _lifetime(headers: Headers, now: datetime) -> timedelta | None:
    """``max-age``, else ``Expires`` minus ``Date``. ``s-maxage`` is for shared caches, which we are not."""
    directives = _directives(headers.joined("cache-control"))
    whole = directives.get("no-cache") == ""  # with field names it is about those only (RFC 9111, 5.2.2.4)
    if whole or "no-store" in directives:
        return None  # it wants to be asked again; our own interval stands
    max_age = directives.get("max-age")
    if max_age is not None:
        return _seconds(max_age) if _SECONDS.fullmatch(max_age) else None
    expires = http_date(headers.first("expires") or "")
    if expires is None:
        return None
    return expires - (http_date(headers.first("date") or "") or now)


def _directives(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _DIRECTIVE.finditer(text):
        found.setdefault(match[1].lower(), (match[2] or "").strip('"'))
    return found


def _seconds(digits: str) -> timedelta:
    return timedelta(seconds=_MOST_SECONDS if len(digits) > 9 else int(digits))


def _later(moment: datetime | None, now: datetime, most: timedelta) -> datetime | None:
    """``moment`` as whole seconds when it is after ``now``, at most ``most`` away."""
    if moment is None or moment <= now:
        return None
    clamped = min(moment, now + most)
    whole = clamped.replace(microsecond=0)
    return whole if whole == clamped else whole + timedelta(seconds=1)
