"""What republishing costs: feeds of 50 entries of 3 kB, each after one new entry.

    python benchmarks/emit.py [FEEDS]        (default: 10000)

A real SQLite file with FEEDS topic feeds over a shared stock of entries. All their entries were rendered once, as after
a day of service; then every feed gets one new entry and is made anew, as a reader's first request would. The baseline is
feedgen rendering the whole document by the same code in one go. CPU is the process's, times are medians.
"""

from __future__ import annotations

import gc
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, insert

from feedhub.emit import Renderer, SiteInfo, Unrenderable, feedgen_xml, head, item
from feedhub.logs import set_up_logging
from feedhub.model import (
    Byline,
    Category,
    Digest,
    Draft,
    Entry,
    EntryId,
    EntryKeys,
    Feed,
    FeedInfo,
    FeedKind,
    FeedRef,
    Format,
    Health,
    Insert,
    Key,
    Membership,
    Outcome,
    StoredEntry,
)
from feedhub.ports import PageLinks, PollRecord, SourceSpec
from feedhub.press import Press
from feedhub.settings import Feeds
from feedhub.store import SqlStore, open_store
from feedhub.store.tables import feeds as feed_table
from feedhub.store.tables import memberships
from feedhub.store.upgrading import migrate
from reporting import Report, arguments, versions

SIZE = 50
START = datetime(2026, 11, 1, tzinfo=UTC)
WORDS = [
    "bank",
    "rate",
    "city",
    "river",
    "storm",
    "season",
    "science",
    "energy",
    "ngân",
    "hàng",
    "lãi",
    "suất",
    "thị",
    "trường",
    "báo",
    "cáo",
    "kinh",
    "tế",
]


def draft(number: int, dice: random.Random) -> Draft:
    text = " ".join(dice.choice(WORDS) for _ in range(520))
    published = START + timedelta(seconds=30 * number)
    entry = Entry(
        original_id=f"https://news.example/id/{number}",
        link=f"https://news.example/{number}.html",
        canonical_link=f"https://news.example/{number}.html",
        title=f"{dice.choice(WORDS)} {dice.choice(WORDS)} {number}".title(),
        summary=f"<p>{text[:240]}.</p>",
        content="".join(f"<p>{text[start : start + 600]}</p>" for start in range(0, len(text), 600)),
        published=published,
        updated=published,
        authors=(Byline(key="huyền trần", name="Huyền Trần", role="Analyst"),),
        categories=tuple(Category(key=word, term=word) for word in dice.sample(WORDS, 3)),
        language="en",
        raw_digest=Digest(number.to_bytes(16)),
        parts={"title": Digest(number.to_bytes(16))},
    )
    all_of_it = FeedRef(kind=FeedKind.ALL, key="all", title="All")
    keys = EntryKeys(own=(Key(number.to_bytes(16)),), shared=None, cluster=())
    return Draft(entry=entry, keys=keys, memberships=(Membership(feed=all_of_it, rule="everything"),))


def fill(store: SqlStore, count: int) -> None:
    """``count`` entries of one source, each in the feed of everything."""
    dice = random.Random(1)
    store.sync([SourceSpec(slug="news", url="https://news.example/feed")], [], START)
    (state,) = store.states(["news"])
    for first in range(0, count, 1000):
        writes = tuple((draft(number, dice), Insert()) for number in range(first + 1, min(first + 1000, count) + 1))
        at = START + timedelta(seconds=30 * count)
        outcome = Outcome(source=state.id, slug="news", at=at, kind="ok", status=200)
        info = FeedInfo(title="News", id="https://news.example/", link="https://news.example/", updated=at)
        after = replace(state, last_poll_at=at, health=Health.FRESH)
        with store.transaction() as transaction:
            transaction.apply([PollRecord(state=after, outcome=outcome, info=info, writes=writes)])


