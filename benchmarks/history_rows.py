"""A long history in minutes: what two rounds of polling stored, repeated in bulk with every name and moment moved on.

Each source of the workload publishes its list once (round 0) and once more under other names (round 1); both are read, cleaned, labelled,
decided and written by the program's own functions, in the order of time. :func:`fill` then writes the rows of round 1 again and again, each
time under new ids, keys, marks, links, words of the title, and later. :func:`grown_by_polling` does the same round by round through
:class:`feedhub.commit.Committer`; ``python benchmarks/history_rows.py`` fills two small databases in both ways and compares them, row by row.

What depends on the polls and not on the entries is left as round 1 left it: outcomes, what was learned of a source's habit. Marks are
kept of the last thirty days, as retention does.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Table

from feedhub import applying, understand
from feedhub.commit import Committer, Finding
from feedhub.config import load_text
from feedhub.labelling import RULES, rules_digest
from feedhub.logs import set_up_logging
from feedhub.model import Digest, Draft, EntryKeys, Fetched, Indexed, Key, SourceState, Understood
from feedhub.nearby import meeting
from feedhub.schedule import Tariff
from feedhub.search.words import indexed
from feedhub.settings import Settings
from feedhub.store import check, open_store
from feedhub.store.archiving import ARCHIVE_PAGE
from feedhub.store.bodies import texts_in
from feedhub.store.columns import Due, Moment, metadata
from feedhub.store.search_index import place_of
from feedhub.store.sqlalchemy_engine import sqlite_file
from feedhub.store.tables import cluster_keys, entries, feeds, sources
from feedhub.store.upgrading import migrate
from history_writers import COPY, NUMBER, Lite, Post, Row, filled_in, words_of
from publishers import address
from workload import BEGIN, LISTED, PACE, Workload, form_of

SOURCES, TOPICS = 100, 20
TOGETHER = 1_000
"""Entries of a transaction, at most: archives keep up with it."""
ROUND = PACE * LISTED + timedelta(hours=4)
"""From one round to the next: longer than the entries of one are apart, so that each is later than all before."""
MARKS_KEPT = timedelta(days=30)
_NAMED = re.compile(r"(.* of entry )(\d+)")


def configuration(url: str, port: int, shift: int = 0) -> str:
    """The sources of the workload on loopback, and topics by words of all frequencies; by others with another ``shift``."""
    languages = Workload(1)._languages
    topics = "".join(
        f"  t{n}: ['{languages[0].words[20 + shift + 40 * n]}', '{languages[1].words[20 + shift + 40 * n]}']\n"
        for n in range(TOPICS)
    )
    listed = "".join(f"  - {{url: '{address(n, port)}', slug: s{n}}}\n" for n in range(SOURCES))
    return (
        f"database: {{url: '{url}'}}\nserver: {{port: 0}}\n"
        "polling: {allow_networks: [127.0.0.0/8], ports: ['1-65535'], host_gap: 0s, manual_gap: 0s, interval: {min: 12h, max: 24h}}\n"
        f"topics:\n{topics}sources:\n{listed}"
    )


# ---------------------------------------------------------------- moving on


def _again(key: bytes, round: int) -> bytes:
    """Another key for each round; those after the first are made of its."""
    for one in (1, round) if round > 1 else (round,):
        key = _following(key, one)
    return key


def _following(key: bytes, round: int) -> bytes:
    return hashlib.blake2b(key + round.to_bytes(4, "big"), digest_size=16).digest()


def _mark_again(mark: int, round: int) -> int:
    return (mark ^ round * 0x9E3779B97F4A7C15) & (2**63 - 1)


def _titled(title: str, round: int, number: int) -> str:
    return f"{title} k{round} n{round}x{number}"


def moved(draft: Draft, round: int, number: int, later: timedelta) -> Draft:
    """The draft of another entry that says the same: other names, a title of its own, later."""
    entry, keys = draft.entry, draft.keys
    named = replace(
        entry,
        original_id=f"{entry.original_id}-{round}",
        link=f"{entry.link}-{round}",
        canonical_link=f"{entry.canonical_link}-{round}",
        title=_titled(entry.title, round, number),
        published=entry.published + later,
        updated=entry.updated + later,
        raw_digest=Digest(_again(entry.raw_digest, round)),
    )
    anew = EntryKeys(
        own=tuple(Key(_again(key, round)) for key in keys.own),
        shared=None if keys.shared is None else Key(_again(keys.shared, round)),
        cluster=tuple(Key(_again(key, round)) for key in keys.cluster),
        marks=tuple(_mark_again(mark, round) for mark in keys.marks),
    )
    return replace(draft, entry=named, keys=anew, indexed=None)


# ---------------------------------------------------------------- through the program


class Poller:
    """Commits rounds of the workload as polls would, without fetching."""

    def __init__(self, url: str, folder: Path, begin: datetime) -> None:
        migrate(url)
        self._settings = load_text(configuration(url, 1), folder / "config.yaml", {})
        self.store, self._now, self._begin = open_store(url), begin, begin
        applying.apply_configuration(self._settings, self._settings, self.store, begin)
        self.store.remember(RULES, rules_digest(self._settings))
        self._committer = Committer(self._settings, self.store, lambda: self._now, lambda: 0.5, Tariff())
        self._states = {state.slug: state for state in self.store.states()}
        self._read = _understood(self._settings, self._states)

    def commit(self, round: int) -> None:
        """Write one round, oldest entries first."""
        later = self._begin - BEGIN + ROUND * round
        everything = [
            (draft.entry.published, slug, number, draft)
            for number, (slug, draft) in enumerate(
                (slug, draft) for slug, found in self._read.items() for draft in found.drafts
            )
        ]
        for some in _apart(sorted(everything, key=lambda one: one[:3])):
            self._now = some[-1][0] + later + timedelta(minutes=5)
            told: dict[str, list[Draft]] = defaultdict(list)
            for _, slug, number, draft in some:
                told[slug].append(moved(draft, round, number, later))
            done = self._committer.commit([self._finding(slug, drafts, later) for slug, drafts in told.items()])
            self._states |= {state.slug: state for state in done.states.values()}

    def _finding(self, slug: str, drafts: Sequence[Draft], later: timedelta) -> Finding:
        state, info, moments = self._states[slug], self._read[slug].info, [draft.entry.published for draft in drafts]
        understood = replace(
            self._read[slug],
            info=replace(info, updated=info.updated + later if info.updated else None),
            drafts=tuple(drafts),
            listed=len(drafts),
            listed_ids=frozenset(draft.entry.original_id for draft in drafts),
            newest=max(moments),
            oldest=min(moments),
            span=(min(moments), max(moments)),
        )
        result = Fetched(url=state.url, status=200, body=b"", body_digest=Digest(b""))
        return Finding(state=replace(state, last_poll_at=self._now), result=result, understood=understood)


Waiting = tuple[datetime, str, int, Draft]


def _apart(ordered: Sequence[Waiting]) -> Iterator[list[Waiting]]:
    """Cut where two sources would tell one story in a transaction: its second wave would come late for the archives."""
    some: list[Waiting] = []
    taken: dict[object, str] = {}
    for one in ordered:
        _, slug, _, draft = one
        keys = {*draft.keys.own, draft.keys.shared, *draft.keys.cluster, *meeting(draft.keys.marks, frozenset())} - {
            None
        }
        if len(some) >= TOGETHER or any(taken.get(key, slug) != slug for key in keys):
            yield some
            some, taken = [], {}
        some.append(one)
        taken.update(dict.fromkeys(keys, slug))
    yield some


def _understood(settings: Settings, states: dict[str, SourceState]) -> dict[str, Understood]:
    rules, work = understand.Rulebook.of(settings), Workload(SOURCES)
    found = {}
    for number, source in enumerate(settings.sources):
        job = understand.Job(
            source=states[source.slug].id,
            slug=source.slug,
            body=work.document(number),
            url=source.url,
            content_type=form_of(number).value,
            now=BEGIN + ROUND,
        )
        read = understand.understand(job, rules)
        assert isinstance(read, Understood)
        found[source.slug] = read
    return found


def grown_by_polling(url: str, folder: Path, rounds: int, begin: datetime) -> None:
    """Rounds 0 to ``rounds - 1``, every one through the program."""
    poller = Poller(url, folder, begin)
    for number in range(rounds):
        poller.commit(number)
    poller.store.close()


# ---------------------------------------------------------------- in bulk


@dataclass(slots=True)
class Grown:
    """What the database held after round 1: all rows as SQLite keeps them, and what that round added."""

    each: int  # entries of a round
    all: dict[str, list[Row]]  # by table, the columns in the order of :data:`metadata`
    feeds_before: dict[int, Row]  # as round 0 left them, by id
    tokens: dict[int, Indexed]  # of each entry's texts


_BOOLEANS = {
    table.name: [at for at, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
    for table in metadata.sorted_tables
}


def _rows(connection: sqlite3.Connection, table: Table) -> list[Row]:
    """All rows, truth values as such, moments as seconds."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    found = [list(row) for row in connection.execute(f"SELECT {names} FROM {table.name}")]
    for at in _BOOLEANS[table.name]:
        for row in found:
            row[at] = bool(row[at])
    return found


