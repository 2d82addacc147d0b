"""Exports, migrations, backups and restores that die at a named point: whole before, or whole after."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from alembic import command

from feedhub.store.alembic_steps import alembic_config
from feedhub.store.sqlalchemy_engine import connect
from support.contents import contents, differences
from support.faults import Point, configure, dies, documents, met, numbers
from support.feed_server import FeedServer, serving
from support.forked import feedhub

EXPORT = [
    Point(name="before a file", function="feedhub.publish.static_files:_replace", most=60, seldom=True),
    Point(name="after a file", function="feedhub.publish.static_files:_replace", after=True, most=60, seldom=True),
    Point(name="before the end", function="feedhub.publish.static_files:StaticExport.finish", seldom=True),
    Point(name="between the folders of the end", function="feedhub.publish.static_files:_sync_folder", most=3),
]
MIGRATION = [
    Point(name="after the copy", function="feedhub.store.upgrading:copy_sqlite", after=True, seldom=True),
    Point(name="between two steps", function="alembic.runtime.migration:HeadMaintainer.update_to_step", most=5),
]
RESTORE = [
    Point(name="before the old one is set aside", function="feedhub.store.upkeep:_set_aside", seldom=True),
    Point(name="after the old one was set aside", function="feedhub.store.upkeep:_set_aside", after=True),
]
COMPACTING = [
    Point(name="the old file is held", function="feedhub.store.compacting:_hold", after=True),
    Point(name="the new file is complete", function="feedhub.store.compacting:_write_anew", after=True, seldom=True),
    Point(name="after it took it", function="feedhub.store.compacting:drop_log"),
]
BACKUP = Point(name="both files are open", function="feedhub.store.schema:closing", after=True, most=2)


@dataclass(frozen=True, slots=True)
class Room:
    """A polled folder to copy, and the server that it polls."""

    folder: Path
    server: FeedServer

    def copied(self, to: Path) -> Path:
        shutil.copytree(self.folder, to)
        return to


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with serving(documents()) as server:
        folder = configure(tmp_path_factory.mktemp("room") / "polled", server)
        feedhub(folder, "poll", "--all", "--json")
        yield Room(folder, server)


def files(folder: Path) -> Mapping[str, bytes]:
    """What a web server would show of a folder."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    visible = [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in visible}


def exported(folder: Path) -> Mapping[str, bytes]:
    feedhub(folder, "export", "site")
    return files(folder / "site")


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("point", met(EXPORT), ids=lambda point: point.name)
def test_an_export_killed(point: Point, room: Room, tmp_path: Path) -> None:
    folder = room.copied(tmp_path / "room")
    before = exported(folder)
    # Other bytes for every file, none of the old topics, and a new one.
    text = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(text.replace("title: Faults", "title: Changed").replace("banks:", "money:"))
    shutil.copytree(folder, tmp_path / "calm")
    after = exported(tmp_path / "calm")
    assert before != after
    for place, number in enumerate(numbers(point)):
        here = tmp_path / str(place)
        shutil.copytree(folder, here)
        dies(here, point.at(number), "export", "site")
        torn = {
            name: body for name, body in files(here / "site").items() if body not in {before.get(name), after.get(name)}
        }
        assert torn == {}
        assert exported(here) == after


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("point", met(MIGRATION), ids=lambda point: point.name)
def test_a_migration_killed(point: Point, room: Room, tmp_path: Path) -> None:
    folder = room.copied(tmp_path / "room")
    engine = connect(f"sqlite:///{folder / 'feedhub.db'}", writing=True)
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0003")
    engine.dispose()
    shutil.copytree(folder, tmp_path / "calm")
    feedhub(tmp_path / "calm", "db", "upgrade")
    for place, number in enumerate(numbers(point)):
        here = tmp_path / str(place)
        shutil.copytree(folder, here)
        dies(here, point.at(number), "db", "upgrade")
        assert "up to schema" in feedhub(here, "db", "upgrade").stdout
        assert "sound" in feedhub(here, "db", "check").stdout
        assert differences(contents(tmp_path / "calm" / "feedhub.db"), contents(here / "feedhub.db")) == []
        kept = sorted(path.name for path in here.glob("feedhub.db.before-*"))
        assert kept, "the copy that was made before the first attempt"
        assert all(contents(here / name)["entries"] == contents(here / "feedhub.db")["entries"] for name in kept)


def test_a_backup_killed_is_not_there_and_costs_nothing(room: Room, tmp_path: Path) -> None:
    folder = room.copied(tmp_path / "room")
    before = contents(folder / "feedhub.db")
    dies(folder, BACKUP.at(2), "db", "backup", "copy.db")
    assert not (folder / "copy.db").exists()
    feedhub(folder, "db", "backup", "copy.db")
    assert differences(before, contents(folder / "copy.db")) == []
    assert differences(before, contents(folder / "feedhub.db")) == []


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("point", met(RESTORE), ids=lambda point: point.name)
def test_a_restore_killed_leaves_the_old_database_or_the_new_one(point: Point, room: Room, tmp_path: Path) -> None:
    folder = room.copied(tmp_path / "room")
    feedhub(folder, "db", "backup", "copy.db")
    feedhub(folder, "entries", "withdraw", "1", "--yes")
    changed, kept = contents(folder / "feedhub.db"), contents(folder / "copy.db")
    assert differences(changed, kept) != []
    dies(folder, point.at(1), "db", "restore", "copy.db")
    assert differences(changed, contents(folder / "feedhub.db")) == []
    assert "sound" in feedhub(folder, "db", "check").stdout
    feedhub(folder, "db", "restore", "copy.db")
    assert differences(kept, contents(folder / "feedhub.db")) == []
    aside = sorted(folder.glob("feedhub.db.replaced*"))
    assert any(differences(changed, contents(path)) == [] for path in aside)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("point", met(COMPACTING), ids=lambda point: point.name)
def test_compacting_killed_leaves_a_whole_database(point: Point, room: Room, tmp_path: Path) -> None:
    folder = room.copied(tmp_path / "room")
    before = contents(folder / "feedhub.db")
    dies(folder, point.at(1), "db", "compact")
    assert differences(before, contents(folder / "feedhub.db")) == []
    assert "sound" in feedhub(folder, "db", "check").stdout
    assert "Compacted" in feedhub(folder, "db", "compact").stdout
    assert differences(before, contents(folder / "feedhub.db")) == []
    assert "sound" in feedhub(folder, "db", "check").stdout
    assert [path.name for path in folder.iterdir() if "compacting" in path.name] == []
