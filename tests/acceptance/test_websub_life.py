"""The installed program and a hub: pushed while it runs, after a restart, after a kill, and without a hub."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from support.feed_server import FeedServer, serving
from support.forked import feedhub, running
from support.hub import Hub, hub
from support.installed import Daemon, wait_for

CONFIG = """
server: {{port: {port}}}
polling:
  allow_networks: [127.0.0.0/8]
  ports: ["1-65535"]
  host_gap: 0s
  manual_gap: 0s
  interval: {{min: 1s, max: 24h}}
  first_poll_spread: 0s
  workers: 1
websub: {{subscribe: {subscribe}}}
sources:
  - {{url: '{url}', slug: news}}
"""

ITEM = "<item><title>Story {number}</title><guid isPermaLink='false'>urn:s:{number}</guid><pubDate>Tue, 24 Nov 2026 0{number}:00:00 GMT</pubDate></item>"


def rss(ours: Hub, *numbers: int) -> bytes:
    items = "".join(ITEM.format(number=number) for number in numbers)
    return (
        "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>News</title>"
        f"<link>http://e.example/</link><description>d</description><atom:link rel='hub' href='{ours.url}'/>"
        f"<atom:link rel='self' href='http://e.example/feed'/>{items}</channel></rss>"
    ).encode()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def configure(folder: Path, feeds: FeedServer, port: int, subscribe: str = "always") -> None:
    text = CONFIG.format(port=port, url=feeds.url("a.xml"), subscribe=subscribe)
    (folder / "config.yaml").write_text(text)


def titles(daemon: Daemon) -> set[str]:
    return {item["title"] for item in daemon.json("/sources/news.json")["items"]}


def standing(daemon: Daemon) -> str:
    told: dict[str, Any] | None = daemon.json("/status.json")["sources"][0]["websub"]
    return str(told["standing"]) if told else ""


def test_pushed_over_restart_and_kill(tmp_path: Path) -> None:
    with hub() as ours, serving({"a.xml": rss(ours, 1)}) as feeds:
        configure(tmp_path, feeds, free_port())
        with running(tmp_path) as daemon:
            wait_for(lambda: standing(daemon) == "active" and ours.subscribers)
            # What only the hub delivers: the source itself does not list it, so that no poll can have brought it.
            (answer,) = ours.distribute(rss(ours, 2))
            assert answer.status == 202
            wait_for(lambda: titles(daemon) == {"Story 1", "Story 2"})
            (answer,) = ours.distribute(rss(ours, 6), secret="a guess")
            assert answer.status == 202
            wait_for(lambda: daemon.json("/status.json")["sources"][0]["websub"]["ignored"] == 1)
            (callback,) = ours.subscribers
            assert callback.rpartition("/")[2] not in daemon.logged()
            daemon.process.send_signal(signal.SIGKILL)
            daemon.process.wait()
        with running(tmp_path) as daemon:
            wait_for(lambda: daemon.get("/health/ready").status == 200)
            (answer,) = ours.distribute(rss(ours, 3))
            assert answer.status == 202
            wait_for(lambda: titles(daemon) == {"Story 1", "Story 2", "Story 3"})
            assert len(ours.asked()) == 1
            (state,) = json.loads(feedhub(tmp_path, "status", "--json").stdout)
            assert state["websub"]["explanation"].startswith("Pushed by 127.0.0.1 until ")
            assert "Pushed by 127.0.0.1" in feedhub(tmp_path, "status").stdout
            secret = _secret(tmp_path)
            shown = feedhub(tmp_path, "status", "--json").stdout + feedhub(tmp_path, "config", "show").stdout
            assert secret not in shown + daemon.logged()
            # Switched off: ended at the hub, and a late delivery is told so.
            configure(tmp_path, feeds, int(daemon.base.rpartition(":")[2]), "never")
            feedhub(tmp_path, "reload")
            wait_for(lambda: not ours.subscribers)
            ours.subscribers[callback] = ("http://e.example/feed", secret)
            (answer,) = ours.distribute(rss(ours, 7))
            assert answer.status == 410
            assert "websub.subscribe is never" in daemon.json("/status.json")["sources"][0]["websub"]["explanation"]


def test_a_kill_right_after_the_answer_loses_nothing_that_the_source_lists(tmp_path: Path) -> None:
    with hub() as ours, serving({"a.xml": rss(ours, 1)}) as feeds:
        configure(tmp_path, feeds, free_port())
        with running(tmp_path) as daemon:
            wait_for(lambda: standing(daemon) == "active" and ours.subscribers)
            feeds.documents["a.xml"] = rss(ours, 1, 2)
            (answer,) = ours.distribute(rss(ours, 2))
            os.kill(daemon.process.pid, signal.SIGKILL)
            assert answer.status == 202
            daemon.process.wait()
        with running(tmp_path) as daemon:
            wait_for(lambda: daemon.get("/health/ready").status == 200)
            feedhub(tmp_path, "poll", "news")  # what would come by itself at the source's usual time
            assert titles(daemon) == {"Story 1", "Story 2"}
            assert len(ours.asked()) == 1


def test_without_a_hub_that_works_everything_is_polled(tmp_path: Path) -> None:
    with hub(mode="refuse", status=500) as ours, serving({"a.xml": rss(ours, 1)}) as feeds:
        configure(tmp_path, feeds, free_port())
        with running(tmp_path) as daemon:
            wait_for(lambda: len(ours.asked()) == 1)
            wait_for(lambda: "Asking the hub failed" in daemon.get("/status").body.decode())
            feeds.documents["a.xml"] = rss(ours, 1, 2)
            feedhub(tmp_path, "poll", "news")
            assert titles(daemon) == {"Story 1", "Story 2"}


def test_check_says_whether_hubs_are_asked(tmp_path: Path) -> None:
    with serving({}) as feeds:
        for subscribe, verdict, words in [
            ("auto", "ok", "hubs cannot reach http://127.0.0.1:8080"),
            ("never", "ok", "websub.subscribe is never"),
            ("always", "warning", "no address that hubs elsewhere can reach"),
        ]:
            configure(tmp_path, feeds, 0, subscribe)
            told = json.loads(feedhub(tmp_path, "check", "--no-reach", "--json").stdout)
            (about,) = [one for one in told if one["what"] == "websub"]
            assert about["verdict"] == verdict
            assert words in about["detail"]


def _secret(folder: Path) -> str:
    with closing(sqlite3.connect(f"file:{folder / 'feedhub.db'}?mode=ro", uri=True)) as connection:
        (secret,) = connection.execute("SELECT secret FROM websub_subscriptions").fetchone()
    assert len(secret) >= 20
    return str(secret)
