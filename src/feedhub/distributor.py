"""Feeds that changed -> everybody who subscribed at our hub (WebSub, 7).

What is owed follows from the database alone: a subscription whose feed is at a newer version than the one delivered last.
So a commit owes by itself, a restart goes on where the process ended, and at worst a subscriber gets a document twice
(when it was delivered and that could not be written down any more). A subscriber who was away gets the feed as it is
then, not each state that it missed. The order holds because each subscription has one delivery at a time.

Here deliveries are only begun, and their outcomes kept; ``websub`` says whose turn it is and what an answer means.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Protocol

from feedhub.errors import FeedHubError, Unpublishable
from feedhub.logs import get_logger
from feedhub.model import Document, Feed, FeedId, FetchFailed, Format
from feedhub.offering import hubs_of, link_header, topic_of
from feedhub.ports import Clock, Press, Writer
from feedhub.ports.hub import Call, Called, Courier, HubLedger, HubSubscription, Owed, Settled
from feedhub.settings import Settings
from feedhub.websub import Places, caught_up, choose, delivery_headers, in_turn, settled

log = get_logger("hub")

LOOK_EVERY = 1.0
"""Seconds after which a change by another process, or a delivery that is to be tried again, is seen at the latest."""
REST = 0.1
"""Seconds between two rounds: commits that follow each other closely make one delivery."""
SLOW = 2.0
"""Seconds after which a delivery that succeeded was slow all the same."""
MOST_SLOW = 10_000
"""Subscriptions remembered as slow."""


class Gatekeeper(Protocol):
    """Who knows what is offered (:class:`feedhub.hub.Hub`)."""

    def still_offers(self, one: Owed) -> bool: ...

    async def end(self, one: HubSubscription) -> None: ...


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A document on its way to many: rendered once, its head made once."""

    feed: Feed
    document: Document
    link: str


