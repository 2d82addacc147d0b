"""Pace and rests as a server sees them, and what remains of a rough day."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from feedhub.fetch.hosts import Hosts
from feedhub.model import Failure, FetchFailed, FetchResult, Request
from feedhub.settings import Timeouts
from support.fetching import NOW, FixedResolver, failed, fetched, fetcher, polling
from support.hostile import HostileServer, Wire, answer

FEED = b"<rss version='2.0'><channel><title>x</title></channel></rss>"


class Clockwork:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **much: float) -> None:
        self.now += timedelta(**much)


async def _slowly(wire: Wire) -> None:
    await asyncio.sleep(0.05)
    await wire.send(answer(200, FEED))


async def test_one_request_at_a_time_to_a_host() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", _slowly)
        results = await asyncio.gather(*(ours.fetch(Request(url=f"{url}?{number}")) for number in range(6)))
    assert all(fetched(result) for result in results)
    assert server.most_open == 1
    assert [seen.target for seen in server.requests] == [f"/feed?{number}" for number in range(6)]


async def test_starts_on_a_host_keep_the_gap_also_between_hops() -> None:
    async with HostileServer() as server, fetcher(polling(gap=0.2)) as ours:
        server.route("/old", answer(301, Location="/new"))
        server.route("/new", answer(200, FEED))
        started = asyncio.get_running_loop().time()
        await asyncio.gather(*(ours.fetch(Request(url=server.url(path))) for path in ("/old", "/new")))
    after = [seen.at - started for seen in server.requests]
    assert len(after) == 3
    # From the start, not from one to the next: a busy machine notes a request late, never early.
    assert all(moment > 0.2 * place - 0.01 for place, moment in enumerate(after))


async def test_hosts_do_not_wait_for_each_other_but_share_an_address() -> None:
    names = FixedResolver({f"h{number}.example": ["127.0.0.1"] for number in range(12)})
    async with HostileServer() as server, fetcher(resolver=names) as ours:
        server.route("/feed", _slowly)
        urls = [server.url("/feed", host=name) for name in (f"h{number}.example" for number in range(12))]
        await asyncio.gather(*(ours.fetch(Request(url=url)) for url in urls))
    assert len(server.requests) == 12
    assert server.most_open == 4


async def test_hosts_of_one_registrable_domain_share_a_gap_where_that_is_configured() -> None:
    hosts = ("a.example.co.uk", "b.example.co.uk", "example.co.uk", "c.other.co.uk")
    for gap, least in ((0.0, -1.0), (0.2, 0.19)):
        names = FixedResolver({name: [f"127.0.0.{number}"] for number, name in enumerate(hosts, 1)})
        async with HostileServer(hosts=tuple(f"127.0.0.{number}" for number in range(1, 5))) as server:
            async with fetcher(polling(domain_gap=gap), resolver=names) as ours:
                server.route("/feed", answer(200, FEED))
                started = asyncio.get_running_loop().time()
                await asyncio.gather(*(ours.fetch(Request(url=server.url("/feed", host=name))) for name in hosts))
            at = {(seen.value("Host") or "").partition(":")[0]: seen.at for seen in server.requests}
        arrived = sorted(at[name] for name in hosts[:3])
        assert all(moment - started > turn * least for turn, moment in enumerate(arrived))
        assert at["c.other.co.uk"] < max(at[name] for name in hosts[:3]) or not gap
        assert max(at.values()) - started < (5 if gap else 2)


async def test_a_change_of_the_configuration_gives_no_host_a_second_request_and_cuts_no_gap() -> None:
    hosts = Hosts()
    async with HostileServer() as server:
        url = server.route("/feed", _slowly)
        async with fetcher(polling(gap=0.2), hosts=hosts) as old, fetcher(polling(gap=0.25), hosts=hosts) as new:
            mixed = (old, new, old, new)
            started = asyncio.get_running_loop().time()
            await asyncio.gather(*(ours.fetch(Request(url=f"{url}?{turn}")) for turn, ours in enumerate(mixed)))
    assert server.most_open == 1
    assert all(seen.at - started > 0.2 * place - 0.01 for place, seen in enumerate(server.requests))


async def test_a_host_that_asked_for_quiet_is_left_alone_until_then() -> None:
    clock = Clockwork()
    async with HostileServer() as server, fetcher(clock=clock) as ours:
        busy = server.route("/busy", [answer(429, Retry_After="600"), answer(200, FEED)])
        other = server.route("/other", answer(200, FEED))
        assert failed(await ours.fetch(Request(url=busy)), Failure.RATE_LIMITED).asked
        for url in (busy, other):
            resting = failed(await ours.fetch(Request(url=url)), Failure.RATE_LIMITED)
            assert not resting.asked
            assert resting.freshness.retry_at == NOW + timedelta(seconds=600)
        assert len(server.requests) == 1
        clock.pass_time(seconds=600)
        fetched(await ours.fetch(Request(url=busy)))


async def test_one_busy_path_does_not_silence_a_host_that_answers_elsewhere() -> None:
    clock = Clockwork()
    async with HostileServer() as server, fetcher(clock=clock) as ours:
        well = server.route("/well", answer(200, FEED))
        busy = server.route("/busy", answer(503, Retry_After="7200"))
        fetched(await ours.fetch(Request(url=well)))
        clock.pass_time(minutes=59)
        failed(await ours.fetch(Request(url=busy)), Failure.SERVER)
        fetched(await ours.fetch(Request(url=well)))


async def test_five_busy_paths_silence_a_host_also_when_another_answered_before() -> None:
    clock = Clockwork()
    async with HostileServer() as server, fetcher(clock=clock) as ours:
        for status, most in ((429, timedelta(hours=1)), (503, timedelta(minutes=30))):
            fetched(await ours.fetch(Request(url=server.route("/well", answer(200, FEED)))))
            server.requests.clear()
            for number in range(6):
                server.route(f"/{number}", answer(status) if status == 429 else answer(status, Retry_After="60"))
            results = [await ours.fetch(Request(url=server.url(f"/{number}"))) for number in range(6)]
            last = results[-1]
            assert isinstance(last, FetchFailed)
            assert (last.asked, last.freshness.retry_at, len(server.requests)) == (False, clock.now + most, 5)
            clock.pass_time(hours=1)


async def test_requests_in_the_queue_hear_of_the_quiet_that_an_earlier_one_was_asked_for() -> None:
    async with HostileServer() as server, fetcher() as ours:
        url = server.route("/feed", answer(429))
        results = await asyncio.gather(*(ours.fetch(Request(url=f"{url}?{number}")) for number in range(5)))
    assert [failed(result, Failure.RATE_LIMITED).asked for result in results] == [True, False, False, False, False]
    assert len(server.requests) == 1


async def test_five_failing_sources_pause_their_host_for_half_an_hour() -> None:
    clock = Clockwork()
    async with HostileServer() as server, fetcher(clock=clock) as ours:
        for number in range(6):
            server.route(f"/{number}", answer(500))
        results = [await ours.fetch(Request(url=server.url(f"/{number}"))) for number in range(6)]
        assert [failed(result, Failure.SERVER).asked for result in results] == [True] * 5 + [False]
        clock.pass_time(minutes=30)
        assert failed(await ours.fetch(Request(url=server.url("/5"))), Failure.SERVER).asked
    assert len(server.requests) == 6


async def test_a_redirect_is_no_answer_that_saves_the_host_it_leads_to() -> None:
    async with HostileServer(hosts=("127.0.0.1", "127.0.0.2")) as server, fetcher() as ours:
        for host, status, requests in (("127.0.0.1", 429, 2), ("127.0.0.2", 500, 10)):
            server.requests.clear()
            for number in range(6):
                server.route(f"/feed{number}", answer(302, Location=f"/{status}/{number}"))
                server.route(f"/{status}/{number}", answer(status))
            urls = [server.url(f"/feed{number}", host=host) for number in range(6)]
            results = [await ours.fetch(Request(url=url)) for url in urls]
            assert not failed(results[-1], Failure.RATE_LIMITED if status == 429 else Failure.SERVER).asked
            assert len(server.requests) == requests


# ---------------------------------------------------------------- a rough day


async def _reset(wire: Wire) -> None:
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nabc")
    wire.reset()


async def _hang(wire: Wire) -> None:
    await wire.reader.read()


async def _slam(wire: Wire) -> None:
    wire.writer.close()


MISCHIEF: tuple[bytes | Callable[[Wire], Awaitable[None]], ...] = (
    answer(200, FEED),
    answer(200, FEED, Content_Encoding="gzip"),
    answer(301, Location="/0"),
    answer(302, Location="?again"),
    answer(404, b"<html>gone</html>", Content_Type="text/html"),
    answer(500),
    b"rubbish\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc",
    _reset,
    _hang,
    _slam,
    _slowly,
)


def _open_files() -> int:
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))


async def test_a_rough_day_leaves_no_socket_and_no_task() -> None:
    dice = random.Random(20260301)
    impatient = Timeouts(first_byte=timedelta(seconds=0.2), read=timedelta(seconds=0.2), total=timedelta(seconds=1))
    hosts = {f"h{number}.example": ["127.0.0.1"] for number in range(60)}
    async with HostileServer() as server:
        tasks_before, files_before = len(asyncio.all_tasks()), _open_files()
        settings = polling(timeouts=impatient, per_host=20)
        async with fetcher(settings, resolver=FixedResolver(hosts)) as ours:
            for number in range(60):
                server.route(f"/{number}", dice.choice(MISCHIEF) if number else answer(200, FEED))
            urls = [server.url(f"/{dice.randrange(60)}?{turn}", host=f"h{turn % 60}.example") for turn in range(300)]
            pending = [asyncio.create_task(ours.fetch(Request(url=url))) for url in urls]
            await asyncio.sleep(0.3)
            for task in pending[::25]:
                task.cancel()
            results = await asyncio.gather(*pending, return_exceptions=True)
        async with asyncio.timeout(5):
            while server.open_now or len(asyncio.all_tasks()) > tasks_before or _open_files() > files_before:
                await asyncio.sleep(0.02)
    kinds = Counter(_kind(result) for result in results)
    assert kinds.total() == 300
    assert {"Fetched", "timeout", "connect", "protocol", "bad encoding"} <= set(kinds)
    assert not [result for result in results if isinstance(result, Exception)]


def _kind(result: FetchResult | BaseException) -> str:
    return str(getattr(result, "failure", None) or type(result).__name__)
