"""All benchmarks, one after another, each in a form that ends in minutes; then what became worse.

    python benchmarks/run.py [--keep] [--remark TEXT] [SCRIPT ...]        (as ``make bench`` does; some 12 to 40 minutes on two cores)

A script that fails is named at the end, and the others go on. The tables go to the output as they come. Whatever ``--keep`` writes
to ``benchmarks/results`` is what later runs are compared with once it is committed: keep runs of quiet machines. The exit code is 1 when
a script failed; regressions are for people to judge.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from reporting import committed, compare, figures_of, told

HERE = Path(__file__).parent
LONGEST = 1800
"""Seconds that a script may take."""
SHORT: dict[str, Sequence[str]] = {
    "poll": ("1000", "--profile"),
    "peers": ("200",),
    "parse": (),
    "emit": ("1000",),
    "serve": ("3",),
    "topics": (),
    "extract": (),
    "fetch_unchanged": (),
    "dedup": ("3000", "100000", "11"),
    "deep": ("100000",),
    "search": ("100000",),
    "history": ("200000",),
    "cadence": ("--quick",),
    "load": ("120",),
}
"""Each script, and the arguments with which it is run here and its rows are kept."""


def run(script: str, rows: Path, passed: Sequence[str]) -> str:
    """Why it failed, or ""; its rows are in the folder afterwards."""
    command = [sys.executable, str(HERE / f"{script}.py"), *SHORT[script], "--rows", str(rows), *passed]
    print(f"\n## {script}\n", flush=True)
    try:
        code = subprocess.run(command, check=False, timeout=LONGEST).returncode
    except subprocess.TimeoutExpired:
        return f"ended after {LONGEST} s"
    return f"exit code {code}" if code else ""


def summary(rows: Path) -> str:
    """The comparison of every script that kept rows in this folder with what is committed."""
    parts = []
    for file in sorted(rows.glob("*.json")):
        now, then = json.loads(file.read_text()), committed(file.stem)
        if then is None or then["command"] != now["command"]:
            parts.append(f"{file.stem}: no rows of this command are committed, nothing to compare with")
        else:
            parts.append(told(file.stem, compare(figures_of(then), figures_of(now))))
    return "\n\n".join(parts)


def main(scripts: Sequence[str], passed: Sequence[str]) -> int:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        faults = {script: run(script, Path(name), passed) for script in scripts}
        failed = [f"{script} ({fault})" for script, fault in faults.items() if fault]
        print(f"\n## Compared with the committed rows\n\n{summary(Path(name))}", flush=True)
    print(
        f"\n{len(scripts)} scripts in {(time.monotonic() - begun) / 60:.0f} minutes; failed: {', '.join(failed) or 'none'}"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help=f"of {', '.join(SHORT)}; all, if none is named")
    parser.add_argument("--keep", action="store_true", help="write the rows to benchmarks/results")
    parser.add_argument("--remark", default="", help="what else there is to know of this run; kept with the rows")
    options = parser.parse_args()
    if unknown := set(options.scripts) - set(SHORT):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(SHORT)}")
    given = [*["--keep"] * options.keep, *(["--remark", options.remark] if options.remark else [])]
    sys.exit(main(options.scripts or list(SHORT), given))
