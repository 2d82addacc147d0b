"""Pages for people: what they hold, that nothing on them is dangerous or foreign, and that anyone can use them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from feedhub.model import Byline, FeedKind
from feedhub.names import author_key
from feedhub.ports import Vitals
from feedhub.schedule import explain
from feedhub.serve.app import ServeParts, create_app
from feedhub.serve.jinja_pages import SHOWN, PageRenderer
from feedhub.settings import Settings
from support.fake_library import NOON, FakeLibrary, FakePress, sample_library, stored_entry
from support.web import Web, served

PAGES = [
    "/",
    "/all",
    "/topics",
    "/authors",
    "/topics/central-banks",
    "/topics/ai",
    "/topics/podcasts",
    "/authors/jane-doe",
    "/status",
    "/nothing",
    "/topics/old-news",
]
SETTINGS = Settings.model_validate(
    {
        "site": {
            "base_url": "https://hub.example",
            "title": "Tin & Tức",
            "timezone": "Asia/Ho_Chi_Minh",
            "language": "vi",
        },
        "topics": {"ai": {"title": "AI", "description": "Máy học < người học"}},
        "feeds": {"size": 5},
    }
)
VOID = frozenset(["meta", "link", "br", "input", "img", "hr"])
LOADS = frozenset(["script", "img", "iframe", "object", "embed", "audio", "video", "source", "style", "form"])


class Outline(HTMLParser):
    """Reads a page strictly: every element that is opened is closed, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.ids: Counter[str] = Counter()
        self._open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        assert len(values) == len(attrs), f"an attribute twice on {tag}"
        self.tags.append((tag, values))
        self.ids.update([values["id"]] if "id" in values else [])
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [values for name, values in self.tags if name == tag]


def serving(library: FakeLibrary, settings: Settings = SETTINGS) -> ServeParts:
    return ServeParts(
        library=library,
        press=FakePress(library, 5),
        catalogue=library,
        settings=settings,
        control=None,
        vitals=lambda: Vitals(live=True, ready=True),
        control_token="",
        version="9.9",
        clock=lambda: NOON,
        explain=explain,
    )


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with served(create_app(serving(sample_library()))) as running:
        yield running


@pytest.mark.parametrize("path", PAGES)
def test_a_page_anyone_can_use(web: Web, path: str) -> None:
    page = Outline(web.get(path).text)
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("title")) == len(page.all("h1")) == len(page.all("main")) == 1
    assert not [name for name, count in page.ids.items() if count > 1]
    levels = [int(tag[1]) for tag, _ in page.tags if tag in {"h1", "h2", "h3", "h4"}]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("input") <= tags.count("label"), "an input without a label"
    named = {values["href"][1:] for values in page.all("a") if values.get("href", "").startswith("#")}
    assert named <= set(page.ids)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_runs_and_nothing_comes_from_elsewhere(web: Web, path: str) -> None:
    reply = web.get(path)
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert reply.headers["referrer-policy"] == "no-referrer"
    page = Outline(reply.text)
    assert not [tag for tag, _ in page.tags if tag in LOADS]
    loaded = [one["href"] for one in page.all("link") if one["rel"] in {"stylesheet", "icon"}]
    assert loaded
    assert all(href.startswith("/static/") and web.get(href).status == 200 for href in loaded)
    attributes = {name for _, values in page.tags for name in values}
    assert not {name for name in attributes if name.startswith("on") or name == "style"}
    assert all(one["href"].startswith(("/", "#", "https://")) for one in page.all("a") if "href" in one)


@pytest.mark.parametrize("path", ["/", "/topics", "/authors", "/topics/central-banks", "/authors/jane-doe", "/all"])
def test_every_link_of_ours_leads_somewhere(web: Web, path: str) -> None:
    hrefs = {one["href"].removeprefix("https://hub.example") for one in Outline(web.get(path).text).all("a")}
    ours = {href for href in hrefs if href.startswith("/")}
    assert len(ours) > 5
    assert {href: web.get(href).status for href in ours} == dict.fromkeys(ours, 200)


