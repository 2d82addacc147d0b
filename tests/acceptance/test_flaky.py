"""A bad day of many publishers: nothing leaks, nothing is lost or doubled, and the log tells what each of them did.

The long form: ``FEEDHUB_FLAKY_SECONDS=600 FEEDHUB_FLAKY_SOURCES=200 pytest tests/acceptance/test_flaky.py -s``.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from support.flaky import EXPECTED, Flaky, Publisher, having_a_bad_day
from support.installed import Daemon, feedhub, running, wait_for

SECONDS = float(os.environ.get("FEEDHUB_FLAKY_SECONDS", "15"))
SOURCES = int(os.environ.get("FEEDHUB_FLAKY_SOURCES", "30"))
WITHOUT_A_QUESTION = "nothing was sent"

CONFIG = """
server: {{port: 0}}
polling:
  allow_networks: [127.0.0.0/8]
  ports: ["1-65535"]
  interval: 3s
  first_poll_spread: 3s
  host_gap: 0s
  no_validator_min: 3s
  hint_max: 3s
  workers: 1
  timeouts: {{first_byte: 2s, read: 2s, total: 4s}}
  backoff:
    {{longest: 6s, rare: 6s, unreadable: 3s, busy: 3s, refused: 3s, missing: 3s, legal: 3s, host_pause: 3s}}
retention: {{polls: 1000}}
sources:
{sources}
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the daemon holds at one moment."""

    tasks: int
    files: int
    megabytes: float


def look_at(daemon: Daemon) -> Sample:
    process = Path(f"/proc/{daemon.process.pid}")
    resident = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    tasks = daemon.json("/health")["detail"]["tasks"]
    return Sample(tasks=tasks, files=len(list((process / "fd").iterdir())), megabytes=resident)


def watch(daemon: Daemon, seconds: float) -> list[Sample]:
    end, samples = time.monotonic() + seconds, []
    while time.monotonic() < end:
        samples.append(look_at(daemon))
        time.sleep(min(1.0, seconds / 15))
    return samples


def test_a_bad_day_of_many_publishers(tmp_path: Path) -> None:
    with having_a_bad_day(SOURCES) as flaky:
        sources = "\n".join(f"  - {{url: '{flaky.url(n)}', slug: p{n}}}" for n in range(SOURCES))
        (tmp_path / "config.yaml").write_text(CONFIG.format(sources=sources))
        with running(tmp_path, "--log-level", "debug", "--log-format", "json") as daemon:
            wait_for(lambda: all(publisher.did for publisher in flaky.publishers))
            samples = watch(daemon, SECONDS)
            turned = {publisher.number: len(publisher.did) for publisher in flaky.publishers}
            flaky.calm = True
            wait_for(lambda: all(len(one.did) > turned[one.number] + 1 for one in flaky.publishers), 90)
            wait_for(lambda: all(one["health"] == "fresh" for one in daemon.json("/status.json")["sources"]))
            problem = daemon.json("/health")["detail"]["problem"]
        states = json.loads(feedhub(tmp_path, "status", "--json").stdout)
        asked = sum(len(publisher.did) for publisher in flaky.publishers)
        sys.stdout.write(f"\n{asked} requests of {SOURCES} sources in {SECONDS:.0f} s and a calm end\n{table(samples)}")
        assert problem == ""
        assert all(state["explanation"] for state in states)
        assert "Traceback" not in daemon.logged()
        assert_told(flaky, daemon.logged())
        assert_all_stored_once(flaky.publishers, tmp_path / "feedhub.db")
        assert_flat(samples)


def assert_told(flaky: Flaky, log: str) -> None:
    """Each deed of a publisher is one line of the log, under a name that fits it, in the same order."""
    told: dict[str, list[str]] = defaultdict(list)
    for line in log.splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("event") == "poll.done" and WITHOUT_A_QUESTION not in event["detail"]:
            told[event["source"]].append(event["outcome"])
    for publisher in flaky.publishers:
        lines = told[f"p{publisher.number}"]
        assert 0 <= len(publisher.did) - len(lines) <= 1, (publisher.number, publisher.did, lines)
        for deed, line in zip(publisher.did, lines, strict=False):  # the last may have been under way at the stop
            assert line in EXPECTED[deed], (publisher.number, deed, line)


def assert_all_stored_once(publishers: Sequence[Publisher], database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        stored = [name for (name,) in connection.execute("SELECT original_id FROM entries")]
    assert sorted(stored) == sorted(name for publisher in publishers for name in publisher.entries)


def assert_flat(samples: Sequence[Sample]) -> None:
    """What is held at the end is what was held after the start, within what polls in flight take."""
    third = len(samples) // 3
    early, late = samples[third : 2 * third], samples[2 * third :]
    assert max(one.tasks for one in late) <= max(one.tasks for one in early) + SOURCES // 4 + 10
    assert max(one.files for one in late) <= max(one.files for one in early) + SOURCES // 4 + 10
    before, after = (statistics.median(one.megabytes for one in some) for some in (early, late))
    assert after <= before * 1.1 + 10


def table(samples: Sequence[Sample]) -> str:
    lines = ["| part of the run | tasks, most | open files, most | MB, median |", "|---|---|---|---|"]
    size = max(len(samples) // 5, 1)
    for start in range(0, size * 5, size):
        if some := samples[start : start + size]:
            tasks, files = max(one.tasks for one in some), max(one.files for one in some)
            memory = statistics.median(one.megabytes for one in some)
            lines.append(f"| {start // size + 1}/5 | {tasks} | {files} | {memory:.1f} |")
    return "\n".join([*lines, ""])
