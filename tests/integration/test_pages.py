"""Sources without a feed, from a real server to a real database."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedhub.errors import DiskFull
from feedhub.fetch import RobotsKeeper
from feedhub.model import DateOrigin, Health, Request
from feedhub.pipeline import Pipeline
from feedhub.ports import Permission, Transaction
from support.feed_server import serving
from support.fetching import fetcher
from support.hostile import HostileServer, answer
from support.page_site import Clock, article, card, headline, listing, rig

ROWS = """
type: page
items: div.card
fields:
  title: h3 a
  date: .time
  author: .by .name
  summary: p.lead
expect: {min_items: 3}
"""
FEED = b"""<rss version="2.0"><channel><title>The feed</title><link>http://e.example/</link><description>d</description>
<item><title>From the feed</title><link>http://e.example/1</link><guid isPermaLink="false">g1</guid></item></channel></rss>"""
ARTICLES = "type: page\nitems: div.card\nfields: {summary: p.lead}\narticle: {max_per_poll: 2}"


async def test_rows_are_read_by_selectors_and_a_row_without_an_author_has_none(tmp_path: Path) -> None:
    cards = [
        card(1, date="09:30 23/11/2026", author="Ada Quill - Reporter", lead="The <b>hall</b> was full."),
        card(2, date="22/11/2026"),
        card(3),
    ]
    with serving({"list.html": listing(cards)}) as server:
        async with rig(tmp_path, server, more=ROWS + "timezone: Asia/Ho_Chi_Minh\nlanguage: vi") as it:
            outcome = await it.poll()
            assert (outcome.kind, outcome.new) == ("ok", 3)
            first, second, third = (it.entries[headline(number)] for number in (1, 2, 3))
            assert first.link == server.url("story-1.html")
            assert first.published == datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
            assert [(one.name, one.role) for one in first.authors] == [("Ada Quill", "Reporter")]
            assert "<b>hall</b>" in first.content
            assert (second.authors, second.date_origin) == ((), DateOrigin.STATED)
            assert (third.authors, third.date_origin) == ((), DateOrigin.FIRST_SEEN)
            assert it.state.page is not None
            assert "read as a page by rows div.card" in it.sentence


async def test_a_relative_date_is_resolved_once(tmp_path: Path) -> None:
    with serving({"list.html": listing([card(n, date=f"{n} hours ago") for n in (1, 2, 3)])}) as server:
        async with rig(tmp_path, server, more=ROWS) as it:
            await it.poll()
            before, versions = it.entries, it.versions
            server.documents["list.html"] = listing([card(n, date=f"{n + 1} hours ago") for n in (1, 2, 3)])
            outcome = await it.poll(days=0.05)
            assert (outcome.new, outcome.updated) == (0, 0)
            assert [one.published for one in it.entries.values()] == [one.published for one in before.values()]
            assert it.versions == versions


async def test_selectors_that_broke_are_told_and_the_entries_stay(tmp_path: Path) -> None:
    with serving({"list.html": listing([card(n) for n in range(6)])}) as server:
        async with rig(tmp_path, server, more=ROWS) as it:
            await it.poll()
            server.documents["list.html"] = listing([card(n, css="story-box secret") for n in range(1, 7)])
            outcome = await it.poll()
            assert outcome.kind == "broken selector"
            assert it.state.health is Health.BROKEN_SELECTOR
            assert "no entries were found where at least 3 should be" in outcome.detail
            assert "div.story-box" in outcome.detail
            assert "would give 6" in outcome.detail
            assert "council" not in outcome.detail, "no text of the page is told"
            assert "Broken selector" in it.sentence
            assert set(it.entries) == {headline(n) for n in range(6)}
            server.documents["list.html"] = listing([card(n) for n in range(1, 7)])
            outcome = await it.poll()
            assert (outcome.kind, outcome.new, it.state.health) == ("ok", 1, Health.FRESH)


async def test_dates_that_nobody_can_read_break_the_contract(tmp_path: Path) -> None:
    with serving({"list.html": listing([card(n, date=f"Vol. {n}, page 9") for n in range(4)])}) as server:
        async with rig(tmp_path, server, more=ROWS) as it:
            outcome = await it.poll()
            assert outcome.kind == "broken selector"
            assert "4 of 4 dates cannot be read, such as “Vol. 0, page 9”" in outcome.detail
            assert it.entries == {}


