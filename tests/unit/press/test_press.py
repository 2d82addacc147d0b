"""The press: pages joined from kept fragments, made once, the same wherever the same database is read."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import feedparser
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from feedhub import ports
from feedhub.emit import violations
from feedhub.errors import Unpublishable
from feedhub.model import (
    EPOCH,
    OPML_MEDIA_TYPE,
    ContentPolicy,
    EntryId,
    Feed,
    FeedId,
    FeedKind,
    Format,
    StoredEntry,
    Tombstone,
)
from feedhub.press import MOST_REMADE, Press
from feedhub.settings import Feeds
from support.memory_library import MemoryLibrary
from support.published import BASE_URL, FEED, SITE, WHEN, renderer, stored


def library_of(*numbers: int) -> MemoryLibrary:
    library = MemoryLibrary(FEED)
    library.entries[FEED.id] = [stored(number) for number in numbers]
    return library


def press_of(library: MemoryLibrary, *, cache_bytes: int = 1_000_000, **feeds: Any) -> Press:
    press = Press(library, renderer(**feeds), Feeds(**feeds), cache_bytes=cache_bytes)
    shaped: ports.Press = press  # mypy holds the shape
    assert shaped is press
    return press


@pytest.mark.parametrize("format", Format)
def test_a_document_of_the_newest_entries(format: Format) -> None:
    document = press_of(library_of(1, 2, 3)).document(FEED, format)
    assert document.media_type == format.media_type
    assert document.modified == FEED.updated
    assert violations(document.body, format) == []
    text = document.body.decode()
    assert -1 < text.find("Ship 3 has") < text.find("Ship 2 has") < text.find("Ship 1 has")
    assert f"{BASE_URL}/topics/ports.{format.value}" in text
    assert "before=" not in text


def test_older_pages_are_linked_and_reach_every_entry_once() -> None:
    press, seen, before = press_of(library_of(*range(1, 8)), size=3), [], None
    for _ in range(3):
        feed = feedparser.parse(press.document(FEED, Format.ATOM, before).body)
        links = {link.rel: link.href for link in feed.feed.links if link.rel != "alternate"}
        seen += [entry.id.rpartition("/")[2] for entry in feed.entries]
        assert links["first"] == f"{BASE_URL}/topics/ports.atom"
        before = ports.read_page_key(links.get("next", "").rpartition("=")[2])
    assert seen == ["7", "6", "5", "4", "3", "2", "1"]
    assert before is None


def test_a_page_that_is_exactly_full_has_no_next() -> None:
    assert b'rel="next"' not in press_of(library_of(1, 2, 3), size=3).document(FEED, Format.ATOM).body


def test_links_of_a_private_feed_lead_to_itself() -> None:
    press = press_of(library_of(1, 2, 3), size=2)
    for each in Format:
        public, private = press.document(FEED, each), press.document(FEED, each, None, "/private/s3cret")
        text = private.body.decode()
        assert f"{BASE_URL}/private/s3cret/topics/ports.{each.value}?before=" in text
        assert f"{BASE_URL}/topics/ports" not in text
        assert "s3cret" not in public.body.decode()
        assert private.etag != public.etag


def test_a_folder_of_files_has_no_older_pages() -> None:
    press = Press(library_of(1, 2, 3), renderer(size=2), Feeds(size=2), paged=False)
    for each in Format:
        body = press.document(FEED, each).body
        assert b"before=" not in body
        assert b"/topics/ports.html" in body
    assert b'htmlUrl="https://hub.example.net/topics/ports.html"' in press.opml().body


def test_fragments_are_rendered_once_and_kept() -> None:
    library = library_of(1, 2)
    press = press_of(library)
    first = press.document(FEED, Format.RSS)
    assert library.kept_times == 0  # many are written together
    press.flush()
    assert library.kept_times == 1
    after_a_restart = press_of(library)
    assert after_a_restart.document(FEED, Format.RSS) == first
    assert library.read == 2
    library.entries[FEED.id].append(stored(3))
    after_a_restart.document(replace(FEED, version=2), Format.RSS)
    assert library.read == 3
    after_a_restart.flush()
    after_a_restart.flush()
    assert library.kept_times == 2
    assert len(library.kept) == 3


def test_a_kept_fragment_equals_a_fresh_one() -> None:
    library = library_of(1, 2)
    warm = press_of(library)
    warm.document(FEED, Format.ATOM)
    assert press_of(library).document(FEED, Format.ATOM) == press_of(library_of(1, 2)).document(FEED, Format.ATOM)


@pytest.mark.parametrize(
    "outside",
    [
        {"source": replace(stored().source, title="Renamed")},
        {"policy": ContentPolicy.LINK},
        {"others": (("https://other.example/1", "Other"),)},
        {"version": 2},
    ],
)
def test_what_changes_outside_the_entry_makes_its_fragment_stale(outside: dict[str, Any]) -> None:
    library = library_of(1)
    old = press_of(library).document(FEED, Format.ATOM)
    library.entries[FEED.id] = [stored(1, outside=outside)]
    new = press_of(library).document(FEED, Format.ATOM)
    assert new.etag != old.etag
    cold = MemoryLibrary(FEED)
    cold.entries[FEED.id] = library.entries[FEED.id]
    assert new == press_of(cold).document(FEED, Format.ATOM)


def test_etags_tell_documents_apart() -> None:
    press = press_of(library_of(1, 2, 3), size=2)
    documents = [press.document(FEED, each) for each in Format]
    documents += [press.document(FEED, Format.ATOM, (3, EntryId(3)))]
    documents += [press.document(replace(FEED, version=2, updated=WHEN + timedelta(1)), Format.ATOM)]
    documents += [press_of(library_of(1, 2)).document(FEED, Format.ATOM)]
    assert len({document.etag for document in documents}) == len(documents)
    assert all(document.etag[0] == document.etag[-1] == '"' for document in documents)


def test_what_did_not_change_is_not_made_again() -> None:
    library = library_of(1)
    press = press_of(library)
    assert press.document(FEED, Format.ATOM) is press.document(FEED, Format.ATOM)
    assert library.pages == 1
    press.document(replace(FEED, version=2), Format.ATOM)
    assert library.pages == 2


class Lively(MemoryLibrary):
    """A library that gets the next of its ``coming`` entries just before a page is read, as from another thread."""

    coming: list[int]

    def page(self, feed: FeedId, limit: int, before: tuple[int, EntryId] | None = None) -> list[StoredEntry]:
        if self.coming:
            (known,) = self.known
            self.entries[feed].append(stored(self.coming.pop(0)))
            self.known = [replace(known, version=known.version + 1, updated=known.updated + timedelta(minutes=1))]
        return super().page(feed, limit, before)


@pytest.mark.parametrize("format", Format)
@pytest.mark.parametrize("commits", [1, 3])
def test_head_and_entries_are_of_one_moment(format: Format, commits: int) -> None:
    """A commit between the feed's row and its entries: no old head around new entries, told again with a new head."""
    library = Lively(FEED)
    library.coming = [*range(1, commits + 1)]
    press = press_of(library)
    early = press.document(FEED, format)
    (now,) = library.known
    assert now.version == FEED.version + commits
    assert early.modified == now.updated
    assert press.document(now, format) == early == press_of(library).document(now, format)
    assert library.pages == commits + 1 + 1 + 1


