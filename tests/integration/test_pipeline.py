"""The way of a poll, from a real server to a real database, in one process."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from feedhub import applying, instance, wiring
from feedhub.commit import Finding
from feedhub.config import load_text
from feedhub.errors import DiskFull
from feedhub.fetch import RobotsKeeper
from feedhub.model import FeedKind, Outcome
from feedhub.pipeline import Pipeline
from feedhub.ports import A, Overrun, R, Transaction, Workers
from feedhub.schedule import explain
from feedhub.settings import Settings
from feedhub.store.upgrading import migrate
from support.feed_server import FeedServer, serving

CONFIG = """
polling:
  allow_networks: [127.0.0.0/8]
  ports: ["1-65535"]
  host_gap: 0s
  workers: 1
database: {{url: 'sqlite:///{database}'}}
topics:
  banks: [central bank]
sources:
{sources}
"""

ITEM = """<item><title>{title}</title><guid isPermaLink="false">{guid}</guid><link>{link}</link>
<pubDate>Tue, 24 Nov 2026 0{hour}:00:00 GMT</pubDate><dc:creator>{author}</dc:creator><description>{text}</description></item>"""


def rss(*items: str, title: str = "A source") -> bytes:
    return (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{title}</title><link>http://e.example/</link><description>d</description>{''.join(items)}</channel></rss>"
    ).encode()


def item(number: int, **changes: str) -> str:
    fields = {
        "title": f"Story {number}",
        "guid": f"urn:story:{number}",
        "link": f"http://e.example/{number}",
        "hour": str(number),
        "author": "Jane Doe",
        "text": f"The central bank spoke for the {number}. time.",
    }
    return ITEM.format(**(fields | changes))


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: datetime = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def later(self, **length: float) -> None:
        self.at += timedelta(**length)


@dataclass
class Rig:
    home: instance.Home
    parts: wiring.Parts
    clock: Clock

    async def poll(self) -> dict[str, Outcome]:
        """Poll everything and advance the clock past every bound."""
        self.clock.later(days=2)
        outcomes = [one async for one in self.parts.pipeline.poll(self.home.store.states())]
        return {one.slug: one for one in outcomes}

    def titles(self, kind: FeedKind = FeedKind.ALL, slug: str = "all") -> list[str]:
        feed = self.home.store.feed(kind, slug)
        assert feed is not None
        assert not hasattr(feed, "moved")
        return [stored.entry.title for stored in self.home.store.page(feed.id, 100)]  # type: ignore[union-attr]


@asynccontextmanager
async def rig(folder: Path, server: FeedServer, *names: str) -> AsyncIterator[Rig]:
    sources = "\n".join(f"  - {{url: '{server.url(name)}', slug: {name.split('.')[0]}}}" for name in names)
    settings = load_text(CONFIG.format(database=folder / "hub.db", sources=sources), folder / "config.yaml", {})
    clock = Clock()
    migrate(instance.database_url(settings))
    home = instance.open_home(settings)
    applying.apply_configuration(settings, settings, home.store, clock())
    parts = wiring.build(settings, home, clock=clock)
    try:
        yield Rig(home, parts, clock)
    finally:
        await parts.close(5)
        home.close()


def counted(it: Rig, table: str) -> int:
    with it.home.store.reading() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def test_a_poll_stores_and_publishes(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1), item(2, text="Nothing to see."))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            outcomes = await it.poll()
            assert (outcomes["a"].kind, outcomes["a"].listed, outcomes["a"].new) == ("ok", 2, 2)
            assert it.titles() == ["Story 2", "Story 1"]
            assert it.titles(FeedKind.TOPIC, "banks") == ["Story 1"]
            assert it.titles(FeedKind.AUTHOR, "jane-doe") == ["Story 2", "Story 1"]
            assert it.titles(FeedKind.SOURCE, "a") == ["Story 2", "Story 1"]


async def test_what_was_found_is_let_go_when_it_is_stored(tmp_path: Path) -> None:
    def alive() -> int:
        gc.collect()
        return sum(type(one) is Finding for one in gc.get_objects())

    before = alive()
    with serving({"a.xml": rss(item(1))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            await it.poll()
            async with asyncio.timeout(20):  # the committer says what is to be remembered first
                while alive() > before:
                    await asyncio.sleep(0.02)


async def test_an_unchanged_document_is_asked_for_conditionally_and_changes_nothing(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            await it.poll()
            before = it.home.store.generation()
            assert (await it.poll())["a"].kind == "unchanged"
            assert server.asked[-1].status == 304
            assert it.home.store.generation() == before


async def test_an_edit_updates_in_place(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            await it.poll()
            server.documents["a.xml"] = rss(item(1, title="Story 1, corrected"))
            outcome = (await it.poll())["a"]
            assert (outcome.new, outcome.updated) == (0, 1)
            assert it.titles() == ["Story 1, corrected"]


@pytest.mark.parametrize(
    "change",
    [
        {"guid": "urn:other:1"},
        {"link": "http://e.example/moved/1"},
        {"hour": "5"},
        {"link": "http://e.example/1?utm_source=feed"},
    ],
    ids=["guid", "link", "date", "tracking"],
)
async def test_a_changed_name_makes_no_second_entry(tmp_path: Path, change: dict[str, str]) -> None:
    with serving({"a.xml": rss(item(1), item(2))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            await it.poll()
            server.documents["a.xml"] = rss(item(1, **change), item(2))
            assert (await it.poll())["a"].new == 0
            assert sorted(it.titles()) == ["Story 1", "Story 2"]


async def test_a_story_of_two_sources_is_shown_once_and_kept_twice(tmp_path: Path) -> None:
    other = item(7, title="Story 1", link="http://e.example/1?utm_medium=x", guid="n7")
    with serving({"a.xml": rss(item(1)), "b.xml": rss(other, title="Another")}) as server:
        async with rig(tmp_path, server, "a.xml", "b.xml") as it:
            await it.poll()
            assert it.titles() == ["Story 1"]
            assert it.titles(FeedKind.SOURCE, "a") == ["Story 1"]
            assert it.titles(FeedKind.SOURCE, "b") == ["Story 1"]
            assert len(it.home.store.entries(10)) == 2


async def test_entries_of_one_source_are_never_joined(tmp_path: Path) -> None:
    text = "The same long words come again and again, as in a daily form letter. " * 8
    with serving({"a.xml": rss(item(1, text=text), item(2, text=text))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            await it.poll()
            assert it.titles() == ["Story 2", "Story 1"]


async def test_a_document_that_breaks_keeps_entries_and_validators(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            await it.poll()
            validators = it.home.store.states()[0].validators
            server.documents["a.xml"] = b"<html><body>Our site is being rebuilt.</body></html>"
            outcome = (await it.poll())["a"]
            assert outcome.kind == "blocked"
            assert "where a feed was before" in outcome.detail
            assert it.titles() == ["Story 1"]
            assert it.home.store.states()[0].validators == validators


class FullDisk:
    """The real ledger on a disk that has no room for transactions while ``full`` is set."""

    def __init__(self, home: instance.Home) -> None:
        self._store = home.store
        self.full = False
        self.begun = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        if self.full:
            raise DiskFull("There is no room for the database.", "Make room.")
        self.begun += 1
        with self._store.transaction() as transaction:
            yield transaction


async def test_while_the_disk_is_full_nobody_is_asked_in_vain(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1)), "b.xml": rss(item(2))}) as server:
        async with rig(tmp_path, server, "a.xml", "b.xml") as it:
            ledger = FullDisk(it.home)
            pipeline = _pipeline(it, ledger, it.parts.settings)
            ledger.full = True
            it.clock.later(hours=1)
            assert await pipeline.poll_due() == 2
            await _until_idle(pipeline)
            it.clock.later(seconds=10)
            assert await pipeline.poll_due() == 0, "held back"
            asked = len(server.asked)
            ledger.full = False
            it.clock.later(minutes=10)
            assert await pipeline.poll_due() == 2, "leases ran out, and there is room again"
            await _until_idle(pipeline)
            assert len(server.asked) == asked + 2
            assert it.titles() == ["Story 2", "Story 1"]
            await pipeline.stop(1)


async def test_all_that_is_in_flight_shares_a_transaction_and_waits_for_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedhub.pipeline.COMMIT_WAIT", 3600.0)
    with serving({f"{name}.xml": rss(item(n)) for n, name in enumerate("abc")}) as server:
        async with rig(tmp_path, server, "a.xml", "b.xml", "c.xml") as it:
            ledger = FullDisk(it.home)
            pipeline = _pipeline(it, ledger, it.parts.settings)
            it.clock.later(hours=1)
            assert await pipeline.poll_due() == 3
            await _until_idle(pipeline)
            assert ledger.begun == 1
            assert len(it.titles()) == 3
            await pipeline.stop(1)


class HeldWriter:
    """The real writer, which begins nothing before it is let go."""

    def __init__(self, home: instance.Home) -> None:
        self._writer = home.writer
        self.free = asyncio.Event()

    async def run(self, function: Callable[[], R]) -> R:
        await self.free.wait()
        return await self._writer.run(function)


class CountingWorkers:
    """The real workers, and how many jobs they were given."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self.begun = 0

    async def run(self, function: Callable[[A], R], argument: A) -> R | Overrun:
        self.begun += 1
        return await self._workers.run(function, argument)

    async def close(self) -> None:
        await self._workers.close()


