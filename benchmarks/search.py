"""What searching and narrowing cost: one page of each kind of question, on N stored entries.

    python benchmarks/search.py [N] [database-url]        (default: 100000, a SQLite file that is removed afterwards)

The database is filled in bulk: Vietnamese and English words by Zipf's law, 250 to an entry, feeds of very different sizes.
A given database is kept, and not filled again. The baseline is a page of the feed of everything, read by its key. Each
question is asked for its first page and for one in the middle of the time span; the figure is the median of nine, in
milliseconds, of finding alone and with the loading of the entries.
"""

from __future__ import annotations

import hashlib
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from feedhub.model import Feed, FeedKind
from feedhub.ports import Redirected
from feedhub.search.query import Query, parse
from feedhub.search.selection import Place, Selection, TooCostly
from feedhub.search.words import indexed
from feedhub.store import SqlStore, open_store
from feedhub.store.bodies import body_values
from feedhub.store.search_index import IndexWriter, Written, place_of
from feedhub.store.sqlalchemy_engine import connect, sqlite_file
from feedhub.store.tables import contents, counters, entries, entry_keys, feeds, memberships, sightings, sources
from feedhub.store.upgrading import migrate
from feedhub.zstandard_texts import Texts, packed
from reporting import Report, arguments, versions

START, SPAN = 1_500_000_000, 250_000_000
TOPICS, SOURCES, AUTHORS = 20, 100, 20_000
WORDS = 250
SIZE = 50
_ONSETS = [
    "b",
    "c",
    "d",
    "đ",
    "g",
    "h",
    "k",
    "l",
    "m",
    "n",
    "p",
    "q",
    "r",
    "s",
    "t",
    "v",
    "x",
    "ch",
    "kh",
    "ng",
    "nh",
    "ph",
    "th",
    "tr",
]
_RHYMES = [
    "a",
    "à",
    "ả",
    "ã",
    "á",
    "ạ",
    "ă",
    "ắ",
    "â",
    "ầ",
    "e",
    "è",
    "ê",
    "ế",
    "i",
    "ì",
    "o",
    "ò",
    "ô",
    "ồ",
    "ơ",
    "ờ",
    "u",
    "ù",
    "ư",
    "ừ",
    "ang",
    "àng",
    "anh",
    "ình",
    "ương",
    "ường",
    "iên",
    "uyền",
    "ông",
]


def vocabulary() -> tuple[list[str], list[str]]:
    random.seed(1)
    viet = [onset + rhyme for onset in _ONSETS for rhyme in _RHYMES]
    random.shuffle(viet)
    latin = ["".join(random.choices("abcdefghijklmnoprstuvw", k=random.randint(2, 11))) for _ in range(60_000)]
    return viet, list(dict.fromkeys(latin))


def feed_rows() -> list[dict[str, Any]]:
    names = [("all", 1), ("topics", TOPICS), ("sources", SOURCES), ("authors", AUTHORS)]
    rows: list[dict[str, Any]] = []
    for kind, count in names:
        for number in range(count):
            key = "all" if kind == "all" else f"{kind[0]}{number}"
            rows.append({"id": len(rows) + 1, "kind": kind, "key": key, "slug": key, "title": key})
    return rows


def skewed(count: int) -> int:
    """0 is the most frequent."""
    return min(count - 1, int(random.paretovariate(0.7)) - 1)


def made(first: int, count: int, total: int, words: tuple[list[str], list[str]]) -> Iterator[tuple[Any, ...]]:
    for number in range(first, first + count):
        vocabulary = words[number % 2]
        weights = [vocabulary[skewed(len(vocabulary))] for _ in range(WORDS)]
        moment = START + SPAN * number // total
        source = random.randrange(SOURCES)
        lists = {1, 2 + TOPICS + source, 2 + TOPICS + SOURCES + skewed(AUTHORS)}
        lists |= {2 + skewed(TOPICS) for _ in range(random.randrange(3))}
        yield number, moment, source + 1, " ".join(weights[:9]), f"<p>{' '.join(weights)}</p>", lists


