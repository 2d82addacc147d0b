"""The way of a poll: claimed -> fetched -> understood -> committed -> published. Start reading here.

This file carries values between stages and decides nothing itself: what is new is decided by ``dedupe``, when to look
again by ``schedule``, what belongs where by ``classify``. Fetching is asynchronous, understanding happens in worker
processes, and one writer thread commits many sources in a transaction that holds *everything* of each of them
(design, section 2): a crash at any instant leaves a source either before or after its poll.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import islice

from feedhub.asking import Asker, Lead, feed_is_lost, says_nothing_new
from feedhub.commit import Committer, Finding, found_on_other_terms, unvalidated
from feedhub.errors import FeedHubError
from feedhub.following import Follower, unread
from feedhub.gapfill import GapFiller
from feedhub.logs import get_logger
from feedhub.model import FeedId, Fetched, Outcome, ParseFailed, Request, SourceId, SourceState
from feedhub.ports import Catalogue, Clock, Fetcher, Ledger, PageStore, Robots, Workers, Writer
from feedhub.readings import Readings
from feedhub.schedule import Tariff, after_ping, is_as_it_was, may_fill
from feedhub.settings import Settings
from feedhub.turnstile import Turnstile
from feedhub.understand import fault

log = get_logger("pipeline")

LEASE = timedelta(minutes=5)
"""How long a claim holds. Longer than the longest poll, so that only a crash lets one run out."""

COMMIT_WAIT = 0.5
"""Seconds the committer waits for company, unless a whole batch is there or nothing else is in flight: what ends together shares a transaction."""

TOGETHER = 100
"""Sources to be polled by hand that are looked at again together: a look at each would cost more than its poll."""

FIRST_HOLD, LONGEST_HOLD = timedelta(seconds=15), timedelta(minutes=30)
"""While the database cannot be written, nobody is asked for what could not be kept: the wait doubles up to half an hour."""


@dataclass(slots=True)
class Ticket:
    """A finding on its way to the committer, the place where its outcome is awaited, and the state it left."""

    finding: Finding
    done: asyncio.Future[Outcome] = field(repr=False)
    after: SourceState | None = None


class Pipeline:
    """Polls sources. One instance lives as long as the process; configurations come and go (:meth:`adopt`)."""

    def __init__(
        self,
        *,
        settings: Settings,
        ledger: Ledger,
        catalogue: Catalogue,
        pages: PageStore,
        fetcher: Fetcher,
        robots: Robots,
        workers: Workers,
        writer: Writer,
        clock: Clock,
        dice: Callable[[], float],
        tariff: Tariff | None = None,
        committed: Callable[[frozenset[FeedId]], None] = lambda _: None,
        to_remember: Callable[[], Mapping[str, str]] = dict,
        hubs_changed: Callable[[], None] = lambda: None,
    ) -> None:
        """:param to_remember: what must outlive the process besides the polls; kept right after each commit."""
        self._ledger = ledger
        self._catalogue = catalogue
        self._fetcher = fetcher
        self._writer = writer
        self._clock = clock
        self._dice = dice
        self._tariff = tariff or Tariff()
        self._committed = committed
        self._to_remember = to_remember
        self._hubs_changed = hubs_changed
        self.readings = Readings()
        self._rules = Turnstile()
        self._asker = Asker(
            settings=settings,
            catalogue=catalogue,
            fetcher=fetcher,
            robots=robots,
            workers=workers,
            readings=self.readings,
            clock=clock,
        )
        self._follower = Follower(
            asker=self._asker, fetcher=fetcher, store=pages, writer=writer, passing=self._rules.passing, clock=clock
        )
        self.adopt(settings, workers)
        self._queue: asyncio.Queue[Ticket] = asyncio.Queue()  # holds a few tickets for each poll in flight at most
        self._crowd = asyncio.Event()  # a whole batch waits to be committed, or all that is in flight
        self._awaited: set[asyncio.Future[Outcome]] = set()  # of tickets: not there yet
        self._committer: asyncio.Task[None] | None = None
        self._stopped = asyncio.Event()
        self._claiming: tuple[asyncio.Task[int], ...] = ()
        self._in_flight: set[asyncio.Task[Outcome]] = set()
        self._busy: dict[SourceId, asyncio.Event] = {}  # set when the source is free again
        self._unsaid: dict[str, str] = {}  # what is to outlive the process and was refused by the database
        self._held_until = clock()
        self._hold = FIRST_HOLD

    # ---- what the daemon and the commands call

    async def poll_due(self) -> int:
        """Claim what is due, as far as there is room, and start polling it. Returns how many were started.

        What was begun goes on when the caller is cancelled: a lease must not be taken that nobody gives back.
        """
        self._claiming = (asyncio.create_task(self._claim_due(), name="claim"),)
        return await asyncio.shield(*self._claiming)

    async def _claim_due(self) -> int:
        room = self._settings.polling.concurrency - len(self._in_flight)
        now = self._clock()
        if self._stopped.is_set() or room <= 0 or self.held:
            return 0
        busy = frozenset(self._busy)  # whose lease may have run out while they wait for their host's turn
        states = await self._writer.run(lambda: self._ledger.claim(now, room, now + LEASE, busy))
        if self._stopped.is_set():  # while the database was asked
            await self._release([state.id for state in states])
            return 0
        free = [state for state in states if state.id not in self._busy]
        for state in free:
            self._start(state)
        if taken := {state.id for state in states} - {state.id for state in free}:
            # Polled by hand just now, or about to take what a hub delivered: their turn comes when they are free.
            await self._writer.run(lambda: self._ledger.release(taken))
        return len(free)

    async def poll(self, states: Iterable[SourceState], *, anew: bool = False) -> AsyncIterator[Outcome]:
        """Poll these sources now and yield each outcome once it is committed.

        Left out are sources in flight, and those that were polled or switched off since these states were read: the
        last of many gets its turn minutes later. States are taken as their turn comes; an iterator need not hold them all.

        :param anew: ask without conditions and read everything again, whatever is known of the document.
        """
        waiting: set[asyncio.Task[Outcome]] = set()
        left = iter(states)
        while not self._stopped.is_set() and (some := list(islice(left, TOGETHER))):
            mine = await self._unpolled(some)
            try:
                while mine and not self._stopped.is_set():
                    while len(waiting) >= self._settings.polling.concurrency:
                        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                        for task in done:
                            yield task.result()
                    waiting.add(self._start(mine.pop(0), anew=anew))
            finally:
                for state in mine:  # a stop, or nobody who wants to know
                    self._free(state.id)
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
            push = replace(push, url=state.validators.url or state.url)
            async with self._rules.passing():
                found = await self._asker.understand(Lead(state=state, result=push, anew=False))
                if isinstance(found, Finding):
                    return await self._delivered(found)
            if found.understood is not None:  # articles of new entries, where the full text is wanted
                followed = await self._follower.follow(found, self._asker.request(state, anew=True))
                found = followed if isinstance(followed, Lead) else found
            async with self._rules.passing():
                return await self._delivered(await self._asker.finish(found))

    async def _delivered(self, finding: Finding) -> Outcome | ParseFailed | None:
        if finding.understood is None:
            return finding.result if isinstance(finding.result, ParseFailed) else None
        return await self._hand_in(replace(finding, pushed=True)).done

    async def reread(self, states: Iterable[SourceState]) -> AsyncIterator[Outcome]:
        """Read the stored pages of these sources by the rules in force; nothing is asked and no poll is counted.

        :raises feedhub.errors.FeedHubError: it could not be stored.
        """
        for state in states:
            async with self._alone(state.slug) as now:
                lead = await self._follower.stored(now) if now else None
                if lead is None:
                    yield unread(state, self._clock(), None)
                    continue
                async with self._rules.passing():
                    finding = await self._asker.finish(lead)
                    if finding.understood is None:
                        yield unread(state, self._clock(), finding)
                        continue
                    ticket = await self._stored(replace(finding, state=lead.state, reread=True, kept=None))
                yield ticket.done.result()

    async def ask_soon(self, slug: str) -> None:
        """Have the source polled as soon as politeness allows: its hub says that there is news, without telling it."""
        async with self._alone(slug) as state:
            due = after_ping(state, self._settings.polling, self._clock()) if state and state.enabled else None
            if state and due:
                moments = {state.id: due}
                await self._writer.run(lambda: self._ledger.schedule(moments))

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    @property
    def held_for(self) -> timedelta:
        """How long nothing more is asked, because the database could not be written."""
        left = self._held_until - self._clock()
        return left if timedelta(0) < left <= LONGEST_HOLD else timedelta(0)  # longer: the clock was set back

    @property
    def held(self) -> bool:
        """Whether the database could not be written lately, so that nothing new is taken."""
        return bool(self.held_for)

    async def stop(self, grace: float) -> int:
        """Let polls in flight finish for up to ``grace`` seconds, abandon the rest and give their leases back.

        Abandoning loses nothing: what was not committed will be asked for again. Nothing starts any more. Returns how
        many were abandoned.
        """
        self._stopped.set()
        await asyncio.gather(*self._claiming, return_exceptions=True)
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=grace)
        abandoned = [task for task in self._in_flight if not task.done()]
        for task in abandoned:
            task.cancel()
        await asyncio.gather(*abandoned, return_exceptions=True)
        if self._committer is not None:
            self._committer.cancel()
            await asyncio.gather(self._committer, return_exceptions=True)
        await self._release(tuple(self._busy))
        await self._remember()
        return len(abandoned)

    async def _release(self, sources: Sequence[SourceId]) -> None:
        """Give leases back. If the database refuses, they run out by themselves."""
        if not sources:
            return
        try:
            await self._writer.run(lambda: self._ledger.release(sources))
        except FeedHubError as error:
            log.warning("leases.kept", reason=str(error), sources=len(sources))

    # ---- one configuration after another

    @asynccontextmanager
    async def between_rules(self) -> AsyncIterator[None]:
        """While the block runs nothing is understood or committed; answers that arrive wait for its end.

        So no entry is labelled by rules that are no longer in force once the block has ended.
        """
        async with self._rules.closed():
            yield

    def adopt(self, settings: Settings, workers: Workers) -> None:
        """From now on understand and commit by these; to be called within :meth:`between_rules`.

        Polls whose answers are still on their way end under the new rules.
        """
        self._settings = settings
        # No more is understood, which takes memory, than one transaction holds: half of it while the other half is written.
        self._room = asyncio.Semaphore(settings.polling.batch)
        self._commit = Committer(settings, self._ledger, self._clock, self._dice, self._tariff).commit
        self._asker.adopt(settings, workers)
        self._filler = GapFiller(
            fetcher=self._fetcher,
            read=self._asker.read,
            keep=self._keep_page,
            passing=self._rules.passing,
            pages=settings.polling.archive_pages,
            clock=self._clock,
        )

    # ---- one source

    @asynccontextmanager
    async def _alone(self, slug: str) -> AsyncIterator[SourceState | None]:
        """The source's state while nothing else works on it; None when it is not there."""
        if (found := await self._stored_state(slug)) is None:
            yield None
            return
        source = found.id
        while (busy := self._busy.get(source)) is not None:
            await busy.wait()
        self._busy[source] = asyncio.Event()
        try:
            yield await self._stored_state(slug)
        finally:
            self._free(source)

    async def _stored_state(self, slug: str) -> SourceState | None:
        async with self._rules.passing():  # else only the database could know its new name already
            found = await asyncio.to_thread(self._catalogue.states, [self._asker.name(slug)])
        return found[0] if found else None

    async def _unpolled(self, states: Sequence[SourceState]) -> list[SourceState]:
        """Those that nobody works on and nobody polled since their state was read: as they are now, and busy."""
        mine = [state for state in states if state.id not in self._busy]
        self._busy.update((state.id, asyncio.Event()) for state in mine)
        kept: list[SourceState] = []
        try:
            found = await asyncio.to_thread(self._catalogue.states, [state.slug for state in mine])
            present = {state.slug: state for state in found}
            same = [state for state in mine if state.slug in present and is_as_it_was(present[state.slug], state)]
            kept = [present[state.slug] for state in same]
        finally:
            for state in {state.id for state in mine} - {state.id for state in kept}:
                self._free(state)
        return kept

    def _free(self, source: SourceId) -> None:
        self._busy.pop(source).set()

    def _start(self, state: SourceState, *, anew: bool = False) -> asyncio.Task[Outcome]:
        self._busy.setdefault(state.id, asyncio.Event())
        task = asyncio.create_task(self._one(state, anew), name=f"poll {state.slug}")
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)
        task.add_done_callback(_retrieve)
        return task

    async def _one(self, state: SourceState, anew: bool) -> Outcome:
        try:
            state = self._asker.settled(state)
            request, terms = self._asker.request(state, anew), self._asker.terms(state)
            answer = await self._asker.ask(state, request)
            room = nullcontext() if says_nothing_new(state, answer, anew) else self._room
            async with room, self._rules.passing():
                if terms != self._asker.terms(state):  # they changed since it was asked
                    state, answer = unvalidated(state, answer)
                found = await self._asker.find(state, answer, anew)
                del answer  # its body has served
                ends = isinstance(found, Finding) and not feed_is_lost(found)
                ticket = await self._stored(found) if isinstance(found, Finding) and ends else None
            if ticket is None:
                ticket = await self._followed(found, request, terms)
            finding, outcome = ticket.finding, ticket.done.result()
            await self._look_for_missed(ticket.after or state)
        except asyncio.CancelledError:
            raise  # stays busy: stop() gives the lease back
        except BaseException:
            self._free(state.id)  # the lease runs out by itself: the publisher is spared a second request now
            raise
        self._free(state.id)
        told = finding.understood.info if finding.understood else None
        if told is not None and (told.hub, told.self_url) != (state.hub, state.topic):
            self._hubs_changed()
        return outcome

    async def _stored(self, finding: Finding) -> Ticket:
        ticket = self._hand_in(finding)
        await ticket.done
        return ticket

    async def _followed(self, found: Finding | Lead, request: Request, terms: object) -> Ticket:
        """What a page leads to is gathered while nothing waits for it; then all is understood and committed together."""
        found = await self._follower.follow(found, request)
        async with self._room, self._rules.passing():
            finding = await self._asker.finish(found) if isinstance(found, Lead) else found
            if terms != self._asker.terms(finding.state):
                finding = found_on_other_terms(finding)
            return await self._stored(finding)

    async def _look_for_missed(self, state: SourceState) -> None:
        """The poll is stored; whatever goes wrong here is logged and takes nothing from it."""
        if not may_fill(state, self._clock(), self._settings.polling.archive_pages):
            return
        try:
            await self._filler.fill(state, self._asker.request(state, anew=True))
        except FeedHubError as error:
            log.warning("gap.not_stored", source=state.slug, reason=str(error))
        except Exception:
            log.exception("gap.fault", source=state.slug)

    async def _keep_page(self, finding: Finding) -> SourceState:
        return (await self._stored(finding)).after or finding.state

    # ---- many sources, one transaction

    def _hand_in(self, finding: Finding) -> Ticket:
        """Have it committed, in company if there is any."""
        if self._committer is None or self._committer.done():
            self._committer = asyncio.create_task(self._commit_for_ever(), name="committer")
        named = replace(finding, state=self._asker.named(finding.state))
        ticket = Ticket(named, asyncio.get_running_loop().create_future())
        self._awaited.add(ticket.done)
        ticket.done.add_done_callback(self._awaited.discard)
        self._queue.put_nowait(ticket)
        waiting, batch = self._queue.qsize(), self._settings.polling.batch
        all_here = len(self._awaited) >= len(self._in_flight)
        if waiting >= batch or all_here or (self._room.locked() and 2 * waiting >= batch):
            self._crowd.set()
        return ticket

    async def _commit_for_ever(self) -> None:
        while True:
            tickets = [await self._queue.get()]
            with suppress(TimeoutError):
                async with asyncio.timeout(COMMIT_WAIT):
                    await self._crowd.wait()
            self._crowd.clear()
            while len(tickets) < self._settings.polling.batch and not self._queue.empty():
                tickets.append(self._queue.get_nowait())
            await self._commit_tickets(tickets)
            tickets.clear()  # what was found may be much, and the next one may come in an hour

    async def _commit_tickets(self, tickets: Sequence[Ticket]) -> None:
        findings = [ticket.finding for ticket in tickets]
        try:
            committed = await self._writer.run(partial(self._commit, findings))
        except FeedHubError as error:
            self._hold_back(error)
            _fail(tickets, error)
        except Exception as error:
            log.exception("commit.fault", sources=[finding.state.slug for finding in findings])
            await self._commit_one_by_one(tickets, error)
        else:
            self._hold = FIRST_HOLD
            self._committed(committed.feeds)
            for ticket in tickets:
                source = ticket.finding.state.id
                ticket.after, outcome = committed.states[source], committed.outcomes[source]
                _tell(outcome)
                if not ticket.done.done():
                    ticket.done.set_result(outcome)
            await self._remember()

    async def _remember(self) -> None:
        self._unsaid |= self._to_remember()
        for name, text in tuple(self._unsaid.items()):
            try:
                await self._writer.run(partial(self._ledger.remember, name, text))
            except FeedHubError as error:  # the polls are stored; this is said again after the next ones
                log.warning("remember.refused", what=name, reason=str(error))
            else:
                del self._unsaid[name]

    async def _commit_one_by_one(self, tickets: Sequence[Ticket], error: Exception) -> None:
        """After a fault of ours: one poisonous source must not take the others with it, nor be asked in vain for ever."""
        if len(tickets) > 1:
            for ticket in tickets:
                await self._commit_tickets([ticket])
        elif (finding := tickets[0].finding).understood is not None and not finding.pushed and not finding.aside:
            tickets[0].finding = replace(finding, result=fault(error), understood=None)
            await self._commit_tickets(tickets)
        else:
            _fail(tickets, error)

    def _hold_back(self, error: FeedHubError) -> None:
        self._held_until = self._clock() + self._hold
        log.warning("commit.refused", reason=str(error), held_for=self._hold.total_seconds())
        self._hold = min(self._hold * 2, LONGEST_HOLD)


def _tell(outcome: Outcome) -> None:
    """A line of the log for each poll; those that found everything as it was only for who wants to see all."""
    nothing_new = outcome.kind in {"ok", "unchanged"} and not outcome.new and not outcome.updated
    say = log.debug if nothing_new else log.info
    next_poll = outcome.next_poll_at.isoformat() if outcome.next_poll_at else None
    said = {"new": outcome.new, "updated": outcome.updated, "detail": outcome.detail, "next_poll": next_poll}
    say("poll.done", source=outcome.slug, outcome=outcome.kind, status=outcome.status, **said)


def _fail(tickets: Iterable[Ticket], error: BaseException) -> None:
    for ticket in tickets:
        if not ticket.done.done():
            ticket.done.set_exception(error)


def _retrieve(task: asyncio.Task[Outcome]) -> None:
    """Look at a finished poll so that its fault is logged once and never reported as lost."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("poll.not_stored", poll=task.get_name(), reason=str(error))
