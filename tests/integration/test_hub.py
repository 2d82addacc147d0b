"""Our own hub: real server, real callbacks, real database; only the clock is ours."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from feedhub import applying, instance, wiring
from feedhub.clock_jumps import ClockJumps
from feedhub.config import load_text
from feedhub.instance import hub_note
from feedhub.model import Feed, FeedKind, Format, Insert
from feedhub.ports import EntryChange, TopicSpec, Vitals
from feedhub.ports.hub import HubSubscription
from feedhub.schedule import explain
from feedhub.serve.app import create_app, not_ready
from feedhub.serve.parts import ServeParts
from feedhub.serve.uvicorn_server import HttpServer
from feedhub.store.upgrading import migrate
from support.hub import Heard, hub
from support.installed import Answer, get
from support.stories import draft, poll, spec
from support.subscriber import Delivery, Subscriber, posted, subscriber

T = TypeVar("T")
START = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECRET = "đừng nói — hush"

CONFIG = """
site: {{base_url: '{base}'}}
polling:
  allow_networks: [{allow}]
  ports: ["1-65535"]
  workers: 1
hub: {hub}
feeds: {feeds}
database: {{url: 'sqlite:///{database}'}}
sources: [{{url: 'http://news.example/feed', slug: news}}, {{url: 'http://other.example/feed', slug: other}}]
topics: {{rates: {{title: Rates, any: [rates]}}, ships: {{title: Ships, any: [ships]}}}}
"""


@dataclass
class Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Rig:
    """One FeedHub with its hub. Entries are committed as a poll would commit them."""

    folder: Path
    hub: str = "own"
    feeds: str = "{}"
    allow: str = "127.0.0.0/8"
    prefix: str = ""
    clock: Clock = field(default_factory=Clock)
    home: instance.Home = field(init=False)
    parts: wiring.Parts = field(init=False)
    server: HttpServer = field(init=False)
    base: str = ""
    written: int = 0

    async def open(self) -> None:
        self.server = HttpServer(not_ready, "127.0.0.1", 0)
        host, port = await self.server.start()
        self.base = f"http://{host}:{port}{self.prefix}"
        settings = self.settings()
        migrate(instance.database_url(settings))
        self.home = instance.open_home(settings)
        await self.home.writer.run(
            partial(applying.apply_configuration, settings, settings, self.home.store, self.clock(), lambda: 0.0)
        )
        self.parts = wiring.build(settings, self.home, clock=self.clock)
        self.serve()
        self.parts.telling.distributor.start()

    def settings(self) -> Any:
        text = CONFIG.format(
            base=self.base, database=self.folder / "hub.db", hub=self.hub, feeds=self.feeds, allow=self.allow
        )
        return load_text(text, self.folder / "config.yaml", {})

    async def change(self, **how: str) -> None:
        """Another configuration, as a reload brings it."""
        for name, value in how.items():
            setattr(self, name, value)
        settings = self.settings()
        apply = partial(applying.apply_configuration, settings, settings, self.home.store, self.clock(), lambda: 0.0)
        self.parts = await wiring.change(self.parts, settings, self.home, apply)
        self.serve()

    def serve(self) -> None:
        parts = self.parts
        self.server.replace(
            create_app(
                ServeParts(
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
                    hub=parts.telling.hub,
                    hub_note=lambda: hub_note(parts.settings, self.home, self.clock()),
                    hub_figures=parts.telling.figures,
                    searching=self.home.store,
                    selections=parts.shelf.press,
                    writes=lambda: self.home.store.writes,
                )
            )
        )

    async def close(self, grace: float = 5) -> None:
        await self.parts.close(grace)
        await self.server.stop(1)
        self.home.close()

    # ---- what happens

    async def news(self, *names: str, topics: tuple[str, ...] = ("rates",), age: timedelta = HOUR) -> None:
        """Commit new entries, and tell the distributor as the pipeline does."""
        committed = await self.home.writer.run(partial(self._commit, names, topics, age))
        self.parts.telling.distributor.committed(committed)

    def _commit(self, names: tuple[str, ...], topics: tuple[str, ...], age: timedelta) -> Any:
        (state,) = self.home.store.states(["news"])
        drafts = []
        for name in names:
            self.written += 1
            at = self.clock() - age + timedelta(seconds=self.written)
            drafts.append((draft("news", name, at=at, topics=topics), Insert()))
        with self.home.store.transaction() as transaction:
            return transaction.apply([poll(state, *drafts, at=self.clock())]).feeds

    async def later(self, wait: timedelta) -> None:
        """Move the clock, and look at all that is due with subscribers and hubs."""
        self.clock.at += wait
        await self.parts.telling.tick()
        self.parts.telling.distributor.look()
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until everything that is owed now was tried, and all of it is written down."""
        telling = self.parts.telling
        tasks = telling.hub._asking, telling.hub._denying, telling.announcer._telling
        while True:
            telling.distributor.look()
            await telling.distributor.round()
            if not any(tasks) and not telling.distributor._on_the_way and not telling.distributor._done:
                owed = await asyncio.to_thread(self.home.store.owed, self.clock())
                if not owed:
                    return
            await asyncio.sleep(0.01)

    # ---- what there is

    def topic(self, path: str = "/topics/rates.atom") -> str:
        return self.base + path

    def all(self) -> list[HubSubscription]:
        return [one.subscription for one in self.home.store.hub_subscriptions()]

    def one(self) -> HubSubscription:
        (one,) = self.all()
        return one

    async def get(self, path: str, **headers: str) -> Answer:
        return await elsewhere(get, self.base + path, headers)

    async def subscribed(self, ours: Subscriber, path: str = "/topics/rates.atom", **how: str) -> None:
        """Subscribe, and wait for the verification."""
        before = len(self.all())
        answer = await self.ask(ours, path, **how)
        assert answer.status == 202, answer.body
        await until(lambda: len(self.all()) == before + 1)

    async def ask(
        self, ours: Subscriber, path: str = "/topics/rates.atom", mode: str = "subscribe", **how: str
    ) -> Heard:
        topic = path if "://" in path else self.topic(path)
        callback = how.pop("callback_path", "/cb")
        return await elsewhere(partial(ours.ask, f"{self.base}/hub", topic, mode, path=callback, **how))


