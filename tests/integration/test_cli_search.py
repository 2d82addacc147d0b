"""`feedhub search` and `feedhub db index` through the installed program; the daemon builds the index by itself."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.forked import feedhub

CONFIG = """
examples: true
server: {port: 0}
polling: {allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s}
topics: {banks: [central bank], hidden: [rate]}
feeds: {private: {topics/hidden: [secret-token-of-mine]}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("searched")
    (folder / "config.yaml").write_text(CONFIG)
    feedhub(folder, "poll", "--all", "--json")
    return folder


def titles(folder: Path, *words: str) -> list[str]:
    return [one["entry"]["title"] for one in json.loads(feedhub(folder, "search", "--json", *words).stdout)]


def test_words_and_names(folder: Path) -> None:
    by_her = 'author:"Huyền Trần"'
    assert titles(folder, "lãi suất", by_her)
    assert titles(folder, "lai", "suat", by_her) == titles(folder, "lãi suất", by_her)
    assert titles(folder, "topic:hidden"), "who reads the database may read what is private"
    assert "Nothing was found" in feedhub(folder, "search", "zzzz").stderr
    assert set(titles(folder, "--", "-bank")).isdisjoint(titles(folder, "bank"))


def test_pages(folder: Path) -> None:
    first = feedhub(folder, "search", "topic:banks", "--limit", "1")
    key = first.stderr.rpartition("--before ")[2].strip()
    assert titles(folder, "topic:banks", "--limit", "1", "--before", key) == titles(folder, "topic:banks")[1:2]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["author:zzzz"], 7, "no author"),
        (["author:"], 2, "names"),
        (["!!"], 2, "no word"),
        (["x", "--before", "y"], 2, "--before"),
    ],
)
def test_refusals(folder: Path, words: list[str], code: int, said: str) -> None:
    done = feedhub(folder, "search", *words, check=False)
    assert done.returncode == code
    assert said in " ".join(done.stderr.split())


def test_the_index_is_built_by_hand_and_by_a_poll(folder: Path) -> None:
    before = titles(folder, "rate")
    done = feedhub(folder, "db", "index", "--anew").stdout
    assert "indexed. The index is complete." in done
    assert titles(folder, "rate") == before
    with closing(sqlite3.connect(folder / "feedhub.db")) as database, database:
        database.execute("UPDATE counters SET value = 0 WHERE name = 'search_version'")
    assert "being built, 0 %" in feedhub(folder, "status").stdout
    feedhub(folder, "poll", "--all")
    assert "being built" not in feedhub(folder, "status").stdout
    assert titles(folder, "rate") == before
