"""Labels anew: what stored entries belong to under the rules now in force. The labelling runs in worker processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from feedhub.logs import get_logger
from feedhub.model import EntryId
from feedhub.ports import Catalogue, Ledger, Overrun, Relabelled, Workers, Writer
from feedhub.understand import Carried, label_again

log = get_logger("relabel")


class Store(Ledger, Catalogue, Protocol):
    """Both sides of the store: relabelling reads and writes."""


CHUNK = 500
"""Stored entries labelled in one transaction: small enough that polls get their turn in between."""


async def relabel(
    store: Store,
    writer: Writer,
    workers: Workers,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Label every stored entry under the workers' rules, a chunk a transaction. Returns how many were looked at.

    Safe to interrupt: doing it again finishes the work.

    :raises feedhub.errors.FeedHubError: the database cannot be read or written.
    """
    after, done = EntryId(0), 0
    while chunk := await asyncio.to_thread(store.all_entries, after, CHUNK):
        await _label(store, writer, workers, chunk)
        after, done = chunk[-1][0].id, done + len(chunk)
        progress(done)
    return done


async def _label(store: Store, writer: Writer, workers: Workers, chunk: Sequence[Carried]) -> None:
    """Label a chunk; what a poll changed in the meantime is read and labelled again."""
    waiting = [chunk]
    while waiting:
        changes = await _labelled(workers, waiting.pop())
        done = await writer.run(partial(store.relabel, changes))
        for entry in sorted(done.overtaken):
            again = await asyncio.to_thread(store.all_entries, EntryId(entry - 1), 1)
            waiting += [again] if again and again[0][0].id == entry else []


async def _labelled(workers: Workers, chunk: Sequence[Carried]) -> list[Relabelled]:
    """Halve what goes over a worker's limits; an entry that does so alone keeps the labels it has."""
    result = await workers.run(label_again, chunk)
    if not isinstance(result, Overrun):
        return result
    if len(chunk) == 1:
        log.warning("relabel.entry_left", entry=chunk[0][0].id, reason=result.reason)
        return []
    middle = len(chunk) // 2
    return [*await _labelled(workers, chunk[:middle]), *await _labelled(workers, chunk[middle:])]
