"""Every command once, through the installed program, over one prepared folder with the samples polled."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from support.feed_server import serving
from support.forked import feedhub

PAGE = b'<!doctype html><title>A site</title><link rel="alternate" type="application/rss+xml" href="/feed.xml">'
FEED = b"""<rss version="2.0"><channel><title>Found</title><link>http://e.example/</link><description>d</description>
<item><title>One</title><guid>urn:x:1</guid><description>Words.</description></item></channel></rss>"""

CONFIG = """# my file
examples: true
server: {port: 0}
site: {base_url: "http://news.example"}
polling: {allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s}
sources: []  # none of my own yet
topics:
  banks: [central bank]   # a comment
  open-source: [open source]
feeds:
  private: {topics/open-source: [secret-token-of-mine]}
"""


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("polled")
    (folder / "config.yaml").write_text(CONFIG)
    feedhub(folder, "poll", "--all", "--json")
    return folder


@pytest.fixture
def folder(polled: Path, tmp_path: Path) -> Path:
    """A copy of the prepared folder, to be changed freely."""
    copy = tmp_path / "copy"
    shutil.copytree(polled, copy)
    return copy


def said(folder: Path, *arguments: str) -> str:
    return feedhub(folder, *arguments).stdout


def test_a_poll_asked_for_again_is_refused_with_its_reason(folder: Path) -> None:
    outcomes = json.loads(said(folder, "poll", "world-economy", "--json"))
    assert [(one["kind"], bool(one["detail"])) for one in outcomes] == [("refused", True)]


def test_states_are_explained_and_what_happened_is_listed(folder: Path) -> None:
    (one,) = json.loads(said(folder, "status", "world-economy", "--json"))
    assert (one["slug"], one["health"]) == ("world-economy", "fresh")
    assert one["explanation"].startswith("Answers well")
    assert feedhub(folder, "status", "nobody", check=False).returncode == 7
    assert json.loads(said(folder, "status", "--missed", "--json")) == []
    config = folder / "config.yaml"
    source = "sources: [{url: 'http://127.0.0.1:9/none.xml', slug: closed}]"
    config.write_text(CONFIG.replace("sources: []", source))
    feedhub(folder, "poll", "closed")
    (change,) = json.loads(said(folder, "status", "closed", "--changes", "--json"))
    assert (change["before"], change["after"], change["cause"]) == ("new", "failing", "connect")
    assert change["explanation"].startswith("Failing")
    assert "closed" in said(folder, "status", "--changes")
    assert feedhub(folder, "status", "--changes", "--missed", check=False).returncode == 2


def test_entries_are_listed_newest_first_and_explained(folder: Path) -> None:
    entries = json.loads(said(folder, "entries", "list", "--feed", "topics/banks", "--json"))
    moments = [one["entry"]["published"] for one in entries]
    assert moments == sorted(moments, reverse=True)
    shown = said(folder, "entries", "show", str(entries[0]["id"]))
    assert "/topics/banks" in shown
    assert 'keyword "central bank"' in shown
    assert feedhub(folder, "entries", "show", "99999", check=False).returncode == 7


def test_a_plan_says_what_an_edit_would_do_and_changes_nothing(folder: Path) -> None:
    assert "Nothing would change" in said(folder, "plan")
    edited = folder / "edited.yaml"
    edited.write_text(
        CONFIG.replace("  banks: [central bank]", "  money:\n    formerly: banks\n    any: [central bank]")
    )
    before = said(folder, "feeds", "list", "--json")
    lines = said(folder, "plan", "--config", "edited.yaml")
    assert "topic banks: renamed (now money)" in lines
    assert "redirects to /topics/money" in lines
    assert json.loads(said(folder, "plan", "--config", "edited.yaml", "--json"))["addresses"]
    assert said(folder, "feeds", "list", "--json") == before


def test_a_page_leads_to_its_feed_and_comments_stay(folder: Path) -> None:
    with serving({"page.html": PAGE, "feed.xml": FEED}) as server:
        assert "Found" in said(folder, "sources", "add", server.url("page.html"))
        text = (folder / "config.yaml").read_text()
        assert server.url("feed.xml") in text
        assert "# my file" in text
        assert "# a comment" in text
        tested = json.loads(said(folder, "sources", "test", server.url("feed.xml"), "--json"))
        assert [entry["title"] for entry in tested["entries"]] == ["One"]
        slug = next(
            one["source"] for one in json.loads(said(folder, "sources", "list", "--json")) if "feed.xml" in one["url"]
        )
        outcomes = json.loads(said(folder, "poll", slug, "--json"))
        assert [one["new"] for one in outcomes] == [1]
        assert "kept" in said(folder, "sources", "remove", slug)
        assert "One" in said(folder, "entries", "list", "--limit", "100")


def test_what_only_a_removed_source_carried_goes_when_asked(folder: Path) -> None:
    with serving({"feed.xml": FEED}) as server:
        feedhub(folder, "sources", "add", server.url("feed.xml"), "--name", "Mine")
        feedhub(folder, "poll", "mine", "--json")
        assert "1 entr" in said(folder, "sources", "remove", "mine", "--entries")
        assert "One" not in said(folder, "entries", "list", "--limit", "100")
        assert "sound" in said(folder, "db", "check")


def test_an_unreachable_address_is_not_added(folder: Path) -> None:
    done = feedhub(folder, "sources", "add", "http://127.0.0.1:9/feed.xml", check=False)
    assert done.returncode == 1
    assert done.stderr.count("--no-test") == 1
    assert "127.0.0.1:9" not in (folder / "config.yaml").read_text()


def test_commands_that_look_at_sources_leave_hosts_alone_that_asked_for_quiet(tmp_path: Path) -> None:
    with serving({"feed.xml": FEED, "busy.xml": FEED}) as server:
        listed = "".join(f"- {{url: '{server.url(f'{slug}.xml')}', slug: {slug}}}\n" for slug in ("busy", "feed"))
        text = CONFIG.replace("examples: true", "examples: false").replace("sources: []", f"sources:\n{listed}")
        (tmp_path / "config.yaml").write_text(text)
        server.failing["busy.xml"], server.saying["busy.xml"] = 429, {"Retry-After": "7200"}
        feedhub(tmp_path, "poll", "busy")
        findings = {one["what"]: one["verdict"] for one in json.loads(said(tmp_path, "check", "--json"))}
        assert (findings["busy"], findings["feed"]) == ("not asked", "warning")
        for arguments in (("test", "busy"), ("test", "feed"), ("add", server.url("other.xml"))):
            assert feedhub(tmp_path, "sources", *arguments, check=False).returncode == 1
        assert [one.path for one in server.asked] == ["busy.xml"]


def test_a_check_asks_for_no_page_while_robots_txt_does_not_come(tmp_path: Path) -> None:
    with serving({"page.html": PAGE}) as server:
        source = f"sources: [{{url: '{server.url('page.html')}', slug: page, type: page, items: div.card}}]"
        text = CONFIG.replace("examples: true", "examples: false").replace("sources: []", source)
        (tmp_path / "config.yaml").write_text(text)
        server.failing["robots.txt"] = 500
        findings = {one["what"]: one["detail"] for one in json.loads(said(tmp_path, "check", "--json"))}
        assert "its robots.txt did not come" in findings["page"]
        assert [one.path for one in server.asked] == ["robots.txt"]


def test_an_export_is_complete_and_the_second_touches_nothing(folder: Path) -> None:
    feedhub(folder, "export", "site")
    site = folder / "site"
    assert not (site / "topics" / "open-source.atom").exists(), "private"
    assert "0 files written" in said(folder, "export", "site")
    for page in site.rglob("*.html"):
        for target in re.findall(r'(?:href|src)="(/[^"?#]*)', page.read_text()):
            path = site / target.lstrip("/")
            assert path.is_file() or target == "/" or (path / "index.html").is_file(), f"{page}: {target}"
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("  banks: [central bank]   # a comment\n", ""))
    feedhub(folder, "poll")
    feedhub(folder, "export", "site")
    assert not (site / "topics" / "banks.atom").exists()


def test_subscriptions_move_in_and_out(folder: Path) -> None:
    opml = folder / "in.opml"
    opml.write_text(
        '<opml version="2.0"><body><outline text="News"><outline type="rss" text="A" xmlUrl="http://127.0.0.1:8001/f"/>'
        '<outline type="rss" text="B" xmlUrl="http://127.0.0.1:8002/f"/></outline></body></opml>'
    )
    assert "2 sources added" in said(folder, "import-opml", "in.opml")
    assert "0 sources added" in said(folder, "import-opml", "in.opml")
    out = said(folder, "export-opml")
    assert 'xmlUrl="http://127.0.0.1:8001/f"' in out
    assert feedhub(folder, "import-opml", "missing.opml", check=False).returncode == 7


def test_a_backup_comes_back(folder: Path) -> None:
    feedhub(folder, "db", "backup", "copy.db")
    count = len(json.loads(said(folder, "entries", "list", "--limit", "500", "--json")))
    (folder / "feedhub.db").unlink()
    feedhub(folder, "db", "restore", "copy.db")
    assert len(json.loads(said(folder, "entries", "list", "--limit", "500", "--json"))) == count
    assert "sound" in said(folder, "db", "check")


def test_secrets_are_shown_nowhere(folder: Path) -> None:
    for arguments in (("config", "show"), ("status", "--json"), ("plan", "--json"), ("feeds", "list", "--json")):
        assert "secret-token-of-mine" not in said(folder, *arguments)
    json.loads(said(folder, "config", "schema"))


def test_check_tells_a_bad_source_from_a_good_one(folder: Path) -> None:
    with serving({"feed.xml": FEED}) as server:
        feedhub(folder, "sources", "add", server.url("feed.xml"), "--name", "Good")
        feedhub(folder, "sources", "add", server.url("gone.xml"), "--name", "Bad", "--no-test")
        done = feedhub(folder, "check", "--json", check=False)
    verdicts = {one["what"]: one["verdict"] for one in json.loads(done.stdout)}
    assert verdicts["good"] == "ok"
    assert verdicts["bad"] == "problem"
    assert done.returncode == 1
