"""When one source posts, and what it shows and asks: all that a simulated poll can find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

START = datetime(2026, 1, 5, tzinfo=UTC)
"""Second 0 of every trace: a Monday, midnight UTC."""

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86_400, 604_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """The true intensity of a source's posting: what an oracle knows.

    ``rates`` are (from this second on, posts a day), in order; ``hours`` and ``weekdays`` are factors around 1, UTC.
    """

    rates: tuple[tuple[int, float], ...]
    hours: tuple[float, ...] = (1.0,) * 24
    weekdays: tuple[float, ...] = (1.0,) * 7

    def rate(self, second: int) -> float:
        """Posts a day at this second, without the shape of day and week."""
        found = self.rates[0][1]
        for since, rate in self.rates:
            if since <= second:
                found = rate
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One source. Seconds count from :data:`START`; what lies before 0 is its past, which the first list shows."""

    name: str
    family: str
    appeared: Sequence[int]  # when each entry came into the list, rising
    stated: Sequence[int | None]  # the date that each entry states; None: none
    window: int  # entries in its list
    first_poll: int
    max_age: int = 0  # seconds of freshness that each answer states
    ttl: int = 0  # minutes
    skip_hours: tuple[int, ...] = ()  # GMT
    outages: tuple[tuple[int, int], ...] = ()  # in these the server answers 503 with Retry-After: their end
    beat: Beat | None = None  # None: nobody knows

    @property
    def hinted(self) -> bool:
        return bool(self.max_age or self.ttl or self.skip_hours or self.outages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Posting is scored from ``begin`` to before ``end``; until then a policy learns."""

    begin: int
    end: int

    @property
    def days(self) -> float:
        return (self.end - self.begin) / DAY