async def test_a_list_that_halves_is_told_and_taken_when_it_stays_so(tmp_path: Path) -> None:
    with serving({"list.html": listing([card(n) for n in range(8)])}) as server:
        async with rig(tmp_path, server, more="type: page\nitems: div.card") as it:
            await it.poll()
            server.documents["list.html"] = listing([card(n) for n in range(7, 11)])
            assert (await it.poll()).detail == "the list has 4 entries, 8 before"
            assert (await it.poll()).kind == "broken selector"
            outcome = await it.poll()
            assert (outcome.kind, outcome.new) == ("ok", 3)


# ---------------------------------------------------------------- type: auto


async def test_a_list_is_read_without_any_selector(tmp_path: Path) -> None:
    with serving({"list.html": listing([card(n, date="2026-11-20") for n in range(8)])}) as server:
        async with rig(tmp_path, server) as it:
            outcome = await it.poll()
            assert (outcome.kind, outcome.new) == ("ok", 8)
            assert set(it.entries) == {headline(n) for n in range(8)}
            assert it.state.page is not None
            assert it.state.page.kind == "listing"
            server.documents["list.html"] = listing([card(n, date="2026-11-20") for n in range(1, 9)])
            assert (await it.poll()).new == 1


async def test_the_feed_that_a_page_names_is_found_once_and_polled(tmp_path: Path) -> None:
    head = "<link rel=alternate type=application/rss+xml href=/dead.xml><link rel=alternate type=application/rss+xml href=/feed.xml>"
    with serving({"list.html": listing([card(n) for n in range(8)], head=head), "feed.xml": FEED}) as server:
        async with rig(tmp_path, server) as it:
            assert (await it.poll()).new == 1
            assert list(it.entries) == ["From the feed"]
            assert it.asked("robots.txt") == 0, "feeds are there for programs"
            assert it.state.url == server.url("feed.xml")
            assert (it.state.health, "the feed that its page names" in it.sentence) == (Health.FRESH, True)
            assert (await it.poll()).kind == "unchanged"
            assert (it.asked("list.html"), it.asked("dead.xml"), it.asked("feed.xml")) == (1, 1, 2)


