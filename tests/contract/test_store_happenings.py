"""Changes of state and gaps: kept with the poll that brought them, bounded, gone with their source; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from feedhub.errors import DiskFull
from feedhub.model import Feed, FeedKind, Gap, Health, Insert, ServiceEvent, SourceChange, SourceState
from feedhub.ports import PollRecord
from feedhub.store import SqlStore
from support.stories import HOUR, NOW, draft, poll, spec
from support.upkeep import forget, retain

GAP = Gap(after=NOW - 9 * HOUR, before=NOW - HOUR, noticed_at=NOW, older="http://a.example/2")


def record(state: SourceState, health: Health, at: datetime = NOW, **fields: object) -> PollRecord:
    """A poll that found the source in this state, with what the operator is told of it."""
    made = poll(state, at=at)
    change = None
    if health is not state.health:
        change = SourceChange(at=at, slug=state.slug, before=state.health, after=health, cause="why", detail="Because.")
    return replace(made, state=replace(made.state, health=health, **fields), change=change)  # type: ignore[arg-type]


def apply(store: SqlStore, *records: PollRecord) -> None:
    with store.transaction() as transaction:
        transaction.apply(records)


def told(store: SqlStore, source: str | None = None) -> list[tuple[str, Health, Health]]:
    return [(change.slug, change.before, change.after) for change in store.changes(50, source=source)]


@pytest.fixture
def one(store: SqlStore) -> SourceState:
    store.sync([spec("a", name="Source A"), spec("b")], [], NOW)
    (state,) = store.states(["a"])
    return state


def test_a_change_is_kept_with_its_poll(store: SqlStore, one: SourceState) -> None:
    apply(store, record(one, Health.FAILING))
    (change,) = store.changes(9)
    assert (change.slug, change.title, change.at) == ("a", "Source A", NOW)
    assert (change.before, change.after, change.cause, change.detail) == (Health.NEW, Health.FAILING, "why", "Because.")
    apply(store, record(replace(one, health=Health.FAILING), Health.FRESH, NOW + HOUR))
    assert told(store) == [("a", Health.FAILING, Health.FRESH), ("a", Health.NEW, Health.FAILING)]
    assert [change.number for change in store.changes(9)] == sorted((c.number for c in store.changes(9)), reverse=True)
    assert (told(store, "b"), len(told(store, "a")), len(store.changes(1))) == ([], 2, 1)


def test_a_transaction_that_fails_keeps_no_change(store: SqlStore, one: SourceState) -> None:
    def fails() -> None:
        with store.transaction() as transaction:
            transaction.apply([record(one, Health.FAILING, gap=GAP)])
            raise DiskFull("The disk is full.", "Make room.")

    with pytest.raises(DiskFull):
        fails()
    assert (told(store), store.gaps(one.id), store.states(["a"])[0].health) == ([], [], Health.NEW)


def test_what_was_stored_meanwhile_counts_as_before(store: SqlStore, one: SourceState) -> None:
    apply(store, record(one, Health.BLOCKED))
    apply(store, record(one, Health.FAILING, NOW + HOUR))  # began when the source was still new
    assert told(store)[0] == ("a", Health.BLOCKED, Health.FAILING)
    apply(store, record(one, Health.FAILING, NOW + 2 * HOUR))
    assert len(told(store)) == 2


def test_a_stale_poll_changes_no_state(store: SqlStore, one: SourceState) -> None:
    store.sync([spec("a", url="http://elsewhere.example/"), spec("b")], [], NOW)
    apply(store, record(one, Health.FAILING, gap=GAP))
    assert (told(store), store.gaps(one.id)) == ([], [])


def test_what_the_configuration_does_is_a_change_too(store: SqlStore, one: SourceState) -> None:
    apply(store, record(one, Health.FRESH))
    store.sync([spec("a", enabled=False), spec("b")], [], NOW + HOUR)
    store.sync([spec("a"), spec("b")], [], NOW + 2 * HOUR)
    apply(store, record(replace(one, health=Health.FRESH), Health.FAILING, NOW + 2 * HOUR))
    store.sync([spec("a", url="http://other.example/"), spec("b")], [], NOW + 3 * HOUR)
    store.sync([spec("b")], [], NOW + 4 * HOUR)
    store.sync([spec("b")], [], NOW + 5 * HOUR)
    assert [after for _, _, after in told(store, "a")] == [
        *(Health.DISABLED, Health.NEW, Health.FAILING, Health.FRESH, Health.DISABLED, Health.FRESH)
    ]
    assert store.changes(1)[0].at == NOW + 4 * HOUR
    assert all(change.detail for change in store.changes(4))


def test_another_address_for_a_source_that_was_well_is_no_news(store: SqlStore, one: SourceState) -> None:
    apply(store, record(one, Health.FRESH))
    store.sync([spec("a", url="http://other.example/"), spec("b")], [], NOW + HOUR)
    assert store.states(["a"])[0].health is Health.NEW
    assert told(store) == [("a", Health.NEW, Health.FRESH)]


def test_a_file_that_follows_a_move_forgets_nothing(store: SqlStore, one: SourceState) -> None:
    moved = record(one, Health.MOVED, url="http://new.example/feed", newest_listed=NOW)
    apply(store, moved)
    store.sync([spec("a", url="http://new.example/feed"), spec("b")], [], NOW + HOUR)
    (after,) = store.states(["a"])
    assert (after.url, after.configured_url, after.health) == (
        *("http://new.example/feed", "http://new.example/feed", Health.FRESH),
    )
    assert (after.next_poll_at, after.newest_listed) == (moved.state.next_poll_at, NOW)
    assert told(store)[0] == ("a", Health.MOVED, Health.FRESH)


# ---------------------------------------------------------------- gaps


def test_a_gap_is_kept_beside_the_state_and_in_its_table(store: SqlStore, one: SourceState) -> None:
    apply(store, record(one, Health.MISSED, gap=GAP, newest_listed=NOW))
    (after,) = store.states(["a"])
    assert (after.gap, after.newest_listed, store.gaps(one.id)) == (GAP, NOW, [GAP])
    later = replace(GAP, noticed_at=NOW + HOUR, after=NOW, before=NOW + HOUR / 2)
    apply(store, record(after, Health.MISSED, NOW + HOUR, gap=later))
    assert store.gaps(one.id) == [later, GAP]
    apply(store, record(after, Health.FRESH, NOW + 2 * HOUR, gap=None))
    assert store.states(["a"])[0].gap is None
    assert store.gaps(one.id) == [later, GAP]


def test_an_archive_page_brings_entries_and_changes_the_gap_only(store: SqlStore, one: SourceState) -> None:
    apply(store, record(one, Health.MISSED, gap=GAP))
    (before,) = store.states(["a"])
    filled = replace(GAP, pages=1, brought=1, older="", tried_at=NOW + HOUR, filled_at=NOW + HOUR)
    page = record(before, Health.FRESH, NOW + HOUR, gap=filled, window=99, failures=7)
    page = replace(page, aside=True, info=None, writes=((draft("a", "1", at=NOW - 5 * HOUR), Insert()),))
    apply(store, page)
    (after,) = store.states(["a"])
    assert after == replace(before, gap=filled, health=Health.FRESH)
    assert store.gaps(one.id) == [filled]
    assert [entry.entry.title for entry in store.entries(9)] == ["1 of a"]
    assert len(store.outcomes(one.id)) == 1
    assert told(store)[0] == ("a", Health.MISSED, Health.FRESH)
    feed = store.feed(FeedKind.SOURCE, "a")
    assert isinstance(feed, Feed)
    assert feed.size == 1


@pytest.mark.parametrize("meanwhile", ["another gap", "failing", "another address"])
def test_an_archive_page_that_comes_late_keeps_its_entries_only(
    store: SqlStore, one: SourceState, meanwhile: str
) -> None:
    apply(store, record(one, Health.MISSED, gap=GAP))
    (before,) = store.states(["a"])
    if meanwhile == "another gap":
        apply(store, record(before, Health.MISSED, NOW + HOUR, gap=replace(GAP, noticed_at=NOW + HOUR)))
    elif meanwhile == "failing":
        apply(store, record(before, Health.FAILING, NOW + HOUR))
    else:
        store.sync([spec("a", url="http://elsewhere.example/"), spec("b")], [], NOW)
    (now,) = store.states(["a"])
    filled = replace(GAP, filled_at=NOW + HOUR)
    page = record(before, Health.FRESH, NOW + HOUR, gap=filled)
    apply(store, replace(page, aside=True, info=None, writes=((draft("a", "1"), Insert()),)))
    assert store.states(["a"]) == [now]
    assert filled not in store.gaps(one.id)
    assert len(store.entries(9)) == 1


def test_changes_and_gaps_are_bounded_for_each_source(store: SqlStore, one: SourceState) -> None:
    (other,) = store.states(["b"])
    apply(store, record(other, Health.FAILING))
    for hours in range(6):
        at = NOW + hours * HOUR
        health = Health.FAILING if hours % 2 else Health.MISSED
        apply(store, record(one, health, at, gap=replace(GAP, noticed_at=at)))
    assert retain(store, None, 0, 10, NOW, changes=2).changes == 8
    assert len(told(store, "a")) == 2
    assert [gap.noticed_at for gap in store.gaps(one.id)] == [NOW + 5 * HOUR, NOW + 4 * HOUR]
    assert len(told(store, "b")) == 1
    assert retain(store, None, 0, 10, NOW, changes=2).changes == 0


def test_events_of_the_service_are_kept_and_bounded(store: SqlStore) -> None:
    for number in range(4):
        store.note(ServiceEvent(at=NOW + number * HOUR, what=f"event {number}", detail="It happened."))
    assert [event.what for event in store.events(2)] == ["event 3", "event 2"]
    assert store.events(9)[-1] == ServiceEvent(number=1, at=NOW, what="event 0", detail="It happened.")
    assert retain(store, None, 0, 10, NOW, changes=3).changes == 1
    assert [event.number for event in store.events(9)] == [4, 3, 2]


def test_a_forgotten_source_takes_them_with_it(store: SqlStore, one: SourceState) -> None:
    apply(store, record(one, Health.MISSED, gap=GAP))
    store.sync([spec("b")], [], NOW + timedelta(hours=1))
    forget(store, "a", NOW)
    assert (told(store), store.gaps(one.id)) == ([], [])
