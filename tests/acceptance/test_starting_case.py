"""The page that FeedHub was begun for, in readers that nobody here wrote: an article of a site without a feed.

Its text is invented, its structure is not: a byline with a role and a date without a zone, a bold lead, the original publisher as
the last line, and articles of the same category below, some with authors of their own.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.feed_server import serving
from support.installed import feedhub, running

PAGE = Path(__file__).parents[1] / "corpus" / "pages" / "vi_finance_article" / "page.html"
PATH = "phan-tich/dong-yen-manh-len.html"
TITLE = "Đồng yên lặng lẽ mạnh lên trước cuộc họp tháng Ba"
STATED = datetime(2025, 2, 14, 6, 44, tzinfo=UTC)  # 13:44 in Vietnam
CONFIG = """
server: {{port: 0}}
polling: {{allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s, manual_gap: 0s}}
sources:
  - {{url: '{url}', slug: tai-chinh, timezone: Asia/Ho_Chi_Minh, language: vi}}
topics:
  yen: {{title: Đồng yên, any: [{{keyword: [đồng yên], in: [title]}}]}}
"""
SCRIPT = """
import json, sys
from reader import make_reader
reader = make_reader(":memory:")
for url in sys.argv[1:]:
    reader.add_feed(url)
reader.update_feeds()
print(json.dumps([
    [e.feed_url, e.title, e.link, e.author, e.published and e.published.isoformat()] for e in reader.get_entries()
]))
"""


def read_by_reader(*urls: str) -> list[list[str]]:
    import subprocess

    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, *urls]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found: list[list[str]] = json.loads(done.stdout)
    return found


def read_by_newsboat(home: Path, *urls: str) -> list[tuple[Any, ...]]:
    import subprocess

    (home / ".newsboat").mkdir(parents=True)
    (home / ".newsboat" / "urls").write_text("".join(f"{url}\n" for url in urls))
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "TERM": "dumb", "LANG": "C.UTF-8"}
    subprocess.run(["newsboat", "-x", "reload"], env=environment, capture_output=True, timeout=60, check=True)
    with closing(sqlite3.connect(home / ".newsboat" / "cache.db")) as cache:
        return list(cache.execute("SELECT title, url, author, pubDate FROM rss_item"))


@pytest.mark.needs("newsboat")
def test_the_starting_case_in_readers(tmp_path: Path) -> None:
    pytest.importorskip("reader")
    with serving({PATH: PAGE.read_bytes()}) as server:
        link = server.url(PATH)
        (tmp_path / "config.yaml").write_text(CONFIG.format(url=link))
        (outcome,) = json.loads(feedhub(tmp_path, "poll", "--all", "--json").stdout)
        assert (outcome["kind"], outcome["new"]) == ("ok", 6)
        with running(tmp_path) as daemon:
            feeds = [
                f"{daemon.base}/{name}.atom" for name in ("authors/le-thu-ha", "authors/tran-minh-dat", "topics/yen")
            ]
            by_reader = read_by_reader(*feeds)
            by_newsboat = read_by_newsboat(tmp_path / "reader", *feeds)
            published = daemon.json("/all.json")["items"]
    writer, other, topic = feeds
    assert [row[1:] for row in by_reader if row[0] == topic] == [[TITLE, link, "Lê Thu Hà", STATED.isoformat()]]
    # newsboat keeps an entry once, in whichever feed it came first.
    assert [row for row in by_newsboat if row[0] == TITLE] == [(TITLE, link, "Lê Thu Hà", int(STATED.timestamp()))]
    assert {row[0] for row in by_newsboat} == {row[1] for row in by_reader}
    of_the_writer = {row[1] for row in by_reader if row[0] == writer}
    assert of_the_writer == {
        TITLE,
        "Vàng giữ giá khi các ngân hàng trung ương mua thêm",
        "Tài khóa mở rộng và cái giá của nợ công",
    }
    assert [(row[1], row[3]) for row in by_reader if row[0] == other] == [
        ("Dầu thô trước ngã ba đường của nguồn cung", "Trần Minh Đạt")
    ]
    entry = next(one for one in published if one["title"] == TITLE)
    assert entry["summary"].startswith("Giới đầu tư đang âm thầm mua lại đồng tiền")
    assert "Junior Analyst" in json.dumps(entry, ensure_ascii=False)
    assert "Financial Times" in json.dumps(entry, ensure_ascii=False)
    unsigned = next(one for one in published if one["title"] == "Vì sao cổ phiếu AI không còn rẻ sau mùa báo cáo")
    assert "authors" not in unsigned or unsigned["authors"] == []
