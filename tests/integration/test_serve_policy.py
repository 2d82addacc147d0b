"""How much is republished, per source and per output: the strictest holds, in feeds, on pages and where feeds are narrowed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from feedhub.model import ContentPolicy, Enclosure
from feedhub.store import SqlStore, open_store
from feedhub.store.upgrading import migrate
from support.real_site import RealSite, real_site, write
from support.stories import NOW, draft, spec, topic

SHORT, LONG = b"A short word of it.", b"All of it, in many words."


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    url = f"sqlite:///{tmp_path_factory.mktemp('policy') / 'feedhub.db'}"
    migrate(url)
    opened = open_store(url)
    opened.sync([spec("open"), spec("shy", content=ContentPolicy.LINK)], [topic("gold"), topic("brief")], NOW)
    sound = Enclosure(url="https://media.example/1.mp3", type="audio/mpeg", length=1)
    for source in ("open", "shy"):
        one = draft(source, "1", topics=["gold", "brief"], authors=[source], enclosures=[sound])
        told = replace(one.entry, summary=f"<p>{SHORT.decode()}</p>", content=f"<p>{LONG.decode()}</p>")
        write(opened, source, replace(one, entry=told))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def site(store: SqlStore) -> Iterator[RealSite]:
    with real_site(store, feeds={"content_of": {"topics/gold": "link", "topics/brief": "summary"}}) as made:
        yield made


@pytest.mark.parametrize("ending", ["atom", "rss", "json"])
def test_the_strictest_holds(site: RealSite, ending: str) -> None:
    whole, brief, bare = (site.web.get(f"{path}.{ending}").body for path in ("/all", "/topics/brief", "/topics/gold"))
    assert (whole.count(LONG), whole.count(b"1.mp3")) == (1, 1), "what the shy source says is never more than a link"
    assert LONG not in brief
    assert SHORT in brief
    for words in (LONG, SHORT, b"1.mp3"):
        assert words not in bare
    assert b"1 of open" in bare
    assert site.web.get(f"/sources/shy.{ending}").body.count(LONG) == 0


def test_a_feed_that_is_narrowed_or_joined_gives_no_more(site: RealSite) -> None:
    assert LONG in site.web.get("/all.json?author=open").body
    for path in ("/topics/gold.json?author=open", "/topics/brief+gold.json", "/search.json?q=topic:gold"):
        reply = site.web.get(path)
        assert len(json.loads(reply.body)["items"]) >= 1
        assert LONG not in reply.body
        assert SHORT not in reply.body


def test_pages_show_as_little(site: RealSite) -> None:
    assert SHORT in site.web.get("/sources/open").body
    for path in ("/sources/shy", "/topics/gold", "/topics/gold?author=open", "/search?q=source:shy"):
        body = site.web.get(path).body
        assert b"1 of " in body
        assert SHORT not in body
        assert b"1.mp3" not in body