def fill(connection: Connection, total: int) -> None:
    words = vocabulary()
    described = [{"id": n + 1, "slug": f"s{n}", "url": f"http://s{n}/", "configured_url": ""} for n in range(SOURCES)]
    connection.execute(insert(sources), described)
    connection.execute(insert(feeds), feed_rows())
    connection.execute(insert(counters), [{"name": "entries", "value": total}, {"name": "feeds", "value": 30_000}])
    connection.commit()
    for first in range(1, total + 1, 5_000):
        with connection.begin():
            _put(connection, list(made(first, min(5_000, total - first + 1), total, words)))
    with connection.begin():
        size = select(func.count()).where(memberships.c.feed_id == feeds.c.id).scalar_subquery()
        connection.execute(feeds.update().values(size=size))
    if connection.dialect.name != "sqlite":
        connection.execute(text("ANALYZE"))
        connection.commit()


def _put(connection: Connection, some: list[tuple[Any, ...]]) -> None:
    row = {"version": 1, "date_origin": "stated", "raw_digest": b"", "digest": b""}
    connection.execute(
        insert(entries),
        [
            {
                **row,
                "id": n,
                "owner_id": s,
                "cluster": n,
                "title": title,
                "sort_key": at,
                "language": ("vi", "en")[n % 2],
            }
            | dict.fromkeys(("published", "updated", "first_seen"), _moment(at))
            for n, at, s, title, _, _ in some
        ],
    )
    texts = {n: Texts("", body, "") for n, _, _, _, body, _ in some}
    connection.execute(insert(contents), [body_values(n, each, packed(each)) for n, each in texts.items()])
    keys = {n: hashlib.blake2b(f"{n}".encode(), digest_size=16).digest() for n in texts}
    connection.execute(insert(entry_keys), [{"key": key, "entry_id": n} for n, key in keys.items()])
    seen = {"original_id": "", "link": "", "title": ""}
    connection.execute(
        insert(sightings),
        [
            {**seen, "source_id": s, "entry_id": n, "raw_digest": keys[n]}
            | dict.fromkeys(("first_seen", "last_seen"), _moment(at))
            for n, at, s, _, _, _ in some
        ],
    )
    connection.execute(
        insert(memberships),
        [{"feed_id": f, "sort_key": at, "entry_id": n} for n, at, _, _, _, lists in some for f in lists],
    )
    IndexWriter(connection).add(
        [Written(place_of(at, n), indexed(title, "", body)) for n, at, _, title, body, _ in some]
    )


def _moment(seconds: int) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC)


QUESTIONS: list[tuple[str, str]] = [
    ("a common word", "{c0}"),
    ("a word of one in a hundred", "{m}"),
    ("a rare word", "{r}"),
    ("no such word", "qqqqzzzz"),
    ("two common words", "{c0} {c1}"),
    ("two common words, never together", "{c0} {e0}"),
    ("common and rare", "{c0} {r}"),
    ("without diacritics", "{bare}"),
    ("a phrase of common words", '"{c0} {c1}"'),
    ("common without common", "{c1} -{c0}"),
    ("common, in the title", "title:{c3}"),
    ("any of three", "{c0} OR {e1} OR {r}"),
    ("large author + common", "author:a0 {c0}"),
    ("small author + common", "author:a15000 {c0}"),
    ("middling author + common", "author:a40 {c0}"),
    ("middling author + rare", "author:a40 {r}"),
    ("middling author + common of the other language", "author:a40 {c0} {e0}"),
    ("topic + author + word", "topic:t1 author:a3 {c1}"),
    ("topic + topic", "topic:t0 topic:t5"),
    ("rare topic + rare topic", "topic:t18 topic:t19"),
    ("topic + author", "topic:t0 author:a0"),
    ("topic + small author", "topic:t0 author:a9000"),
    ("topic + language", "topic:t3 lang:vi"),
    ("all but a word", "-{c0}"),
    ("source + not topic", "source:s5 -topic:t0"),
]


