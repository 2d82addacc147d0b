"""What is asked in a page's place: feeds that no page names, feeds that were lost, sitemaps. From a real server to a real database."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

from feedhub.model import Health
from support.feed_server import serving
from support.page_site import article, card, headline, listing, rig

FEED = b"""<rss version="2.0"><channel><title>The feed</title><link>http://e.example/</link><description>d</description>
<item><title>From the feed</title><link>http://e.example/1</link><guid isPermaLink="false">g1</guid></item></channel></rss>"""
NO_FEED = b"<!doctype html><title>x</title><meta name=generator content='Hugo 0.150'><p>Nothing to see."


async def test_a_feed_that_no_page_names_is_found_where_feeds_usually_stand(tmp_path: Path) -> None:
    page = listing([card(n) for n in range(8)], head="<meta name=generator content='Hugo 0.150'>")
    with serving({"": page, "index.xml": FEED}) as server:
        async with rig(tmp_path, server, "") as it:
            assert (await it.poll()).new == 1
            assert [one.path for one in server.asked] == ["", "robots.txt", "index.xml"]
            assert (it.state.url, "found where feeds usually stand" in it.sentence) == (server.url("index.xml"), True)
            assert (await it.poll()).kind == "unchanged"


async def test_usual_places_are_asked_once_and_not_against_robots_txt(tmp_path: Path) -> None:
    robots = b"User-agent: *\nDisallow: /feed\n"
    with serving({"": listing([card(n) for n in range(8)]), "robots.txt": robots, "feed": FEED}) as server:
        async with rig(tmp_path, server, "") as it:
            assert (await it.poll()).new == 8
            assert [one.path for one in server.asked] == ["", "robots.txt", "rss.xml", "atom.xml"]
            await it.poll(days=0.5)
            assert [one.path for one in server.asked][4:] == [""]


async def test_the_sitemap_of_a_site_that_shows_nothing_comes_last(tmp_path: Path) -> None:
    with serving({"": NO_FEED}) as server:
        server.documents["sitemap.xml"] = urlset(server.url(""), 1, 2)
        async with rig(tmp_path, server, "") as it:
            assert (await it.poll()).new == 2
            places = [one.path for one in server.asked if one.path != "robots.txt"]
            assert places == ["", "index.xml", "feed", "rss.xml", "sitemap.xml"]
            assert "read as a sitemap" in it.sentence
            assert it.state.health is Health.FRESH, "it did not move"
            server.documents["sitemap.xml"] = urlset(server.url(""), 1, 2, 3)
            assert (await it.poll()).new == 1
            assert it.asked("") == 1