def test_a_feed_that_changes_with_every_look_is_published_all_the_same() -> None:
    library = Lively(FEED)
    library.coming = [*range(1, 100)]
    assert press_of(library).document(FEED, Format.ATOM).body.count(b"<entry>") == MOST_REMADE + 1


def test_the_cache_is_bounded_in_bytes() -> None:
    library = library_of(1)
    size = len(press_of(library).document(FEED, Format.ATOM, (100, EntryId(1))).body)
    press, library.pages = press_of(library, cache_bytes=2 * size + 1_500), 0
    for page in (1, 2, 1, 3, 1, 2):
        press.document(FEED, Format.ATOM, (100, EntryId(page)))
    assert library.pages == 4  # 1, 2, 3, and 2 again: 1 was used most
    tiny = press_of(library, cache_bytes=10)
    assert tiny.document(FEED, Format.ATOM) == tiny.document(FEED, Format.ATOM)


def test_many_callers_make_one_document() -> None:
    library = library_of(*range(1, 30))
    press, gate, documents = press_of(library), threading.Barrier(8), []

    def work() -> None:
        gate.wait(10)
        documents.append(press.document(FEED, Format.ATOM))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert library.pages == 1
    assert len(documents) == 8
    assert len({id(document) for document in documents}) == 1


