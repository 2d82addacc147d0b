"""Another configuration while polls are on their way: nothing is lost, nothing is labelled by rules that have gone."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from feedhub import applying, daemon, wiring
from feedhub.config import load_text
from feedhub.errors import DatabaseBusy, FeedHubError
from feedhub.model import Feed, FeedKind
from feedhub.once import relabel_if_needed
from feedhub.settings import Settings
from integration.test_gapfill import after_fifteen_hours, archive
from integration.test_pages import ARTICLES, site
from integration.test_pipeline import CONFIG, Rig, item, rig, rss
from support import busy_source, page_site
from support.feed_server import FeedServer, serving
from support.upkeep import forget


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def other_settings(folder: Path, server: FeedServer, *names: str, **changes: str) -> Settings:
    sources = "\n".join(f"  - {{url: '{server.url(name)}', slug: {name.split('.')[0]}}}" for name in names)
    text = CONFIG.format(database=folder / "hub.db", sources=sources)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return load_text(text, folder / "config.yaml", {})


async def change(it: Rig, settings: Settings) -> None:
    apply = partial(applying.apply_configuration, settings, settings, it.home.store, it.clock())
    it.parts = await wiring.change(it.parts, settings, it.home, apply)
    await relabel_if_needed(it.home, it.parts)


async def begin(it: Rig) -> None:
    it.clock.later(hours=1)
    assert await it.parts.pipeline.poll_due() == 1


async def test_an_answer_that_comes_after_a_reload_is_labelled_by_the_new_rules(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1, text="Goats on the ridge."))}) as server:
        release = server.held["a.xml"] = threading.Event()
        async with rig(tmp_path, server, "a.xml") as it:
            await relabel_if_needed(it.home, it.parts)
            await begin(it)
            await until(lambda: len(server.asked) == 1)
            await change(it, other_settings(tmp_path, server, "a.xml", banks="goats", central="goats on", bank="the"))
            release.set()
            await until(lambda: not it.parts.pipeline.in_flight)
            assert it.titles(FeedKind.TOPIC, "goats") == ["Story 1"]
            assert len(server.asked) == 2, "one request, recorded as it came and as it was answered"


async def test_a_source_in_flight_is_not_asked_again_by_the_new_configuration(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1)), "b.xml": rss(item(2))}) as server:
        release = server.held["a.xml"] = threading.Event()
        async with rig(tmp_path, server, "a.xml") as it:
            await begin(it)
            await until(lambda: len(server.asked) == 1)
            await change(it, other_settings(tmp_path, server, "a.xml", "b.xml"))
            by_hand = asyncio.create_task(it.poll())
            await asyncio.sleep(0)
            release.set()
            assert set(await by_hand) == {"b"}
            await until(lambda: not it.parts.pipeline.in_flight)
            assert sorted(it.titles()) == ["Story 1", "Story 2"]
            assert sum(asked.path == "a.xml" and asked.status == 200 for asked in server.asked) == 1


async def test_a_source_that_left_while_it_was_asked_keeps_what_came(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1)), "b.xml": rss(item(2))}) as server:
        release = server.held["a.xml"] = threading.Event()
        async with rig(tmp_path, server, "a.xml") as it:
            await begin(it)
            await until(lambda: len(server.asked) == 1)
            await change(it, other_settings(tmp_path, server, "b.xml"))
            release.set()
            await until(lambda: not it.parts.pipeline.in_flight)
            assert it.titles() == ["Story 1"]
            assert [state.slug for state in it.home.store.states()] == ["b"]


async def test_a_storm_of_reloads_leaves_one_pool_and_one_gate(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1)), "b.xml": rss(item(2))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            await it.poll()
            pools, fetcher = [it.parts.workers], it.parts.fetcher
            for _ in range(5):
                await change(it, other_settings(tmp_path, server, "a.xml", "b.xml"))
                pools.append(it.parts.workers)
            assert it.parts.fetcher is fetcher
            assert (await it.poll())["b"].new == 1
            assert [pool.processes for pool in pools[:-1]] == [0] * 5
            assert pools[-1].processes == 1


async def test_a_database_that_refuses_leaves_everything_as_it_was(tmp_path: Path) -> None:
    def refuse() -> None:
        raise DatabaseBusy("The database is locked.", "Try again.")

    with serving({"a.xml": rss(item(1))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            before = it.parts
            settings = other_settings(tmp_path, server, "a.xml", banks="goats")
            with pytest.raises(DatabaseBusy):
                await wiring.change(it.parts, settings, it.home, refuse)
            assert it.parts is before
            assert (await it.poll())["a"].new == 1
            assert it.titles(FeedKind.TOPIC, "banks") == ["Story 1"]


async def test_a_stopped_pipeline_starts_nothing(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            await it.parts.pipeline.stop(0)
            assert await it.parts.pipeline.poll_due() == 0
            assert await it.poll() == {}
            assert server.asked == []


async def test_what_the_database_refused_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "TRY_AGAIN", 0.2)
    with serving({"a.xml": rss(item(1))}) as server:
        file = tmp_path / "config.yaml"
        text = CONFIG.format(database=tmp_path / "hub.db", sources=f"  - {{url: '{server.url('a.xml')}', slug: a}}")
        text = text.replace("database: {", "server: {port: 0}\ndatabase: {busy_timeout: 100ms, ")
        file.write_text(text)
        running = daemon.Daemon(file)
        life = asyncio.create_task(running.run())
        await until(lambda: life.done() or (hasattr(running, "_parts") and running.vitals().ready))
        with closing(sqlite3.connect(tmp_path / "hub.db", isolation_level=None)) as intruder:
            intruder.execute("BEGIN EXCLUSIVE")
            file.write_text(text.replace("banks:", "goats:"))
            said = await running.reload()
            assert "stays in force" in said[-1]
            assert list(running._parts.settings.topics) == ["banks"]
            file.write_text("nonsense: [")
            await running.reload()
            assert running._owed_since is None, "a file that is refused is not read again and again"
            with pytest.raises(FeedHubError, match="Nothing was deleted, because a is still being polled"):
                await running.forget("a")
            file.write_text(text.replace("banks:", "goats:"))
            await running.reload()
            intruder.execute("ROLLBACK")
        await until(lambda: list(running._parts.settings.topics) == ["goats"])
        running.stop()
        await life


async def test_the_feed_of_a_person_who_is_hidden_is_gone_until_shown_again(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            await it.poll()
            sources = f"  - {{url: '{server.url('a.xml')}', slug: a}}"
            text = CONFIG.format(database=tmp_path / "hub.db", sources=sources)

            async def people(lines: str) -> bool:
                await change(it, load_text(f"{text}\nauthors: {{people: {lines}}}\n", tmp_path / "config.yaml", {}))
                feed = it.home.store.feed(FeedKind.AUTHOR, "jane-doe")
                assert isinstance(feed, Feed)
                assert feed.size == (0 if feed.withdrawn else 1)
                assert bool(it.home.store.feeds(FeedKind.AUTHOR)) is not feed.withdrawn
                return feed.withdrawn

            assert await people("{jane-doe: {name: Jane Doe, hide: true}}")
            assert not await people("{jane-doe: {name: Jane Doe}}")
            assert await people("{jd: {name: J. D., aliases: [Jane Doe], hide: true}}")
            assert not await people("{}")


async def test_an_answer_to_other_secrets_leaves_no_validators(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1))}) as server:
        async with rig(tmp_path, server, "a.xml") as it:
            await it.poll()
            (before,) = it.home.store.states(["a"])
            assert before.validators
            release = server.held["a.xml"] = threading.Event()
            it.clock.later(days=2)
            assert await it.parts.pipeline.poll_due() == 1
            await until(lambda: len(server.asked) == 2)
            with_key = {"slug: a": "headers: {X-Key: other}, slug: a"}
            await change(it, other_settings(tmp_path, server, "a.xml", **with_key))
            release.set()
            await until(lambda: not it.parts.pipeline.in_flight)
            (after,) = it.home.store.states(["a"])
            assert after.last_poll_at == it.clock()
            assert not after.validators
            assert after.body_digest is None


async def anew(it: busy_source.Rig | page_site.Rig) -> None:
    """The same configuration once more, with workers of its own."""
    it.parts = await wiring.change(it.parts, it.parts.settings, it.home, lambda: None)


async def test_missed_entries_are_found_in_an_archive_that_comes_after_a_reload(tmp_path: Path) -> None:
    """The page was given to workers that were closed, and the search given up for good."""
    with serving({"busy.rss": busy_source.document(range(busy_source.WINDOW))}) as server:
        async with busy_source.rig(tmp_path, server) as it:
            await it.poll(0)
            archive(server)
            after_fifteen_hours(server, server.url("page-10.rss"))
            release = server.held["page-10.rss"] = threading.Event()
            polling = asyncio.create_task(it.poll())
            await until(lambda: it.asked_for("page-10") == 1)
            await anew(it)
            release.set()
            await polling
            assert it.numbers == list(reversed(range(20)))
            assert it.gap.remark == ""


async def test_an_article_that_comes_after_a_reload_is_read(tmp_path: Path) -> None:
    with serving(site(3, 2, 1)) as server:
        async with page_site.rig(tmp_path, server, more=ARTICLES) as it:
            release = server.held["story-3.html"] = threading.Event()
            polling = asyncio.create_task(it.poll())
            await until(lambda: it.asked("story-3.html") == 1)
            await anew(it)
            release.set()
            outcome = await polling
            assert (outcome.kind, outcome.new) == ("ok", 3)
            assert "plan 3 at length" in it.entries[page_site.headline(3)].content


async def reread(it: page_site.Rig, more: str) -> None:
    settings = page_site.settings_for(it.folder, it.server.url("list.html"), more)
    apply = partial(applying.apply_configuration, settings, settings, it.home.store, it.clock())
    it.parts = await wiring.change(it.parts, settings, it.home, apply)


async def test_a_page_that_did_not_change_is_read_by_rules_that_changed_while_it_was_asked(tmp_path: Path) -> None:
    """The answer 304 brought back the validators that the change of the rules had thrown away."""
    more = "type: page\nitems: div.card"
    cards = [page_site.card(n, lead="The hall was full.") for n in (1, 2, 3)]
    with serving({"list.html": page_site.listing(cards)}) as server:
        async with page_site.rig(tmp_path, server, more=more) as it:
            await it.poll()
            assert not it.entries[page_site.headline(1)].content
            release = server.held["list.html"] = threading.Event()
            polling = asyncio.create_task(it.poll())
            await until(lambda: it.asked("list.html") == 2)
            await reread(it, more + "\nfields: {summary: p.lead}")
            release.set()
            assert (await polling).kind == "unchanged"
            assert (await it.poll()).updated == 3
            assert "The hall was full." in it.entries[page_site.headline(1)].content


async def test_other_secrets_while_articles_are_read_leave_no_validators(tmp_path: Path) -> None:
    with serving(site(3, 2, 1)) as server:
        async with page_site.rig(tmp_path, server, more=ARTICLES) as it:
            release = server.held["story-3.html"] = threading.Event()
            polling = asyncio.create_task(it.poll())
            await until(lambda: it.asked("story-3.html") == 1)
            await reread(it, ARTICLES + "\nheaders: {X-Key: other}")
            release.set()
            assert (await polling).new == 3
            assert not it.state.validators


async def test_a_feed_that_was_found_during_a_reload_is_labelled_by_the_new_rules(tmp_path: Path) -> None:
    page = page_site.listing([], head="<link rel=alternate type=application/rss+xml href=/a.xml>")
    with serving({"list.html": page, "a.xml": rss(item(1, text="Goats on the ridge."))}) as server:
        async with rig(tmp_path, server, "list.html") as it:
            rules = {"banks": "goats", "central": "goats on", "bank": "the"}
            settings = other_settings(tmp_path, server, "list.html", **rules)
            apply = partial(applying.apply_configuration, settings, settings, it.home.store, it.clock())
            reloads: list[asyncio.Task[wiring.Parts]] = []

            class Interrupted:
                """Workers during whose reading of the feed another configuration comes."""

                async def run(self, function: Callable[[Any], Any], argument: Any) -> Any:
                    found = await workers.run(function, argument)
                    if argument.url == server.url("a.xml") and not reloads:
                        reloads.append(asyncio.create_task(wiring.change(it.parts, settings, it.home, apply)))
                        await until(lambda: not it.parts.pipeline._rules._open.is_set())
                    return found

                async def close(self) -> None: ...

            workers = it.parts.workers
            it.parts.pipeline.adopt(it.parts.settings, Interrupted())
            assert (await it.poll())["list"].new == 1
            it.parts = await reloads[0]
            assert it.titles(FeedKind.TOPIC, "goats") == ["Story 1"]


@pytest.mark.parametrize("held", ["list.html", "story-6.html"])
async def test_a_page_that_was_forgotten_while_it_was_asked_is_no_fault(tmp_path: Path, held: str) -> None:
    """The page, or the article, was to be kept of a source that is no more, and took the whole transaction with it."""
    with serving(site(3, 2, 1)) as server:
        async with page_site.rig(tmp_path, server, more=ARTICLES) as it:
            await it.poll()
            server.documents["list.html"] = page_site.listing([page_site.card(n) for n in (6, 3, 2, 1)])
            release, asked = threading.Event(), it.asked(held)
            server.held[held] = release
            polling = asyncio.create_task(it.poll())
            await until(lambda: it.asked(held) > asked)
            settings = it.parts.settings.model_copy(update={"sources": ()})
            apply = partial(applying.apply_configuration, settings, settings, it.home.store, it.clock())
            it.parts = await wiring.change(it.parts, settings, it.home, apply)
            await it.home.writer.run(partial(forget, it.home.store, "paper", it.clock()))
            release.set()
            outcome = await polling
            assert (outcome.kind, outcome.new) == ("ok", 0)
            assert not it.entries
            assert not it.home.store.states(["paper"])


async def test_what_comes_of_a_source_that_was_renamed_while_it_was_asked_is_in_its_feed(tmp_path: Path) -> None:
    """It was labelled by the name before: in a feed that nobody reads, and without what the source says of itself."""
    with serving({"a.xml": rss(item(1))}) as server:
        release = server.held["a.xml"] = threading.Event()
        async with rig(tmp_path, server, "a.xml") as it:
            await begin(it)
            await until(lambda: len(server.asked) == 1)
            renamed = {"slug: a": "slug: b, formerly: [a], categories: [ours], interval: {min: 30m, max: 40m}"}
            await change(it, other_settings(tmp_path, server, "a.xml", **renamed))
            release.set()
            await until(lambda: not it.parts.pipeline.in_flight)
            assert it.titles(FeedKind.SOURCE, "b") == it.titles(FeedKind.CATEGORY, "ours") == ["Story 1"]
            assert [feed.key for feed in it.home.store.feeds(FeedKind.SOURCE)] == ["b"]
            (state,) = it.home.store.states(["b"])
            assert state.next_poll_at is not None
            assert state.next_poll_at - it.clock() < timedelta(minutes=45)
