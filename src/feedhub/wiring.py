"""The only place where parts are chosen and joined.

:class:`Home` is the database and its writer; :class:`Parts` is what one configuration makes of it. A reload
(:func:`change`) keeps the pipeline and the fetcher, which know whose turn it is, and replaces what the rules made.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from feedhub import __version__
from feedhub.announcer import Announcer
from feedhub.applying import own_endpoints
from feedhub.classify import LABELLING
from feedhub.config import load, snapshot_of
from feedhub.distributor import Distributor
from feedhub.emit import Renderer, SiteInfo
from feedhub.errors import FeedHubError, NotFound
from feedhub.fetch import AiohttpFetcher, Hosts, RobotsKeeper
from feedhub.hub import Hub
from feedhub.inbox import Inbox
from feedhub.model import EntryId, FeedId, Outcome, PushNote, SourceId, SourceState, Standing
from feedhub.offering import hubs_of
from feedhub.pipeline import Pipeline
from feedhub.ports import EntryChange, Writer
from feedhub.ports.hub import HubNote
from feedhub.press import Press
from feedhub.relabel import RULES
from feedhub.schedule import PRICE, Tariff, may_poll_now, may_refetch_now
from feedhub.serve import PageRenderer, sample_sources
from feedhub.settings import Feeds, Retention, Settings, Source
from feedhub.store import Removed, SqlStore, open_store
from feedhub.subscriber import Subscriber
from feedhub.understand import Rulebook, prepare
from feedhub.websub import note_of, note_of_hub
from feedhub.workers import ProcessWorkers, WriterThread

MOST_WORKERS = 4
"""More processes than this only pay when most documents change at each poll; `polling.workers` can say so."""

PRICE_IN_FORCE = "price of a poll"
"""Name under which the price that the budget has steered to outlives a restart."""

RESTS = "hosts at rest"
"""Name under which the hosts that asked for quiet are remembered, so that a restart does not disturb them."""

REFETCHES = "refetches"
"""Name under which the moments of the last unconditional requests are remembered, by source."""

MARKS_KEPT = timedelta(days=30)
"""How long after it was first seen an entry can be found as the original of a near copy: twice a story's window."""

