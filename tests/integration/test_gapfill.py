"""Entries between two polls: noticed, and found again in the source's own archive pages, over real HTTP."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from feedhub.commit import older_of
from feedhub.errors import DiskFull
from feedhub.model import Feed, FeedKind, Fetched, Health
from feedhub.schedule import explain
from support.busy_source import START, WINDOW, document, rig
from support.feed_server import FeedServer, serving


def after_fifteen_hours(server: FeedServer, link: str = "", rel: str = "next") -> None:
    """Entries 5 to 19 came, of which the list shows the last five: 5 to 14 were never seen."""
    server.documents["busy.rss"] = document(range(15, 20), link, rel)


def archive(server: FeedServer, rel: str = "next") -> None:
    """Pages of five, each naming the next older one, back to the beginning."""
    for first in (10, 5, 0):
        older = server.url(f"page-{first - 5}.rss") if first else ""
        server.documents[f"page-{first}.rss"] = document(range(first, first + 5), older, rel)


@pytest.mark.parametrize("rel", ["next", "prev-archive"])
async def test_what_was_missed_is_found_in_the_archive(tmp_path: Path, rel: str) -> None:
    with serving({"busy.rss": document(range(WINDOW))}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll(0)
            archive(server, rel)
            after_fifteen_hours(server, server.url("page-10.rss"), rel)
            outcome = await it.poll()
            assert (outcome.listed, outcome.new) == (5, 5)
            assert "entries before these were probably missed" in outcome.detail
            assert it.numbers == list(reversed(range(20)))  # all, in the order of their own dates
            assert (it.gap.pages, it.gap.brought, it.gap.remark, it.gap.older) == (3, 10, "", "")
            assert it.gap.filled_at == it.clock()
            assert it.state.health is Health.FRESH
            assert "gave back 10 entries" in explain(it.state, it.clock())
            told = [(change.before, change.after) for change in it.home.store.changes(9)]
            assert told == [(Health.MISSED, Health.FRESH), (Health.FRESH, Health.MISSED)]


async def test_an_archive_page_is_no_poll(tmp_path: Path) -> None:
    with serving({"busy.rss": document(range(WINDOW))}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll(0)
            archive(server)
            after_fifteen_hours(server)
            await it.poll()
            plain = it.state  # the same poll without an archive
            polls = len(it.home.store.outcomes(plain.id))
        (tmp_path / "hub.db").unlink()
        server.documents["busy.rss"] = document(range(WINDOW))
        async with rig(tmp_path, server) as it:
            await it.poll(0)
            after_fifteen_hours(server, server.url("page-10.rss"))
            await it.poll()
            filled = it.state
            assert len(it.numbers) == 20
            assert len(it.home.store.outcomes(filled.id)) == polls == 2
            assert (filled.habit, filled.rate, filled.window) == (plain.habit, plain.rate, plain.window)
            assert filled.validators.etag != plain.validators.etag  # those of its own document
            assert server.count(200) >= 3
            again = await it.poll(1)
            assert (again.kind, it.asked_for("page-10")) == ("unchanged", 1)  # validators and body are the source's own


async def test_without_an_archive_the_gap_is_told_and_the_interval_shrinks(tmp_path: Path) -> None:
    with serving({"busy.rss": document(range(WINDOW))}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll(0)
            after_fifteen_hours(server)
            await it.poll()
            state = it.state
            assert state.health is Health.MISSED
            assert (it.gap.after, it.gap.before) == (START + timedelta(hours=4), START + timedelta(hours=15))
            assert "the source names no archive pages" in explain(state, it.clock())
            assert it.numbers == [19, 18, 17, 16, 15, 4, 3, 2, 1, 0]
            assert state.next_poll_at is not None
            assert state.next_poll_at - it.clock() < timedelta(hours=3)
            server.documents["busy.rss"] = document(range(16, 21))
            await it.poll(1)
            assert it.state.health is Health.MISSED  # still told, as long as it matters
            await it.poll(7 * 24)
            assert (it.state.health, it.state.gap) == (Health.FRESH, None)
            assert len(it.home.store.gaps(state.id)) == 1  # and remembered


async def test_what_the_link_header_names_is_followed_too(tmp_path: Path) -> None:
    with serving({"busy.rss": document(range(WINDOW))}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll(0)
            for first in (10, 5, 0):
                server.documents[f"page-{first}.rss"] = document(range(first, first + 5))
                server.saying[f"page-{first}.rss"] = {"Link": f'<page-{first - 5}.rss>; rel="next"'}
            after_fifteen_hours(server)
            server.saying["busy.rss"] = {"Link": '<page-10.rss>; rel="next", </>; rel="alternate"'}
            await it.poll()
            assert it.numbers == list(reversed(range(20)))


def test_an_archive_goes_before_a_page() -> None:
    links = {"next": "http://a.example/2", "prev-archive": "http://a.example/old"}
    result = Fetched(url="http://a.example/", status=200, body=b"", body_digest=b"", links=links)  # type: ignore[arg-type]
    assert older_of(result, None) == "http://a.example/old"


@pytest.mark.parametrize(
    ("page", "remark"),
    [
        (b"<!doctype html><html><body>All our stories</body></html>", "could not be read: not a feed"),
        (document(range(10, 15)), "end before they reach what was known"),
        (document(range(10, 15), "http://127.0.0.2:{port}/page-5.rss"), "leads to another host"),
        (document(range(10, 15), "http://127.0.0.1:{port}/page-10.rss"), "leads in a circle"),
        (document(range(10, 15), "http://127.0.0.1:{port}/busy.rss"), "leads in a circle"),
        (document(range(10, 15), "http://127.0.0.1:{port}/nowhere.rss"), "did not come: not found"),
        (document(range(0)), "do not say when entries appeared"),
        (None, "did not come: not found"),
    ],
    ids=["html", "ends", "other host", "itself", "back to the feed", "404 later", "empty", "404"],
)
async def test_a_hostile_archive_ends_the_search_with_a_reason(tmp_path: Path, page: bytes | None, remark: str) -> None:
    with serving({"busy.rss": document(range(WINDOW))}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll(0)
            if page is not None:
                server.documents["page-10.rss"] = page.replace(b"{port}", str(server.port).encode())
            after_fifteen_hours(server, server.url("page-10.rss"))
            outcome = await it.poll()
            assert outcome.kind == "ok"
            assert remark in it.gap.remark
            assert (it.gap.older, it.gap.filled_at) == ("", None)
            assert it.state.health is Health.MISSED
            assert it.gap.remark in explain(it.state, it.clock())
            asked = len(server.asked)
            await it.poll(25)
            assert len(server.asked) == asked + 1  # only the feed: given up for good


async def test_fifty_pages_that_never_arrive_cost_four_requests(tmp_path: Path) -> None:
    with serving({"busy.rss": document(range(WINDOW))}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll(0)
            for page in range(50):  # ever new entries, each a minute older, never as old as what is known
                body = document(range(10, 15), server.url(f"page-{page + 1}.rss"))
                server.documents[f"page-{page}.rss"] = body.replace(b"urn:story", b"urn:page-%d" % page)
            after_fifteen_hours(server, server.url("page-0.rss"))
            await it.poll()
            assert it.asked_for("page-") == 4
            assert it.gap.remark == "4 archive pages did not reach what was known"
            for _ in range(3):
                await it.poll(25)
            assert it.asked_for("page-") == 4


async def test_a_page_that_fails_for_now_is_asked_again_the_next_day_from_there(tmp_path: Path) -> None:
    with serving({"busy.rss": document(range(WINDOW))}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll(0)
            archive(server)
            server.failing["page-5.rss"] = 502
            after_fifteen_hours(server, server.url("page-10.rss"))
            await it.poll()
            assert it.numbers == [*range(19, 9, -1), 4, 3, 2, 1, 0]
            assert it.gap.remark == "an archive page did not come: server error"
            await it.poll(2)
            assert it.asked_for("page-5") == 1
            server.failing.clear()
            await it.poll(24)
            assert it.numbers == list(reversed(range(20)))
            assert (it.asked_for("page-10"), it.asked_for("page-5"), it.state.health) == (1, 2, Health.FRESH)


async def test_a_crash_between_pages_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({"busy.rss": document(range(WINDOW))}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll(0)
            archive(server)
            after_fifteen_hours(server, server.url("page-10.rss"))
            real, times = it.home.store.transaction, [0]

            def failing() -> object:
                times[0] += 1
                if times[0] > 2:  # the poll and the first page are stored, the second page is not
                    raise DiskFull("The disk is full.", "Make room.")
                return real()

            monkeypatch.setattr(it.home.store, "transaction", failing)
            outcome = await it.poll()
            assert outcome.new == 5
            assert it.numbers == [*range(19, 9, -1), 4, 3, 2, 1, 0]
            assert it.gap.older == server.url("page-5.rss")
            monkeypatch.undo()
        async with rig(tmp_path, server) as it:
            it.clock.at = START + timedelta(hours=30)
            await it.poll(0)
            assert it.numbers == list(reversed(range(20)))
            assert it.asked_for("page-10") == 1


async def test_a_fault_of_ours_at_a_page_ends_the_search_and_fills_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving({"busy.rss": document(range(WINDOW))}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll(0)
            archive(server)
            after_fifteen_hours(server, server.url("page-10.rss"))
            real, times = it.home.store.transaction, [0]

            def faulty() -> object:
                times[0] += 1
                if times[0] == 2:  # the poll is stored, the first page is not
                    raise ValueError("a mistake of ours")
                return real()

            monkeypatch.setattr(it.home.store, "transaction", faulty)
            assert (await it.poll()).new == 5
            monkeypatch.undo()
            assert it.numbers == [*range(19, 14, -1), 4, 3, 2, 1, 0]
            assert (it.gap.filled_at, it.gap.older, it.gap.pages, it.state.health) == (None, "", 1, Health.MISSED)
            assert "a fault of FeedHub" in explain(it.state, it.clock())
            await it.poll(30)
            assert (it.asked_for("page-10"), it.asked_for("page-5")) == (1, 0)


async def test_an_archives_old_copy_of_an_entry_changes_nothing(tmp_path: Path) -> None:
    with serving({"busy.rss": document(range(WINDOW))}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll(0)
            archive(server)
            overlapping = document(range(8, 18), server.url("page-5.rss"))
            server.documents["page-10.rss"] = overlapping.replace(b"happened in hour 16", b"was first said of hour 16")
            after_fifteen_hours(server, server.url("page-10.rss"))
            await it.poll()
            feed = it.home.store.feed(FeedKind.SOURCE, "busy")
            assert isinstance(feed, Feed)
            bodies = [one.entry.summary + one.entry.content for one in it.home.store.page(feed.id, 99)]
            assert len(bodies) == 20
            assert not any("first said" in body for body in bodies)


async def test_no_history_is_fetched_for_a_new_source_nor_beyond_the_gap(tmp_path: Path) -> None:
    with serving({"busy.rss": document(range(WINDOW, 2 * WINDOW))}) as server:
        archive(server)
        server.documents["busy.rss"] = document(range(WINDOW, 2 * WINDOW), server.url("page-0.rss"))
        async with rig(tmp_path, server) as it:
            it.clock.at = START + timedelta(hours=10)
            await it.poll(0)
            assert it.asked_for("page-") == 0
            server.documents["page-10.rss"] = document(range(15))  # a page that goes back before the source was known
            after_fifteen_hours(server, server.url("page-10.rss"))
            await it.poll(10)
            assert it.numbers == list(reversed(range(5, 20)))


async def test_credentials_go_to_the_sources_own_site_only(tmp_path: Path) -> None:
    with serving({"busy.rss": document(range(WINDOW))}) as server:
        async with rig(tmp_path, server, ", headers: {X-Key: 'k'}") as it:
            await it.poll(0)
            archive(server)
            after_fifteen_hours(server, server.url("page-10.rss"))
            await it.poll()
            pages = [one for one in server.asked if "page-" in one.path]
            assert all(one.headers.get("X-Key") == "k" for one in pages)
            assert all("If-None-Match" not in one.headers for one in pages)
