"""How much goes into one transaction of work that can wait, while polls that cannot wait for the same writer."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

R = TypeVar("R")

WANTED = 0.1
"""Seconds for which a transaction of upkeep should hold the writer, while polls wait. Single ones take up to three times as long:
what the commit does besides (joining pieces of the index, writing the log back) is not known before."""

LEAST, FIRST, MOST = 5, 20, 500
"""Entries of a transaction. Below, its own cost would be most of it; above, its memory would."""


class BatchSize:
    """How many entries the next transaction takes, after what the last one took.

    What an entry costs depends on the disk, and on how far the history has outgrown its cache: a hundred are removed from fifty thousand
    in 145 ms, and from five million, whose rows are all over 22 GB, in 473 (``docs/performance.md``). Grows by twice at most, so
    that one transaction that happened to be quick is not followed by one that is far too long.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self.entries = FIRST
        self._clock = clock

    def timed(self, count: int, work: Callable[[], R]) -> R:
        """Do the work of one transaction with ``count`` entries, and learn from the time it takes."""
        began = self._clock()
        done = work()
        if count:
            fitting = count * WANTED / max(self._clock() - began, 1e-6)
            self.entries = int(min(max(fitting, LEAST), 2 * self.entries, MOST))
        return done
