"""What was read of a source before it was polled by somebody else is no reason to ask again, nor is it stored over the new."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from feedhub import wiring
from feedhub.errors import DatabaseBusy
from feedhub.model import FeedKind
from feedhub.pipeline import LEASE
from feedhub.relabel import relabel
from integration.test_pipeline import item, rig, rss
from integration.test_reload import change, other_settings, until
from support.feed_server import serving
from support.upkeep import forget


async def test_a_source_polled_since_its_state_was_read_is_left_out(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1)), "b.xml": rss(item(2))}) as server:
        async with rig(tmp_path, server, "a.xml", "b.xml") as it:
            it.clock.later(hours=1)
            chosen = it.home.store.states()
            assert [one.slug async for one in it.parts.pipeline.poll(chosen[:1])] == ["a"]
            after, asked = it.home.store.states(["a"]), len(server.asked)
            assert [one.slug async for one in it.parts.pipeline.poll(chosen)] == ["b"]
            assert len(server.asked) == asked + 1
            assert it.home.store.states(["a"]) == after
            it.clock.later(hours=1)
            assert len([one async for one in it.parts.pipeline.poll(it.home.store.states())]) == 2, "nobody stays busy"


async def test_an_entry_seen_elsewhere_while_it_is_labelled_anew_stays_in_both_feeds(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1)), "b.xml": rss(item(1))}) as server:
        async with rig(tmp_path, server, "a.xml", "b.xml") as it:
            it.clock.later(hours=1)
            a, b = it.home.store.states()
            assert [one.new async for one in it.parts.pipeline.poll([a])] == [1]

            class Overtaken:
                """Workers during whose first job the other source is polled."""

                jobs = 0

                async def run(self, function: Callable[[Any], Any], argument: Any) -> Any:
                    found = await it.parts.workers.run(function, argument)
                    self.jobs += 1
                    if self.jobs == 1:
                        assert [one.new async for one in it.parts.pipeline.poll([b])] == [0]
                    return found

                async def close(self) -> None: ...

            workers = Overtaken()
            report = await relabel(it.home.store, it.home.writer, workers, "rules of the test")
            assert report is not None
            assert report.entries == 1
            assert workers.jobs == 2
            assert it.titles(FeedKind.SOURCE, "a") == it.titles(FeedKind.SOURCE, "b") == ["Story 1"]


async def test_a_rest_that_could_not_be_kept_is_kept_after_the_next_poll(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[object] = []

    def refuse(*what: object) -> None:
        refused.append(what)
        raise DatabaseBusy("The database is locked.", "Try again.")

    with serving({"a.xml": rss(item(1))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            backoff = it.parts.settings.polling.backoff
            quiet = it.clock() + timedelta(days=9)
            it.parts.hosts.rests.busy("busy.example", "http://busy.example/", it.clock(), quiet, backoff)
            monkeypatch.setattr(it.home.store, "remember", refuse)
            await it.poll()
            await until(lambda: bool(refused))
            monkeypatch.undo()
            await it.poll()
            await until(lambda: "busy.example" in (it.home.store.recall(wiring.RESTS) or ""))


async def test_a_source_that_waits_longer_than_its_lease_takes_no_turn_of_others(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1)), "b.xml": rss(item(2))}) as server:
        release = server.held["a.xml"] = threading.Event()
        async with rig(tmp_path, server, "a.xml", "b.xml") as it:
            await change(it, other_settings(tmp_path, server, "a.xml", "b.xml", **{"workers: 1": "concurrency: 2"}))
            it.clock.later(hours=1)
            it.home.store.schedule({it.home.store.states(["b"])[0].id: it.clock() + 2 * LEASE})
            assert await it.parts.pipeline.poll_due() == 1
            it.clock.at += 2 * LEASE
            assert await it.parts.pipeline.poll_due() == 1
            release.set()
            await until(lambda: not it.parts.pipeline.in_flight)
            assert sorted(it.titles()) == ["Story 1", "Story 2"]


async def test_what_was_removed_for_good_is_no_news_when_it_is_listed_again(tmp_path: Path) -> None:
    items = [item(number) for number in range(1, 9)]
    with serving({"a.xml": rss(*items), "b.xml": rss(item(9))}) as server:
        async with rig(tmp_path, server, "a.xml", "b.xml") as it:
            await it.poll()
            await change(it, other_settings(tmp_path, server, "b.xml"))
            forget(it.home.store, "a", it.clock())
            await change(it, other_settings(tmp_path, server, "a.xml", "b.xml"))
            await it.poll()
            (first,) = it.home.store.states(["a"])
            server.documents["a.xml"] = rss(*items, title="Another name")
            assert (await it.poll())["a"].new == 0
            (second,) = it.home.store.states(["a"])
            assert second.rate < first.rate
            assert second.last_change_at == first.last_change_at
            assert it.titles() == ["Story 9"]
