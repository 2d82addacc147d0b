"""2,000 unchanged polls (304) of 200 loopback hosts: requests a second and CPU of the fetcher alone.

    python benchmarks/fetch_unchanged.py

The server runs in a process of its own and is not counted. The least of three rounds is kept.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from multiprocessing.connection import Connection

import uvloop

from feedhub.fetch.aiohttp_fetcher import AiohttpFetcher
from feedhub.model import NotModified, Request, Validators
from feedhub.settings import Polling
from reporting import Report, arguments, versions

HOSTS, EACH = 200, 10
ANSWER = b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nCache-Control: max-age=900\r\nConnection: close\r\n\r\n'


async def _serve(pipe: Connection) -> None:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        writer.close()

    port, servers = 0, []
    for number in range(1, HOSTS + 1):
        servers.append(await asyncio.start_server(one, f"127.0.1.{number}", port))
        port = servers[0].sockets[0].getsockname()[1]
    pipe.send(port)
    await asyncio.Event().wait()


def _server(pipe: Connection) -> None:
    uvloop.run(_serve(pipe))


async def _poll(port: int) -> int:
    settings = Polling(allow_networks=(ip_network("127.0.0.0/8"),), ports=("1-65535",), host_gap=timedelta(0))
    fetcher = AiohttpFetcher(settings, contact="", version="0", clock=lambda: datetime.now(UTC))
    urls = [f"http://127.0.1.{number}:{port}/{feed}" for feed in range(EACH) for number in range(1, HOSTS + 1)]
    requests = [Request(url=url, validators=Validators(etag='"a"', last_modified="x", url=url)) for url in urls]
    results = await asyncio.gather(*(fetcher.fetch(request) for request in requests))
    await fetcher.close()
    return sum(isinstance(result, NotModified) for result in results)


def _measure(report: Report, name: str, run: Coroutine[None, None, int], *, fast_loop: bool) -> float:
    """CPU microseconds a request."""
    wall, cpu = time.perf_counter(), time.process_time()
    unchanged = uvloop.run(run) if fast_loop else asyncio.run(run)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    report.row(name, unchanged, unchanged / wall, cpu / HOSTS / EACH * 1e6, memory)
    return cpu / HOSTS / EACH * 1e6


def main(report: Report) -> None:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_server, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    report.table("loop", "unchanged", "requests/s", "CPU µs a request", "peak MB")
    taken: dict[str, list[float]] = {"asyncio": [], "uvloop": []}
    for _ in range(3):
        for name, each in taken.items():
            each.append(_measure(report, name, _poll(port), fast_loop=name == "uvloop"))
    for name, each in taken.items():
        report.figure(f"{name}: CPU a request, times the loop", min(each), "µs")
    server.terminate()
    server.join()


if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    with Report("fetch_unchanged", options, versions=versions("aiohttp", "uvloop")) as begun:
        main(begun)