THREADS = ThreadPoolExecutor(12, "subscribers")


async def elsewhere(work: Callable[..., T], *arguments: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(THREADS, partial(work, *arguments))


async def until(condition: Callable[[], object], within: float = 10.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def rig(folder: Path, **how: Any) -> AsyncIterator[Rig]:
    it = Rig(folder, **how)
    await it.open()
    try:
        await it.news("rates-0")
        yield it
    finally:
        await it.close()


def titles(delivery: Delivery) -> list[str]:
    return re.findall(r"<title[^>]*>(\S+ of \w+)</title>", delivery.body.decode())


# ---------------------------------------------------------------- what it is for


async def test_a_change_is_delivered_within_a_second(tmp_path: Path) -> None:
    """The quickest of five, poll included: other programs may hold up any one of them, a timer of ours would hold up all."""
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours, "/topics/rates.atom")
            taken: list[float] = []
            for number in range(5):
                began = time.monotonic()
                await it.news(f"rates-{number + 1}")
                await until(lambda: len(ours.deliveries) > len(taken))
                taken.append(ours.deliveries[-1].at - began)
            assert min(taken) < 1.0


@pytest.mark.parametrize("form", list(Format), ids=lambda form: form.value)
async def test_a_change_is_delivered_as_the_document_that_a_reader_would_get(tmp_path: Path, form: Format) -> None:
    path = f"/topics/rates.{form.value}"
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours, path, secret=SECRET, lease_seconds="864000")
            (asked,) = ours.asked("subscribe")
            assert asked.query["hub.topic"] == it.topic(path)
            assert asked.query["hub.lease_seconds"] == "864000"
            assert len(asked.query["hub.challenge"]) >= 40
            assert ours.deliveries == []  # what was there before, its subscriber has
            await it.news("rates-1")
            await until(lambda: ours.deliveries)
            (got,) = ours.deliveries
            document = await it.get(path)
            assert got.body == document.body
            assert b"rates-1 of news" in got.body
            assert got.headers["content-type"] == document.headers["content-type"] == form.media_type
            assert got.headers["link"] == f'<{it.base}/hub>; rel="hub", <{it.topic(path)}>; rel="self"'
            assert got.headers["x-hub-signature"].startswith("sha256=")
            assert got.is_signed(SECRET)
            assert not got.is_signed("another")
            await it.quiet()
            assert it.one().deliveries == 1


