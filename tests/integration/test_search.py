"""Searches, joined topics and narrowed feeds over real HTTP, on both databases."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import feedparser
import pytest

from feedhub.emit import Renderer, SiteInfo
from feedhub.model import Draft, FeedKind, FeedRef, Insert
from feedhub.ports import Vitals
from feedhub.press import Press
from feedhub.schedule import explain
from feedhub.serve.app import ServeParts, create_app
from feedhub.settings import Settings
from feedhub.store import SqlStore, open_store
from feedhub.store.upgrading import migrate
from support.postgres import postgres_server, postgres_url
from support.stories import HOUR, NOW, draft, poll, spec, topic
from support.web import Reply, Web, served

__all__ = ["postgres_server", "postgres_url"]

BASE = "https://hub.example"
PRIVATE = {"topics/secret": ["s3cret"], "sources/paid": ["s3cret"]}


@dataclass
class Site:
    web: Web
    store: SqlStore

    def json(self, path: str, **headers: str) -> Any:
        reply = self.web.get(path, **headers)
        assert reply.status == 200, (path, reply.status, reply.text)
        return json.loads(reply.body)

    def titles(self, path: str) -> list[str]:
        return [item["title"] for item in self.json(path)["items"]]

    def status(self, path: str) -> int:
        return self.web.get(path).status


Opened = Callable[..., Site]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    lite = f"sqlite:///{tmp_path / 'feedhub.db'}"
    url = lite if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    migrate(url)
    opened = open_store(url, busy_timeout=5.0)
    opened.sync([spec("daily"), spec("paid")], [topic(name) for name in ("gold", "banks", "secret")], NOW)
    write(
        opened,
        "daily",
        draft("daily", "1", title="Gold and banks", topics=["gold", "banks"], authors=["huyền trần"]),
        draft("daily", "2", title="Gold alone", topics=["gold"], at=NOW - 2 * HOUR),
        draft("daily", "3", title="Giá vàng tăng", topics=["gold"], authors=["huyền trần"], at=NOW - 3 * HOUR),
        draft("daily", "4", title="A secret bank", topics=["banks", "secret"], at=NOW - 4 * HOUR),
    )
    yield opened
    opened.close()


@pytest.fixture
def opened(store: SqlStore) -> Iterator[Opened]:
    """Serves the store under some settings of ``feeds``."""
    running: list[Any] = []

    def open_site(**feeds: Any) -> Site:
        written = {"site": {"base_url": BASE, "title": "The Hub"}, "feeds": {"private": PRIVATE, **feeds}}
        written["authors"] = {"people": {"bo": {"name": "Bo Lin", "aliases": ["B. Lin"]}}}
        settings = Settings.model_validate(written)
        press = Press(store, Renderer(SiteInfo.of(settings.site, "9"), settings.feeds), settings.feeds, searching=store)
        parts = ServeParts(
            library=store,
            press=press,
            catalogue=store,
            settings=settings,
            control=None,
            vitals=lambda: Vitals(live=True, ready=True),
            control_token="",
            version="9",
            clock=lambda: NOW,
            explain=explain,
            searching=store,
            selections=press,
        )
        context = served(create_app(parts))
        running.append(context)
        return Site(context.__enter__(), store)

    yield open_site
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture
def site(opened: Opened) -> Site:
    return opened()


def write(store: SqlStore, slug: str, *drafts: Draft) -> None:
    (state,) = store.states([slug])
    with store.transaction() as transaction:
        transaction.apply([poll(state, *((each, Insert()) for each in drafts))])


def asked(words: str, ending: str = "json") -> str:
    return f"/search.{ending}?q={quote(words)}"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("gold", ["Gold and banks", "Gold alone"]),
        ("vàng", ["Giá vàng tăng"]),
        ("vang", ["Giá vàng tăng"]),
        ("gold -banks", ["Gold alone"]),
        ("gold OR vàng", ["Gold and banks", "Gold alone", "Giá vàng tăng"]),
        ('gold author:"Huyền Trần"', ["Gold and banks"]),
        ("author:huyen-tran", ["Gold and banks", "Giá vàng tăng"]),
        ("gold -author:huyen-tran", ["Gold alone"]),
        ("topic:banks topic:gold", ["Gold and banks"]),
        ("source:daily title:bank", ["A secret bank"]),
        ("category:news lang:en gold -lang:vi", ["Gold and banks", "Gold alone"]),
        ("lang:vi", []),
        ("zebra", []),
    ],
    ids=[str(number) for number in range(13)],
)
def test_searches(site: Site, words: str, found: list[str]) -> None:
    assert site.titles(asked(words)) == found


@pytest.mark.parametrize("ending", ["atom", "rss", "json"])
def test_a_search_is_a_feed_as_any_other(site: Site, ending: str) -> None:
    reply = site.web.get(asked("GOLD  OR Vàng -banks", ending))
    assert reply.status == 200
    assert reply.headers["cache-control"] == "public, max-age=900"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert f"/search.{ending}?q=gold%20OR%20v%C3%A0ng%20-banks" in reply.text, "its own address is the canonical one"
    again = site.web.get(asked("gold OR vàng -banks", ending))
    assert (again.body, again.headers["etag"]) == (reply.body, reply.headers["etag"])
    assert site.web.get(asked("gold OR vàng -banks", ending), if_none_match=reply.headers["etag"]).status == 304
    packed = site.web.get(asked("gold OR vàng -banks", ending), accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == reply.body
    if ending != "json":
        assert not feedparser.parse(reply.body).bozo


def test_id_and_title(site: Site) -> None:
    root = ElementTree.fromstring(site.web.get(asked("author:huyen-tran gold", "atom")).body)
    names = {"a": "http://www.w3.org/2005/Atom"}
    assert root.findtext("a:title", namespaces=names) == "Search: gold author:huyen-tran"
    assert root.findtext("a:id", namespaces=names) == (
        "tag:hub.example,2025:search/gold%20author%3A%22huy%E1%BB%81n%20tr%E1%BA%A7n%22"
    ), "made from the key, which no new slug changes"


def test_nothing_found_is_a_valid_empty_feed(site: Site) -> None:
    for ending in ("atom", "rss", "json"):
        reply = site.web.get(asked("zebra", ending))
        assert reply.status == 200
        if ending == "json":
            assert json.loads(reply.body)["items"] == []
        else:
            parsed = feedparser.parse(reply.body)
            assert (bool(parsed.bozo), parsed.entries) == (False, [])


def test_what_comes_in_is_found_and_what_does_not_match_changes_nothing(site: Site) -> None:
    before = site.web.get(asked("zebra"))
    write(site.store, "daily", draft("daily", "5", title="A horse"))
    assert site.web.get(asked("zebra"), if_none_match=before.headers["etag"]).status == 304
    write(site.store, "daily", draft("daily", "6", title="A zebra"))
    after = site.web.get(asked("zebra"), if_none_match=before.headers["etag"])
    assert after.status == 200
    assert site.titles(asked("zebra")) == ["A zebra"]


@pytest.mark.parametrize(
    ("address", "found", "title"),
    [
        ("/topics/gold+banks.json", ["Gold and banks"], "Banks + Gold"),
        ("/topics/banks+gold.json", ["Gold and banks"], "Banks + Gold"),
        ("/topics/gold.json?author=huyen-tran", ["Gold and banks", "Giá vàng tăng"], "Gold · Huyền Trần"),
        ("/all.json?topic=banks&lang=en", ["Gold and banks", "A secret bank"], "All · en · Banks"),
        ("/authors/huyen-tran.json?q=v%C3%A0ng", ["Giá vàng tăng"], "Huyền Trần · vàng"),
        ("/sources/daily.json?topic=banks&category=news", ["Gold and banks", "A secret bank"], "Daily · News · Banks"),
        ("/topics/gold.json?q=-topic:banks", ["Gold alone", "Giá vàng tăng"], "Gold · without Banks"),
        ("/topics/gold+banks.json?author=huyen-tran&source=", ["Gold and banks"], "Banks + Gold · Huyền Trần"),
        ("/topics/gold.json?author=&utm_source=x", ["Gold and banks", "Gold alone", "Giá vàng tăng"], "Gold"),
    ],
    ids=[str(number) for number in range(9)],
)
def test_narrowed_feeds(site: Site, address: str, found: list[str], title: str) -> None:
    document = site.json(address)
    assert [item["title"] for item in document["items"]] == found
    assert document["title"] == title
    own = document["feed_url"].removeprefix(BASE)
    assert site.titles(own) == found
    assert site.json(own)["feed_url"] == document["feed_url"]


def test_older_pages_by_key(opened: Opened) -> None:
    site = opened(size=1)
    seen, address, pages = [], "/search.json?q=gold%20OR%20v%C3%A0ng", 0
    while address:
        document = site.json(address)
        seen += [item["title"] for item in document["items"]]
        address, pages = document.get("next_url", "").removeprefix(BASE), pages + 1
    assert seen == ["Gold and banks", "Gold alone", "Giá vàng tăng"]
    assert pages == 3
    assert site.status("/topics/gold+banks.json?before=x") == 400
    assert site.titles("/topics/gold.json?author=huyen-tran&before=0-0") == []


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/search.atom", 400, "/search.atom?q="),
        ("/search.atom?q=%21%21", 400, "/search.atom?q="),
        ("/search.atom?q=author:", 400, "character 1"),
        ("/search.atom?q=" + "x" * 501, 400, "500 characters"),
        ("/search.atom?q=gold&lang=%27", 400, "no language"),
        ("/search.pdf?q=gold", 404, ""),
        ("/search.atom?q=author:huyen-tra", 404, "huyen-tran"),
        ("/topics/gold.atom?author=nobody", 404, "author 'nobody'"),
        ("/topics/gold+bank.atom", 404, "banks"),
        ("/topics/a+b+c+d+e+f.atom", 404, "2 to 5"),
        ("/topics/gold+.atom", 404, ""),
        ("/authors/ana+huyen-tran.atom", 404, ""),
        ("/nowhere/x.atom?author=huyen-tran", 404, ""),
    ],
    ids=[str(number) for number in range(13)],
)
def test_refusals_that_help(site: Site, address: str, status: int, said: str) -> None:
    reply = site.web.get(address)
    assert reply.status == status
    assert said in reply.text


def test_renamed_topics_redirect(site: Site) -> None:
    site.store.sync([spec("daily"), spec("paid")], [topic("silver", "gold"), topic("banks"), topic("secret")], NOW)
    for old, new in {
        "/topics/gold+banks.atom": "/topics/silver+banks.atom",
        "/topics/banks.atom?topic=gold": "/topics/banks.atom?topic=silver",
        "/search.atom?q=x%20topic:gold": "/search.atom?q=x%20topic%3Asilver",
        "/topics/gold.atom?lang=en": "/topics/silver.atom?lang=en",
    }.items():
        reply = site.web.get(old)
        assert (reply.status, reply.headers["location"]) == (301, new)
        assert site.status(new) == 200
    assert site.web.get("/topics/banks+banks.atom").headers["location"] == "/topics/banks.atom"


def test_an_author_is_found_by_alias(site: Site) -> None:
    write(site.store, "daily", draft("daily", "7", title="By Bo", authors=["bo"]))
    site.store.merge_feeds(FeedKind.AUTHOR, ["bo"], FeedRef(kind=FeedKind.AUTHOR, key="bo", title="Bo Lin", slug="bo"))
    for name in ("B. Lin", "bo lin", "bo"):
        assert site.titles(f"/all.json?author={quote(name)}") == ["By Bo"]


def test_names_without_diacritics_are_no_other_persons(site: Site) -> None:
    write(site.store, "daily", draft("daily", "8", title="By the other", authors=["huyện trân"]))
    assert site.titles(f"/all.json?author={quote('Huyện Trân')}") == ["By the other"]
    assert site.titles(f"/all.json?author={quote('Huyền Trần')}") == ["Gold and banks", "Giá vàng tăng"]
    assert site.status(f"/all.json?author={quote('Huyên Trần')}") == 404


# ---------------------------------------------------------------- what is private


@pytest.mark.parametrize(
    "address",
    [
        "/search.json?q=topic:secret",
        "/search.json?q=bank%20-topic:secret",
        "/search.json?q=bank&source=paid",
        "/all.json?topic=secret",
        "/all.json?topic=Secret",
        "/all.json?q=-topic:secret",
        "/topics/gold+secret.json",
        "/topics/secret+gold.json",
        "/topics/secret.json?lang=en",
    ],
)
def test_private_names_look_like_unknown_ones(site: Site, address: str) -> None:
    """Else a search would tell what is in a feed that only those with its token may read."""
    unknown = site.web.get(address.replace("secret", "nowhere").replace("Secret", "Nowhere").replace("paid", "nowhere"))
    private = site.web.get(address)
    assert private.status == unknown.status == 404
    blank = private.text.replace("secret", "*").replace("Secret", "*").replace("paid", "*")
    assert blank == unknown.text.replace("nowhere", "*").replace("Nowhere", "*")
    assert "content-location" not in private.headers


@pytest.mark.parametrize(
    "feeds",
    [{"private": {"all": ["t"]}}, {"kinds": ["topics"]}, {"search": False}],
    ids=["private", "not emitted", "off"],
)
def test_without_a_public_feed_of_everything_there_are_no_searches(opened: Opened, feeds: dict[str, Any]) -> None:
    site = opened(**feeds)
    for address in ("/search", "/search?q=gold", "/search.atom?q=gold", "/opensearch.xml"):
        assert site.status(address) == 404
    front = site.web.get("/", accept="text/html").text
    assert "/search" not in front
    narrowed = site.json("/topics/gold.json?q=alone")
    assert len(narrowed["items"]) == (1 if feeds.get("search", True) else 3)


def test_a_private_feed_is_narrowed_where_it_lives(site: Site) -> None:
    under = "/private/s3cret/topics/secret.json"
    document = site.json(f"{under}?topic=banks&q=bank")
    assert [item["title"] for item in document["items"]] == ["A secret bank"]
    assert document["feed_url"] == f"{BASE}{under}?q=bank&topic=banks"
    assert document["home_page_url"] == f"{BASE}/"
    reply = site.web.get(f"{under}?topic=banks")
    assert reply.headers["cache-control"].startswith("private")
    assert "access-control-allow-origin" not in reply.headers
    assert site.status("/private/wrong/topics/secret.json?topic=banks") == 404
    assert site.status(f"{under}?source=paid") == 404


def test_what_only_a_private_source_said_is_not_found(opened: Opened) -> None:
    """Its entry stands behind a public one of the same story, and no public feed shows it."""
    site = opened()
    write(site.store, "daily", draft("daily", "9", title="Ships arrive", story="x"))
    (cluster,) = [one.id for one in site.store.entries(9) if one.entry.title == "Ships arrive"]
    (state,) = site.store.states(["paid"])
    twin = draft("paid", "9", title="Ships arrive with amber", story="x")
    with site.store.transaction() as transaction:
        transaction.apply([poll(state, (twin, Insert(cluster=cluster)))])
    assert site.titles(asked("amber")) == []
    assert site.titles("/categories/news.json?q=amber") == []
    assert site.titles("/private/s3cret/sources/paid.json?q=amber") == ["Ships arrive with amber"]
    assert opened(kinds=["all", "topics"]).titles(asked("amber")) == []
    assert opened(private={}).titles(asked("amber")) == ["Ships arrive with amber"]


# ---------------------------------------------------------------- pages


def page(site: Site, path: str) -> Reply:
    return site.web.get(path, accept="text/html")


def test_the_page_asks_and_answers(site: Site) -> None:
    empty = page(site, "/search")
    assert empty.status == 200
    assert 'name="q"' in empty.text
    assert "author:" in empty.text
    answered = page(site, "/search?q=gold")
    assert "Gold alone" in answered.text
    assert f'href="{BASE}/search.atom?q=gold"' in answered.text
    assert "form-action 'self'" in answered.headers["content-security-policy"]
    assert answered.headers["x-robots-tag"] == "noindex"
    assert (
        site.web.get("/search?q=gold", accept="application/atom+xml").headers["content-location"]
        == "/search.atom?q=gold"
    )


def test_what_was_typed_is_shown_as_text(site: Site) -> None:
    reply = page(site, "/search?q=" + quote('<script>alert(1)</script> "x'))
    assert reply.status == 200
    assert "<script>" not in reply.text
    refused = page(site, "/search?q=" + quote('author: "><b>'))
    assert refused.status in {200, 400, 404}
    assert "<b>" not in refused.text.replace("<b>first", "")


def test_mistakes_are_said_on_the_page(site: Site) -> None:
    assert "names nobody" in page(site, "/search?q=author:").text
    assert "Did you mean author: ?" in page(site, "/search?q=autor:gold").text
    assert "There is no word in it" in page(site, "/search?q=%21").text
    unknown = page(site, "/search?q=author:huyen-tra")
    assert unknown.status == 404
    assert "Did you mean huyen-tran?" in unknown.text


def test_pages_of_narrowed_feeds(site: Site) -> None:
    shown = page(site, "/topics/gold+banks?lang=en")
    assert "Gold and banks" in shown.text
    assert "Gold alone" not in shown.text
    assert f'href="{BASE}/topics/banks+gold.rss?lang=en"' in shown.text
    assert 'action="/topics/banks+gold"' in shown.text
    assert '<input type="hidden" name="lang" value="en">' in shown.text
    assert 'action="/topics/gold"' in page(site, "/topics/gold").text


def test_browsers_find_the_search(site: Site) -> None:
    front = page(site, "/").text
    assert (
        '<link rel="search" type="application/opensearchdescription+xml" title="The Hub" href="/opensearch.xml">'
        in front
    )
    reply = site.web.get("/opensearch.xml")
    assert reply.headers["content-type"].startswith("application/opensearchdescription+xml")
    root = ElementTree.fromstring(reply.body)
    names = {"o": "http://a9.com/-/spec/opensearch/1.1/"}
    templates = {url.get("type"): url.get("template") for url in root.findall("o:Url", names)}
    assert templates["text/html"] == f"{BASE}/search?q={{searchTerms}}"
    assert templates["application/atom+xml"] == f"{BASE}/search.atom?q={{searchTerms}}"


def test_an_index_that_is_being_built_is_said(site: Site) -> None:
    site.store.index_some(batch=1, anew=True)
    assert "being built, 25 %" in page(site, "/search?q=zebra").text
    assert site.titles(asked("gold OR vàng OR secret")) == ["A secret bank"]
    while site.store.index_some():
        pass
    assert "being built" not in page(site, "/search?q=zebra").text
    assert len(site.titles(asked("gold OR vàng OR secret"))) == 4, "found as soon as the index has it"


def test_a_story_is_shown_once(site: Site) -> None:
    first = draft("daily", "9", title="Ships arrive", story="x")
    write(site.store, "daily", first)
    (cluster,) = [one.id for one in site.store.entries(9) if one.entry.title == "Ships arrive"]
    (state,) = site.store.states(["paid"])
    twin = replace(draft("paid", "9", title="Ships arrive today", story="x"))
    with site.store.transaction() as transaction:
        transaction.apply([poll(state, (twin, Insert(cluster=cluster)))])
    assert site.titles(asked("ships")) == ["Ships arrive"]
    assert site.titles("/all.json?q=ships") == ["Ships arrive"]
