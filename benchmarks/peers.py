"""The same polls by FeedHub and by its peers, in one run: first, unchanged, and with a tenth of the sources changed.

    python benchmarks/peers.py [SOURCES]        (default: 200)

Peers are reader (the library, two workers), sfeed, newsboat and rss2email (into a maildir), each by its own command with its own
database of its own kind; those that are not installed are named and left out. CPU is that of the command and of all that it started, start-up
included; memory counts what processes share once. The baseline is feedparser reading the same documents and doing nothing else. A
tenth of the sources are JSON Feeds, which sfeed, newsboat and rss2email do not read: they do that much less. *Unchanged* is the
cheaper of two polls, because newsboat asks with conditions from its third poll on only. *One source* is mostly start-up. *Joined* counts the
entries that retell a story of another source and were joined to it, by the workload's truth.
"""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from poll import POLLS, feedparser_alone, joined
from processes import CommandFailed, Spent, spent_by
from publishers import address, publishers, tick
from reporting import Report, arguments, versions
from workload import SEED, Workload

OURS = "FeedHub"
JOBS = 2
SHORTEST = 0.01
"""CPU seconds: the system counts in hundredths, so that a short command may seem to take none."""
SINGLE = "one source, first"


class Peer(ABC):
    """A program that polls feeds and stores their entries in a folder of its own."""

    name: str

    @abstractmethod
    def release(self) -> str:
        """Its version; "" when it is not installed."""

    @abstractmethod
    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        """Subscribe to these; not measured."""

    @abstractmethod
    def command(self) -> list[str]:
        """What polls everything once."""

    @abstractmethod
    def stored(self, folder: Path) -> int:
        """How many entries it has."""

    def environment(self, folder: Path) -> Mapping[str, str]:
        return {"HOME": str(folder), "LC_ALL": "C.UTF-8"}


class FeedHub(Peer):
    name = OURS

    def release(self) -> str:
        return version("feedhub")

    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        polling = "{allow_networks: [127.0.0.0/8], ports: ['1-65535'], host_gap: 0s, per_host: 4, manual_gap: 0s}"
        sources = "\n".join(f"  - {{url: '{url}', slug: s{number}}}" for number, url in enumerate(urls))
        (folder / "config.yaml").write_text(f"polling: {polling}\nsources:\n{sources}\n")

    def command(self) -> list[str]:
        return [str(Path(sys.executable).with_name("feedhub")), "poll", "--all"]

    def stored(self, folder: Path) -> int:
        return _count(folder / "feedhub.db", "entries")


class Reader(Peer):
    """Of the library, by the least script that uses it."""

    name = "reader"
    _script = (
        "import sys, reader\n"
        "with reader.make_reader('reader.db') as one:\n"
        "    for url in sys.argv[1:]:\n"
        "        one.add_feed(url)\n"
        f"    sys.argv[1:] or one.update_feeds(workers={JOBS}, scheduled=False)\n"
    )

    def release(self) -> str:
        return version("reader") if importlib.util.find_spec("reader") else ""

    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        for first in range(0, len(urls), 1000):
            subprocess.run([*self.command(), *urls[first : first + 1000]], cwd=folder, check=True)

    def command(self) -> list[str]:
        return [sys.executable, "-c", self._script]

    def stored(self, folder: Path) -> int:
        return _count(folder / "reader.db", "entries")


class Sfeed(Peer):
    name = "sfeed"

    def release(self) -> str:
        return _package("sfeed") if shutil.which("sfeed_update") and shutil.which("curl") else ""

    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        feeds = "\n".join(f"  feed s{number} '{url}'" for number, url in enumerate(urls))
        (folder / "sfeedrc").write_text(f"sfeedpath='{folder}/feeds'\nmaxjobs={JOBS}\nfeeds() {{\n{feeds}\n}}\n")

    def command(self) -> list[str]:
        return ["sfeed_update", "sfeedrc"]

    def stored(self, folder: Path) -> int:
        return sum(file.read_bytes().count(b"\n") for file in (folder / "feeds").iterdir())


class Newsboat(Peer):
    name = "newsboat"

    def release(self) -> str:
        return _package("newsboat") if shutil.which("newsboat") else ""

    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        (folder / "urls").write_text("".join(f"{url}\n" for url in urls))
        (folder / "config").write_text(f"reload-threads {JOBS}\n")

    def command(self) -> list[str]:
        return ["newsboat", "-u", "urls", "-c", "cache.db", "-C", "config", "-x", "reload"]

    def stored(self, folder: Path) -> int:
        return _count(folder / "cache.db", "rss_item")


