"""What a long history costs: the same work on a database of 50,000 entries and on one of many.

    python benchmarks/history.py [ENTRIES] [--baseline N] [--postgres]        (default: 1000000 on SQLite, beside 50000)
    python benchmarks/history.py --filled URL URL

Both databases are filled by :mod:`history_rows`, which writes what polling would have stored: 100 sources of the workload, 3,000 entries a
round. ``--filled`` measures two that are there already, and changes them. Times are milliseconds on the wall, the least of several; what
grows by much more than the logarithm of the number of entries would be a finding. Checking reads everything, and grows with it, in
seconds but not in memory; ``db stats`` has ten seconds. ``--postgres`` starts a server of its own, as the tests do, without fsync.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import multiprocessing
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from sqlalchemy import func, select

from emit import press_of
from feedhub import applying, instance, wiring
from feedhub.config import load_text
from feedhub.labelling import RULES, rules_digest
from feedhub.logs import set_up_logging
from feedhub.model import EntryId, Feed, FeedKind, Format, SourceId
from feedhub.ports import Overrun
from feedhub.runner import run_loop
from feedhub.search.query import Query, parse
from feedhub.settings import Settings
from feedhub.store import SqlStore, check, open_store, statistics
from feedhub.store.tables import entries, sources
from feedhub.understand import label_again
from feedhub.workers.batch_size import BatchSize
from history_rows import SOURCES, configuration, fill
from load import listening
from publishers import publishers, tick
from reporting import Report, arguments, versions
from search import selection
from workload import BEGIN, LISTED, SEED, Workload

BASELINE = 50_000
TIMES = 5
EACH = SOURCES * LISTED
"""Entries of a round."""
REMOVED = 1_000


def least(work: Callable[[], object], times: int = TIMES) -> float:
    """Milliseconds of one call on the wall, the least of several."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return min(taken)


def filled(url: str, total: int) -> float:
    """Fill a database with about so many entries; seconds."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        fill(url, Path(folder), max(round(total / EACH), 3))
    return time.perf_counter() - began


def asleep(store: SqlStore) -> None:
    """Nothing is due while something else is measured."""
    with store.writing() as connection:
        connection.execute(sources.update().values(next_poll_at=instance.now() + timedelta(days=9)))


async def polled(settings: Settings, port: int) -> dict[str, float]:
    """Milliseconds of a poll from asking to commit, and of labelling a thousand entries anew."""
    home = instance.open_home(settings)
    await home.writer.run(lambda: applying.apply_configuration(settings, settings, home.store, instance.now()))
    await home.writer.run(partial(home.store.remember, RULES, rules_digest(settings)))
    asleep(home.store)
    parts = wiring.build(settings, home)

    async def poll() -> tuple[float, int]:
        began = time.perf_counter()
        outcomes = [one async for one in parts.pipeline.poll(home.store.states(["s0"]))]
        assert [one.kind in {"ok", "unchanged"} for one in outcomes] == [True], outcomes
        return (time.perf_counter() - began) * 1000, outcomes[0].new

    found: dict[str, float] = {}
    await poll()
    found["poll, nothing new"] = min([(await poll())[0] for _ in range(TIMES)])
    after, spent = EntryId(0), []
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(2):
            chunk = home.store.all_entries(after, 500)
            labelled = await parts.workers.run(label_again, chunk)
            assert not isinstance(labelled, Overrun), labelled
            await home.writer.run(partial(home.store.relabel, labelled))
            after = chunk[-1][0].id
        spent.append((time.perf_counter() - began) * 1000)
    found["relabel 1,000 entries, of which all change"] = min(spent)
    new = 0
    while not new:  # a database that was measured before knows the first ones
        await asyncio.to_thread(tick, port, 1.0)  # the workers have started by now
        found["poll, one new entry"], new = await poll()
    await parts.close(5)
    home.close()
    return found


def started(folder: Path) -> float:
    """Milliseconds from the start of the daemon to its first feed."""
    log, began = folder / "daemon.log", time.perf_counter()
    with log.open("w") as sink:
        command = [str(Path(sys.executable).with_name("feedhub")), "run"]
        daemon = subprocess.Popen(command, cwd=folder, stdout=sink, stderr=subprocess.STDOUT)
    try:
        port = listening(log)
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/topics/t0.atom", timeout=30).read()
                return (time.perf_counter() - began) * 1000
            except urllib.error.HTTPError:
                time.sleep(0.02)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(60)


def searches(store: SqlStore) -> dict[str, float]:
    english = Workload(1)._languages[0].words
    asked = {
        "a frequent word": english[0],
        "a word of every fiftieth": english[len(english) // 4],
        "a rare word": english[-1],
        "a word of one entry": "n3x7",
        "a phrase": f'"{english[0]} {english[1]}"',
        "two words, rarely together": f"{english[0]} {english[len(english) // 2]}",
    }
    found = {}
    for name, question in asked.items():
        query = parse(question)
        assert isinstance(query, Query)
        found[f"search, {name}"] = least(partial(store.find, selection(store, query), 50, None))
    return found


def checked(url: str, pipe: Pipe) -> None:
    """Sends the problems, the seconds, and the MB that this process had at its peak."""
    began = time.perf_counter()
    problems = check(url)
    pipe.send((problems, time.perf_counter() - began, own_peak()))


def own_peak() -> float:
    """MB; getrusage(2) would tell the parent's when it was larger."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("\nVmHWM:")[2].split()[0]) / 1000


