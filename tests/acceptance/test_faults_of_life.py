"""What goes wrong on an ordinary day: one sentence that says what to do, an exit code, nothing damaged."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.feed_server import serving
from support.installed import feedhub, running, wait_for

FEED = """<rss version="2.0"><channel><title>Small</title><link>http://e.example/</link><description>d</description>
<item><title>{title}</title><guid>urn:x:{number}</guid><link>http://e.example/{number}</link>
<pubDate>Tue, 24 Nov 2026 0{number}:00:00 GMT</pubDate><description>Words about {title}.</description></item>
</channel></rss>"""

CONFIG = """
server: {{port: 0}}
polling:
  allow_networks: [127.0.0.0/8]
  ports: ["1-65535"]
  manual_gap: 0s
  host_gap: 0s
  interval: {{min: 5m, max: 1h}}
sources:
{sources}
topics:
  words: [words]
"""


def configure(folder: Path, *urls: str) -> Path:
    file = folder / "config.yaml"
    file.write_text(
        CONFIG.format(sources="\n".join(f"  - {{url: '{url}', slug: s{i}}}" for i, url in enumerate(urls)) or "  []")
    )
    return file


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert 1 <= len(lines) <= 3, done.stderr
    return done.stderr


def test_a_broken_database_is_said_and_left_alone(tmp_path: Path) -> None:
    configure(tmp_path)
    database = tmp_path / "feedhub.db"
    database.write_bytes(b"this is no database, but somebody's letter " * 200)
    before = database.read_bytes()
    said = one_sentence(feedhub(tmp_path, "run", check=False))
    assert "feedhub.db" in said
    assert database.read_bytes() == before


def test_a_missing_folder_for_the_database_is_said(tmp_path: Path) -> None:
    file = configure(tmp_path)
    file.write_text(file.read_text() + "database: {url: 'sqlite:///no/such/folder/feedhub.db'}\n")
    assert "no/such/folder" in one_sentence(feedhub(tmp_path, "run", check=False))


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        file = configure(tmp_path)
        file.write_text(file.read_text().replace("server: {port: 0}", f"server: {{port: {port}}}"))
        done = feedhub(tmp_path, "run", check=False)
    assert str(port) in one_sentence(done)
    assert done.returncode == 5


def test_a_second_instance_is_refused(tmp_path: Path) -> None:
    configure(tmp_path)
    with running(tmp_path) as daemon:
        done = feedhub(tmp_path, "run", check=False)
        assert str(daemon.process.pid) in one_sentence(done)
        assert done.returncode == 4
        assert daemon.get("/health/live").status == 200


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    configure(tmp_path)
    feedhub(tmp_path, "db", "upgrade")
    import sqlite3

    connection = sqlite3.connect(tmp_path / "feedhub.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
    connection.commit()
    connection.close()
    done = feedhub(tmp_path, "run", check=False)
    assert "newer" in one_sentence(done)
    assert done.returncode == 3


def test_a_missing_configuration_names_init(tmp_path: Path) -> None:
    assert "feedhub init" in one_sentence(feedhub(tmp_path, "run", check=False))


def test_bad_sources_have_each_their_state_and_cost_the_good_one_nothing(tmp_path: Path) -> None:
    documents = {
        "good.xml": FEED.format(title="good news", number=1).encode(),
        "page.html": b"<!doctype html><title>Welcome</title><p>hello",
        "empty.xml": b"",
        "truncated.xml": FEED.format(title="half", number=2).encode()[:-60],
        "letter.xml": b"Dear reader, this is no XML at all.",
        "big.xml": b"<rss><channel><title>" + b"x" * 50_000_000,
    }
    with serving(documents) as server:
        names = [*documents, "missing.xml"]
        configure(tmp_path, *(server.url(name) for name in names))
        outcomes = json.loads(feedhub(tmp_path, "poll", "--all", "--json").stdout)
    kinds = {names[int(one["slug"][1:])]: one for one in outcomes}
    assert kinds["good.xml"]["kind"] == "ok"
    assert kinds["good.xml"]["new"] == 1
    assert kinds["page.html"]["kind"] == "not a feed"
    assert kinds["empty.xml"]["kind"] == "empty"
    assert kinds["truncated.xml"]["kind"] == "ok"
    assert kinds["truncated.xml"]["detail"]
    assert kinds["letter.xml"]["kind"] == "not a feed"
    assert kinds["big.xml"]["kind"] == "too large"
    assert kinds["missing.xml"]["kind"] == "not found"


def test_an_endless_source_ends_by_the_clock(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        file = configure(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}/endless.xml")
        file.write_text(
            file.read_text().replace("  manual_gap: 0s", "  manual_gap: 0s\n  timeouts: {first_byte: 1s, total: 2s}")
        )
        outcomes = json.loads(feedhub(tmp_path, "poll", "--all", "--json").stdout)
    assert outcomes[0]["kind"] == "timeout"


def test_a_bad_file_leaves_the_running_configuration_in_force(tmp_path: Path) -> None:
    with serving({"a.xml": FEED.format(title="first words", number=1).encode()}) as server:
        file = configure(tmp_path, server.url("a.xml"))
        good = file.read_text()
        with running(tmp_path, "--log-format", "json") as daemon:
            wait_for(
                lambda: (
                    "First" in daemon.get("/all.atom").body.decode() or b"first words" in daemon.get("/all.atom").body
                )
            )
            file.write_text(good.replace("topics:", "topcis:"))
            wait_for(lambda: "config.refused" in daemon.logged())
            assert "topics" in daemon.logged()
            assert daemon.get("/topics/words.atom").status == 200
            file.write_text(good.replace("words: [words]", "words: [words]\n  news: [first]"))
            wait_for(lambda: b"first words" in daemon.get("/topics/news.atom").body)


def test_reload_and_poll_go_through_the_daemon(tmp_path: Path) -> None:
    with serving({"a.xml": FEED.format(title="first words", number=1).encode()}) as server:
        configure(tmp_path, server.url("a.xml"))
        with running(tmp_path) as daemon:
            wait_for(lambda: b"first words" in daemon.get("/all.atom").body)
            server.documents["a.xml"] = FEED.format(title="second words", number=2).encode()
            outcomes = json.loads(feedhub(tmp_path, "poll", "s0", "--json").stdout)
            assert [one["new"] for one in outcomes] == [1]
            assert b"second words" in daemon.get("/all.atom").body
            assert "Nothing changed" in feedhub(tmp_path, "reload").stdout
            os.kill(daemon.process.pid, signal.SIGHUP)
            wait_for(lambda: daemon.logged().count("config.reloaded") >= 2)


def test_a_full_disk_is_said_and_nothing_is_damaged(tmp_path: Path, small_disk: Path) -> None:
    entries = "".join(
        f"<item><title>Story {i}</title><guid>urn:x:{i}</guid><description>{'long words ' * 3000}{i}</description></item>"
        for i in range(300)
    )
    big = f"<rss version='2.0'><channel><title>Big</title><link>http://e.example/</link>{entries}</channel></rss>".encode()
    with serving({"big.xml": big}) as server:
        file = configure(small_disk, server.url("big.xml"))
        done = feedhub(small_disk, "poll", "--all", check=False)
        assert "no room" in one_sentence(done).lower() or "full" in done.stderr.lower()
        assert done.returncode == 3
        assert "sound" in feedhub(small_disk, "db", "check").stdout
        assert file.exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A file system of 3 MB; skipped where this user may not mount one."""
    from support.require import missing

    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode != 0:
        missing("the right to mount a small file system")
    return folder


@pytest.fixture(autouse=True)
def _unmount(tmp_path: Path) -> Iterator[None]:
    yield
    subprocess.run(["umount", str(tmp_path / "small")], capture_output=True, check=False)


def test_sigterm_ends_within_the_bound_even_with_a_poll_in_flight(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        file = configure(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}/slow.xml")
        file.write_text(file.read_text().replace("server: {port: 0}", "server: {port: 0, stop_timeout: 1s}"))
        with running(tmp_path) as daemon:
            wait_for(lambda: daemon.json("/health")["detail"]["polls_in_flight"] == 1)
            daemon.process.send_signal(signal.SIGTERM)
            assert daemon.process.wait(timeout=10) == 0


def test_help_of_every_command_has_an_example(tmp_path: Path) -> None:
    top = feedhub(tmp_path, "--help").stdout
    for command in (
        "run",
        "poll",
        "serve",
        "init",
        "check",
        "plan",
        "reload",
        "status",
        "export",
        "import-opml",
        "export-opml",
    ):
        assert command in top
    shown = feedhub(tmp_path, "poll", "--help").stdout  # that of the others is looked at without a process for each
    assert "Example: feedhub" in " ".join(shown.split())
