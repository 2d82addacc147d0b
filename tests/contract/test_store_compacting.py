"""What is removed leaves room in the file; the file shrinks beside everything else. On both databases."""

from __future__ import annotations

import random
import resource
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from feedhub.errors import AlreadyRunning, DatabaseBusy, DatabaseError
from feedhub.instance import keep_house, open_home
from feedhub.model import AccessToken, FeedKind, Insert
from feedhub.settings import Retention, Settings
from feedhub.store import InstanceLock, SqlStore, check, compact, compacting, open_store, statistics
from feedhub.store.compacting import SHRINK_FROM, STEP_PAGES
from feedhub.store.sqlalchemy_engine import sqlite_file
from feedhub.store.upgrading import migrate
from feedhub.store.upkeep import owned_alike
from support.contents import contents, differences
from support.stories import NOW, draft, poll, spec
from support.upkeep import retain

DAY = timedelta(days=1)


def fill(store: SqlStore, count: int = 600, size: int = 10_000, prefix: str = "") -> None:
    """Entries of a year ago with texts that nothing compresses."""
    dice = random.Random(1)
    store.sync([spec("a")], [], NOW)
    for begin in range(0, count, 100):
        (state,) = store.states(["a"])
        at = NOW - timedelta(days=400) + begin * timedelta(seconds=1)
        drafts = [draft("a", f"{prefix}{number}", at=at) for number in range(begin, begin + 100)]
        long = [replace(one, entry=replace(one.entry, content=dice.randbytes(size // 2).hex())) for one in drafts]
        with store.transaction() as transaction:
            transaction.apply([poll(state, *((one, Insert()) for one in long), at=at)])
    (state,) = store.states(["a"])
    with store.transaction() as transaction:  # none of them is listed any more
        transaction.apply([poll(state, (draft("a", f"{prefix}last", at=NOW), Insert()), at=NOW)])


def free_share(store: SqlStore) -> float:
    found = statistics(store.url, NOW, None, 0)
    return found.free_bytes / found.total_bytes


def size_of(store: SqlStore) -> int:
    return statistics(store.url, NOW, None, 0).total_bytes


async def test_what_retention_frees_is_given_back_in_small_steps(
    database: str, store: SqlStore, tmp_path: Path
) -> None:
    fill(store)
    full = size_of(store)
    home = open_home(Settings.model_validate({"database": {"url": database}}))
    try:
        removed = await keep_house(home, Retention(keep_for=30 * DAY, keep_at_least=0))
        again = await keep_house(home, Retention(keep_for=30 * DAY, keep_at_least=0))
    finally:
        home.close()
    assert removed.entries == 600
    if sqlite_file(database) is None:
        assert removed.pages == 0
        return
    assert removed.pages > 2 * STEP_PAGES
    assert size_of(store) < full / 3
    assert free_share(store) <= 1 / SHRINK_FROM
    assert again.pages == 0
    with closing(sqlite3.connect(str(sqlite_file(database)))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert Path(str(sqlite_file(database))).stat().st_size == size_of(store)
    assert [entry.entry.title for entry in store.entries(9)] == ["last of a"]


def test_a_little_room_stays(store: SqlStore) -> None:
    """What comes next would only make the file grow again."""
    fill(store, 300)
    retain(store, 30 * DAY, 260, 9, NOW)
    assert store.spare_pages() == 0


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database that does not shrink by itself, as they were made once, with free pages."""
    file = tmp_path / "feedhub.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA page_size=8192")
        connection.execute("PRAGMA auto_vacuum=NONE")
        connection.execute("PRAGMA journal_mode=WAL")
    migrate(f"sqlite:///{file}")
    store = open_store(f"sqlite:///{file}")
    fill(store)
    retain(store, 30 * DAY, 0, 9, NOW)
    assert store.spare_pages() == 0
    assert free_share(store) > 0.5
    store.close()
    return file


def test_an_old_database_is_written_anew_once(old: Path) -> None:
    url = f"sqlite:///{old}"
    before, mode = contents(old), old.stat().st_mode
    old.chmod(0o640)
    was, now = compact(url)
    assert now < was / 3
    assert old.stat().st_size == now
    assert old.stat().st_mode & 0o777 == 0o640 != mode & 0o777
    assert differences(before, contents(old)) == []
    assert check(url) == []
    assert statistics(url, NOW, None, 0).shrinks
    store = open_store(url)
    fill(store, prefix="more ")
    retain(store, 30 * DAY, 0, 9, NOW)
    assert store.spare_pages() > 0
    store.close()
    assert sorted(path.name for path in old.parent.iterdir() if "compacting" in path.name) == []


def test_a_link_to_the_file_stays_a_link(old: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    real = old.rename(tmp_path / "elsewhere" / "real.db")
    old.symlink_to(real)
    compact(f"sqlite:///{old}")
    assert old.is_symlink()
    assert check(f"sqlite:///{old}") == []


def test_nothing_is_compacted_under_a_running_feedhub(old: Path) -> None:
    with InstanceLock(f"sqlite:///{old}"), pytest.raises(AlreadyRunning):
        compact(f"sqlite:///{old}")


def test_nor_while_another_program_reads_it(old: Path) -> None:
    before = contents(old)
    with closing(sqlite3.connect(old, isolation_level=None)) as writer:
        writer.execute("UPDATE sources SET failures = 1")
        with closing(sqlite3.connect(old, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM entries").fetchone()
            writer.execute("UPDATE sources SET failures = 0")
            with pytest.raises(DatabaseBusy, match="another program"):
                compact(f"sqlite:///{old}")
    assert not old.with_name("feedhub.db.compacting").exists()
    assert differences(before, contents(old)) == []


def test_nor_under_a_program_that_has_it_open(old: Path) -> None:
    """`feedhub serve` would have gone on to serve the file that is no more."""
    url = f"sqlite:///{old}"
    serving = open_store(url)
    assert serving.feed(FeedKind.ALL, "all") is not None
    with pytest.raises(DatabaseBusy, match="another program"):
        compact(url)
    serving.close()
    compact(url)


def test_what_another_program_would_write_meanwhile_is_refused_and_not_lost(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`feedhub tokens revoke` writes beside a running FeedHub: the token was alive again in the compacted file."""
    url, refused = f"sqlite:///{old}", []
    token = AccessToken(name="huyen", digest=b"digest", feeds=(), since=NOW)
    with closing(open_store(url)) as store:
        assert store.add_access_token(token)

    def revoking(fresh: Path, file: Path) -> None:
        owned_alike(fresh, file)
        with closing(SqlStore(url, busy_timeout=0.1, read_only=False)) as other:
            try:
                other.revoke_access_token("huyen")
            except DatabaseBusy as error:
                refused.append(error)

    monkeypatch.setattr(compacting, "owned_alike", revoking)
    compact(url)
    with closing(open_store(url)) as store:
        assert [one.name for one in store.access_tokens()] == ["huyen"] * len(refused)


def test_a_disk_that_takes_no_more_costs_nothing(old: Path) -> None:
    before = contents(old)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(DatabaseError):
            compact(f"sqlite:///{old}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not old.with_name("feedhub.db.compacting").exists()
    assert differences(before, contents(old)) == []
    assert check(f"sqlite:///{old}") == []
