"""The installed program as a hub: a whole round to a subscriber and to another FeedHub, and a kill in the middle."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from support.feed_server import FeedServer, serving
from support.forked import feedhub, running
from support.installed import Daemon, wait_for
from support.subscriber import Subscriber, subscriber

CONFIG = """
server: {{port: {port}}}
polling:
  allow_networks: [127.0.0.0/8]
  ports: ["1-65535"]
  host_gap: 0s
  manual_gap: 0s
  interval: {{min: {least}, max: 24h}}
  first_poll_spread: 0s
  workers: 1
{more}
sources:
  - {{url: '{url}', slug: news}}
"""
ITEM = "<item><title>Story {number}</title><guid isPermaLink='false'>urn:s:{number}</guid><pubDate>Tue, 24 Nov 2026 0{number}:00:00 GMT</pubDate></item>"


def rss(*numbers: int) -> bytes:
    items = "".join(ITEM.format(number=number) for number in numbers)
    head = "<rss version='2.0'><channel><title>News</title><link>http://e.example/</link><description>d</description>"
    return f"{head}{items}</channel></rss>".encode()


def configure(folder: Path, url: str, more: str = "hub: own", port: int = 0, least: str = "24h") -> None:
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(CONFIG.format(port=port, url=url, more=more, least=least))


def first_polled(daemon: Daemon) -> None:
    wait_for(lambda: b"Story 1" in daemon.get("/sources/news.atom").body)


def subscriptions(daemon: Daemon) -> int:
    return int(daemon.json("/status.json")["hub"]["subscriptions"])


def delivered(daemon: Daemon) -> bool:
    """Whether a delivery of this process was written down."""
    return 'feedhub_hub_total{what="delivered"} 1.0' in daemon.get("/metrics").body.decode()


def subscribe(ours: Subscriber, daemon: Daemon, **how: str) -> None:
    answer = ours.ask(f"{daemon.base}/hub", f"{daemon.base}/sources/news.atom", **how)
    assert answer.status == 202, answer.body
    wait_for(lambda: subscriptions(daemon) == 1)


def polled(folder: Path, feeds: FeedServer, *numbers: int) -> None:
    """Have the source's news polled, to the end."""
    feeds.documents["a.xml"] = rss(*numbers)
    feedhub(folder, "poll", "news")


def test_a_round_trip_to_a_subscriber_and_to_another_feedhub(tmp_path: Path) -> None:
    publisher, reader = tmp_path / "publisher", tmp_path / "reader"
    with subscriber() as ours, serving({"a.xml": rss(1)}) as feeds:
        configure(publisher, feeds.url("a.xml"))
        with running(publisher) as daemon:
            first_polled(daemon)
            topic = f"{daemon.base}/sources/news.atom"
            assert daemon.get("/sources/news.atom").headers["link"] == (
                f'<{daemon.base}/hub>; rel="hub", <{topic}>; rel="self"'
            )
            ours.challenge = "wrong"
            assert ours.ask(f"{daemon.base}/hub", topic, path="/liar").status == 202
            wait_for(lambda: ours.questions)
            ours.challenge = "echo"
            subscribe(ours, daemon, secret="between us")
            configure(reader, topic, "websub: {subscribe: always}")
            with running(reader) as other:
                wait_for(lambda: subscriptions(daemon) == 2)
                asked_at = other.json("/status.json")["sources"][0]["last_poll_at"]
                polled(publisher, feeds, 1, 2)
                wait_for(lambda: ours.deliveries)  # that it takes less than a second: tests/integration/test_hub.py
                (got,) = ours.deliveries
                assert got.path == "/cb"
                assert got.body == daemon.get("/sources/news.atom").body
                assert b"Story 2" in got.body
                assert got.is_signed("between us")
                wait_for(lambda: len(other.json("/sources/news.json")["items"]) == 2)
                (source,) = other.json("/status.json")["sources"]
                assert source["last_poll_at"] == asked_at  # pushed, not polled
                wait_for(lambda: other.json("/status.json")["sources"][0]["websub"]["pushes"] == 1)
            wait_for(lambda: 'feedhub_hub_total{what="delivered"} 2.0' in daemon.get("/metrics").body.decode())
            found = json.loads(feedhub(publisher, "hub", "list", "--json").stdout)
            assert {(one["subscriber"], one["signed"], one["behind"]) for one in found} == {("127.0.0.1", True, False)}
            table = feedhub(publisher, "hub", "list").stdout
            assert table.count("Delivered once.") == 2
            assert "Our hub has 2 subscriptions of 1 domain." in table
            shown = table + json.dumps(found) + daemon.logged() + daemon.get("/metrics").body.decode()
            assert not [word for word in ("between us", "/cb", "/websub/") if word in shown]
            assert ours.ask(f"{daemon.base}/hub", topic, "unsubscribe").status == 202
            wait_for(lambda: subscriptions(daemon) == 1)


def test_a_kill_in_the_middle_of_a_delivery_loses_nothing(tmp_path: Path) -> None:
    with subscriber() as ours, serving({"a.xml": rss(1)}) as feeds:
        configure(tmp_path, feeds.url("a.xml"))
        with running(tmp_path) as daemon:
            first_polled(daemon)
            subscribe(ours, daemon, secret="s")
            ours.delay = 3.0
            polled(tmp_path, feeds, 1, 2)
            wait_for(lambda: ours.started)
            os.kill(daemon.process.pid, signal.SIGKILL)
            daemon.process.wait()
            port = int(daemon.base.rpartition(":")[2])
        ours.delay = 0.0
        ours.started.clear()
        ours.deliveries.clear()
        configure(tmp_path, feeds.url("a.xml"), port=port)
        with running(tmp_path) as daemon:
            wait_for(lambda: ours.deliveries and delivered(daemon))
            assert b"Story 2" in ours.deliveries[0].body
            assert ours.deliveries[0].is_signed("s")
            assert ours.started == ["/cb"]