def template(folder: Path, begin: datetime) -> tuple[Path, Grown]:
    """A SQLite database with rounds 0 and 1, and what it holds."""
    file = folder / "template.db"
    poller = Poller(f"sqlite:///{file}", folder, begin)
    poller.commit(0)
    with closing(sqlite3.connect(file)) as connection:
        (each,) = connection.execute("SELECT count(*) FROM entries").fetchone()
        before = {row[0]: row for row in _rows(connection, feeds)}
    poller.commit(1)
    poller.store.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        everything = {table.name: _rows(connection, table) for table in metadata.sorted_tables}
        tokens = dict(_tokens(connection))
    assert len(everything["entries"]) == 2 * each
    assert len(everything["feeds"]) == len(before), "round 1 opened feeds, as later ones would"
    return file, Grown(each, everything, before, tokens)


def _tokens(connection: sqlite3.Connection) -> Iterator[tuple[int, Indexed]]:
    connection.row_factory = sqlite3.Row
    for row in connection.execute("SELECT * FROM entries JOIN contents ON entry_id = id"):
        texts = texts_in(dict(row))
        title = f"{row['title'].rsplit(' ', 2)[0]} {COPY} {NUMBER}"
        yield row["id"], indexed(title, texts.summary, texts.content)
    connection.row_factory = None


