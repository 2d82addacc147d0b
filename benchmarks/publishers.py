"""The publishers of a workload on loopback: ready bytes with validators, in a process of their own, never the bottleneck.

    python benchmarks/publishers.py SOURCES [--seed N] [--port N] [--truth FILE]

``GET /n`` is the document of source n: 200 with ETag and Last-Modified, or 304 (RFC 9110, section 13). ``GET /tick?share=0.1`` lets a
tenth of the sources publish an entry more and answers with their number. ``--truth`` writes JSON lines, the id of each entry and the
number of its story. It listens on all addresses, so that sources can stand on many loopback hosts and pacing per host does not decide.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

from feedhub.runner import run_loop
from workload import LISTED, SEED, Workload, form_of

HOSTS = 250


def address(source: int, port: int) -> str:
    """The source's URL, on one of 250 loopback addresses."""
    host = source % HOSTS
    return f"http://127.0.{1 + host // 125}.{1 + host % 125}:{port}/{source}"


@dataclass(frozen=True, slots=True)
class _Ready:
    """The two answers of a source, and the validators that decide between them."""

    tag: bytes
    modified: bytes
    whole: bytes
    same: bytes

    def answer(self, head: bytes) -> bytes:
        """By ``If-None-Match``, and without it by ``If-Modified-Since``, which clients repeat as it was told."""
        lines = head.lower()
        if b"\r\nif-none-match:" in lines:
            return self.same if self.tag in head else self.whole
        asked = lines.partition(b"\r\nif-modified-since:")[2].partition(b"\r\n")[0].strip()
        return self.same if asked == self.modified.lower() else self.whole


def _ready(work: Workload, source: int) -> _Ready:
    body = work.document(source)
    tag = f'"{work.seed}-{source}-{work.version(source)}"'
    modified = format_datetime(work.modified(source), usegmt=True)
    told = f"ETag: {tag}\r\nLast-Modified: {modified}\r\n"
    kind = f"Content-Type: {form_of(source)}; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    whole = f"HTTP/1.1 200 OK\r\n{kind}{told}\r\n".encode() + body
    return _Ready(tag.encode(), modified.encode(), whole, f"HTTP/1.1 304 Not Modified\r\n{told}\r\n".encode())


@dataclass(slots=True)
class _Site:
    """Everything that is published, ready to be sent."""

    work: Workload
    ready: list[_Ready] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ready = [_ready(self.work, source) for source in range(self.work.sources)]

    def answer(self, head: bytes) -> bytes:
        path, _, query = head.split(b" ", 2)[1].decode().partition("?")
        if path == "/tick":
            body = json.dumps({"changed": self._tick(float(query.partition("share=")[2] or 0.1))}).encode()
            return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        number = path.strip("/")
        if number.isdigit() and int(number) < len(self.ready):
            return self.ready[int(number)].answer(head)
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    def _tick(self, share: float) -> int:
        changed = self.work.tick(share)
        for source in changed:
            self.ready[source] = _ready(self.work, source)
        return len(changed)


class _Connection(asyncio.Protocol):
    """Requests one after another, until the client closes or asks for it."""

    def __init__(self, site: _Site) -> None:
        self._site, self._read = site, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            self._transport.write(self._site.answer(head + b"\r\n"))
            if b"connection: close" in head.lower():
                self._transport.close()


async def listening(work: Workload, host: str, port: int = 0) -> asyncio.Server:
    """A server of the workload, which answers while the loop runs."""
    site = _Site(work)
    return await asyncio.get_running_loop().create_server(lambda: _Connection(site), host, port, backlog=1024)


async def _serve(work: Workload, pipe: Connection | None, port: int = 0) -> None:
    server = await listening(work, "0.0.0.0", port)
    bound = server.sockets[0].getsockname()[1]
    if pipe is None:
        print(f"{work.sources} sources on http://127.0.0.1:{bound}/0 …", flush=True)
    else:
        pipe.send(bound)
    await server.serve_forever()


def _process(sources: int, seed: int, listed: int, pipe: Connection) -> None:
    run_loop(_serve(Workload(sources, seed, listed), pipe))


@contextmanager
def publishers(sources: int, seed: int = SEED, listed: int = LISTED) -> Iterator[int]:
    """Serve a workload from another process; yields the port."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    given = (sources, seed, listed, theirs)
    process = multiprocessing.get_context("spawn").Process(target=_process, args=given, daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def tick(port: int, share: float = 0.1) -> int:
    """Let a share of the sources publish; how many did."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/tick?share={share}", timeout=600) as reply:
        return int(json.load(reply)["changed"])


def write_truth(work: Workload, file: Path) -> None:
    """JSON lines: ``{"entry": id, "story": number}``."""
    file.write_text("".join(json.dumps({"entry": entry, "story": story}) + "\n" for entry, story in work.truth()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=int)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--truth", type=Path, help="write which entries tell one story to this file (JSON lines)")
    options = parser.parse_args()
    work = Workload(options.sources, options.seed)
    if options.truth:
        write_truth(work, options.truth)
    run_loop(_serve(work, None, options.port))


if __name__ == "__main__":
    main()
