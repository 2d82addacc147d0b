"""Being told by a hub: real hub, real callbacks, real database; only the clock is ours."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import pytest

from feedhub import applying, instance, wiring
from feedhub.config import load_text
from feedhub.errors import DatabaseBusy
from feedhub.instance import push_notes
from feedhub.model import FeedKind, HubQuestion, SourceId, SourceState, Standing, Subscription
from feedhub.pipeline import Pipeline
from feedhub.ports import Vitals
from feedhub.schedule import explain
from feedhub.serve.app import create_app, not_ready
from feedhub.serve.parts import ServeParts
from feedhub.serve.uvicorn_server import HttpServer
from feedhub.store.upgrading import migrate
from support.feed_server import FeedServer, serving
from support.hostile import HostileServer, answer
from support.hub import Heard, Hub, heard, hub

T = TypeVar("T")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)

CONFIG = """
site: {{base_url: '{base}'}}
polling:
  allow_networks: [127.0.0.0/8, '::1/128']
  ports: ["1-65535"]
  host_gap: 0s
  workers: 1
  timeouts: {{total: {total}}}
  limits: {{wire_bytes: 200kB}}
websub: {{subscribe: {subscribe}}}
database: {{url: 'sqlite:///{database}'}}
sources:
  - {{url: '{url}', slug: news, interval: {{min: 1h, max: 24h}}{more}}}
"""


def story(number: int, *, guid: str = "", link: str = "", title: str = "", when: datetime = START - HOUR) -> str:
    return (
        f"<item><title>{title or f'Story {number}'}</title><guid isPermaLink='false'>{guid or f'urn:story:{number}'}</guid>"
        f"<link>{link or f'http://e.example/{number}'}</link>"
        f"<pubDate>{when:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
    )


def rss(*items: str, hub: str = "", own: str = "http://e.example/feed", title: str = "News") -> bytes:
    links = f"<atom:link rel='hub' href='{hub}'/><atom:link rel='self' href='{own}'/>" if hub else ""
    return (
        f"<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>{title}</title>"
        f"<link>http://e.example/</link><description>d</description>{links}{''.join(items)}</channel></rss>"
    ).encode()


@dataclass
class Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Rig:
    """One FeedHub with its server, a publisher and a hub."""

    folder: Path
    feeds: FeedServer
    hub: Hub
    subscribe: str = "always"
    more: str = ""
    total: str = "45s"
    clock: Clock = field(default_factory=Clock)
    home: instance.Home = field(init=False)
    parts: wiring.Parts = field(init=False)
    server: HttpServer = field(init=False)
    base: str = ""

    async def open(self) -> None:
        self.server = HttpServer(not_ready, "127.0.0.1", 0)
        host, port = await self.server.start()
        self.base = f"http://{host}:{port}"
        await self.take()

    async def take(self, base: str = "") -> None:
        """Put a configuration in force, as the daemon does."""
        text = CONFIG.format(
            base=base or self.base,
            database=self.folder / "hub.db",
            url=self.feeds.url("a.xml"),
            subscribe=self.subscribe,
            more=self.more,
            total=self.total,
        )
        settings = load_text(text, self.folder / "config.yaml", {})
        migrate(instance.database_url(settings))
        if not hasattr(self, "home"):
            self.home = instance.open_home(settings)
        await self.home.writer.run(
            partial(applying.apply_configuration, settings, settings, self.home.store, self.clock(), lambda: 0.0)
        )
        self.parts = wiring.build(settings, self.home, clock=self.clock)
        self.server.replace(create_app(self.serve_parts()))

    def serve_parts(self) -> ServeParts:
        parts = self.parts
        return ServeParts(
            library=self.home.store,
            press=parts.shelf.press,
            catalogue=self.home.store,
            settings=parts.settings,
            control=None,
            vitals=lambda: Vitals(live=True, ready=True),
            control_token="",
            version="9.9",
            clock=self.clock,
            explain=explain,
            pushes=parts.inbox,
            push_notes=lambda: push_notes(parts.settings, self.home, self.clock()),
        )

    async def close(self) -> None:
        await self.parts.close(5)
        await self.server.stop(1)
        self.home.close()

    # ---- what time does

    async def later(self, wait: timedelta = timedelta(0)) -> None:
        """Move the clock, look at what is due with hubs and with sources, and let all of it end."""
        self.clock.at += wait
        await self.parts.inbox.settle()
        await self.parts.subscriber.tick()
        await until(lambda: not self.parts.subscriber._asking)
        await self.parts.pipeline.poll_due()
        await until(lambda: not self.parts.pipeline.in_flight)

    async def subscribed(self) -> Subscription:
        """Poll, ask the hub, and wait for its verification."""
        await self.later()
        await self.later()
        await until(lambda: self.one().standing is Standing.ACTIVE)
        await until(lambda: len(self.hub.subscribers) == 1)
        return self.one()

    async def distribute(self, body: bytes, **how: object) -> list[Heard]:
        """Have the hub deliver, and wait until we have worked on it."""
        answers = await elsewhere(partial(self.hub.distribute, body, **how))  # type: ignore[arg-type]
        await until(lambda: not self.parts.inbox._work)
        return answers

    # ---- what there is

    def one(self) -> Subscription:
        (current,) = [one for one in self.home.store.subscriptions() if one.standing is not Standing.ENDED]
        return current

    def state(self) -> SourceState:
        return self.home.store.states()[0]

    def wait(self) -> timedelta:
        due = self.state().next_poll_at
        assert due is not None
        return due - self.clock()

    def titles(self) -> list[str]:
        feed = self.home.store.feed(FeedKind.SOURCE, "news")
        return sorted(entry.entry.title for entry in self.home.store.page(feed.id, 100))  # type: ignore[union-attr]


HUBS = ThreadPoolExecutor(12, "hub")
"""Hubs wait for answers in threads of their own: the loop's are for what they wait for."""