async def test_no_more_is_understood_than_one_transaction_holds(tmp_path: Path) -> None:
    names = [f"s{number}.xml" for number in range(7)]
    with serving({name: rss(item(number + 1)) for number, name in enumerate(names)}) as server:
        async with rig(tmp_path, server, *names) as it:
            polling = it.parts.settings.polling.model_copy(update={"batch": 2})
            writer, workers = HeldWriter(it.home), CountingWorkers(it.parts.workers)
            settings = it.parts.settings.model_copy(update={"polling": polling})
            pipeline = _pipeline(it, FullDisk(it.home), settings, writer=writer, workers=workers)
            it.clock.later(days=2)

            async def polled() -> list[Outcome]:
                return [one async for one in pipeline.poll(it.home.store.states())]

            poll = asyncio.create_task(polled())
            async with asyncio.timeout(20):
                while len(server.asked) < 7 or workers.begun < 2:
                    await asyncio.sleep(0.02)
            assert workers.begun == 2
            writer.free.set()
            assert [one.new for one in await poll] == [1] * 7
            await pipeline.stop(1)


def _pipeline(it: Rig, ledger: FullDisk, settings: Settings, **others: Any) -> Pipeline:
    usual: dict[str, Any] = {"workers": it.parts.workers, "writer": it.home.writer}
    return Pipeline(
        settings=settings,
        ledger=ledger,  # type: ignore[arg-type]  # forwards all it does not change
        catalogue=it.home.store,
        pages=it.home.store,
        robots=RobotsKeeper(it.parts.fetcher, it.clock),
        fetcher=it.parts.fetcher,
        clock=it.clock,
        dice=lambda: 0.5,
        **(usual | others),
    )