def test_a_failure_is_not_kept() -> None:
    library = library_of(1)
    press = press_of(library)
    entries, library.entries = library.entries, {}
    with pytest.raises(KeyError):
        press.document(FEED, Format.ATOM)
    library.entries = entries
    assert press.document(FEED, Format.ATOM).body


@pytest.mark.parametrize("format", Format)
def test_entries_of_two_sources_with_one_id_both_stay(format: Format) -> None:
    library = library_of()
    library.entries[FEED.id] = [
        stored(1, original_id="urn:x:1", outside={"source_slug": "other"}),
        stored(2, original_id="urn:x:1"),
    ]
    press = press_of(library)
    body = press.document(FEED, format).body
    assert violations(body, format) == []
    assert b"Ship 1" in body
    assert b"Ship 2" in body
    press.flush()
    library.read = 0
    assert press.document(replace(FEED, version=2), format).body == body
    assert library.read == 0
    assert press_of(library).document(FEED, format).body == body


@pytest.mark.parametrize("format", Format)
def test_a_text_that_breaks_a_rule_is_kept_back_and_its_entry_is_not(format: Format) -> None:
    library = library_of(2)
    library.entries[FEED.id].append(stored(1, content='<a href="/x">relative</a>'))
    press = press_of(library)
    with capture_logs() as logs:
        body = press.document(FEED, format).body
    assert violations(body, format) == []
    assert b"Ship 1" in body
    assert b"relative" not in body
    assert b"Ship 2 was made fast" in body
    (what, reason), *others = press.troubles().items()
    assert (what, others) == (f"entry 1 in {format.value}", [])
    assert reason.startswith("it is published without its text, because ")
    assert [(line["event"], line["what"]) for line in logs] == [("publishing.trouble", what)]
    library.entries[FEED.id] = [stored(1, outside={"version": 2})]
    press.document(replace(FEED, version=2), format)
    assert press.troubles() == {}


@pytest.mark.parametrize("format", Format)
def test_a_document_that_breaks_a_rule_never_replaces_the_last_good_one(format: Format) -> None:
    library, ours = library_of(1), renderer()
    press = Press(library, ours, Feeds())
    good = press.document(FEED, format)
    ours.site = replace(SITE, base_url="nowhere")
    library.entries[FEED.id].append(stored(2))
    later = replace(FEED, version=2)
    assert press.document(later, format) is good
    (what, reason) = next(iter(press.troubles().items()))
    assert what == f"/topics/ports.{format.value}"
    assert reason
    with pytest.raises(Unpublishable, match="breaks a rule"):
        press.document(later, format, (9, EntryId(9)))
    ours.site = SITE
    assert b"Ship 2" in press.document(later, format).body
    assert press.troubles() == {}


def test_opml_lists_public_feeds() -> None:
    def feed(number: int, slug: str, **fields: Any) -> Feed:
        return replace(FEED, id=FeedId(number), slug=slug, key=slug, title=slug.title(), **fields)

    library = MemoryLibrary(
        feed(1, "all", kind=FeedKind.ALL),
        feed(2, "ports", updated=WHEN + timedelta(1)),
        feed(3, "secret"),
        feed(4, "gone", withdrawn=True),
        feed(5, "ada", kind=FeedKind.AUTHOR),
        feed(6, "tag", kind=FeedKind.CATEGORY),
    )
    document = press_of(
        library, kinds=("all", "topics", "authors"), private={"topics/secret": (SecretStr("t"),)}
    ).opml()
    text = document.body.decode()
    assert [slug for slug in ("all", "ports", "secret", "gone", "ada", "tag") if f"/{slug}.atom" in text] == [
        "all",
        "ports",
        "ada",
    ]
    assert document.media_type == OPML_MEDIA_TYPE
    assert document.modified == WHEN + timedelta(1)
    assert document == press_of(library, kinds=("all", "topics", "authors"), private={"topics/secret": ()}).opml()


