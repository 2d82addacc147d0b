"""Our own WebSub hub: who wants to be told of our feeds, asked back and remembered. ``distributor`` does the telling.

A wish is answered as soon as it is written down (202); whether its callback meant it is asked afterwards, once. So one
``POST`` of a stranger makes us send one ``GET``, to an address that the guard allows, in the callback's turn; a domain
whose callbacks mean nothing of what is asked in their name is left alone for a while. Nothing is decided here that
``websub`` can decide.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from feedhub.errors import FeedHubError
from feedhub.fetch import Gate, Manners
from feedhub.logs import get_logger
from feedhub.model import Feed, FetchFailed, Format
from feedhub.ports import Clock, Library, Redirected, Writer
from feedhub.ports.hub import (
    Call,
    Called,
    Cap,
    Courier,
    HubAnswer,
    HubCaps,
    HubLedger,
    HubMode,
    HubRequest,
    HubSubscription,
    Owed,
    subscription_key,
)
from feedhub.serve.addresses import Asked, take_apart
from feedhub.settings import Settings
from feedhub.websub import Unfit, Wished, denial, granted, question, subscribed, was_meant, wished

log = get_logger("hub")

MOST_WAITING, MOST_WAITING_HOST = 2_000, 200
"""Wishes that wait for their verification; more are asked to come again."""
ASKING = Manners(concurrency=20, per_host=1, per_address=4, gap=0.2)
"""How callbacks are asked: one after another at each host."""
MOST_STRIKES, STRIKES_LAST = 10, timedelta(minutes=15)
"""After so many verifications in a row that failed, a domain's callbacks are not asked for this time."""
MOST_DOMAINS = 10_000
"""Domains of which strikes are remembered."""
LAPSED_EVERY = timedelta(minutes=1)
LONGEST_ECHO = 200
"""Bytes of an answer to a verification that are looked at; challenges are shorter."""

_FULL = {
    Cap.FEED: "This feed has as many subscribers as the hub takes.",
    Cap.HOST: "Your domain has as many subscriptions as the hub takes of one.",
    Cap.ALL: "The hub has as many subscriptions as it takes.",
    Cap.WAITING: "Too many requests wait for their verification; please try again.",
}
_STORED_ONLY = (
    "This hub distributes the feeds that are listed here, in their newest page. Searches, narrowed and joined feeds, older"
    " pages and archives are not among them; please poll them."
)