def open_feeds(url: str, count: int, offset: int) -> None:
    """Topic feeds beside each other: feed n shows the entries n to n + 49."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for first in range(0, count, 500):
            some = range(first, min(first + 500, count))
            rows = [
                {
                    "id": offset + n,
                    "kind": "topics",
                    "key": f"t{n}",
                    "slug": f"t{n}",
                    "title": f"Topic {n}",
                    "size": SIZE,
                }
                for n in some
            ]
            connection.execute(insert(feed_table), [{**row, "updated": START} for row in rows])
            connection.execute(
                insert(memberships), [row for n in some for row in places(offset + n, range(n + 1, n + SIZE + 1))]
            )
    engine.dispose()


def add_one_to_each(url: str, count: int, offset: int) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for first in range(0, count, 500):
            some = range(first, min(first + 500, count))
            connection.execute(
                insert(memberships), [row for n in some for row in places(offset + n, [count + SIZE + n + 1])]
            )
        connection.execute(feed_table.update().where(feed_table.c.kind == "topics").values(version=2, size=SIZE + 1))
    engine.dispose()


def places(feed: int, entries: Sequence[int] | range) -> list[dict[str, object]]:
    moment = int(START.timestamp())
    return [
        {
            "feed_id": feed,
            "hidden": False,
            "sort_key": moment + 30 * entry,
            "entry_id": entry,
            "source_id": 1,
            "rule": "",
        }
        for entry in entries
    ]


def press_of(store: SqlStore) -> Press:
    settings = Feeds()
    return Press(store, renderer(), settings)


def renderer() -> Renderer:
    return Renderer(SiteInfo(title="Bench", base_url="https://hub.example", version="1"), Feeds())


def cpu(work: Callable[[], object], times: int) -> float:
    """The median CPU milliseconds of one call."""
    taken = []
    gc.disable()
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append((time.process_time() - start) * 1000)
    gc.enable()
    return statistics.median(taken)


def whole(store: SqlStore, feed: Feed, form: Format) -> bytes:
    """feedgen rendering a document in one go, from the database."""
    site = SiteInfo(title="Bench", base_url="https://hub.example", version="1")
    entries: Sequence[StoredEntry] = store.page(feed.id, SIZE)
    items = [item.item_of(one, base_url=site.base_url, most=one.policy, summary_length=500) for one in entries]
    address = f"{site.base_url}{feed.path}.{form.value}"
    links = PageLinks(self_url=address, html_url=f"{site.base_url}{feed.path}")
    return feedgen_xml.whole(head.head_of(feed, links, site), items, form)


def one_entry(store: SqlStore, ours: Renderer, number: EntryId, form: Format) -> None:
    """What nobody is spared: reading a new entry, rendering it, judging it."""
    (entry,) = store.stored([number])
    fragment = ours.fragment(entry, form)
    assert not isinstance(fragment, Unrenderable), fragment
    ours.breaches([fragment], form)


def one_feed(store: SqlStore, forms: Sequence[Format], topics: Sequence[Feed]) -> list[tuple[str, float, float, float]]:
    """(format, a feed after one new entry, of it that entry's own rendering, feedgen anew) in ms CPU."""
    rows = []
    ours = renderer()
    for form in forms:
        press = press_of(store)
        fresh = iter(topics)
        made = cpu(lambda: press.document(next(fresh), form), 40)  # noqa: B023  called in the loop
        entry = store.page(topics[-1].id, 1)[0]
        own = cpu(lambda: one_entry(store, ours, entry.id, form), 40)  # noqa: B023  called in the loop
        anew = cpu(lambda: whole(store, topics[0], form), 20) if form is not Format.JSON else 0.0  # noqa: B023
        rows.append((form.value, made, own, anew))
    return rows


def main(count: int, report: Report) -> None:
    set_up_logging("warning", "json")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        migrate(url)
        store = open_store(url)
        fill(store, 2 * count + SIZE)
        offset = 1_000_000
        open_feeds(url, count, offset)
        warm(store, count)
        add_one_to_each(url, count, offset)
        topics = store.feeds(FeedKind.TOPIC, limit=count)
        random.Random(2).shuffle(topics)
        report.table(
            "format", "a feed of 50 after one new entry, ms CPU", "of it reading, rendering and judging that entry",
            "the rest", "feedgen anew",
        )  # fmt: skip
        for name, made, own, anew in one_feed(store, list(Format), topics[:50]):
            report.row(name, made, own, made - own, anew or "–")
            if anew:
                report.figure(f"{name}: after one new entry", made, "ms", baseline=anew)
            else:
                report.figure(f"{name}: after one new entry, times the loop", made, "ms")
        press, start = press_of(store), time.process_time()
        for feed in topics[50:]:
            press.document(feed, Format.ATOM)
        taken = time.process_time() - start
        each = taken / (len(topics) - 50) * 1000
        report.figure("a changed Atom feed of many, times the loop", each, "ms")
        print(f"\n{len(topics) - 50} changed Atom feeds: {taken:.2f} s CPU, {each:.2f} ms a feed")
        store.close()


def warm(store: SqlStore, count: int) -> None:
    """Render all entries but each feed's new one, through the feeds, as readers' requests do."""
    press = press_of(store)
    for form in Format:
        for feed in store.feeds(FeedKind.TOPIC, limit=count):
            press.document(feed, form)
    press.flush()


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("feeds", type=int, nargs="?", default=10_000)
    options = parser.parse_args()
    with Report("emit", options, str(options.feeds), versions=versions("feedgen", "SQLAlchemy", "lxml")) as begun:
        main(options.feeds, begun)