Move = Callable[[Any, int], Any]
"""A value of round 1 and a later round, to its value there."""


class Mover:
    """Rows of round 1 as those of a later one."""

    def __init__(self, each: int) -> None:
        seconds = int(ROUND.total_seconds())

        def ids(value: int, round: int) -> int:
            return value + (round - 1) * each

        def moments(value: int | None, round: int) -> int | None:
            return None if value is None else value + (round - 1) * seconds

        def names(value: str, round: int) -> str:
            return f"{value[:-1]}{round}" if value else value  # it ends in "-1"

        def titles(value: str, round: int) -> str:
            title, _, number = value.rsplit(" ", 2)
            return _titled(title, round, int(number.partition("x")[2]))

        def joined(value: str, round: int) -> str:
            found = _NAMED.fullmatch(value)
            return f"{found[1]}{ids(int(found[2]), round)}" if found else value

        def marks(value: int, round: int) -> int:
            return _mark_again(_mark_again(value, 1), round)

        self._moves: dict[str, dict[str, Move]] = {
            "entries": dict.fromkeys(("id", "cluster"), ids)
            | dict.fromkeys(("published", "updated", "first_seen", "source_updated", "sort_key"), moments)
            | dict.fromkeys(("original_id", "link", "canonical_link"), names)
            | {"title": titles, "joined": joined, "raw_digest": _following},
            "sightings": dict.fromkeys(("first_seen", "last_seen"), moments)
            | dict.fromkeys(("original_id", "link"), names)
            | {"title": titles, "raw_digest": _following},
            "memberships": {"sort_key": moments},
            "entry_keys": {"key": _following},
            "cluster_keys": {"key": _following, "cluster": ids},
            "story_marks": {"mark": marks},
        }
        for table in metadata.sorted_tables:
            if "entry_id" in table.columns:
                self._moves.setdefault(table.name, {})["entry_id"] = ids

    def moved(self, table: Table, rows: Iterable[Row], round: int) -> Iterator[Row]:
        moves = [(at, self._moves[table.name][column.name]) for at, column in enumerate(table.columns)
                 if column.name in self._moves[table.name]]  # fmt: skip
        for row in rows:
            copied = row.copy()
            for at, move in moves:
                copied[at] = move(copied[at], round)
            yield copied


