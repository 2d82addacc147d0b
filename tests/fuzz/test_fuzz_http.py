"""Bytes on the wire that no client means, to the running daemon: it answers by the book or hangs up, and goes on serving.

The requests are mutated as whole: lines, headers, bodies, framing. What must hold: no answer says that we failed (5xx), each
is HTTP, and after all of them a plain reader is served as before, with as many files open.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from support.installed import Daemon, running, wait_for
from support.mutation import mutants

SECONDS = float(os.environ.get("FEEDHUB_FUZZ_SECONDS", "0"))
SEED = int(os.environ.get("FEEDHUB_SEED", "0")) or (random.SystemRandom().randrange(1, 10**9) if SECONDS else 1)
SHARE = 300
PATIENCE = 0.05
"""Seconds for an answer to begin: what comes later is missed here, and would still be a line of the daemon's log."""
CONFIG = """
site: {base_url: https://hub.example}
server: {port: 0}
examples: true
feeds: {private: {topics/economy: s3cret}}
topics: {economy: [bank, rate]}
"""
REQUESTS = [
    b"GET /all.atom HTTP/1.1\r\nHost: x\r\nIf-None-Match: W/\"a\", \"b\"\r\nAccept-Encoding: gzip;q=0.5, br, zstd\r\n\r\n",
    b"GET /all.rss?before=2026-1 HTTP/1.1\r\nHost: x\r\nA-IM: feed\r\nIf-Modified-Since: Thu, 26 Nov 2026 12:00:00 GMT\r\n\r\n",
    b"GET /search.json?q=%22central+bank%22+-rate+author:x&lang=vi HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n",
    b"HEAD /topics/economy/s3cret.atom HTTP/1.1\r\nHost: x\r\nRange: bytes=0-10,5-\r\n\r\n",
    b"GET /topics/a+b?author=c HTTP/1.1\r\nHost: x\r\nAccept: text/html;q=0.2, application/atom+xml\r\n\r\n",
    b"GET /websub/abc?hub.mode=subscribe&hub.topic=http://a.example/&hub.challenge=x&hub.lease_seconds=5 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /websub/abc HTTP/1.1\r\nHost: x\r\nX-Hub-Signature: sha256=00\r\nContent-Length: 6\r\n\r\n<feed>",
    b"POST /hub HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n\r\nhub.mode=subscribe&h",
    b"POST /all.atom HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"OPTIONS /feeds.opml HTTP/1.1\r\nHost: x\r\nOrigin: https://r.example\r\nAccess-Control-Request-Method: GET\r\n\r\n",
]  # fmt: skip
WORDS = [
    *re.findall(rb"[^\s:=&?]{3,30}", b" ".join(REQUESTS)),
    b"\r\n\r\n", b"Content-Length: 99999\r\n", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n", b"HTTP/1.0", b"HTTP/9.9",
    b"Connection: close\r\n", b"Upgrade: h2c\r\n", b"/../../etc/passwd", b"/%2e%2e/", b"Host: \r\n", b"/static/", b"/status", b"/health",
]  # fmt: skip


def answers(address: tuple[str, int], request: bytes) -> bytes:
    """What comes back for these bytes until the server has no more to say, or hangs up."""
    received = bytearray()
    with socket.create_connection(address, timeout=10) as connection, suppress(ConnectionError, TimeoutError):
        connection.sendall(request)
        connection.settimeout(PATIENCE)
        while some := connection.recv(65536):
            received += some
            connection.settimeout(PATIENCE / 10)
    return bytes(received)


READERS = 8
"""Connections to the database that are kept for reading, each with two files: more than one is open once requests met."""


def open_files(daemon: Daemon) -> tuple[int, int]:
    """Sockets, and everything else."""
    kinds = []
    for one in Path(f"/proc/{daemon.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            kinds.append(str(one.readlink()).startswith("socket:"))
    return sum(kinds), len(kinds) - sum(kinds)


@pytest.mark.timeout(int(SECONDS) + 180)
def test_bytes_that_no_client_means(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    with running(tmp_path) as daemon:
        wait_for(
            lambda: (
                daemon.json("/status.json")["sources"]
                and all(one["health"] == "fresh" for one in daemon.json("/status.json")["sources"])
            )
        )
        host, _, port = daemon.base.removeprefix("http://").partition(":")
        before, (sockets, files) = daemon.get("/all.atom").body, open_files(daemon)
        row, count, end = mutants(REQUESTS, WORDS, SEED), 0, time.monotonic() + SECONDS
        for request in row if SECONDS else itertools.islice(row, SHARE):
            received = answers((host, int(port)), request)
            assert not received or received.startswith(b"HTTP/1.1 "), (SEED, request, received[:200])
            assert b"HTTP/1.1 5" not in received, (SEED, request, received[:500])
            count += 1
            if SECONDS and time.monotonic() > end:
                break
        if SECONDS:
            sys.stderr.write(f"\nhttp: {count} requests, seed {SEED}\n")
        assert daemon.get("/all.atom").body == before
        wait_for(lambda: open_files(daemon)[0] <= sockets + 1)  # what looks asks, too
        assert open_files(daemon)[1] <= files + 2 * READERS
        assert "Traceback" not in daemon.logged(), f"seed {SEED}, {daemon.log}"
