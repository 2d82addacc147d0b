"""What is published, read by others: a RELAX NG schema of RFC 4287, a JSON Schema, our own rules, and feedparser.

Over the sample sources always, over real documents where they are; ``FEEDHUB_ALL_OUTPUTS=1`` reads every feed instead of
a seeded choice.
"""

from __future__ import annotations

import calendar
import json
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import feedparser
import jsonschema
import pytest
from lxml import etree

from feedhub import instance, wiring
from feedhub.emit import violations
from feedhub.model import Feed, FeedKind, Format, StoredEntry
from support.feed_server import serving
from support.forked import feedhub

SCHEMAS = Path(__file__).parents[1] / "unit" / "emit" / "schemas"
EXAMPLES = Path(__file__).parents[2] / "examples"
CHOSEN = 100_000 if os.environ.get("FEEDHUB_ALL_OUTPUTS") else 60

CONFIG = """
site: {{base_url: "https://news.example"}}
polling: {{allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s, per_host: 8, per_address: 8}}
topics:
  computing: [software, "=AI", linux, open source]
  banks: [central bank, interest rate*]
sources:
{sources}
"""


def polled(folder: Path, documents: Mapping[str, bytes]) -> Path:
    """A database that has seen these documents once."""
    with serving(documents) as server:
        names = sorted(documents)
        lines = [f"  - {{url: '{server.url(name)}', slug: d{number}}}" for number, name in enumerate(names)]
        (folder / "config.yaml").write_text(CONFIG.format(sources="\n".join(lines)))
        feedhub(folder, "poll", "--all", "--json")
    return folder


def faults(folder: Path) -> list[str]:
    """Everything wrong with the documents of this database, a line each."""
    settings = instance.at_address(instance.read_settings(folder / "config.yaml", {}), "127.0.0.1", 8080)
    home = instance.open_home(settings)
    try:
        press = wiring.build_shelf(settings, home).press
        found: list[str] = []
        for feed in _chosen(home.store.feeds(limit=1_000_000)):
            stored = home.store.page(feed.id, settings.feeds.size)
            for form in Format:
                body = press.document(feed, form).body
                found += [f"{feed.path}.{form.value}: {fault}" for fault in _faults_of(body, form, stored)]
        return found
    finally:
        home.close()


def _chosen(feeds: Sequence[Feed]) -> list[Feed]:
    """Every topic, a seeded choice of the rest."""
    always = [feed for feed in feeds if feed.kind in {FeedKind.ALL, FeedKind.TOPIC}]
    rest = [feed for feed in feeds if feed not in always]
    return always + random.Random(4287).sample(rest, min(CHOSEN, len(rest)))


def _faults_of(body: bytes, form: Format, stored: Sequence[StoredEntry]) -> Iterator[str]:
    yield from violations(body, form)
    if form is Format.JSON:
        validator = jsonschema.Draft202012Validator(json.loads((SCHEMAS / "json-feed.json").read_text()))
        yield from (error.message for error in validator.iter_errors(json.loads(body)))
        return
    if form is Format.ATOM:
        schema = etree.RelaxNG(etree.parse(str(SCHEMAS / "atom.rng")))
        if not schema.validate(etree.fromstring(body)):
            yield str(schema.error_log.last_error)
    parsed = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
    if parsed.bozo:
        yield repr(parsed.bozo_exception)
    if len(parsed.entries) != len(stored):
        yield f"{len(parsed.entries)} entries instead of {len(stored)}"
    for read, kept in zip(parsed.entries, stored, strict=False):
        yield from _lost_on_the_way(read, kept)


def _lost_on_the_way(read: Any, kept: StoredEntry) -> Iterator[str]:
    entry = kept.entry
    if entry.title and read.get("title", "").split() != entry.title.split():
        yield f"title {read.get('title')!r} instead of {entry.title!r}"
    brackets = str.maketrans({"[": "%5B", "]": "%5D"})  # not allowed in a URI; published encoded
    if entry.link and read.get("link") != entry.link.translate(brackets):
        yield f"link {read.get('link')!r} instead of {entry.link!r}"
    names = {person.get("name") for person in read.get("authors", [])}
    if missing := {person.name for person in entry.authors} - names:
        yield f"authors {missing} lost"
    addresses = {one.get("href") for one in read.get("enclosures", [])}
    addresses |= {one.get("url") for one in read.get("media_content", [])}
    if missing := {one.url for one in entry.enclosures} - addresses:
        yield f"enclosures {missing} lost"
    if read.get("published_parsed") and calendar.timegm(read.published_parsed) != int(entry.published.timestamp()):
        yield f"published {read.published!r} instead of {entry.published}"
    if not read.get("source"):
        yield "no source credited"


def test_what_the_samples_become(tmp_path: Path) -> None:
    documents = {
        path.name: path.read_bytes() for path in EXAMPLES.iterdir() if path.suffix in {".rss", ".atom", ".rdf", ".json"}
    }
    assert faults(polled(tmp_path, documents)) == []


@pytest.mark.timeout(1200)
def test_what_real_documents_become(tmp_path: Path, shared_feeds: Path) -> None:
    documents = {path.name: path.read_bytes() for path in shared_feeds.iterdir() if path.name != "PROVENANCE.tsv"}
    assert faults(polled(tmp_path, documents)) == []
