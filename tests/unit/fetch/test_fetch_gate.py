"""The gate on a clock that only the test moves."""

from __future__ import annotations

import asyncio
import heapq

import pytest

from feedhub.fetch.gate import Gate, Manners


class VirtualTime:
    """Seconds that pass only when everybody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.now + seconds, self._count, future))
        await future

    async def run(self, *tasks: asyncio.Task[None]) -> None:
        while not all(task.done() for task in tasks):
            for _ in range(50):
                await asyncio.sleep(0)
            if self._sleepers:
                self.now, _, future = heapq.heappop(self._sleepers)
                if not future.done():
                    future.set_result(None)


class Street:
    """Starts visits and writes down when each began and how many were inside."""

    def __init__(self, **manners: float) -> None:
        self.time = VirtualTime()
        wanted = {"concurrency": 200, "per_host": 1, "per_address": 4, "gap": 1.0} | manners
        self.gate = Gate(
            Manners(
                concurrency=int(wanted["concurrency"]),
                per_host=int(wanted["per_host"]),
                per_address=int(wanted["per_address"]),
                gap=wanted["gap"],
                domain_gap=wanted.get("domain_gap", 0.0),
            ),
            now=lambda: self.time.now,
            sleep=self.time.sleep,
        )
        self.starts: list[tuple[str, float]] = []
        self.inside = self.most = 0

    def visit(
        self, host: str, seconds: float, address: str = "", name: str = "", domain: str = ""
    ) -> asyncio.Task[None]:
        async def go() -> None:
            async with self.gate.turn(host, address or host, domain):
                self.starts.append((name or host, self.time.now))
                self.inside += 1
                self.most = max(self.most, self.inside)
                try:
                    await self.time.sleep(seconds)
                finally:
                    self.inside -= 1

        return asyncio.create_task(go())


async def test_starts_on_one_host_keep_the_gap() -> None:
    street = Street()
    await street.time.run(*(street.visit("a", 0.25) for _ in range(4)))
    assert [moment for _, moment in street.starts] == [0, 1, 2, 3]


async def test_a_host_may_ask_for_a_longer_gap_than_the_usual() -> None:
    street = Street()
    async with street.gate.turn("a", "a", pause=7.0):
        pass
    await street.time.run(street.visit("a", 0.25), street.visit("b", 0.25), street.visit("a", 0.25))
    assert street.starts == [("b", 0), ("a", 7), ("a", 8)]


async def test_a_slow_request_delays_the_next_on_its_host_only() -> None:
    street = Street()
    await street.time.run(street.visit("a", 5), street.visit("a", 1), street.visit("b", 1))
    assert sorted(street.starts) == [("a", 0), ("a", 5), ("b", 0)]


async def test_more_lanes_still_keep_the_gap_between_starts() -> None:
    street = Street(per_host=3)
    await street.time.run(*(street.visit("a", 10) for _ in range(4)))
    assert [moment for _, moment in street.starts] == [0, 1, 2, 10]


async def test_first_come_first_served() -> None:
    street = Street(gap=0)
    await street.time.run(*(street.visit("a", 1, name=str(number)) for number in range(8)))
    assert [name for name, _ in street.starts] == [str(number) for number in range(8)]


async def test_four_requests_to_one_address() -> None:
    street = Street(gap=0)
    await street.time.run(*(street.visit(f"h{number}", 1, "192.0.2.1") for number in range(10)))
    assert street.most == 4


async def test_all_together_never_exceed_the_whole_and_waiters_hold_no_place() -> None:
    street = Street(concurrency=3)
    crowd = [street.visit("crowded", 1) for _ in range(10)]
    others = [street.visit(f"h{number}", 1) for number in range(6)]
    await street.time.run(*crowd, *others)
    assert street.most == 3
    assert max(moment for name, moment in street.starts if name != "crowded") <= 3


@pytest.mark.parametrize("when", [0, 1, 3])
async def test_a_cancelled_visit_gives_everything_back(when: int) -> None:
    """Cancelled while inside, while waiting for the gap, or while waiting behind others: the rest go on."""
    street = Street(concurrency=1, per_address=1)
    tasks = [street.visit("a", 2, name=str(number)) for number in range(4)]
    for _ in range(20):
        await asyncio.sleep(0)
    tasks[when].cancel()
    rest = [task for task in tasks if task is not tasks[when]]
    await street.time.run(*rest)
    last = street.visit("a", 1, name="last")
    await street.time.run(last)
    expected = [str(number) for number in range(4) if number != when or when == 0] + ["last"]
    assert [name for name, _ in street.starts] == expected


async def test_many_hosts_are_not_remembered_for_ever() -> None:
    street = Street(gap=0.001)
    for batch in range(5):
        await street.time.run(*(street.visit(f"{batch}-{number}", 1) for number in range(500)))
    assert len(street.gate._lanes) <= 1500


async def test_hosts_of_a_domain_keep_its_gap_and_hosts_of_others_do_not_wait() -> None:
    street = Street(domain_gap=3.0)
    pairs = (("a.x", "x"), ("b.x", "x"), ("a.y", "y"), ("a.x", "x"))
    visits = [street.visit(host, 0.1, domain=domain) for host, domain in pairs]
    await street.time.run(*visits)
    assert street.starts == [("a.x", 0.0), ("a.y", 0.0), ("b.x", 3.0), ("a.x", 6.0)]


async def test_new_manners_hold_at_once_and_cut_no_gap_short() -> None:
    street = Street(per_host=1, gap=5.0)
    first = street.visit("h", 1.0)
    await street.time.run(first)
    street.gate.behave(Manners(concurrency=9, per_host=2, per_address=4, gap=1.0))
    rest = [street.visit("h", 10.0, name=str(turn)) for turn in range(3)]
    await street.time.run(*rest)
    assert street.starts == [("h", 0.0), ("0", 5.0), ("1", 6.0), ("2", 15.0)]
    assert street.most == 2


async def test_a_host_is_not_forgotten_while_its_domain_is_looked_up() -> None:
    street = Street(gap=1000.0, domain_gap=1.0)
    await street.time.run(*(street.visit(f"h{number}", 0) for number in range(1100)))
    began = street.time.now
    await street.time.run(*(street.visit("a.x", 0, domain=domain) for domain in ("x", "y")))
    assert [moment - began for _, moment in street.starts[-2:]] == [0, 1000]