async def test_documents_and_answers_name_the_hub(tmp_path: Path) -> None:
    async with rig(tmp_path, feeds='{size: 2, private: {authors/ana: ["token-of-ana"]}}') as it:
        await it.news(*(f"rates-{number}" for number in range(1, 60)))
        await it.news("ships-1", topics=("ships",))
        link = f'<{it.base}/hub>; rel="hub", <{{}}>; rel="self"'
        for ending, said in (
            ("atom", f'<link href="{it.base}/hub" rel="hub"/>'),
            ("rss", f'<atom:link rel="hub" href="{it.base}/hub"/>'),
        ):
            answer = await it.get(f"/topics/rates.{ending}")
            assert answer.headers["link"] == link.format(it.topic(f"/topics/rates.{ending}"))
            assert said in answer.body.decode()
        told = await it.get("/topics/rates.json")
        assert json.loads(told.body)["hubs"] == [{"type": "WebSub", "url": f"{it.base}/hub"}]
        assert "Link" in told.headers["access-control-expose-headers"]
        again = await it.get("/topics/rates.json")  # by the short way
        assert again.headers["link"] == told.headers["link"]
        unchanged = await it.get("/topics/rates.json", **{"If-None-Match": told.headers["etag"]})
        assert (unchanged.status, "link" in unchanged.headers) == (304, False)
        negotiated = await it.get("/topics/rates", Accept="application/atom+xml")
        assert negotiated.headers["link"] == link.format(it.topic())
        older = re.search(r"before=[0-9-]+", told.body.decode())
        assert older is not None
        for path in (
            f"/topics/rates.json?{older[0]}",
            "/topics/rates/archive/1.json",
            "/topics/rates+ships.json",
            "/topics/rates.json?source=news",
            "/search.json?q=rates",
            "/private/token-of-ana/authors/ana.json",
        ):
            answer = await it.get(path)
            assert answer.status == 200, path
            assert "link" not in answer.headers
            assert "/hub" not in answer.body.decode(), path


async def test_a_folder_of_files_names_hubs_of_others_only(tmp_path: Path) -> None:
    async with rig(tmp_path, hub="{own: true, others: ['https://hub.example.net/']}") as it:
        press = wiring.build_shelf(it.parts.settings, it.home, paged=False).press
        feed = it.home.store.feed(FeedKind.TOPIC, "rates")
        assert isinstance(feed, Feed)
        exported = json.loads(press.document(feed, Format.JSON).body)
        assert exported["hubs"] == [{"type": "WebSub", "url": "https://hub.example.net/"}]
        served = json.loads((await it.get("/topics/rates.json")).body)
        assert [one["url"] for one in served["hubs"]] == [f"{it.base}/hub", "https://hub.example.net/"]


async def test_a_renamed_feed_keeps_its_subscribers_and_is_still_found_by_its_old_address(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours)
            renamed = TopicSpec(key="prices", title="Prices", formerly=("rates",))
            store = it.home.store
            await it.home.writer.run(partial(store.sync, [spec("news")], [renamed], it.clock()))
            await it.news("prices-1", topics=("prices",))
            await it.quiet()
            assert b"prices-1 of news" in ours.deliveries[-1].body
            assert f'<{it.topic("/topics/prices.atom")}>; rel="self"' in ours.deliveries[-1].headers["link"]
            await it.subscribed(ours, callback_path="/later")  # by the old address, which the question repeats
            assert ours.questions[-1].query["hub.topic"] == it.topic()


async def test_without_a_hub_nothing_is_named_and_nobody_is_heard(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path, hub="off") as it:
            answer = await it.get("/topics/rates.atom")
            assert "link" not in answer.headers
            assert b"/hub" not in answer.body
            assert (await it.ask(ours)).status == 404
            assert ours.questions == []


# ---------------------------------------------------------------- who may subscribe


@pytest.mark.parametrize("challenge", ["wrong", "none", "refuse", "redirect"])
async def test_who_does_not_answer_with_the_challenge_is_not_subscribed(tmp_path: Path, challenge: str) -> None:
    with subscriber(challenge=challenge) as ours:
        async with rig(tmp_path) as it:
            assert (await it.ask(ours)).status == 202
            await until(lambda: it.parts.telling.figures().get("not confirmed") == 1)
            await it.news("rates-1")
            await it.quiet()
            assert it.all() == []
            assert it.home.store.hub_requests(9) == []
            assert ours.deliveries == []
            assert len(ours.questions) == 1  # asked once, and sent on nowhere


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("http://elsewhere.example/topics/rates.atom", 404, "this hub is for the feeds of"),
        ("/topics/nothing.atom", 404, "no such feed"),
        ("/topics/ships.atom", 404, "no such feed"),
        ("/topics/rates", 422, r"one of its formats \(.atom, .rss, .json\)"),
        ("/topics/rates.atom?source=news", 422, "please poll them"),
        ("/topics/rates.atom?", 422, "please poll them"),
        ("/topics/rates+ships.atom", 422, "please poll them"),
        ("/search.atom?q=rates", 422, "please poll them"),
        ("/topics/rates/archive/1.atom", 422, "please poll them"),
        ("/feeds.opml", 404, "please poll them"),
        ("/private/token-of-the-ships/topics/ships.atom", 404, "no such feed"),
    ],
)
async def test_what_cannot_be_delivered_is_refused_with_the_reason(
    tmp_path: Path, path: str, status: int, words: str
) -> None:
    with subscriber() as ours:
        async with rig(tmp_path, feeds='{private: {topics/ships: ["token-of-the-ships"]}}') as it:
            await it.news("ships-1", topics=("ships",))
            answer = await it.ask(ours, path)
            assert answer.status == status
            assert re.search(words, answer.body)
            assert answer.headers["content-type"].startswith("text/plain")
            assert ours.questions == []


