"""Archived documents fill in the order of arrival and never change; what was withdrawn is remembered. On both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from feedhub.model import EntryId, Feed, FeedId, FeedKind, Insert
from feedhub.store import SqlStore
from feedhub.store.archiving import ARCHIVE_PAGE
from feedhub.store.tombstones import TOLD_FOR
from support.stories import HOUR, NOW, draft, poll, spec
from support.upkeep import forget, retain

MINUTE = timedelta(minutes=1)


def bring(store: SqlStore, slug: str, minutes: Sequence[int], name: str = "") -> None:
    """New entries of a source, this many minutes ago."""
    (state,) = store.states([slug])
    drafts = [draft(slug, f"{name}{ago}-{n}", at=NOW - ago * MINUTE) for n, ago in enumerate(minutes)]
    with store.transaction() as transaction:
        transaction.apply([poll(state, *((each, Insert()) for each in drafts))])


def everything(store: SqlStore) -> Feed:
    feed = store.feed(FeedKind.ALL, "all")
    assert isinstance(feed, Feed)
    return feed


def members(store: SqlStore, number: int) -> list[EntryId]:
    return [one.id for one in store.archive(everything(store).id, number)]


def test_an_archive_is_full_and_holds_the_oldest(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    bring(store, "a", range(ARCHIVE_PAGE - 1))
    assert (everything(store).archives, members(store, 1)) == (0, [])
    bring(store, "a", [1000], "one more ")
    feed = everything(store)
    assert feed.archives == 1
    assert store.newest_archive(feed.id, 2) == 1
    assert store.newest_archive(feed.id, 1) == 0
    assert len(members(store, 1)) == ARCHIVE_PAGE
    assert store.archive(feed.id, 1) == store.outlines(feed.id, ARCHIVE_PAGE)
    assert members(store, 1) == [one.id for one in store.page(feed.id, ARCHIVE_PAGE)]
    assert {one.id for one in store.stored(members(store, 1))} == set(members(store, 1))


def test_pages_of_outlines_are_those_of_entries_down_to_the_oldest(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    bring(store, "a", [1, 1, 2, 3, 3, 3, 5])
    feed = everything(store)
    walked: list[EntryId] = []
    before: tuple[int, EntryId] | None = None
    while page := store.outlines(feed.id, 2, before):
        assert [one.id for one in page] == [one.id for one in store.page(feed.id, 2, before)]
        walked += [one.id for one in page]
        before = page[-1].sort_key, page[-1].id
    assert walked == [one.id for one in store.page(feed.id, 9)]
    assert len(walked) == 7


def test_a_feed_as_it_is_now(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    bring(store, "a", [1])
    before = everything(store)
    assert store.current(before.id) == before
    bring(store, "a", [2], "one more ")
    now = store.current(before.id)
    assert now == everything(store)
    assert now is not None
    assert now.version > before.version
    assert store.current(FeedId(10**9)) is None


def test_complete_archives_never_change_whatever_comes(store: SqlStore) -> None:
    dice = Random(5)
    store.sync([spec("a"), spec("b")], [], NOW)
    seen: dict[int, list[EntryId]] = {}
    for number in range(30):
        bring(store, dice.choice("ab"), [dice.randrange(100_000) for _ in range(dice.randrange(1, 60))], f"{number} ")
        archives = everything(store).archives
        now = {each: members(store, each) for each in range(1, archives + 1)}
        assert {each: now[each] for each in seen} == seen
        assert all(len(each) == ARCHIVE_PAGE for each in now.values())
        seen = now
    placed = [entry for each in seen.values() for entry in each]
    feed = everything(store)
    assert len(set(placed)) == len(placed)
    assert feed.size - len(placed) < ARCHIVE_PAGE  # never more waits than one archive holds


def test_a_large_backlog_is_archived_over_several_transactions(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    bring(store, "a", range(ARCHIVE_PAGE * 45))
    assert everything(store).archives == 40
    bring(store, "a", [0], "later ")
    assert everything(store).archives == 45


def test_late_entries_fill_archives_in_the_order_in_which_they_came(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    bring(store, "a", range(ARCHIVE_PAGE))
    late = 2 * ARCHIVE_PAGE + 30
    bring(store, "a", range(1000 + late, 1000, -1), "late ")
    assert everything(store).archives == 3
    first = 1 + max(members(store, 1))
    assert sorted(members(store, 2)) == list(range(first, first + ARCHIVE_PAGE))
    assert sorted(members(store, 3)) == list(range(first + ARCHIVE_PAGE, first + 2 * ARCHIVE_PAGE))
    assert len(members(store, 4)) == 30, "they wait for company"
    with store.transaction() as transaction:
        (state,) = store.states(["a"])
        newer = [draft("a", f"newer {n}", at=NOW + n * MINUTE) for n in range(ARCHIVE_PAGE - 30)]
        transaction.apply([poll(state, *((each, Insert()) for each in newer), at=NOW + HOUR)])
    assert everything(store).archives == 4
    assert sorted(members(store, 4)) == list(range(first + 2 * ARCHIVE_PAGE, first + 3 * ARCHIVE_PAGE))


def test_an_entry_that_is_edited_or_removed_keeps_the_others_in_place(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    bring(store, "a", range(2 * ARCHIVE_PAGE))
    before = [members(store, 1), members(store, 2)]
    gone = before[0][7]
    assert store.withdraw(gone, NOW)
    bring(store, "a", range(5), "more ")
    assert [members(store, 1), members(store, 2)] == [[one for one in before[0] if one != gone], before[1]]


def test_what_is_withdrawn_is_told_for_a_month_and_never_comes_back(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    bring(store, "a", [1, 2])
    feed = everything(store)
    newest, other = store.page(feed.id, 2)
    assert store.withdraw(newest.id, NOW)
    assert not store.withdraw(newest.id, NOW)
    (gone,) = store.tombstones(feed.id)
    assert (gone.entry, gone.at, gone.original_id, gone.source_slug) == (newest.id, NOW, "a:1-0", "a")
    assert gone.name == newest.entry.original_id
    after = everything(store)
    assert (after.size, after.version > feed.version) == (1, True)
    bring(store, "a", [1, 2])  # the source still lists it
    assert [one.id for one in store.page(feed.id, 9)] == [other.id]
    assert store.forget_tombstones(NOW + TOLD_FOR - HOUR) == 0
    version = everything(store).version
    assert store.forget_tombstones(NOW + TOLD_FOR) > 0
    assert store.tombstones(feed.id) == []
    assert everything(store).version > version


def test_what_grows_old_is_not_withdrawn(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    bring(store, "a", [1, 100_000])
    (state,) = store.states(["a"])
    with store.transaction() as transaction:
        transaction.apply([poll(state, at=NOW + HOUR)])  # neither is listed any more
    assert retain(store, timedelta(days=1), 0, 9, NOW + timedelta(days=9)).entries == 2
    assert store.tombstones(everything(store).id) == []


def test_a_forgotten_source_withdraws_what_only_it_carried(store: SqlStore) -> None:
    store.sync([spec("a"), spec("b")], [], NOW)
    bring(store, "a", [1, 2])
    bring(store, "b", [3])
    forget(store, "a", NOW)
    assert len(store.tombstones(everything(store).id)) == 2
