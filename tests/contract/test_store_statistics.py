"""What a database says of itself agrees with what is in it. On both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from feedhub.model import Insert
from feedhub.store import SqlStore, Statistics, statistics
from support.stories import HOUR, NOW, draft, poll, spec
from support.upkeep import retain

DAY = timedelta(days=1)


def filled(store: SqlStore, count: int = 40) -> None:
    """One entry a day up to now, each seen on its day; all of one source."""
    store.sync([spec("a"), spec("b")], [], NOW)
    for number in range(count):
        (state,) = store.states(["a"])
        at = NOW - (count - number) * DAY
        with store.transaction() as transaction:
            entry = draft("a", f"{number}", at=at - HOUR)
            transaction.apply([poll(state, (entry, Insert()), at=at)])


def asked(store: SqlStore, **changes: object) -> Statistics:
    values: dict[str, object] = {"keep_for": None, "keep_at_least": 0} | changes
    return statistics(store.url, NOW, **values)  # type: ignore[arg-type]


def test_entries_and_their_moments_are_counted(store: SqlStore) -> None:
    filled(store)
    found = asked(store)
    assert (found.entries, found.entries_estimated) == (40, False)
    assert sum(count for _, count in found.months) == 40
    assert [month for month, _ in found.months] == ["2026-04", "2026-03"]
    assert found.sources == (("a", 40),)
    assert found.growing == ((1, 1), (7, 7), (30, 30))
    assert (found.oldest, found.newest) == (NOW - 40 * DAY - HOUR, NOW - DAY - HOUR)
    counts = {one.table: one.count for one in found.rows}
    assert (counts["entries"], counts["contents"], counts["sightings"]) == (40, 40, 40)
    assert found.bodies.looked_at == 40


def test_every_byte_has_a_place(store: SqlStore) -> None:
    filled(store)
    found = asked(store)
    assert found.unmeasured_bytes == 0
    measured = sum(one.bytes or 0 for one in found.relations)
    assert measured == found.total_bytes - found.free_bytes
    assert {one.table for one in found.relations} >= {"entries", "contents", "memberships", "search"}
    assert found.search_bytes > 0
    assert found.total_bytes > 40 * found.bytes_an_entry * 0.99


def test_what_retention_would_remove_is_what_it_removes(store: SqlStore) -> None:
    filled(store)
    settings = {"keep_for": 10 * DAY, "keep_at_least": 3}
    told = asked(store, **settings)
    done = retain(store, 10 * DAY, 3, 100, NOW)
    assert told.removable == done.entries > 0
    assert asked(store, **settings).removable == 0
    assert asked(store).removable is None


def test_without_time_nothing_is_claimed(store: SqlStore) -> None:
    """A database too large for the time says so, instead of a figure that is not one."""
    filled(store, 3)
    found = asked(store, seconds=0.0)
    assert found.entries_estimated
    assert found.entries == 3
    assert {one.count for one in found.rows} == {None}
    assert found.months == ()
    if found.database == "SQLite":
        mapped = sum(
            one.bytes or 0 for one in found.relations if one.kind == "map"
        )  # follows from the size of the file
        assert {one.bytes for one in found.relations if one.kind != "map"} == {None}
        assert found.unmeasured_bytes == found.total_bytes - found.free_bytes - mapped


def test_it_waits_for_nobody_and_changes_nothing(store: SqlStore) -> None:
    filled(store, 3)
    with store.writing() as connection:
        connection.execute(text("UPDATE sources SET name = 'being written'"))
        assert asked(store).entries == 3
