"""The same program on PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path

from support.forked import feedhub, running
from support.installed import wait_for
from support.postgres import a_postgres_server, postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]  # fixtures

CONFIG = """
server: {{port: 0}}
examples: true
database: {{url: '{url}'}}
topics:
  banks: [central bank, interest rate*]
"""


def test_the_first_run_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG.format(url=postgres_url))
    with running(tmp_path) as daemon:
        items = wait_for(lambda: [*daemon.json("/all.json")["items"][20:]])
        assert items
        assert daemon.get("/topics/banks.atom").status == 200
        assert daemon.get("/health/ready").status == 200
        refused = feedhub(tmp_path, "run", check=False)
        assert refused.returncode == 4
        outcomes = json.loads(feedhub(tmp_path, "poll", "--all", "--json").stdout)
        assert {one["kind"] for one in outcomes} <= {"refused", "ok", "unchanged"}
    states = json.loads(feedhub(tmp_path, "status", "--json").stdout)
    assert all(state["health"] == "fresh" for state in states)
    assert "sound" in feedhub(tmp_path, "db", "check").stdout
    refused = feedhub(tmp_path, "db", "backup", "copy.db", check=False)
    assert "pg_dump" in refused.stderr
    member = json.loads(feedhub(tmp_path, "entries", "list", "--feed", "topics/banks", "--json").stdout)[0]["id"]
    assert "keyword" in feedhub(tmp_path, "explain", str(member), "--topic", "banks").stdout
    assert json.loads(feedhub(tmp_path, "try", "banks", "--json").stdout)[0]["stays"] > 0
    assert "topics.banks" not in feedhub(tmp_path, "check", "--no-reach").stdout
    several = feedhub(tmp_path, "explain", "CENTRAL BANK", check=False)
    assert "entries fit" in several.stderr
    feedhub(tmp_path, "export", "site")
    assert (tmp_path / "site" / "topics" / "banks.atom").is_file()


def test_a_restart_of_the_server_is_lived_through(tmp_path: Path) -> None:
    with a_postgres_server() as server:
        (tmp_path / "config.yaml").write_text(CONFIG.format(url=server.url("postgres")))
        with running(tmp_path) as daemon:
            wait_for(lambda: len(daemon.json("/all.json")["items"]) > 20)
            server.control("stop")
            wait_for(lambda: "claim.refused" in daemon.logged())
            assert daemon.get("/health/live").status == 200
            server.control("start")
            wait_for(lambda: "claim.resumed" in daemon.logged())
            running_again = f"A FeedHub is running (process {daemon.process.pid})"
            wait_for(lambda: running_again in feedhub(tmp_path, "status").stdout)  # the lock was taken again
            assert feedhub(tmp_path, "run", check=False).returncode == 4
            assert daemon.get("/topics/banks.atom").status == 200
            assert "Traceback" not in daemon.logged()
