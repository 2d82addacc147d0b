"""Insert, Update or Same; and the stories that new entries join."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.dedupe import decide, is_certain, join, representative
from feedhub.model import (
    Byline,
    Category,
    DateOrigin,
    Decision,
    Enclosure,
    Entry,
    EntryId,
    Insert,
    Known,
    Same,
    SourceId,
    Story,
    Update,
)
from support.cleaned import MORNING, clean_entry

OWNER, OTHER = SourceId(1), SourceId(2)
NOW = MORNING + timedelta(days=2)


def known_from(entry: Entry, **changes: Any) -> Known:
    values: dict[str, Any] = {
        "id": EntryId(7),
        "owner": OWNER,
        "digest": entry.digest,
        "original_id": entry.original_id,
        "published": entry.published,
        "updated": entry.updated,
        "date_origin": entry.date_origin,
        "version": 1,
        "parts": entry.parts,
    }
    return Known(**(values | changes))


def decided(entry: Entry, *known: Known, source: SourceId = OWNER, listed: frozenset[str] = frozenset()) -> Decision:
    return decide(entry, source, known, listed | {entry.original_id}, NOW)


def updated(entry: Entry, known: Known) -> Update:
    decision = decided(entry, known)
    assert isinstance(decision, Update)
    return decision


def test_nothing_known_is_an_insert() -> None:
    assert decided(clean_entry()) == Insert()


def test_an_equal_digest_is_the_same_whatever_the_dates_say() -> None:
    later = clean_entry(published=NOW, updated=NOW)
    assert decided(later, known_from(clean_entry())) == Same(id=EntryId(7))


def test_a_source_that_does_not_own_the_entry_changes_nothing() -> None:
    assert decided(clean_entry(title="Mine"), known_from(clean_entry()), source=OTHER) == Same(id=EntryId(7))


def test_a_changed_id_behind_one_link_is_the_same_entry() -> None:
    assert decided(clean_entry(original_id="new"), known_from(clean_entry())) == Same(id=EntryId(7))


def test_two_ids_of_one_document_behind_one_link_are_two_entries() -> None:
    known = known_from(clean_entry())
    assert decided(clean_entry(original_id="new"), known, listed=frozenset({known.original_id})) == Insert()


def test_the_own_entry_with_the_same_id_is_preferred() -> None:
    entry = clean_entry()
    foreign = known_from(entry, id=EntryId(1), owner=OTHER)
    by_link = known_from(entry, id=EntryId(2), original_id="former")
    assert decided(entry, foreign, by_link, known_from(entry)) == Same(id=EntryId(7))
    assert decided(entry, foreign, by_link) == Same(id=EntryId(2))
    assert decided(entry, foreign) == Same(id=EntryId(1))


@pytest.mark.parametrize(
    ("change", "part", "significant"),
    [
        ({"title": "Closed again"}, "title", True),
        ({"content": "<p>More</p>"}, "body", True),
        ({"link": "https://news.example/new"}, "link", True),
        ({"authors": (Byline(key="an", name="An"),)}, "people", True),
        ({"enclosures": (Enclosure(url="https://n.example/a.mp3", type="audio/mpeg"),)}, "enclosures", True),
        ({"categories": (Category(key="sea", term="Sea"),)}, "categories", False),
        ({"rights": "CC BY"}, "rights", False),
    ],
)
def test_what_changed_decides_whether_readers_hear_of_it(change: dict[str, Any], part: str, significant: bool) -> None:
    update = updated(clean_entry(**change), known_from(clean_entry()))
    assert (update.what, update.significant) == ((part,), significant)
    assert update.published == MORNING
    assert (update.updated > MORNING) is significant


@pytest.mark.parametrize(
    ("stated", "before", "expected"),
    [
        (MORNING + timedelta(hours=5), MORNING, MORNING + timedelta(hours=5)),
        (MORNING, MORNING, NOW),  # the source forgot
        (MORNING - timedelta(days=9), MORNING, NOW),  # or went back
        (NOW + timedelta(hours=3), MORNING, NOW),  # or lives in the future
        (MORNING, NOW + timedelta(hours=1), NOW + timedelta(hours=1, seconds=1)),
    ],
)
def test_updated_grows_and_is_what_the_source_says_where_that_can_be(
    stated: datetime, before: datetime, expected: datetime
) -> None:
    entry = clean_entry(title="Closed again", updated=stated)
    assert updated(entry, known_from(clean_entry(), updated=before)).updated == expected


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (DateOrigin.STATED, DateOrigin.STATED, True),
        (DateOrigin.STATED, DateOrigin.FIRST_SEEN, True),
        (DateOrigin.FIRST_SEEN, DateOrigin.FIRST_SEEN, True),
        (DateOrigin.FIRST_SEEN, DateOrigin.STATED, False),
    ],
)
def test_a_stated_date_replaces_one_that_was_first_seen(old: DateOrigin, new: DateOrigin, kept: bool) -> None:
    said = MORNING - timedelta(days=5)
    entry = clean_entry(title="Closed again", published=said, date_origin=new)
    update = updated(entry, known_from(clean_entry(), date_origin=old))
    assert update.published == (MORNING if kept else said)


MOMENTS = st.integers(-10_000_000, 10_000_000).map(lambda seconds: NOW + timedelta(seconds=seconds))
VERSIONS = st.builds(
    clean_entry,
    title=st.sampled_from("ab"),
    rights=st.sampled_from("ab"),
    text=st.sampled_from("ab"),
    published=MOMENTS,
    updated=MOMENTS,
    date_origin=st.sampled_from(DateOrigin),
)


@given(VERSIONS, VERSIONS, st.sampled_from([OWNER, OTHER]))
def test_deciding_after_storing_says_same(old: Entry, new: Entry, source: SourceId) -> None:
    known = known_from(old)
    decision = decided(new, known, source=source)
    if isinstance(decision, Update):
        assert decision.what
        assert decision.updated > known.updated if decision.significant else decision.updated == known.updated
        known = known_from(new, published=decision.published, updated=decision.updated)
    assert decided(new, known, source=source) == Same(id=known.id)


def story(**changes: Any) -> Story:
    values: dict[str, Any] = {"cluster": EntryId(3), "language": "en", "publisher": "", "published": MORNING}
    return Story(**(values | changes))


@pytest.mark.parametrize(
    ("entry", "other", "joins"),
    [
        ({}, {}, True),
        ({"language": "en-GB"}, {}, True),
        ({"language": "vi"}, {}, False),
        ({"language": "vi"}, {"language": ""}, True),
        ({"publisher": "Coast  Wire"}, {"publisher": "coast wire"}, True),
        ({"publisher": "Coast Wire"}, {"publisher": "Port Press"}, False),
        ({"publisher": "Coast Wire"}, {}, True),
        ({}, {"published": MORNING - timedelta(days=14)}, True),
        ({}, {"published": MORNING - timedelta(days=14, seconds=1)}, False),
        ({}, {"published": MORNING + timedelta(days=15)}, False),
        ({"date_origin": DateOrigin.FIRST_SEEN}, {"published": NOW - timedelta(days=14)}, True),
        ({"date_origin": DateOrigin.FIRST_SEEN}, {"published": NOW - timedelta(days=15)}, False),
    ],
)
def test_who_joins_whom(entry: dict[str, Any], other: dict[str, Any], joins: bool) -> None:
    assert join(clean_entry(**entry), [story(**other)], NOW) == (EntryId(3) if joins else None)


def test_the_oldest_fitting_story_wins() -> None:
    stories = [
        story(cluster=EntryId(1), language="vi", published=MORNING - timedelta(days=3)),
        story(cluster=EntryId(5), published=MORNING - timedelta(days=1)),
        story(cluster=EntryId(4), published=MORNING - timedelta(days=1)),
        story(cluster=EntryId(2)),
    ]
    assert join(clean_entry(language="en"), stories, NOW) == EntryId(4)
    assert join(clean_entry(), [], NOW) is None


def test_a_feed_shows_the_earliest_unless_it_shows_another_already() -> None:
    cluster = [(EntryId(9), MORNING), (EntryId(8), MORNING), (EntryId(1), NOW)]
    assert representative(cluster) == EntryId(8)
    assert representative(cluster, shown=EntryId(1)) == EntryId(1)
    assert representative(cluster, shown=EntryId(2)) == EntryId(8)
    with pytest.raises(ValueError, match="empty"):
        representative([])


# ---------------------------------------------------------------- parts of a list


def test_in_a_part_of_a_list_only_the_id_or_the_same_content_is_certain() -> None:
    entry = clean_entry(original_id="a", title="New words")
    old = clean_entry(original_id="a", title="Old words")
    assert is_certain(entry, ())
    assert is_certain(entry, [known_from(old)])
    assert is_certain(entry, [known_from(old, original_id="b"), known_from(old)])
    assert not is_certain(entry, [known_from(old, original_id="b")])  # the same link: changed id, or beside it?
    nameless = clean_entry(original_id="", title="New words")
    assert not is_certain(nameless, [known_from(old, original_id="")])
    assert is_certain(nameless, [known_from(nameless)])