class Rss2email(Peer):
    name = "rss2email"

    def release(self) -> str:
        return _package("rss2email") if shutil.which("r2e") else ""

    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        default = (
            "from = hub@example.org\nto = you@example.org\nemail-protocol = maildir\n"
            f"maildir-path = {folder}\nmaildir-mailbox = mail\nsame-server-fetch-interval = 0\n"
        )
        feeds = "".join(f"[feed.s{number}]\nurl = {url}\n" for number, url in enumerate(urls))
        (folder / "r2e.cfg").write_text(f"[DEFAULT]\n{default}{feeds}")

    def command(self) -> list[str]:
        return ["r2e", "-c", "r2e.cfg", "-d", "r2e.json", "run"]

    def stored(self, folder: Path) -> int:
        return sum(1 for _ in (folder / "mail" / "new").iterdir())


PEERS: Sequence[Peer] = (FeedHub(), Reader(), Sfeed(), Newsboat(), Rss2email())


def _count(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _package(name: str) -> str:
    """The version by Debian's account, where there is one."""
    if shutil.which("dpkg-query") is None:
        return "of unknown version"
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True, check=False)
    return shown.stdout or "of unknown version"


def polled(peer: Peer, folder: Path) -> Spent | None:
    """One poll of everything; None when it failed, which is said."""
    try:
        return spent_by(peer.command(), folder, peer.environment(folder))
    except CommandFailed as error:
        print(f"\n{peer.name} failed: {error}\n", flush=True)
        return None


def main(count: int, peers: Sequence[Peer], report: Report) -> None:
    work = Workload(count)
    alone = feedparser_alone(work)
    report.table(
        "poll", "program", "CPU s", "times feedparser alone", "wall s", "peak MB, all processes", "entries stored", "joined"
    )  # fmt: skip
    report.row("first", "feedparser alone", alone, 1, "–", "–", "–", "–")
    with tempfile.TemporaryDirectory() as name, publishers(count) as port:
        urls = [address(source, port) for source in range(count)]
        single = _prepared(peers, Path(name) / "single", urls[:1])
        _rows(SINGLE, _polled(single), single, work, alone, report)
        folders = _prepared(peers, Path(name) / "all", urls)
        for what in POLLS:
            if what == POLLS[2]:
                tick(port)
                work.tick()
            found = _polled(folders)
            if what == POLLS[1]:
                found = {peer: _cheaper(one, found[peer]) for peer, one in _polled(folders).items()}
            _rows(what, found, folders, work, alone, report)


def _prepared(peers: Sequence[Peer], room: Path, urls: Sequence[str]) -> dict[Peer, Path]:
    folders = {peer: room / peer.name for peer in peers}
    for peer, folder in folders.items():
        folder.mkdir(parents=True)
        peer.prepare(folder, urls)
    return folders


def _polled(folders: Mapping[Peer, Path]) -> dict[Peer, Spent | None]:
    return {peer: polled(peer, folder) for peer, folder in folders.items()}


def _cheaper(one: Spent | None, other: Spent | None) -> Spent | None:
    return min((spent for spent in (one, other) if spent), key=lambda spent: spent.cpu, default=None)


def _rows(
    what: str,
    found: Mapping[Peer, Spent | None],
    folders: Mapping[Peer, Path],
    work: Workload,
    alone: float,
    report: Report,
) -> None:
    ours = next((spent for peer, spent in found.items() if peer.name == OURS), None)
    for peer, spent in found.items():
        if spent is None:
            continue
        stories = "none"
        if peer.name == OURS:
            told = joined(f"sqlite:///{folders[peer] / 'feedhub.db'}", work)
            stories = f"{told.rightly} of {told.retold}, {told.wrongly} wrongly"
            report.figure(f"{what}: CPU of FeedHub beside feedparser alone", spent.cpu, "s", baseline=alone)
        elif ours is not None and what != SINGLE:
            report.figure(
                f"{what}: CPU of FeedHub beside {peer.name}", ours.cpu, "s", baseline=max(spent.cpu, SHORTEST)
            )
            report.figure(
                f"{what}: peak memory of FeedHub beside {peer.name}", ours.memory, "MB", baseline=spent.memory
            )
        report.row(what, peer.name, spent.cpu, spent.cpu / alone, spent.wall, spent.memory, peer.stored(folders[peer]), stories)  # fmt: skip


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("sources", type=int, nargs="?", default=200)
    options = parser.parse_args()
    installed = [peer for peer in PEERS if peer.release()]
    known = {**versions(), **{peer.name: peer.release() for peer in installed if peer.name != OURS}}
    with Report("peers", options, str(options.sources), seed=SEED, versions=known) as begun:
        if missing := [peer.name for peer in PEERS if peer not in installed]:
            print(f"\nNot installed, so left out: {', '.join(missing)}.")
        main(options.sources, installed, begun)
