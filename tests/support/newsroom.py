"""A small site for tests of the command line: two feeds on loopback, a page that names one, a configuration."""

from __future__ import annotations

from pathlib import Path

from support.feed_server import FeedServer

HARBOUR = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>Harbour Gazette</title><link>https://harbour.example/</link><description>Ships and money</description>
<item><title>Old pier sold</title><link>https://harbour.example/pier</link><guid>h-1</guid>
<dc:creator>Ada Quill</dc:creator><pubDate>Mon, 02 Nov 2026 08:00:00 GMT</pubDate>
<description>The pier changes hands.</description></item>
<item><title>Central bank visits the harbour</title><link>https://harbour.example/bank</link><guid>h-2</guid>
<dc:creator>Ada Quill</dc:creator><pubDate>Fri, 20 Nov 2026 08:00:00 GMT</pubDate>
<description>Interest rates were discussed.</description></item>
</channel></rss>"""

HILLSIDE = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Hillside Notes</title><id>tag:hillside.example,2026:feed</id>
<updated>2026-11-10T08:00:00Z</updated><author><name>Ben Moss</name></author>
<entry><title>Goats on the ridge</title><id>tag:hillside.example,2026:1</id><updated>2026-11-10T08:00:00Z</updated>
<link href="https://hillside.example/goats"/><summary>Many goats.</summary></entry></feed>"""

FRONT_PAGE = """<!doctype html><html><head><title>Hillside</title>
<link rel="alternate" type="application/atom+xml" href="/hillside.atom"></head><body><h1>Hillside</h1></body></html>"""

NO_FEED = "<!doctype html><html><head><title>Nothing</title></head><body><p>No feed here.</p></body></html>"

DOCUMENTS = {
    "harbour.rss": HARBOUR.encode(),
    "hillside.atom": HILLSIDE.encode(),
    "front.html": FRONT_PAGE.encode(),
    "plain.html": NO_FEED.encode(),
}

TOPICS = """topics:
  banks:
    title: Banks
    any:
      - keyword: [central bank*]
  goats: [goat*]
"""


def config(server: FeedServer, *, more: str = "", sources: str | None = None, topics: str = TOPICS) -> str:
    """A configuration that polls the harbour feed from loopback and listens on any free port.

    :param sources: the whole ``sources`` section instead.
    """
    if sources is None:
        sources = f"sources:\n  # the harbour comes first\n  - url: {server.url('harbour.rss')}\n    slug: harbour\n"
    return (
        "server:\n  port: 0\n"
        "polling:\n  host_gap: 0s\n  allow_networks: [127.0.0.0/8]\n"
        f'  ports: ["80", "443", "{server.port}"]\n'
        f"{sources}{topics}{more}"
    )


def open_newsroom(folder: Path, server: FeedServer, *, more: str = "") -> Path:
    """Write the configuration into ``folder``, made when missing; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(config(server, more=more), encoding="utf-8")
    return folder
