"""What a long history costs: the same work on a database of 50,000 entries and on one of many.

    python benchmarks/history.py [ENTRIES] [--postgres] [--baseline N]        (default: 1000000 on SQLite, beside 50000)

Both databases are filled in bulk, through the tables, as ``search.py`` does (Vietnamese and English, 250 words to an entry, 20
topics, 100 sources, 20,000 authors). Times are milliseconds on the wall, the least of several; what grows by much more than
the logarithm of the number of entries would be a finding. Checking reads everything, and grows with it; ``db stats`` has
ten seconds. ``--postgres`` starts a server of its own, as the tests do, without fsync.
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
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, func, select

from emit import press_of
from feedhub import applying, instance, wiring
from feedhub.config import load_text
from feedhub.labelling import RULES, rules_digest
from feedhub.logs import set_up_logging
from feedhub.model import EntryId, Feed, FeedKind, Format
from feedhub.runner import run_loop
from feedhub.search.query import Query, parse
from feedhub.settings import Settings
from feedhub.store import SqlStore, check, open_store, statistics
from feedhub.store.archiving import ARCHIVE_PAGE, archive
from feedhub.store.listing import Difference
from feedhub.store.sqlalchemy_engine import connect
from feedhub.store.tables import feeds, sources
from feedhub.store.upgrading import migrate
from feedhub.understand import label_again
from load import listening
from publishers import publishers, tick
from search import SOURCES, SPAN, START, TOPICS, fill, selection, vocabulary

BASELINE = 50_000
TIMES = 5
END = datetime.fromtimestamp(START + SPAN, UTC)


def least(work: Callable[[], object], times: int = TIMES) -> float:
    """Milliseconds of one call on the wall, the least of several."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return min(taken)


def configuration(url: str, port: int) -> str:
    """One source that answers on loopback, and those of the history, which are not polled any more."""
    others = "".join(
        f"  - {{url: 'https://site{n}.example/feed', slug: s{n}, enabled: false}}\n" for n in range(1, SOURCES)
    )
    topics = "".join(f"  t{n}: ['{word}']\n" for n, word in enumerate(vocabulary()[0][:TOPICS]))
    return (
        f"database: {{url: '{url}'}}\nserver: {{port: 0}}\n"
        "polling: {allow_networks: [127.0.0.0/8], ports: ['1-65535'], host_gap: 0s, manual_gap: 0s, interval: {min: 12h, max: 24h}}\n"
        f"topics:\n{topics}sources:\n  - {{url: 'http://127.0.0.1:{port}/0', slug: s0}}\n{others}"
    )


def filled(url: str, total: int) -> float:
    migrate(url)
    began = time.perf_counter()
    engine = connect(url, writing=True)
    with engine.connect() as connection:
        fill(connection, total)
        archived(connection)
        with connection.begin():  # else every source would count as listing all that it ever listed
            connection.execute(sources.update().values(listed_at=END))
    engine.dispose()
    return time.perf_counter() - began


def archived(connection: Connection) -> None:
    """Close the archives of all feeds, as polling had done with each fifty entries: else the first changes would do it."""
    ids = set(connection.scalars(select(feeds.c.id).where(feeds.c.size >= ARCHIVE_PAGE)))
    connection.commit()
    before, now = -1, 0
    while now != before:
        with connection.begin():
            archive(connection, Difference(touched=ids))
            before, now = now, connection.scalar(select(func.sum(feeds.c.archives))) or 0


async def polled(settings: Settings, port: int) -> dict[str, float]:
    """Milliseconds of a poll from asking to commit, and of labelling a thousand entries anew."""
    home = instance.open_home(settings)
    await home.writer.run(lambda: applying.apply_configuration(settings, settings, home.store, instance.now()))
    await home.writer.run(partial(home.store.remember, RULES, rules_digest(settings)))
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
            await home.writer.run(partial(home.store.relabel, await parts.workers.run(label_again, chunk)))
            after = chunk[-1][0].id
        spent.append((time.perf_counter() - began) * 1000)
    found["relabel 1,000 entries, of which all change"] = min(spent)
    await asyncio.to_thread(tick, port, 1.0)  # the workers have started by now
    found["poll, one new entry"], new = await poll()
    assert new >= 1
    await parts.close(5)
    home.close()
    return found


def started(folder: Path) -> float:
    """Milliseconds from the start of the daemon to its first feed."""
    log, began = folder / "daemon.log", time.perf_counter()
    with log.open("w") as sink:
        command = [Path(sys.executable).with_name("feedhub"), "run"]
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
    viet, latin = vocabulary()
    found = {}
    for name, word in (("search, a frequent word", viet[0]), ("search, a rare word", latin[30_000])):
        query = parse(word)
        assert isinstance(query, Query)
        found[name] = least(partial(store.find, selection(store, query), 50, None))
    return found


def served(store: SqlStore) -> dict[str, float]:
    """Milliseconds of the document of a topic: its entries rendered, and found rendered in the database."""
    feed = store.feed(FeedKind.TOPIC, "t0")
    assert isinstance(feed, Feed)
    cold = least(lambda: press_of(store).document(feed, Format.ATOM))
    keeping = press_of(store)
    keeping.document(feed, Format.ATOM)
    keeping.flush()
    return {"topic, cold": cold, "topic, kept": least(lambda: press_of(store).document(feed, Format.ATOM))}


def measured(url: str, total: int) -> dict[str, float]:
    found = {"filling, s": filled(url, total)}
    with tempfile.TemporaryDirectory() as name, publishers(1) as port:
        folder = Path(name)
        (folder / "config.yaml").write_text(configuration(url, port))
        settings = load_text((folder / "config.yaml").read_text(), folder / "config.yaml", {})
        found |= run_loop(polled(settings, port))
        found["start to first feed"] = min(started(folder) for _ in range(2))
    store = open_store(url)
    found |= served(store) | searches(store)
    age = timedelta(seconds=SPAN * 0.9)
    began = time.perf_counter()
    removed = sum(store.remove_some(age, 10, END, batch=500) for _ in range(2))
    found["retention, 1,000 entries"] = (time.perf_counter() - began) * 1000 / removed * 1000
    store.close()
    began = time.perf_counter()
    assert (problems := check(url)) == [], problems
    found["db check"] = (time.perf_counter() - began) * 1000
    told = statistics(url, END, age, 10)
    found["db stats"] = told.took * 1000
    found["bytes an entry"] = told.bytes_an_entry
    return found


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


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("entries", type=int, nargs="?", default=1_000_000)
    arguments.add_argument("--baseline", type=int, default=BASELINE)
    arguments.add_argument("--postgres", action="store_true")
    asked = arguments.parse_args()
    set_up_logging("error", "json")
    found: dict[int, dict[str, float]] = {}
    for total in (asked.baseline, asked.entries):
        with database("history", postgres=asked.postgres) as url:
            found[total] = measured(url, total)
    small, large = found[asked.baseline], found[asked.entries]
    growth = math.log(asked.entries) / math.log(asked.baseline)
    print(f"{'PostgreSQL' if asked.postgres else 'SQLite'}; the logarithm grows {growth:.2f} times\n")
    print(f"| ms | {asked.baseline:,} entries | {asked.entries:,} entries | times |\n|---|---|---|---|")
    for name, value in small.items():
        print(f"| {name} | {value:,.1f} | {large[name]:,.1f} | {large[name] / value:.2f} |")


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
