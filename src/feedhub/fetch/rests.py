"""Hosts that asked for quiet, or are down for all their sources. Holds what it was told; reads no clock.

How long hosts rest says ``polling.backoff``, handed in with each call, because what is remembered outlives a change of
the configuration, and as text also the process.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from feedhub.model import Failure
from feedhub.settings import Backoff

HOST_FAILURES = frozenset(
    {Failure.DNS, Failure.CONNECT, Failure.TLS, Failure.TIMEOUT, Failure.SERVER, Failure.PROTOCOL}
)
"""Failures that speak of the host and not of one document."""
QUIET = "The host asked for quiet; nothing was sent."
_MANY = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Until when a host is left alone, and why.

    ``beside_until`` is never earlier: until then nothing is asked beside the documents of sources (``Request.beside``).
    """

    until: datetime
    failure: Failure
    detail: str
    beside_until: datetime


@dataclass(slots=True)
class _Memory:
    answered: dict[str, datetime] = field(default_factory=dict)  # at most two URLs, the newest last
    failing: dict[str, datetime] = field(default_factory=dict)
    rest: Rest | None = None
    in_a_row: int = 0

    def newest(self) -> datetime | None:
        moments = [*self.answered.values(), *self.failing.values(), *([self.rest.beside_until] if self.rest else [])]
        return max(moments, default=None)


class HostRests:
    """What is remembered of hosts. ``authority`` is a host with its port (``Target.authority``)."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Memory] = {}
        self._changed = False

    def changes(self, now: datetime) -> str | None:
        """The rests that last as text for :meth:`recall`, when they are not those of the last call; else None."""
        if not self._changed:
            return None
        self._changed = False
        rests = {
            host: [
                rest.until.isoformat(),
                rest.failure.value,
                rest.detail,
                memory.in_a_row,
                rest.beside_until.isoformat(),
            ]
            for host, memory in self._hosts.items()
            if (rest := memory.rest) and rest.beside_until > now
        }
        return json.dumps(rests, ensure_ascii=False)

    def recall(self, text: str, latest: datetime) -> None:
        """Take over what :meth:`changes` said in an earlier process. What is no such text is passed over.

        :param latest: no rest lasts longer: the clock may have been wrong when it was written.
        """
        try:
            for host, (until, failure, detail, in_a_row, *beside) in json.loads(text).items():
                ends, beside_ends = (
                    min(datetime.fromisoformat(moment).astimezone(UTC), latest)
                    for moment in (until, *(beside or [until]))
                )
                rest = Rest(until=ends, failure=Failure(failure), detail=str(detail), beside_until=beside_ends)
                self._hosts[host] = _Memory(rest=rest, in_a_row=int(in_a_row))
        except (ValueError, TypeError, AttributeError):
            return

    def shift(self, by: timedelta) -> None:
        """The clock was set by so much: rests last as long as they would have, and what was seen is as old as it was."""
        for memory in self._hosts.values():
            memory.answered = {url: moment + by for url, moment in memory.answered.items()}
            memory.failing = {url: moment + by for url, moment in memory.failing.items()}
            if memory.rest is not None:
                rest = memory.rest
                memory.rest = replace(rest, until=rest.until + by, beside_until=rest.beside_until + by)
                self._changed = True

    def resting(self, authority: str, now: datetime, *, beside: bool = False) -> Rest | None:
        """The rest that keeps a request from this host. ``beside``: as in :class:`feedhub.model.Request`."""
        memory = self._hosts.get(authority)
        rest = memory.rest if memory else None
        if rest is not None and beside:
            rest = replace(rest, until=rest.beside_until)
        return rest if rest is not None and rest.until > now else None

    def answered(self, authority: str, url: str, now: datetime) -> None:
        """A usable answer: the host is well."""
        memory = self._memory(authority, now)
        memory.answered.pop(url, None)
        memory.answered[url] = now
        while len(memory.answered) > 2:
            del memory.answered[next(iter(memory.answered))]
        memory.failing.clear()
        memory.in_a_row = 0

    def busy(self, authority: str, url: str, now: datetime, retry_at: datetime | None, terms: Backoff) -> None:
        """429 or 503. The whole host rests, unless another path of it answered within ``host_heard``: then only what would
        be asked beside the sources themselves waits, such as one article after another. When ``host_failures`` sources hear
        the same, the host means all of them."""
        memory = self._memory(authority, now)
        until = retry_at or now + min(terms.busy * 2 ** min(memory.in_a_row, 10), terms.longest)
        elsewhere = any(other != url and now - moment <= terms.host_heard for other, moment in memory.answered.items())
        many = self._are_many(memory, url, now, terms)
        if many:
            until = max(until, now + terms.host_pause)
        spared = elsewhere and not many
        memory.in_a_row += not spared
        self._rest(memory, now if spared else until, until, Failure.RATE_LIMITED, QUIET)

    def later(self, authority: str, now: datetime, retry_at: datetime) -> None:
        """Another refusal with a Retry-After, of something that was asked beside the sources: nothing like it is asked until then."""
        self._rest(self._memory(authority, now), now, retry_at, Failure.RATE_LIMITED, QUIET)

    def failed(self, authority: str, url: str, failure: Failure, now: datetime, terms: Backoff) -> None:
        """Something went wrong for one source; only :data:`HOST_FAILURES` count."""
        if failure not in HOST_FAILURES:
            return
        memory = self._memory(authority, now)
        if self._are_many(memory, url, now, terms):
            until = now + terms.host_pause
            detail = f"{terms.host_failures} sources of this host failed in a short time; nothing was sent."
            self._rest(memory, until, until, failure, detail)

    @staticmethod
    def _are_many(memory: _Memory, url: str, now: datetime, terms: Backoff) -> bool:
        """Whether with this one ``host_failures`` sources failed within ``host_window``, none answering in between."""
        memory.failing = {
            other: moment for other, moment in memory.failing.items() if now - moment <= terms.host_window
        } | {url: now}
        if len(memory.failing) < terms.host_failures:
            return False
        memory.failing.clear()
        return True

    def _rest(self, memory: _Memory, until: datetime, beside: datetime, failure: Failure, detail: str) -> None:
        """Let a host rest. A later word never shortens what an earlier one asked for."""
        before = memory.rest
        if before is not None:
            until, beside = max(until, before.until), max(beside, before.beside_until)
            if (until, beside) == (before.until, before.beside_until):
                return
        memory.rest = Rest(until=until, failure=failure, detail=detail, beside_until=beside)
        self._changed = True

    def _memory(self, authority: str, now: datetime) -> _Memory:
        if len(self._hosts) >= _MANY and authority not in self._hosts:
            self._forget(now)
        return self._hosts.setdefault(authority, _Memory())

    def _forget(self, now: datetime) -> None:
        """Drop hosts of which nothing within the last hour is known."""
        old = now - timedelta(hours=1)
        self._hosts = {
            name: memory for name, memory in self._hosts.items() if (newest := memory.newest()) and newest > old
        }
