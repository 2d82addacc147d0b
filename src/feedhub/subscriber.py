"""Asking hubs to push, for every source that names one: begins, renews, tries again, leaves.

Decides nothing itself: ``websub`` says what is due and what an answer means, ``schedule`` when a source that lost its
hub is polled. Whatever happens here, sources are polled; a hub only makes that rarer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from feedhub.errors import FeedHubError
from feedhub.logs import get_logger
from feedhub.model import FetchFailed, SourceId, SourceState, Standing, Subscription
from feedhub.ports import Catalogue, Clock, HubCaller, Ledger, Subscriptions, Writer
from feedhub.schedule import Tariff, without_push
from feedhub.settings import Settings
from feedhub.websub import Ask, Wish, leave, on_duty, plan, rejected, step, unsent, wish_of

log = get_logger("websub")

AT_ONCE = 20
"""Requests to hubs in flight; one host gets them one after another in any case."""
PLAN_EVERY = timedelta(minutes=10)
"""The wishes are compared with what there is at a start, after a change of the file and of what feeds name; and so often."""
KEEP_ENDED = timedelta(days=30)
"""So long a hub that still delivers is told 410; afterwards its callback is unknown."""


class Subscriber:
    """One instance lives as long as the process; configurations come and go (:meth:`adopt`)."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: Subscriptions,
        ledger: Ledger,
        catalogue: Catalogue,
        hubs: HubCaller,
        writer: Writer,
        clock: Clock,
        dice: Callable[[], float],
        mint: Callable[[], str],
        tariff: Tariff,
    ) -> None:
        self._settings = settings
        self._store = store
        self._ledger = ledger
        self._catalogue = catalogue
        self._hubs = hubs
        self._writer = writer
        self._clock = clock
        self._dice = dice
        self._mint = mint
        self._tariff = tariff
        self._plan_at: datetime | None = None  # None: at once
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._owed: set[str] = set()  # sources to be polled as usual, which could not be written down yet

    def adopt(self, settings: Settings) -> None:
        """Other sources, another address of ours: compare wishes at the next tick."""
        self._settings = settings
        self.look_again()

    def look_again(self) -> None:
        """A feed names another hub than before, or the clock was set: compare wishes at the next tick."""
        self._plan_at = None

    async def tick(self) -> None:
        """Begin what is due, as far as there is room; returns before the hubs have answered.

        :raises feedhub.errors.FeedHubError: the database does not answer.
        """
        now = self._clock()
        await self._poll_as_usual(self._owed)
        if self._plan_at is None or now >= self._plan_at:
            self._plan_at = now + PLAN_EVERY
            await self._plan(now)
        due = await asyncio.to_thread(self._store.due_subscriptions, now, AT_ONCE)
        for one in due[: AT_ONCE - len(self._asking)]:
            if one.token not in self._asking:
                task = asyncio.create_task(self._take_step(one), name=f"websub {one.slug}")
                self._asking[one.token] = task
                task.add_done_callback(partial(self._done, one.token))

    async def catch_up(self) -> None:
        """At the start of the process: what hubs pushed while it was down is lost, so those sources are polled when
        they would have been due without their hubs. Also those whose hub had just left its duty when the process ended."""
        present = await asyncio.to_thread(self._store.subscriptions)
        await self._poll_as_usual([one.slug for one in present if one.since is not None])

    async def fall_back(self, one: Subscription) -> None:
        """The hub does not push this source any more: poll it as usual."""
        log.info("websub.lost", source=one.slug, hub=_host(one), reason=one.detail)
        await self._poll_as_usual([one.slug])

    async def tidy(self) -> None:
        """Forget what ended long ago."""
        await self._writer.run(partial(self._store.drop_subscriptions, self._clock() - KEEP_ENDED))

    async def stop(self) -> None:
        """Abandon what is in flight; it is asked again by whoever comes next."""
        asking = dict(self._asking)
        for task in asking.values():
            task.cancel()
        await asyncio.gather(*asking.values(), return_exceptions=True)
        again = partial(unsent, now=self._clock())
        for token in asking:
            await self._writer.run(partial(self._store.change_subscription, token, again))

    # ---- wishes

    async def _plan(self, now: datetime) -> None:
        publishers, present = await asyncio.gather(
            asyncio.to_thread(self._store.publishers), asyncio.to_thread(self._store.subscriptions)
        )
        planned = plan(self._wishes(publishers), present, now, self._mint)
        if planned.begin:
            await self._writer.run(partial(self._store.keep_subscriptions, planned.begin))
        for one in planned.leave:
            await self._writer.run(partial(self._store.change_subscription, one.token, partial(leave, now=now)))
            if on_duty(one, now) and one.slug:
                await self.fall_back(one)
        if planned.begin or planned.leave:
            log.info("websub.planned", begin=len(planned.begin), leave=len(planned.leave))

    def _wishes(self, publishers: Iterable[SourceState]) -> dict[SourceId, Wish]:
        sources = {source.slug: source for source in self._settings.sources}
        found = (wish_of(state, sources.get(state.slug), self._settings) for state in publishers)
        return {wish.source: wish for wish in found if wish is not None}

    # ---- one subscription

    def _done(self, token: str, task: asyncio.Task[None]) -> None:
        if self._asking.get(token) is task:
            del self._asking[token]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("websub.failed", subscription=task.get_name(), exc_info=error)

    async def _take_step(self, one: Subscription) -> None:
        try:
            await self._step(one)
        except FeedHubError as error:
            log.warning("websub.not_stored", source=one.slug, reason=str(error))

    async def _step(self, one: Subscription) -> None:
        asks: list[Ask | None] = []
        now, lease = self._clock(), self._settings.websub.lease

        def how(fresh: Subscription) -> Subscription:
            after, ask = step(fresh, now, lease)
            asks.append(ask)
            return after

        after = await self._change(one.token, how)
        if after is not None and one.standing is Standing.ACTIVE and after.standing is not Standing.ACTIVE:
            await self.fall_back(after)
        if asks and (ask := asks[0]) is not None:
            await self._ask(one, ask)

    async def _ask(self, one: Subscription, ask: Ask) -> None:
        reply = await self._hubs.submit(ask.form)
        if not isinstance(reply, FetchFailed):
            log.info("websub.asked", source=one.slug, hub=_host(one), mode=ask.mode)
            return
        log.warning("websub.refused", source=one.slug, hub=_host(one), mode=ask.mode, reason=reply.detail)
        after = partial(rejected, ask=ask, reply=reply, now=self._clock(), dice=self._dice)
        await self._change(one.token, after)

    async def _change(self, token: str, how: Callable[[Subscription], Subscription | None]) -> Subscription | None:
        return await self._writer.run(partial(self._store.change_subscription, token, how))

    # ---- sources without their hub

    async def _poll_as_usual(self, sources: Iterable[str]) -> None:
        """What the database refuses is tried again at each tick: nobody else would bring these polls forward."""
        slugs = {slug for slug in sources if slug}
        if not slugs:
            return
        self._owed |= slugs
        await self._writer.run(partial(self._bring_forward, sorted(slugs)))
        self._owed -= slugs

    def _bring_forward(self, slugs: Sequence[str]) -> None:
        """On the writer's thread, so that no poll plans the next one between the look and the change."""
        states = self._catalogue.states(slugs)
        moments = {state.id: due for state in states if state.enabled and (due := self._usual(state)) is not None}
        if moments:
            self._ledger.schedule(moments)

    def _usual(self, state: SourceState) -> datetime | None:
        source, polling = self._settings.source(state.slug), self._settings.polling
        interval = (source.interval if source else None) or polling.interval
        return without_push(state, polling, interval, self._clock(), self._dice, self._tariff.price)


def _host(one: Subscription) -> str:
    return urlsplit(one.hub).hostname or ""
