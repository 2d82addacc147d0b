"""The operator's feed: valid Atom, stable bytes, an entry for each change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import feedparser
from lxml import etree

from feedhub.emit import violations
from feedhub.model import Format, Health, ServiceEvent, SourceChange
from support.published import BASE_URL, WHEN, renderer

CHANGES = [
    SourceChange(
        number=8,
        at=WHEN + timedelta(hours=1),
        slug="press",
        title="Press & <friends>",
        before=Health.FRESH,
        after=Health.FAILING,
        cause="server error, HTTP 503",
        detail="Failing for 0 s (once): server error, HTTP 503, The server answered 503 & <b>no more</b>; next poll in 2 h.",
    ),
    SourceChange(number=7, at=WHEN, slug="new", title="", before=Health.NEW, after=Health.MAYBE_GONE),
]


def test_it_is_valid_atom_also_without_any_change() -> None:
    schema = etree.RelaxNG(etree.parse(Path(__file__).parent / "schemas" / "atom.rng"))
    for changes in (CHANGES, []):
        text = renderer().changes(changes)
        assert list(violations(text, Format.ATOM)) == []
        assert schema.validate(etree.fromstring(text)), schema.error_log


def test_an_entry_says_what_changed_why_and_what_comes_next() -> None:
    read = feedparser.parse(renderer().changes(CHANGES))
    first, second = read.entries
    assert first.title == "Press & <friends>: fresh -> failing (server error, HTTP 503)"
    assert first.content[0].value == (
        "<p>Failing for 0 s (once): server error, HTTP 503, The server answered 503 &amp; &lt;b&gt;no more&lt;/b&gt;;"
        " next poll in 2 h.</p>"
    )
    assert second.title == "new: new -> gone?"
    assert (first.link, first.updated) == (f"{BASE_URL}/status#source-press", "2026-03-01T08:30:00Z")
    assert (read.feed.updated, read.feed.links[0].href) == ("2026-03-01T08:30:00Z", f"{BASE_URL}/status.atom")


def test_events_of_the_service_stand_among_them_in_order() -> None:
    event = ServiceEvent(number=8, at=WHEN + timedelta(minutes=5), what="configuration refused", detail="line 3: <no>")
    text = renderer().changes(CHANGES, [event])
    assert list(violations(text, Format.ATOM)) == []
    entries = feedparser.parse(text).entries
    assert [entry.title.split(":")[0] for entry in entries] == ["Press & <friends>", "FeedHub", "new"]
    assert entries[1].content[0].value == "<p>line 3: &lt;no&gt;</p>"
    assert len({entry.id for entry in entries}) == 3


def test_bytes_and_ids_are_stable() -> None:
    text = renderer().changes(CHANGES)
    assert text == renderer().changes(list(CHANGES))
    ids = [entry.id for entry in feedparser.parse(text).entries]
    assert ids == ["tag:hub.example.net,2025:status/1772353800-8", "tag:hub.example.net,2025:status/1772350200-7"]
    renamed = [replace(change, slug="other", title="Other") for change in CHANGES]
    assert [entry.id for entry in feedparser.parse(renderer().changes(renamed)).entries] == ids
    restored = [replace(CHANGES[0], at=WHEN + timedelta(days=1))]  # the same number, given again after a backup
    assert feedparser.parse(renderer().changes(restored)).entries[0].id not in ids
