"""FeedHub as a service: what systemd is told, what the log says, how health differs from life."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from support.installed import COMMAND, running, wait_for

CONFIG = "server: {port: 0}\nexamples: true\ntopics:\n  banks: [central bank]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path


def test_systemd_is_told_of_readiness_life_reload_and_stop(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        address = folder / "notify"
        listener.bind(str(address))
        listener.settimeout(20)
        process = subprocess.Popen(
            [str(COMMAND), "run"],
            cwd=folder,
            env={**os.environ, "NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "400000"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _hear(listener, "READY=1")
            _hear(listener, "WATCHDOG=1")
            _hear(listener, "WATCHDOG=1")
            process.send_signal(signal.SIGHUP)
            _hear(listener, "RELOADING=1")
            _hear(listener, "READY=1")
            process.send_signal(signal.SIGTERM)
            _hear(listener, "STOPPING=1")
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()
            process.wait()


def _hear(listener: socket.socket, wanted: str) -> None:
    """Read messages until one says ``wanted``; the socket's own timeout ends a wait in vain."""
    while wanted not in listener.recv(4096).decode().splitlines():
        pass


def test_the_log_is_json_when_nobody_watches(folder: Path) -> None:
    with running(folder) as daemon:
        wait_for(lambda: daemon.get("/health/ready").status == 200)
        pid = daemon.process.pid
    events = [json.loads(line) for line in daemon.logged().splitlines() if line.startswith("{")]
    started = next(event for event in events if event["event"] == "daemon.started")
    assert started["pid"] == pid
    assert any(event["event"] == "daemon.stopped" for event in events)
    assert f"process {pid}" in daemon.logged()


def test_health_tells_live_from_ready(folder: Path) -> None:
    with running(folder) as daemon:
        assert daemon.get("/health/live").status == 200
        wait_for(lambda: daemon.get("/health/ready").status == 200)
        vitals = daemon.json("/health")
        assert vitals["live"]
        assert vitals["ready"]
        assert (vitals["detail"]["problem"], vitals["detail"]["database"]) == ("", "answers")


def test_the_operator_is_told_of_a_refused_configuration_once(folder: Path) -> None:
    with running(folder) as daemon:
        wait_for(lambda: daemon.get("/health/ready").status == 200)
        assert "FeedHub: started" in daemon.get("/status.atom").body.decode()
        (folder / "config.yaml").write_text(CONFIG + "tpics: {}\n")
        wait_for(lambda: daemon.logged().count("config.refused") == 1)
        (folder / "config.yaml").write_text(CONFIG + "tpics: {}\n# saved again\n")
        wait_for(lambda: daemon.logged().count("config.refused") == 2)
        told = wait_for(lambda: "configuration refused" in (text := daemon.get("/status.atom").body.decode()) and text)
        assert told.count("FeedHub: configuration refused") == 1
        assert "tpics" in told
        assert "configuration refused" not in daemon.get("/all.atom").body.decode()


def test_what_is_served_survives_a_restart_byte_for_byte(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]  # the same port twice: the samples' own addresses hold it
    (folder / "config.yaml").write_text(CONFIG.replace("port: 0", f"port: {port}"))
    with running(folder) as daemon:
        wait_for(lambda: len(daemon.json("/all.json")["items"]) >= 20)
        wait_for(lambda: all(one["last_success_at"] for one in daemon.json("/status.json")["sources"]))
        before = {path: daemon.get(path) for path in ("/all.atom", "/all.rss", "/topics/banks.json", "/feeds.opml")}
    with running(folder) as daemon:
        for path, answer in before.items():
            again = daemon.get(path)
            assert again.body == answer.body
            assert again.headers["etag"] == answer.headers["etag"]
            assert daemon.get(path, {"If-None-Match": answer.headers["etag"]}).status == 304
