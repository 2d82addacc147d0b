"""What polling costs: N loopback sources, polled first, unchanged, and with a tenth of them changed.

    python benchmarks/poll.py [N ...] [--listed N] [--profile] [--functions]        (default: 100 1000)

The sources are those of :mod:`workload`, served by :mod:`publishers`. FeedHub is the real thing: configuration, SQLite file, fetcher,
workers, writer. CPU and memory are those of FeedHub and its workers together, CPU also by stage; memory counts what processes share once.
The baseline is feedparser alone on the same documents (of JSON, which it does not read, as many more of the others), and the ratio to it is
what compares across machines and days. ``--listed 1`` makes the first poll short, for the sake of the unchanged one of very many. Stories are judged by the workload's truth: of the entries that retell a story, how many were
joined to it, and how many entries stand in a story that is not theirs.

``--profile`` and ``--functions`` poll once more with everything in one process and say what each stage and function took: see :mod:`stages`.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path

import feedparser
from sqlalchemy import create_engine, select

from feedhub import applying, instance, wiring
from feedhub.config import load_text
from feedhub.logs import set_up_logging
from feedhub.model import SourceState
from feedhub.pipeline import TOGETHER
from feedhub.runner import run_loop, settle
from feedhub.settings import Settings
from feedhub.store.tables import entries
from feedhub.store.upgrading import migrate
from processes import cpu_seconds, group_cpu_seconds, watched
from publishers import address, publishers, tick
from reporting import Report, arguments
from stages import costliest, profiled
from workload import LISTED, SEED, Form, Workload, form_of

POLLS = ("first", "unchanged", "10 % changed")


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds by stage."""

    loop: float  # fetching, pacing, and the order of everything
    writer: float  # deciding what is new, and storing it
    workers: float  # parsing, cleaning, labelling, in their processes

    @property
    def seconds(self) -> float:
        return self.loop + self.writer + self.workers

    def since(self, before: Used) -> Used:
        return Used(self.loop - before.loop, self.writer - before.writer, self.workers - before.workers)


def used() -> Used:
    """What all processes of our group have used so far: this one by threads, the workers, and what they waited for.

    The workers' parent is a fork server that ends after us, so that the usual accounting of children misses them.
    """
    everything = group_cpu_seconds(os.getpgrp())
    own = cpu_seconds(Path("/proc/self"), children=False)
    writer = sum(
        cpu_seconds(Path(f"/proc/self/task/{thread.native_id}"), children=False)
        for thread in threading.enumerate()
        if thread.name.startswith("feedhub-writer")
    )
    return Used(loop=own - writer, writer=writer, workers=everything - own)


@dataclass(frozen=True, slots=True)
class Phase:
    wall: float
    used: Used
    new: int
    failed: int


def settings_of(folder: Path, count: int, port: int) -> Settings:
    sources = "\n".join(f"  - {{url: '{address(n, port)}', slug: s{n}}}" for n in range(count))
    polling = "{allow_networks: [127.0.0.0/8], ports: ['1-65535'], host_gap: 0s, per_host: 4, manual_gap: 0s}"
    return load_text(f"polling: {polling}\nsources:\n{sources}\n", folder / "config.yaml", {})


def _in_turn(home: instance.Home, slugs: Sequence[str]) -> Iterator[SourceState]:
    """The sources' states, some at a time, as the daemon claims them."""
    for at in range(0, len(slugs), TOGETHER):
        yield from home.store.states(slugs[at : at + TOGETHER])


def phase(folder: Path, count: int, port: int, results: Connection) -> None:
    """One poll of everything in a process group of its own; sends wall, CPU and the numbers of outcomes."""
    os.setpgrp()
    # Workers import the main script once more. That of the program is a line; this one would give each of them all of FeedHub and feedparser.
    del sys.modules["__main__"].__file__
    set_up_logging("warning", "json")
    settings = settings_of(folder, count, port)
    migrate(instance.database_url(settings))

    async def main() -> Phase:
        home = instance.open_home(settings)
        await home.writer.run(lambda: applying.apply_configuration(settings, settings, home.store, instance.now()))
        parts = wiring.build(settings, home)
        settle()
        wall, before = time.perf_counter(), used()
        bad = new = 0
        async for one in parts.pipeline.poll(_in_turn(home, [source.slug for source in settings.sources])):
            bad += one.kind not in {"ok", "unchanged"}
            new += one.new
        wall = time.perf_counter() - wall
        spent = used().since(before)
        await parts.close(5)
        home.close()
        return Phase(wall, spent, new, bad)

    results.send(run_loop(main()))


