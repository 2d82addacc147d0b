"""Standards, part 1, over days and restarts: what arrives at the server, and what is stored after it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from feedhub import __version__, instance
from feedhub.model import Health, Validators
from feedhub.schedule import NEVER
from support.hostile import HostileServer, Wire, answer
from support.page_site import article
from support.rounds import BASE, POLLING, START, Days, hub, rss

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
ODD = {"ETag": 'W/"odd "quotes""', "Last_Modified": "Sunday, more or less"}


def source(server: HostileServer, slug: str, extra: str = "", path: str = "", host: str | None = None) -> str:
    return f"  - {{url: '{server.url(path or '/' + slug, host=host)}', slug: {slug}{', ' + extra if extra else ''}}}\n"


def conditions(server: HostileServer, path: str) -> list[tuple[str | None, str | None]]:
    return [(seen.value("If-None-Match"), seen.value("If-Modified-Since")) for seen in server.to(path)]


# ---------------------------------------------------------------- validators


async def test_validators_outlive_a_restart_and_an_unchanged_body_and_each_200_replaces_them(tmp_path: Path) -> None:
    clock = Days()
    async with HostileServer() as server:
        body = rss(1)
        server.route(
            "/a",
            [
                answer(200, body, **ODD),
                answer(304),
                answer(200, body, ETag='"2"', Last_Modified="Mon, 02 Mar 2026 00:00:00 GMT"),
                answer(200, body, ETag='"3"'),
                answer(200, b"Fatal error: out of memory", ETag='"error"'),
                answer(200, rss(1, 2)),
                answer(200, rss(1, 2)),
            ],
        )
        for _ in range(7):  # a restart before each poll
            async with hub(tmp_path, source(server, "a"), clock) as it:
                clock.later(days=2)
                await it.poll("a")
        assert conditions(server, "/a") == [
            (None, None),
            (ODD["ETag"], ODD["Last_Modified"]),
            (ODD["ETag"], ODD["Last_Modified"]),
            ('"2"', "Mon, 02 Mar 2026 00:00:00 GMT"),
            ('"3"', None),
            ('"3"', None),  # what could not be read brought none
            (None, None),  # a 200 without them cleared them
        ]


async def test_other_credentials_are_not_asked_with_the_validators_of_the_old_ones(tmp_path: Path) -> None:
    clock = Days()
    async with HostileServer() as server:
        server.route("/a", answer(200, rss(1), ETag='"a"'))
        server.route("/b", answer(200, rss(2), ETag='"b"'))
        for key in ("one", "one", "two"):
            sources = source(server, "a", f"headers: {{X-Key: {key}}}") + source(server, "b")
            async with hub(tmp_path, sources, clock) as it:
                clock.later(days=2)
                await it.poll("a", "b")
        assert [seen.value("X-Key") for seen in server.to("/a")] == ["one", "one", "two"]
        assert conditions(server, "/a") == [(None, None), ('"a"', None), (None, None)]
        assert conditions(server, "/b") == [(None, None), ('"b"', None), ('"b"', None)]


async def test_validators_that_never_spare_a_body_are_marked_and_the_source_asked_seldom(tmp_path: Path) -> None:
    polling = f"{POLLING}  broken_after: 3\n  no_validator_min: 5h\n"
    async with HostileServer() as server:
        server.route("/a", answer(200, rss(*range(1, 24)), ETag='"lie"'))
        async with hub(tmp_path, source(server, "a"), polling=polling) as it:
            await it.poll("a")
            waits = [await it.until_due("a") for _ in range(5)]
            assert all(wait < 4 * HOUR for wait in waits[:3]), waits
            assert all(wait >= 5 * HOUR for wait in waits[3:]), waits
        assert len(server.requests) == 6


async def test_an_entry_of_a_226_is_stored_and_the_old_ones_stay(tmp_path: Path) -> None:
    async with HostileServer() as server:
        server.route(
            "/a",
            [
                answer(200, rss(1, 2, 3), ETag='"1"'),
                answer(226, rss(4), ETag='"2"', IM="feed"),
                answer(226, rss(5), IM="feed"),
                answer(304),
                answer(226, rss(6), ETag='"3"', IM="vcdiff"),
            ],
        )
        async with hub(tmp_path, source(server, "a")) as it:
            outcomes = []
            for _ in range(5):
                it.clock.later(days=1)
                outcomes.append((await it.poll("a"))["a"])
            assert [one.kind for one in outcomes] == ["ok", "ok", "ok", "unchanged", "protocol"]
            assert [one.new for one in outcomes] == [3, 1, 1, 0, 0]
            assert it.titles() == {f"Story {number}" for number in range(1, 6)}
            assert it.state("a").window == 3
        # a 226 without the ETag that RFC 3229 demands leaves the stored one, so that nothing can be missed
        assert conditions(server, "/a") == [(None, None), ('"1"', None), ('"2"', None), ('"2"', None), ('"2"', None)]
        assert [seen.value("A-IM") for seen in server.requests] == [None, "feed", "feed", "feed", "feed"]


async def test_a_forced_refetch_has_no_conditions_reads_all_again_and_comes_once_a_day(tmp_path: Path) -> None:
    clock = Days()
    async with HostileServer() as server:
        server.route("/a", answer(200, rss(1), ETag='"a"'))
        async with hub(tmp_path, source(server, "a"), clock) as it:
            await it.poll("a")
            clock.later(hours=1)
            instance.note_refetches(it.home, it.parts.settings, it.home.store.states(["a"]), clock())
            assert (await it.poll("a", anew=True))["a"].kind == "ok"  # the body was known, and read all the same
        async with hub(tmp_path, source(server, "a"), clock) as it:  # also after a restart
            for hours, allowed in ((23, False), (1, True)):
                clock.later(hours=hours)
                chosen, refused = instance.choose(
                    it.home, it.parts.settings, ["a"], everything=False, anew=True, at=clock()
                )
                assert (bool(chosen), bool(refused)) == (allowed, not allowed)
                assert allowed or "without conditions" in refused[0].detail
            await it.poll("a")
        assert conditions(server, "/a") == [(None, None), (None, None), ('"a"', None)]


async def test_who_redirects_to_a_host_at_rest_is_asked_by_hand_no_more_often_than_others(tmp_path: Path) -> None:
    async with HostileServer(hosts=("127.0.0.1", "127.0.0.2")) as server:
        server.route("/a", answer(302, Location=server.url("/b", host="127.0.0.2")))
        server.route("/b", answer(429, Retry_After="7200"))
        sources = source(server, "a") + source(server, "b", host="127.0.0.2")
        async with hub(tmp_path, sources) as it:
            await it.poll("b")
            asked = []
            for minutes in (0, 1, 3, 1):
                it.clock.later(minutes=minutes)
                chosen, _ = instance.choose(it.home, it.parts.settings, ["a"], everything=False, at=it.clock())
                await it.poll(*(state.slug for state in chosen))
                asked.append(len(server.to("/a")))
            assert asked == [1, 1, 1, 2]
            assert (it.state("a").failures, len(server.to("/b"))) == (0, 1)


# ---------------------------------------------------------------- articles


async def test_an_article_that_two_sources_list_at_the_same_time_is_asked_for_once(tmp_path: Path) -> None:
    async with HostileServer() as server:
        stories = b"".join(
            b"<item><title>Story %d</title><link>%s</link></item>" % (n, server.url(f"/story-{n}").encode())
            for n in range(3)
        )
        for n in range(3):
            server.route(f"/story-{n}", answer(200, article(n), Content_Type="text/html"))
        for path in ("/front", "/economy", "/members"):
            server.route(path, answer(200, rss(extra=stories.decode())))
        sources = source(server, "front", "full_text: true") + source(server, "economy", "full_text: true")
        sources += source(server, "members", "full_text: true, headers: {X-Key: secret}")
        async with hub(tmp_path, sources) as it:
            await it.poll("front", "economy")
            assert [len(server.to(f"/story-{n}")) for n in range(3)] == [1, 1, 1]
            assert all("at length" in stored.entry.content for stored in it.home.store.entries(10))
        (tmp_path / "apart").mkdir()
        async with hub(tmp_path / "apart", sources) as it:
            server.requests.clear()
            await it.poll("front", "economy", "members")
            # What was told to one who showed a key is told to nobody else.
            assert [sorted(seen.value("X-Key") or "" for seen in server.to(f"/story-{n}")) for n in range(3)] == [
                ["", "secret"]
            ] * 3


async def test_an_article_that_another_source_lists_later_may_say_something_else_by_then(tmp_path: Path) -> None:
    async with HostileServer() as server:
        server.route("/story", answer(200, article(1), Content_Type="text/html"))
        item = f"<item><title>Story</title><link>{server.url('/story')}</link></item>"
        for path in ("/front", "/economy", "/late"):
            server.route(path, answer(200, rss(extra=item)))
        sources = "".join(source(server, name, "full_text: true") for name in ("front", "economy", "late"))
        async with hub(tmp_path, sources) as it:
            asked = []
            for name in ("front", "economy", "late"):
                await it.poll(name)
                asked.append(len(server.to("/story")))
                it.clock.later(minutes=40)
            assert asked == [1, 1, 2]


async def test_of_an_article_that_is_a_recording_only_the_head_is_taken(tmp_path: Path) -> None:
    cut_off = asyncio.Event()

    async def endless(wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 9000000\r\n\r\n")
        await wire.reader.read()  # until who asked has left
        cut_off.set()

    async with HostileServer() as server:
        link = server.route("/episode.mp3", endless)
        item = f"<item><title>An episode</title><link>{link}</link></item>"
        server.route("/a", answer(200, rss(extra=item), ETag='"1"'))
        async with hub(tmp_path, source(server, "a", "full_text: true")) as it:
            async with asyncio.timeout(10):
                await it.poll("a")
                await cut_off.wait()
            assert it.titles() == {"An episode"}
            it.clock.later(days=1)
            await it.poll("a")
            assert len(server.to("/episode.mp3")) == 1


# ---------------------------------------------------------------- when next


async def test_first_polls_of_many_sources_are_spread(tmp_path: Path) -> None:
    async with HostileServer() as server:
        for number in range(40):
            server.route(f"/{number}", answer(200, rss(1), ETag='"1"'))
        sources = "".join(source(server, f"s{number}", path=f"/{number}") for number in range(40))
        async with hub(tmp_path, sources) as it:
            asked = []
            for _ in range(5):
                await it.due()
                asked.append(len(server.requests))
                it.clock.later(seconds=20)
        assert asked[0] == 1
        assert [round(number, -1) for number in asked] == [0, 10, 20, 30, 40]


async def test_hints_are_floors_whether_they_come_with_a_200_or_a_304(tmp_path: Path) -> None:
    async with HostileServer() as server:
        lively = tuple(range(23))  # would be polled every half hour
        tagged = {"ETag": '"a"'}
        documents = {
            "plain": (answer(200, rss(*lively), **tagged), HOUR / 4, 2 * HOUR),
            "age": (
                answer(200, rss(*lively), Cache_Control="max-age=36000", Age="7200", **tagged),
                8 * HOUR,
                8.1 * HOUR,
            ),
            "expires": (
                answer(
                    200,
                    rss(*lively),
                    Date="Mon, 02 Mar 2026 09:30:15 GMT",
                    Expires="Mon, 02 Mar 2026 14:30:15 GMT",
                    **tagged,
                ),
                5 * HOUR,
                5.1 * HOUR,
            ),
            "long": (answer(200, rss(*lively), Cache_Control="max-age=9999999", **tagged), DAY, DAY + HOUR / 10),
            "nocache": (
                answer(200, rss(*lively), Cache_Control="no-cache, max-age=9999", **tagged),
                HOUR / 4,
                2 * HOUR,
            ),
            "ttl": (answer(200, rss(*lively, extra="<ttl>600</ttl>"), **tagged), 10 * HOUR, 10.1 * HOUR),
            "sy": (
                answer(
                    200,
                    rss(
                        *lively,
                        extra="<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
                    ),
                    **tagged,
                ),
                12 * HOUR,
                12.1 * HOUR,
            ),
            "bare": (answer(200, rss(*lively)), 2 * HOUR, 2.5 * HOUR),
            "dull": (answer(200, rss(1), **tagged), HOUR, DAY * 1.1),  # the heuristic has a bound
            "wait": (answer(200, rss(*lively), Retry_After="36000", **tagged), HOUR / 4, 2 * HOUR),  # not of a 200
        }
        for slug, (first, _, _) in documents.items():
            server.route(f"/{slug}", first)
        server.route("/skip", answer(200, rss(*lively, extra=SKIP), **tagged))
        server.route("/304", [answer(200, rss(*lively), **tagged), answer(304, Cache_Control="max-age=36000")])
        names = [*documents, "skip", "304"]
        async with hub(tmp_path, "".join(source(server, name) for name in names)) as it:
            await it.poll(*names)
            for name, (_, least, most) in documents.items():
                due = it.state(name).next_poll_at
                assert due is not None
                assert least <= due - START <= most, name
                assert due.second, "nothing on the minute"
            due = it.state("skip").next_poll_at
            assert due is not None
            assert (due.weekday(), due.hour) == (2, 13)  # Tuesday is skipped, and so are all hours but 13
            it.clock.later(hours=2)
            assert (await it.poll("304"))["304"].status == 304
            due = it.state("304").next_poll_at
            assert due is not None
            assert 10 * HOUR <= due - it.clock.at <= 10.1 * HOUR


SKIP = (
    "<skipHours>"
    + "".join(f"<hour>{hour}</hour>" for hour in range(24) if hour != 13)
    + "</skipHours><skipDays><day>Monday</day><day>Tuesday</day></skipDays>"
)


async def test_a_restart_never_polls_early(tmp_path: Path) -> None:
    clock = Days()
    async with HostileServer() as server:
        server.route("/a", answer(200, rss(1), ETag='"a"', Cache_Control="max-age=10800"))
        async with hub(tmp_path, source(server, "a"), clock) as it:
            assert await it.due() == 1
        for minutes in (1, 60, 118):  # 179 minutes in all
            clock.later(minutes=minutes)
            async with hub(tmp_path, source(server, "a"), clock) as it:
                assert await it.due() == 0
        clock.later(days=1)
        async with hub(tmp_path, source(server, "a"), clock) as it:
            assert await it.due() == 1
        assert conditions(server, "/a") == [(None, None), ('"a"', None)]


# ---------------------------------------------------------------- redirects


async def test_a_permanent_move_is_adopted_after_days_and_a_temporary_one_never(tmp_path: Path) -> None:
    async with HostileServer(hosts=("127.0.0.1", "127.0.0.2")) as server:
        new = server.route("/new", answer(200, rss(1), ETag='"n"')).replace("127.0.0.1", "127.0.0.2")
        server.route("/old", answer(308, Location=new))
        server.route("/mixed", [answer(301, Location="/hop")])
        server.route("/hop", answer(302, Location=new + "?mixed"))
        server.route("/page", answer(301, Location="/html"))
        server.route(
            "/html", answer(200, b"<!doctype html><html><title>Moved</title></html>", Content_Type="text/html")
        )
        secret = "headers: {X-Key: s3cret}"
        names = ("old", "mixed", "page")
        sources = source(server, "old", secret) + source(server, "mixed") + source(server, "page")
        async with hub(tmp_path, sources) as it:
            for hours in (0, 24, 23, 2, 24):  # adopted with the fourth: three polls and 48 hours
                it.clock.later(hours=hours)
                await it.poll(*names)
            assert it.state("old").url == new
            assert it.state("mixed").url == server.url("/mixed")
            assert it.state("page").url == server.url("/page")
        assert len(server.to("/old")) == 4
        assert [seen.value("X-Key") for seen in server.to("/old")] == ["s3cret"] * 4
        moved = [seen for seen in server.requests if seen.target == "/new"]
        assert {seen.on for seen in moved} == {"127.0.0.2"}
        assert [seen.value("X-Key") for seen in moved] == [None] * 5  # the secret did not move along
        assert [seen.value("If-None-Match") for seen in moved] == [None, '"n"', '"n"', '"n"', '"n"']
        assert len(server.to("/mixed")) == 5


async def test_a_source_that_moved_within_its_origin_keeps_its_credentials(tmp_path: Path) -> None:
    async with HostileServer() as server:
        server.route("/old", answer(301, Location="/new"))
        server.route("/new", answer(200, rss(1), ETag='"n"'))
        polling = f"{POLLING}  move_polls: 1\n  move_after: 0s\n"
        url = server.url("/old").replace("http://", "http://me:pw@")
        sources = f"  - {{url: '{url}', slug: a, headers: {{X-Key: k}}}}\n"
        async with hub(tmp_path, sources, polling=polling) as it:
            await it.poll("a")
            assert it.state("a").url == server.url("/new")
            it.clock.later(days=1)
            await it.poll("a")
        told = [(seen.target, seen.value("Authorization"), seen.value("X-Key")) for seen in server.requests]
        assert told == [(path, "Basic bWU6cHc=", "k") for path in ("/old", "/new", "/new")]


async def test_a_haste_meant_for_ones_own_network_ends_where_the_source_moves_away(tmp_path: Path) -> None:
    polling = f"{POLLING}  interval: 3s\n  move_polls: 1\n  move_after: 0s\n"
    async with HostileServer(hosts=("127.0.0.1", "127.0.0.2")) as server:
        server.route("/here", answer(200, rss(1), ETag='"n"'))
        server.route("/away", answer(301, Location=server.url("/there", host="127.0.0.2")))
        server.route("/there", answer(200, rss(1), ETag='"n"'))
        async with hub(tmp_path, source(server, "here") + source(server, "away"), polling=polling) as it:
            await it.poll("here", "away")
            it.clock.later(minutes=1)
            await it.poll("here", "away")
            here, away = (it.state(slug).next_poll_at for slug in ("here", "away"))
            assert here is not None
            assert away is not None
            assert here - it.clock.at < timedelta(seconds=10)
            assert away - it.clock.at >= timedelta(minutes=5)


# ---------------------------------------------------------------- refusals


async def test_404_is_asked_ever_more_seldom_and_ends_as_gone(tmp_path: Path) -> None:
    async with HostileServer() as server:
        async with hub(tmp_path, source(server, "a")) as it:
            await it.due()
            waits: list[timedelta] = []
            healths = [it.state("a").health]
            while it.state("a").next_poll_at != NEVER:
                waits.append(await it.until_due("a"))
                healths.append(it.state("a").health)
                assert len(waits) < 50
            assert all(2**turn * HOUR <= wait <= 2**turn * 1.1 * HOUR for turn, wait in enumerate(waits[:5]))
            assert all(DAY <= wait <= 1.1 * DAY for wait in waits[5:17])
            assert all(WEEK <= wait <= 1.1 * WEEK for wait in waits[20:])
            assert 104 * DAY <= it.clock.at - START <= 112 * DAY
            assert healths[0] is Health.FAILING
            assert Health.MAYBE_GONE in healths
            assert healths[-1] is Health.GONE
            it.clock.later(days=1000)
            assert await it.due() == 0
        assert len(server.requests) == len(waits) + 1


@pytest.mark.parametrize(
    ("status", "hours", "health"),
    [
        (410, [24], Health.GONE),
        (451, [24, 24], Health.BLOCKED),
        (401, [6] * 8, Health.NEEDS_CREDENTIALS),
        (403, [6] * 8, Health.BLOCKED),
    ],
)
async def test_refusals_are_confirmed_at_their_pace_and_then_nothing_is_sent(
    tmp_path: Path, status: int, hours: list[int], health: Health
) -> None:
    polling = f"{POLLING}  backoff: {{refused_off_after: 2d}}\n"
    async with HostileServer() as server:
        server.route("/a", answer(status, b"<p>no</p>", Content_Type="text/html"))
        async with hub(tmp_path, source(server, "a"), polling=polling) as it:
            await it.due()
            waits = []
            while it.state("a").next_poll_at != NEVER:
                waits.append(await it.until_due("a"))
                assert len(waits) < 12
            assert [int(wait / HOUR) for wait in waits] == hours
            assert it.state("a").health is health
            it.clock.later(days=1000)
            assert await it.due() == 0
        assert len(server.requests) == len(hours) + 1
        assert {seen.value("User-Agent") for seen in server.requests} == {
            server.requests[0].value("User-Agent")
        }  # no change of clothes


async def test_one_410_after_a_long_outage_ends_nothing(tmp_path: Path) -> None:
    async with HostileServer() as server:
        server.route("/a", [answer(500), answer(500), answer(410), answer(410), answer(200, rss(1))])
        async with hub(tmp_path, source(server, "a")) as it:
            for hours in (0, 200, 200, 1, 30):  # the second 410 comes by hand after an hour, and confirms nothing
                it.clock.later(hours=hours)
                await it.poll("a")
            assert it.state("a").health is Health.FRESH


async def test_busy_hosts_double_to_a_day_and_rest_as_a_whole_also_after_a_restart(tmp_path: Path) -> None:
    clock = Days()
    async with HostileServer(hosts=("127.0.0.1", "127.0.0.2")) as server:
        server.route("/a", answer(503))
        server.route("/b", answer(200, rss(1)))
        sources = source(server, "a") + source(server, "b") + source(server, "c", path="/b", host="127.0.0.2")
        async with hub(tmp_path, sources, clock) as it:
            assert (await it.poll("a"))["a"].status == 503
        clock.later(minutes=59)
        async with hub(tmp_path, sources, clock) as it:
            outcomes = await it.poll("b", "c")
            assert (outcomes["b"].kind, outcomes["c"].kind) == ("rate limited", "ok")
            assert it.state("b").failures == 0
            due = it.state("b").next_poll_at
            assert due is not None
            assert due - clock.at >= timedelta(minutes=1)
        assert [seen.on for seen in server.requests] == ["127.0.0.1", "127.0.0.2"]
        hours = []
        for _ in range(6):
            async with hub(tmp_path, sources, clock) as it:
                hours.append(await it.until_due_of("a"))
        assert [round(wait / HOUR, 1) for wait in hours[1:]] == sorted(round(wait / HOUR, 1) for wait in hours[1:])
        assert DAY <= hours[-1] <= 1.1 * DAY


async def test_a_rest_of_the_host_brings_no_poll_forward_nor_into_hours_that_a_source_closes(tmp_path: Path) -> None:
    closed = "".join(f"<hour>{hour}</hour>" for hour in range(8, 20))
    async with HostileServer() as server:
        server.route("/fresh", answer(200, rss(1), ETag='"1"', Cache_Control="max-age=86400"))
        server.route("/gone", answer(410))
        server.route("/closed", answer(200, rss(2, extra=f"<skipHours>{closed}</skipHours>"), ETag='"2"'))
        server.route("/busy", answer(429, Retry_After="3600"))
        sources = "".join(source(server, slug) for slug in ("fresh", "gone", "closed", "busy"))
        async with hub(tmp_path, sources) as it:
            await it.poll("gone")
            it.clock.later(days=1)
            await it.poll("gone", "fresh", "closed")
            it.clock.later(hours=22)  # half past seven
            await it.poll("busy")
            planned = {slug: it.state(slug).next_poll_at for slug in ("fresh", "gone", "closed")}
            outcomes = await it.poll(*planned)
            assert [one.kind for one in outcomes.values()] == ["rate limited"] * 3
            assert len(server.requests) == 5
            assert (it.state("fresh").next_poll_at, it.state("gone").next_poll_at) == (planned["fresh"], NEVER)
            due = it.state("closed").next_poll_at
            assert due is not None
            assert timedelta(0) <= due - it.clock.at.replace(hour=20, minute=0, second=0) <= timedelta(hours=0.5)


@pytest.mark.parametrize(
    ("status", "value"), [(429, "7200"), (503, "Mon, 02 Mar 2026 11:30:15 GMT"), (500, "7200"), (302, "7200")]
)
async def test_retry_after_is_kept_to_the_second_over_a_restart(tmp_path: Path, status: int, value: str) -> None:
    clock = Days()
    async with HostileServer() as server:
        server.route("/a", [answer(status, Retry_After=value, Location="/b"), answer(200, rss(1))])
        server.route("/b", answer(200, rss(1)))
        async with hub(tmp_path, source(server, "a"), clock) as it:
            await it.due()
        for minutes in (30, 89):
            clock.later(minutes=minutes)
            async with hub(tmp_path, source(server, "a"), clock) as it:
                assert await it.due() == 0
                chosen, refused = instance.choose(it.home, it.parts.settings, ["a"], everything=False, at=clock())
                assert not chosen
                assert "Retry-After" in refused[0].detail
        assert len(server.to("/a")) == 1
        clock.later(days=2)
        async with hub(tmp_path, source(server, "a"), clock) as it:
            assert await it.due() == 1
        assert len(server.to("/a")) == 2


async def test_a_source_counts_its_readers_as_the_operator_says(tmp_path: Path) -> None:
    async with HostileServer() as server:
        base = BASE.replace('about"', 'about", subscribers: 7')
        async with hub(tmp_path, source(server, "a"), base=base) as it:
            await it.poll("a")
        agent = server.requests[0].value("User-Agent")
        assert agent == f"FeedHub/{__version__} (+https://hub.example/about; 7 subscribers)"


async def test_a_web_page_where_a_feed_was_is_blocked_and_nothing_is_lost(tmp_path: Path) -> None:
    page = answer(200, b"<!doctype html><html><title>Welcome</title></html>", Content_Type="text/html", ETag='"page"')
    async with HostileServer() as server:
        server.route("/a", [answer(200, rss(1), ETag='"feed"'), page])
        server.route("/never", page)
        async with hub(tmp_path, source(server, "a") + source(server, "never")) as it:
            for _ in range(2):
                it.clock.later(days=1)
                await it.poll("a", "never")
            blocked = it.state("a")
            assert (blocked.health, it.state("never").health) == (Health.BLOCKED, Health.NOT_A_FEED)
            assert blocked.validators == Validators(etag='"feed"', url=server.url("/a"))
            assert it.titles() == {"Story 1"}
            assert blocked.next_poll_at is not None
            assert 6 * HOUR <= blocked.next_poll_at - it.clock.at <= 27 * HOUR
