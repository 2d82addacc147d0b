"""One loud source does not drown a feed, and nothing is lost by it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from feedhub.model import Feed, FeedId, FeedKind, StoredEntry
from feedhub.newest import Before, Read, newest_page, rhythm
from feedhub.settings import Feeds
from support.memory_library import MemoryLibrary
from support.published import FEED, stored

HOUR = 3600


def entry(number: int, source: str, hours: float) -> StoredEntry:
    return stored(number, outside={"source_slug": source, "sort_key": int(hours * HOUR)})


def library_of(*entries: StoredEntry, feed: Feed = FEED) -> MemoryLibrary:
    library = MemoryLibrary(feed)
    library.entries[feed.id] = list(entries)
    return library


def reading(*entries: StoredEntry) -> Read[StoredEntry]:
    return partial(library_of(*entries).page, FEED.id)


def feeds(size: int, most: int, within: str = "1d") -> Feeds:
    return Feeds.model_validate({"size": size, "per_source": {"most": most, "within": within}})


LOUD = [entry(number, "loud", 100 + number / 10) for number in range(1, 31)]
QUIET = [entry(100 + number, "quiet", 25 * number - 10) for number in range(5)]


def ids(entries: tuple[StoredEntry, ...]) -> list[int]:
    return [int(one.id) for one in entries]


def test_without_a_limit_the_newest_are_shown() -> None:
    page = newest_page(reading(*LOUD, *QUIET), FEED, feeds(10, 0))
    assert ids(page.entries) == list(range(30, 20, -1))


def test_the_newest_of_the_loud_one_and_all_of_the_others() -> None:
    page = newest_page(reading(*LOUD, *QUIET), FEED, feeds(10, 3))
    assert ids(page.entries) == [30, 29, 28, 104, 103, 102, 101, 100]


def test_what_lies_further_apart_is_not_counted_together() -> None:
    spaced = [entry(number, "loud", number * 25) for number in range(1, 9)]
    assert ids(newest_page(reading(*spaced), FEED, feeds(5, 1)).entries) == [8, 7, 6, 5, 4]
    assert ids(newest_page(reading(*spaced), FEED, feeds(5, 1, "26h")).entries) == [8, 6, 4, 2]


def test_older_pages_reach_what_was_passed_over() -> None:
    read, rules = reading(*LOUD, *QUIET), feeds(10, 3)
    seen: set[int] = set()
    before: Before | None = None
    for _ in range(9):
        page = newest_page(read, FEED, rules, before)
        seen.update(ids(page.entries))
        before = page.older
        if before is None:
            break
    assert seen == {int(one.id) for one in (*LOUD, *QUIET)}


def test_a_source_s_own_feed_shows_all() -> None:
    own = replace(FEED, id=FeedId(7), kind=FeedKind.SOURCE)
    assert len(newest_page(partial(library_of(*LOUD, feed=own).page, own.id), own, feeds(10, 3)).entries) == 10


def test_a_page_of_one_voice_ends_without_reading_everything() -> None:
    library = library_of(*(entry(number, "loud", 100 + number / 1000) for number in range(1, 5000)))
    page = newest_page(partial(library.page, FEED.id), FEED, feeds(10, 3))
    assert ids(page.entries) == [4999, 4998, 4997]
    assert page.older == (page.entries[-1].sort_key, page.entries[-1].id)
    assert library.pages == 20


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_a_limit_that_never_bites_changes_nothing(size: int) -> None:
    read = reading(*QUIET)
    assert newest_page(read, FEED, feeds(size, 50)) == newest_page(read, FEED, feeds(size, 0))


def test_the_rhythm_is_the_mean_of_the_newest_gaps() -> None:
    assert rhythm([]) == rhythm([entry(1, "a", 5)]) == 0
    assert rhythm([entry(2, "a", 6), entry(1, "a", 5)]) == HOUR
    assert rhythm([entry(2, "a", 5), entry(1, "a", 5)]) == 1
    assert rhythm([entry(number, "a", -number) for number in range(20)]) == HOUR
    assert rhythm([*(entry(number, "a", -number) for number in range(20)), entry(99, "a", -9_999)]) == HOUR