async def test_a_lost_feed_is_looked_for_again_on_its_page(tmp_path: Path) -> None:
    link = "<link rel=alternate type=application/rss+xml href=/{}>"
    page = [card(n) for n in range(8)]
    with serving({"list.html": listing(page, head=link.format("old.xml")), "old.xml": FEED}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll()
            del server.documents["old.xml"]
            outcomes = [await it.poll() for _ in range(3)]
            assert {one.kind for one in outcomes} == {"not found"}
            assert "looked at again and names no other feed that can be read" in outcomes[0].detail
            assert it.asked("list.html") == 3, "at the first and the second failure, not at the third"
            assert "its page is looked at again" in it.sentence
            server.documents |= {
                "list.html": listing(page, head=link.format("new.xml")),
                "new.xml": FEED.replace(b"g1", b"g2")
                .replace(b"/1<", b"/2<")
                .replace(b"From the feed", b"From the new feed"),
            }
            outcome = await it.poll()
            assert (outcome.kind, outcome.new) == ("ok", 1)
            assert it.state.url == server.url("new.xml")
            assert set(it.entries) == {"From the feed", "From the new feed"}


async def test_the_page_of_a_lost_feed_is_not_looked_at_against_robots_txt(tmp_path: Path) -> None:
    page = listing([card(n) for n in range(8)], head="<link rel=alternate type=application/rss+xml href=/old.xml>")
    with serving({"list.html": page, "old.xml": FEED, "robots.txt": b"User-agent: *\nDisallow: /list\n"}) as server:
        async with rig(tmp_path, server) as it:
            await it.poll()
            del server.documents["old.xml"]
            outcome = await it.poll()
            assert (outcome.kind, "robots.txt keeps this page from programs" in outcome.detail) == ("not found", True)
            assert (it.asked("list.html"), it.asked("robots.txt")) == (1, 1)


# ---------------------------------------------------------------- sitemaps


def urlset(server_url: str, *numbers: int) -> bytes:
    urls = "".join(
        f"<url><loc>{server_url}story-{n}.html</loc><lastmod>2026-11-{10 + n}T00:00:00Z</lastmod></url>"
        for n in numbers
    )
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()


async def test_a_sitemap_by_way_of_robots_txt_an_index_and_gz(tmp_path: Path) -> None:
    with serving({}) as server:
        server.documents["robots.txt"] = f"Sitemap: {server.url('index.xml')}\n".encode()
        server.documents["index.xml"] = (
            '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
            f"<sitemap><loc>{server.url('new.xml.gz')}</loc></sitemap></sitemapindex>"
        ).encode()
        server.documents["new.xml.gz"] = gzip.compress(urlset(server.url(""), 1, 2))
        async with rig(tmp_path, server, "robots.txt", "type: sitemap") as it:
            outcome = await it.poll()
            assert (outcome.kind, outcome.new) == ("ok", 2)
            assert it.entries["story 2"].published == datetime(2026, 11, 12, tzinfo=UTC)
            server.documents["new.xml.gz"] = gzip.compress(urlset(server.url(""), 1, 2, 3))
            assert (await it.poll()).new == 1, "the list changed while the index did not"


def index(server_url: str, *parts: tuple[str, str]) -> bytes:
    rows = "".join(
        f"<sitemap><loc>{server_url}{name}</loc><lastmod>{changed}</lastmod></sitemap>" for name, changed in parts
    )
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>'.encode()


async def test_sitemaps_of_an_index_are_asked_for_when_it_says_that_they_changed(tmp_path: Path) -> None:
    old = [(f"old-{n}.xml", f"2020-01-0{n}T00:00:00Z") for n in range(1, 7)]
    with serving({}) as server:
        server.documents |= {f"old-{n}.xml": urlset(server.url(""), n + 10) for n in range(1, 7)}
        server.documents["new.xml"] = urlset(server.url(""), 1)
        server.documents["index.xml"] = index(server.url(""), *old, ("new.xml", "2026-11-20T08:00:00Z"))
        async with rig(tmp_path, server, "index.xml", "type: sitemap") as it:
            assert (await it.poll()).new == 4, "those that changed last"
            assert it.asked("old-1.xml") == 0
            assert (await it.poll()).kind == "unchanged"
            assert (it.asked("new.xml"), server.asked[-1].path, server.asked[-1].status) == (1, "index.xml", 304)
            server.documents["new.xml"] = urlset(server.url(""), 1, 2)
            server.documents["index.xml"] = index(server.url(""), *old, ("new.xml", "2026-11-25T08:00:00Z"))
            outcome = await it.poll()
            assert (outcome.kind, outcome.new) == ("ok", 1)
            assert it.asked("new.xml") == 2
            assert (it.asked("old-6.xml"), it.asked("old-1.xml")) == (1, 0), "what was old at first is no news"


async def test_sitemaps_of_an_index_that_does_not_say_when_are_asked_whether_they_changed(tmp_path: Path) -> None:
    with serving({}) as server:
        server.documents["a.xml"] = urlset(server.url(""), 1)
        server.documents["index.xml"] = index(server.url(""), ("a.xml", ""))
        async with rig(tmp_path, server, "index.xml", "type: sitemap") as it:
            assert (await it.poll()).new == 1
            assert (await it.poll()).kind == "unchanged"
            assert [one.status for one in server.asked if one.path == "a.xml"] == [200, 304]
            server.documents["a.xml"] = urlset(server.url(""), 1, 2)
            assert (await it.poll()).new == 1


async def test_a_sitemap_with_articles_has_their_titles(tmp_path: Path) -> None:
    with serving({f"story-{n}.html": article(n) for n in (1, 2)}) as server:
        server.documents["map.xml"] = urlset(server.url(""), 1, 2)
        async with rig(tmp_path, server, "map.xml", "type: sitemap\narticle: true") as it:
            assert (await it.poll()).new == 2
            assert set(it.entries) == {headline(1), headline(2)}