class Distributor:
    """One instance lives as long as the process; configurations come and go (:meth:`adopt`)."""

    def __init__(
        self,
        *,
        settings: Settings,
        ledger: HubLedger,
        press: Press,
        courier: Courier,
        gatekeeper: Gatekeeper,
        writer: Writer,
        clock: Clock,
        dice: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._courier = courier
        self._gatekeeper = gatekeeper
        self._writer = writer
        self._clock = clock
        self._dice = dice
        self._places = Places(0, 0)
        self._adopt(settings, press)
        self._on_the_way: set[asyncio.Task[None]] = set()
        self._done: dict[bytes, Settled] = {}  # what deliveries left behind, not yet written down
        self._writing = asyncio.Lock()
        self._rounds = asyncio.Lock()
        self._slow: dict[bytes, None] = {}
        self._news = asyncio.Event()
        self._freed = asyncio.Event()
        self._stale = True  # whether the database must be asked who is owed something
        self._changed = False  # whether that is so because something changed since it was asked
        self._seen = -1  # generation of the database at the last round
        self._retry_at: datetime | None = None
        self._trouble = ""
        self._counts: Counter[str] = Counter()
        self._loop: asyncio.Task[None] | None = None
        self._stopped = False

    def adopt(self, settings: Settings, press: Press) -> None:
        """Other bounds, and another press, for deliveries to come."""
        self._adopt(settings, press)
        self.look()

    def _adopt(self, settings: Settings, press: Press) -> None:
        self._settings, self._press = settings, press
        self._places.resize(settings.hub.concurrency, settings.hub.host_concurrency)

    def committed(self, feeds: frozenset[FeedId]) -> None:
        """Called after a commit that changed these feeds."""
        if feeds:
            self.look()

    def look(self) -> None:
        """Somebody may be owed something: look soon."""
        self._stale = self._changed = True
        self._news.set()
        self._freed.set()  # nobody waits for a place while there is news

    def figures(self) -> Mapping[str, int]:
        return {**self._counts, "deliveries in flight": len(self._on_the_way)}

    def start(self) -> None:
        """Begin to look by itself."""
        self._loop = asyncio.create_task(self._for_ever(), name="distributor")

    async def stop(self, grace: float) -> None:
        """Begin nothing more, give what is on its way ``grace`` seconds, and write down what came of it."""
        self._stopped = True
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        if self._on_the_way:
            await asyncio.wait(list(self._on_the_way), timeout=grace)
        late = list(self._on_the_way)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await self._keep()

    async def _for_ever(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._news.wait()
            self._news.clear()
            await self._quietly(self.round())
            await asyncio.sleep(REST)

    async def _quietly(self, work: Awaitable[None]) -> None:
        """A fault costs one round. While the database does not answer, that is said once."""
        try:
            await work
            self._trouble = ""
        except FeedHubError as error:
            self._stale = True
            if str(error) != self._trouble:
                log.warning("hub.held_up", reason=str(error))
            self._trouble = str(error)
        except Exception:
            self._stale = True
            log.exception("hub.round_failed")

    # ---- a round

    async def round(self) -> None:
        """Begin what can begin, for a second at most and until something changes; returns before all has arrived.

        One round at a time: two that read what is owed before either begins would deliver it twice.

        :raises feedhub.errors.FeedHubError: the database does not answer.
        """
        async with self._rounds:
            await self._round()

    async def _round(self) -> None:
        if not self._settings.hub.own or self._stopped:
            return
        await self._keep()
        now = self._clock()
        generation = await asyncio.to_thread(self._ledger.generation)
        if not self._stale and generation == self._seen and (self._retry_at is None or now < self._retry_at):
            return
        self._stale, self._changed, self._seen = False, False, generation
        # Before the database is read: what ends while it is read may look owed there, and must not be delivered twice.
        busy = {*self._done, *self._places.keys()}
        owed = await asyncio.to_thread(self._ledger.owed, now)
        free = [one for one in owed if one.subscription.key not in busy]
        await self._begin(in_turn(free, self._slow))
        self._retry_at = await asyncio.to_thread(self._ledger.next_retry)

    async def _begin(self, waiting: list[Owed]) -> None:
        """As places become free, so that what many are owed is read and rendered once."""
        parcels: dict[tuple[FeedId, Format], _Parcel | None] = {}
        end = monotonic() + LOOK_EVERY
        while waiting and not self._stopped:
            self._freed.clear()
            begun, waiting = choose(waiting, self._slow, self._places)
            await self._begin_all(begun, parcels)
            if not waiting or self._changed or monotonic() > end:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(max(end - monotonic(), 0)):
                    await self._freed.wait()

    async def _begin_all(self, begun: list[Owed], parcels: dict[tuple[FeedId, Format], _Parcel | None]) -> None:
        try:
            while begun:
                if not await self._dispatch(begun[0], parcels):
                    self._places.leave(begun[0].subscription.key)
                begun.pop(0)
        finally:  # places that were taken for what a fault kept from beginning
            for one in begun:
                self._places.leave(one.subscription.key)

    async def _dispatch(self, one: Owed, parcels: dict[tuple[FeedId, Format], _Parcel | None]) -> bool:
        """Whether a delivery began: the place is left when it ends."""
        subscription, feed = one.subscription, one.feed
        if feed is None or not self._gatekeeper.still_offers(one):
            await self._gatekeeper.end(subscription)
            return False
        which = feed.id, subscription.format
        if which not in parcels:
            parcels[which] = await self._parcel(feed, subscription.format)
        parcel = parcels[which]
        if parcel is None:
            return False
        if parcel.document.etag == subscription.etag:  # the feed changed below its newest page
            after = caught_up(subscription, feed.version, subscription.etag)
            self._done[subscription.key] = Settled(before=subscription, after=after)
            self._counts["unchanged"] += 1
            self._news.set()  # to have it written down
            return False
        task = asyncio.create_task(self._deliver(one, parcel), name="hub delivery")
        self._on_the_way.add(task)
        task.add_done_callback(partial(self._over, subscription.key))
        return True

    async def _parcel(self, feed: Feed, format: Format) -> _Parcel | None:
        """None: the document breaks a rule and there is no earlier one; the press tells the operator."""
        try:
            document = await asyncio.to_thread(self._press.document, feed, format)
        except Unpublishable as error:
            log.warning("hub.unpublishable", reason=str(error))
            return None
        topic = topic_of(self._settings.site.base_url, feed, format)
        return _Parcel(feed, document, link_header(hubs_of(self._settings), topic))

    # ---- one delivery

    async def _deliver(self, one: Owed, parcel: _Parcel) -> None:
        subscription, document, hub = one.subscription, parcel.document, self._settings.hub
        headers = delivery_headers(subscription, document.body, document.media_type, parcel.link, hub.signature)
        call = Call(
            url=subscription.callback,
            method="POST",
            headers=headers,
            body=document.body,
            within=hub.timeout.total_seconds(),
        )
        began = monotonic()
        reply = await self._courier.call(call)
        self._note_pace(subscription.key, monotonic() - began)
        version, now = parcel.feed.version, self._clock()
        after = settled(subscription, reply, version, document.etag, now, hub.give_up_after, self._dice)
        self._done[subscription.key] = Settled(before=subscription, after=after)
        self._tell(subscription, reply, after)
        await self._quietly(self._keep())

    def _tell(self, one: HubSubscription, reply: Called | FetchFailed, after: HubSubscription | None) -> None:
        if after is None:
            self._counts["dropped"] += 1
            why = reply.detail if isinstance(reply, FetchFailed) else f"status {reply.status}"
            log.info("hub.dropped", host=one.host, failures=one.failures, reason=why)
        elif after.failures:
            self._counts["failed"] += 1
            if after.failures == 1:
                log.info("hub.not_delivered", host=one.host, reason=after.detail)
        else:
            self._counts["delivered"] += 1

    def _note_pace(self, key: bytes, seconds: float) -> None:
        self._slow.pop(key, None)
        if seconds > SLOW:
            self._slow[key] = None
            while len(self._slow) > MOST_SLOW:
                self._slow.pop(next(iter(self._slow)))

    def _over(self, key: bytes, task: asyncio.Task[None]) -> None:
        """There is a place again, and the feed may have changed meanwhile."""
        self._on_the_way.discard(task)
        self._places.leave(key)
        self._freed.set()
        self._stale = True
        self._news.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("hub.delivery_failed", exc_info=error)

    async def _keep(self) -> None:
        """Write down what came of deliveries: those that end meanwhile go together in the next transaction."""
        async with self._writing:
            done = dict(self._done)
            if not done:
                return
            await self._writer.run(partial(self._ledger.settle_deliveries, list(done.values())))
            for key, one in done.items():
                if self._done.get(key) is one:
                    del self._done[key]
