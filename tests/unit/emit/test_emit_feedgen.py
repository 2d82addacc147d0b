"""feedgen's documents: joined from fragments, read back, made without touching the process."""

from __future__ import annotations

import locale
import re
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest

from feedhub.emit import VERSION, SiteInfo, Unrenderable, violations
from feedhub.emit.feedgen_xml import whole
from feedhub.emit.head import head_of
from feedhub.emit.item import item_of
from feedhub.model import EPOCH, Category, ContentPolicy, Credit, Enclosure, Feed, Format, StoredEntry
from feedhub.ports import PageLinks
from feedhub.settings import Site
from support.published import BASE_URL, FEED, LINKS, SITE, WHEN, byline, read_entry, renderer, stored

CASES = sorted((Path(__file__).parents[2] / "corpus" / "emit").iterdir())
XML = (Format.ATOM, Format.RSS)


def all_cases() -> list[StoredEntry]:
    return [read_entry((case / "entry.json").read_bytes()) for case in CASES]


def document(entries: list[StoredEntry], format: Format, feed: Feed = FEED, links: PageLinks = LINKS) -> bytes:
    fragments = [renderer().fragment(entry, format) for entry in entries]
    assert not any(isinstance(fragment, Unrenderable) for fragment in fragments)
    return renderer().assemble(feed, [each for each in fragments if isinstance(each, bytes)], links, format)


@pytest.mark.parametrize("format", XML)
def test_joined_equals_feedgen_rendering_the_whole(format: Format) -> None:
    links = replace(LINKS, first=f"{BASE_URL}/a", next=f"{BASE_URL}/b", alternates={Format.JSON: f"{BASE_URL}/j"})
    entries = all_cases() * 4
    items = [item_of(each, base_url=BASE_URL, most=ContentPolicy.FULL, summary_length=500) for each in entries]
    assert document(entries, format, links=links) == whole(head_of(FEED, links, SITE), items, format)


def rich() -> StoredEntry:
    return stored(
        original_id="urn:x:1",
        summary="<p>In short.</p>",
        authors=(byline("Lê Ánh"), byline("Ben O'Dock")),
        categories=(
            Category(key="ai", term="ai", scheme="https://harbour.example/tags/", label="AI & more"),
            Category(key="sea", term="Sea"),
        ),
        enclosures=(
            Enclosure(url="https://harbour.example/a.mp3", type="audio/mpeg", length=123),
            Enclosure(url="https://harbour.example/b.mp4", type="video/mp4"),
        ),
        updated=datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC),
        language="vi",
        rights="© Harbour",
    )


@pytest.mark.parametrize("format", XML)
def test_feedparser_reads_back_what_was_stored(format: Format) -> None:
    read = feedparser.parse(document([rich()], format))
    assert not read.bozo
    assert read.feed.title == "Ports & ships"
    (entry,) = read.entries
    assert entry.id == "urn:x:1"
    assert entry.title == "Ship 1 has come in"
    assert entry.link == "https://harbour.example/1"
    assert [author.name for author in entry.authors] == ["Lê Ánh", "Ben O'Dock"]
    assert {tag.label or tag.term for tag in entry.tags} == {"AI & more", "Sea"}
    assert "https://harbour.example/tags/" in {tag.scheme for tag in entry.tags}
    assert entry.published_parsed[:6] == (2026, 3, 1, 7, 30, 0)
    assert entry.updated_parsed[:6] == (2026, 3, 2, 1, 2, 3)
    assert (entry.enclosures[0].href, entry.enclosures[0].type, entry.enclosures[0].length) == (
        "https://harbour.example/a.mp3",
        "audio/mpeg",
        "123",
    )
    assert entry.source.title == "Harbour News"
    assert entry.summary == "<p>In short.</p>"
    assert entry.content[0].value == "<p>Ship 1 was made fast at noon.</p>"


