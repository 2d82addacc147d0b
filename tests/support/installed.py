"""The installed ``feedhub`` command, run as a user runs it: its own process, its own folder, real HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

COMMAND = Path(sys.executable).with_name("feedhub")
START_WITHIN = 40.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def get(url: str, headers: Mapping[str, str] | None = None) -> Answer:
    """One GET; statuses are values."""
    request = urllib.request.Request(url, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return Answer(response.status, dict(response.headers.items()), response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers.items()), error.read())


def wait_for(condition: Callable[[], Any], within: float = START_WITHIN) -> Any:
    """Call ``condition`` until it returns something true; fail after ``within`` seconds."""
    deadline = time.monotonic() + within
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {condition}")
        time.sleep(0.05)


def feedhub(folder: Path, *arguments: str, check: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in ``folder``."""
    done = subprocess.run(
        [str(COMMAND), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "COLUMNS": "200", **environ},
        check=False,
    )
    if check and done.returncode != 0:
        raise AssertionError(f"feedhub {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


class Process(Protocol):
    """What tests do with a running command, however it was started."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def send_signal(self, number: int, /) -> None: ...

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


@dataclass(slots=True)
class Daemon:
    """A running ``feedhub run``."""

    process: Process
    folder: Path
    base: str
    log: Path

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return get(self.base + path, headers)

    def json(self, path: str) -> Any:
        return json.loads(self.get(path).body)

    def logged(self) -> str:
        return self.log.read_text()


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Daemon]:
    """``feedhub run`` in ``folder`` until the block ends; its configuration should say ``port: 0``."""
    log = folder / "daemon.log"
    with log.open("w") as sink:
        process = subprocess.Popen(
            [str(COMMAND), "run", *arguments], cwd=folder, stdout=sink, stderr=subprocess.STDOUT, text=True
        )
        try:
            yield Daemon(process, folder, address_of(process, log), log)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def address_of(process: Process, log: Path) -> str:
    """Where it listens, from the line it prints; fails with its output when it ends instead."""

    def find() -> str | None:
        if process.poll() is not None:
            raise AssertionError(f"feedhub run ended with {process.returncode}:\n{log.read_text()}")
        for line in log.read_text().splitlines():
            if "listening on http://" in line:
                return "http://" + line.rpartition("http://")[2].strip()
        return None

    return str(wait_for(find))
