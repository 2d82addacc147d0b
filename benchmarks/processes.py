"""CPU and memory of a program and of all that it starts: a process group, read from ``/proc`` (proc(5))."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

EVERY = 0.1
"""Seconds between two looks at the memory."""
PROC = Path("/proc")
PR_SET_CHILD_SUBREAPER = 36
"""prctl(2): who lost its parent becomes a child of this process, so that its CPU is told here."""
LEAVING = 30.0
"""Seconds that what a program has started may take to end after it."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a command and all that it started took: CPU and wall seconds, MB at the peak."""

    cpu: float
    wall: float
    memory: float


class CommandFailed(RuntimeError):
    """A command ended with an error; the message is what it printed last."""


def spent_by(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Spent:
    """Run a command to its end in a folder.

    :raises CommandFailed: its exit code was not 0.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    log = folder / "command.log"
    before, begun = _of_children(), time.perf_counter()
    with log.open("w") as sink:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=sink,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        with watched(process.pid) as peak:
            code = process.wait()
    wall = time.perf_counter() - begun
    _wait_for_the_rest(process.pid)
    if code:
        raise CommandFailed(f"{' '.join(command)} ended with {code}: {log.read_text(errors='replace')[-1000:]}")
    return Spent(cpu=_of_children() - before, wall=wall, memory=peak.memory)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _wait_for_the_rest(group: int) -> None:
    """Until nothing of the group is left; what has ended is waited for, which adds its CPU to ours."""
    until = time.monotonic() + LEAVING
    while time.monotonic() < until and (left := list(members(group))):
        for folder in left:
            with suppress(ChildProcessError):
                os.waitpid(int(folder.name), os.WNOHANG)
        time.sleep(0.02)