def test_atom_source_is_complete() -> None:
    source = feedparser.parse(document([rich()], Format.ATOM)).entries[0].source
    assert source.id == "https://harbour.example/feed"
    assert source.rights == "CC BY 4.0"
    assert source.updated_parsed[:6] == (2026, 3, 1, 7, 30, 0)
    assert {link.rel: link.href for link in source.links} == {
        "alternate": "https://harbour.example/",
        "self": "https://harbour.example/feed.xml",
    }


@pytest.mark.parametrize("secret", ["https://me:pw@harbour.example/feed", "https://harbour.example/feed?token=pw"])
def test_a_key_in_the_address_of_a_source_is_not_published(secret: str) -> None:
    credit = Credit(title="Harbour News", id=secret, link="https://harbour.example/", self_url=secret)
    entry = stored(outside={"source": credit})
    for kind in Format:
        fragment = renderer().fragment(entry, kind)
        assert isinstance(fragment, bytes)
        assert b"pw" not in fragment
        assert b"Harbour News" in fragment or kind is Format.RSS


def test_a_source_that_goes_on_publishing_changes_no_earlier_entry() -> None:
    later = replace(stored().source, updated=datetime(2027, 1, 1, tzinfo=UTC))
    for each in Format:
        assert renderer().fragment(stored(), each) == renderer().fragment(stored(outside={"source": later}), each)


def test_an_entry_that_names_nobody_credits_its_feed() -> None:
    (entry,) = feedparser.parse(document([stored()], Format.ATOM)).entries
    assert entry.author == "Harbour News"
    nameless = stored(outside={"source": Credit(title="")})
    assert b"<author><name>FeedHub</name></author>" in document([nameless], Format.ATOM)
    authored = stored(outside={"source": Credit(title="T", authors=("Ada", "Bo"))})
    assert b"<author><name>Ada</name></author><author><name>Bo</name></author>" in document([authored], Format.ATOM)


def test_neighbours_are_linked_in_every_format() -> None:
    links = replace(LINKS, first=f"{BASE_URL}/topics/ports.x", next=f"{BASE_URL}/topics/ports.x?before=1-2")
    atom = feedparser.parse(document([stored()], Format.ATOM, links=links)).feed
    rss = feedparser.parse(document([stored()], Format.RSS, links=links)).feed
    for feed in (atom, rss):
        assert {"self", "first", "next"} <= {link.rel for link in feed.links}
        assert feed.link == f"{BASE_URL}/topics/ports"
    assert b'"next_url":"https://hub.example.net/topics/ports.x?before=1-2"' in document([], Format.JSON, links=links)


@pytest.mark.parametrize("format", Format)
def test_an_empty_feed_is_valid(format: Format) -> None:
    text = document([], format, feed=replace(FEED, title="", updated=EPOCH, size=0))
    assert violations(text, format) == []


@pytest.mark.parametrize("policy", ContentPolicy)
@pytest.mark.parametrize("most", ContentPolicy)
def test_the_stricter_policy_holds(policy: ContentPolicy, most: ContentPolicy) -> None:
    entry = stored(content="<p>" + "All of it. " * 100 + "The very end.</p>", outside={"policy": policy})
    strictest = max(policy, most, key=list(ContentPolicy).index)
    for each in Format:
        text = renderer(content=most).fragment(entry, each)
        assert isinstance(text, bytes)
        assert (b"The very end." in text) == (strictest is ContentPolicy.FULL)
        assert (b"All of it." in text) == (strictest is not ContentPolicy.LINK)


def test_rendering_leaves_the_locale_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> str:
        raise AssertionError("setlocale is not thread-safe")

    monkeypatch.setattr(locale, "setlocale", refused)
    for each in Format:
        assert violations(document([rich()], each), each) == []


def test_threads_render_the_same() -> None:
    expected = {each: document(all_cases(), each) for each in Format}
    seen: list[bool] = []

    def work() -> None:
        seen.extend(document(all_cases(), each) == expected[each] for each in Format)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 12


