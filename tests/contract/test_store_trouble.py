"""Kills, full disks, damaged files, second instances, readers beside the writer."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from feedhub.errors import AlreadyRunning, DatabaseBroken, DatabaseBusy, DatabaseError, DiskFull, OutputError
from feedhub.model import FeedKind, Insert
from feedhub.ports import PollRecord
from feedhub.store import InstanceLock, SqlStore, backup, check, holder, lock, open_store, restore
from feedhub.store.sqlalchemy_engine import sqlite_file
from feedhub.store.upgrading import migrate
from feedhub.store.writing import SqlTransaction
from support.stories import NOW, draft, poll, spec

_KILLED = """
import os, signal, sys
from feedhub.model import Insert
from feedhub.store import open_store
from support.stories import draft, poll
store = open_store(sys.argv[1])
(state,) = store.states()
with store.transaction() as transaction:
    transaction.apply([poll(state, *((draft("a", str(n)), Insert()) for n in range(300)))])
    os.kill(os.getpid(), signal.SIGKILL)
"""
_HOLDING = """
import sys
from feedhub.ports import PollRecord
from feedhub.store import InstanceLock
with InstanceLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def child(program: str, url: str) -> subprocess.Popen[str]:
    tests = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-c", program, url]
    environment = {**os.environ, "PYTHONPATH": str(tests)}
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def fill(store: SqlStore, *names: str) -> None:
    store.sync([spec("a")], [], NOW)
    (state,) = store.states()
    with store.transaction() as transaction:
        transaction.apply([poll(state, *((draft("a", name), Insert()) for name in names))])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "feedhub.db"


@pytest.fixture
def url(file: Path) -> str:
    address = f"sqlite:///{file}"
    migrate(address)
    return address


def test_a_kill_in_the_middle_of_a_commit_leaves_nothing_of_it(store: SqlStore) -> None:
    fill(store, "before")
    with child(_KILLED, store.url) as victim:
        assert victim.wait(30) == -signal.SIGKILL
    assert [entry.entry.title for entry in store.entries(9)] == ["before of a"]
    fill(store, "after")
    assert len(store.entries(9)) == 2


def test_a_reader_sees_the_old_state_during_a_write_and_does_not_wait(store: SqlStore) -> None:
    fill(store, "1")
    (state,) = store.states()
    seen: list[int] = []
    with store.transaction() as transaction:
        transaction.apply([poll(state, (draft("a", "2"), Insert()))])
        reader = threading.Thread(target=lambda: seen.append(len(store.entries(9))))
        reader.start()
        reader.join(4)  # shorter than the store's wait for a lock
        assert seen == [1]
    assert len(store.entries(9)) == 2


def test_only_one_instance(store: SqlStore) -> None:
    assert holder(store.url) is None
    with child(_HOLDING, store.url) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert holder(store.url) == other.pid
        with pytest.raises(AlreadyRunning, match=str(other.pid)), InstanceLock(store.url):
            pass
        other.kill()
        other.wait(30)
    with InstanceLock(store.url):  # the system took the lock back
        assert holder(store.url) == os.getpid()
    assert holder(store.url) is None


def _apply_without_room(store: SqlStore, record: PollRecord) -> None:
    """A file that may not grow answers as a full disk does."""
    with store.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        SqlTransaction(connection).apply([record])


def test_a_full_disk_changes_nothing(url: str, file: Path) -> None:
    store = open_store(url)
    fill(store, "1")
    (state,) = store.states()
    big = [(draft("a", str(n), title="x" * 5000), Insert()) for n in range(2, 200)]
    with pytest.raises(DiskFull, match="no room"):
        _apply_without_room(store, poll(state, *big))
    with store.hurried_writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    kept = {(store.entries(1)[0].id, 1): b"x" * 1_000_000}
    store.keep_fragments(kept, "atom")  # best effort: whoever reads gets the document all the same
    assert not store.fragments(kept, "atom")
    store.close()
    again = open_store(url)
    assert len(again.entries(9)) == 1
    again.close()
    assert check(url) == []


