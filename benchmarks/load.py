"""A busy day in a quarter of an hour: 2,000 readers ask for 500 feeds while 1,000 sources are polled each minute and post.

    python benchmarks/load.py [SECONDS]        (default: 900)

The daemon is the installed command with a database of its own. Publishers run in one process, readers in another. Each reader opens a
connection for each request, as feed readers do, asks conditionally and in gzip, and waits a while of its own; twenty ask as fast as they
are answered. Beside them a hundred clients misbehave: they hold a connection open and say nothing, or say it a byte at a time, or do not read
what they asked for. Latency is what a reader waits from its connection to the last byte, so it also holds the readers' own waiting for
the processor. The baseline is the same machine a moment before: the same requests while nothing is polled.
"""

from __future__ import annotations

import asyncio
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from feedhub.runner import run_loop
from languages import Language
from processes import group_memory
from publishers import address, publishers, tick
from reporting import Report, arguments
from workload import SEED

READERS, GREEDY, RUDE, FEEDS, SOURCES = 2_000, 20, 100, 500, 1_000
PAUSE = 8.0
"""Seconds that a reader waits between two requests, on average."""
NEWS_EVERY, NEWS_SHARE = 6.0, 0.02
"""Each so many seconds this share of the sources has another entry: twenty of a thousand, one in five within a minute."""
PARTS = 5
TIMEOUT = 30.0


@dataclass(slots=True)
class Part:
    """One stretch of the run."""

    waited: list[float] = field(default_factory=list)  # seconds, a number for each answer
    statuses: Counter[str] = field(default_factory=Counter)
    memory: float = 0.0  # MB of the daemon and its workers, at the end

    def quantile(self, of_hundred: int) -> float:
        return statistics.quantiles(self.waited, n=100)[of_hundred - 1] * 1000


