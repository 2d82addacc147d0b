"""Values as a person writes them in the file. Pure."""

from __future__ import annotations

from datetime import timedelta

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_SIZES = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))


def duration(value: timedelta) -> str:
    """``timedelta(minutes=90)`` is ``90m``; days only from two on (24h is said so)."""
    seconds = value.total_seconds()
    if seconds != int(seconds) or not seconds:
        return f"{seconds * 1000:.0f}ms" if seconds else "0s"
    for size, unit in _UNITS:
        if seconds % size == 0 and (size <= 3600 or seconds >= 2 * size):
            return f"{int(seconds) // size}{unit}"
    return f"{int(seconds)}s"


def size(value: int) -> str:
    for unit, name in _SIZES:
        if value % unit == 0:
            return f"{value // unit}{name}"
    return str(value)
