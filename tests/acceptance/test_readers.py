"""Readers that nobody here wrote subscribe to a running FeedHub: sfeed and rss2email from Debian, reader from PyPI.

Each reads the feed of everything twice while nothing changes, and once more after an entry was edited and one came new.
newsboat is in ``test_first_run``.
"""

from __future__ import annotations

import email
import email.policy
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from support.feed_server import FeedServer, serving
from support.forked import feedhub, running
from support.installed import Daemon, wait_for

TITLE = "Ngân hàng trung ương giữ nguyên lãi suất & chờ"
ITEM = (
    "<item><title>{title}</title><guid isPermaLink='false'>{number}</guid><link>https://news.example/{number}?a=1&amp;b=2</link>"
    "<dc:creator>Huyền Trần</dc:creator><category>Vĩ mô</category><pubDate>Tue, 24 Nov 2026 0{number}:30:00 +0700</pubDate>"
    "<description>{text}</description><enclosure url='https://news.example/{number}.mp3' length='9' type='audio/mpeg'/></item>"
)
CONFIG = """
server: {{port: 0}}
polling: {{allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s, manual_gap: 0s}}
sources:
  - {{url: '{url}', slug: news}}
"""


def listed(*titles: str) -> bytes:
    items = "".join(
        ITEM.format(title=title.replace("&", "&amp;"), number=number, text=f"Story {number} &lt;b&gt;bold&lt;/b&gt;.")
        for number, title in enumerate(titles, 1)
    )
    return (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News &amp; more</title>'
        f"<link>https://news.example/</link><description>d</description><language>vi</language>{items}</channel></rss>"
    ).encode()


@dataclass
class Newsstand:
    """A running daemon with one source, whose document can change."""

    daemon: Daemon
    server: FeedServer
    folder: Path

    def feed(self, ending: str) -> str:
        return f"{self.daemon.base}/all.{ending}"

    def statuses(self, ending: str) -> list[int]:
        """What the reader was answered, from the daemon's own log."""
        lines = (line for line in self.daemon.logged().splitlines() if line.startswith("{"))
        events = [json.loads(line) for line in lines if f"/all.{ending}" in line]
        return [int(event["status"]) for event in events if event.get("event") == "request.answered"]

    def news(self) -> None:
        """The second entry is edited, a third one comes."""
        self.server.documents["news.rss"] = listed(TITLE, "Second, corrected", "Third")
        self.polled("Third")

    def polled(self, title: str) -> None:
        """Poll until an entry is published: the daemon may be at it by itself."""
        feedhub(self.folder, "poll", "--all", "--json")
        wait_for(lambda: title in self.entries())

    def entries(self) -> str:
        return feedhub(self.folder, "entries", "list", "--feed", "all", "--json").stdout


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Newsstand]:
    with serving({"news.rss": listed(TITLE, "Second")}) as server:
        (tmp_path / "config.yaml").write_text(CONFIG.format(url=server.url("news.rss")))
        with running(tmp_path, "--log-level", "debug") as daemon:
            stand = Newsstand(daemon, server, tmp_path)
            stand.polled("Second")
            yield stand


def run(home: Path, *command: str) -> str:
    home.mkdir(exist_ok=True)
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin:/usr/local/bin", "LANG": "C.UTF-8", "USER": "reader"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def answered(stand: Newsstand, ending: str, count: int) -> list[int]:
    wait_for(lambda: len(stand.statuses(ending)) >= count)
    return stand.statuses(ending)


# ---------------------------------------------------------------- sfeed

SFEEDRC = """
sfeedpath="$HOME/feeds"
feeds() {{ feed "all" "{url}"; }}
fetch() {{ curl -f -s -m 15 --etag-save "$HOME/all.etag" --etag-compare "$HOME/all.etag" "$2"; }}
"""


