"""``Cache-Control`` fits the pace of each feed: made of what is stored, so that it is the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from feedhub.store import SqlStore, open_store
from feedhub.store.upgrading import migrate
from support.real_site import real_site, write
from support.stories import NOW, draft, spec, topic

PACES = {"lively": 10, "hourly": 60, "daily": 1440}
"""Minutes between two entries of a topic."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    url = f"sqlite:///{tmp_path_factory.mktemp('pace') / 'feedhub.db'}"
    migrate(url)
    opened = open_store(url)
    opened.sync([spec("a")], [topic(name) for name in (*PACES, "secret", "empty")], NOW)
    for name, minutes in PACES.items():
        moments = [NOW - timedelta(minutes=minutes * number) for number in range(1, 12)]
        topics = [name, *(["secret"] if name == "daily" else [])]
        write(opened, "a", *(draft("a", f"{name} {at}", topics=topics, at=at, authors=[name]) for at in moments))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("name", "bounds", "seconds"),
    [
        ("lively", {}, 300),
        ("lively", {"min": "1m"}, 150),
        ("hourly", {}, 900),
        ("daily", {}, 3600),
        ("daily", {"max": "12h"}, 21_600),
        ("empty", {}, 300),
        ("empty", {"min": "10m", "max": "10m"}, 600),
    ],
)
def test_a_quarter_of_the_rhythm_within_bounds(
    store: SqlStore, name: str, bounds: dict[str, str], seconds: int
) -> None:
    with real_site(store, feeds={"max_age": bounds}) as site:
        for ending in ("atom", "rss", "json"):
            reply = site.web.get(f"/topics/{name}.{ending}")
            assert reply.headers["cache-control"] == f"public, max-age={seconds}"
            again = site.web.get(f"/topics/{name}.{ending}", if_none_match=reply.headers["etag"])
            assert (again.status, again.headers["cache-control"]) == (304, f"public, max-age={seconds}")


def test_searches_pages_and_private_feeds_keep_time_too(store: SqlStore) -> None:
    with real_site(store, feeds={"private": {"topics/secret": ["s3cret"]}}) as site:
        assert site.web.get("/private/s3cret/topics/secret.atom").headers["cache-control"] == "private, max-age=3600"
        assert site.web.get("/all.atom?author=hourly").headers["cache-control"] == "public, max-age=900"
        assert site.web.get("/topics/daily").headers["cache-control"] == "public, max-age=60"
        assert site.web.get("/feeds.opml").headers["cache-control"] == "public, max-age=300"


def test_two_machines_say_the_same(store: SqlStore) -> None:
    told = []
    for _ in range(2):
        with real_site(store) as site:
            headers = site.web.get("/topics/hourly.atom").headers
            told.append({name: value for name, value in headers.items() if name != "date"})
    assert told[0] == told[1]