def test_opml_of_nothing() -> None:
    document = press_of(MemoryLibrary()).opml()
    assert document.modified == EPOCH
    assert b"dateModified" not in document.body


# ---------------------------------------------------------------- history (RFC 5005, RFC 6721)


@pytest.mark.parametrize("format", Format)
def test_an_archived_document_names_the_feed_and_the_archive_before_it(format: Format) -> None:
    press, feed = press_of(library_of(*range(1, 8)), size=3), replace(FEED, archives=3)
    newest = press.document(feed, format).body.decode()
    third, second, first = (press.document(feed, format, archive=number).body for number in (3, 2, 1))
    at = f"{BASE_URL}/topics/ports/archive/%d.{format.value}"
    assert at % 3 in newest
    for body, own, before in ((third, 3, 2), (second, 2, 1), (first, 1, None)):
        text = body.decode()
        assert violations(body, format) == []
        assert at % own in text
        assert f"{BASE_URL}/topics/ports.{format.value}" in text
        assert (at % before in text) if before else text.count("/archive/") == text.count("/archive/1.")
        assert "before=" not in text
    assert "fh:archive" not in newest
    assert '"archive":true' not in newest


def test_readers_find_the_links_of_an_archive() -> None:
    press, feed = press_of(library_of(*range(1, 8))), replace(FEED, archives=3)
    for each in (Format.ATOM, Format.RSS):
        parsed = feedparser.parse(press.document(feed, each, archive=2).body)
        links = {link.rel: link.href for link in parsed.feed.links}
        assert links["current"] == f"{BASE_URL}/topics/ports.{each.value}"
        assert links["prev-archive"] == f"{BASE_URL}/topics/ports/archive/1.{each.value}"
        assert "fh_archive" in parsed.feed
        assert len(parsed.entries) == 2
    assert (
        b'"next_url":"%s/topics/ports/archive/1.json"' % BASE_URL.encode()
        in press.document(feed, Format.JSON, archive=2).body
    )


@pytest.mark.parametrize("format", Format)
def test_an_archived_document_stays_the_same_when_the_feed_goes_on(format: Format) -> None:
    library = library_of(*range(1, 8))
    old = press_of(library).document(replace(FEED, archives=3), format, archive=2)
    library.entries[FEED.id].append(stored(9))
    later = replace(FEED, archives=4, version=FEED.version + 1, updated=FEED.updated + timedelta(days=3))
    assert press_of(library).document(later, format, archive=2) == old


def test_what_was_withdrawn_is_told_by_the_id_under_which_it_was_shown() -> None:
    library = library_of(1)
    shown, plain = stored(2), stored(3, original_id="17")
    library.buried[FEED.id] = [
        Tombstone(
            entry=one.id,
            at=WHEN + timedelta(days=1),
            original_id=one.entry.original_id,
            name=one.entry.original_id or one.entry.link,
            source_slug=one.source_slug,
        )
        for one in (shown, plain)
    ]
    press, ours = press_of(library), renderer()
    atom = press.document(FEED, Format.ATOM)
    assert violations(atom.body, Format.ATOM) == []
    tombs = re.findall(rb'<at:deleted-entry [^>]*ref="([^"]*)" when="([^"]*)"/>', atom.body)
    when = f"{WHEN + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}".encode()
    assert tombs == [(ours.id_of(one, Format.ATOM).encode(), when) for one in (shown, plain)]
    told = json.loads(press.document(FEED, Format.JSON).body)["_feedhub"]["deleted"]
    assert [one["id"] for one in told] == [ours.id_of(one, Format.JSON) for one in (shown, plain)]
    assert b"deleted" not in press.document(FEED, Format.RSS).body
    assert atom.etag != press_of(library_of(1)).document(FEED, Format.ATOM).etag
