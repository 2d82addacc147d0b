"""A newcomer's first minute: an empty folder, no network, `feedhub init`, `feedhub run`, a feed in a reader."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import feedparser
import pytest

from support.installed import Daemon, feedhub, get, running, wait_for


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """A folder as `feedhub init` leaves it, on a free port."""
    feedhub(tmp_path, "init")
    config = tmp_path / "config.yaml"
    text = config.read_text()
    assert "examples: true" in text
    config.write_text(text + "\nserver:\n  port: 0\n")
    return tmp_path


def _topics_with_entries(daemon: Daemon) -> list[str]:
    feeds = json.loads(feedhub(daemon.folder, "feeds", "list", "--json").stdout)
    return [feed["url"].split("/", 3)[3] for feed in feeds if "/topics/" in feed["url"] and feed["entries"] >= 2]


def test_samples_appear_in_topic_and_author_feeds_without_a_network(started: Path) -> None:
    with running(started) as daemon:
        topics = wait_for(lambda: _topics_with_entries(daemon))
        for form in ("atom", "rss", "json"):
            answer = daemon.get(f"/{topics[0]}.{form}")
            assert answer.status == 200
            assert _titles(answer.body, form)
        feeds = json.loads(feedhub(started, "feeds", "list", "--kind", "authors", "--json").stdout)
        huyen = next(feed for feed in feeds if feed["title"] == "Huyền Trần")
        author = daemon.get("/" + huyen["url"].split("/", 3)[3] + ".atom")
        assert "Huyền Trần" in author.body.decode()
        assert "Junior Analyst" not in {
            person.name for entry in feedparser.parse(author.body).entries for person in entry.authors
        }


def _titles(body: bytes, form: str) -> list[str]:
    if form == "json":
        return [item["title"] for item in json.loads(body)["items"]]
    return [entry.title for entry in feedparser.parse(body).entries]


def test_without_a_network_public_sources_show_a_clear_state_and_back_off(started: Path) -> None:
    with running(started) as daemon:
        states = wait_for(
            lambda: [
                state
                for state in json.loads(feedhub(started, "status", "--json").stdout)
                if state["failures"] and not state["url"].startswith("http://127.0.0.1")
            ]
        )
        assert daemon.process.poll() is None
    for state in states:
        assert state["health"] == "failing"
        assert state["last_detail"]
        assert state["next_poll_at"] > state["last_poll_at"]


def test_a_story_in_two_samples_is_one_in_all(started: Path) -> None:
    with running(started) as daemon:
        wait_for(lambda: _topics_with_entries(daemon))
        wait_for(lambda: _all_samples_polled(started))
        items = json.loads(daemon.get("/all.json").body)["items"]
        entries = json.loads(feedhub(started, "entries", "list", "--limit", "500", "--json").stdout)
    assert len({item["title"] for item in items}) == len(items)
    assert len(entries) > len(items), "the samples hold stories that two sources carry"


def _all_samples_polled(folder: Path) -> bool:
    states = json.loads(feedhub(folder, "status", "--json").stdout)
    return all(state["last_success_at"] for state in states if state["url"].startswith("http://127.0.0.1"))


def test_the_page_for_people_links_its_feeds(started: Path) -> None:
    with running(started) as daemon:
        topics = wait_for(lambda: _topics_with_entries(daemon))
        page = get(f"{daemon.base}/{topics[0]}").body.decode()
        assert 'rel="alternate"' in page
        assert "<script" not in page


@pytest.mark.needs("newsboat")
def test_newsboat_reads_a_topic_and_gets_304_from_its_third_refresh_on(started: Path) -> None:
    home = started / "reader"
    (home / ".newsboat").mkdir(parents=True)
    with running(started, "--log-level", "debug") as daemon:
        topics = wait_for(lambda: _topics_with_entries(daemon))
        wait_for(lambda: _all_samples_polled(started))  # a source that comes meanwhile would rightly be answered 226
        (home / ".newsboat" / "urls").write_text(f"{daemon.base}/{topics[0]}.atom\n")
        for _ in range(4):
            _newsboat(home, "-x", "reload")
        statuses = wait_for(lambda: _feed_statuses(daemon, topics[0]))
    assert statuses[:1] == [200]
    assert set(statuses[2:]) == {304}
    listed = _newsboat(home, "-x", "print-unread")
    assert int(listed.split()[0]) >= 2
    import sqlite3

    connection = sqlite3.connect(home / ".newsboat" / "cache.db")
    authors = [row[0] for row in connection.execute("SELECT author FROM rss_item")]
    connection.close()
    assert any(authors)


def _newsboat(home: Path, *arguments: str) -> str:
    import subprocess

    done = subprocess.run(
        [shutil.which("newsboat") or "newsboat", *arguments],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "TERM": "dumb", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def _feed_statuses(daemon: Daemon, path: str) -> list[int]:
    """Statuses of the answers to the reader, from the daemon's own log of requests."""
    found = []
    for line in daemon.logged().splitlines():
        if line.startswith("{") and f"/{path}.atom" in line:
            event = json.loads(line)
            if event.get("event") == "request.answered":
                found.append(int(event["status"]))
    return found if len(found) >= 4 else []