@pytest.mark.parametrize(
    "callback",
    [
        "http://10.0.0.1/cb",
        "http://[::1]/cb",
        "http://0x7f.1/cb",
        "http://169.254.169.254/latest",
        "ftp://a.example/cb",
    ],
)
async def test_a_callback_may_not_be_an_internal_address(tmp_path: Path, callback: str) -> None:
    async with rig(tmp_path) as it:
        form = {"hub.mode": "subscribe", "hub.topic": it.topic(), "hub.callback": callback}
        answer = await elsewhere(posted, f"{it.base}/hub", form)
        assert (answer.status, "not allowed" in answer.body) == (403, True)


async def test_a_name_that_leads_to_an_internal_address_is_refused_when_it_is_connected(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path, allow="") as it:  # the name is all right; its address is not
            callback = f"http://localhost:{ours.port}/cb"
            form = {"hub.mode": "subscribe", "hub.topic": it.topic(), "hub.callback": callback}
            assert (await elsewhere(posted, f"{it.base}/hub", form)).status == 202
            await until(lambda: it.parts.telling.figures().get("not confirmed") == 1)
            assert (ours.questions, it.all()) == ([], [])


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (b"\xff\xfe", 400),
        (b"&".join(b"a=%d" % number for number in range(40)), 400),
        (b"a" * 20_000, 413),
        (b"hub.mode=publish&hub.url=http%3A%2F%2Fa.example%2F", 400),
    ],
)
async def test_what_is_no_form_of_a_subscriber(tmp_path: Path, form: bytes, status: int) -> None:
    async with rig(tmp_path) as it:
        assert (await elsewhere(posted, f"{it.base}/hub", form)).status == status
        assert (await elsewhere(posted, f"{it.base}/hub", b"{}", "application/json")).status == 415
        about = await it.get("/hub")
        assert (about.status, b"WebSub" in about.body) == (200, True)


async def test_caps_hold_for_each_feed_each_domain_and_in_all(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path, hub="{own: true, per_feed: 2, per_host: 3, most: 10}") as it:
            await it.subscribed(ours, callback_path="/1")
            await it.subscribed(ours, "/topics/rates.rss", callback_path="/2")
            refused = await it.ask(ours, callback_path="/3")
            assert (refused.status, "This feed" in refused.body) == (429, True)
            assert refused.headers["retry-after"] == "3600"
            await it.subscribed(ours, "/all.atom", callback_path="/3")
            refused = await it.ask(ours, "/sources/news.atom", callback_path="/4")
            assert (refused.status, "Your domain" in refused.body) == (429, True)
            assert (await it.ask(ours, callback_path="/1")).status == 202  # a renewal adds nothing
            await it.quiet()
            await it.change(hub="{own: true, most: 3}")
            refused = await it.ask(ours, "/sources/news.atom", callback_path="/4")
            assert (refused.status, "The hub has" in refused.body) == (429, True)
            assert (await it.ask(ours, callback_path="/1", mode="unsubscribe")).status == 202
            await until(lambda: len(it.all()) == 2)
            await it.subscribed(ours, "/sources/news.atom", callback_path="/4")


async def test_a_domain_that_confirms_nothing_is_left_alone_for_a_while(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours, callback_path="/good")
            ours.challenge = "refuse"
            for number in range(10):
                assert (await it.ask(ours, callback_path=f"/victim/{number}")).status == 202
            await until(lambda: it.parts.telling.figures().get("not confirmed") == 10)
            refused = await it.ask(ours, callback_path="/victim/11")
            assert (refused.status, refused.headers["retry-after"]) == (429, "900")
            ours.challenge = "echo"
            assert (await it.ask(ours, callback_path="/good")).status == 202  # who is known may renew
            await it.quiet()
            assert (
                await it.ask(ours, callback_path="/victim/11")
            ).status == 202  # and has shown that somebody is there
            await it.quiet()