def selection(store: SqlStore, query: Query) -> Selection:
    def feed(kind: FeedKind, slug: str) -> Feed:
        found = store.feed(kind, slug)
        assert found is not None
        assert not isinstance(found, Redirected)
        return found

    kinds = {"author": FeedKind.AUTHOR, "topic": FeedKind.TOPIC, "source": FeedKind.SOURCE}
    names = [(feed(kinds[name.field], name.value), name.negative) for name in query.names if name.field in kinds]
    return Selection(
        within=(feed(FeedKind.ALL, "all"), *(one for one, negative in names if not negative)),
        without=tuple(one for one, negative in names if negative),
        clauses=query.clauses,
        languages=tuple(name.value for name in query.names if name.field not in kinds),
    )


def timed(action: Any) -> tuple[float, Any]:
    spent, result = [], None
    for _ in range(9):
        began = time.perf_counter()
        result = action()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent), result


def ask(store: SqlStore, chosen: Selection, before: Place | None) -> tuple[float, Sequence[object]]:
    """Milliseconds of finding, and the cells of its row."""
    spent, found = timed(lambda: store.find(chosen, SIZE, before))
    if isinstance(found, TooCostly):
        return spent, (f"{spent:.0f} (too costly)", "", "")
    loading, _ = timed(lambda: store.load(found.hits))
    return spent, (spent, loading, f"{len(found.hits)}{' and older' if found.older else ''}")


def answers(store: SqlStore, total: int, report: Report) -> None:
    viet, latin = vocabulary()
    from feedhub.search.words import bare

    words = {f"c{n}": viet[n] for n in range(4)} | {f"e{n}": latin[n] for n in range(3)}
    words |= {"r": latin[30_000], "m": latin[400], "bare": next(bare(word) for word in viet if bare(word) != word)}
    everything = store.feed(FeedKind.ALL, "all")
    assert isinstance(everything, Feed)
    spent, _ = timed(lambda: store.page(everything.id, SIZE))
    report.table(
        "question", "find, ms", "load, ms", "found", "find in the middle, ms", "load, ms", "found",
        title=f"{total} entries; a page of everything, loaded: {spent:.1f} ms",
    )  # fmt: skip
    middle = (START + SPAN // 2, 0)
    for name, template in QUESTIONS:
        query = parse(template.format_map(words))
        assert isinstance(query, Query)
        chosen = selection(store, query)
        found, first = ask(store, chosen, None)
        _, second = ask(store, chosen, middle)  # type: ignore[arg-type]
        report.row(name, *first, *second)
        report.figure(f"{name}: finding beside a page of everything", found, "ms", baseline=spent)


def main(total: int, database: str, report: Report) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = database or f"sqlite:///{folder}/feedhub.db"
        if migrate(url):
            began = time.perf_counter()
            engine = connect(url, writing=True)
            with engine.connect() as connection:
                fill(connection, total)
            engine.dispose()
            print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
        store = open_store(url, read_only=True)
        answers(store, total, report)
        sizes(store, sqlite_file(url), total)
        store.close()


def sizes(store: SqlStore, file: Path | None, total: int) -> None:
    with store.reading() as connection:
        if file is None:
            table, index = connection.execute(
                text("SELECT pg_total_relation_size('search'), pg_relation_size('ix_search_document')")
            ).one()
            print(f"\nindex: {table / total:.0f} bytes an entry, {index / total:.0f} of them the GIN index")
            return
        query = "SELECT sum(length(block)) FROM search_data"
        size = connection.scalar(text(query)) or 0
        print(
            f"\nindex: {size / total:.0f} bytes an entry, of texts of {WORDS} words; file {file.stat().st_size / 1e6:.0f} MB"
        )


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("entries", type=int, nargs="?", default=100_000)
    parser.add_argument("database", nargs="?", default="", help="its URL; it is kept, and not filled again")
    options = parser.parse_args()
    command = f"{options.entries}{' database-url' * bool(options.database)}"
    with Report("search", options, command, versions=versions("SQLAlchemy")) as begun:
        main(options.entries, options.database, begun)
