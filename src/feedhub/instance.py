"""One FeedHub: the database of a configuration, and what is asked of it without polling or serving.

Commands that only look at what is stored import this and not :mod:`feedhub.wiring`: nothing here fetches, understands
documents, renders or listens, so that they start without the libraries of those.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from feedhub.config.loader import load
from feedhub.errors import NotFound
from feedhub.labelling import RULES
from feedhub.model import EntryId, Outcome, PushNote, SourceId, SourceState, Standing
from feedhub.ports import EntryChange, Writer
from feedhub.ports.hub import HubNote
from feedhub.schedule import PRICE, Tariff, may_poll_now, may_refetch_now
from feedhub.serve.samples import sample_sources
from feedhub.settings import Retention, Settings, Source
from feedhub.store import Removed, SqlStore, open_store
from feedhub.websub import note_of, note_of_hub
from feedhub.workers.batch_size import BatchSize
from feedhub.workers.writer_thread import WriterThread

PRICE_IN_FORCE = "price of a poll"
"""Name under which the price that the budget has steered to outlives a restart."""

REFETCHES = "refetches"
"""Name under which the moments of the last unconditional requests are remembered, by source."""

MARKS_KEPT = timedelta(days=30)
"""How long after it was first seen an entry can be found as the original of a near copy: twice a story's window."""

PARTS_OF_MARKS = 32
"""Transactions in which they are looked through."""

TRIMMED_TOGETHER = 200
"""Sources whose old outcomes are dropped in one transaction."""

MOST_FEEDS = 2**31
"""More than any database holds: a list of feeds leaves nothing out."""

CONTROL = "control address"
"""Name under which a running daemon says where commands reach it."""


def now() -> datetime:
    """The clock of the running program: aware UTC, whole seconds, as the database keeps them."""
    return datetime.now(UTC).replace(microsecond=0)


def moment() -> datetime:
    """The same to the microsecond, for what must not come a fraction of a second too early."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What every configuration of one process shares."""

    store: SqlStore
    writer: Writer
    tariff: Tariff

    def close(self) -> None:
        self.writer.close()
        self.store.close()


