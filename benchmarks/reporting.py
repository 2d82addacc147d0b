"""What all benchmarks print and keep: Markdown tables under a head, rows as JSON, and what became worse since they were last committed.

Seconds of one machine on one day say little about another one. So each figure has a *baseline* measured in the same run (a peer, or the
fixed work of :func:`calibrate` where there is no peer), and only the ratio to it is compared: with the rows in
``benchmarks/results/<script>.json`` as they were last committed. A ratio that is worse by more than a quarter is a regression.

Each script takes ``--keep`` (write the rows there), ``--rows FOLDER`` (write them elsewhere) and ``--remark TEXT`` (said with the rows).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any

import feedparser

from workload import Workload

PROJECT = Path(__file__).resolve().parents[1]
RESULTS = PROJECT / "benchmarks" / "results"
TOLERANCE = 0.25
"""A figure is worse when its ratio to its baseline is so much worse than it was."""
ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value. ``name`` tells it from all others of its script; ``ratio`` is to the baseline of the same run."""

    name: str
    value: float
    unit: str
    ratio: float
    more_is_better: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A figure then and now. ``factor``: how many times worse it is; below 1 it is better."""

    name: str
    then: float
    now: float
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What became of the figures that were kept."""

    worse: Sequence[Change] = ()
    better: Sequence[Change] = ()
    compared: int = 0
    gone: Sequence[str] = ()


def compare(then: Sequence[Figure], now: Sequence[Figure], tolerance: float = TOLERANCE) -> Comparison:
    """Judge by ratios alone; figures that were not kept are new and nothing to compare with."""
    by_name = {one.name: one for one in now}
    changes = [_change(old, by_name[old.name]) for old in then if old.name in by_name]
    return Comparison(
        worse=sorted((one for one in changes if one.factor > 1 + tolerance), key=lambda one: -one.factor),
        better=sorted((one for one in changes if one.factor < 1 / (1 + tolerance)), key=lambda one: one.factor),
        compared=len(changes),
        gone=[old.name for old in then if old.name not in by_name],
    )


def _change(old: Figure, new: Figure) -> Change:
    better_to_worse = (old.ratio, new.ratio) if not new.more_is_better else (new.ratio, old.ratio)
    before, after = better_to_worse
    factor = after / before if before else (1.0 if not after else float("inf"))
    return Change(name=new.name, then=old.ratio, now=new.ratio, factor=factor)


def told(script: str, found: Comparison) -> str:
    """The comparison as a Markdown list."""
    lines = [
        f"{script}: {found.compared} figures compared with the committed ones by their ratios, {len(found.worse)} worse"
    ]
    lines += [f"- worse by {one.factor - 1:.0%}: {one.name} ({one.then:.4g} -> {one.now:.4g})" for one in found.worse]
    lines += [f"- better by {1 - one.factor:.0%}: {one.name} ({one.then:.4g} -> {one.now:.4g})" for one in found.better]
    lines += [f"- no longer measured: {name}" for name in found.gone]
    return "\n".join(lines)


# ---------------------------------------------------------------- the machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """CPU seconds of fixed work: a loop of Python's own, and feedparser over one document of 30 entries."""

    loop: float
    document: float


def calibrate() -> Calibration:
    """The least of five rounds each: what else runs only adds."""
    body = Workload(1).document(0)
    return Calibration(loop=_least(_loop), document=_least(lambda: feedparser.parse(BytesIO(body))))


def _loop() -> int:
    total = 0
    for number in range(1_000_000):
        total = (total * 31 + number) & 0xFFFF
    return total


def _least(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)


