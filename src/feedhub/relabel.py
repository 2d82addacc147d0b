"""Labels anew: what stored entries belong to under the rules now in force."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from feedhub.classify import Classifier
from feedhub.clean.html import html_to_text
from feedhub.model import EntryId, StoredEntry
from feedhub.ports import Catalogue, Ledger, Relabelled, Writer


class Store(Ledger, Catalogue, Protocol):
    """Both sides of the store: relabelling reads and writes."""


CHUNK = 500
"""Stored entries labelled in one transaction: small enough that polls get their turn in between."""


def relabelled(
    stored: StoredEntry, slugs: Sequence[str], classifier: Classifier, titles: Mapping[str, str]
) -> Relabelled:
    """Memberships of a stored entry under today's rules, as seen from each source that carried it."""
    entry = replace(stored.entry, text=html_to_text(stored.entry.content or stored.entry.summary))
    found = {
        (one.feed.kind, one.feed.key): one
        for slug in slugs
        for one in classifier.memberships(entry, slug, titles.get(slug, slug))
    }
    return Relabelled(entry=stored.id, memberships=tuple(found.values()))


async def relabel(
    store: Store,
    writer: Writer,
    classifier: Classifier,
    titles: Mapping[str, str],
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Label every stored entry under the rules now in force, a chunk a transaction. Returns how many were looked at.

    Safe to interrupt: doing it again finishes the work.
    """
    after, done = EntryId(0), 0
    while chunk := await asyncio.to_thread(store.all_entries, after, CHUNK):
        changes = [relabelled(stored, slugs, classifier, titles) for stored, slugs in chunk]
        await writer.run(partial(store.relabel, changes))
        after, done = chunk[-1][0].id, done + len(chunk)
        progress(done)
    return done