async def test_a_page_where_a_feed_was_is_no_list(tmp_path: Path) -> None:
    with serving({"list.html": FEED}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll()
            server.documents["list.html"] = listing([card(n) for n in range(8)])
            outcome = await it.poll()
            assert outcome.kind == "blocked"
            assert "where a feed was before" in outcome.detail
            assert list(it.entries) == ["From the feed"]


async def test_discovery_asks_five_times_at_most_and_not_again_in_vain(tmp_path: Path) -> None:
    links = "".join(f'<link rel=alternate type=application/rss+xml href="/no-{n}.xml">' for n in range(9))
    with serving({"list.html": f"<!doctype html><title>x</title>{links}<p>Nothing.".encode()}) as server:
        async with rig(tmp_path, server) as it:
            outcome = await it.poll()
            assert outcome.kind == "not a feed"
            assert "shows no list of entries" in outcome.detail
            assert sum(one.path != "robots.txt" for one in server.asked) == 5
            await it.poll(days=40)
            assert sum(one.path != "robots.txt" for one in server.asked) == 6


async def test_what_is_no_page_in_the_place_of_one_is_named(tmp_path: Path) -> None:
    challenge = (
        b"<!doctype html><title>Just a moment</title><script>window._cf_chl_opt = {}</script><p>Checking your browser"
    )
    with serving({"list.html": challenge}) as server:
        async with rig(tmp_path, server, more="type: page\nitems: div.card") as it:
            assert (await it.poll()).kind == "blocked"
            server.documents["list.html"] = FEED
            assert "the address gives a feed and no page" in (await it.poll(days=9)).detail


async def test_a_frame_for_scripts_is_told_to_be_one(tmp_path: Path) -> None:
    shell = b'<!doctype html><html><head><title>App</title><script src=/a.js></script></head><body><div id="root"></div></body></html>'
    with serving({"list.html": shell}) as server:
        async with rig(tmp_path, server) as it:
            outcome = await it.poll()
            assert outcome.kind == "not a feed"
            assert "a page that only scripts fill" in outcome.detail
        async with rig(tmp_path, server, more="type: page\nitems: div.card") as it:
            assert "its content comes by scripts" in (await it.poll(days=9)).detail


# ---------------------------------------------------------------- robots.txt


async def test_robots_txt_is_kept_to_for_pages(tmp_path: Path) -> None:
    robots = b"User-agent: *\nDisallow: /list\n"
    with serving({"list.html": listing([card(n) for n in range(8)]), "robots.txt": robots}) as server:
        async with rig(tmp_path, server, more="type: page\nitems: div.card") as it:
            outcome = await it.poll()
            assert outcome.kind == "disallowed"
            assert "“Disallow: /list”" in outcome.detail
            assert (it.asked("list.html"), it.asked("robots.txt")) == (0, 1)
            assert it.state.health is Health.BLOCKED
            server.documents["robots.txt"] = b"User-agent: *\nDisallow: /list\n\nUser-agent: FeedHub\nAllow: /\n"
            assert (await it.poll()).new == 8
            await it.poll(days=0.5)
            assert it.asked("robots.txt") == 2, "its rules are believed for a day"
            server.documents["list.html"] = listing([card(n) for n in range(1, 9)])
            assert (await it.poll()).new == 1, "rules that did not change hold on"
            assert [one.status for one in server.asked if one.path == "robots.txt"] == [200, 200, 304]


async def test_while_robots_txt_does_not_come_no_page_is_asked_for(tmp_path: Path) -> None:
    with serving({"list.html": listing([card(n) for n in range(8)])}) as server:
        server.failing["robots.txt"] = 500
        async with rig(tmp_path, server, more="type: page\nitems: div.card") as it:
            outcome = await it.poll()
            assert outcome.kind == "server error"
            assert "its robots.txt did not come" in outcome.detail
            assert it.asked("list.html") == 0


async def test_robots_txt_is_asked_for_again_when_its_server_wants_it_to_be(tmp_path: Path) -> None:
    async with HostileServer() as server:
        server.route("/feed", answer(200, FEED))
        server.route("/robots.txt", [answer(503, Retry_After="7200"), answer(404)])
        clock, moments = Clock(), []
        async with fetcher(clock=clock) as ours:
            keeper = RobotsKeeper(ours, clock)
            for _ in range(5):
                await ours.fetch(Request(url=server.url("/feed")))  # so that the host as a whole does not rest
                said = await keeper.permission(server.url("/page.html"))
                moments.append((isinstance(said, Permission), len(server.to("/robots.txt"))))
                clock.at += timedelta(minutes=40)
    assert moments == [(False, 1)] * 3 + [(True, 2)] * 2


async def test_a_page_found_by_looking_is_not_read_against_robots_txt(tmp_path: Path) -> None:
    robots = b"User-agent: *\nDisallow: /\n"
    with serving({"list.html": listing([card(n) for n in range(8)]), "robots.txt": robots}) as server:
        async with rig(tmp_path, server) as it:
            assert (await it.poll()).kind == "disallowed"
            assert it.entries == {}


async def test_robots_txt_is_asked_where_a_redirect_leads(tmp_path: Path) -> None:
    robots = b"User-agent: *\nDisallow: /kept/\n"
    with serving({"kept/list.html": listing([card(n) for n in range(8)]), "robots.txt": robots}) as server:
        server.failing["list.html"] = 302
        server.saying["list.html"] = {"Location": "/kept/list.html"}
        async with rig(tmp_path, server, more="type: page\nitems: div.card") as it:
            outcome = await it.poll()
            assert (outcome.kind, it.asked("kept/list.html")) == ("disallowed", 0)
            assert "“Disallow: /kept/”" in outcome.detail
            server.documents["robots.txt"] = b"User-agent: *\nDisallow: /other/\n"
            assert (await it.poll()).new == 8


async def test_a_crawl_delay_is_kept_and_one_beyond_a_minute_leaves_articles_alone(tmp_path: Path) -> None:
    with serving(site(1) | {"robots.txt": b"User-agent: *\nCrawl-delay: 0.3\n"}) as server:
        async with rig(tmp_path, server, more=ARTICLES) as it:
            await it.poll()
            times = [one.at for one in server.asked if one.path != "robots.txt"]
            assert len(times) == 2
            assert times[1] - times[0] > 0.25  # between answers; the starts are 0.3 apart
            server.documents["robots.txt"] = b"User-agent: *\nCrawl-delay: 90\n"
            server.documents["list.html"] = listing([card(2), card(1)])
            assert (await it.poll()).new == 1
            assert it.asked("story-2.html") == 0


# ---------------------------------------------------------------- articles


def site(*numbers: int) -> dict[str, bytes]:
    return {"list.html": listing([card(n) for n in numbers])} | {f"story-{n}.html": article(n) for n in range(20)}


async def test_articles_of_new_entries_are_read_once_and_merged(tmp_path: Path) -> None:
    with serving(site(3, 2, 1)) as server:
        async with rig(tmp_path, server, more=ARTICLES) as it:
            assert (await it.poll()).new == 3
            new = it.entries[headline(3)]
            assert [one.name for one in new.authors] == ["Ada Quill"]
            assert new.published == datetime(2026, 11, 23, 1, tzinfo=UTC)
            assert "plan 3 at length" in new.content
            assert it.entries[headline(1)].content == "", "of the first list only as many as one poll may ask for"
            server.documents["list.html"] = listing([card(n) for n in (5, 4, 3, 2, 1)])
            outcome = await it.poll()
            assert (outcome.new, outcome.updated) == (2, 0)
            assert it.versions[headline(5)] == 1, "stored once, with everything"
            server.documents["list.html"] = listing([card(n, lead="Now with a lead.") for n in (5, 4, 3, 2, 1)])
            outcome = await it.poll()
            assert (outcome.new, outcome.updated) == (0, 5)
            assert "plan 5 at length" in it.entries[headline(5)].content, "a change of the list takes nothing away"
            assert "Now with a lead." in it.entries[headline(5)].summary
            assert [it.asked(f"story-{n}.html") for n in range(1, 6)] == [0, 1, 1, 1, 1]


async def test_more_new_entries_than_one_poll_may_read_wait_for_the_next(tmp_path: Path) -> None:
    with serving(site(1)) as server:
        async with rig(tmp_path, server, more=ARTICLES) as it:
            await it.poll()
            server.documents["list.html"] = listing([card(n) for n in (6, 5, 4, 3, 2, 1)])
            outcome = await it.poll()
            assert outcome.new == 2
            assert "3 new wait for the next poll" in outcome.detail
            assert [(await it.poll()).new for _ in range(3)] == [2, 1, 0]
            assert all(one.content for one in it.entries.values())
            assert [it.asked(f"story-{n}.html") for n in range(1, 7)] == [1] * 6
            assert (await it.poll()).kind == "unchanged"


async def test_an_article_that_does_not_come_is_tried_again_and_then_done_without(tmp_path: Path) -> None:
    with serving(site(1)) as server:
        async with rig(tmp_path, server, more=ARTICLES) as it:
            await it.poll()
            server.failing["story-2.html"] = 500
            server.documents["list.html"] = listing([card(2), card(1)])
            assert [(await it.poll()).new for _ in range(4)] == [0, 0, 1, 0]
            assert it.asked("story-2.html") == 3
            assert it.entries[headline(2)].content == ""


@pytest.mark.parametrize("status", [429, 503, 500])
async def test_one_article_that_is_asked_for_too_soon_keeps_the_others_from_being_asked_for(
    tmp_path: Path, status: int
) -> None:
    with serving(site(1)) as server:
        async with rig(tmp_path, server, more="type: page\nitems: div.card\narticle: {max_per_poll: 9}") as it:
            await it.poll()
            server.documents["list.html"] = listing([card(n) for n in (6, 5, 4, 3, 2, 1)])
            for number in range(2, 7):
                server.failing[f"story-{number}.html"] = status
                server.saying[f"story-{number}.html"] = {"Retry-After": "86400"}
            assert [(await it.poll(days=0.3)).new for _ in range(3)] == [0, 0, 5], "taken as the list has them, at last"
            assert [it.asked(f"story-{n}.html") for n in range(2, 7)] == [0, 0, 0, 0, 1]
            assert it.asked("list.html") == 4, "it answers"
            server.documents["list.html"] = listing([card(n) for n in (7, 6, 5, 4, 3, 2, 1)])
            assert [(await it.poll(days=0.3)).new for _ in range(2)] == [0, 1], "a day has passed"
            assert it.asked("story-7.html") == 1
            assert it.entries[headline(7)].content


async def test_an_article_that_is_gone_or_forbidden_is_asked_for_once(tmp_path: Path) -> None:
    robots = b"User-agent: *\nDisallow: /story-3\n"
    with serving(site(1) | {"robots.txt": robots}) as server:
        async with rig(tmp_path, server, more=ARTICLES) as it:
            await it.poll()
            del server.documents["story-2.html"]
            server.documents["list.html"] = listing([card(3), card(2), card(1)])
            assert (await it.poll()).new == 2
            assert (it.asked("story-2.html"), it.asked("story-3.html")) == (1, 0)


class RefusingLedger:
    """The real ledger of a database that takes no poll."""

    def __init__(self, store: object) -> None:
        self._store = store

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def transaction(self) -> AbstractContextManager[Transaction]:
        raise DiskFull("There is no room for the database.", "Make room.")


async def test_what_was_read_before_a_crash_is_not_asked_for_again(tmp_path: Path) -> None:
    with serving(site(1)) as server:
        async with rig(tmp_path, server, more=ARTICLES) as it:
            await it.poll()
            server.documents["list.html"] = listing([card(3), card(2), card(1)])
            pipeline = Pipeline(
                settings=it.parts.settings,
                ledger=RefusingLedger(it.home.store),  # type: ignore[arg-type]  # forwards all it does not change
                catalogue=it.home.store,
                pages=it.home.store,
                fetcher=it.parts.fetcher,
                robots=RobotsKeeper(it.parts.fetcher, it.clock),
                workers=it.parts.workers,
                writer=it.home.writer,
                clock=it.clock,
                dice=lambda: 0.5,
            )
            with pytest.raises(DiskFull):
                assert [one async for one in pipeline.poll(it.home.store.states())] == []
            await pipeline.stop(1)
            assert set(it.entries) == {headline(1)}
            assert (await it.poll()).new == 2
            assert "plan 3 at length" in it.entries[headline(3)].content
            assert (it.asked("story-2.html"), it.asked("story-3.html")) == (1, 1)


async def test_a_feed_of_summaries_gets_its_full_texts(tmp_path: Path) -> None:
    item = "<item><title>{}</title><link>/story-{}.html</link><guid isPermaLink='false'>{}</guid><description>Short.</description></item>"
    feed = f"<rss version='2.0'><channel><title>t</title><link>{{}}</link><description>d</description>{item.format(headline(1), 1, 1)}</channel></rss>"
    with serving(site(1)) as server:
        server.documents["feed.xml"] = feed.format(server.url("")).encode()
        async with rig(tmp_path, server, "feed.xml", "full_text: true") as it:
            assert (await it.poll()).new == 1
            entry = it.entries[headline(1)]
            assert "plan 1 at length" in entry.content
            assert (entry.summary, it.state.page) == ("Short.", None)
            assert it.asked("story-1.html") == 1


async def test_entries_of_a_feed_that_wait_for_their_texts_come_although_it_does_not_change(tmp_path: Path) -> None:
    def feed(*numbers: int) -> bytes:
        items = "".join(
            f"<item><title>{headline(n)}</title><link>/story-{n}.html</link><guid isPermaLink='false'>{n}</guid></item>"
            for n in numbers
        )
        return f"<rss version='2.0'><channel><title>t</title><link>http://127.0.0.1:{server.port}/</link><description>d</description>{items}</channel></rss>".encode()

    with serving(site(1)) as server:
        server.documents["feed.xml"] = feed(1)
        async with rig(tmp_path, server, "feed.xml", "article: {when: content, max_per_poll: 1}") as it:
            await it.poll()
            server.documents["feed.xml"] = feed(3, 2, 1)
            assert [(await it.poll()).new for _ in range(3)] == [1, 1, 0]
            assert (await it.poll()).kind == "unchanged"


# ---------------------------------------------------------------- JSON


async def test_json_is_read_by_expressions_and_by_its_usual_names(tmp_path: Path) -> None:
    posts = [
        {
            "id": n,
            "headline": headline(n),
            "path": f"p/{n}",
            "when": f"2026-11-2{n}T08:00:00Z",
            "authors": [{"name": "Ada Quill"}],
        }
        for n in range(3)
    ]
    more = (
        "type: json\nitems: data.posts\nfields: {link: {get: path, template: 'https://paper.example/{}'}, date: when}"
    )
    with serving({"api.json": json.dumps({"data": {"posts": posts}}).encode()}) as server:
        async with rig(tmp_path, server, "api.json", more) as it:
            assert (await it.poll()).new == 3
            entry = it.entries[headline(2)]
            assert (entry.link, entry.original_id) == ("https://paper.example/p/2", "2")
            assert entry.published == datetime(2026, 11, 22, 8, tzinfo=UTC)
            assert [one.name for one in entry.authors] == ["Ada Quill"]
            server.documents["api.json"] = b'{"data": {"items": []}}'
            outcome = await it.poll()
            assert outcome.kind == "broken selector"
            assert "{data: {items: []}}" in outcome.detail


async def test_json_in_a_script_of_a_page(tmp_path: Path) -> None:
    state = {"props": {"posts": [{"title": headline(n), "url": f"/story-{n}.html"} for n in range(3)]}}
    page = f'<!doctype html><title>x</title><div id=root></div><script id="__NEXT_DATA__" type="application/json">{json.dumps(state)}</script>'
    with serving({"list.html": page.encode()}) as server:
        async with rig(tmp_path, server, more="type: json\nscript: script#__NEXT_DATA__") as it:
            assert (await it.poll()).new == 3
            assert it.entries[headline(1)].link == server.url("story-1.html")
            server.documents["list.html"] = b"<!doctype html><title>x</title>"
            assert "`script: script#__NEXT_DATA__` matches no element" in (await it.poll()).detail


# ---------------------------------------------------------------- changed rules


async def test_changed_selectors_are_applied_to_the_stored_page(tmp_path: Path) -> None:
    cards = [card(n, date=f"2026-11-2{n}", author="Ada Quill", lead="A lead.") for n in range(3)]
    with serving(
        {"list.html": listing(cards)} | {f"story-{n}.html": article(n, author="Ben Moss") for n in range(3)}
    ) as server:
        async with rig(
            tmp_path, server, more="type: page\nitems: div.card\nfields: {author: .nobody}\narticle: {when: content}"
        ) as it:
            await it.poll()
            assert [one.name for one in it.entries[headline(1)].authors] == ["Ben Moss"]
            polls = len(it.home.store.outcomes(it.state.id))
            asked = len(server.asked)
        async with rig(
            tmp_path, server, more="type: page\nitems: div.card\nfields: {author: .name}\narticle: {when: content}"
        ) as it:
            state = it.state
            (outcome,) = [one async for one in it.parts.pipeline.reread([state])]
            assert (outcome.kind, outcome.new, outcome.updated) == ("read again", 0, 3)
            assert [one.name for one in it.entries[headline(1)].authors] == ["Ada Quill"]
            assert "plan 1 at length" in it.entries[headline(1)].content, "what the article said is remembered"
            assert (it.state.next_poll_at, it.state.last_poll_at) == (state.next_poll_at, state.last_poll_at)
            assert (len(it.home.store.outcomes(state.id)), len(server.asked)) == (polls + 1, asked)


async def test_changed_selectors_read_an_unchanged_page_again(tmp_path: Path) -> None:
    cards = [card(n, author="Ada Quill") for n in range(3)]
    with serving({"list.html": listing(cards)}) as server:
        async with rig(tmp_path, server, more="type: page\nitems: div.card\nfields: {author: .nobody}") as it:
            await it.poll()
            assert (await it.poll()).kind == "unchanged"
        async with rig(tmp_path, server, more="type: page\nitems: div.card\nfields: {author: .name}") as it:
            assert (await it.poll(days=9)).updated == 3


async def test_rules_that_find_nothing_on_the_stored_page_change_nothing(tmp_path: Path) -> None:
    with serving({"list.html": listing([card(n) for n in range(3)])}) as server:
        async with rig(tmp_path, server, more="type: page\nitems: div.card") as it:
            await it.poll()
        async with rig(tmp_path, server, more="type: page\nitems: div.nothing") as it:
            before = it.state
            (outcome,) = [one async for one in it.parts.pipeline.reread([before])]
            assert (outcome.kind, outcome.new) == ("broken selector", 0)
            assert (it.state.health, len(it.entries)) == (Health.FRESH, 3)
