"""What hubs ask and deliver, taken at the door within bounds and worked on afterwards.

A delivery is answered as soon as it was read: hubs wait for nobody. What it is worth is decided by ``websub``; content
that is believed goes the way of a fetched document, everything else is at most a reason to poll. A delivery that was
answered and is lost by a crash is found by a poll: after every start the sources that are pushed are polled once as if
they were not (``Subscriber.catch_up``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import Protocol
from weakref import WeakValueDictionary

from feedhub.errors import FeedHubError
from feedhub.fetch import Headers, content_type_of, links_of
from feedhub.logs import get_logger
from feedhub.model import Digest, Fetched, HubQuestion, Outcome, ParseFailed, SourceId, Standing, Subscription
from feedhub.ports import Arrival, Clock, Receipt, Subscriptions, Writer
from feedhub.settings import Settings
from feedhub.websub import Verdict, confirm, forged, judge, on_duty, pinged, pushed

log = get_logger("websub")

MOST_WAITING = 64
"""Deliveries being read, or waiting to be worked on; more are answered with 503."""
HELD_TIMES = 4
"""Together they may be so many times as large as the largest single one."""
AT_ONCE = 4
"""Deliveries worked on at once; those of one source one after another, in their order."""


class Desk(Protocol):
    """Where documents are understood and stored (:class:`feedhub.pipeline.Pipeline`)."""

    @property
    def held(self) -> bool: ...

    async def deliver(self, slug: str, push: Fetched) -> Outcome | ParseFailed | None: ...

    async def ask_soon(self, slug: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A delivery that was read."""

    token: str = field(repr=False)
    source: SourceId
    arrival: Arrival
    body: bytes = field(repr=False)


