"""A feed's whole history, copied by a stranger: from the server and from a folder of files, twice with the same bytes."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path

import feedparser
import pytest

from support.feed_server import serving
from support.forked import feedhub, running
from support.installed import wait_for

CONFIG = """
site: {{base_url: "{base}"}}
server: {{port: 0}}
feeds: {{size: 50}}
polling: {{allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s, manual_gap: 0s}}
sources:
  - {{url: '{url}', slug: news}}
"""
BASE = "https://hub.example"


def listed(first: int, last: int) -> bytes:
    items = "".join(
        f"<item><title>Story {n}</title><guid isPermaLink='false'>{n}</guid><link>https://news.example/{n}</link>"
        f"<pubDate>{1 + n % 20} Nov 2026 0{n % 10}:00:00 GMT</pubDate><description>Number {n}.</description></item>"
        for n in range(first, last)
    )
    return f"<rss version='2.0'><channel><title>News</title><link>https://news.example/</link>{items}</channel></rss>".encode()


def history(read: Callable[[str], bytes], start: str) -> tuple[set[str], dict[str, bytes]]:
    """The titles of everything, and the archived documents by their addresses."""
    titles: set[str] = set()
    archives: dict[str, bytes] = {}
    address = start
    while address:
        body = read(address)
        feed = feedparser.parse(body)
        assert not feed.bozo
        if address != start:
            archives[address] = body
            assert "fh_archive" in feed.feed
        titles |= {entry.title for entry in feed.entries}
        address = next((link.href for link in feed.feed.links if link.rel == "prev-archive"), "")
        assert address not in archives
    return titles, archives


@pytest.mark.parametrize("ending", ["atom", "rss"])
def test_a_folder_of_files_holds_the_whole_history(tmp_path: Path, ending: str) -> None:
    with serving({"news.rss": listed(0, 130)}) as server:
        (tmp_path / "config.yaml").write_text(CONFIG.format(base=BASE, url=server.url("news.rss")))
        feedhub(tmp_path, "poll", "--all")
        feedhub(tmp_path, "export", "site")

        def read(address: str) -> bytes:
            return (tmp_path / "site" / address.removeprefix(f"{BASE}/")).read_bytes()

        titles, archives = history(read, f"{BASE}/all.{ending}")
        assert titles == {f"Story {n}" for n in range(130)}
        assert len(archives) == 2
        server.documents["news.rss"] = listed(100, 170)
        feedhub(tmp_path, "poll", "--all")
        feedhub(tmp_path, "export", "site")
        titles, later = history(read, f"{BASE}/all.{ending}")
        assert titles == {f"Story {n}" for n in range(170)}
        assert {address: later[address] for address in archives} == archives


def test_a_server_gives_the_whole_history(tmp_path: Path) -> None:
    with serving({"news.rss": listed(0, 130)}) as server:
        (tmp_path / "config.yaml").write_text(CONFIG.format(base=BASE, url=server.url("news.rss")))
        with running(tmp_path) as daemon:
            feedhub(tmp_path, "poll", "--all")

            def read(address: str) -> bytes:
                with urllib.request.urlopen(daemon.base + address.removeprefix(BASE), timeout=20) as reply:
                    return bytes(reply.read())

            wait_for(
                lambda: b"Story 129" in read(f"{BASE}/all.atom") or len(history(read, f"{BASE}/all.atom")[0]) == 130
            )
            titles, archives = history(read, f"{BASE}/all.atom")
            assert titles == {f"Story {n}" for n in range(130)}
            server.documents["news.rss"] = listed(100, 170)
            feedhub(tmp_path, "poll", "--all")
            wait_for(lambda: len(history(read, f"{BASE}/all.atom")[0]) == 170)
            again = history(read, f"{BASE}/all.atom")[1]
            assert {address: again[address] for address in archives} == archives


def older(body: bytes, ending: str) -> tuple[set[str], str]:
    """The titles of a page, and where the next older one is."""
    if ending == "json":
        page = json.loads(body)
        return {item["title"] for item in page["items"]}, page.get("next_url", "")
    feed = feedparser.parse(body)
    assert not feed.bozo
    return {entry.title for entry in feed.entries}, next((one.href for one in feed.feed.links if one.rel == "next"), "")


def test_pages_lead_to_the_oldest_entry_in_every_format_and_for_people(tmp_path: Path) -> None:
    with serving({"news.rss": listed(0, 130)}) as server:
        (tmp_path / "config.yaml").write_text(CONFIG.format(base=BASE, url=server.url("news.rss")))
        feedhub(tmp_path, "poll", "--all")
        with running(tmp_path) as daemon:
            for ending in ("atom", "rss", "json"):
                titles: set[str] = set()
                address, pages = f"{BASE}/all.{ending}", 0
                while address:
                    reply = daemon.get(address.removeprefix(BASE))
                    assert reply.status == 200, address
                    some, address = older(reply.body, ending)
                    assert titles.isdisjoint(some)
                    titles |= some
                    pages += 1
                assert (titles, pages) == ({f"Story {n}" for n in range(130)}, 3)
            page = daemon.get("/all").body.decode()
            link = re.search(r'href="([^"]*[?&]before=[^"]*)"', page)
            assert link
            assert "Story" in daemon.get(link[1].replace("&amp;", "&").removeprefix(BASE)).body.decode()
