"""Feeds that changed -> hubs of others, which fetch them and tell their subscribers.

What a hub has to be told follows from the database alone, as with our own hub: feeds at a newer version than the one told
last. Requests go the polite way of all that is asked of servers: in the host's turn, and not while it rests.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from urllib.parse import urlsplit

from feedhub.logs import get_logger
from feedhub.model import Feed, FetchFailed
from feedhub.offering import topic_of
from feedhub.ports import Clock, HubCaller, Writer
from feedhub.ports.hub import OtherHub, PingLedger
from feedhub.settings import Settings
from feedhub.websub import MOST_TOPICS, after_ping, ping

log = get_logger("hub")

MOST_FEEDS = 1_000
"""Feeds read at once of those that a hub has to be told of."""


class Announcer:
    """One instance lives as long as the process; configurations come and go (:meth:`adopt`)."""

    def __init__(
        self,
        *,
        settings: Settings,
        ledger: PingLedger,
        hubs: HubCaller,
        writer: Writer,
        clock: Clock,
        dice: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._hubs = hubs
        self._writer = writer
        self._clock = clock
        self._dice = dice
        self._adopted: tuple[str, ...] | None = None  # whom the database knows
        self._seen: dict[str, int] = {}  # generation of the database up to which a hub was told everything
        self._telling: dict[str, asyncio.Task[None]] = {}
        self._counts: Counter[str] = Counter()
        self._stopped = False

    def adopt(self, settings: Settings) -> None:
        """Other hubs, or another address of ours: seen at the next tick."""
        self._settings = settings

    def figures(self) -> Mapping[str, int]:
        return dict(self._counts)

    async def tick(self) -> None:
        """Begin to tell each hub that has to be told something; returns before they have answered.

        :raises feedhub.errors.FeedHubError: the database does not answer.
        """
        wanted = self._settings.hub.others
        if self._stopped or (not wanted and self._adopted == ()):
            return
        if self._adopted != wanted:
            await self._writer.run(partial(self._ledger.adopt_hubs, wanted))
            self._adopted, self._seen = wanted, {}
        if not wanted:
            return
        generation, now = await asyncio.to_thread(self._ledger.generation), self._clock()
        for hub in await asyncio.to_thread(self._ledger.other_hubs):
            rests = hub.due_at is not None and now < hub.due_at
            if not rests and hub.hub not in self._telling and self._seen.get(hub.hub) != generation:
                task = asyncio.create_task(self._tell(hub, generation), name="hub ping")
                self._telling[hub.hub] = task
                task.add_done_callback(partial(self._told, hub.hub))

    async def stop(self) -> None:
        """Abandon what is in flight: the hubs are told by whoever comes next."""
        self._stopped = True
        tasks = list(self._telling.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _told(self, hub: str, task: asyncio.Task[None]) -> None:
        self._telling.pop(hub, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("hub.ping_failed", exc_info=error)

    async def _tell(self, hub: OtherHub, generation: int) -> None:
        """All that this hub has not been told, some topics at a time, until it refuses."""
        while feeds := await asyncio.to_thread(self._ledger.untold, hub.hub, MOST_FEEDS):
            for some in self._parts(feeds):
                hub = await self._ping(hub, some)
                if hub.failures:
                    return
        self._seen[hub.hub] = generation

    def _parts(self, feeds: Sequence[Feed]) -> list[list[Feed]]:
        """As many feeds at a time as fit into a request. What is not offered makes no topic, and is done with."""
        size = max(MOST_TOPICS // len(self._settings.feeds.formats), 1)
        feeds = sorted(feeds, key=lambda feed: not self._settings.feeds.is_public(feed))
        offered = sum(self._settings.feeds.is_public(feed) for feed in feeds)
        parts = [list(feeds[start : min(start + size, offered)]) for start in range(0, offered, size)]
        return [*parts, *([list(feeds[offered:])] if offered < len(feeds) else [])]

    async def _ping(self, hub: OtherHub, feeds: Sequence[Feed]) -> OtherHub:
        topics = [
            topic_of(self._settings.site.base_url, feed, form)
            for feed in feeds
            if self._settings.feeds.is_public(feed)
            for form in self._settings.feeds.formats
        ]
        after = hub
        if topics:
            reply = await self._hubs.submit(ping(hub, topics))
            after = after_ping(hub, reply, self._clock(), self._dice)
            self._counts["pings failed" if after.failures else "pings"] += 1
            if isinstance(reply, FetchFailed) and not hub.failures:
                log.warning("hub.not_told", hub=urlsplit(hub.hub).hostname, reason=reply.detail)
        await self._writer.run(partial(self._ledger.settle_ping, after, () if after.failures else feeds))
        return after
