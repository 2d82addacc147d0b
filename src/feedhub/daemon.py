"""The life of the process: start, signals, reload, bounded stop.

One process polls, publishes and serves. A start migrates the database after a backup, makes it agree with the
configuration, listens, and then says so (to the terminal and to systemd). A stop finishes or abandons what is in
flight within ``server.stop_timeout``; either way nothing is lost, because a poll is one transaction.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from feedhub import __version__, applying, instance, systemd, wiring
from feedhub.clock_jumps import ClockJumps
from feedhub.config import needs_restart, plan, snapshot_of, stamp_of, warnings
from feedhub.errors import AlreadyRunning, ConfigError, FeedHubError
from feedhub.indexing import catch_up
from feedhub.logs import get_logger
from feedhub.model import EntryId, Outcome, ServiceEvent
from feedhub.once import relabel_if_needed
from feedhub.ports import EntryChange, Vitals
from feedhub.runner import cancel, settle
from feedhub.schedule import explain
from feedhub.schedule.apscheduler_timer import Timer
from feedhub.serve.app import create_app, not_ready
from feedhub.serve.parts import ServeParts
from feedhub.serve.uvicorn_server import HttpServer
from feedhub.settings import Settings
from feedhub.store import InstanceLock
from feedhub.store.upgrading import migrate

log = get_logger("daemon")

CLAIM_EVERY = 1.0
"""Seconds between two looks at what is due."""

WATCH_EVERY = 2.0
"""Seconds between two looks at the configuration file."""

TIDY_EVERY = 6 * 3600.0
"""Seconds between two rounds of retention."""

HOLD_EVERY = 10.0
"""Seconds between two looks whether the lock on the database is still ours (a server forgets it when it restarts)."""

STEER_EVERY = 3600.0
"""Seconds between two looks at the budget of requests."""

TRY_AGAIN = 30.0
"""Seconds after which what the database refused (a changed configuration, relabelling) is tried again."""

HUBS_EVERY = 5.0
"""Seconds between two looks at what is due with hubs."""

PRESS_EVERY = 5.0
"""Seconds between two looks at what could not be published as it should be."""

LATE_AFTER = 30.0
"""Seconds without a successful look at what is due after which the process no longer calls itself ready."""


class Daemon:
    """``feedhub run``. Fills :class:`feedhub.ports.Control` for commands that reach it over loopback."""

    def __init__(self, file: Path, announce: Callable[[str], None] = lambda _: None) -> None:
        self._file = file
        self._announce = announce
        self._token = secrets.token_urlsafe(32)
        self._stopping = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._timer = Timer(instance.now)
        self._relabelling: asyncio.Task[None] | None = None
        self._relabelled = (0, 0)  # entries done, of how many
        self._indexing: asyncio.Task[None] | None = None
        self._seen = stamp_of(file)
        self._claimed_at: float | None = None
        self._claim_trouble = ""
        self._trouble_since: datetime | None = None
        self._upgraded = ""
        self._refused = ""
        self._unpublished: dict[str, str] = {}
        self._owed_since: float | None = None  # when the database refused a configuration that is still to come
        self._asked: set[asyncio.Task[list[str]]] = set()  # reloads asked for by signal; the loop holds tasks weakly
        self._listening = ("", 0)
        self._ousted: AlreadyRunning | None = None
        self._lock: InstanceLock
        self._written: Settings
        self._home: instance.Home
        self._parts: wiring.Parts
        self._server: HttpServer

    # ---- life

    async def run(self) -> None:
        """Live until a signal or :meth:`stop`.

        :raises feedhub.errors.FeedHubError: the configuration, database or address cannot be used, or no longer.
        """
        settings = instance.read_settings(self._file)
        wiring.raise_file_limit()
        url = instance.database_url(settings)
        with InstanceLock(url) as self._lock:
            if steps := migrate(url):
                self._upgraded = f" The database was brought to schema {steps[-1]}."
                self._announce(self._upgraded.strip())
            self._home = instance.open_home(settings)
            try:
                await self._live(settings)
            finally:
                self._home.close()
        if self._ousted is not None:
            raise self._ousted

    def stop(self) -> None:
        self._stopping.set()

    async def _live(self, settings: Settings) -> None:
        self._server = HttpServer(not_ready, settings.server.host, settings.server.port)
        host, port = self._listening = await self._server.start()
        try:
            await self._take(settings)
            store, writer = self._home.store, self._home.writer
            self._jumps = ClockJumps(store, writer, instance.now, shift=self._parts.clock_was_set)
            await self._jumps.begin()
            await self._parts.subscriber.catch_up()
            await writer.run(partial(store.remember, instance.CONTROL, self._address(host, port)))
            await self._note("started", f"FeedHub {__version__} started.{self._upgraded}")
            self._start_clocks()
            self._parts.telling.distributor.start()
            self._indexing = asyncio.create_task(catch_up(store, writer, TRY_AGAIN), name="index")
            self._listen_to_signals()
            self._say_hello(host, port)
            systemd.notify(f"READY=1\nSTATUS=listening on {host}:{port}")
            await self._stopping.wait()
        finally:
            await self._shut_down()

    async def _shut_down(self) -> None:
        systemd.notify("STOPPING=1")
        clock = asyncio.get_running_loop().time
        end, grace = clock() + self._grace(), self._grace()  # one bound for all that follows
        abandoned = 0
        try:
            await self._timer.stop()
            await cancel(*self._asked)
            await self._stop_relabelling()
            await cancel(*filter(None, [self._indexing]))
            if hasattr(self, "_parts"):
                abandoned = await self._parts.close(grace)
        finally:
            await self._server.stop(max(end - clock(), 0.0))
            with suppress(FeedHubError):
                await self._home.writer.run(partial(self._home.store.remember, instance.CONTROL, ""))
            log.info("daemon.stopped", abandoned_polls=abandoned)

    def _grace(self) -> float:
        if not hasattr(self, "_parts"):
            return 0.0
        return self._parts.settings.server.stop_timeout.total_seconds()

    async def _take(self, written: Settings) -> None:
        """Put this configuration in force: the database first, then what polls, then what serves.

        :raises feedhub.errors.FeedHubError: the database refused; what ran before runs on.
        """
        home, settings = self._home, instance.at_address(written, *self._listening)
        apply = partial(applying.apply_configuration, written, settings, home.store, instance.now())
        await self._stop_relabelling()
        try:
            if hasattr(self, "_parts"):
                self._parts = await wiring.change(self._parts, settings, home, apply)
            else:
                await home.writer.run(apply)
                self._parts = wiring.build(settings, home)
        finally:
            self._start_relabelling()
        self._written = written
        for line in warnings(written):
            log.warning("config.advice", advice=line)
        self._server.replace(create_app(self._serve_parts()))
        settle()

    def _serve_parts(self) -> ServeParts:
        parts = self._parts
        return ServeParts(
            library=self._home.store,
            press=parts.shelf.press,
            catalogue=self._home.store,
            settings=parts.settings,
            control=self,
            vitals=self.vitals,
            control_token=self._token,
            version=__version__,
            clock=instance.now,
            explain=explain,
            pushes=parts.inbox,
            hub=parts.telling.hub,
            hub_note=lambda: instance.hub_note(parts.settings, self._home, instance.now()),
            hub_figures=parts.telling.figures,
            searching=self._home.store,
            access=self._home.store.access_token,
            writes=lambda: self._home.store.writes,
            mark=self._home.store.mark,
            selections=parts.shelf.press,
            push_notes=lambda: instance.push_notes(parts.settings, self._home, instance.now()),
        )

    def _start_clocks(self) -> None:
        self._timer.every(CLAIM_EVERY, "claim", self._claim)
        self._timer.every(WATCH_EVERY, "watch", self._watch)
        self._timer.every(PRESS_EVERY, "press", self._look_at_the_press)
        self._timer.every(TIDY_EVERY, "tidy", self._tidy)
        self._timer.every(HOLD_EVERY, "lock", self._hold_the_lock)
        self._timer.every(WATCH_EVERY, "clock", self._look_at_the_clock)
        self._timer.every(HUBS_EVERY, "hubs", self._look_at_hubs)
        self._steered_at = asyncio.get_running_loop().time()
        self._timer.every(STEER_EVERY, "budget", self._steer)
        if (interval := systemd.watchdog_interval()) is not None:
            self._timer.every(interval, "watchdog", self._bark)
        self._timer.start()

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload_soon)

    def _say_hello(self, host: str, port: int) -> None:
        base = self._parts.settings.site.base_url
        log.info("daemon.started", version=__version__, pid=os.getpid(), host=host, port=port)
        self._announce(f"FeedHub {__version__} is running (process {os.getpid()}), listening on http://{host}:{port}")
        self._announce(f"Subscribe to any of these in your feed reader, or open {base}/ in a browser:")
        for line in self._what_to_subscribe_to(base):
            self._announce(f"  {line}")

    def _what_to_subscribe_to(self, base: str) -> list[str]:
        topics = [f"{base}/topics/{key}.atom" for key in self._parts.settings.topics]
        return [*topics[:10], f"{base}/all.atom", f"{base}/feeds.opml  (all of them, authors too, for import)"]

    # ---- clocks

    async def _claim(self) -> None:
        """Start what is due. While the database does not answer, say so once and try again each second."""
        try:
            await self._parts.pipeline.poll_due()
        except FeedHubError as error:
            if str(error) != self._claim_trouble:
                log.error("claim.refused", reason=str(error))
            self._claim_trouble = str(error)
            self._trouble_since = self._trouble_since or instance.now()
        else:
            if self._trouble_since is not None:
                log.info("claim.resumed")
                await self._note(
                    "database answers again", f"It did not answer since {self._trouble_since:%Y-%m-%d %H:%M:%S} UTC."
                )
            self._claim_trouble, self._trouble_since = "", None
            self._claimed_at = asyncio.get_running_loop().time()

    async def _hold_the_lock(self) -> None:
        """Two that poll one database would ask everybody twice: whoever lost the lock for good stops."""
        try:
            await asyncio.to_thread(self._lock.hold)
        except AlreadyRunning as error:
            log.error("lock.lost", reason=str(error))
            self._ousted = error
            self.stop()
        except FeedHubError as error:
            log.warning("lock.unknown", reason=str(error))

    async def _look_at_hubs(self) -> None:
        """Ask hubs for what is due. While the database does not answer, nothing is; the claim says so."""
        with suppress(FeedHubError):
            await self._parts.inbox.settle()
            await self._parts.subscriber.tick()
            await self._parts.telling.tick()

    async def _look_at_the_press(self) -> None:
        """What is not published as it should be goes into the operator's feed, once, and once more when it is over."""
        with suppress(FeedHubError):  # what cannot be kept now is rendered again after a restart
            await asyncio.to_thread(self._parts.shelf.press.flush)
        troubles = dict(self._parts.shelf.press.troubles())
        for what, reason in troubles.items():
            if self._unpublished.get(what) != reason:
                await self._note("not published as it should be", f"{what}: {reason}.")
        for what in self._unpublished.keys() - troubles.keys():
            await self._note("published again", f"{what} is as it should be.")
        self._unpublished = troubles

    async def _look_at_the_clock(self) -> None:
        """What cannot be mended now is tried at the next look; the claim says that the database refuses."""
        with suppress(FeedHubError):
            if jump := await self._jumps.look():
                await self._note("clock was set", f"By {jump}. What was planned is planned anew.")

    async def _watch(self) -> None:
        now = asyncio.get_running_loop().time()
        owed = self._owed_since is not None and now - self._owed_since > TRY_AGAIN
        if (stamp := stamp_of(self._file)) is not None and (stamp != self._seen or owed):
            self._seen = stamp
            await self.reload()

    async def _steer(self) -> None:
        """Move the price of a poll to where the operator's budget holds, and keep it over a restart."""
        now = asyncio.get_running_loop().time()
        elapsed, self._steered_at = timedelta(seconds=now - self._steered_at), now
        if elapsed < timedelta(minutes=1):  # the first turn of the clock
            return
        settings = self._parts.settings
        enabled = sum(source.enabled for source in settings.sources)
        price = self._home.tariff.settle(enabled, settings.polling.budget, elapsed)
        await self._home.writer.run(partial(self._home.store.remember, instance.PRICE_IN_FORCE, repr(price)))
        log.info("budget.settled", price=price)

    async def _tidy(self) -> None:
        removed = await instance.keep_house(self._home, self._jumps.allowed(self._parts.settings.retention))
        await self._parts.subscriber.tidy()
        log.info("retention.done", **asdict(removed))

    async def _bark(self) -> None:
        if self.vitals().live:
            systemd.notify("WATCHDOG=1")

    def vitals(self) -> Vitals:
        """Live: this answers at all. Ready: looked at what is due lately, which needs the database and the loop.

        Anybody may read this: what is wrong is said in our own words, without addresses or messages of the database.
        """
        age = None if self._claimed_at is None else asyncio.get_running_loop().time() - self._claimed_at
        ready = age is not None and age < LATE_AFTER and not self._stopping.is_set()
        held = self._parts.pipeline.held_for
        return Vitals(
            live=True,
            ready=ready,
            detail={
                "version": __version__,
                "pid": os.getpid(),
                "problem": self._problem(age, held),
                "database": "refuses" if self._claim_trouble else "holds polls back" if held else "answers",
                "polls_in_flight": self._parts.pipeline.in_flight,
                "tasks": len(asyncio.all_tasks()),
                "last_claim_seconds_ago": None if age is None else round(age, 1),
                "relabelling": self._relabelling is not None and not self._relabelling.done(),
                "relabelled": self._relabelled[0],
                "to_relabel": self._relabelled[1],
                **self._parts.pipeline.readings.figures(),
                "indexing": self._indexing is not None and not self._indexing.done(),
            },
        )

    def _problem(self, age: float | None, held: timedelta) -> str:
        """What is wrong, as one sentence; "" when nothing is."""
        if self._stopping.is_set():
            return "It is stopping."
        if self._claim_trouble:
            return "The database does not answer; nothing is polled until it does."
        if held:
            return f"The database could not be written; polls wait for {held.total_seconds():.0f} s."
        if age is None:
            return "It is starting."
        return f"It has not looked at what is due for {age:.0f} s." if age >= LATE_AFTER else ""

    async def _note(self, what: str, detail: str) -> None:
        """Tell the operator's feed. What cannot be kept is in the log anyway."""
        event = ServiceEvent(at=instance.now(), what=what, detail=detail)
        try:
            await self._home.writer.run(partial(self._home.store.note, event))
        except FeedHubError as error:
            log.warning("event.not_stored", what=what, reason=str(error))

    # ---- rules

    def _start_relabelling(self) -> None:
        """Label stored entries anew, if the rules are others than theirs, beside everything else."""
        if hasattr(self, "_parts") and not self._stopping.is_set():
            self._relabelling = asyncio.create_task(self._relabel(), name="relabel")

    async def _stop_relabelling(self) -> None:
        if self._relabelling is not None:
            await cancel(self._relabelling)

    async def _relabel(self) -> None:
        def progress(done: int, total: int) -> None:
            self._relabelled = (done, total)

        while True:
            try:
                if (report := await relabel_if_needed(self._home, self._parts, progress)) is not None:
                    log.info("relabel.done", entries=report.entries)
                return
            except FeedHubError as error:
                log.warning("relabel.refused", reason=str(error), again_in=TRY_AGAIN)
            except Exception:
                log.exception("relabel.failed", again_in=TRY_AGAIN)
            await asyncio.sleep(TRY_AGAIN)

    # ---- control

    def _address(self, host: str, port: int) -> str:
        """Where commands of the same operator find this process. Whoever may read the database may command it."""
        reach = "127.0.0.1" if host in {"0.0.0.0", ""} else "::1" if host == "::" else host  # noqa: S104
        return json.dumps({"pid": os.getpid(), "host": reach, "port": port, "token": self._token})

    async def poll(
        self, slugs: Sequence[str], *, everything: bool = False, anew: bool = False
    ) -> AsyncIterator[Outcome]:
        home, settings = self._home, self._parts.settings
        to_poll, refused = instance.choose(home, settings, slugs, everything=everything, anew=anew)
        for outcome in refused:
            yield outcome
        if anew:
            await home.writer.run(partial(instance.note_refetches, home, settings, to_poll, instance.now()))
        async for outcome in self._parts.pipeline.poll(to_poll, anew=anew):
            yield outcome

    async def reread(self, slugs: Sequence[str]) -> AsyncIterator[Outcome]:
        async for outcome in self._parts.pipeline.reread(instance.read_as_pages(self._home, slugs)):
            yield outcome

    async def change_entry(self, entry: EntryId, change: EntryChange) -> bool:
        return await self._home.writer.run(partial(instance.change_entry, self._home, entry, change))

    async def forget(self, slug: str) -> int:
        """What others carried too is labelled anew: it may have been in a feed only for this source's sake.

        :raises FeedHubError: the file without the source was refused; nothing was deleted.
        """
        said = await self.reload()  # the source has just left the file
        if self._parts.settings.source(slug) is not None:
            raise FeedHubError(f"Nothing was deleted, because {slug} is still being polled.", " ".join(said))
        async with self._reloading:  # which labels anew, too
            await self._stop_relabelling()
            try:
                return await instance.forget_source(self._home, slug)
            finally:
                self._start_relabelling()

    def _reload_soon(self) -> None:
        task = asyncio.create_task(self.reload(), name="reload")
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)
        task.add_done_callback(_log_failure)

    async def reload(self) -> list[str]:
        async with self._reloading:
            systemd.notify("RELOADING=1")
            try:
                return await self._reload()
            finally:
                systemd.notify("READY=1")

    async def _reload(self) -> list[str]:
        stamp = stamp_of(self._file)  # before reading: a save in between is then seen as another change
        try:
            settings = instance.read_settings(self._file)
        except ConfigError as error:
            log.error("config.refused", reason=str(error))
            if str(error) != self._refused:
                await self._note("configuration refused", f"{error} The running configuration stays in force.")
            self._refused, self._owed_since = str(error), None  # what was owed is in the file no more
            return [*str(error).splitlines(), "The running configuration stays in force."]
        self._seen = stamp
        lines = needs_restart(self._written, settings)
        lines += plan(snapshot_of(self._written), snapshot_of(settings)).render()
        try:
            await self._take(settings)
        except FeedHubError as error:
            log.error("config.not_applied", reason=str(error), again_in=TRY_AGAIN)
            self._owed_since = asyncio.get_running_loop().time()
            again = f"The running configuration stays in force; the new one is tried again in {TRY_AGAIN:g} s."
            return [*str(error).splitlines(), again]
        self._owed_since, self._refused = None, ""
        if lines:
            await self._note("configuration reloaded", "; ".join(lines))
        log.info("config.reloaded", changes=lines)
        return lines or ["Nothing changed."]


def _log_failure(task: asyncio.Task[list[str]]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("reload.failed", reason=str(error))
