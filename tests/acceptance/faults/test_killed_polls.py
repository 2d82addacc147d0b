"""Polls that die at a named point: nothing is lost, nothing is doubled, and the next poll makes it whole."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.contents import Contents, contents, differences
from support.faults import DYING, Point, configure, dies, documents, met, numbers
from support.feed_server import FeedServer, serving
from support.forked import feedhub
from support.installed import COMMAND

POINTS = [
    Point(
        name="after a fetch",
        function="feedhub.fetch.aiohttp_fetcher:AiohttpFetcher.fetch",
        after=True,
        most=8,
        seldom=True,
    ),
    Point(name="before a commit", function="feedhub.commit:Committer.commit", most=4, seldom=True),
    Point(name="between the tables of a commit", function="feedhub.store.batch:Batch._write_keys", most=4),
    Point(
        name="written and not committed", function="feedhub.store.batch:Batch.write", after=True, most=4, seldom=True
    ),
    Point(name="committed and not published", function="feedhub.commit:Committer.commit", after=True, most=4),
]


@pytest.fixture(scope="module")
def server() -> Iterator[FeedServer]:
    with serving(documents()) as found:
        yield found


@pytest.fixture(scope="module")
def calm(server: FeedServer, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """What a run without any fault makes."""
    folder = configure(tmp_path_factory.mktemp("calm") / "room", server)
    for _ in range(2):
        feedhub(folder, "poll", "--all", "--json")
    return contents(folder / "feedhub.db")


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("point", met(POINTS), ids=lambda point: point.name)
def test_a_kill_at(point: Point, server: FeedServer, calm: Contents, tmp_path: Path) -> None:
    for place, number in enumerate(numbers(point)):
        folder = configure(tmp_path / str(place), server)
        dies(folder, point.at(number), "poll", "--all", "--json")
        assert "sound" in feedhub(folder, "db", "check").stdout
        for _ in range(2):
            feedhub(folder, "poll", "--all", "--json")
        assert differences(calm, contents(folder / "feedhub.db")) == [], f"{point.name}, {number}"


def test_workers_that_die_cost_their_documents_a_poll_and_nobody_else(
    server: FeedServer, calm: Contents, tmp_path: Path
) -> None:
    folder = configure(tmp_path / "room", server)
    third = Point(name="a worker", function="feedhub.understand:understand").at(3)
    done = subprocess.run(
        [str(COMMAND), "poll", "--all", "--json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(DYING), "FEEDHUB_DIE": third},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    failed = [one for one in json.loads(done.stdout) if one["kind"] not in {"ok", "unchanged"}]
    assert len(failed) == len(server.documents) // 3, done.stdout
    assert {one["detail"] for one in failed} == {"its process died (exit code -9)"}
    for _ in range(2):
        feedhub(folder, "poll", "--all", "--json")
    assert differences(calm, contents(folder / "feedhub.db")) == []
