"""CPU and memory of a program and of all that it starts: a process group, read from ``/proc`` (proc(5))."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

EVERY = 0.1
"""Seconds between two looks at the memory."""
PROC = Path("/proc")


def members(group: int) -> Iterator[Path]:
    """The folders of the group's living processes."""
    for folder in PROC.iterdir():
        with suppress(OSError):
            if folder.name.isdigit() and os.getpgid(int(folder.name)) == group:
                yield folder


def cpu_seconds(folder: Path, *, children: bool) -> float:
    """User and system time of a process or thread, with that of the children it has waited for."""
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if children else 13])) / os.sysconf("SC_CLK_TCK")


def group_cpu_seconds(group: int) -> float:
    """Of all living processes of the group, and of those they have waited for."""
    total = 0.0
    for folder in members(group):
        with suppress(OSError):
            total += cpu_seconds(folder, children=True)
    return total


def group_memory(group: int) -> float:
    """MB of the group; what its processes share is counted once (Pss)."""
    total = 0.0
    for folder in members(group):
        with suppress(OSError, IndexError, ValueError):
            total += int((folder / "smaps_rollup").read_text().partition("\nPss:")[2].split()[0]) / 1000
    return total


class Peak:
    """The most memory a group had at any look, MB."""

    def __init__(self) -> None:
        self.memory = 0.0

    def look(self, group: int) -> None:
        self.memory = max(self.memory, group_memory(group))


@contextmanager
def watched(group: int) -> Iterator[Peak]:
    """Look at the group's memory ten times a second while the block runs; the looking is none of the group's CPU."""
    peak, stop = Peak(), threading.Event()

    def looking() -> None:
        while not stop.wait(EVERY):
            peak.look(group)

    thread = threading.Thread(target=looking, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()