@pytest.mark.needs("sfeed")
@pytest.mark.needs("curl")
@pytest.mark.parametrize("ending", ["atom", "rss"])
def test_sfeed(stand: Newsstand, tmp_path: Path, ending: str) -> None:
    home = tmp_path / "reader"
    home.mkdir()
    (home / "sfeedrc").write_text(SFEEDRC.format(url=stand.feed(ending)))

    def rows() -> list[list[str]]:
        run(home, "sfeed_update", str(home / "sfeedrc"))
        return [line.split("\t") for line in (home / "feeds" / "all").read_text(encoding="utf-8").splitlines()]

    first = rows()
    assert rows() == first
    assert answered(stand, ending, 2) == [200, 304]
    # timestamp, title, link, content, content type, id, author, enclosure, category
    at, title, link, _, kind, number, author, enclosure, category = first[-1][:9]
    assert at == "1795458600"  # 18:30 UTC the day before
    assert (title, link, kind, author) == (TITLE, "https://news.example/1?a=1&b=2", "html", "Huyền Trần")
    assert number == "1" or number.startswith("tag:")
    assert (enclosure, category) == ("https://news.example/1.mp3", "Vĩ mô")
    stand.news()
    titles = [row[1] for row in rows()]
    assert {"Third", "Second, corrected", TITLE} <= set(titles)


# ---------------------------------------------------------------- rss2email

R2E = """
[DEFAULT]
from = hub@example.org
to = reader@example.org
email-protocol = maildir
maildir-path = {home}/Maildir
maildir-mailbox = inbox
verbose = error
"""


@pytest.mark.needs("r2e")
@pytest.mark.parametrize("ending", ["atom", "rss"])
def test_rss2email(stand: Newsstand, tmp_path: Path, ending: str) -> None:
    home = tmp_path / "reader"
    home.mkdir()
    (home / "Maildir").mkdir()
    (home / "r2e.cfg").write_text(R2E.format(home=home))
    command = ("r2e", "-c", str(home / "r2e.cfg"), "-d", str(home / "r2e.json"))
    run(home, *command, "add", "all", stand.feed(ending))

    def mails() -> list[EmailMessage]:
        run(home, *command, "run")
        files = sorted((home / "Maildir").rglob("new/*"))
        return [_mail(file.read_bytes()) for file in files]

    assert len(mails()) == 2
    found = {str(mail["Subject"]): mail for mail in mails()}
    assert found.keys() == {TITLE, "Second"}
    assert answered(stand, ending, 2)[-1] == 304
    assert "Huyền Trần" in str(found[TITLE]["From"])
    body = found[TITLE].get_content()
    assert "https://news.example/1?a=1&b=2" in body or "https://news.example/1?a=1&amp;b=2" in body
    stand.news()
    assert sorted(str(mail["Subject"]) for mail in mails()) == sorted(
        [TITLE, "Second", "Third"]
    )  # an edit is not mailed again


def _mail(body: bytes) -> EmailMessage:
    found = email.message_from_bytes(body, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


# ---------------------------------------------------------------- reader

SCRIPT = """
import json, sys
from reader import make_reader
reader = make_reader(sys.argv[1])
reader.add_feed(sys.argv[2], exist_ok=True)
told = [(r.value.new, r.value.modified) if r.value else None for r in reader.update_feeds_iter(scheduled=False)]
entries = [
    {
        "id": e.id, "title": e.title, "link": e.link, "author": e.author, "published": e.published.isoformat(),
        "updated": e.updated.isoformat() if e.updated else None, "enclosures": [x.href for x in e.enclosures],
        "source": e.source.title if e.source else None,
    }
    for e in reader.get_entries()
]
print(json.dumps({"told": told, "entries": entries}))
"""


@pytest.mark.parametrize("ending", ["atom", "rss", "json"])
def test_reader(stand: Newsstand, tmp_path: Path, ending: str) -> None:
    pytest.importorskip("reader")

    def read() -> dict[str, Any]:
        said = run(
            tmp_path / "reader",
            sys.executable,
            "-W",
            "ignore",
            "-c",
            SCRIPT,
            str(tmp_path / "reader.db"),
            stand.feed(ending),
        )
        found: dict[str, Any] = json.loads(said)
        return found

    assert read()["told"] == [[2, 0]]
    second = read()
    assert second["told"] == [None]
    assert answered(stand, ending, 2) == [200, 304]
    (entry,) = (one for one in second["entries"] if one["title"] == TITLE)
    assert entry["link"] == "https://news.example/1?a=1&b=2"
    assert entry["author"] == "Huyền Trần"
    assert entry["published"] == "2026-11-23T18:30:00+00:00"
    assert entry["enclosures"] == ["https://news.example/1.mp3"]
    assert entry["source"] == "News & more" or ending == "json"
    stand.news()
    third = read()
    assert third["told"] == [[1, 1]]
    assert sorted(one["title"] for one in third["entries"]) == sorted([TITLE, "Second, corrected", "Third"])
