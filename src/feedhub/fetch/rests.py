"""Hosts that asked for quiet, or are down for all their sources. Holds what it was told; reads no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from feedhub.model import Failure

WITHIN = timedelta(hours=1)
"""A host whose other paths answered within this time is not told to rest as a whole."""
FIRST_REST = timedelta(hours=1)
"""Rest after a 429 or 503 without Retry-After; doubled each time in a row."""
LONGEST_REST = timedelta(hours=24)
FAILING_SOURCES = 5
FAILING_WITHIN = timedelta(minutes=10)
PAUSE = timedelta(minutes=30)
"""This many sources of a host failing within ``FAILING_WITHIN``, none answering between: the host pauses."""

HOST_FAILURES = frozenset(
    {Failure.DNS, Failure.CONNECT, Failure.TLS, Failure.TIMEOUT, Failure.SERVER, Failure.PROTOCOL}
)
"""Failures that speak of the host and not of one document."""
_MANY = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Until when a host is left alone, and why."""

    until: datetime
    failure: Failure
    detail: str


@dataclass(slots=True)
class _Memory:
    answered: dict[str, datetime] = field(default_factory=dict)  # at most two URLs, the newest last
    failing: dict[str, datetime] = field(default_factory=dict)
    rest: Rest | None = None
    in_a_row: int = 0

    def newest(self) -> datetime | None:
        moments = [*self.answered.values(), *self.failing.values(), *([self.rest.until] if self.rest else [])]
        return max(moments, default=None)


class HostRests:
    """What is remembered of hosts. ``authority`` is a host with its port (``Target.authority``)."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Memory] = {}

    def resting(self, authority: str, now: datetime) -> Rest | None:
        memory = self._hosts.get(authority)
        return memory.rest if memory and memory.rest and memory.rest.until > now else None

    def answered(self, authority: str, url: str, now: datetime) -> None:
        """A usable answer: the host is well."""
        memory = self._memory(authority, now)
        memory.answered.pop(url, None)
        memory.answered[url] = now
        while len(memory.answered) > 2:
            del memory.answered[next(iter(memory.answered))]
        memory.failing.clear()
        memory.in_a_row = 0

    def busy(self, authority: str, url: str, now: datetime, retry_at: datetime | None) -> None:
        """429 or 503. The whole host rests, unless another path of it answered within the hour."""
        memory = self._memory(authority, now)
        if any(other != url and now - moment <= WITHIN for other, moment in memory.answered.items()):
            return
        until = retry_at or now + min(FIRST_REST * 2 ** min(memory.in_a_row, 10), LONGEST_REST)
        memory.in_a_row += 1
        if memory.rest is None or memory.rest.until < until:
            memory.rest = Rest(
                until=until, failure=Failure.RATE_LIMITED, detail="The host asked for quiet; nothing was sent."
            )

    def failed(self, authority: str, url: str, failure: Failure, now: datetime) -> None:
        """Something went wrong for one source; only :data:`HOST_FAILURES` count."""
        if failure not in HOST_FAILURES:
            return
        memory = self._memory(authority, now)
        memory.failing = {
            other: moment for other, moment in memory.failing.items() if now - moment <= FAILING_WITHIN
        } | {url: now}
        if len(memory.failing) >= FAILING_SOURCES:
            memory.failing.clear()
            memory.rest = Rest(
                until=now + PAUSE,
                failure=failure,
                detail=f"{FAILING_SOURCES} sources of this host failed within minutes; nothing was sent.",
            )

    def _memory(self, authority: str, now: datetime) -> _Memory:
        if len(self._hosts) >= _MANY and authority not in self._hosts:
            self._forget(now)
        return self._hosts.setdefault(authority, _Memory())

    def _forget(self, now: datetime) -> None:
        """Drop hosts of which nothing within the hour is known."""
        old = now - WITHIN
        self._hosts = {
            name: memory for name, memory in self._hosts.items() if (newest := memory.newest()) and newest > old
        }