async def elsewhere(work: Callable[..., T], *arguments: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(HUBS, partial(work, *arguments))


async def until(condition: Callable[[], object], within: float = 20.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.01)


def waiting(pipeline: Pipeline, source: SourceId) -> Sequence[object]:
    """Those who wait until nobody works on the source any more."""
    return pipeline._busy[source]._waiters


@asynccontextmanager
async def rig(folder: Path, *items: str, behaviour: dict[str, object] | None = None, **how: Any) -> AsyncIterator[Rig]:
    with serving({}) as feeds, hub(**(behaviour or {})) as ours:  # type: ignore[arg-type]
        feeds.documents["a.xml"] = rss(*(items or (story(1),)), hub=ours.url)
        it = Rig(folder, feeds, ours, **how)
        await it.open()
        try:
            yield it
        finally:
            await it.close()


# ---------------------------------------------------------------- what it is for


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_an_entry_arrives_without_a_poll(tmp_path: Path, method: str) -> None:
    async with rig(tmp_path) as it:
        one = await it.subscribed()
        before, asked = it.state(), len(it.feeds.asked)
        it.clock.at += timedelta(minutes=10)
        (answer,) = await it.distribute(rss(story(2), hub=it.hub.url, title="Retitled by the hub"), method=method)
        assert answer.status == 202
        assert answer.seconds < 5  # a second on an idle machine: it does not wait for the work
        assert it.titles() == ["Story 1", "Story 2"]
        assert len(it.feeds.asked) == asked
        after = it.state()
        kept = ("validators", "body_digest", "next_poll_at", "last_poll_at", "window", "hub", "topic")
        assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
        assert after.last_change_at == it.clock()
        assert it.home.store.feed(FeedKind.SOURCE, "news").title == "News"  # type: ignore[union-attr]
        assert [outcome.kind for outcome in it.home.store.outcomes(after.id)] == ["pushed", "ok"]
        counted = it.one()
        assert (counted.pushes, counted.last_push_at, counted.secret) == (1, it.clock(), one.secret)


async def test_the_next_poll_after_a_push_is_conditional_and_doubles_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.subscribed()
        await it.distribute(rss(story(2), hub=it.hub.url))
        await it.later(2 * DAY)
        assert it.feeds.asked[-1].status == 304
        it.feeds.documents["a.xml"] = rss(story(2), story(1), hub=it.hub.url)
        await it.later(2 * DAY)
        assert it.feeds.asked[-1].status == 200
        assert it.titles() == ["Story 1", "Story 2"]
        assert it.one().missed == 0


async def test_a_pushed_source_is_polled_seldom_and_a_lapse_brings_the_polls_back(tmp_path: Path) -> None:
    items = [story(number, when=START - number * HOUR) for number in range(1, 40)]
    async with rig(tmp_path, *items) as it:
        await it.later()
        usual = it.wait()
        assert HOUR * 0.9 < usual < 3 * HOUR
        await it.subscribed()
        await it.later(usual + HOUR)
        assert it.wait() > 5 * HOUR  # 12 usual intervals, at least 6 h less jitter
        it.hub.mode = "mute"
        one = it.one()
        assert one.lease_until is not None
        it.home.store.keep_subscriptions([replace(one, lease_until=it.clock() + HOUR, due_at=it.clock() + HOUR)])
        await it.later(HOUR)  # the lease ends now
        assert it.one().standing is Standing.WANTED
        assert it.wait() < 2.5 * HOUR
        assert "has not verified" in push_notes(it.parts.settings, it.home, it.clock())[it.state().id].words


async def test_two_polls_that_find_what_was_kept_back_end_the_trust_until_the_next_push(tmp_path: Path) -> None:
    items = [story(number, when=START - number * HOUR) for number in range(1, 40)]
    async with rig(tmp_path, *items) as it:
        await it.subscribed()
        await it.later(DAY)
        long = it.wait()
        for number in (101, 102):
            items.insert(0, story(number, when=it.clock() + timedelta(minutes=1)))
            it.feeds.documents["a.xml"] = rss(*items, hub=it.hub.url)
            await it.later(2 * DAY)
        assert it.one().missed == 2
        assert it.wait() < long / 1.5
        assert "kept back" in push_notes(it.parts.settings, it.home, it.clock())[it.state().id].words
        await it.distribute(rss(story(103, when=it.clock()), hub=it.hub.url))
        assert it.one().missed == 0
        await it.later(DAY)
        assert it.wait() > 5 * HOUR


async def test_renewal_comes_before_the_end_of_the_lease_and_keeps_token_and_secret(tmp_path: Path) -> None:
    async with rig(tmp_path, behaviour={"lease": 864_000}) as it:
        one = await it.subscribed()
        await it.later(7 * DAY)
        assert len(it.hub.asked()) == 1
        await it.later(DAY)
        assert len(it.hub.asked()) == 2
        await until(lambda: it.one().lease_until == it.clock() + 10 * DAY)
        renewed = it.one()
        assert (renewed.token, renewed.secret, renewed.since) == (one.token, one.secret, one.since)
        first, second = it.hub.asked()
        assert first.form == second.form
        assert "Authorization" not in second.headers


async def test_a_restart_keeps_the_subscription_and_polls_what_it_may_have_missed(tmp_path: Path) -> None:
    items = [story(number, when=START - number * HOUR) for number in range(1, 40)]
    async with rig(tmp_path, *items) as it:
        one = await it.subscribed()
        await it.later(DAY)
        assert it.wait() > 5 * HOUR
        await it.parts.close(5)
        it.clock.at += 4 * HOUR
        await it.take()
        await it.parts.subscriber.catch_up()
        assert it.wait() < timedelta(minutes=5)
        await it.later()
        assert it.one() == one
        assert len(it.hub.asked()) == 1
        await it.distribute(rss(story(202), hub=it.hub.url))
        assert "Story 202" in it.titles()


async def test_polls_that_the_database_refused_when_the_hub_left_are_still_brought_forward(tmp_path: Path) -> None:
    class Refusing:
        def schedule(self, due: object) -> None:
            raise DatabaseBusy("The database is locked.", "Try again.")

    items = [story(number, when=START - number * HOUR) for number in range(1, 40)]
    async with rig(tmp_path, *items) as it:
        one = await it.subscribed()
        await it.later(DAY)
        assert it.wait() > 5 * HOUR
        it.parts.subscriber._ledger = Refusing()  # type: ignore[assignment]  # only this call is made
        with pytest.raises(DatabaseBusy):
            await it.parts.inbox.confirm(one.token, HubQuestion(mode="denied", topic=one.topic))
        assert it.one().standing is Standing.REFUSED
        assert it.wait() > 5 * HOUR
        it.parts.subscriber._ledger = it.home.store
        await it.parts.subscriber.tick()
        assert it.wait() < 5 * HOUR


async def test_a_poll_that_ends_while_the_hub_leaves_is_not_repeated_at_once(tmp_path: Path) -> None:
    """The source had just said for how long its list is fresh; what was known of it before said nothing."""
    items = [story(number, when=START - number * HOUR) for number in range(1, 40)]
    async with rig(tmp_path, *items) as it:
        one = await it.subscribed()
        await it.later(DAY)
        writer = it.home.writer

        class Behind:
            """The writer, who stores a poll by hand before what is asked of it here."""

            async def run(self, function: Callable[[], T]) -> T:
                assert [outcome.kind async for outcome in it.parts.pipeline.poll(it.home.store.states())] == [
                    "unchanged"
                ]
                return await writer.run(function)

            def close(self) -> None: ...

        it.clock.at += 4 * HOUR
        it.feeds.saying["a.xml"] = {"Cache-Control": "max-age=36000"}
        it.parts.subscriber._writer = Behind()
        await it.parts.subscriber.fall_back(one)
        assert it.state().last_poll_at == it.clock()
        assert it.wait() >= 10 * HOUR


async def test_a_delivery_that_waits_while_its_source_is_renamed_is_stored(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.subscribed()
        release = it.feeds.held["a.xml"] = threading.Event()
        it.clock.at += DAY
        polling = asyncio.create_task(it.parts.pipeline.poll_due())
        await until(lambda: it.parts.pipeline.in_flight)
        await elsewhere(partial(it.hub.distribute, rss(story(2), hub=it.hub.url)))
        (source,) = it.home.store.states()
        await until(lambda: len(waiting(it.parts.pipeline, source.id)) == 1)
        settings = it.parts.settings
        renamed = settings.sources[0].model_copy(update={"slug": "renamed", "formerly": ("news",)})
        settings = settings.model_copy(update={"sources": (renamed,)})
        apply = partial(applying.apply_configuration, settings, settings, it.home.store, it.clock())
        it.parts = await wiring.change(it.parts, settings, it.home, apply)
        release.set()
        await polling
        await until(lambda: not it.parts.inbox._work)
        assert it.home.store.outcomes(source.id)[0].kind == "pushed"


# ---------------------------------------------------------------- what is believed


async def test_forged_deliveries_are_answered_ignored_and_counted(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.subscribed()
        before = it.state()
        evil = rss(story(66), hub=it.hub.url)
        for how in ({"secret": "guessed"}, {"signed": False}, {"X_Hub_Signature": "md5=00"}):
            (answer,) = await it.distribute(evil, **how)
            assert answer.status == 202
        assert it.titles() == ["Story 1"]
        assert it.one().ignored == 3
        assert it.one().pushes == 0
        assert it.state() == before  # no poll either: nobody hurries us
        note = push_notes(it.parts.settings, it.home, it.clock())[before.id]
        assert "3 deliveries with a wrong signature ignored" in note.words


async def test_a_thin_ping_brings_the_poll_forward_within_courtesy(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.subscribed()
        it.feeds.documents["a.xml"] = rss(story(2), story(1), hub=it.hub.url)
        it.clock.at += timedelta(seconds=60)
        await it.distribute(b"")
        assert it.state().next_poll_at == START + timedelta(minutes=5)  # polling.manual_gap after the last one
        await it.distribute(b" ")
        await it.later()
        assert it.titles() == ["Story 1"]
        await it.later(timedelta(minutes=4))
        assert it.titles() == ["Story 1", "Story 2"]
        assert it.feeds.asked[-1].headers["If-None-Match"]
        assert it.one().missed == 0  # counted as pushed: the poll was the hub's doing


async def test_without_https_no_secret_is_told_and_nothing_is_believed(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.feeds.documents["a.xml"] = rss(story(1), hub=it.hub.url.replace("127.0.0.1", "localhost"))
        one = await it.subscribed()
        assert one.secret == ""
        assert "hub.secret" not in it.hub.asked()[0].form
        it.feeds.documents["a.xml"] = rss(story(2), story(1), hub=one.hub)
        it.clock.at += timedelta(minutes=6)
        await it.distribute(rss(story(66), hub=one.hub))
        assert it.titles() == ["Story 1"]
        await it.later()
        assert it.titles() == ["Story 1", "Story 2"]


@pytest.mark.parametrize(
    ("body", "how"),
    [
        (b"<html><body>no feed</body></html>", {"media_type": "text/html"}),
        (b"<rss><channel><title>cut", {}),
        (rss(story(66)), {"topic": "http://e.example/another"}),
    ],
)
async def test_what_cannot_be_read_or_is_of_another_topic_is_reason_to_ask_the_source(
    tmp_path: Path, body: bytes, how: dict[str, str]
) -> None:
    async with rig(tmp_path) as it:
        await it.subscribed()
        it.clock.at += timedelta(minutes=6)
        await it.distribute(body, **how)
        assert it.titles() == ["Story 1"]
        assert it.wait() <= timedelta(0)
        assert it.state().failures == 0


async def test_an_entry_known_by_its_link_only_is_left_to_the_poll(tmp_path: Path) -> None:
    """A link blog: entries with ids of their own share a link. One of them alone looks like the other one, changed."""
    async with rig(tmp_path, story(1, link="http://e.example/same"), story(5)) as it:
        await it.subscribed()
        both = rss(story(2, link="http://e.example/same"), story(3), hub=it.hub.url)
        it.clock.at += timedelta(minutes=6)
        await it.distribute(both)
        assert it.titles() == ["Story 1", "Story 3", "Story 5"]
        assert it.wait() <= timedelta(0)
        (pushed, *_) = it.home.store.outcomes(it.state().id)
        assert (pushed.kind, pushed.new) == ("pushed in part", 1)
        it.feeds.documents["a.xml"] = rss(
            *(story(number, link=f"http://e.example/{'same' if number < 3 else number}") for number in (3, 2, 1, 5)),
            hub=it.hub.url,
        )
        await it.later()
        assert it.titles() == ["Story 1", "Story 2", "Story 3", "Story 5"]


async def test_a_changed_entry_is_changed_by_a_push(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.subscribed()
        await it.distribute(rss(story(1, title="Story 1, corrected"), hub=it.hub.url))
        assert it.titles() == ["Story 1, corrected"]


async def test_many_deliveries_at_once_and_a_poll_between_lose_and_double_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.subscribed()
        it.feeds.documents["a.xml"] = rss(*(story(number) for number in range(1, 9)), hub=it.hub.url)
        it.clock.at += 2 * DAY
        sending = [
            elsewhere(it.hub.distribute, rss(story(number), story(number + 1), hub=it.hub.url))
            for number in range(2, 12)
        ]
        polling = asyncio.create_task(it.parts.pipeline.poll_due())
        answers = await asyncio.gather(*sending)
        await polling
        await until(lambda: not it.parts.inbox._work and not it.parts.pipeline.in_flight)
        await it.later()
        assert {answer.status for (answer,) in answers} == {202}
        assert it.titles() == sorted(f"Story {number}" for number in range(1, 13))
        assert it.one().pushes == 10
        assert it.feeds.count(200) == 2


# ---------------------------------------------------------------- hubs that fail


async def test_a_dead_hub_costs_nothing_but_is_asked_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        dead = probe.getsockname()[1]
    async with rig(tmp_path) as it:
        it.feeds.documents["a.xml"] = rss(story(1), hub=f"http://127.0.0.1:{dead}/hub")
        await it.later()
        await it.later()
        one = it.one()
        assert (one.failures, one.standing) == (1, Standing.WANTED)
        assert it.titles() == ["Story 1"]
        with hub(port=dead) as back:
            await it.later(timedelta(minutes=6))
            await until(lambda: it.one().standing is Standing.ACTIVE)
            assert len(back.asked()) == 1


async def test_a_hub_that_dies_while_on_duty_is_replaced_by_polls(tmp_path: Path) -> None:
    items = [story(number, when=START - number * HOUR) for number in range(1, 40)]
    async with rig(tmp_path, *items) as it:
        await it.subscribed()
        await it.later(DAY)
        assert it.wait() > 5 * HOUR
        it.hub.mode, it.hub.status = "refuse", 503
        items.insert(0, story(301, when=it.clock() + 9 * DAY))
        it.feeds.documents["a.xml"] = rss(*items, hub=it.hub.url)
        for _ in range(14):
            await it.later(DAY)
        assert it.one().standing in {Standing.WANTED, Standing.GIVEN_UP}
        assert it.one().failures > 2
        assert "Story 301" in it.titles()
        assert it.wait() < 12 * HOUR  # as usual after two silent weeks; a pushed source of this pace would wait a day
        it.hub.mode = "work"
        await it.later(8 * DAY)
        await until(lambda: it.one().standing is Standing.ACTIVE)


@pytest.mark.parametrize(
    ("behaviour", "standing", "words"),
    [
        ({"mode": "deny"}, Standing.REFUSED, "The hub refused: private topic."),
        ({"mode": "refuse", "status": 400}, Standing.WANTED, "The hub answered 400: the topic is not known here."),
        ({"mode": "mute"}, Standing.WANTED, "has not verified it yet"),
        ({"mode": "wrong-challenge"}, Standing.WANTED, "has not verified it yet"),
        ({"verify_topic": "http://e.example/other"}, Standing.WANTED, "has not verified it yet"),
        ({"mode": "forward", "status": 302}, Standing.WANTED, "would lose the request"),
    ],
)
async def test_a_hub_that_does_not_agree_is_explained(
    tmp_path: Path, behaviour: dict[str, object], standing: Standing, words: str
) -> None:
    async with rig(tmp_path, behaviour=behaviour) as it:
        await it.later()
        await it.later()
        if it.hub.mode not in {"refuse", "mute", "forward"}:
            await until(lambda: it.hub.posted[-1].verified)
        assert it.one().standing is standing
        assert words in push_notes(it.parts.settings, it.home, it.clock())[it.state().id].words
        assert it.hub.subscribers == {}
        assert it.wait() < 25 * HOUR
        if it.hub.mode == "wrong-challenge" or it.hub.verify_topic:
            assert it.hub.posted[-1].verified == 404


@pytest.mark.parametrize("status", [307, 308])
async def test_redirects_that_keep_the_request_are_followed(tmp_path: Path, status: int) -> None:
    async with rig(tmp_path, behaviour={"mode": "forward", "status": status}) as it:
        await it.subscribed()
        first, second = it.hub.posted
        assert (first.path, second.path) == ("/hub", "/elsewhere")
        assert first.form == second.form


async def test_a_denial_while_on_duty_brings_the_polls_back(tmp_path: Path) -> None:
    items = [story(number, when=START - number * HOUR) for number in range(1, 40)]
    async with rig(tmp_path, *items) as it:
        one = await it.subscribed()
        await it.later(DAY)
        assert it.wait() > 5 * HOUR
        it.clock.at += 3 * HOUR
        denied = partial(it.hub.ask, one.callback, mode="denied", topic=one.topic, reason="no more")
        answer = await elsewhere(denied)
        assert (answer.status, answer.body) == (200, "")
        assert it.one().standing is Standing.REFUSED
        assert it.wait() < timedelta(minutes=5)


# ---------------------------------------------------------------- when wishes change


async def test_another_hub_is_left_and_asked(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        old = await it.subscribed()
        with hub() as other:
            it.feeds.documents["a.xml"] = rss(story(2), story(1), hub=other.url)
            await it.later(2 * DAY)
            await it.later()
            await until(lambda: other.subscribers and not it.hub.subscribers)
            assert it.one().hub == other.url
            (left,) = it.hub.asked("unsubscribe")
            assert left.form["hub.callback"] == old.callback
            assert left.echoed == it.hub.challenge
            assert (await elsewhere(heard, urllib.request.Request(old.callback, b"x"))).status == 410


@pytest.mark.parametrize("more", [", enabled: false", ", websub: false"])
async def test_switching_off_ends_it_at_the_hub(tmp_path: Path, more: str) -> None:
    async with rig(tmp_path) as it:
        await it.subscribed()
        await it.parts.close(5)
        it.more = more
        await it.take()
        await it.later()
        await until(lambda: not it.hub.subscribers)
        assert all(one.standing is Standing.ENDED for one in it.home.store.subscriptions())
        await it.later(31 * DAY)
        await it.parts.subscriber.tidy()
        assert it.home.store.subscriptions() == []


async def test_another_public_address_means_another_callback(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        old = await it.subscribed()
        await it.parts.close(5)
        await it.take(it.base.replace("127.0.0.1", "localhost"))
        await it.later()
        await until(lambda: it.one().standing is Standing.ACTIVE)
        new = it.one()
        assert new.callback.startswith("http://localhost:")
        assert (new.token == old.token, new.secret == old.secret) == (False, False)
        await until(lambda: list(it.hub.subscribers) == [new.callback])


async def test_on_a_private_address_nothing_is_asked_unless_told_to(tmp_path: Path) -> None:
    async with rig(tmp_path, subscribe="auto") as it:
        await it.later()
        await it.later()
        assert it.hub.posted == []
        (note,) = push_notes(it.parts.settings, it.home, it.clock()).values()
        assert "hubs cannot reach" in note.words


async def test_hub_and_self_of_the_header_are_found_and_come_first(tmp_path: Path) -> None:
    async with rig(tmp_path) as it, HostileServer() as server:
        link = f'<{it.hub.url}>; rel="hub", <http://e.example/by-header>; rel="self"'
        document = rss(story(1), hub="http://127.0.0.1:1/", own="http://e.example/by-document")
        it.feeds.port = server.port
        server.route("/a.xml", answer(200, document, Content_Type="application/rss+xml", Link=link))
        await it.take()
        await it.later(DAY)
        await it.later()
        assert [one.form["hub.topic"] for one in it.hub.asked()] == ["http://e.example/by-header"]
        await until(lambda: it.hub.subscribers)


# ---------------------------------------------------------------- attacks on the callback


async def test_only_our_own_wish_is_verified(tmp_path: Path) -> None:
    async with rig(tmp_path, behaviour={"mode": "mute"}) as it:
        await it.later()
        await it.later()
        one = it.one()
        fields = {"topic": one.topic, "challenge": "x", "lease_seconds": "99"}
        unknown = one.callback[:-1] + ("A" if one.callback[-1] != "A" else "B")
        for callback, changes, method in [
            (unknown, {}, "GET"),
            (f"{it.base}/websub/" + "t" * 500, {}, "GET"),
            (one.callback, {"topic": "http://e.example/other"}, "GET"),
            (one.callback, {"mode": "unsubscribe"}, "GET"),
            (one.callback, {"challenge": ""}, "GET"),
            (one.callback, {"mode": "publish"}, "GET"),
        ]:
            answer = await elsewhere(
                partial(it.hub.ask, callback, method, **({"mode": "subscribe"} | fields | changes))
            )
            assert answer.status == 404
            assert "x" not in answer.body.replace("callback", "")
        assert (await elsewhere(partial(it.hub.ask, one.callback, "HEAD", mode="subscribe", **fields))).status == 405
        assert it.one() == one
        assert (await elsewhere(partial(it.hub.ask, one.callback, mode="subscribe", **fields))).status == 200


async def test_a_challenge_is_echoed_as_plain_text_and_nothing_else(tmp_path: Path) -> None:
    nasty = "<script>alert(1)</script>\r\nSet-Cookie: a=b é"
    async with rig(tmp_path, behaviour={"challenge": nasty}) as it:
        await it.later()
        await it.later()
        await until(lambda: it.one().standing is Standing.ACTIVE)
        one = it.one()
        path = one.callback.removeprefix(it.base)
        query = f"hub.mode=subscribe&hub.topic={quote(one.topic)}&hub.challenge={quote(nasty)}&hub.lease_seconds=60"
        answer = await elsewhere(heard, urllib.request.Request(f"{it.base}{path}?{query}"))
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.body == nasty
        assert "set-cookie" not in answer.headers


async def raw(it: Rig, head: str, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send a POST piece by piece; the answer's first line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(it.base.rpartition(":")[2]))
    path = it.one().callback.removeprefix(it.base)
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.readline(), 20)
    except ConnectionError:
        return b"reset"
    finally:
        writer.close()


async def test_bodies_are_bounded_in_size_time_and_number(tmp_path: Path) -> None:
    async with rig(tmp_path, total="2s") as it:
        await it.subscribed()
        assert b" 413 " in await raw(it, "Content-Length: 300000")
        chunked = [b"10000\r\n" + b"x" * 65536 + b"\r\n" for _ in range(6)]
        assert await raw(it, "Transfer-Encoding: chunked", *chunked) in {
            b"HTTP/1.1 413 Content Too Large\r\n",
            b"HTTP/1.1 413 Request Entity Too Large\r\n",
            b"reset",
        }
        assert b" 408 " in await raw(it, "Content-Length: 1000", b"a bit")
        assert b" 415 " in await raw(it, "Content-Length: 3\r\nContent-Encoding: gzip", b"abc")
        await until(lambda: it.parts.inbox._held == 0)
        waiting = [asyncio.create_task(raw(it, "Content-Length: 1000", b"a bit")) for _ in range(70)]
        said = await asyncio.gather(*waiting)
        assert sum(b" 503 " in one for one in said) == 6
        assert sum(b" 408 " in one for one in said) == 64
        assert (it.parts.inbox._held, it.parts.inbox._reading, it.one().ignored) == (0, 0, 0)
        (answer,) = await it.distribute(rss(story(2), hub=it.hub.url))
        assert (answer.status, it.titles()) == (202, ["Story 1", "Story 2"])


async def test_while_the_database_cannot_be_written_hubs_are_asked_to_come_back(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.subscribed()
        it.parts.pipeline._held_until = it.clock() + timedelta(minutes=1)
        (answer,) = await it.distribute(rss(story(2), hub=it.hub.url))
        assert (answer.status, answer.headers["retry-after"]) == (503, "60")


async def test_a_process_that_only_serves_hears_no_hub(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        one = await it.subscribed()
        it.server.replace(create_app(replace(it.serve_parts(), pushes=None)))
        (answer,) = await it.distribute(rss(story(2), hub=it.hub.url))
        assert answer.status == 503
        assert (await elsewhere(partial(it.hub.ask, one.callback, mode="subscribe"))).status == 503


async def test_pages_tell_of_the_hub_and_of_no_secret(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        one = await it.subscribed()
        page = await elsewhere(heard, urllib.request.Request(f"{it.base}/status"))
        told = await elsewhere(heard, urllib.request.Request(f"{it.base}/status.json"))
        metrics = await elsewhere(heard, urllib.request.Request(f"{it.base}/metrics"))
        assert "Pushed by 127.0.0.1 until" in page.body
        assert '"standing":"active"' in told.body
        assert 'kind="websub"' in metrics.body
        for text in (page.body, told.body, metrics.body, repr(one)):
            assert one.token not in text
            assert one.secret not in text