async def test_a_challenge_with_megabytes_behind_it_is_none(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            ours.challenge = "long"
            assert (await it.ask(ours)).status == 202
            await until(lambda: it.parts.telling.figures().get("not confirmed") == 1)
            assert it.all() == []


# ---------------------------------------------------------------- leases


async def test_leases_are_bounded_renewed_and_run_out(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path, hub="{own: true, lease: {min: 1h, usual: 2d, max: 5d}}") as it:
            for asked, granted in (("60", HOUR), ("", 2 * DAY), ("999999999", 5 * DAY)):
                how = {"lease_seconds": asked} if asked else {}
                await it.subscribed(ours, callback_path=f"/{asked}", **how)
                (question,) = [one for one in ours.questions if one.path == f"/{asked}"]
                assert question.query["hub.lease_seconds"] == str(int(granted.total_seconds()))
            await it.later(2 * HOUR)  # the first has run out
            assert len(it.all()) == 2
            await it.news("rates-1")
            await it.quiet()
            assert {one.path for one in ours.deliveries} == {"/", "/999999999"}
            await it.later(DAY)
            assert (await it.ask(ours, callback_path="/", secret="new")).status == 202
            await until(lambda: {one.secret for one in it.all()} == {"", "new"})
            await it.later(DAY + HOUR)  # renewed, else it were over
            await it.news("rates-2")
            await it.quiet()
            assert ours.deliveries[-1].path in {"/", "/999999999"}
            assert [one.is_signed("new") for one in ours.deliveries if one.path == "/"] == [False, True]
            await it.later(9 * DAY)
            assert it.all() == []


async def test_a_renewal_that_is_not_confirmed_changes_nothing(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours, secret="old")
            before = it.one()
            ours.challenge = "wrong"  # a stranger posts in the subscriber's name
            for mode in ("subscribe", "unsubscribe"):
                assert (await it.ask(ours, mode=mode, secret="stolen")).status == 202
                await it.quiet()
                assert it.one() == before
            await it.news("rates-1")
            await it.quiet()
            assert ours.deliveries[0].is_signed("old")


async def test_who_unsubscribes_gets_nothing_any_more(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours)
            assert (await it.ask(ours, mode="unsubscribe")).status == 202
            await until(lambda: not it.all())
            (asked,) = ours.asked("unsubscribe")
            assert "hub.lease_seconds" not in asked.query
            await it.news("rates-1")
            await it.quiet()
            assert ours.deliveries == []


async def test_parameters_of_a_callback_stay(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours, callback_path="/cb?id=7%2F8&x=")
            assert ours.questions[0].query["id"] == "7/8"


# ---------------------------------------------------------------- deliveries that fail


async def test_a_failed_delivery_is_tried_again_later_each_time_and_then_given_up(tmp_path: Path) -> None:
    with subscriber(status=500) as ours:
        async with rig(tmp_path, hub="{own: true, give_up_after: 1d}") as it:
            await it.subscribed(ours)
            await it.news("rates-1")
            await it.quiet()
            waits = []
            while it.all():
                one = it.one()
                assert one.due_at is not None
                assert one.detail == "The subscriber answered 500."
                waits.append((one.due_at - it.clock()).total_seconds())
                assert len(ours.deliveries) == len(waits)
                await it.later(one.due_at - it.clock() - timedelta(seconds=1))
                assert len(ours.deliveries) == len(waits)  # not a second early
                await it.later(timedelta(seconds=1))
            assert 10 <= waits[0] <= 12
            uncapped = [wait for wait in waits if wait < 6 * 3600]
            assert uncapped == sorted(uncapped)
            assert len(uncapped) > 8
            assert max(waits) <= 6 * 3600 * 1.2
            assert it.clock() - START >= DAY
            assert it.parts.telling.figures()["dropped"] == 1


async def test_a_subscriber_that_comes_back_gets_the_feed_as_it_is_then(tmp_path: Path) -> None:
    with subscriber(status=503, more={"Retry-After": "7200"}) as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours)
            await it.news("rates-1")
            await it.quiet()
            assert it.one().due_at == START + 2 * HOUR  # as it asked for
            await it.news("rates-2")
            await it.later(HOUR)
            assert len(ours.deliveries) == 1  # news are no reason to disturb it
            ours.status, ours.more = 200, {}
            await it.later(HOUR)
            assert titles(ours.deliveries[1]) == ["rates-2 of news", "rates-1 of news", "rates-0 of news"]
            one = it.one()
            assert (one.failures, one.failing_since, one.detail) == (0, None, "")


