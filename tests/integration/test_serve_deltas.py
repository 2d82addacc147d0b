"""``A-IM: feed`` (RFC 3229) over real HTTP, from a real database: only what is new, and only to who can use it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest

from feedhub.emit import violations
from feedhub.model import Document, EntryId, Format, Piece
from feedhub.serve.deltas import Versions, takes_deltas
from feedhub.store import SqlStore, open_store
from feedhub.store.upgrading import migrate
from support.real_site import RealSite, real_site, write
from support.stories import HOUR, NOW, draft, spec, topic
from support.web import Reply

FEED = "/topics/gold"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    url = f"sqlite:///{tmp_path / 'feedhub.db'}"
    migrate(url)
    opened = open_store(url)
    opened.sync([spec("daily")], [topic("gold"), topic("secret")], NOW)
    add(opened, 1, 2, 3)
    yield opened
    opened.close()


@pytest.fixture
def site(store: SqlStore) -> Iterator[RealSite]:
    with real_site(store, feeds={"size": 5, "private": {"topics/secret": ["s3cret"]}}) as made:
        yield made


def add(store: SqlStore, *numbers: int) -> None:
    """Stories, an hour apart, each newer than the one before."""
    at = [NOW - timedelta(days=1) + number * HOUR for number in numbers]
    stories = [
        draft("daily", f"{number}", title=f"Story {number}", topics=["gold", "secret"], at=moment)
        for number, moment in zip(numbers, at, strict=True)
    ]
    write(store, "daily", *stories)


def titles(reply: Reply, format: Format) -> list[str]:
    if format is Format.JSON:
        return [item["title"] for item in json.loads(reply.body)["items"]]
    feed = feedparser.parse(reply.body)
    assert not feed.bozo
    return [entry.title for entry in feed.entries]


@pytest.mark.parametrize("format", Format)
def test_only_the_new_entries_come(site: RealSite, format: Format) -> None:
    path = f"{FEED}.{format.value}"
    before = site.web.get(path)
    add(site.store, 4, 5)
    delta = site.web.get(path, a_im="feed", if_none_match=before.headers["etag"])
    whole = site.web.get(path)
    assert delta.status == 226
    assert titles(delta, format) == ["Story 5", "Story 4"]
    assert violations(delta.body, format) == []
    assert delta.headers["im"] == "feed"
    assert delta.headers["cache-control"] == "no-store"
    assert delta.headers["delta-base"] == before.headers["etag"]
    assert delta.headers["vary"] == whole.headers["vary"] == "A-IM, Accept-Encoding"
    for name in ("etag", "last-modified", "content-type"):
        assert delta.headers[name] == whole.headers[name]
    again = site.web.get(path, a_im="feed", if_none_match=delta.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert titles(whole, format) == [f"Story {n}" for n in (5, 4, 3, 2, 1)]


def test_nobody_gets_a_part_who_did_not_ask_for_it(site: RealSite) -> None:
    path = f"{FEED}.atom"
    tag = site.web.get(path).headers["etag"]
    add(site.store, 4)
    for headers in (
        {"if_none_match": tag},
        {"if_none_match": tag, "a_im": "vcdiff, gzip"},
        {"if_none_match": tag, "a_im": "feed;q=0"},
        {"a_im": "feed"},
        {"a_im": "feed", "if_none_match": '"unknown"'},
        {"a_im": "feed", "if_none_match": "*, damaged"},
        {"a_im": "feed", "if_modified_since": "Mon, 23 Nov 2020 12:09:00 GMT"},
    ):
        for _ in range(2):  # the second time by the short way, where there is one
            reply = site.web.get(path, **headers)
            assert (reply.status, len(titles(reply, Format.ATOM))) == (200, 4), headers
            assert "im" not in reply.headers
    assert site.web.get(path, a_im="feed", if_none_match="*").status == 304
    older = site.web.get(f"{FEED}.json", a_im="feed", if_none_match=tag)
    assert older.status == 200  # another document's tag


def test_the_tag_may_be_weak_coded_or_one_of_many(site: RealSite) -> None:
    path = f"{FEED}.atom"
    packed = site.web.get(path, accept_encoding="gzip")
    assert packed.headers["etag"].endswith('-gzip"')
    add(site.store, 4)
    for tag in (f"W/{packed.headers['etag']}", f'"x", {packed.headers["etag"]}', packed.headers["etag"]):
        delta = site.web.get(path, a_im="gzip;q=0.1, feed", if_none_match=tag, accept_encoding="gzip")
        assert (delta.status, delta.headers["content-encoding"]) == (226, "gzip")
        assert b"Story 4" in gzip.decompress(delta.body)
        assert b"Story 3" not in gzip.decompress(delta.body)
        after = site.web.get(path, a_im="feed", if_none_match=delta.headers["etag"], accept_encoding="gzip")
        assert after.status == 304


def test_withdrawn_entries_are_told(site: RealSite) -> None:
    before = {each: site.web.get(f"{FEED}.{each.value}").headers["etag"] for each in Format}
    site.store.withdraw(EntryId(2), NOW)
    for each, tag in before.items():
        delta = site.web.get(f"{FEED}.{each.value}", a_im="feed", if_none_match=tag)
        assert (delta.status, titles(delta, each)) == (226, [])
        if each is not Format.RSS:  # it has no word for it
            assert b"daily:2" in delta.body


def test_a_version_of_which_nothing_is_left_is_answered_with_the_whole(site: RealSite) -> None:
    tag = site.web.get(f"{FEED}.atom").headers["etag"]
    add(site.store, *range(4, 10))
    reply = site.web.get(f"{FEED}.atom", a_im="feed", if_none_match=tag)
    assert (reply.status, len(titles(reply, Format.ATOM))) == (200, 5)


def test_head_and_private_feeds_and_the_path_without_ending(site: RealSite) -> None:
    secret = "/private/s3cret/topics/secret.atom"
    tags = {path: site.web.get(path).headers["etag"] for path in (f"{FEED}.atom", secret)}
    add(site.store, 4)
    headers = {"A-IM": "feed", "If-None-Match": tags[f"{FEED}.atom"]}
    head, full = (site.web.ask(f"{FEED}.atom", method, headers) for method in ("HEAD", "GET"))
    assert (head.status, head.body, head.headers["content-length"]) == (226, b"", str(len(full.body)))
    private = site.web.get(secret, a_im="feed", if_none_match=tags[secret])
    assert (private.status, private.headers["cache-control"]) == (226, "no-store")
    assert "access-control-allow-origin" not in private.headers
    asked = {"A-IM": "feed", "Accept": "application/atom+xml", "If-None-Match": tags[f"{FEED}.atom"]}
    negotiated = site.web.ask(FEED, headers=asked)
    assert (negotiated.status, negotiated.headers["vary"]) == (226, "A-IM, Accept, Accept-Encoding")


def test_a_304_is_the_same_with_and_without_a_im(site: RealSite) -> None:
    path = f"{FEED}.atom"
    tag = site.web.get(path).headers["etag"]
    plain = site.web.get(path, if_none_match=tag)
    again = site.web.get(path, if_none_match=tag, a_im="feed")
    assert plain.status == again.status == 304
    assert {k: v for k, v in plain.headers.items() if k != "date"} == {
        k: v for k, v in again.headers.items() if k != "date"
    }


def document(tag: str, *keys: bytes) -> Document:
    pieces = tuple(Piece(key, place, place + 1) for place, key in enumerate(keys))
    return Document(body=b"x" * len(keys), media_type="a/b", etag=tag, modified=NOW, pieces=pieces)


def test_versions_are_forgotten_the_oldest_first() -> None:
    versions = Versions(most=4)
    for tag in ('"1"', '"2"', '"1"', '"3"'):
        versions.note("x", document(tag, b"a", b"b"))
    now = document('"4"', b"a", b"c")
    assert versions.base("x", now, "feed", '"2"') is None
    assert versions.base("y", now, "feed", '"1"') is None
    base = versions.base("x", now, "feed", '"1"')
    assert base is not None
    assert now.without(base.keys).body == b"x"


def test_who_asks_in_the_name_of_others_gets_the_whole() -> None:
    assert takes_deltas("FeedHub/0.1.0 (+https://hub.example; 2 subscribers)")
    for agent in ("feedparser/6.0.11 +https://github.com/kurtmckee/feedparser/", "rss2email/3.14 (x)"):
        assert not takes_deltas(agent)
