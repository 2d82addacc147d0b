"""The only place where parts are chosen and joined.

:class:`feedhub.instance.Home` is the database and its writer; :class:`Parts` is what one configuration makes of it. A
reload (:func:`change`) keeps the pipeline and the fetcher, which know whose turn it is, and replaces what the rules made.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import secrets
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from feedhub import __version__
from feedhub.announcer import Announcer
from feedhub.applying import own_endpoints
from feedhub.distributor import Distributor
from feedhub.emit import Renderer, SiteInfo
from feedhub.errors import FeedHubError
from feedhub.fetch import AiohttpFetcher, Hosts, RobotsKeeper
from feedhub.hub import Hub
from feedhub.inbox import Inbox
from feedhub.instance import Home, moment, now
from feedhub.model import FeedId
from feedhub.offering import hubs_of
from feedhub.pipeline import Pipeline
from feedhub.press import Press
from feedhub.serve.jinja_pages import PageRenderer
from feedhub.settings import Feeds, Settings
from feedhub.store import SqlStore
from feedhub.subscriber import Subscriber
from feedhub.understand import Rulebook, prepare
from feedhub.workers import ProcessWorkers

MOST_WORKERS = 4
"""More processes than this only pay when most documents change at each poll; `polling.workers` can say so."""

RESTS = "hosts at rest"
"""Name under which the hosts that asked for quiet are remembered, so that a restart does not disturb them."""


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

    def look_again(self) -> None:
        """The clock was set: moments to look at that were kept in memory are not those of the database any more."""
        self.hub.look_again()
        self.distributor.look()

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
    hosts: Hosts
    fetcher: AiohttpFetcher
    workers: ProcessWorkers[Rulebook]
    pipeline: Pipeline
    subscriber: Subscriber
    inbox: Inbox
    telling: Telling
    shelf: Shelf

    def clock_was_set(self, by: timedelta) -> None:
        """What is kept in memory by the wall clock moves with it, or is looked at anew."""
        self.hosts.rests.shift(by)
        self.subscriber.look_again()
        self.telling.look_again()

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


def build(
    settings: Settings,
    home: Home,
    *,
    committed: Callable[[frozenset[FeedId]], None] = lambda _: None,
    clock: Callable[[], datetime] = now,
) -> Parts:
    """Everything that polls and publishes under these settings."""
    rulebook = Rulebook.of(settings)
    hosts = hosts_of(settings, home.store, clock)
    fetcher = AiohttpFetcher(
        settings.polling,
        contact=settings.site.contact,
        version=__version__,
        clock=moment if clock is now else clock,
        hosts=hosts,
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
        to_remember=partial(_to_remember, hosts, clock),
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
        hosts=hosts,
        fetcher=fetcher,
        workers=workers,
        pipeline=pipeline,
        subscriber=subscriber,
        inbox=inbox,
        telling=telling,
        shelf=shelf,
    )


def hosts_of(settings: Settings, store: SqlStore, clock: Callable[[], datetime]) -> Hosts:
    """What is known of hosts, with those that wanted to be left alone when it was written down last."""
    hosts = Hosts()
    longest = max(settings.polling.retry_after_max, settings.polling.backoff.longest)
    hosts.rests.recall(store.recall(RESTS) or "{}", clock() + longest)
    return hosts


def _to_remember(hosts: Hosts, clock: Callable[[], datetime]) -> Mapping[str, str]:
    """What changed of that which must outlive the process besides the polls."""
    rests = hosts.rests.changes(clock())
    return {} if rests is None else {RESTS: rests}


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
    """No process is started before it is needed. This one fills a core itself while it stores what the others understand."""
    polling, cores = settings.polling, os.cpu_count() or 1
    count = polling.workers or min(cores, MOST_WORKERS)
    return ProcessWorkers(
        count,
        eager=polling.workers or min(count, max(1, cores - 1)),
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


def opml_of_sources(settings: Settings) -> bytes:
    """The configured sources as OPML 2.0."""
    renderer = Renderer(SiteInfo.of(settings.site, __version__), settings.feeds)
    return renderer.opml_of_sources(settings.sources, None)


def raise_file_limit() -> int:
    """Ask for as many open files as the system allows; many sources need many sockets. Returns the limit in force."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