@pytest.mark.parametrize(("status", "stays"), [(410, False), (302, True), (404, True)])
async def test_410_ends_a_subscription_and_no_redirect_is_followed(tmp_path: Path, status: int, stays: bool) -> None:
    with subscriber(status=status) as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours)
            await it.news("rates-1")
            await it.quiet()
            assert bool(it.all()) is stays
            assert [one.path for one in ours.deliveries] == ["/cb"]


async def test_a_failed_delivery_is_tried_again_in_time_when_the_clock_is_set_back(tmp_path: Path) -> None:
    """The moment to look again was kept in memory too, and not reached before the old time came again."""
    with subscriber(status=500) as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours)
            jumps = ClockJumps(it.home.store, it.home.writer, it.clock, lambda: 0.0, it.parts.clock_was_set)
            await it.news("rates-1")
            await it.quiet()
            assert it.one().failures == 1
            ours.status = 202
            it.clock.at -= DAY
            assert await jumps.look() == -DAY
            it.clock.at += MINUTE
            await until(lambda: len(ours.deliveries) == 2)


async def test_leases_run_out_when_the_clock_was_set_back(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.later(MINUTE)
            jumps = ClockJumps(it.home.store, it.home.writer, it.clock, lambda: 0.0, it.parts.clock_was_set)
            it.clock.at -= 365 * DAY
            await jumps.look()
            await it.subscribed(ours, lease_seconds="86400")
            await it.later(2 * DAY)
            assert it.all() == []


@pytest.mark.parametrize("status", [500, 410])
async def test_a_renewal_outlives_the_failure_of_a_delivery_that_began_before_it(tmp_path: Path, status: int) -> None:
    with subscriber(status=500) as ours:
        async with rig(tmp_path, hub="{own: true, give_up_after: 1d}") as it:
            await it.subscribed(ours)
            await it.news("rates-1")
            await it.quiet()
            assert it.one().failures == 1
            ours.status, release = status, threading.Event()
            ours.held["/cb"] = release
            it.clock.at += 2 * DAY
            it.parts.telling.distributor.look()
            await until(lambda: len(ours.started) == 2)
            assert (await it.ask(ours)).status == 202
            await until(lambda: it.one().failures == 0)
            ours.status = 202
            release.set()
            await until(lambda: len(ours.deliveries) >= 2)
            await it.quiet()
            assert [one.answered for one in ours.deliveries] == [500, status, 202]
            assert it.one().failures == 0


async def test_what_was_signed_with_the_secret_before_is_delivered_again(tmp_path: Path) -> None:
    """Who has renewed with another secret takes a signature with the earlier one for a forgery, and says 2xx all the same."""
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours, secret="before")
            ours.held["/cb"] = release = threading.Event()
            await it.news("rates-1")
            await until(lambda: ours.started)
            assert (await it.ask(ours, secret="after")).status == 202
            await until(lambda: it.one().secret == "after")
            release.set()
            await until(lambda: ours.deliveries)
            await it.quiet()
            assert [one.is_signed("after") for one in ours.deliveries] == [False, True]


async def test_a_slow_subscriber_delays_nobody(tmp_path: Path) -> None:
    hub = "{own: true, concurrency: 4, host_concurrency: 4, timeout: 9s}"
    with subscriber() as ours:
        async with rig(tmp_path, hub=hub) as it:
            for number in range(8):
                await it.subscribed(ours, callback_path=f"/{number}")
            ours.delays = {"/0": 4, "/1": 4}  # half of the places are theirs
            await it.news("rates-1")
            await until(lambda: {one.path for one in ours.deliveries} >= {f"/{n}" for n in range(2, 8)})
            assert not {"/0", "/1"} & {one.path for one in ours.deliveries}
            await until(lambda: len(ours.deliveries) == 8)
            # From now on they are known to be slow, and many more of them could not take more than half of the places.
            began = time.monotonic()
            await it.news("rates-2")
            await until(lambda: len(ours.deliveries) == 16)
            later = [one.path for one in ours.deliveries if one.at > began]
            assert set(later[:6]) == {f"/{n}" for n in range(2, 8)}


async def test_those_who_failed_wait_for_their_half_of_the_places_and_the_others_do_not(tmp_path: Path) -> None:
    hub = "{own: true, concurrency: 4, host_concurrency: 4, timeout: 9s}"
    with subscriber() as ours:
        async with rig(tmp_path, hub=hub) as it:
            for number in range(7):
                await it.subscribed(ours, callback_path=f"/{number}")
            failing = [f"/{number}" for number in range(4)]
            ours.statuses = dict.fromkeys(failing, 500)
            await it.news("rates-1")
            await it.quiet()
            ours.delays = dict.fromkeys(failing, 3)
            ours.started.clear()
            it.clock.at += MINUTE
            it.parts.telling.distributor.look()
            await until(lambda: len(ours.started) == 2)
            await it.news("rates-2")
            await until(lambda: len(ours.started) == 5)
            assert set(ours.started[2:]) == {"/4", "/5", "/6"}
            await until(lambda: set(ours.started) >= set(failing))


