"""Labels anew: what stored entries belong to under the rules now in force. The labelling runs in worker processes.

How far it came is remembered after each chunk (:class:`Standing`), so that a process that was killed goes on from there;
other rules, or entries that lost a source, begin it anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from feedhub.labelling import BEGINNING, RULES, Standing
from feedhub.logs import get_logger
from feedhub.model import EntryId
from feedhub.ports import Catalogue, Ledger, Overrun, Relabelled, Workers, Writer
from feedhub.understand import Carried, label_again, too_slow

log = get_logger("relabel")


class Store(Ledger, Catalogue, Protocol):
    """Both sides of the store: relabelling reads and writes."""

    def count_entries(self, after: EntryId = BEGINNING) -> int:
        """How many entries have a greater number."""
        ...


CHUNK = 500
"""Stored entries labelled in one transaction: small enough that polls get their turn in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a labelling did. ``left``: entries whose labels stay as they were, because they went over a limit."""

    entries: int = 0
    slow: tuple[str, ...] = ()  # patterns that did not come to an end in time
    left: tuple[EntryId, ...] = ()

    @property
    def words(self) -> str:
        """What an operator must know of it; "" when all went well."""
        told = list(map(too_slow, self.slow))
        if self.left:
            numbers = ", ".join(map(str, self.left[:10]))
            told.append(f"{len(self.left)} entries went over the limits of a worker and keep their labels: {numbers}")
        return "; ".join(told)


@dataclass(slots=True)
class _Trouble:
    slow: dict[str, None] = field(default_factory=dict)
    left: list[EntryId] = field(default_factory=list)


async def relabel(
    store: Store,
    writer: Writer,
    workers: Workers,
    rules: str,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Report | None:
    """Label every stored entry under the workers' rules, a chunk a transaction; None when they are so already.

    Safe to interrupt at any moment: done again it goes on after the last chunk, and a chunk labelled twice is the same.

    :param rules: the digest of the workers' rules.
    :param progress: told how many entries are done, of how many.
    :raises feedhub.errors.FeedHubError: the database cannot be read or written.
    """
    standing = Standing.loads(await asyncio.to_thread(store.recall, RULES))
    if standing.agrees(rules):
        return None
    if standing.complete or standing.rules != rules:
        standing = Standing(rules=rules, complete=False)
    left = await asyncio.to_thread(store.count_entries, standing.after)
    standing = replace(standing, total=standing.done + left)
    # From here on the labels are mixed: going back to the old rules half way must label anew, too.
    await writer.run(partial(store.remember, RULES, standing.dumps()))
    progress(standing.done, standing.total)
    trouble = _Trouble()
    while chunk := await asyncio.to_thread(store.all_entries, standing.after, CHUNK):
        await _label(store, writer, workers, chunk, trouble)
        done = standing.done + len(chunk)
        standing = replace(standing, after=chunk[-1][0].id, done=done, total=max(standing.total, done))
        await writer.run(partial(store.remember, RULES, standing.dumps()))
        progress(standing.done, standing.total)
    await writer.run(partial(store.remember, RULES, rules))
    return Report(entries=standing.done, slow=tuple(trouble.slow), left=tuple(trouble.left))


async def _label(store: Store, writer: Writer, workers: Workers, chunk: Sequence[Carried], trouble: _Trouble) -> None:
    """Label a chunk; what a poll changed in the meantime is read and labelled again."""
    waiting = [chunk]
    while waiting:
        changes = await _labelled(workers, waiting.pop(), trouble)
        done = await writer.run(partial(store.relabel, changes))
        for entry in sorted(done.overtaken):
            again = await asyncio.to_thread(store.all_entries, EntryId(entry - 1), 1)
            waiting += [again] if again and again[0][0].id == entry else []


async def _labelled(workers: Workers, chunk: Sequence[Carried], trouble: _Trouble) -> list[Relabelled]:
    """Halve what goes over a worker's limits; an entry that does so alone keeps the labels it has."""
    result = await workers.run(label_again, chunk)
    if not isinstance(result, Overrun):
        trouble.slow.update((pattern, None) for change in result for pattern in change.slow)
        return result
    if len(chunk) == 1:
        log.warning("relabel.entry_left", entry=chunk[0][0].id, reason=result.reason)
        trouble.left.append(chunk[0][0].id)
        return []
    middle = len(chunk) // 2
    return [*await _labelled(workers, chunk[:middle], trouble), *await _labelled(workers, chunk[middle:], trouble)]
