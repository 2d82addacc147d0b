"""Every state of a source, reached by real polls over HTTP, and told in the same words everywhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from feedhub.model import Health
from feedhub.ports import Vitals
from feedhub.schedule import explain
from feedhub.serve.app import ServeParts, create_app
from support.busy_source import WINDOW, Rig, document, rig
from support.feed_server import FeedServer, serving
from support.web import served

Prepare = Callable[[FeedServer], None]


def answering(status: int, **headers: str) -> Prepare:
    def prepare(server: FeedServer) -> None:
        server.failing["busy.rss"] = status
        server.saying["busy.rss"] = {name.replace("_", "-"): value for name, value in headers.items()}

    return prepare


def moving(server: FeedServer) -> None:
    server.documents["new.rss"] = server.documents["busy.rss"]
    answering(301, Location=server.url("new.rss"))(server)


def page(server: FeedServer) -> None:
    server.documents["busy.rss"] = b"<!doctype html><html><body>A page.</body></html>"


def letter(server: FeedServer) -> None:
    server.documents["busy.rss"] = b"Dear reader, there is nothing here."


def turned_over(server: FeedServer) -> None:
    server.documents["busy.rss"] = document(range(90, 90 + WINDOW))


STATES: list[tuple[Prepare, float, int, Health, str]] = [
    (answering(200), 1, 1, Health.FRESH, "Answers well"),
    (answering(429), 1, 1, Health.WAITING, "Waiting for 0 s (once): rate limited, HTTP 429"),
    (answering(503, Retry_After="7200"), 1, 1, Health.WAITING, "next poll in 2 h as the server asked"),
    (answering(503), 1, 1, Health.FAILING, "Failing for 0 s (once): server error, HTTP 503"),
    (answering(401), 1, 1, Health.NEEDS_CREDENTIALS, "give it `auth` in the configuration"),
    (answering(403), 1, 1, Health.BLOCKED, "Blocked for 0 s (once): forbidden, HTTP 403"),
    (answering(404), 1, 1, Health.FAILING, "not found, HTTP 404"),
    (answering(404), 24 * 15, 2, Health.MAYBE_GONE, "Perhaps gone for 15 days (2 times in a row)"),
    (answering(410), 24, 2, Health.GONE, "polled no more until you ask for it"),
    (page, 1, 1, Health.BLOCKED, "where a feed was before: the server keeps us out, or the feed is no more"),
    (letter, 1, 1, Health.NOT_A_FEED, "No feed there for 0 s (once): not a feed"),
    (moving, 1, 1, Health.MOVED, "says that it moved to another address of its host (seen once, not adopted yet)"),
    (moving, 30, 3, Health.MOVED, "it moved to another address of its host for good"),
    (turned_over, 96, 1, Health.MISSED, "were probably missed"),
    (answering(200), 24 * 190, 1, Health.SILENT, "Answers, but has had nothing new for"),
]


@pytest.mark.parametrize(
    ("prepare", "hours", "polls", "health", "words"),
    STATES,
    ids=[f"{one[3].value}-{at}" for at, one in enumerate(STATES)],
)
async def test_a_state_is_reached_told_and_left(
    tmp_path: Path, prepare: Prepare, hours: float, polls: int, health: Health, words: str
) -> None:
    with serving({"busy.rss": document(range(WINDOW))}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll(0)
            if health is not Health.FRESH or words != "Answers well":
                prepare(server)
            if server.failing.get("busy.rss") == 200:
                server.failing.clear()
            for _ in range(polls):
                await it.poll(hours)
            assert it.state.health is health
            assert words in explain(it.state, it.clock())
            await asyncio.to_thread(_same_words_everywhere, it)
            last = it.home.store.changes(1)
            assert [change.after for change in last] == ([] if health is Health.FRESH else [health])
            server.failing.clear()
            server.saying.clear()
            server.documents["busy.rss"] = document(range(91, 91 + WINDOW))
            if health not in {Health.MOVED, Health.MISSED}:
                await it.poll(3)  # what it lists now was never seen, so that it is well or has a gap
                assert it.state.health in {Health.FRESH, Health.MISSED}


def _same_words_everywhere(it: Rig) -> None:
    app = create_app(
        ServeParts(
            library=it.home.store,
            press=it.parts.shelf.press,
            catalogue=it.home.store,
            settings=it.parts.settings,
            control=None,
            vitals=lambda: Vitals(live=True, ready=True),
            control_token="",
            version="9",
            clock=it.clock,
            explain=explain,
        )
    )
    with served(app) as web:
        (told,) = json.loads(web.get("/status.json").text)["sources"]
        html, figures = web.get("/status").text, web.get("/metrics").text
    sentence = explain(it.state, it.clock())
    assert (told["health"], told["explanation"]) == (it.state.health.value, sentence)
    assert sentence.replace("'", "&#39;") in html
    assert f'feedhub_sources{{health="{it.state.health.value}"}} 1.0' in figures


async def test_a_source_of_a_resting_host_waits(tmp_path: Path) -> None:
    with serving({"busy.rss": document(range(WINDOW))}) as server:
        async with rig(tmp_path, server) as it:
            answering(429, Retry_After="7200")(server)
            await it.poll(0)
            asked = len(server.asked)
            assert it.state.health is Health.WAITING
            it.clock.at += timedelta(minutes=30)
            await it.poll(0)  # by hand, while the host rests: nothing is sent
            assert len(server.asked) == asked
            assert it.state.health is Health.WAITING