@dataclass(slots=True)
class Crowd:
    """The readers, and what they saw."""

    port: int
    paths: Sequence[str]
    tags: dict[tuple[int, str], str] = field(default_factory=dict)
    part: Part = field(default_factory=Part)

    async def ask(self, reader: int, path: str) -> None:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT):
                status, tag = await self._answer(path, self.tags.get((reader, path), ""))
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            self.part.statuses[type(error).__name__] += 1
            return
        self.part.waited.append(time.perf_counter() - began)
        self.part.statuses[status] += 1
        if tag:
            self.tags[reader, path] = tag

    async def _answer(self, path: str, tag: str) -> tuple[str, str]:
        incoming, outgoing = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            condition = f"If-None-Match: {tag}\r\n" if tag else ""
            outgoing.write(
                f"GET {path} HTTP/1.1\r\nHost: hub\r\nAccept-Encoding: gzip\r\nConnection: close\r\n{condition}\r\n".encode()
            )
            head = (await incoming.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = re.search(r"(?i)content-length: (\d+)", head)
            status = head.split(" ", 2)[1]
            if status != "304" and length:
                await incoming.readexactly(int(length[1]))
            found = re.search(r"(?i)\netag: ([^\r]+)", head)
            return status, found[1] if found else ""
        finally:
            outgoing.close()

    async def reader(self, number: int) -> None:
        dice = random.Random(number)
        mine = dice.sample(self.paths, 5)
        await asyncio.sleep(dice.uniform(0, PAUSE))
        while True:
            await self.ask(number, dice.choice(mine))
            await asyncio.sleep(0 if number < GREEDY else dice.expovariate(1 / PAUSE))

    async def rude(self, number: int) -> None:
        """Holds a connection: silent, a byte at a time, or deaf to the answer."""
        while True:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                incoming, outgoing = await asyncio.open_connection("127.0.0.1", self.port)
                if number % 3 == 1:
                    for byte in b"GET /all.atom HTTP/1.1\r\nHost: hub\r\n" + b"X-Slow: " + b"x" * 500:
                        outgoing.write(bytes([byte]))
                        await outgoing.drain()
                        await asyncio.sleep(1)
                elif number % 3 == 2:
                    outgoing.write(b"GET /all.atom HTTP/1.1\r\nHost: hub\r\n\r\n" * 50)
                    await asyncio.sleep(120)
                else:
                    await incoming.read()
                outgoing.close()
            await asyncio.sleep(1)


async def news(port: int) -> None:
    """Publishers say something new all the time."""
    while True:
        await asyncio.sleep(NEWS_EVERY)
        await asyncio.to_thread(tick, port, NEWS_SHARE)


async def attended(crowd: Crowd, seconds: float, parts: int, daemon: int, publishing: int) -> list[Part]:
    """Have everybody ask for so long; what each part of the time was like."""
    tasks = [asyncio.create_task(crowd.reader(number)) for number in range(READERS)]
    tasks += [asyncio.create_task(crowd.rude(number)) for number in range(RUDE)]
    tasks.append(asyncio.create_task(news(publishing)))
    found = []
    try:
        for _ in range(parts):
            crowd.part = Part()
            await asyncio.sleep(seconds / parts)
            crowd.part.memory = group_memory(daemon)
            found.append(crowd.part)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return found


def configure(folder: Path, port: int) -> None:
    lines = [f"  - {{url: '{address(number, port)}', slug: s{number}}}" for number in range(SOURCES)]
    words = [word for language in ("en", "vi") for word in Language(language, SEED).words[20:40]]
    topics = "\n".join(f"  t{number}: ['{word}']" for number, word in enumerate(words))
    (folder / "config.yaml").write_text(
        "server: {port: 0}\n"
        "polling: {allow_networks: [127.0.0.0/8], ports: ['1-65535'], host_gap: 0s, first_poll_spread: 0s, per_host: 4, interval: {min: 60s, max: 60s}, silent_after: 36500d}\n"
        f"topics:\n{topics}\nsources:\n" + "\n".join(lines) + "\n"
    )


def listening(log: Path) -> int:
    for _ in range(600):
        if found := re.search(r"listening on http://[^:]+:(\d+)", log.read_text()):
            return int(found[1])
        time.sleep(0.1)
    raise SystemExit(f"the daemon did not start:\n{log.read_text()}")


def feeds_of(port: int) -> list[str]:
    """Paths of the feeds once all sources are in, some of each kind."""
    found: list[str] = []
    for _ in range(1800):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/feeds.opml", timeout=30) as reply:
            found = re.findall(r'xmlUrl="https?://[^/]+(/[^"]+)"', reply.read().decode())
        if sum("/sources/" in path for path in found) >= SOURCES:
            break
        time.sleep(0.5)
    return random.Random(1).sample([path for path in found if not path.startswith("/categories/")], FEEDS)


def main(seconds: float, report: Report) -> None:
    with publishers(SOURCES) as port, tempfile.TemporaryDirectory() as room:
        folder, log = Path(room), Path(room) / "daemon.log"
        configure(folder, port)
        with log.open("w") as sink:
            daemon = subprocess.Popen(
                [Path(sys.executable).with_name("feedhub"), "run"],
                cwd=folder,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            served = listening(log)
            crowd = Crowd(served, feeds_of(served))
            parts = run_loop(attended(crowd, seconds, PARTS, daemon.pid, port))
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(30)
        print(
            f"\n{READERS:,} readers, {RUDE} rude clients, {FEEDS} feeds, {SOURCES:,} sources each minute, {seconds:.0f} s"
        )
        table(parts, report)
        logged = log.read_text().splitlines()
        faults = [at for at, line in enumerate(logged) if "Traceback" in line or '"level": "error"' in line]
        print(
            f"\nfaults in the daemon's log: {len(faults)}",
            *logged[faults[0] : faults[0] + 30] if faults else (),
            sep="\n",
        )


def table(parts: Sequence[Part], report: Report) -> None:
    report.table("part", "answers", "304", "errors", "p50 ms", "p99 ms", "slowest ms", "MB")
    for number, part in enumerate(parts, 1):
        bad = sum(count for status, count in part.statuses.items() if status not in {"200", "304"})
        share = part.statuses["304"] / max(1, len(part.waited))
        name = f"{number}/{PARTS}"
        report.row(name, f"{len(part.waited):,}", f"{share:.0%}", bad, part.quantile(50), part.quantile(99),
                   max(part.waited) * 1000, part.memory)  # fmt: skip
        report.figure(f"part {name}: p99", part.quantile(99), "ms")
        report.figure(f"part {name}: memory", part.memory, "MB", baseline=100)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=900)
    options = parser.parse_args()
    with Report("load", options, f"{options.seconds:g}", seed=SEED) as begun:
        main(options.seconds, begun)