def machine() -> dict[str, Any]:
    """Processor, cores and Python."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    return {"processor": model, "cores": os.cpu_count() or 1, "python": platform.python_version()}


def versions(*packages: str) -> dict[str, str]:
    """Of these distributions and of what every script uses; those that are not installed are left out."""
    found = {"SQLite": sqlite3.sqlite_version}
    for name in ("feedhub", "feedparser", *packages):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


# ---------------------------------------------------------------- a script's report


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with what all scripts take."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="write the rows to benchmarks/results")
    parser.add_argument("--rows", type=Path, metavar="FOLDER", help="write the rows to this folder")
    parser.add_argument("--remark", default="", help="what else there is to know of this run; kept with the rows")
    return parser


@dataclass(slots=True)
class Report:
    """Prints a script's tables, and at the end keeps and compares its figures.

    :param command: the arguments that decide what is measured; rows of other commands are not compared.
    """

    script: str
    options: argparse.Namespace
    command: str = ""
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=versions)
    figures: list[Figure] = field(default_factory=list)
    calibration: Calibration = field(default_factory=calibrate)

    def __enter__(self) -> Report:
        here, cost = machine(), self.calibration
        names = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        seed = "" if self.seed is None else f"; seed {self.seed}"
        print(
            f"`python benchmarks/{self.script}.py{' ' * bool(self.command)}{self.command}`{seed}; {_today()}; {here['processor']},"
            f" {here['cores']} cores, Python {here['python']}; {names}; a million turns of a loop take {cost.loop * 1000:.0f} ms CPU,"
            f" feedparser {cost.document * 1000:.1f} ms a document",
            *[self.options.remark] * bool(self.options.remark),
            sep="; ",
            flush=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if kind is not None:
            return
        kept = committed(self.script)
        if self.figures and kept is not None and kept["command"] == self.command:
            print(f"\n{told(self.script, compare(figures_of(kept), self.figures))}", flush=True)
        elif self.figures:
            print(f"\n{self.script}: no rows of this command are committed, nothing to compare with", flush=True)
        for folder in [*[RESULTS] * self.options.keep, *[self.options.rows] * bool(self.options.rows)]:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{self.script}.json").write_text(json.dumps(self.rows(), indent=1, ensure_ascii=False) + "\n")

    def table(self, *columns: str, title: str = "") -> None:
        """The head of a table."""
        print("", *[title, ""] * bool(title), sep="\n")
        print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)

    def row(self, *cells: object) -> None:
        """A row of it: text as it is, numbers with three to four digits that count."""
        print(f"| {' | '.join(map(_cell, cells))} |", flush=True)

    def figure(
        self, name: str, value: float, unit: str, *, baseline: float | None = None, more_is_better: bool = False
    ) -> float:
        """Note a figure and return its ratio; without a baseline to the calibrating loop, whose CPU seconds are the unit then."""
        ratio = value / (self.calibration.loop if baseline is None else baseline)
        self.figures.append(
            Figure(name=name, value=_short(value), unit=unit, ratio=_short(ratio), more_is_better=more_is_better)
        )
        return ratio

    def rows(self) -> dict[str, Any]:
        """What is kept."""
        return {
            "script": self.script,
            "command": self.command,
            "seed": self.seed,
            "day": _today(),
            "remark": self.options.remark,
            "machine": {**machine(), **{name: _short(value) for name, value in asdict(self.calibration).items()}},
            "versions": dict(self.versions),
            "figures": [asdict(one) for one in self.figures],
        }


def committed(script: str) -> dict[str, Any] | None:
    """The rows that were last committed; outside of a repository, those that lie there; None when there are none."""
    file = RESULTS / f"{script}.json"
    if (PROJECT / ".git").exists():
        name = f"HEAD:{file.relative_to(PROJECT)}"
        shown = subprocess.run(["git", "show", name], cwd=PROJECT, capture_output=True, text=True, check=False)
        text = shown.stdout if shown.returncode == 0 else ""
    else:
        text = file.read_text() if file.exists() else ""
    found: dict[str, Any] | None = json.loads(text) if text else None
    return found


def figures_of(rows: Mapping[str, Any]) -> list[Figure]:
    return [Figure(**one) for one in rows["figures"]]


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if value else "0"