async def test_versions_arrive_in_their_order(tmp_path: Path) -> None:
    with subscriber(delay=0.2) as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours)
            for number in range(1, 7):
                await it.news(f"rates-{number}")
                await asyncio.sleep(0.1)
            await it.quiet()
            counts = [len(titles(one)) for one in ours.deliveries]
            assert counts == sorted(set(counts))  # never an older one after a newer one, none twice
            assert counts[-1] == 7
            assert len(counts) < 6  # what came while one was on its way went together


async def test_what_is_committed_while_a_document_is_made_is_not_told_twice(tmp_path: Path) -> None:
    """Found in service: the feed's row was read, then came a commit, then its entries were read. Both heads were delivered."""
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours)
            store = it.home.store
            outlines, late = store.outlines, ["rates-2"]

            def disturbed(*asked: Any) -> Any:
                while late:
                    it._commit((late.pop(),), ("rates",), HOUR)
                return outlines(*asked)

            store.outlines = disturbed  # type: ignore[method-assign, assignment]
            await it.news("rates-1")
            await it.quiet()
            assert [titles(one)[:2] for one in ours.deliveries] == [["rates-2 of news", "rates-1 of news"]]
            assert it.parts.telling.figures()["unchanged"] == 1


async def test_a_document_is_rendered_once_for_all_its_subscribers(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            for number in range(12):
                await it.subscribed(ours, callback_path=f"/{number}")
            press = it.parts.shelf.press
            rendered = []
            made = press._made

            def counted(feed: Any, part: Any) -> Any:
                rendered.append((feed.path, part.format))
                return made(feed, part)

            press._made = counted  # type: ignore[method-assign]
            await it.news("rates-1")
            await it.quiet()
            assert len(ours.deliveries) == 12
            assert rendered == [("/topics/rates", Format.ATOM)]


async def test_what_changes_nothing_on_the_newest_page_is_not_delivered(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path, feeds="{size: 1}") as it:
            await it.news("rates-1")
            await it.subscribed(ours)
            await it.news("rates-2")
            await it.quiet()
            before = it.one()
            await it.news("ships-1", topics=("ships",))
            await it.quiet()
            assert it.one() == before
            await it.news("rates-3", age=DAY)  # late: it stands on an older page
            await it.quiet()
            assert it.one().version > before.version
            assert it.parts.telling.figures()["unchanged"] == 1
            assert len(ours.deliveries) == 1


async def test_a_withdrawn_entry_is_told_without_a_poll(tmp_path: Path) -> None:
    """Whatever changes a feed, in whatever process: the database says that something is owed."""
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours)
            (entry,) = it.home.store.page(it.home.store.feed(FeedKind.TOPIC, "rates").id, 9)  # type: ignore[union-attr]
            it.parts.telling.distributor._stale = False
            await it.home.writer.run(partial(instance.change_entry, it.home, entry.id, EntryChange.WITHDRAW))
            await until(lambda: ours.deliveries)
            assert b"deleted-entry" in ours.deliveries[0].body


# ---------------------------------------------------------------- restarts and reloads


async def test_what_was_owed_when_the_process_ended_is_delivered_by_the_next(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours, secret="s")
            it.parts.telling.distributor._stopped = True  # it dies between commit and delivery
            await it.news("rates-1")
            port = it.base.rpartition(":")[2]
            assert ours.deliveries == []
            base = it.base
        again = Rig(tmp_path, clock=it.clock)
        await again.open()
        try:
            again.base = base
            await until(lambda: ours.deliveries)
            assert ours.deliveries[0].is_signed("s")
            await again.quiet()
            assert len(ours.deliveries) == 1
            assert port in again.one().topic
        finally:
            await again.close()


