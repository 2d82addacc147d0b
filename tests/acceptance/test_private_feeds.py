"""A private feed from the operator's command to the subscriber's reader, and back, beside a running daemon."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from feedhub.errors import FeedHubError, NotFound
from support.commands import command
from support.forked import running
from support.installed import Daemon, wait_for

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
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """With the samples polled; it logs every request."""
    place = tmp_path_factory.mktemp("private")
    (place / "config.yaml").write_text(CONFIG)
    with running(place, "--log-level", "debug") as running_daemon:
        wait_for(lambda: b"open-source" in running_daemon.get("/categories").body)
        wait_for(lambda: b"</entry>" in running_daemon.get("/topics/banks.atom").body)
        yield running_daemon


def test_a_token_is_given_used_and_revoked_while_the_daemon_runs(daemon: Daemon) -> None:
    folder = daemon.folder
    made = json.loads(command(folder, "tokens", "add", "Trần An", "--feed", "topics/open-source", "--json"))
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
    assert "Trần An" in command(folder, "tokens", "list")
    command(folder, "tokens", "revoke", "Trần An")
    assert daemon.get(path, {"If-None-Match": reply.headers["etag"]}).status == 404
    assert daemon.get("/private/topics/open-source.atom", by_name).status == 401
    wait_for(lambda: daemon.logged().count('"/private/') >= 5)
    assert token not in daemon.logged()
    everything = [file.read_bytes() for file in folder.iterdir() if file.name.startswith("feedhub.db")]
    assert not any(token.encode() in part for part in everything)


def test_private_feeds_stand_nowhere(daemon: Daemon) -> None:
    site = daemon.folder / "site"
    command(daemon.folder, "export", str(site))
    names = [str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()]
    assert any(name.startswith("topics/banks.") for name in names)
    assert not [name for name in names if name.startswith(("topics/open-source", "sources/money-aloud"))]
    for path in site.rglob("*"):
        if path.suffix in {".html", ".opml"}:
            assert "topics/open-source" not in path.read_text()
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


def test_commands_say_what_is_wrong(daemon: Daemon) -> None:
    with pytest.raises(NotFound) as public:
        command(daemon.folder, "tokens", "add", "ana", "--feed", "topics/opensource")
    assert "Did you mean topics/open-source?" in public.value.advice
    with pytest.raises(AssertionError, match="no colon"):
        command(daemon.folder, "tokens", "add", "a:b")
    assert "shown this once" in command(daemon.folder, "tokens", "add", "ana")
    with pytest.raises(FeedHubError) as again:
        command(daemon.folder, "tokens", "add", "ana")
    assert "feedhub tokens revoke ana" in again.value.advice
    with pytest.raises(NotFound):
        command(daemon.folder, "tokens", "revoke", "nobody")
