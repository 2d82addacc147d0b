"""The way of a poll: claimed -> fetched -> understood -> committed -> published. Start reading here.

This file carries values between stages and decides nothing itself: what is new is decided by ``dedupe``, when to look
again by ``schedule``, what belongs where by ``classify``. Fetching is asynchronous, understanding happens in worker
processes, and one writer thread commits many sources in a transaction that holds *everything* of each of them
(design, section 2): a crash at any instant leaves a source either before or after its poll.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from feedhub.commit import Committer, Finding
from feedhub.errors import FeedHubError
from feedhub.logs import get_logger
from feedhub.model import (
    Failure,
    FeedId,
    FeedInfo,
    Fetched,
    Outcome,
    ParseFailed,
    Request,
    SourceId,
    SourceState,
)
from feedhub.ports import Catalogue, Clock, Fetcher, Ledger, Overrun, Workers, Writer
from feedhub.schedule import Tariff, after_ping
from feedhub.settings import Settings
from feedhub.understand import Job, understand_prepared
from feedhub.websub import announced

log = get_logger("pipeline")

LEASE = timedelta(minutes=5)
"""How long a claim holds. Longer than the longest poll, so that only a crash lets one run out."""

COMMIT_WAIT = 0.05
"""Seconds the committer waits for company: polls that end together share a transaction."""

FIRST_HOLD, LONGEST_HOLD = timedelta(seconds=15), timedelta(minutes=30)
"""While the database cannot be written, nobody is asked for what could not be kept: the wait doubles up to half an hour."""


@dataclass(slots=True)
class Ticket:
    """A finding on its way to the committer, and the place where its outcome is awaited."""

    finding: Finding
    done: asyncio.Future[Outcome] = field(repr=False)


class Pipeline:
    """Polls sources. One instance lives as long as one configuration is in force."""

    def __init__(
        self,
        *,
        settings: Settings,
        ledger: Ledger,
        catalogue: Catalogue,
        fetcher: Fetcher,
        workers: Workers,
        writer: Writer,
        clock: Clock,
        dice: Callable[[], float],
        tariff: Tariff | None = None,
        committed: Callable[[frozenset[FeedId]], None] = lambda _: None,
        hubs_changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._catalogue = catalogue
        self._fetcher = fetcher
        self._workers = workers
        self._writer = writer
        self._clock = clock
        self._committed = committed
        self._hubs_changed = hubs_changed
        self._sources = {source.slug: source for source in settings.sources}
        self._commit = Committer(settings, ledger, clock, dice, tariff or Tariff()).commit
        self._queue: asyncio.Queue[Ticket] = asyncio.Queue(maxsize=settings.polling.batch * 2)
        self._committer: asyncio.Task[None] | None = None
        self._in_flight: set[asyncio.Task[Outcome]] = set()
        self._busy: dict[SourceId, asyncio.Event] = {}  # set when the source is free again
        self._held_until = clock()
        self._hold = FIRST_HOLD

    # ---- what the daemon and the commands call

    async def poll_due(self) -> int:
        """Claim what is due, as far as there is room, and start polling it. Returns how many were started."""
        room = self._settings.polling.concurrency - len(self._in_flight)
        now = self._clock()
        if room <= 0 or now < self._held_until:
            return 0
        states = await self._writer.run(lambda: self._ledger.claim(now, room, now + LEASE))
        free = [state for state in states if state.id not in self._busy]
        for state in free:
            self._start(state)
        if busy := {state.id for state in states} - {state.id for state in free}:
            # Polled by hand just now, or about to take what a hub delivered: their turn comes when they are free.
            await self._writer.run(lambda: self._ledger.release(busy))
        return len(free)

    async def poll(self, states: Iterable[SourceState]) -> AsyncIterator[Outcome]:
        """Poll these sources now and yield each outcome once it is committed. Sources in flight are left out."""
        waiting: set[asyncio.Task[Outcome]] = set()
        for state in states:
            while len(waiting) >= self._settings.polling.concurrency:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
            if state.id not in self._busy:
                waiting.add(self._start(state))
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()

    async def deliver(self, slug: str, push: Fetched) -> Outcome | ParseFailed | None:
        """Store what the source's hub delivered, by the same way as a fetched document; after a poll in flight.

        None: there is no such source any more. What cannot be read changes nothing.

        :param push: ``partial``, as it need not list all that the source lists; its ``url`` is replaced by the source's.
        :raises feedhub.errors.FeedHubError: it could not be stored.
        """
        async with self._alone(slug) as state:
            if state is None or not state.enabled:
                return None
            finding = await self._understand(state, replace(push, url=state.validators.url or state.url))
            if finding.understood is None:
                return finding.result if isinstance(finding.result, ParseFailed) else None
            return await self._committed_outcome(replace(finding, pushed=True))

    async def ask_soon(self, slug: str) -> None:
        """Have the source polled as soon as politeness allows: its hub says that there is news, without telling it."""
        async with self._alone(slug) as state:
            if (
                state is not None
                and state.enabled
                and (due := after_ping(state, self._settings.polling, self._clock()))
            ):
                moments = {state.id: due}
                await self._writer.run(lambda: self._ledger.schedule(moments))

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    @property
    def held(self) -> bool:
        """Whether the database could not be written lately, so that nothing new is taken."""
        return self._clock() < self._held_until

    async def stop(self, grace: float) -> int:
        """Let polls in flight finish for up to ``grace`` seconds, abandon the rest and give their leases back.

        Abandoning loses nothing: what was not committed will be asked for again. Returns how many were abandoned.
        """
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=grace)
        abandoned = [task for task in self._in_flight if not task.done()]
        for task in abandoned:
            task.cancel()
        await asyncio.gather(*abandoned, return_exceptions=True)
        if self._committer is not None:
            self._committer.cancel()
            await asyncio.gather(self._committer, return_exceptions=True)
        if self._busy:
            left = tuple(self._busy)
            await self._writer.run(lambda: self._ledger.release(left))
        return len(abandoned)

    # ---- one source

    @asynccontextmanager
    async def _alone(self, slug: str) -> AsyncIterator[SourceState | None]:
        """The source's state while nothing else works on it; None when it is not there."""
        found = await asyncio.to_thread(self._catalogue.states, [slug])
        if not found:
            yield None
            return
        source = found[0].id
        while (busy := self._busy.get(source)) is not None:
            await busy.wait()
        self._busy[source] = asyncio.Event()
        try:
            found = await asyncio.to_thread(self._catalogue.states, [slug])
            yield found[0] if found else None
        finally:
            self._free(source)

    def _free(self, source: SourceId) -> None:
        self._busy.pop(source).set()

    def _start(self, state: SourceState) -> asyncio.Task[Outcome]:
        self._busy[state.id] = asyncio.Event()
        task = asyncio.create_task(self._one(state), name=f"poll {state.slug}")
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)
        task.add_done_callback(_retrieve)
        return task

    async def _one(self, state: SourceState) -> Outcome:
        try:
            finding = await self._find(state)
            outcome = await self._committed_outcome(finding)
        except asyncio.CancelledError:
            raise  # stays busy: stop() gives the lease back
        except BaseException:
            self._free(state.id)  # the lease runs out by itself, which spares the publisher a second request now
            raise
        self._free(state.id)
        if finding.understood is not None and _hub_of(finding.understood.info) != (state.hub, state.topic):
            self._hubs_changed()
        return outcome

    async def _committed_outcome(self, finding: Finding) -> Outcome:
        """Hand a finding to the committer and wait until it is stored."""
        if self._committer is None or self._committer.done():
            self._committer = asyncio.create_task(self._commit_for_ever(), name="committer")
        ticket = Ticket(finding, asyncio.get_running_loop().create_future())
        await self._queue.put(ticket)
        return await ticket.done

    async def _find(self, state: SourceState) -> Finding:
        """Fetch and understand. A fault of ours in one source is recorded there and costs the others nothing."""
        try:
            result = await self._fetcher.fetch(self._request(state))
            if not isinstance(result, Fetched):
                return Finding(state=state, result=result)
            if result.body_digest == state.body_digest:
                return Finding(state=state, result=result, body_known=True)
            return await self._understand(state, result)
        except FeedHubError:
            raise
        except Exception as error:
            log.exception("poll.fault", source=state.slug)
            return Finding(state=state, result=_fault(error))

    def _request(self, state: SourceState) -> Request:
        source = self._sources.get(state.slug)
        return Request(url=state.url, validators=state.validators, headers=source.request_headers() if source else {})

    async def _understand(self, state: SourceState, result: Fetched) -> Finding:
        known = await asyncio.to_thread(self._catalogue.known_digests, state.id)
        job = Job(
            source=state.id,
            slug=state.slug,
            body=result.body,
            url=result.url,
            content_type=result.content_type,
            charset=result.charset,
            known=known,
            now=self._clock(),
        )
        understood = await self._workers.run(understand_prepared, job)
        result = replace(result, body=b"")  # the body has served; do not keep it until the commit
        if isinstance(understood, Overrun):
            failed = ParseFailed(failure=Failure.TOO_COMPLEX, detail=understood.reason)
            return Finding(state=state, result=failed)
        if isinstance(understood, ParseFailed):
            return Finding(state=state, result=understood)
        understood = replace(understood, info=announced(understood.info, result.links))
        return Finding(state=state, result=result, understood=understood)

    # ---- many sources, one transaction

    async def _commit_for_ever(self) -> None:
        while True:
            tickets = [await self._queue.get()]
            await asyncio.sleep(COMMIT_WAIT)
            while len(tickets) < self._settings.polling.batch and not self._queue.empty():
                tickets.append(self._queue.get_nowait())
            await self._commit_tickets(tickets)

    async def _commit_tickets(self, tickets: Sequence[Ticket]) -> None:
        findings = [ticket.finding for ticket in tickets]
        try:
            feeds, outcomes = await self._writer.run(partial(self._commit, findings))
        except FeedHubError as error:
            self._hold_back(error)
            _fail(tickets, error)
        except Exception as error:
            log.exception("commit.fault", sources=[finding.state.slug for finding in findings])
            await self._commit_one_by_one(tickets, error)
        else:
            self._hold = FIRST_HOLD
            self._committed(feeds)
            for ticket in tickets:
                if not ticket.done.done():
                    ticket.done.set_result(outcomes[ticket.finding.state.id])

    async def _commit_one_by_one(self, tickets: Sequence[Ticket], error: Exception) -> None:
        """After a fault of ours: one poisonous source must not take the others with it, nor be asked in vain for ever."""
        if len(tickets) > 1:
            for ticket in tickets:
                await self._commit_tickets([ticket])
        elif (finding := tickets[0].finding).understood is not None and not finding.pushed:
            tickets[0].finding = Finding(state=finding.state, result=_fault(error))
            await self._commit_tickets(tickets)
        else:
            _fail(tickets, error)

    def _hold_back(self, error: FeedHubError) -> None:
        self._held_until = self._clock() + self._hold
        log.warning("commit.refused", reason=str(error), held_for=self._hold.total_seconds())
        self._hold = min(self._hold * 2, LONGEST_HOLD)


def _hub_of(info: FeedInfo) -> tuple[str, str]:
    return info.hub, info.self_url


def _fault(error: Exception) -> ParseFailed:
    return ParseFailed(failure=Failure.BROKEN, detail=f"a fault of FeedHub, please report it: {error!r}")


def _fail(tickets: Iterable[Ticket], error: BaseException) -> None:
    for ticket in tickets:
        if not ticket.done.done():
            ticket.done.set_exception(error)


def _retrieve(task: asyncio.Task[Outcome]) -> None:
    """Look at a finished poll so that its fault is logged once and never reported as lost."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("poll.not_stored", poll=task.get_name(), reason=str(error))
