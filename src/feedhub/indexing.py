"""The full-text index, built for entries that were stored before there was one: some at a time, the newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol

from feedhub.ports import Writer

CHUNK = 100
"""Entries of one transaction: a few hundredths of a second, so that polls get their turn in between."""
PAUSE = 0.05
"""Seconds between two transactions while others want the writer too."""


class Store(Protocol):
    """The part of the store that keeps the index."""

    def index_some(self, *, batch: int = ..., anew: bool = ...) -> int: ...


async def build_index(
    store: Store,
    writer: Writer,
    progress: Callable[[int], None] = lambda _: None,
    *,
    pause: float = PAUSE,
    most: int | None = None,
) -> int:
    """Bring the entries that wait into the index; returns how many. Safe to interrupt: it goes on where it stopped.

    :param most: stop after so many.
    :raises feedhub.errors.FeedHubError: the database cannot be written.
    """
    done = 0
    while (most is None or done < most) and (some := await writer.run(partial(store.index_some, batch=CHUNK))):
        done += some
        progress(done)
        await asyncio.sleep(pause)
    return done
