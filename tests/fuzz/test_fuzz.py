"""Mutated input for every door: no exception, no broken promise, no input that takes long or eats memory.

A short run takes a fixed row of inputs. ``FEEDHUB_FUZZ_SECONDS=600`` gives each target as long, from a seed that is printed;
what it finds is written to ``tests/corpus/fuzz/<target>/`` and is a case of every run from then on.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from fuzz.targets import CORPUS, TARGETS, Target
from support.mutation import mutants

SECONDS = float(os.environ.get("FEEDHUB_FUZZ_SECONDS", "0"))
SEED = int(os.environ.get("FEEDHUB_SEED", "0")) or (random.SystemRandom().randrange(1, 10**9) if SECONDS else 1)
MOST_MEMORY = 300_000
"""Kilobytes by which the process may grow over all inputs of a target."""


class TooSlow(BaseException):
    """One input takes longer than its target allows; no handler of an `Exception` may swallow it."""


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Stop after ``seconds`` of CPU time: a machine that is busy with others is no fault."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def tried(target: Target, body: bytes) -> None:
    try:
        with bounded(target.seconds):
            target.run(body)
    except (Exception, TooSlow) as error:
        folder = CORPUS / "fuzz" / target.name
        file = folder / hashlib.blake2b(body, digest_size=6).hexdigest()
        if SECONDS:
            folder.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        raise AssertionError(f"{target.name}, seed {SEED}: {error!r} for {body[:300]!r} ({file.name})") from error


@pytest.mark.timeout(int(SECONDS) + 120)
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_mutants(target: Target) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    row = mutants(target.seeds, target.dictionary(), SEED)
    end = time.monotonic() + SECONDS
    count = 0
    for body in row if SECONDS else itertools.islice(row, target.share // 3):
        tried(target, body)
        count += 1
        if SECONDS and time.monotonic() > end:
            break
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    if SECONDS:
        sys.stderr.write(f"\n{target.name}: {count} inputs, seed {SEED}, {grown / 1000:.0f} MB more\n")
    assert grown < MOST_MEMORY


CASES = sorted(path for path in (CORPUS / "fuzz").glob("*/*"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_once(case: Path) -> None:
    (target,) = [target for target in TARGETS if target.name == case.parent.name]
    tried(target, case.read_bytes())
