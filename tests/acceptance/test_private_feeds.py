"""A private feed from the operator's command to the subscriber's reader, and back: the installed program."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from support.installed import feedhub, running, wait_for

CONFIG = """
examples: true
server: {port: 0}
polling: {allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s}
topics:
  banks: [central bank]
  open-source: [open source]
feeds: {private: {topics/open-source: [], sources/money-aloud: []}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("private")
    (place / "config.yaml").write_text(CONFIG)
    feedhub(place, "poll", "--all")
    return place


def test_a_token_is_given_used_and_revoked_while_the_daemon_runs(folder: Path) -> None:
    with running(folder, "--log-level", "debug") as daemon:
        made = json.loads(feedhub(folder, "tokens", "add", "Trần An", "--feed", "topics/open-source", "--json").stdout)
        token, path = made["token"], f"/private/{made['token']}/topics/open-source.atom"
        assert made["urls"] == [daemon.base + path]
        reply = daemon.get(path)
        assert reply.status == 200
        assert b"</entry>" in reply.body
        assert reply.headers["cache-control"].startswith("private")
        assert f'href="{daemon.base}{path}"'.encode() in reply.body
        pair = base64.b64encode(f"Trần An:{token}".encode()).decode()
        by_name = {"Authorization": f"Basic {pair}"}
        behind = daemon.get("/private/topics/open-source.atom", by_name)
        assert behind.status == 200
        assert token.encode() not in behind.body
        assert daemon.get(f"/private/{token}/sources/money-aloud.atom").status == 404
        assert "Trần An" in feedhub(folder, "tokens", "list").stdout
        feedhub(folder, "tokens", "revoke", "Trần An")
        assert daemon.get(path, {"If-None-Match": reply.headers["etag"]}).status == 404
        assert daemon.get("/private/topics/open-source.atom", by_name).status == 401
        wait_for(lambda: daemon.logged().count('"/private/') >= 5)
        assert token not in daemon.logged()
        everything = [p.read_bytes() for p in folder.iterdir() if p.name.startswith("feedhub.db")]
        assert not any(token.encode() in part for part in everything)


def test_private_feeds_stand_nowhere(folder: Path) -> None:
    feedhub(folder, "export", "site")
    names = [str(path.relative_to(folder / "site")) for path in (folder / "site").rglob("*") if path.is_file()]
    assert any(name.startswith("topics/banks.") for name in names)
    assert not [name for name in names if name.startswith(("topics/open-source", "sources/money-aloud"))]
    for path in (folder / "site").rglob("*"):
        if path.suffix in {".html", ".opml"}:
            assert "topics/open-source" not in path.read_text()
    with running(folder) as daemon:
        for public in (
            "/",
            "/topics",
            "/feeds.opml",
            "/status.json",
            "/search?q=open+source",
            "/robots.txt",
            "/topics/open",
        ):
            assert b"topics/open-source" not in daemon.get(public).body
        assert daemon.get("/topics/open-source.atom").status == 404
        assert daemon.get("/search.atom?q=topic:open-source").status == 404


def test_commands_say_what_is_wrong(folder: Path) -> None:
    assert feedhub(folder, "tokens", "add", "a:b", check=False).returncode == 2
    public = feedhub(folder, "tokens", "add", "ana", "--feed", "topics/opensource", check=False)
    assert (public.returncode, "Did you mean topics/open-source?" in public.stderr) == (7, True)
    assert "shown this once" in feedhub(folder, "tokens", "add", "ana").stdout
    again = feedhub(folder, "tokens", "add", "ana", check=False)
    assert (again.returncode, "feedhub tokens revoke ana" in again.stderr) == (1, True)
    assert feedhub(folder, "tokens", "revoke", "nobody", check=False).returncode == 7
