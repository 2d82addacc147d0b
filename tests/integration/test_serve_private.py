"""Private feeds over real HTTP: tokens of subscribers, names and passwords, and what is told to whom."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from feedhub.model import AccessToken, FeedKind, token_digest
from feedhub.ports import Vitals
from feedhub.schedule import explain
from feedhub.serve.app import ServeParts, create_app
from feedhub.serve.gate import _loggable
from feedhub.serve.private_gate import Presented, presented
from feedhub.settings import Settings
from support.fake_library import NOON, FakeControl, FakeLibrary, FakePress, sample_library, stored_entry
from support.web import Web, served

PRIVATE = {"topics/ai": [], "topics/board-rooms": ["configured"], "sources/money-aloud": ["configured"]}
FEEDS = {"size": 5, "private": PRIVATE}


@dataclass
class Site:
    web: Web
    library: FakeLibrary
    tokens: dict[bytes, AccessToken] = field(default_factory=dict)

    def give(self, name: str, token: str, *feeds: str) -> None:
        digest = token_digest(token)
        self.tokens[digest] = AccessToken(name=name, digest=digest, feeds=feeds, since=NOON)


@pytest.fixture
def site() -> Iterator[Site]:
    library, tokens = sample_library(), dict[bytes, AccessToken]()
    library.publish(FeedKind.TOPIC, "ai-2", "Newer AI", [stored_entry(2)], key="ai")
    parts = ServeParts(
        library=library,
        press=FakePress(library, 5),
        catalogue=library,
        settings=Settings.model_validate({"site": {"base_url": "https://hub.example"}, "feeds": FEEDS}),
        control=FakeControl(),
        vitals=lambda: Vitals(live=True, ready=True),
        control_token="tok",
        version="9.9",
        clock=lambda: NOON,
        explain=explain,
        access=tokens.get,
        writes=lambda: library.commits,
    )
    with served(create_app(parts)) as web:
        made = Site(web, library, tokens)
        made.give("ana", "for-ana", "topics/ai")
        made.give("bình", "for-binh")
        yield made


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_a_token_opens_what_it_was_given_for(site: Site) -> None:
    assert site.web.get("/private/for-ana/topics/ai.atom").status == 200
    assert site.web.get("/private/for-ana/topics/board-rooms.atom").status == 404
    for path in ("topics/ai", "topics/board-rooms", "sources/money-aloud"):
        assert site.web.get(f"/private/for-binh/{path}.json").status == 200
    assert site.web.get("/private/for-binh/topics/central-banks.atom").status == 404  # it is public


def test_a_revoked_token_opens_nothing_from_the_next_request_on(site: Site) -> None:
    tag = site.web.get("/private/for-ana/topics/ai.atom").headers["etag"]
    site.tokens.clear()
    for headers in ({}, {"if_none_match": tag}):
        reply = site.web.get("/private/for-ana/topics/ai.atom", **headers)
        assert (reply.status, reply.headers["cache-control"]) == (404, "no-store")
    assert site.web.get("/private/configured/sources/money-aloud.atom").status == 200


def test_a_name_and_a_password_open_the_address_without_token(site: Site) -> None:
    for name, password in (("ana", "for-ana"), ("bình", "for-binh"), ("bi\u0300nh", "for-binh")):
        reply = site.web.get("/private/topics/ai.atom", authorization=basic(name, password))
        assert (reply.status, reply.headers["cache-control"]) == (200, "private, max-age=300")
        assert reply.headers["referrer-policy"] == "no-referrer"
    tag = site.web.get("/private/topics/ai.atom", authorization=basic("ana", "for-ana")).headers["etag"]
    again = site.web.get("/private/topics/ai.atom", authorization=basic("ana", "for-ana"), if_none_match=tag)
    assert again.status == 304
    for name in ("anybody", ""):
        there = site.web.get("/private/sources/money-aloud.rss", authorization=basic(name, "configured"))
        assert there.status == 200


def test_what_opens_nothing_is_told_nothing(site: Site) -> None:
    """The same words for a private feed, a public one and one that does not exist; whoever asks."""
    asked = ["", basic("ana", "wrong"), basic("bình", "for-ana"), basic("ana", "for-ana"), "Bearer for-ana", "Basic ?"]
    for authorization in asked:
        replies = [
            site.web.get(f"/private/{path}.atom", authorization=authorization)
            for path in ("topics/board-rooms", "topics/central-banks", "topics/none", "sources/money-aloud", "all")
        ]
        assert {reply.status for reply in replies} == {401}
        assert len({reply.body for reply in replies}) == 1
        assert len({frozenset(reply.headers.items() - {("date", reply.headers["date"])}) for reply in replies}) == 1
        assert replies[0].headers["www-authenticate"] == 'Basic realm="FeedHub private feeds", charset="UTF-8"'
    for path in ("topics/ai", "topics/none", "topics/central-banks"):
        assert site.web.get(f"/private/wrong/{path}.atom").status == 404


def test_older_pages_of_a_feed_with_password_stay_there(site: Site) -> None:
    site.library.publish(FeedKind.TOPIC, "ai", "AI", [stored_entry(number) for number in range(9)])
    text = site.web.get("/private/topics/ai.json", authorization=basic("ana", "for-ana")).text
    older = text.split('"next_url": "')[1].split('"')[0]
    assert older.startswith("/private/topics/ai.json?before=")
    assert site.web.get(older, authorization=basic("ana", "for-ana")).status == 200
    assert site.web.get(older).status == 401


def test_a_token_goes_along_when_its_feed_is_renamed(site: Site) -> None:
    site.give("chi", "for-chi", "topics/boards")
    assert site.web.get("/private/for-chi/topics/board-rooms.atom").status == 200
    moved = site.web.get("/private/for-chi/topics/boards.atom")
    assert (moved.status, moved.headers["location"]) == (301, "/private/for-chi/topics/board-rooms.atom")
    moved = site.web.get("/private/topics/boards.atom", authorization=basic("chi", "for-chi"))
    assert (moved.status, moved.headers["location"]) == (301, "/private/topics/board-rooms.atom")
    assert site.web.get("/private/topics/boards.atom").status == 401


def test_a_topic_is_private_also_where_another_one_has_its_slug(site: Site) -> None:
    """The configuration says topics/ai; an earlier topic of that name may have the address for ever."""
    assert site.web.get("/topics/ai-2.atom").status == 404
    assert "Newer AI" not in site.web.get("/topics").text
    assert site.web.get("/private/for-binh/topics/ai-2.atom").status == 200


def test_a_withdrawn_private_feed_is_told_to_its_readers_only(site: Site) -> None:
    site.library.withdraw(FeedKind.TOPIC, "ai")
    assert site.web.get("/private/for-ana/topics/ai.atom").status == 410
    assert site.web.get("/topics/ai.atom").status == 404


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", None),
        ("Bearer abc", None),
        ("Basic", None),
        ("Basic %%%", None),
        ("Basic bm8tY29sb24=", None),
        ("Basic /zo=", None),
        ("basic YTpiOmM=", Presented(token="b:c", name="a")),
        (basic("", "x"), Presented(token="x", name="")),
    ],
)
def test_credentials(header: str, found: Presented | None) -> None:
    assert presented(header) == found


@pytest.mark.parametrize("path", ["/private/s3cret/topics/ai.atom", "//private/s3cret/x", "/x/websub/s3cret\n/y"])
def test_the_log_knows_no_token(path: str) -> None:
    assert "s3cret" not in _loggable(path)
    assert _loggable("/topics/ai.atom") == "/topics/ai.atom"