class Inbox:
    """Fills :class:`feedhub.ports.Pushes`. One instance lives as long as the process."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: Subscriptions,
        desk: Desk,
        writer: Writer,
        clock: Clock,
        dice: Callable[[], float],
        lost: Callable[[Subscription], Awaitable[None]],
    ) -> None:
        self.adopt(settings)
        self._store = store
        self._desk = desk
        self._writer = writer
        self._clock = clock
        self._dice = dice
        self._lost = lost
        self._held = 0  # bytes
        self._reading = 0
        self._work: set[asyncio.Task[None]] = set()
        self._lanes: WeakValueDictionary[SourceId, asyncio.Lock] = WeakValueDictionary()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._owed: dict[SourceId, str] = {}  # sources to be polled, which could not be written down yet
        self._stopping = False

    def adopt(self, settings: Settings) -> None:
        """Other bounds, for deliveries to come."""
        self._settings = settings
        self._most = settings.polling.limits.wire_bytes

    # ---- at the door

    async def confirm(self, token: str, question: HubQuestion) -> Receipt:
        before = await asyncio.to_thread(self._store.subscription, token)
        if before is None:
            return Receipt.UNKNOWN
        now = self._clock()
        how = partial(confirm, question=question, wanted=self._settings.websub.lease, now=now, dice=self._dice)
        after = await self._change(token, how)
        if after is None:
            log.warning("websub.not_confirmed", source=before.slug, mode=question.mode[:20])
            return Receipt.ENDED
        log.info("websub.confirmed", source=before.slug, mode=question.mode, standing=after.standing.value)
        if on_duty(before, now) and after.standing is Standing.REFUSED:
            await self._lost(after)
        return Receipt.TAKEN

    async def receive(self, token: str, arrival: Arrival, pieces: AsyncIterator[bytes]) -> Receipt:
        one = await asyncio.to_thread(self._store.subscription, token)
        if one is None:
            return Receipt.UNKNOWN
        if one.standing in {Standing.LEAVING, Standing.ENDED}:
            return Receipt.ENDED
        if (arrival.length or 0) > self._most:
            return Receipt.TOO_LARGE
        if self._is_closed() or self._desk.held or self._reading + len(self._work) >= MOST_WAITING:
            return Receipt.FULL
        self._reading += 1
        try:
            body = await self._read(pieces)
        finally:
            self._reading -= 1
        if isinstance(body, Receipt):
            return body
        if self._is_closed():
            self._held -= len(body)
            return Receipt.FULL
        self._put(Parcel(token=token, source=one.source, arrival=arrival, body=body))
        return Receipt.TAKEN

    def _is_closed(self) -> bool:
        return self._stopping

    async def _read(self, pieces: AsyncIterator[bytes]) -> bytes | Receipt:
        """The body, or why not. Its bytes are counted as held; of a body that is not taken they are given back."""
        taken: list[bytes] = []
        size, whole = 0, False
        try:
            async with asyncio.timeout(self._settings.polling.timeouts.total.total_seconds()):
                async for piece in pieces:
                    size += len(piece)
                    self._held += len(piece)
                    if size > self._most:
                        return Receipt.TOO_LARGE
                    if self._held > self._most * HELD_TIMES:
                        return Receipt.FULL
                    taken.append(piece)
            whole = True
        except TimeoutError:
            return Receipt.TOO_SLOW
        finally:
            if not whole:
                self._held -= size
        return b"".join(taken)

    def _put(self, parcel: Parcel) -> None:
        task = asyncio.create_task(self._handle(parcel), name="push")
        self._work.add(task)
        task.add_done_callback(partial(self._done, len(parcel.body)))

    def _done(self, size: int, task: asyncio.Task[None]) -> None:
        self._held -= size
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("websub.delivery_failed", exc_info=error)

    # ---- afterwards

    async def settle(self) -> None:
        """Polls that are owed because a delivery could not be stored.

        :raises feedhub.errors.FeedHubError: still not possible.
        """
        for source, slug in list(self._owed.items()):
            if not self._desk.held:
                await self._desk.ask_soon(slug)
                self._owed.pop(source, None)

    async def stop(self, grace: float) -> None:
        """Take nothing more, and finish what was taken within ``grace`` seconds. What is left is found by a poll."""
        self._stopping = True
        if self._work:
            await asyncio.wait(list(self._work), timeout=grace)
        late = list(self._work)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _handle(self, parcel: Parcel) -> None:
        lane = self._lanes.setdefault(parcel.source, asyncio.Lock())
        async with lane, self._places:
            one = await asyncio.to_thread(self._store.subscription, parcel.token)
            if one is None:
                return
            try:
                await self._weigh(one, parcel)
            except FeedHubError as error:
                log.warning("websub.not_stored", source=one.slug, reason=str(error))
                self._owed[parcel.source] = one.slug
            except Exception:
                self._owed[parcel.source] = one.slug
                raise

    async def _weigh(self, one: Subscription, parcel: Parcel) -> None:
        verdict = await asyncio.to_thread(judge, one.secret, parcel.body, parcel.arrival.signature)
        if verdict is Verdict.FORGED:
            log.warning("websub.forged", source=one.slug)
            await self._change(one.token, forged)
            return
        taken = verdict is Verdict.CONTENT and await self._take_content(one, parcel)
        if not taken:
            await self._desk.ask_soon(one.slug)
        await self._change(one.token, partial(pushed if taken else pinged, now=self._clock()))
        log.info("websub.pushed", source=one.slug, content=taken)

    async def _take_content(self, one: Subscription, parcel: Parcel) -> bool:
        """Whether all of it is stored now; otherwise the source is to be asked itself."""
        named = links_of(Headers((("link", parcel.arrival.link),)), one.topic).get("self", one.topic)
        if named != one.topic:
            log.warning("websub.other_topic", source=one.slug)
            return False
        outcome = await self._desk.deliver(one.slug, _as_fetched(one.topic, parcel))
        return isinstance(outcome, Outcome) and outcome.kind == "pushed" and outcome.listed > 0

    async def _change(self, token: str, how: Callable[[Subscription], Subscription | None]) -> Subscription | None:
        return await self._writer.run(partial(self._store.change_subscription, token, how))


def _as_fetched(url: str, parcel: Parcel) -> Fetched:
    """A delivery in the form in which the pipeline knows documents: a part of the source's list."""
    content_type, charset = content_type_of(Headers((("content-type", parcel.arrival.content_type),)))
    return Fetched(
        url=url,
        status=200,
        body=parcel.body,
        body_digest=Digest(blake2b(parcel.body, digest_size=16).digest()),
        content_type=content_type,
        charset=charset,
        partial=True,
        wire_bytes=len(parcel.body),
    )
