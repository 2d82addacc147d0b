"""kill -9 in the middle of labelling anew, on both databases: it goes on where it was, and ends as if never disturbed."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from feedhub.labelling import RULES, Standing
from feedhub.model import EntryId, FeedKind
from feedhub.store import SqlStore, open_store
from support.feed_server import serving
from support.forked import feedhub, running
from support.installed import COMMAND, wait_for
from support.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]  # fixtures

ENTRIES = 2_600
CONFIG = """
server: {{port: 0}}
database: {{url: '{url}'}}
polling: {{allow_networks: [127.0.0.0/8], ports: ["1-65535"], manual_gap: 0s, host_gap: 0s}}
topics:
  evens: [{word}]
  odds: [{other}]
  rest: {{default: true}}
sources:
{sources}
"""
BEFORE, AFTER = ("even", "odd"), ("odd", "third")


def _documents() -> dict[str, bytes]:
    def item(number: int) -> str:
        words = " ".join(word for word, size in (("even", 2), ("third", 3)) if number % size == 0)
        odd = "" if number % 2 == 0 else "odd"
        return (
            f'<item><guid isPermaLink="false">n{number}</guid><link>http://s.example/{number}</link>'
            f"<title>Number {number} {words} {odd}</title>"
            f"<description>{'A few words more. ' * 40}{number}</description></item>"
        )

    documents = {}
    for first in range(0, ENTRIES, 900):
        items = "".join(item(number) for number in range(first, min(first + 900, ENTRIES)))
        documents[f"d{first}.xml"] = f'<rss version="2.0"><channel><title>D</title>{items}</channel></rss>'.encode()
    return documents


@pytest.fixture(params=["sqlite", "postgresql"])
def newsroom(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[Sequence[str]], str]]:
    """Everything is polled under the first rules; the call writes a file with others and returns the database's address."""
    sqlite = request.param == "sqlite"
    url = "sqlite:///feedhub.db" if sqlite else request.getfixturevalue("postgres_url")
    with serving(_documents()) as server:
        sources = "\n".join(f"  - {{url: '{server.url(name)}', slug: {name[:-4]}}}" for name in server.documents)

        def write(words: Sequence[str]) -> str:
            config = CONFIG.format(url=url, word=words[0], other=words[1], sources=sources)
            (tmp_path / "config.yaml").write_text(config)
            return f"sqlite:///{tmp_path / 'feedhub.db'}" if sqlite else url

        write(BEFORE)
        feedhub(tmp_path, "poll", "--all", "--json")
        yield write


def _standing(store: SqlStore) -> Standing:
    return Standing.loads(store.recall(RULES))


def _topics(url: str) -> Counter[tuple[str, str]]:
    """Every membership in a topic, as often as it is stored."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    query = (
        "SELECT f.key, e.original_id FROM memberships m JOIN feeds f ON f.id = m.feed_id "
        "JOIN entries e ON e.id = m.entry_id WHERE f.kind = 'topics'"
    )
    try:
        with engine.connect() as connection:
            return Counter((row[0], row[1]) for row in connection.execute(text(query)))
    finally:
        engine.dispose()


def _wanted(words: Sequence[str]) -> Counter[tuple[str, str]]:
    def words_of(number: int) -> set[str]:
        return {
            name for name, fits in (("even", number % 2 == 0), ("odd", number % 2), ("third", number % 3 == 0)) if fits
        }

    wanted: Counter[tuple[str, str]] = Counter()
    for number in range(ENTRIES):
        topics = [key for key, word in zip(("evens", "odds"), words, strict=True) if word in words_of(number)]
        wanted.update((key, f"n{number}") for key in topics or ["rest"])
    return wanted


def _sizes(store: SqlStore) -> dict[str, int]:
    return {feed.key: feed.size for feed in store.feeds(FeedKind.TOPIC)}


@pytest.mark.timeout(600)
def test_labelling_that_is_killed_goes_on_from_there(tmp_path: Path, newsroom: Callable[[Sequence[str]], str]) -> None:
    dice = random.Random(7)
    url = newsroom(AFTER)
    store = open_store(url, read_only=True)
    try:
        assert store.count_entries() == ENTRIES
        assert _topics(url) == _wanted(BEFORE)
        versions = {feed.key: feed.version for feed in store.feeds(FeedKind.TOPIC)}
        reached = [EntryId(0)]
        for _ in range(3):
            process = subprocess.Popen(
                [str(COMMAND), "relabel"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            wait_for(lambda: not (now := _standing(store)).complete and now.after > reached[-1])
            time.sleep(dice.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
            process.wait()
            standing = _standing(store)
            assert not standing.complete
            assert standing.total == ENTRIES
            reached.append(standing.after)
        assert reached == sorted(set(reached)), "each began where the one before had come to"
        assert "labelled by changed rules" in feedhub(tmp_path, "status").stdout
        done = feedhub(tmp_path, "relabel")
        assert f"{ENTRIES} entries labelled" in done.stdout
        assert "All labels are those" in feedhub(tmp_path, "relabel").stdout
        assert _topics(url) == _wanted(AFTER)
        counted = Counter(key for key, _ in _wanted(AFTER))
        assert _sizes(store) == dict(counted)
        for feed in store.feeds(FeedKind.TOPIC):
            assert feed.version > versions[feed.key], f"readers of {feed.key} are told"
        assert "sound" in feedhub(tmp_path, "db", "check").stdout
    finally:
        store.close()


@pytest.mark.timeout(600)
def test_a_daemon_that_is_killed_goes_on_at_its_next_start(
    tmp_path: Path, newsroom: Callable[[Sequence[str]], str]
) -> None:
    url = newsroom(AFTER)
    store = open_store(url, read_only=True)
    try:
        with running(tmp_path) as daemon:
            wait_for(lambda: _standing(store).after > 0)
            daemon.process.kill()
            daemon.process.wait()
        assert not _standing(store).complete
        reached = _standing(store).done
        with running(tmp_path) as daemon:
            wait_for(lambda: _standing(store).done > reached)
            told = daemon.json("/status.json")["labelling"]
            assert told is None or (told["of"] == ENTRIES and told["done"] >= reached)
            wait_for(lambda: daemon.json("/status.json")["labelling"] is None)
            assert _topics(url) == _wanted(AFTER)
            items = daemon.json("/topics/odds.json")["items"]
            assert items
            assert all("third" in item["title"] for item in items)
            newsroom(BEFORE)
            said = feedhub(tmp_path, "reload", "--wait").stdout
            assert "All labels are those of the configuration now." in said
            assert _topics(url) == _wanted(BEFORE)
            assert json.dumps(daemon.json("/topics/odds.json")["items"]) != json.dumps(items)
    finally:
        store.close()