def test_processes_with_other_hash_seeds_and_locales_render_the_same() -> None:
    code = (
        "import hashlib, locale, sys\n"
        "sys.path[:0] = sys.argv[1:]\n"
        "try:\n    locale.setlocale(locale.LC_ALL, '')\nexcept locale.Error:\n    pass\n"
        "from pathlib import Path\n"
        "from feedhub.model import Format\n"
        "from support.published import FEED, LINKS, read_entry, renderer\n"
        "cases = sorted((Path(sys.argv[1]) / 'corpus' / 'emit').iterdir())\n"
        "entries = [read_entry((case / 'entry.json').read_bytes()) for case in cases]\n"
        "for format in Format:\n"
        "    fragments = [renderer().fragment(entry, format) for entry in entries]\n"
        "    print(hashlib.sha256(renderer().assemble(FEED, fragments, LINKS, format)).hexdigest())\n"
    )
    tests = Path(__file__).parents[2]
    printed = {
        subprocess.run(
            [sys.executable, "-c", code, str(tests)],
            env={"PYTHONHASHSEED": seed, "LC_ALL": name, "TZ": zone},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed, name, zone in (("1", "C", "UTC"), ("2", "vi_VN.UTF-8", "Asia/Ho_Chi_Minh"), ("3", "C.UTF-8", "UTC"))
    }
    (lines,) = printed
    assert len(lines.split()) == 3


def test_format_names_tell_policies_and_hosts_apart() -> None:
    plain = renderer().format_name(Format.ATOM)
    assert plain.startswith(f"atom:{VERSION}:full:")
    others = {
        renderer().format_name(Format.RSS),
        renderer(content="link").format_name(Format.ATOM),
        renderer(summary_length=99).format_name(Format.ATOM),
        renderer(SiteInfo(title="x", base_url="https://other.example")).format_name(Format.ATOM),
    }
    assert len(others | {plain}) == 5
    assert renderer(SiteInfo(title="x", base_url=BASE_URL)).format_name(Format.ATOM) == plain


def test_site_info_comes_from_the_settings() -> None:
    site = SiteInfo.of(Site(title=" ", base_url="https://hub.example.net/", description="a\nb"), "1.2")
    assert (site.title, site.base_url, site.description, site.version) == (
        "FeedHub",
        "https://hub.example.net",
        "a b",
        "1.2",
    )


def test_updated_is_the_feeds_and_never_now() -> None:
    assert b"<updated>2026-03-01T07:30:00Z</updated>" in document([], Format.ATOM)
    assert b"<lastBuildDate>Sun, 01 Mar 2026 07:30:00 GMT</lastBuildDate>" in document([], Format.RSS)
    assert FEED.updated == WHEN


def test_categories_keep_scheme_term_and_label_as_far_as_each_format_can_say_them() -> None:
    categories = (
        Category(key="ai", term="Tech > AI", scheme="https://cases.example/tags", label="AI"),
        Category(key="msft", term="MSFT", scheme="NASDAQ"),
    )
    one = stored(categories=categories)
    atom = document([one], Format.ATOM).decode()
    assert '<category label="AI" scheme="https://cases.example/tags" term="Tech &gt; AI"/>' in _sorted(atom)
    assert '<category label="MSFT" term="MSFT"/>' in _sorted(atom)  # a scheme is an IRI in Atom
    rss = document([one], Format.RSS).decode()
    assert '<category domain="https://cases.example/tags">AI</category>' in rss
    assert '<category domain="NASDAQ">MSFT</category>' in rss
    assert '"scheme":"NASDAQ"' in document([one], Format.JSON).decode()


def _sorted(text: str) -> str:
    """Categories with their attributes in alphabetical order."""

    def ordered(match: re.Match[str]) -> str:
        return "<category " + " ".join(sorted(re.findall('[a-z]+="[^"]*"', match[1]))) + "/>"

    return re.sub("<category ([^>]*)/>", ordered, text)