def run_phase(folder: Path, count: int, port: int) -> tuple[Phase, float]:
    """What a poll of everything took, and MB at its peak."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=phase, args=(folder, count, port, theirs))
    process.start()
    theirs.close()
    with watched(process.pid or 0) as peak:
        found: Phase = ours.recv()
    process.join()
    return found, peak.memory


def feedparser_alone(work: Workload, at_most: int = 200) -> float:
    """CPU seconds of feedparser alone on the first documents of the sources, scaled from some of them."""
    read = [source for source in range(work.sources) if form_of(source) is not Form.JSON]
    some = [work.document(source) for source in read[:: max(1, len(read) // at_most)]]
    began = time.process_time()
    for body in some:
        feedparser.parse(BytesIO(body))
    return (time.process_time() - began) / len(some) * work.sources


@dataclass(frozen=True, slots=True)
class Joined:
    """How well entries were joined to stories: those that retell one, and of them the joined; and those in a wrong one."""

    retold: int
    rightly: int
    wrongly: int

    @property
    def recall(self) -> float:
        return self.rightly / max(1, self.retold)


def joined(url: str, work: Workload) -> Joined:
    """Judge the stories of a database by the truth."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(select(entries.c.id, entries.c.original_id, entries.c.cluster)).all()
    engine.dispose()
    truth = dict(work.truth())
    story = {row.id: truth[row.original_id] for row in rows}
    tellers: dict[int, int] = {}
    for number in story.values():
        tellers[number] = tellers.get(number, 0) + 1
    others = [row for row in rows if row.cluster != row.id]
    return Joined(
        retold=sum(count - 1 for count in tellers.values()),
        rightly=sum(story[row.id] == story[row.cluster] for row in others),
        wrongly=sum(story[row.id] != story[row.cluster] for row in others),
    )


def measured(report: Report, count: int, listed: int) -> None:
    """The rows of one size."""
    work = Workload(count, listed=listed)
    with tempfile.TemporaryDirectory() as name, publishers(count, listed=listed) as port:
        alone = feedparser_alone(work)
        for what in POLLS:
            if what == POLLS[2]:
                tick(port)
                work.tick()
            found, memory = run_phase(Path(name), count, port)
            cpu = found.used
            by_stage = [part / count * 1000 for part in (cpu.loop, cpu.writer, cpu.workers)]
            times = report.figure(f"{count} sources, {what}: CPU", cpu.seconds, "s", baseline=alone)
            report.row(count, what, found.wall, count / found.wall, cpu.seconds / count * 1000, *by_stage, times, memory,
                       found.new, found.failed)  # fmt: skip
            report.figure(f"{count} sources, {what}: peak memory", memory, "MB", baseline=100)
        report.row(count, "feedparser alone", "–", "–", alone / count * 1000, "–", "–", "–", 1, "–", "–", "–")
        told = joined(instance.database_url(settings_of(Path(name), count, port)), work)
    print(
        f"\n{count} sources: {told.retold} entries retell a story, {told.rightly} of them were joined ({told.recall:.1%});"
        f" {told.wrongly} entries are in a wrong one\n",
        flush=True,
    )
    report.figure(f"{count} sources: retold entries joined", told.recall, "of 1", baseline=1, more_is_better=True)


def stage_table(count: int, report: Report) -> None:
    """What each stage of a first poll takes, in one process."""
    alone = feedparser_alone(Workload(count))
    with tempfile.TemporaryDirectory() as name, publishers(count) as port:
        found = run_loop(profiled(settings_of(Path(name), count, port)))
    report.table("stage of a first poll", "CPU s per 1,000 sources", "times feedparser alone")
    for stage, seconds in sorted(found.items(), key=lambda item: -item[1]):
        times = report.figure(f"{count} sources, stage {stage}", seconds, "s", baseline=alone)
        report.row(stage, seconds / count * 1000, times)


def function_tables(count: int) -> None:
    """What each function of a first poll takes, under Python's profiler."""
    with tempfile.TemporaryDirectory() as name, publishers(count) as port:
        for what, table in zip(
            ("workers'", "writer's"), run_loop(costliest(settings_of(Path(name), count, port))), strict=True
        ):
            print(f"\nThe {what} costliest functions, {count} sources:\n\n{table}", flush=True)


def main(sizes: Sequence[int], listed: int, report: Report) -> None:
    report.table(
        "sources", "poll", "wall s", "sources/s", "CPU s per 1,000", "of it loop", "writer", "workers",
        "times feedparser alone", "peak MB, all processes", "new", "failed",
    )  # fmt: skip
    for count in sizes:
        measured(report, count, listed)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=[100, 1000], metavar="N", help="numbers of sources")
    parser.add_argument("--listed", type=int, default=LISTED, metavar="N", help="entries of a document")
    parser.add_argument("--profile", action="store_true", help="say what each stage of a first poll takes, too")
    parser.add_argument("--functions", action="store_true", help="say which functions of a first poll cost most, too")
    options = parser.parse_args()
    command = " ".join(
        [
            *map(str, options.sizes),
            *[f"--listed {options.listed}"] * (options.listed != LISTED),
            *["--profile"] * options.profile,
        ]
    )
    with Report("poll", options, command, seed=SEED) as begun:
        main(options.sizes, options.listed, begun)
        if options.profile:
            stage_table(max(options.sizes), begun)
    if options.functions:
        function_tables(max(options.sizes))
