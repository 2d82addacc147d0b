"""One round without a daemon: a poll by hand, serving only, a static export."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from feedhub import __version__, applying, instance, wiring
from feedhub.errors import AddressInUse
from feedhub.indexing import build_index
from feedhub.labelling import rules_digest
from feedhub.logs import get_logger
from feedhub.model import EntryId, Outcome, ServiceEvent
from feedhub.ports import EntryChange, Vitals
from feedhub.relabel import Report, relabel
from feedhub.runner import settle
from feedhub.schedule import explain
from feedhub.serve.app import create_app, not_ready
from feedhub.serve.parts import ServeParts
from feedhub.serve.samples_app import samples_app
from feedhub.serve.uvicorn_server import HttpServer
from feedhub.settings import Settings
from feedhub.store import InstanceLock
from feedhub.store.upgrading import migrate

INDEXED_AT_ONCE = 5_000
"""Entries without a place in the full-text index that a poll by hand brings into it: some seconds of work."""

log = get_logger("once")


def reread_here(file: Path, slugs: Sequence[str]) -> Iterator[Outcome]:
    """Read stored pages again in this process, by the rules in force; yields what came of each.

    :raises feedhub.errors.AlreadyRunning: a daemon holds the database; ask it instead.
    """
    return _run(_poll(file, slugs, everything=False, anew=False, stored=True))


def poll_here(file: Path, slugs: Sequence[str], *, everything: bool, anew: bool = False) -> Iterator[Outcome]:
    """Poll in this process and yield each outcome as it is committed. ``anew``: without conditions.

    :raises feedhub.errors.AlreadyRunning: a daemon holds the database; ask it instead.
    """
    return _run(_poll(file, slugs, everything=everything, anew=anew))


def _run(outcomes: AsyncGenerator[Outcome]) -> Iterator[Outcome]:
    with asyncio.Runner() as runner:
        try:
            while True:
                try:
                    yield runner.run(outcomes.__anext__())
                except StopAsyncIteration:
                    return
        finally:
            runner.run(outcomes.aclose())


async def _poll(
    file: Path, slugs: Sequence[str], *, everything: bool, anew: bool, stored: bool = False
) -> AsyncGenerator[Outcome]:
    settings = instance.read_settings(file)
    wiring.raise_file_limit()
    url = instance.database_url(settings)
    with InstanceLock(url):
        migrate(url)
        home = instance.open_home(settings)
        try:
            async with _samples(settings) as effective:
                await home.writer.run(
                    partial(applying.apply_configuration, settings, effective, home.store, instance.now())
                )
                parts = wiring.build(effective, home)
                settle()
                try:
                    await relabel_if_needed(home, parts)
                    if stored:
                        async for outcome in parts.pipeline.reread(instance.read_as_pages(home, slugs)):
                            yield outcome
                        return
                    to_poll, refused = instance.choose(home, effective, slugs, everything=everything, anew=anew)
                    for outcome in refused:
                        yield outcome
                    if anew:
                        await home.writer.run(
                            partial(instance.note_refetches, home, effective, to_poll, instance.now())
                        )
                    async for outcome in parts.pipeline.poll(to_poll, anew=anew):
                        yield outcome
                    await build_index(home.store, home.writer, pause=0.0, most=INDEXED_AT_ONCE)
                finally:
                    await parts.close(0.0)
        finally:
            home.close()


@asynccontextmanager
async def _samples(settings: Settings) -> AsyncIterator[Settings]:
    """Serve the sample sources while they are polled, where the daemon would, or on a free port."""
    if not settings.examples:
        yield instance.at_address(settings, settings.server.host, settings.server.port)
        return
    app = samples_app(prefix="/examples")
    server = HttpServer(app, settings.server.host, settings.server.port)
    try:
        host, port = await server.start()
    except AddressInUse:
        server = HttpServer(app, settings.server.host, 0)
        host, port = await server.start()
    try:
        yield instance.at_address(settings, host, port)
    finally:
        await server.stop(0.0)


def forget_here(file: Path, slug: str) -> int:
    """Delete what only this source carried; returns how many entries that were.

    What others carried too is labelled anew at the next start.

    :raises feedhub.errors.AlreadyRunning: another FeedHub is at work on the database.
    :raises feedhub.errors.NotFound: nothing is stored of such a source.
    """
    settings = instance.read_settings(file)
    with InstanceLock(instance.database_url(settings)):
        home = instance.open_home(settings)
        try:
            return asyncio.run(instance.forget_source(home, slug))
        finally:
            home.close()


def change_entry_here(file: Path, entry: EntryId, change: EntryChange) -> bool:
    """Split or withdraw an entry; whether there was anything to do.

    :raises feedhub.errors.AlreadyRunning: another FeedHub is at work on the database.
    """
    settings = instance.read_settings(file)
    with InstanceLock(instance.database_url(settings)):
        home = instance.open_home(settings)
        try:
            return instance.change_entry(home, entry, change)
        finally:
            home.close()


async def relabel_if_needed(
    home: instance.Home, parts: wiring.Parts, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Report | None:
    """Label stored entries anew when the rules are not those they were labelled under; None when they are.

    What the operator must know of it goes to ``/status.atom`` and the log.
    """
    rules = rules_digest(parts.settings)
    report = await relabel(home.store, home.writer, parts.workers, rules, progress)
    if report is not None and report.words:
        log.warning("relabel.remarks", remarks=report.words)
        event = ServiceEvent(at=instance.now(), what="entries labelled anew", detail=report.words)
        await home.writer.run(partial(home.store.note, event))
    return report


def relabel_here(file: Path, progress: Callable[[int, int], None]) -> Report | None:
    """Bring the labels of stored entries in agreement with the configuration; None when they are already.

    :raises feedhub.errors.AlreadyRunning: a daemon holds the database; it does so by itself.
    """
    return asyncio.run(_relabel_here(file, progress))


async def _relabel_here(file: Path, progress: Callable[[int, int], None]) -> Report | None:
    written = instance.read_settings(file)
    settings = instance.at_address(written, written.server.host, written.server.port)
    with InstanceLock(instance.database_url(settings)):
        migrate(instance.database_url(settings))
        home = instance.open_home(settings)
        try:
            await home.writer.run(partial(applying.apply_configuration, written, settings, home.store, instance.now()))
            parts = wiring.build(settings, home)
            try:
                return await relabel_if_needed(home, parts, progress)
            finally:
                await parts.close(0.0)
        finally:
            home.close()


async def serve_only(
    file: Path, announce: Callable[[str], None], *, host: str | None = None, port: int | None = None
) -> None:
    """Serve what is stored until a signal comes; polls nothing and writes nothing but rendered fragments.

    :param host: where to listen instead of ``server.host``; likewise ``port``.
    :raises feedhub.errors.FeedHubError: the configuration, database or address cannot be used.
    """
    settings = instance.read_settings(file)
    home = instance.open_home(settings)
    wanted = settings.server.host if host is None else host, settings.server.port if port is None else port
    server = HttpServer(not_ready, *wanted)
    try:
        host, port = await server.start()
        effective = instance.at_address(settings, host, port)
        shelf = wiring.build_shelf(effective, home)
        server.replace(
            create_app(
                ServeParts(
                    library=home.store,
                    press=shelf.press,
                    catalogue=home.store,
                    settings=effective,
                    control=None,
                    vitals=lambda: Vitals(live=True, ready=True, detail={"version": __version__, "polls": False}),
                    control_token="",
                    version=__version__,
                    clock=instance.now,
                    explain=explain,
                    searching=home.store,
                    access=home.store.access_token,
                    writes=lambda: home.store.writes,
                    mark=home.store.mark,
                    selections=shelf.press,
                    push_notes=lambda: instance.push_notes(effective, home, instance.now()),
                    hub_note=lambda: instance.hub_note(effective, home, instance.now()),
                )
            )
        )
        announce(f"FeedHub {__version__} serves what is stored on http://{host}:{port} and polls nothing.")
        await _signal()
    finally:
        await server.stop(settings.server.stop_timeout.total_seconds())
        home.close()


async def _signal() -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await stopping.wait()