def test_a_locked_database_is_busy(url: str, file: Path) -> None:
    store = open_store(url, busy_timeout=0.1)
    fill(store, "1")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy, match="locked"):
            store.remember("a", "b")
        store.keep_fragments({(store.entries(1)[0].id, 1): b"x"}, "atom")  # best effort: no error
        assert len(store.feeds(FeedKind.SOURCE)) == 1
        other.execute("ROLLBACK")
    store.close()


def test_what_is_no_database_is_said_so(tmp_path: Path) -> None:
    noise = tmp_path / "noise.db"
    noise.write_bytes(b"This is a shopping list, and not a short one." * 100)
    for bad in (
        f"sqlite:///{noise}",
        f"sqlite:///{tmp_path}",
        f"sqlite:///{tmp_path}/no/such/folder.db",
        "mysql://x/y",
    ):
        for refused in (open_store, migrate):
            with pytest.raises(DatabaseBroken):
                refused(bad)
    assert noise.read_bytes().startswith(b"This is a shopping list")


def test_a_read_only_store_refuses_to_write(url: str) -> None:
    store = open_store(url, read_only=True)
    with pytest.raises(DatabaseError):
        store.remember("a", "b")
    store.close()


def test_a_backup_taken_while_running_restores_what_was(url: str, file: Path, tmp_path: Path) -> None:
    store, copy = open_store(url), tmp_path / "copy.db"
    fill(store, "1")
    backup(url, copy)
    with pytest.raises(OutputError):
        backup(url, copy)
    fill(store, "2")
    with InstanceLock(url), pytest.raises(AlreadyRunning):
        restore(url, copy)
    aside = restore(url, copy)  # with the log of the running store still there
    store.close()
    assert aside is not None
    assert aside.exists()
    again = open_store(url)
    assert [entry.entry.title for entry in again.entries(9)] == ["1 of a"]
    again.close()
    assert check(url) == []


def test_a_link_to_a_database_is_the_same_database(url: str, file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(file)
    linked = f"sqlite:///{link}"
    with InstanceLock(url):
        assert holder(linked) == os.getpid()
        with pytest.raises(AlreadyRunning), InstanceLock(linked):
            pass
    with InstanceLock(linked), pytest.raises(AlreadyRunning), InstanceLock(url):
        pass


def test_who_looks_who_runs_keeps_nobody_from_starting(url: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`feedhub status` holds the lock, together with others who look, while it reads who has it alone."""
    with file.with_name(file.name + ".lock").open("w+") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr(lock, "sleep", lambda _: fcntl.flock(looking, fcntl.LOCK_UN), raising=False)
        with InstanceLock(url):
            assert holder(url) == os.getpid()
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr(lock, "sleep", lambda _: None)
        with pytest.raises(AlreadyRunning), InstanceLock(url):  # whoever never leaves is more than a look
            pass


def test_a_restore_through_a_link_replaces_the_file_behind_it(url: str, file: Path, tmp_path: Path) -> None:
    open_store(url).close()
    (tmp_path / "large disk").mkdir()
    real = file.rename(tmp_path / "large disk" / "real.db")
    file.symlink_to(real)
    store, copy = open_store(url), tmp_path / "copy.db"
    fill(store, "1")
    backup(url, copy)
    fill(store, "2")
    aside = restore(url, copy)  # with the log of the running store, which lies beside the file and not beside the link
    store.close()
    assert file.is_symlink()
    assert aside is not None
    assert aside.parent == real.parent
    again = open_store(url)
    assert [entry.entry.title for entry in again.entries(9)] == ["1 of a"]
    again.close()
    assert check(url) == []


def test_no_restore_from_what_is_no_backup(url: str, file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"nothing" * 1000)
    before = file.read_bytes()
    for source in (bad, tmp_path / "missing.db"):
        with pytest.raises(DatabaseBroken):
            restore(url, source)
    assert file.read_bytes() == before


def test_postgres_is_backed_up_by_its_own_programs(postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="pg_dump"):
        backup(postgres_url, tmp_path / "copy")


def test_check_finds_what_does_not_fit(url: str, file: Path) -> None:
    store = open_store(url)
    fill(store, "1")
    store.close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE feeds SET size = size + 1 WHERE kind = 'all'")
    assert check(url) == ["1 feeds whose size is not the number of entries they show"]
    assert sqlite_file(url) == file