def served(store: SqlStore) -> dict[str, float]:
    """Milliseconds of the document of a topic: its entries rendered, and found rendered in the database."""
    feed = store.feed(FeedKind.TOPIC, "t0")
    assert isinstance(feed, Feed)
    cold = least(lambda: press_of(store).document(feed, Format.ATOM))
    keeping = press_of(store)
    keeping.document(feed, Format.ATOM)
    keeping.flush()
    return {"topic, cold": cold, "topic, kept": least(lambda: press_of(store).document(feed, Format.ATOM))}


def measured(url: str) -> dict[str, float]:
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name, publishers(SOURCES) as port:
        folder = Path(name)
        (folder / "config.yaml").write_text(configuration(url, port, shift=7))
        settings = load_text((folder / "config.yaml").read_text(), folder / "config.yaml", {})
        found |= run_loop(polled(settings, port))
        found["start to first feed"] = min(started(folder) for _ in range(2))
    store = open_store(url)
    found |= served(store) | searches(store) | removed(store) | given_back(store)
    store.close()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=checked, args=(url, theirs))
    process.start()
    problems, seconds, found["db check, peak MB"] = ours.recv()
    process.join()
    assert problems == [], problems
    found["db check"] = seconds * 1000
    told = statistics(url, BEGIN, timedelta(days=30), 10)
    found["db stats"] = told.took * 1000
    found["bytes an entry"] = told.bytes_an_entry
    return found


def removed(store: SqlStore) -> dict[str, float]:
    """Milliseconds of retention for a thousand entries: the longest transaction, and all of it."""
    with store.reading() as connection:
        first = connection.scalar(select(func.min(entries.c.first_seen)))
    rule = timedelta(hours=1), 10, first + timedelta(days=12)
    steps, began, gone, size = [], time.perf_counter(), 0, BatchSize()
    while gone < REMOVED:
        some, _ = store.removable(*rule, SourceId(0), batch=size.entries)
        assert some, "too little is old"
        step = time.perf_counter()
        gone += size.timed(len(some), partial(store.remove_old, some, *rule))
        steps.append((time.perf_counter() - step) * 1000)
    return {
        "retention, 1,000 entries": (time.perf_counter() - began) * 1000 / gone * 1000,
        "retention, the longest transaction": max(steps),
    }


def given_back(store: SqlStore) -> dict[str, float]:
    """Milliseconds of the longest transaction that gives room back, of some after that retention; nothing on PostgreSQL."""
    steps = []
    for _ in range(TIMES):
        began = time.perf_counter()
        if store.give_back():
            steps.append((time.perf_counter() - began) * 1000)
    return {"giving 2 MB back, the longest transaction": max(steps)} if steps else {}


@contextmanager
def database(name: str, *, postgres: bool) -> Iterator[str]:
    if not postgres:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/{name}.db"
        return
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    import psycopg

    from support.postgres import a_postgres_server

    with a_postgres_server() as server:
        with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        yield server.url(name)


def main(asked: argparse.Namespace, report: Report) -> None:
    set_up_logging("error", "json")
    found: list[dict[str, float]] = []
    if asked.filled:
        counted = [counted_in(url) for url in asked.filled]
        found = [measured(url) for url in asked.filled]
    else:
        counted = [asked.baseline, asked.entries]
        for total in counted:
            with database("history", postgres=asked.postgres) as url:
                found.append({"filling, s": filled(url, total)} | measured(url))
    small, large = found
    growth = math.log(counted[1]) / math.log(counted[0])
    title = f"The logarithm grows {growth:.2f} times."
    report.table("ms", f"{counted[0]:,} entries", f"{counted[1]:,} entries", "times", title=title)
    for name, value in small.items():
        times = report.figure(f"{name}, times as many entries", large[name], "ms", baseline=max(value, 0.1))
        report.row(name, value, large[name], times)


def counted_in(url: str) -> int:
    store = open_store(url)
    with store.reading() as connection:
        total = connection.scalar(select(func.count()).select_from(entries)) or 0
    store.close()
    return total


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    parser = arguments(__doc__)
    parser.add_argument("entries", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--baseline", type=int, default=BASELINE)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--filled", nargs=2, metavar="URL", help="measure these databases; they are changed")
    options = parser.parse_args()
    command = "--filled" if options.filled else f"{options.entries}{' --postgres' * options.postgres}"
    with Report("history", options, command, seed=SEED, versions=versions("SQLAlchemy")) as begun:
        main(options, begun)
