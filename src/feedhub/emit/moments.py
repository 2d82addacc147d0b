"""How moments are written: RFC 3339 in UTC with ``Z`` for Atom and JSON Feed, RFC 822 with four-digit years for RSS and OPML.

``strftime`` is avoided: its day and month names follow the process locale, and years below 1000 lose their zeros.
"""

from __future__ import annotations

from datetime import UTC, datetime

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def rfc3339(moment: datetime) -> str:
    """``2026-03-01T07:30:00Z``. Several readers drop other offsets, so there is never one."""
    utc = moment.astimezone(UTC)
    return f"{utc.year:04}-{utc.month:02}-{utc.day:02}T{utc.hour:02}:{utc.minute:02}:{utc.second:02}Z"


def rfc822(moment: datetime) -> str:
    """``Sun, 01 Mar 2026 07:30:00 GMT``."""
    utc = moment.astimezone(UTC)
    day, month = _DAYS[utc.weekday()], _MONTHS[utc.month - 1]
    return f"{day}, {utc.day:02} {month} {utc.year:04} {utc.hour:02}:{utc.minute:02}:{utc.second:02} GMT"
