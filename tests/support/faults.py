"""Running the installed command so that it dies at a named point, and the rooms in which it does."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.feed_server import FeedServer
from support.installed import COMMAND

DYING = Path(__file__).parent / "dying"
EXAMPLES = Path(__file__).parents[2] / "examples"
ROUNDS = int(os.environ.get("FEEDHUB_FAULTS", "0"))
"""Kills of the long form (`make faults`); without it each point is met once."""
SEED = int(os.environ.get("FEEDHUB_SEED", "20261126"))

CONFIG = """
site: {title: Faults}
polling:
  allow_networks: [127.0.0.0/8]
  ports: ["1-65535"]
  manual_gap: 0s
  host_gap: 0s
  per_host: 16
  per_address: 16
  batch: 2
  workers: 1
topics:
  banks: ["central bank", "ngân hàng trung ương", "interest rate*"]
  computing: [software, "=AI", open source]
sources:
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place in the program: before the call or after the return of a function, at most at its ``most``-th."""

    name: str
    function: str  # module:Class.method
    after: bool = False
    most: int = 1
    seldom: bool = False  # another point of the short form is next to it: met by the long form only

    def at(self, number: int) -> str:
        return f"{self.function}@{number}@{'after' if self.after else 'before'}"


def met(points: Sequence[Point]) -> list[Point]:
    """Those of the form that runs."""
    return [point for point in points if ROUNDS or not point.seldom]


def numbers(point: Point) -> list[int]:
    """At which calls of a point to die: its first, or as many as the long form asks for, any of them."""
    if not ROUNDS:
        return [min(2, point.most)]
    dice = random.Random(f"{SEED} {point.name}")
    return [dice.randint(1, point.most) for _ in range(max(1, ROUNDS // KINDS))]


KINDS = 11
"""Points of several calls in all test modules together, over which the long form's kills are spread."""


def dies(folder: Path, point: str, *arguments: str) -> None:
    """Run a command to the point, where it must die."""
    done = subprocess.run(
        [str(COMMAND), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(DYING), "FEEDHUB_DIE": point},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, f"{point}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"


def documents() -> Mapping[str, bytes]:
    """The sample sources, each twice, so that sources share their stories."""
    found = {
        path.name: path.read_bytes() for path in EXAMPLES.iterdir() if path.suffix in {".rss", ".atom", ".rdf", ".json"}
    }
    return found | {f"copy-{name}": body for name, body in found.items()}


def configure(folder: Path, server: FeedServer) -> Path:
    """A folder with a configuration that polls everything the server has."""
    folder.mkdir()
    lines = [f"  - {{url: '{server.url(name)}', slug: d{at}}}" for at, name in enumerate(sorted(server.documents))]
    (folder / "config.yaml").write_text(CONFIG + "\n".join(lines) + "\n")
    return folder