async def _until_idle(pipeline: Pipeline) -> None:
    async with asyncio.timeout(20):
        while pipeline.in_flight:
            await asyncio.sleep(0.02)


async def test_stopping_gives_leases_back(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent, serving({}) as server:
        server.port = silent.getsockname()[1]
        async with rig(tmp_path, server, "never.xml") as it:
            it.clock.later(hours=1)
            assert await it.parts.pipeline.poll_due() == 1
            assert await it.parts.pipeline.stop(0.1) == 1
            now = it.clock()
            claimed: Sequence[object] = it.home.store.claim(now, 10, now + timedelta(minutes=5))
            assert len(claimed) == 1


async def test_a_claim_that_is_cut_off_by_a_stop_leases_nothing(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            it.clock.later(hours=1)
            writing = it.home.writer.run(partial(time.sleep, 0.2))  # the claim has to wait for its turn
            busy, claim = asyncio.create_task(writing), asyncio.create_task(it.parts.pipeline.poll_due())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            claim.cancel()
            with pytest.raises(asyncio.CancelledError):
                await claim
            assert not busy.done()
            assert await it.parts.pipeline.stop(0.1) == 0
            await busy
            await it.home.writer.run(lambda: None)  # whatever the writer was asked for is done
            now = it.clock()
            assert len(it.home.store.claim(now, 10, now + timedelta(minutes=5))) == 1
            assert server.asked == []


async def test_the_rest_of_a_document_that_broke_off_is_asked_for(tmp_path: Path) -> None:
    whole = rss(item(1), item(2), item(3))
    with serving({"a.xml": whole[: whole.index(b"Story 2")]}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            assert (await it.poll())["a"].kind == "ok"
            assert it.titles() == ["Story 1"]
            server.documents["a.xml"] = whole
            server.saying["a.xml"] = {"ETag": '"the same for both"'}
            assert (await it.poll())["a"].new == 2
            assert "If-None-Match" not in server.asked[-1].headers
            assert it.titles() == ["Story 3", "Story 2", "Story 1"]


async def test_a_document_that_is_always_broken_off_is_asked_for_once_more_and_then_politely(tmp_path: Path) -> None:
    whole = rss(item(1), item(2))
    with serving({"a.xml": whole[: whole.index(b"Story 2")]}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            assert [(await it.poll())["a"].status for _ in range(3)] == [200, 200, 304]
            assert it.titles() == ["Story 1"]


async def test_ids_that_change_at_each_poll_make_no_entry_twice_and_are_spoken_of(tmp_path: Path) -> None:
    def listed(time: int) -> bytes:
        return rss(*(item(n, guid=f"urn:poll:{time}:{n}") for n in range(1, 6)))

    with serving({"a.xml": listed(0)}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            for time in range(4):
                server.documents["a.xml"] = listed(time)
                assert (await it.poll())["a"].new == (5 if time == 0 else 0)
            assert sorted(it.titles()) == [f"Story {n}" for n in range(1, 6)]
            (state,) = it.home.store.states()
            assert "new ids again and again" in explain(state, it.clock())
            keys = counted(it, "entry_keys")
            for time in range(4, 7):
                server.documents["a.xml"] = listed(time)
                assert (await it.poll())["a"].new == 0
            assert counted(it, "entry_keys") == keys  # ids that do not last are not kept
            it.clock.later(days=60)
            (state,) = it.home.store.states()
            assert "new ids" not in explain(state, it.clock())


async def test_an_id_that_is_given_to_another_story_takes_nothing_away(tmp_path: Path) -> None:
    first = item(1, guid="urn:latest", title="Ports open", text="The harbour opened this morning.")
    second = item(2, guid="urn:latest", title="Storm comes", text="A storm is on its way from the north.")
    with serving({"a.xml": rss(first)}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            await it.poll()
            server.documents["a.xml"] = rss(second)
            assert (await it.poll())["a"].new == 1
            assert sorted(it.titles()) == ["Ports open", "Storm comes"]
            (state,) = it.home.store.states()
            assert "gives ids of earlier entries to new ones" in explain(state, it.clock())
            server.documents["a.xml"] = rss(
                item(2, guid="urn:latest", title="Storm is here", text="The storm has come.")
            )
            outcome = (await it.poll())["a"]
            assert (outcome.new, outcome.updated) == (0, 1)
            assert sorted(it.titles()) == ["Ports open", "Storm is here"]


async def test_different_entries_under_one_id_both_stay_and_are_spoken_of(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1, guid="urn:same"), item(2, guid="urn:same"))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            assert (await it.poll())["a"].new == 2
            (state,) = it.home.store.states()
            assert "different entries under one id" in explain(state, it.clock())


@pytest.mark.parametrize(
    "change",
    [
        {"guid": "urn:other"},
        {"title": "Story one, again"},
        {"hour": "9"},
        {"link": "https://www.e.example/1?utm_source=x"},
        {"link": "http://new-host.example/1"},
        {"guid": "urn:other", "title": "Story one, again"},
        {"guid": "urn:other", "hour": "9"},
        {"title": "Story one, again", "hour": "9", "text": "Other words, but the same link."},
        {"link": "http://new-host.example/1", "title": "Story one, again"},
    ],
)
async def test_a_change_makes_no_second_entry(tmp_path: Path, change: dict[str, str]) -> None:
    with serving({"a.xml": rss(item(1), item(2))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            await it.poll()
            server.documents["a.xml"] = rss(item(1, **change), item(2))
            assert (await it.poll())["a"].new == 0
            assert len(it.titles()) == 2