async def test_a_wish_that_was_accepted_is_verified_after_a_restart(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            it.parts.telling.hub._stopped = True
            assert (await it.ask(ours, lease_seconds="7200")).status == 202
            it.parts.telling.hub._stopped = False
            assert ours.questions == []
            await it.news("rates-1")  # came after the wish: it is owed
            await it.parts.telling.hub.tick()
            await until(it.all)
            await it.quiet()
            assert len(ours.deliveries) == 1
            assert it.one().lease_until == START + 2 * HOUR


async def test_a_stop_waits_for_deliveries_and_writes_them_down(tmp_path: Path) -> None:
    with subscriber(delay=0.5) as ours:
        it = Rig(tmp_path)
        await it.open()
        await it.news("rates-0")
        await it.subscribed(ours)
        await it.news("rates-1")
        await until(lambda: ours.started)
        await it.parts.close(10)
        assert it.one().deliveries == 1
        await it.server.stop(1)
        it.home.close()


async def test_a_feed_that_leaves_the_public_ends_its_subscriptions(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours)
            await it.subscribed(ours, "/all.atom", callback_path="/all")
            await it.change(feeds='{private: {topics/rates: ["token-of-the-rates"]}}')
            await it.news("rates-1")
            await it.later(MINUTE)
            assert [one.topic for one in it.all()] == [it.topic("/all.atom")]
            (told,) = ours.asked("denied")
            assert (told.path, told.query["hub.topic"]) == ("/cb", it.topic())
            assert "not distributed any more" in told.query["hub.reason"]
            assert [one.path for one in ours.deliveries] == ["/all"]


async def test_a_hub_that_is_switched_off_and_on_again_goes_on(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours)
            await it.change(hub="off")
            await it.news("rates-1")
            await asyncio.sleep(0.3)
            assert ours.deliveries == []
            note = hub_note(it.parts.settings, it.home, it.clock())
            assert "Our hub is off; 1 subscription of 1 domain" in note.words
            await it.change(hub="own")
            await until(lambda: ours.deliveries)


# ---------------------------------------------------------------- hubs of others


async def test_hubs_of_others_are_named_and_told_of_each_change_once(tmp_path: Path) -> None:
    with hub(mode="mute") as other:
        async with rig(tmp_path, hub=f"['{other.url}']", feeds="{formats: [atom, json]}") as it:
            answer = await it.get("/topics/rates.atom")
            assert answer.headers["link"] == f'<{other.url}>; rel="hub", <{it.topic()}>; rel="self"'
            assert f'<link href="{other.url}" rel="hub"/>' in answer.body.decode()
            await it.later(MINUTE)
            assert other.posted == []  # what was there before is no news
            await it.news("rates-1")
            await it.later(MINUTE)
            await it.later(MINUTE)
            assert all(one.form["hub.mode"] == "publish" for one in other.posted)
            told = [url for one in other.posted for url in one.repeated["hub.url"]]
            assert sorted(told) == sorted(set(told))
            assert set(told) >= {
                it.topic(f"/{path}.{end}") for path in ("topics/rates", "all") for end in ("atom", "json")
            }
            assert not any("ships" in url for url in told)
            assert (await elsewhere(posted, f"{it.base}/hub", {"hub.mode": "subscribe"})).status == 404


async def test_a_hub_that_does_not_answer_is_told_later(tmp_path: Path) -> None:
    with hub(mode="refuse", status=400) as other:
        async with rig(tmp_path, hub=f"{{own: true, others: ['{other.url}']}}") as it:
            await it.later(MINUTE)
            await it.news("rates-1")
            await it.later(MINUTE)
            assert len(other.posted) == 1
            (one,) = it.home.store.other_hubs()
            assert one.due_at is not None
            assert one.due_at - it.clock() >= timedelta(seconds=30)
            note = hub_note(it.parts.settings, it.home, it.clock())
            assert "could not be told of changes" in note.words
            other.mode = "mute"
            await it.later(timedelta(seconds=10))
            assert len(other.posted) == 1
            await it.later(MINUTE)
            assert set(other.posted[1].repeated["hub.url"]) >= {it.topic()}
            assert it.home.store.other_hubs()[0].failures == 0


# ---------------------------------------------------------------- what is told of it


async def test_figures_and_status(tmp_path: Path) -> None:
    with subscriber() as ours:
        async with rig(tmp_path) as it:
            await it.subscribed(ours, secret=SECRET)
            await it.news("rates-1")
            await it.quiet()
            metrics = (await it.get("/metrics")).body.decode()
            assert 'feedhub_hub_total{what="delivered"} 1.0' in metrics
            assert 'feedhub_hub_total{what="subscribed"} 1.0' in metrics
            assert "feedhub_hub_subscriptions 1.0" in metrics
            assert 'kind="hub"' in metrics
            status = json.loads((await it.get("/status.json")).body)["hub"]
            words = "Our hub has 1 subscription of 1 domain."
            assert status == {"explanation": words, "subscriptions": 1, "domains": 1, "failing": 0}
            assert words in (await it.get("/status")).body.decode()