def test_words_of_strangers_stay_words(web: Web) -> None:
    text = web.get("/topics/ai").text
    assert "1 &lt; 2 &amp;&amp; &#34;quotes&#34; &lt;script&gt;" in text
    assert "javascript:" not in text
    assert "spy.example" not in text
    assert "&lt;b&gt;Nobody&lt;/b&gt;" in text
    assert "Máy học &lt; người học" in text
    assert "<title>AI – Tin &amp; Tức</title>" in text
    missing = web.get("/%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script" not in missing


def test_a_feeds_page_says_how_to_subscribe(web: Web) -> None:
    page = Outline(web.get("/topics/central-banks").text)
    addresses = [f"https://hub.example/topics/central-banks.{ending}" for ending in ("atom", "rss", "json")]
    assert [one["href"] for one in page.all("link") if one["rel"] == "alternate"] == addresses
    assert [one["type"] for one in page.all("link") if one["rel"] == "alternate"] == [
        "application/atom+xml",
        "application/rss+xml",
        "application/feed+json",
    ]
    assert [one["value"] for one in page.all("input") if "readonly" in one] == addresses


def test_an_entry_is_credited(web: Web) -> None:
    text = web.get("/topics/central-banks").text
    page = Outline(text)
    first = text.split("<article")[1]
    assert first.startswith(' lang="vi">')
    for part in (
        'href="https://news.example/9"',
        '<time datetime="2026-11-23T12:09:00Z">23 Nov 2026, 19:09</time>',
        '<a href="/authors/huyen-tran">Huyền Trần</a>',
        "(Junior Analyst)",
        '<a href="/authors/le-thu-ha">Lê Thu Hà</a>',
        '<a href="/sources/daily">Daily</a>',
        "first published by <b>World Economy Review</b>",
        'Also in <a href="https://weekly.example/held">Weekly</a>',
        "4,25%, với lý do",
    ):
        assert part in first
    assert 'href="https://media.example/48.mp3">audio</a> <small>(31 min, 30.1 MB)</small>' in text
    assert len(page.all("article")) == 5


def test_pages_lead_to_the_oldest_entry(web: Web) -> None:
    path, seen = "/topics/central-banks", 0
    for _ in range(5):
        page = Outline(web.get(path).text)
        seen += len(page.all("article"))
        older = [one["href"] for one in page.all("a") if one.get("rel") == "next"]
        if not older:
            break
        path = older[0]
    assert seen == 8
    assert "There is nothing older" in web.get("/topics/central-banks?before=1-1").text


def test_pages_are_conditional_and_follow_changes() -> None:
    library = sample_library()
    with served(create_app(serving(library))) as web:
        first = web.get("/topics/ai")
        assert web.get("/topics/ai", if_none_match=first.headers["etag"]).status == 304
        assert "last-modified" not in first.headers
        library.publish(FeedKind.TOPIC, "ai", "AI", [stored_entry(70)])
        assert "Story 70" in web.get("/topics/ai", if_none_match=first.headers["etag"]).text


def test_a_directory_of_many_shows_the_largest_and_leads_to_all() -> None:
    library = FakeLibrary()
    story = [stored_entry(1), stored_entry(2)]
    for number in range(SHOWN + 20):
        library.publish(FeedKind.AUTHOR, f"a-{number}", f"Author {number}", story[: 1 + (number >= 20)])
    with served(create_app(serving(library))) as web:
        front, whole = web.get("/").text, web.get("/authors").text
    assert front.count('class="name"') == SHOWN
    assert f'href="/authors">All {SHOWN + 20}</a>' in front
    assert "Author 69<" in front
    assert "Author 3<" not in front
    assert whole.count('class="name"') == SHOWN + 20


def test_an_empty_site_explains_itself() -> None:
    with served(create_app(serving(FakeLibrary()))) as web:
        assert "nothing here yet" in web.get("/").text
        assert "No source is configured" in web.get("/status").text


@pytest.mark.parametrize(("scope", "key"), [("global", "htran"), ("source", "daily/htran")])
def test_configured_people_are_linked_in_every_spelling(scope: str, key: str) -> None:
    library = FakeLibrary()
    names = ("Huyền Trần", "TRẦN  Huyền", "Htran", "Huyen Tran")
    people = tuple(Byline(key=author_key(name), name=name) for name in names)
    feed = library.publish(FeedKind.AUTHOR, "htran", "Huyền Trần", [stored_entry(1, authors=people)], key=key)
    settings = Settings.model_validate(
        {"authors": {"scope": scope, "people": {"htran": {"name": "Huyền Trần", "aliases": ["Trần Huyền"]}}}}
    )
    page = PageRenderer(settings, "9.9").feed(feed, library.page(feed.id, 5), index={(feed.kind, feed.key): feed})
    assert page.count('<a href="/authors/htran">') == 3
    assert "<span>Huyen Tran</span>" in page


def test_pages_for_a_static_export() -> None:
    library = sample_library()
    renderer = PageRenderer(SETTINGS, "9.9", page_ending=".html")
    index = {(feed.kind, feed.key): feed for feed in library.feeds()}
    feed = index[FeedKind.TOPIC, "central-banks"]
    page = renderer.feed(feed, library.page(feed.id, 5), index=index)
    assert page == renderer.feed(feed, library.page(feed.id, 5), index=index)
    assert 'href="/authors/huyen-tran.html"' in page
    assert 'href="/topics/ai.html"' in renderer.directory(library.feeds())
