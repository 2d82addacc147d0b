"""What is done to stored entries beside everything else, some at a time, the newest first: those from before there was a
full-text index come into it, and those from before texts were packed are packed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol

from feedhub.errors import FeedHubError
from feedhub.logs import get_logger
from feedhub.ports import Writer

log = get_logger("index")

CHUNK = 100
"""Entries of one transaction: a few hundredths of a second, so that polls get their turn in between."""
PAUSE = 0.05
"""Seconds between two transactions while others want the writer too."""


class Store(Protocol):
    """The part of the store that keeps the index."""

    def index_some(self, *, batch: int = ..., anew: bool = ...) -> int: ...


class Packing(Protocol):
    """The part of the store that packs texts."""

    def pack_some(self, *, batch: int = ...) -> int: ...


class Older(Store, Packing, Protocol):
    """The part of the store that has entries from before."""


async def catch_up(store: Older, writer: Writer, again_in: float) -> None:
    """Index and pack all that is older than the index and the packing, however often the database refuses.

    :param again_in: seconds after which it is tried again.
    """
    while True:
        try:
            if done := await build_index(store, writer):
                log.info("index.built", entries=done)
            if done := await pack_texts(store, writer):
                log.info("texts.packed", entries=done)
            return
        except FeedHubError as error:
            log.warning("index.refused", reason=str(error), again_in=again_in)
        except Exception:
            log.exception("index.failed", again_in=again_in)
        await asyncio.sleep(again_in)


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
    return await _in_steps(partial(store.index_some, batch=CHUNK), writer, progress, pause, most)


async def pack_texts(store: Packing, writer: Writer, *, pause: float = PAUSE) -> int:
    """Pack the texts of older entries; returns how many were looked at. Safe to interrupt, as :func:`build_index` is.

    :raises feedhub.errors.FeedHubError: the database cannot be written.
    """
    return await _in_steps(partial(store.pack_some, batch=CHUNK), writer, lambda _: None, pause, None)


async def _in_steps(
    step: Callable[[], int], writer: Writer, progress: Callable[[int], None], pause: float, most: int | None
) -> int:
    """Do a step until it says that nothing was left to do; returns the sum of what the steps did."""
    done = 0
    while (most is None or done < most) and (some := await writer.run(step)):
        done += some
        progress(done)
        await asyncio.sleep(pause)
    return done