class Hub:
    """Fills :class:`feedhub.ports.hub.HubDoor`. One instance lives as long as the process."""

    def __init__(
        self,
        *,
        settings: Settings,
        ledger: HubLedger,
        library: Library,
        courier: Courier,
        writer: Writer,
        clock: Clock,
        mint: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._library = library
        self._courier = courier
        self._writer = writer
        self._clock = clock
        self._mint = mint
        self._gate = Gate(ASKING, now=monotonic)
        self._asking: dict[bytes, asyncio.Task[None]] = {}
        self._denying: set[asyncio.Task[None]] = set()
        self._strikes: dict[str, tuple[int, datetime]] = {}
        self._lapsed_at: datetime | None = None
        self._look_over = True  # whether a feed may have left the public since
        self._counts: Counter[str] = Counter()
        self._stopped = False

    def adopt(self, settings: Settings) -> None:
        """Other bounds; what is not public any more is ended at the next tick."""
        self._settings = settings
        self._look_over = True

    def look_again(self) -> None:
        """Look at the leases at the next tick."""
        self._lapsed_at = None

    def figures(self) -> Mapping[str, int]:
        return dict(self._counts)

    # ---- at the door

    async def take(self, form: Sequence[tuple[str, str]]) -> HubAnswer:
        """:raises feedhub.errors.FeedHubError: the database does not answer."""
        answer = await self._taken(form)
        self._counts["accepted" if answer.status == 202 else "refused"] += 1
        return answer

    async def _taken(self, form: Sequence[tuple[str, str]]) -> HubAnswer:
        wish = wished(form)
        if isinstance(wish, Unfit):
            return HubAnswer(status=wish.status, words=wish.words)
        whom = self._courier.addressee(wish.callback)
        if isinstance(whom, FetchFailed):
            return HubAnswer(status=403, words=f"hub.callback: {whom.detail}")
        key = subscription_key(wish.topic, wish.callback)
        known = await asyncio.to_thread(self._ledger.hub_subscription, key)
        if known is None and self._is_struck(whom.domain):  # else strangers could keep a subscriber from renewing
            words = "Callbacks of this domain did not confirm what was asked in their name; please try again later."
            return HubAnswer(status=429, words=words, retry_after=int(STRIKES_LAST.total_seconds()))
        ending = known is not None and wish.mode is HubMode.UNSUBSCRIBE
        target = await asyncio.to_thread(self._target, wish.topic, ending)
        if isinstance(target, HubAnswer):
            return target
        request = self._request(wish, key, *target, whom.domain)
        cap = await self._writer.run(partial(self._ledger.keep_request, request, self._caps))
        if cap is not None:
            return HubAnswer(status=503 if cap is Cap.WAITING else 429, words=_FULL[cap], retry_after=3600)
        self._ask_back(request)
        return HubAnswer(status=202, words="Accepted; your callback will be asked whether it was meant.")

    def _request(self, wish: Wished, key: bytes, feed: Feed, format: Format, host: str) -> HubRequest:
        lease = granted(wish.lease_seconds, self._settings.hub.lease)
        return HubRequest(
            key=key,
            challenge=self._mint(),
            mode=wish.mode,
            feed=feed.id,
            format=format,
            topic=wish.topic,
            callback=wish.callback,
            host=host,
            secret=wish.secret,
            lease_seconds=int(lease.total_seconds()),
            version=feed.version,
            asked_at=self._clock(),
        )

    @property
    def _caps(self) -> HubCaps:
        hub = self._settings.hub
        return HubCaps(
            feed=hub.per_feed,
            host=hub.per_host,
            all=hub.most,
            waiting=MOST_WAITING,
            waiting_host=min(MOST_WAITING_HOST, hub.per_host),
        )

    def _target(self, topic: str, ending: bool) -> tuple[Feed, Format] | HubAnswer:
        """The feed that a topic names. To end a subscription it need not be offered any more."""
        named = self._named(topic)
        if isinstance(named, HubAnswer):
            return named
        asked, form = named
        feed = self._library.feed(asked.kind, asked.slug)
        if isinstance(feed, Redirected):  # its old address still leads there
            feed = self._library.feed(asked.kind, feed.slug)
        if not isinstance(feed, Feed) or not (self._is_offered(feed, form) or ending):
            return HubAnswer(status=404, words="hub.topic: there is no such feed here.")
        return feed, form

    def _named(self, topic: str) -> tuple[Asked, Format] | HubAnswer:
        base = self._settings.site.base_url.rstrip("/")
        here, there = urlsplit(base), _split(topic)
        if there is None or (there.scheme.lower(), there.netloc.lower()) != (here.scheme.lower(), here.netloc.lower()):
            return HubAnswer(status=404, words=f"hub.topic: this hub is for the feeds of {base} only.")
        if not there.path.startswith(f"{here.path}/"):
            return HubAnswer(status=404, words="hub.topic: there is no such feed here.")
        asked = take_apart(there.path.removeprefix(f"{here.path}/"))
        if there.query or "?" in topic or (asked and (asked.archive or "+" in asked.slug)):
            return HubAnswer(status=422, words=f"hub.topic: {_STORED_ONLY}")
        if asked is None:
            return HubAnswer(status=404, words=f"hub.topic: there is no such feed here. {_STORED_ONLY}")
        if asked.format is None:
            endings = ", ".join(f".{each.value}" for each in self._settings.feeds.formats)
            return HubAnswer(status=422, words=f"hub.topic: name the feed in one of its formats ({endings}).")
        return asked, asked.format

    def _is_offered(self, feed: Feed, format: Format) -> bool:
        return format in self._settings.feeds.formats and self._settings.feeds.is_public(feed)

    # ---- asking back

    async def tick(self) -> None:
        """Ask what a restart left unasked, end what is over.

        :raises feedhub.errors.FeedHubError: the database does not answer.
        """
        if not self._settings.hub.own or self._stopped:
            return
        for request in await asyncio.to_thread(self._ledger.hub_requests, MOST_WAITING):
            self._ask_back(request)
        now = self._clock()
        if self._lapsed_at is None or now - self._lapsed_at >= LAPSED_EVERY:
            self._lapsed_at = now
            if lapsed := await self._writer.run(partial(self._ledger.drop_lapsed, now)):
                self._counts["lapsed"] += lapsed
                log.info("hub.lapsed", subscriptions=lapsed)
        if self._look_over:
            self._look_over = False
            await self._end_what_is_not_offered()

    async def stop(self) -> None:
        """What waits for an answer is asked again by whoever comes next."""
        self._stopped = True
        tasks = [*self._asking.values(), *self._denying]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ask_back(self, request: HubRequest) -> None:
        """One verification for each subscription at a time; a request that took another's place has the next turn."""
        if request.key in self._asking or self._stopped:
            return
        task = asyncio.create_task(self._verify(request), name="hub verify")
        self._asking[request.key] = task
        task.add_done_callback(partial(self._asked, request.key))

    def _asked(self, key: bytes, task: asyncio.Task[None]) -> None:
        self._asking.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("hub.verification_failed", exc_info=error)

    async def _verify(self, request: HubRequest) -> None:
        reply = await self._reply(request)
        meant = isinstance(reply, Called) and was_meant(request, reply.status, reply.body)
        try:
            kept = await self._settle(request, meant)
        except FeedHubError as error:
            log.warning("hub.not_stored", reason=str(error))  # the request is still there: the next tick asks again
            return
        if not kept:
            return
        self._note(request.host, meant=meant)
        self._counts[f"{request.mode.value}d" if meant else "not confirmed"] += 1
        why = reply.detail if isinstance(reply, FetchFailed) else f"status {reply.status}"
        log.info(
            "hub.verified" if meant else "hub.not_confirmed", mode=request.mode.value, host=request.host, answer=why
        )

    async def _reply(self, request: HubRequest) -> Called | FetchFailed:
        whom = self._courier.addressee(request.callback)  # the guard's rules may be others by now
        if isinstance(whom, FetchFailed):
            return whom
        within = self._settings.hub.timeout.total_seconds()
        call = Call(url=question(request), method="GET", within=within, most=LONGEST_ECHO)
        async with self._gate.turn(whom.host, whom.host):
            return await self._courier.call(call)

    async def _settle(self, request: HubRequest, meant: bool) -> bool:
        if not meant:
            return await self._writer.run(partial(self._ledger.settle_request, request, None))
        if request.mode is HubMode.UNSUBSCRIBE:
            return await self._writer.run(partial(self._ledger.settle_request, request, None, drop=True))
        return await self._writer.run(partial(self._subscribe, request))

    def _subscribe(self, request: HubRequest) -> bool:
        """On the writer's thread, so that no delivery is written in between."""
        after = subscribed(request, self._ledger.hub_subscription(request.key), self._clock())
        return self._ledger.settle_request(request, after)

    # ---- strikes

    def _is_struck(self, domain: str) -> bool:
        count, until = self._strikes.get(domain, (0, None))
        return count >= MOST_STRIKES and until is not None and self._clock() < until

    def _note(self, domain: str, *, meant: bool) -> None:
        if meant:
            self._strikes.pop(domain, None)
            return
        count, _ = self._strikes.pop(domain, (0, None))
        while len(self._strikes) >= MOST_DOMAINS:
            self._strikes.pop(next(iter(self._strikes)))
        self._strikes[domain] = min(count + 1, MOST_STRIKES), self._clock() + STRIKES_LAST

    # ---- ending

    async def _end_what_is_not_offered(self) -> None:
        for one in await asyncio.to_thread(self._ledger.hub_subscriptions):
            if not self.still_offers(one):
                await self.end(one.subscription)

    def still_offers(self, one: Owed) -> bool:
        return one.feed is not None and self._is_offered(one.feed, one.subscription.format)

    async def end(self, one: HubSubscription) -> None:
        """The feed is nobody's any more, or not everybody's: the subscriber is forgotten, and told so once (WebSub, 5.2).

        :raises feedhub.errors.FeedHubError: the database does not answer; it stays as it is.
        """
        if not await self._writer.run(partial(self._ledger.drop_subscription, one.key)):
            return  # a delivery and a tick can both come upon it
        self._counts["ended"] += 1
        log.info("hub.ended", host=one.host)
        task = asyncio.create_task(self._deny(one), name="hub deny")
        self._denying.add(task)
        task.add_done_callback(self._denying.discard)

    async def _deny(self, one: HubSubscription) -> None:
        whom = self._courier.addressee(one.callback)
        if isinstance(whom, FetchFailed):
            return
        url = denial(one.callback, one.topic, "This feed is not distributed any more.")
        call = Call(url=url, method="GET", within=self._settings.hub.timeout.total_seconds())
        async with self._gate.turn(whom.host, whom.host):
            await self._courier.call(call)


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
