"""The installed program as a server sees it: a trial in seconds, polls by hand, and where keys of addresses go."""

from __future__ import annotations

import base64
import json
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

from support.feed_server import Asked, FeedServer, serving
from support.forked import feedhub, running
from support.installed import Daemon, wait_for
from support.rounds import rss

TRIAL = """
site: {{contact: "mailto:me@example.org"}}
server: {{port: 0}}
polling:
  allow_networks: [127.0.0.0/8]
  ports: ["1-65535"]
  interval: 3s
  first_poll_spread: 0s
  manual_gap: 1s
  host_gap: 1s
  no_validator_min: 3s
  silent_after: 9999d
  workers: 1
sources:
{}
"""


def configure(folder: Path, *urls: str, polling: str = "") -> None:
    sources = "\n".join(f"  - {{url: '{url}', slug: s{number}}}" for number, url in enumerate(urls))
    (folder / "config.yaml").write_text(
        TRIAL.format(sources).replace("  interval: 3s\n", polling or "  interval: 3s\n")
    )


def by_path(server: FeedServer) -> dict[str, list[Asked]]:
    found: dict[str, list[Asked]] = defaultdict(list)
    for one in list(server.asked):
        found[one.path].append(one)
    return found


def test_a_trial_of_seconds_keeps_every_interval_and_asks_conditionally(tmp_path: Path) -> None:
    with serving({"a.xml": rss(1), "b.xml": rss(2)}) as server:
        configure(tmp_path, server.url("a.xml"), server.url("b.xml"))
        with running(tmp_path):
            # That there are four in the time that waiting takes says that seconds are kept, too, and not only minutes.
            wait_for(lambda: all(len(by_path(server)[path]) >= 4 for path in ("a.xml", "b.xml")))
        restarted_at = time.monotonic()
        with running(tmp_path):  # a restart neither polls early nor asks for everything again
            wait_for(lambda: all(one[-1].at > restarted_at for one in by_path(server).values()))
    for path in ("a.xml", "b.xml"):
        requests = by_path(server)[path]
        assert all(later.at - earlier.at >= 3.0 for earlier, later in pairwise(requests)), path
        assert [one.headers.get("If-None-Match") is None for one in requests] == [True] + [False] * (len(requests) - 1)
        assert {one.headers["User-Agent"].partition("(")[2] for one in requests} == {
            "+mailto:me@example.org; 1 subscriber)"
        }
    # A request may be noted late, by a server that shares a busy machine, and the next one in time.
    gaps = [later.at - earlier.at for earlier, later in pairwise(server.asked)]
    assert min(gaps) > 0.25, gaps


def test_a_poll_by_hand_is_conditional_and_a_forced_one_is_not_with_and_without_a_daemon(tmp_path: Path) -> None:
    def kinds(*arguments: str) -> list[str]:
        return [one["kind"] for one in json.loads(feedhub(tmp_path, "poll", *arguments, "--json").stdout)]

    with serving({"a.xml": rss(1), "b.xml": rss(2)}) as server:
        configure(tmp_path, server.url("a.xml"), server.url("b.xml"), polling="  interval: 6h\n")
        assert kinds("--all") == ["ok", "ok"]
        time.sleep(1.1)  # manual_gap
        assert kinds("s0") == ["unchanged"]
        time.sleep(1.1)
        assert kinds("s0", "--force") == ["ok"]
        with running(tmp_path):
            time.sleep(1.1)
            assert kinds("s0", "--force") == ["refused"]  # it remembers what a process before it did
            assert kinds("s1", "--force") == ["ok"]
            time.sleep(1.1)
            assert kinds("s0", "s1") == ["unchanged", "unchanged"]
        conditional = {
            path: ["If-None-Match" in one.headers for one in requests] for path, requests in by_path(server).items()
        }
    assert conditional == {"a.xml": [False, True, False, True], "b.xml": [False, False, True]}


def _everything_shown(hub: Daemon) -> str:
    pages = (
        "/",
        "/status",
        "/status.json",
        "/metrics",
        "/all.atom",
        "/all.rss",
        "/all.json",
        "/feeds.opml",
        "/sources",
    )
    served = [hub.get(path).body.decode() for path in pages]
    commands = (
        ("config", "show"),
        ("sources", "list", "--json"),
        ("status", "--json"),
        ("check",),
        ("sources", "test", "s2"),
    )
    said = [feedhub(hub.folder, *one, check=False) for one in commands]
    return "".join([*served, *(done.stdout + done.stderr for done in said)])


def test_keys_of_addresses_and_headers_arrive_at_the_server_and_nowhere_else(tmp_path: Path) -> None:
    with serving({"a.xml": rss(1), "b.xml": rss(2)}) as server:
        user, token, broken = (server.url(path) for path in ("a.xml", "b.xml?api_key=t0ken", "none?sig=t1ken"))
        configure(tmp_path, user.replace("://", "://me:hunter2@"), token, broken)
        with (tmp_path / "config.yaml").open("a") as file:
            file.write(f"  - {{url: '{server.url('a.xml?x')}', slug: held, headers: {{X-Key: he4der}}}}\n")
        with running(tmp_path) as hub:
            wait_for(lambda: len(by_path(server)) == 3 and len(hub.json("/all.json")["items"]) == 2)
            wait_for(lambda: any("X-Key" in one.headers for one in list(server.asked)))
            shown = _everything_shown(hub)
            (tmp_path / "config.yaml").write_text((tmp_path / "config.yaml").read_text().replace("t0ken", "t2ken"))
            wait_for(lambda: "config.reloaded" in hub.logged())
            exported = feedhub(tmp_path, "export-opml")
            shown += hub.logged()
        told = {one.headers.get("Authorization") for one in server.asked if "a.xml" in one.path} - {None}
    assert told == {"Basic " + base64.b64encode(b"me:hunter2").decode()}
    assert "Story 1" in shown
    assert "api_key=***" in shown
    for secret in ("hunter2", "t0ken", "t1ken", "t2ken", "he4der"):
        assert secret not in shown, secret
    assert "hunter2" not in exported.stdout
    assert "t2ken" in exported.stdout  # without it the list would be of no use elsewhere…
    assert "s1" in exported.stderr  # …and that is said
