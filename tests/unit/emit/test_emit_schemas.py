"""Documents against schemas of their own: the grammar of RFC 4287, JSON Feed 1.1, and OPML as its readers see it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from lxml import etree

from feedhub.model import FeedKind, Format
from feedhub.settings import Source
from support.published import BASE_URL, FEED, LINKS, WHEN, read_entry, renderer, stored

SCHEMAS = Path(__file__).parent / "schemas"
CASES = sorted((Path(__file__).parents[2] / "corpus" / "emit").iterdir())


def document(format: Format) -> bytes:
    entries = [read_entry((case / "entry.json").read_bytes()) for case in CASES]
    fragments = [renderer().fragment(entry, format) for entry in entries]
    return renderer().assemble(FEED, [each for each in fragments if isinstance(each, bytes)], LINKS, format)


def test_atom_keeps_the_grammar() -> None:
    schema = etree.RelaxNG(etree.parse(SCHEMAS / "atom.rng"))
    text = document(Format.ATOM)
    assert schema.validate(etree.fromstring(text)), schema.error_log
    assert text.count(b"<entry") == len(CASES)
    for old, new in (
        (b"<name>Ada Quay</name>", b""),
        (b"</entry>", b"<id>urn:x:1</id></entry>"),
        (b'rel="via"', b"x=''"),
    ):
        assert old in text
        assert not schema.validate(etree.fromstring(text.replace(old, new, 1)))


def test_json_feed_keeps_the_schema() -> None:
    schema = json.loads((SCHEMAS / "json-feed.json").read_bytes())
    checker = jsonschema.Draft202012Validator(schema)
    feed = json.loads(document(Format.JSON))
    assert [error.message for error in checker.iter_errors(feed)] == []
    assert len(feed["items"]) == len(CASES)
    feed["items"][0]["author"] = {}
    assert not checker.is_valid(feed)


def test_opml_of_feeds_has_a_folder_for_each_kind() -> None:
    named = ((FeedKind.ALL, "all"), (FeedKind.TOPIC, "ports"), (FeedKind.TOPIC, "fog"))
    feeds = [replace(FEED, kind=kind, slug=slug) for kind, slug in named]
    root = ElementTree.fromstring(renderer(formats=("rss",)).opml_of_feeds(feeds, WHEN))
    assert root.get("version") == "2.0"
    assert root.findtext("head/dateModified") == "Sun, 01 Mar 2026 07:30:00 GMT"
    assert [outline.attrib for outline in root.findall("body/outline/outline")] == [
        {
            "text": "Ports & ships",
            "title": "Ports & ships",
            "type": "rss",
            "xmlUrl": f"{BASE_URL}/topics/{slug}.rss",
            "htmlUrl": f"{BASE_URL}/topics/{slug}",
        }
        for slug in ("ports", "fog")
    ]
    assert [outline.attrib["text"] for outline in root.findall("body/outline")] == ["Ports & ships", "Topics"]


def test_opml_of_sources_tells_no_secrets() -> None:
    sources = [
        Source(url="https://ada:secret@harbour.example/feed?a=1&b=2", slug="harbour", name='The "Harbour" <News>'),
        Source(url="https://off.example/feed", slug="off", enabled=False),
        Source(url="https://bao.example/rss", slug="bao", language="vi"),
    ]
    text = renderer().opml_of_sources(sources, None)
    root = ElementTree.fromstring(text)
    assert b"secret" not in text
    assert [(each.get("text"), each.get("xmlUrl")) for each in root.findall("body/outline")] == [
        ('The "Harbour" <News>', "https://harbour.example/feed?a=1&b=2"),
        ("bao", "https://bao.example/rss"),
    ]
    assert root.find("head/dateModified") is None


@pytest.mark.parametrize("format", Format)
def test_fifty_entries_are_fifty_entries(format: Format) -> None:
    fragments = [renderer().fragment(stored(number), format) for number in range(50)]
    text = renderer().assemble(FEED, [each for each in fragments if isinstance(each, bytes)], LINKS, format).decode()
    assert [f"Ship {number} has" in text for number in range(50)] == [True] * 50
