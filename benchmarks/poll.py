"""What polling costs: N loopback sources, polled first, unchanged, and with a tenth of them changed.

    python benchmarks/poll.py [N ...]        (default: 100 1000)

The source server runs in a process of its own, with ready bytes and validators, on many loopback addresses so that
pacing per host does not decide. FeedHub is the real thing: configuration, SQLite file, fetcher, workers, writer. CPU and
memory are those of FeedHub and its workers together, CPU also by stage; the baseline is feedparser alone on the same
documents, and the ratio to it is what compares across machines and days.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path

import feedparser

from feedhub import applying, wiring
from feedhub.config import load_text
from feedhub.logs import set_up_logging
from feedhub.runner import run_loop
from feedhub.store import migrate

ENTRIES = 30
HOSTS = 250
WORDS = [
    "market",
    "bank",
    "central",
    "rate",
    "growth",
    "report",
    "minister",
    "city",
    "river",
    "storm",
    "team",
    "match",
    "season",
    "school",
    "science",
    "energy",
    "water",
    "ngân",
    "hàng",
    "trung",
    "ương",
    "lãi",
    "suất",
    "giá",
    "tăng",
    "trưởng",
    "báo",
    "cáo",
    "thành",
    "phố",
    "bóng",
    "trận",
    "đấu",
    "khoa",
    "học",
    "năng",
    "lượng",
    "nước",
    "công",
    "ty",
]


def document(number: int, version: int) -> bytes:
    """An RSS feed of 30 entries, about 40 kB; a new version has one new entry at the top."""
    items = []
    for at in range(version + ENTRIES, version, -1):
        dice = random.Random(f"{number} {at}")
        body = " ".join(dice.choices(WORDS, k=150))
        items.append(
            f"<item><title>{' '.join(dice.choices(WORDS, k=8))} {number}-{at}</title>"
            f"<link>https://site{number}.example/{at}</link><guid>https://site{number}.example/{at}</guid>"
            f"<pubDate>Tue, {1 + at % 23:02} Nov 2026 10:00:{at % 60:02} GMT</pubDate><author>Author {number % 50}</author>"
            f"<category>{dice.choice(WORDS)}</category><description>&lt;p&gt;{body}&lt;/p&gt;</description></item>"
        )
    head = f"<title>Site {number}</title><link>https://site{number}.example/</link><description>d</description>"
    return f'<rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'.encode()


def serve(count: int, pipe: Connection) -> None:
    """The publishers: answer with the current version of a feed or 304; ``change`` renews every tenth feed."""
    feeds = {number: (document(number, 0), 0) for number in range(count)}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        number = int(head.split(" ", 2)[1].strip("/"))
        body, version = feeds[number]
        tag = f'"{number}-{version}"'
        if f"If-None-Match: {tag}" in head:
            writer.write(f"HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\nConnection: close\r\n\r\n".encode())
        else:
            start = f"HTTP/1.1 200 OK\r\nETag: {tag}\r\nContent-Type: application/rss+xml\r\nConnection: close\r\n"
            writer.write(f"{start}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    def change() -> None:
        pipe.recv()
        for number in range(0, count, 10):
            feeds[number] = (document(number, 1), 1)
        pipe.send("changed")

    async def main() -> None:
        server = await asyncio.start_server(answer, "0.0.0.0", 0, backlog=1024)
        asyncio.get_running_loop().add_reader(pipe.fileno(), change)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    run_loop(main())


@contextmanager
def publishers(count: int) -> Iterator[tuple[int, Connection]]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(count, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.terminate()
        process.join()


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds by stage, and peak memory (MB) of all processes together."""

    loop: float  # fetching, pacing, and the order of everything
    writer: float  # deciding what is new, and storing it
    workers: float  # parsing, cleaning, labelling, in their processes
    memory: float

    @property
    def seconds(self) -> float:
        return self.loop + self.writer + self.workers

    def since(self, before: Used) -> Used:
        return Used(
            self.loop - before.loop, self.writer - before.writer, self.workers - before.workers, memory=self.memory
        )


def _seconds(stat: Path, children: bool) -> float:
    fields = stat.read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if children else 13])) / os.sysconf("SC_CLK_TCK")


