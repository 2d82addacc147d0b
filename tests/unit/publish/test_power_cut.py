"""An export when the power goes: what the disk may hold then, judged at every step of a real export.

A power cut keeps of a file what was flushed (fsync(2)) and of names any that were made: a rename can outlive bytes that
were written before it. The disk of this test remembers what was flushed, call by call, and holds the export to two
promises: no visible name ever leads to bytes that could be lost, and no file is there that the next export would not know
for its own.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from feedhub.publish import StaticExport
from feedhub.publish.static_files import JOURNAL, MANIFEST


@dataclass
class Disk:
    """What is flushed, by path; and what would be wrong if the power went now."""

    root: Path
    flushed: dict[Path, bytes] = field(default_factory=dict)
    folders: set[Path] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    renames: int = 0

    def on_fsync(self, handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if path.is_dir():
            self.folders.add(path)
        else:
            self.flushed[path] = path.read_bytes()

    def on_replace(self, source: Path, target: Path, body: bytes) -> None:
        self.renames += 1
        if self.flushed.get(source) != body:
            self.faults.append(f"{target.name} would be torn")
        self.flushed[target] = self.flushed.pop(source, b"")
        if target.name != MANIFEST and target.relative_to(self.root).as_posix() not in self._known():
            self.faults.append(f"{target.name} would be a stranger to the next export")

    def _known(self) -> set[str]:
        listed = json.loads(self.flushed.get(self.root / MANIFEST, b'{"files": []}'))["files"]
        return {*listed, *self.flushed.get(self.root / JOURNAL, b"").decode().split("\n")[:-1]}


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    found = Disk(tmp_path / "site")
    fsync, replace = os.fsync, os.replace

    def flushing(handle: int) -> None:
        fsync(handle)
        found.on_fsync(handle)

    def replacing(source: str, target: str) -> None:
        body = Path(source).read_bytes()
        replace(source, target)
        found.on_replace(Path(source), Path(target), body)

    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(os, "replace", replacing)
    return found


def test_at_every_step_of_an_export(disk: Disk) -> None:
    for title in ("one", "two"):
        export = StaticExport(disk.root)
        for name in ("index.html", "topics/a.atom", "topics/b.atom", f"topics/{title}.atom"):
            export.write(name, f"{name} {title}".encode())
        export.finish()
    assert disk.renames == 2 * 4 + 3  # the files of two exports, the first empty list and a list for each
    assert disk.faults == []
    assert {disk.root / "topics", disk.root} <= disk.folders