class Archives:
    """The archived documents that polling closes as feeds grow (:mod:`feedhub.store.archiving`): in order of time, none late."""

    def __init__(self, grown: Grown) -> None:
        self.closed = {row[_AT["id"]]: row[_AT["archives"]] for row in grown.all["feeds"]}
        self.last: dict[int, tuple[int, int]] = {
            row[_AT["id"]]: (row[_AT["archived_key"]], row[_AT["archived_entry"]])
            for row in grown.all["feeds"]
            if row[_AT["archived_key"]] is not None
        }
        self._waiting: dict[int, list[tuple[int, int]]] = defaultdict(list)
        shown = [(key, entry, feed) for feed, hidden, key, entry, *_ in grown.all["memberships"] if not hidden]
        for key, entry, feed in sorted(shown):
            if (key, entry) > self.last.get(feed, (-1, -1)):
                self._waiting[feed].append((key, entry))
        assert all(number <= self.closed[feed] for feed, _, number in grown.all["archive_pages"]), "some came late"

    def grow(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Rows of ``archive_pages`` that memberships of a round close."""
        touched = set()
        for key, entry, feed in sorted((key, entry, feed) for feed, hidden, key, entry, *_ in rows if not hidden):
            self._waiting[feed].append((key, entry))
            touched.add(feed)
        for feed in touched:
            waiting = self._waiting[feed]
            while len(waiting) >= ARCHIVE_PAGE:
                self.closed[feed] += 1
                yield from ([feed, entry, self.closed[feed]] for _, entry in waiting[:ARCHIVE_PAGE])
                self.last[feed] = waiting[ARCHIVE_PAGE - 1]
                del waiting[:ARCHIVE_PAGE]


_AT = {column.name: at for at, column in enumerate(feeds.columns)}
_GROWING = [
    table
    for table in metadata.sorted_tables
    if (table is entries or table is cluster_keys or "entry_id" in table.columns)
    and table.name not in {"fragments", "tombstones", "archive_pages"}
]
"""Tables whose rows are written again; archives are closed anew."""


def _feed_rows(grown: Grown, archives: Archives, more: int) -> list[Row]:
    """All feeds after so many rounds more."""
    rows = []
    for row in grown.all["feeds"]:
        before, after = grown.feeds_before[row[0]], row.copy()
        for name in ("version", "size"):
            after[_AT[name]] += more * (row[_AT[name]] - before[_AT[name]])
        if row[_AT["updated"]] != before[_AT["updated"]]:
            after[_AT["updated"]] += more * int(ROUND.total_seconds())
        after[_AT["archives"]] = archives.closed[row[0]]
        after[_AT["archived_key"]], after[_AT["archived_entry"]] = archives.last.get(row[0], (None, None))
        rows.append(after)
    return rows


def _source_rows(grown: Grown, more: int) -> list[Row]:
    moments = [at for at, column in enumerate(sources.columns) if isinstance(column.type, Moment | Due)]
    rows = []
    for row in grown.all["sources"]:
        after = row.copy()
        for at in moments:
            after[at] = after[at] + more * int(ROUND.total_seconds()) if after[at] else after[at]
        rows.append(after)
    return rows


def fill(url: str, folder: Path, rounds: int, end: datetime = BEGIN, say: Callable[[str], None] = print) -> int:
    """Fill an empty database (of SQLite: a file that is not there) with rounds 0 to ``rounds - 1``; how many entries.

    :param end: when the last round is over.
    """
    begin = end - rounds * ROUND
    file, grown = template(folder, begin)
    writer = (Lite if sqlite_file(url) else Post)(url, file, grown)
    mover, archives = Mover(grown.each), Archives(grown)
    added = {
        table: [row for row in grown.all[table.name] if row[_number_column(table)] > grown.each] for table in _GROWING
    }
    for number in range(2, rounds):
        _write_round(writer, mover, archives, added, grown, number)
        if number % 10 == 9:
            writer.commit()
        if number % 50 == 49:
            say(f"  {(number + 1) * grown.each:,} entries")
    more = rounds - 2
    writer.replace(feeds, _feed_rows(grown, archives, more))
    writer.replace(sources, _source_rows(grown, more))
    total = rounds * grown.each
    writer.say(f"UPDATE counters SET value = {total} WHERE name = 'entries'")
    old = int((end - MARKS_KEPT - begin) / ROUND) * grown.each  # entries of the rounds that are over by then
    writer.say(f"DELETE FROM story_marks WHERE entry_id <= {old}")
    writer.commit()
    writer.close()
    return total


def _number_column(table: Table) -> int:
    name = "id" if table is entries else "cluster" if table is cluster_keys else "entry_id"
    return [column.name for column in table.columns].index(name)


def _write_round(
    writer: Lite | Post,
    mover: Mover,
    archives: Archives,
    added: Mapping[Table, Sequence[Row]],
    grown: Grown,
    round: int,
) -> None:
    for table, rows in added.items():
        moved = list(mover.moved(table, rows, round))
        writer.put(table, moved)
        if table.name == "memberships":
            writer.put(metadata.tables["archive_pages"], archives.grow(moved))
        if table is entries:
            names = {column.name: at for at, column in enumerate(table.columns)}
            writer.index(
                (
                    place_of(new[names["sort_key"]], new[names["id"]]),
                    filled_in(grown.tokens[old[0]], *words_of(new[names["title"]])),
                )
                for old, new in zip(rows, moved, strict=True)
            )


NOT_COMPARED = {"sources", "polls", "gaps", "source_changes", "memory", "counters"}
"""What is of polls and not of entries."""


def contents_of(file: Path) -> dict[str, list[Any]]:
    """All rows by table, and the full-text index token by token."""
    with closing(sqlite3.connect(file)) as connection:
        found = {
            table.name: sorted(map(repr, _rows(connection, table)))
            for table in metadata.sorted_tables
            if table.name not in NOT_COMPARED
        }
        connection.execute("CREATE VIRTUAL TABLE temp.tokens USING fts5vocab(main, search, instance)")
        found["the full-text index"] = sorted(connection.execute("SELECT term, doc, col, offset FROM temp.tokens"))
        found["numbers"] = connection.execute("SELECT * FROM counters WHERE name IN ('entries', 'feeds')").fetchall()
    return found


def proof(rounds: int) -> None:
    """Compare the two ways of growing a SQLite database."""
    with tempfile.TemporaryDirectory() as name:
        polled, bulk = Path(name) / "polled", Path(name) / "bulk"
        for folder in (polled, bulk):
            folder.mkdir()
        grown_by_polling(f"sqlite:///{polled}/history.db", polled, rounds, BEGIN - rounds * ROUND)
        fill(f"sqlite:///{bulk}/history.db", bulk, rounds)
        one, other = contents_of(polled / "history.db"), contents_of(bulk / "history.db")
        for table, rows in one.items():
            same = rows == other[table]
            print(f"{table}: {len(rows):,} rows, {'the same' if same else 'NOT THE SAME'}")
            if not same:
                print("   polled:", [row for row in rows if row not in set(other[table])][:2])
                print("   bulk:", [row for row in other[table] if row not in set(rows)][:2])
        print("db check:", check(f"sqlite:///{bulk}/history.db") or "sound")
        assert one == other


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", type=int, nargs="?", default=5)
    set_up_logging("error", "json")
    proof(parser.parse_args().rounds)