PARTS_OF_MARKS = 32
"""Transactions in which they are looked through."""

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
    hosts: Hosts = field(default_factory=Hosts)

    def to_remember(self, clock: Callable[[], datetime]) -> Mapping[str, str]:
        """What changed of that which must outlive the process besides the polls."""
        rests = self.hosts.rests.changes(clock())
        return {} if rests is None else {RESTS: rests}

    def close(self) -> None:
        self.writer.close()
        self.store.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What shows stored entries to readers and to people."""

    press: Press
    pages: PageRenderer
    feeds: Feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Who tells others that our feeds changed."""

    hub: Hub
    distributor: Distributor
    announcer: Announcer

    async def tick(self) -> None:
        """:raises feedhub.errors.FeedHubError: the database does not answer."""
        await self.hub.tick()
        await self.announcer.tick()

    def adopt(self, settings: Settings, press: Press) -> None:
        self.hub.adopt(settings)
        self.distributor.adopt(settings, press)
        self.announcer.adopt(settings)

    def figures(self) -> Mapping[str, int]:
        return {**self.hub.figures(), **self.distributor.figures(), **self.announcer.figures()}

    async def stop(self, grace: float) -> None:
        """:raises feedhub.errors.FeedHubError: what was delivered last could not be written down, and will be again."""
        await self.hub.stop()
        await self.announcer.stop()
        await self.distributor.stop(grace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What one configuration in force is made of."""

    settings: Settings
    rulebook: Rulebook
    fetcher: AiohttpFetcher
    workers: ProcessWorkers[Rulebook]
    pipeline: Pipeline
    subscriber: Subscriber
    inbox: Inbox
    telling: Telling
    shelf: Shelf

    async def close(self, grace: float) -> int:
        """Stop polling within ``grace`` seconds; returns how many polls were abandoned."""
        clock = asyncio.get_running_loop().time
        end = clock() + grace
        async with AsyncExitStack() as rest:  # each is closed whatever happens to the one before
            rest.push_async_callback(self.workers.close)
            rest.push_async_callback(self.fetcher.close)
            with suppress(FeedHubError):  # what cannot be written now is found again after the next start
                await self.subscriber.stop()
            await self.inbox.stop(grace / 2)
            with suppress(FeedHubError):
                await self.telling.stop(max(end - clock(), 0.0) / 2)
            return await self.pipeline.stop(max(end - clock(), 0.0))


def read_settings(file: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The configuration, checked.

    :raises feedhub.errors.ConfigError: with every problem of the file.
    """
    return load(file, environ)


def open_home(settings: Settings, *, read_only: bool = False, clock: Callable[[], datetime] = now) -> Home:
    """Open the database of this configuration, and recall which hosts want to be left alone."""
    store = open_store(
        database_url(settings),
        busy_timeout=settings.database.busy_timeout.total_seconds(),
        read_only=read_only,
    )
    home = Home(store=store, writer=WriterThread(), tariff=Tariff(float(store.recall(PRICE_IN_FORCE) or PRICE)))
    longest = max(settings.polling.retry_after_max, settings.polling.backoff.longest)
    home.hosts.rests.recall(store.recall(RESTS) or "{}", clock() + longest)
    return home


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


def build(
    settings: Settings,
    home: Home,
    *,
    committed: Callable[[frozenset[FeedId]], None] = lambda _: None,
    clock: Callable[[], datetime] = now,
) -> Parts:
    """Everything that polls and publishes under these settings."""
    rulebook = Rulebook.of(settings)
    fetcher = AiohttpFetcher(
        settings.polling,
        contact=settings.site.contact,
        version=__version__,
        clock=moment if clock is now else clock,
        hosts=home.hosts,
        own_endpoints=own_endpoints(settings),
    )
    workers = _workers(settings, rulebook)
    subscriber = Subscriber(
        settings=settings,
        store=home.store,
        ledger=home.store,
        catalogue=home.store,
        hubs=fetcher,
        writer=home.writer,
        clock=clock,
        dice=random.random,
        mint=lambda: secrets.token_urlsafe(32),
        tariff=home.tariff,
    )
    shelf = build_shelf(settings, home)
    telling = _telling(settings, home, fetcher, shelf.press, clock)

    def changed(feeds: frozenset[FeedId]) -> None:
        committed(feeds)
        telling.distributor.committed(feeds)

    pipeline = Pipeline(
        settings=settings,
        ledger=home.store,
        catalogue=home.store,
        pages=home.store,
        fetcher=fetcher,
        robots=RobotsKeeper(fetcher, clock),
        workers=workers,
        writer=home.writer,
        clock=clock,
        dice=random.random,
        tariff=home.tariff,
        committed=changed,
        to_remember=partial(home.to_remember, clock),
        hubs_changed=subscriber.look_again,
    )
    inbox = Inbox(
        settings=settings,
        store=home.store,
        desk=pipeline,
        writer=home.writer,
        clock=clock,
        dice=random.random,
        lost=subscriber.fall_back,
    )
    return Parts(
        settings=settings,
        rulebook=rulebook,
        fetcher=fetcher,
        workers=workers,
        pipeline=pipeline,
        subscriber=subscriber,
        inbox=inbox,
        telling=telling,
        shelf=shelf,
    )


def _telling(
    settings: Settings, home: Home, fetcher: AiohttpFetcher, press: Press, clock: Callable[[], datetime]
) -> Telling:
    hub = Hub(
        settings=settings,
        ledger=home.store,
        library=home.store,
        courier=fetcher,
        writer=home.writer,
        clock=clock,
        mint=lambda: secrets.token_urlsafe(32),
    )
    distributor = Distributor(
        settings=settings,
        ledger=home.store,
        press=press,
        courier=fetcher,
        gatekeeper=hub,
        writer=home.writer,
        clock=clock,
        dice=random.random,
    )
    announcer = Announcer(
        settings=settings, ledger=home.store, hubs=fetcher, writer=home.writer, clock=clock, dice=random.random
    )
    return Telling(hub=hub, distributor=distributor, announcer=announcer)


async def change(parts: Parts, settings: Settings, home: Home, apply: Callable[[], None]) -> Parts:
    """Other settings for running parts. Polls in flight go on and end under the new rules; hosts keep their turns.

    :param apply: makes the database agree; it runs on the writer thread while nothing is understood or committed.
    :raises feedhub.errors.FeedHubError: the database refused; the parts are as they were.
    """
    rulebook = Rulebook.of(settings)
    workers, shelf = _workers(settings, rulebook), build_shelf(settings, home)
    async with parts.pipeline.between_rules():
        await home.writer.run(apply)
        parts.fetcher.adopt(settings.polling, contact=settings.site.contact, own_endpoints=own_endpoints(settings))
        parts.pipeline.adopt(settings, workers)
        parts.inbox.adopt(settings)
        parts.subscriber.adopt(settings)
        parts.telling.adopt(settings, shelf.press)
    await parts.workers.close()
    return replace(parts, settings=settings, rulebook=rulebook, workers=workers, shelf=shelf)


def _workers(settings: Settings, rulebook: Rulebook) -> ProcessWorkers[Rulebook]:
    """No process is started before it is needed."""
    polling = settings.polling
    return ProcessWorkers(
        polling.workers or min(os.cpu_count() or 1, MOST_WORKERS),
        cpu_seconds=polling.limits.parse_time.total_seconds(),
        wall_seconds=polling.limits.parse_time.total_seconds() * 3,
        memory_bytes=polling.limits.parse_memory,
        setup=prepare,
        setup_argument=rulebook,
    )


def build_shelf(settings: Settings, home: Home, *, paged: bool = True) -> Shelf:
    """What publishes under these settings. ``paged``: documents link to older pages, and name our own hub, which needs a
    server."""
    hubs = hubs_of(settings) if paged else settings.hub.others
    renderer = Renderer(SiteInfo.of(settings.site, __version__), settings.feeds)
    return Shelf(
        press=Press(home.store, renderer, settings.feeds, searching=home.store, hubs=hubs, paged=paged),
        pages=PageRenderer(settings, __version__, page_ending="" if paged else ".html"),
        feeds=settings.feeds,
    )


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


def opml_of_sources(settings: Settings) -> bytes:
    """The configured sources as OPML 2.0."""
    renderer = Renderer(SiteInfo.of(settings.site, __version__), settings.feeds)
    return renderer.opml_of_sources(settings.sources, None)


async def forget_source(home: Home, slug: str) -> int:
    """Delete the entries that only this source carried, some at a time; returns how many.

    The rest is to be labelled anew (:data:`feedhub.relabel.RULES`).

    :raises feedhub.errors.NotFound: nothing is stored of such a source.
    """
    await home.writer.run(partial(home.store.remember, RULES, ""))
    deleted, done = 0, False
    while not done:
        some, done = await home.writer.run(partial(home.store.forget_some, slug, now()))
        deleted += some
    return deleted


def change_entry(home: Home, entry: EntryId, change: EntryChange) -> bool:
    """What an operator wants of an entry; False when there was nothing to do. On the writer thread."""
    return home.store.split(entry) if change is EntryChange.SPLIT else home.store.withdraw(entry, now())


async def keep_house(home: Home, retention: Retention) -> Removed:
    """Remove what retention says, some at a time, so that polls get their turn in between."""
    entries, at = 0, now()
    if retention.keep_for is not None:
        step = partial(home.store.remove_some, retention.keep_for, retention.keep_at_least, at)
        while some := await home.writer.run(step):
            entries += some
    await home.writer.run(partial(home.store.forget_tombstones, at))
    await home.writer.run(home.store.trim_articles)
    for part in range(PARTS_OF_MARKS):
        await home.writer.run(partial(home.store.forget_marks, at - MARKS_KEPT, part, PARTS_OF_MARKS))
    polls, changes = await home.writer.run(partial(home.store.trim, retention.polls, retention.changes))
    return Removed(entries=entries, polls=polls, changes=changes)


def rules_digest(settings: Settings) -> str:
    """Changes when stored entries must be labelled anew: with the rules, and with what they mean to this program."""
    return f"{LABELLING}-{snapshot_of(settings).rules_digest()}"


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


def raise_file_limit() -> int:
    """Ask for as many open files as the system allows; many sources need many sockets. Returns the limit in force."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
