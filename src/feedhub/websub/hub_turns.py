"""Whose delivery begins now: bounded in all and for each domain, and nobody waits for those who are slow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from feedhub.ports.hub import Owed


class Places:
    """Deliveries in flight, by subscription. Who is doubted gets half of the places at most, of all and of a domain's."""

    def __init__(self, everybody: int, each_host: int) -> None:
        self._in_flight: dict[bytes, tuple[str, bool]] = {}
        self._hosts: Counter[str] = Counter()
        self._doubted: Counter[str] = Counter()
        self.resize(everybody, each_host)

    def resize(self, everybody: int, each_host: int) -> None:
        """Other bounds for who comes next; nobody is sent away."""
        self._everybody = everybody
        self._each_host = each_host

    def __contains__(self, key: bytes) -> bool:
        return key in self._in_flight

    def __len__(self) -> int:
        return len(self._in_flight)

    def keys(self) -> Collection[bytes]:
        """The subscriptions that have a place."""
        return self._in_flight.keys()

    @property
    def full(self) -> bool:
        return len(self._in_flight) >= self._everybody

    def enter(self, key: bytes, host: str, *, doubted: bool) -> bool:
        """Take a place if there is one."""
        if self.full or self._hosts[host] >= self._each_host:
            return False
        if doubted and (
            self._doubted.total() >= self._everybody // 2 or self._doubted[host] >= max(self._each_host // 2, 1)
        ):
            return False
        self._in_flight[key] = host, doubted
        self._hosts[host] += 1
        self._doubted[host] += doubted
        return True

    def leave(self, key: bytes) -> None:
        host, doubted = self._in_flight.pop(key)
        for counter, number in ((self._hosts, 1), (self._doubted, int(doubted))):
            counter[host] -= number
            if not counter[host]:
                del counter[host]


def in_turn(owed: Iterable[Owed], slow: Collection[bytes]) -> list[Owed]:
    """Who was well the last time comes first, then who has waited longest."""
    return sorted(owed, key=lambda one: (_is_doubted(one, slow), _last_heard(one), one.subscription.key))


def choose(waiting: Sequence[Owed], slow: Collection[bytes], places: Places) -> tuple[list[Owed], list[Owed]]:
    """Who begins now, and who waits on, both in their order. Who begins has taken its place; nobody has two, so that
    versions arrive in their order."""
    begun: list[Owed] = []
    left: list[Owed] = []
    for index, one in enumerate(waiting):
        if places.full:
            return begun, [*left, *waiting[index:]]
        key, host = one.subscription.key, one.subscription.host
        may = key not in places and places.enter(key, host, doubted=_is_doubted(one, slow))
        (begun if may else left).append(one)
    return begun, left


def _is_doubted(one: Owed, slow: Collection[bytes]) -> bool:
    """Whether the last delivery failed or was slow."""
    return one.subscription.failures > 0 or one.subscription.key in slow


def _last_heard(one: Owed) -> float:
    last = one.subscription.delivered_at or one.subscription.since
    return last.timestamp()