def read_settings(file: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The configuration, checked.

    :raises feedhub.errors.ConfigError: with every problem of the file.
    """
    return load(file, environ)


def open_home(settings: Settings, *, read_only: bool = False) -> Home:
    """Open the database of this configuration."""
    store = open_store(
        database_url(settings),
        busy_timeout=settings.database.busy_timeout.total_seconds(),
        read_only=read_only,
    )
    return Home(store=store, writer=WriterThread(), tariff=Tariff(float(store.recall(PRICE_IN_FORCE) or PRICE)))


def database_url(settings: Settings) -> str:
    """The database's URL with a relative SQLite path made relative to the configuration file."""
    url = settings.database.url.get_secret_value()
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url.startswith(prefix + "/") or url == prefix + ":memory:":
        return url
    return prefix + str((settings.folder / url.removeprefix(prefix)).resolve())


def at_address(settings: Settings, host: str, port: int) -> Settings:
    """The settings with what depends on where the server really listens: base_url if not given, and the samples."""
    shown = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else f"[{host}]" if ":" in host else host  # noqa: S104
    update: dict[str, object] = {}
    if "base_url" not in settings.site.model_fields_set:
        update["site"] = settings.site.model_copy(update={"base_url": f"http://{shown}:{port}"})
    if settings.examples:
        update["sources"] = (*settings.sources, *_samples(f"http://{shown}:{port}", settings))
    return settings.model_copy(update=update)


def _samples(base: str, settings: Settings) -> list[Source]:
    taken = {source.slug for source in settings.sources}
    return [
        Source(url=f"{base}/examples/{sample.file}", slug=sample.slug, name=sample.name)
        for sample in sample_sources()
        if sample.slug not in taken
    ]


def push_notes(settings: Settings, home: Home, at: datetime) -> dict[SourceId, PushNote]:
    """How the sources' hubs stand with us, for those that name one."""
    over = {Standing.LEAVING, Standing.ENDED}
    present = {one.source: one for one in home.store.subscriptions() if one.standing not in over}
    sources = {source.slug: source for source in settings.sources}
    notes = {
        state.id: note_of(state, present.get(state.id), sources.get(state.slug), settings, at)
        for state in home.store.states()
        if state.hub or state.id in present
    }
    return {source: note for source, note in notes.items() if note is not None}


def hub_note(settings: Settings, home: Home, at: datetime) -> HubNote:
    """How our own hub stands, and those of others that are told of changes."""
    return note_of_hub(settings.hub, home.store.hub_census(at), home.store.other_hubs())


async def forget_source(home: Home, slug: str) -> int:
    """Delete the entries that only this source carried, some at a time; returns how many.

    The rest is to be labelled anew (:data:`feedhub.labelling.RULES`).

    :raises feedhub.errors.NotFound: nothing is stored of such a source.
    """
    await home.writer.run(partial(home.store.remember, RULES, ""))
    deleted, done, size = 0, False, BatchSize()
    while not done:
        batch = size.entries
        forget = partial(home.store.forget_some, slug, now(), batch=batch)
        some, done = await home.writer.run(partial(size.timed, batch, forget))
        deleted += some
    return deleted


def change_entry(home: Home, entry: EntryId, change: EntryChange) -> bool:
    """What an operator wants of an entry; False when there was nothing to do. On the writer thread."""
    return home.store.split(entry) if change is EntryChange.SPLIT else home.store.withdraw(entry, now())


async def keep_house(home: Home, retention: Retention) -> Removed:
    """Remove what retention says and give back its room, some at a time, so that polls get their turn in between."""
    at = now()
    entries = (
        0 if retention.keep_for is None else await _remove_old(home, retention.keep_for, retention.keep_at_least, at)
    )
    await home.writer.run(partial(home.store.forget_tombstones, at))
    await home.writer.run(home.store.trim_articles)
    for part in range(PARTS_OF_MARKS):
        await home.writer.run(partial(home.store.forget_marks, at - MARKS_KEPT, part, PARTS_OF_MARKS))
    polls = changes = 0
    found = await asyncio.to_thread(home.store.excess, retention.polls, retention.changes)
    for place in range(0, len(found), TRIMMED_TOGETHER):
        trimmed = await home.writer.run(partial(home.store.trim, found[place : place + TRIMMED_TOGETHER]))
        polls, changes = polls + trimmed[0], changes + trimmed[1]
    return Removed(entries=entries, polls=polls, changes=changes, pages=await _give_back(home))


async def _give_back(home: Home) -> int:
    """Cut what is free off the file, some at a time; returns how many pages."""
    spare, given = await asyncio.to_thread(home.store.spare_pages), 0
    while given < spare and (some := await home.writer.run(home.store.give_back)):
        given += some
    return given


async def _remove_old(home: Home, keep_for: timedelta, keep_at_least: int, at: datetime) -> int:
    """Found beside the writer, and removed by it some at a time; returns how many."""
    removed, after, size = 0, SourceId(0), BatchSize()
    while True:
        find = partial(home.store.removable, keep_for, keep_at_least, at, after, batch=size.entries)
        some, then = await asyncio.to_thread(find)
        remove = partial(home.store.remove_old, some, keep_for, keep_at_least, at)
        removed += await home.writer.run(partial(size.timed, len(some), remove))
        if then is None:
            return removed
        after = then


def choose(
    home: Home,
    settings: Settings,
    slugs: Sequence[str],
    *,
    everything: bool,
    anew: bool = False,
    at: datetime | None = None,
) -> tuple[list[SourceState], list[Outcome]]:
    """Which sources a poll by hand may ask now, and why not the others.

    Without slugs: what is due, or with ``everything`` all that are enabled. ``anew``: without conditions, which is
    granted once in ``polling.refetch_gap``; whoever polls must call :func:`note_refetches` before.

    :param at: now, by the clock in use.

    :raises feedhub.errors.NotFound: a slug names no source.
    """
    states = home.store.states(list(slugs) or None)
    if unknown := sorted(set(slugs) - {state.slug for state in states}):
        raise NotFound(f"There is no source called {', '.join(unknown)}.", "See `feedhub sources list`.")
    at = at or now()
    chosen = [state for state in states if state.enabled and (slugs or everything or _due(state, at))]
    polling = settings.polling
    refusals = {state.id: may_poll_now(state, at, polling.manual_gap) for state in chosen}
    if anew:
        last = _refetches(home)
        for state in chosen:
            refusals[state.id] = refusals[state.id] or may_refetch_now(last.get(state.slug), at, polling.refetch_gap)
    refused = [
        Outcome(source=state.id, slug=state.slug, at=at, kind="refused", detail=reason, next_poll_at=state.next_poll_at)
        for state in chosen
        if (reason := refusals[state.id])
    ]
    return [state for state in chosen if not refusals[state.id]], refused


def read_as_pages(home: Home, slugs: Sequence[str]) -> list[SourceState]:
    """The named sources, or all that are read as pages.

    :raises feedhub.errors.NotFound: a slug names no source.
    """
    states = home.store.states(list(slugs) or None)
    if unknown := sorted(set(slugs) - {state.slug for state in states}):
        raise NotFound(f"There is no source called {', '.join(unknown)}.", "See `feedhub sources list`.")
    return [state for state in states if slugs or (state.page is not None and state.page.kind != "feed")]


def note_refetches(home: Home, settings: Settings, states: Sequence[SourceState], at: datetime) -> None:
    """Remember that these are asked without conditions now. On the writer thread, and before they are asked."""
    gap = settings.polling.refetch_gap
    kept = {slug: moment for slug, moment in _refetches(home).items() if at - moment < gap}
    kept |= {state.slug: at for state in states}
    home.store.remember(REFETCHES, json.dumps({slug: moment.isoformat() for slug, moment in kept.items()}))


def _refetches(home: Home) -> dict[str, datetime]:
    known: dict[str, str] = json.loads(home.store.recall(REFETCHES) or "{}")
    return {slug: datetime.fromisoformat(moment) for slug, moment in known.items()}


def _due(state: SourceState, at: datetime) -> bool:
    return state.next_poll_at is None or state.next_poll_at <= at
