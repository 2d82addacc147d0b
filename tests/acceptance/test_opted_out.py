"""``republish: false``: one line, and what belongs to a source is in no output, whoever else carried it."""

from __future__ import annotations

import json
from pathlib import Path

from support.commands import command
from support.feed_server import serving
from support.forked import running
from support.installed import wait_for

CONFIG = """
site: {{base_url: "http://hub.example"}}
server: {{port: 0}}
polling: {{allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s, manual_gap: 0s}}
topics: {{harbour: [harbour]}}
sources:
  - {{url: '{shy}', slug: shy{line}}}
{more}"""


def feed(*items: tuple[str, str, str]) -> bytes:
    listed = "".join(
        f"<item><title>{title}</title><guid>{guid}</guid><link>{guid}</link><dc:creator>Ada Quill</dc:creator>"
        f"<category>Ships</category><pubDate>Fri, 20 Nov 2026 08:00:00 GMT</pubDate><description>{text}</description></item>"
        for guid, title, text in items
    )
    head = "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>News</title>"
    return f"{head}<link>https://news.example/</link>{listed}</channel></rss>".encode()


SHY = ("https://shy.example/1", "Shy harbour", "Quietly moored in the harbour, two ships wait for the tide to come.")
SHARED = ("https://shy.example/2", "Second shy harbour", "A tale of the harbour.")
LOUD = ("https://planet.example/9", "Loud harbour", "Horns in the harbour all night.")


def test_an_opt_out_in_one_line(tmp_path: Path) -> None:
    documents = {"shy.rss": feed(SHY, SHARED), "planet.rss": feed(SHARED, LOUD)}
    with serving(documents) as server:
        shy, more = server.url("shy.rss"), f"  - {{url: '{server.url('planet.rss')}', slug: planet}}\n"
        config = tmp_path / "config.yaml"
        config.write_text(CONFIG.format(line="", shy=shy, more=""))
        with running(tmp_path) as daemon:
            command(tmp_path, "poll", "shy")
            addresses = [
                f"{path}.{ending}"
                for path in ("/all", "/topics/harbour", "/authors/ada-quill", "/categories/ships")
                for ending in ("atom", "rss", "json")
            ]
            wait_for(lambda: all(b"Shy harbour" in daemon.get(address).body for address in addresses))
            config.write_text(CONFIG.format(line=", republish: false", shy=shy, more=more))
            command(tmp_path, "reload")
            assert daemon.get("/sources/shy.atom").status == 410
            wait_for(lambda: b"Shy harbour" not in daemon.get("/all.atom").body)
            command(tmp_path, "poll", "planet")
            wait_for(lambda: b"Loud harbour" in daemon.get("/topics/harbour.atom").body)
            pages = ["/all", "/topics/harbour", "/authors/ada-quill", "/sources/planet", "/sources/planet.json"]
            for address in [*addresses, *pages, "/search.json?q=harbour", "/search?q=shy", "/feeds.opml", "/"]:
                body = daemon.get(address, {"Accept": "text/html"}).body
                assert b"hy harbour" not in body, address
                assert b"shy.example" not in body, address
            assert (
                json.loads(command(tmp_path, "db", "stats", "--json"))["entries"] == 3
            )  # beside the daemon, on its file
            assert "3 entries, from 2026-11-20" in command(tmp_path, "db", "stats")
            found = json.loads(command(tmp_path, "search", "harbour", "--json"))
            assert {one["entry"]["title"] for one in found} == {"Shy harbour", "Second shy harbour", "Loud harbour"}
            found = json.loads(command(tmp_path, "search", "source:shy", "tide", "--json"))
            assert [one["entry"]["title"] for one in found] == ["Shy harbour"]
            assert "republish: false" in command(tmp_path, "explain", SHY[0])
            config.write_text(CONFIG.format(line="", shy=shy, more=more))
            command(tmp_path, "reload")
            wait_for(lambda: b"Shy harbour" in daemon.get("/topics/harbour.atom").body)
            assert b"Shy harbour" in daemon.get("/sources/shy.atom").body
            assert daemon.get("/authors/ada-quill.atom").body.count(b"</entry>") == 3