def used() -> Used:
    """What all processes of our group have used so far: this one by threads, the workers, and what they waited for.

    The workers' parent is a fork server that ends after us, so that the usual accounting of children misses them.
    """
    everything, memory = 0.0, 0.0
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and os.getpgid(int(folder.name)) == os.getpgrp():
                everything += _seconds(folder / "stat", children=True)
                status = (folder / "status").read_text()
                memory += int(status.partition("VmHWM:")[2].split()[0]) / 1000
        except (OSError, IndexError, ValueError):
            continue  # not a process, or one that has just ended
    own = _seconds(Path("/proc/self/stat"), children=False)
    writer = sum(
        _seconds(Path(f"/proc/self/task/{thread.native_id}/stat"), children=False)
        for thread in threading.enumerate()
        if thread.name.startswith("feedhub-writer")
    )
    return Used(loop=own - writer, writer=writer, workers=everything - own, memory=memory)


@dataclass(frozen=True, slots=True)
class Phase:
    wall: float
    used: Used
    new: int
    failed: int


def phase(folder: Path, count: int, port: int, results: Connection) -> None:
    """One poll of everything in a process of its own; sends wall, CPU, memory and the numbers of outcomes."""
    os.setpgrp()
    set_up_logging("warning", "json")
    sources = "\n".join(
        f"  - {{url: 'http://127.0.{1 + n % HOSTS // 125}.{1 + n % 125}:{port}/{n}', slug: s{n}}}" for n in range(count)
    )
    polling = "{allow_networks: [127.0.0.0/8], ports: ['1-65535'], host_gap: 0s, per_host: 4, manual_gap: 0s}"
    settings = load_text(f"polling: {polling}\nsources:\n{sources}\n", folder / "config.yaml", {})
    migrate(wiring.database_url(settings))

    async def main() -> Phase:
        home = wiring.open_home(settings)
        await home.writer.run(lambda: applying.apply_configuration(settings, settings, home.store, wiring.now()))
        parts = wiring.build(settings, home)
        wall, before = time.perf_counter(), used()
        outcomes = [one async for one in parts.pipeline.poll(home.store.states())]
        wall = time.perf_counter() - wall
        spent = used().since(before)
        await parts.close(5)
        home.close()
        bad = sum(one.kind not in {"ok", "unchanged"} for one in outcomes)
        return Phase(wall, spent, sum(one.new for one in outcomes), bad)

    results.send(run_loop(main()))


def run_phase(folder: Path, count: int, port: int) -> Phase:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=phase, args=(folder, count, port, theirs))
    process.start()
    found: Phase = ours.recv()
    process.join()
    return found


def baseline(count: int) -> float:
    """CPU seconds of feedparser alone on the same documents (on a tenth of them, scaled)."""
    some = [document(number, 0) for number in range(0, count, 10)]
    began = time.process_time()
    for body in some:
        feedparser.parse(BytesIO(body))
    return (time.process_time() - began) * 10


def main() -> None:
    print(
        "| sources | poll | wall s | sources/s | CPU s per 1,000 | of it loop | writer | workers "
        "| times feedparser alone | peak MB, all processes | new | failed |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for count in [int(text) for text in sys.argv[1:]] or [100, 1000]:
        with tempfile.TemporaryDirectory() as name, publishers(count) as (port, pipe):
            alone = baseline(count)
            for what in ("first", "unchanged", "10 % changed"):
                if what == "10 % changed":
                    pipe.send("change")
                    pipe.recv()
                found = run_phase(Path(name), count, port)
                cpu = found.used
                by_stage = " | ".join(f"{part / count * 1000:.2f}" for part in (cpu.loop, cpu.writer, cpu.workers))
                print(
                    f"| {count} | {what} | {found.wall:.2f} | {count / found.wall:.0f} | {cpu.seconds / count * 1000:.2f} "
                    f"| {by_stage} | {cpu.seconds / alone:.3f} | {cpu.memory:.0f} | {found.new} | {found.failed} |",
                    flush=True,
                )
            each = alone / count * 1000
            print(f"| {count} | feedparser alone | – | – | {each:.2f} | – | – | – | 1 | – | – | – |", flush=True)


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
