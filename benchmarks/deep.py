"""What a page of a topic costs when the topic is small, and when it has a million entries: the newest one, and the 200th.

    python benchmarks/deep.py [ENTRIES]        (default: 1000000; the baseline is 10,000)

One topic holds everything. Each figure is the median CPU milliseconds of a document of 50 entries: *cold* renders every entry, *kept*
finds them rendered in the database, with nothing in memory. The cost of a page is one range of an index, so that both sizes should cost
the same.
"""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, func, insert, select

from emit import WORDS, cpu, press_of
from feedhub.logs import set_up_logging
from feedhub.model import EntryId, Feed, FeedKind, Format
from feedhub.ports import SourceSpec
from feedhub.store import SqlStore, open_store
from feedhub.store.tables import contents, entries, memberships
from feedhub.store.tables import feeds as feed_table
from feedhub.store.upgrading import migrate
from reporting import Report, arguments, versions

START = datetime(2020, 1, 1, tzinfo=UTC)
SIZE, PAGE, BASELINE, TIMES = 50, 200, 10_000, 15


def fill(url: str, total: int) -> None:
    """``total`` entries of one source in one topic, a minute apart."""
    dice = random.Random(1)
    engine = create_engine(url)
    with engine.begin() as connection:
        topic = {"id": 900, "kind": "topics", "key": "t", "slug": "t", "title": "T", "size": total, "updated": START}
        connection.execute(insert(feed_table), [topic])
        for first in range(1, total + 1, 5_000):
            some = range(first, min(first + 5_000, total + 1))
            at = {n: START + timedelta(minutes=n) for n in some}
            fixed = {
                "version": 1,
                "date_origin": "stated",
                "raw_digest": b"",
                "digest": b"",
                "owner_id": 1,
                "language": "en",
            }
            connection.execute(
                insert(entries),
                [
                    fixed
                    | {
                        "id": n,
                        "cluster": n,
                        "title": f"Entry {n}",
                        "link": f"https://news.example/{n}",
                        "sort_key": _key(at[n]),
                    }
                    | dict.fromkeys(("published", "updated", "first_seen"), at[n])
                    for n in some
                ],
            )
            body = [f"<p>{' '.join(dice.choices(WORDS, k=100))}</p>" for _ in range(50)]
            connection.execute(insert(contents), [{"entry_id": n, "content": body[n % 50]} for n in some])
            connection.execute(
                insert(memberships), [{"feed_id": 900, "sort_key": _key(at[n]), "entry_id": n} for n in some]
            )
    engine.dispose()


def _key(moment: datetime) -> int:
    return int(moment.timestamp())


def place(url: str, below: int) -> tuple[int, EntryId]:
    """The key of the page that begins below this many of the newest entries."""
    engine = create_engine(url)
    with engine.connect() as connection:
        newest = int(connection.scalar(select(func.max(entries.c.id))) or 0)
    engine.dispose()
    last = newest - below + 1
    return _key(START + timedelta(minutes=last)), EntryId(last)


def measured(store: SqlStore, feed: Feed, before: tuple[int, EntryId] | None) -> tuple[float, float]:
    """Milliseconds of a document, cold and kept."""
    cold = cpu(lambda: press_of(store).document(feed, Format.ATOM, before), TIMES)
    keeping = press_of(store)
    keeping.document(feed, Format.ATOM, before)
    keeping.flush()
    return cold, cpu(lambda: press_of(store).document(feed, Format.ATOM, before), TIMES)


def main(total: int, report: Report) -> None:
    set_up_logging("warning", "json")
    found: dict[int, list[float]] = {}
    for size in (BASELINE, total):
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'bench.db'}"
            migrate(url)
            store = open_store(url)
            store.sync([SourceSpec(slug="news", url="https://news.example/feed")], [], START)
            fill(url, size)
            feed = store.feed(FeedKind.TOPIC, "t")
            assert isinstance(feed, Feed)
            found[size] = [*measured(store, feed, None), *measured(store, feed, place(url, (PAGE - 1) * SIZE))]
            store.close()
    names = ("newest page, cold", "newest page, kept", f"page {PAGE}, cold", f"page {PAGE}, kept")
    report.table("ms CPU", f"{BASELINE:,} entries", f"{total:,} entries", "times")
    for name, small, large in zip(names, found[BASELINE], found[total], strict=True):
        report.row(name, small, large, report.figure(f"{name}, times as many entries", large, "ms", baseline=small))
        report.figure(f"{name}, times the loop", small, "ms")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("entries", type=int, nargs="?", default=1_000_000)
    options = parser.parse_args()
    with Report("deep", options, str(options.entries), versions=versions("SQLAlchemy")) as begun:
        main(options.entries, begun)
