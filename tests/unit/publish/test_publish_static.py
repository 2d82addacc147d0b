"""The static export: whole files, untouched when equal, and nobody else's files in danger."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from feedhub.errors import OutputError
from feedhub.publish.static_files import JOURNAL, MANIFEST, StaticExport


def export(folder: Path, **files: bytes) -> list[str]:
    """Write files named with ``__`` for ``/`` and finish."""
    under_way = StaticExport(folder)
    for name, body in files.items():
        under_way.write(name.replace("__", "/"), body)
    return under_way.finish()


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_writes_and_says_whether_it_had_to(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "site"
    under_way = StaticExport(folder)
    assert under_way.write("/topics/ports.atom", b"one")
    assert not under_way.write("topics/ports.atom", b"one")
    assert under_way.write("topics/ports.atom", b"two")
    assert under_way.finish() == []
    assert (folder / "topics" / "ports.atom").read_bytes() == b"two"
    assert names(folder) == [MANIFEST, "topics/ports.atom"]
    assert (folder / "topics" / "ports.atom").stat().st_mode & 0o777 == 0o644


def test_equal_bytes_are_not_touched(tmp_path: Path) -> None:
    export(tmp_path, a=b"same", b=b"old")
    for name in ("a", "b"):
        os.utime(tmp_path / name, (1, 1))
    manifest = (tmp_path / MANIFEST).stat()
    export(tmp_path, a=b"same", b=b"new")
    assert (tmp_path / "a").stat().st_mtime == 1
    assert (tmp_path / "b").stat().st_mtime > 1
    assert (tmp_path / MANIFEST).stat().st_ino == manifest.st_ino


def test_finish_removes_only_what_an_export_wrote(tmp_path: Path) -> None:
    export(tmp_path, topics__a=b"1", topics__old__b=b"2", c=b"3")
    (tmp_path / "topics" / "mine.txt").write_text("not ours")
    assert export(tmp_path, c=b"3") == ["topics/a", "topics/old/b"]
    assert names(tmp_path) == [MANIFEST, "c", "topics/mine.txt"]
    assert not (tmp_path / "topics" / "old").exists()
    assert export(tmp_path, c=b"3") == []


def test_a_file_removed_by_hand_is_no_error(tmp_path: Path) -> None:
    export(tmp_path, a=b"1", b=b"2")
    (tmp_path / "a").unlink()
    assert export(tmp_path, b=b"2") == ["a"]


def test_refuses_a_folder_with_other_files(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"thesis\.txt"):
        StaticExport(tmp_path)
    assert names(tmp_path) == ["thesis.txt"]


def test_hidden_files_are_nobodys_business(tmp_path: Path) -> None:
    (tmp_path / ".nojekyll").touch()
    (tmp_path / ".git").mkdir()
    export(tmp_path, a=b"1")
    export(tmp_path)
    assert (tmp_path / ".nojekyll").exists()
    assert (tmp_path / ".git").exists()


def test_never_overwrites_what_it_did_not_write(tmp_path: Path) -> None:
    export(tmp_path, a=b"1")
    (tmp_path / "b").write_text("somebody's")
    with pytest.raises(OutputError, match="no export wrote it"):
        StaticExport(tmp_path).write("b", b"2")
    assert (tmp_path / "b").read_text() == "somebody's"


@pytest.mark.parametrize(
    "path",
    ["", "/", ".", "..", "../x", "a/../../x", "a/..", ".hidden", MANIFEST, "a/.b", "a\\b", "a\nb", "a\x00b", "x" * 256],
)
def test_no_path_leaves_the_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "site"
    under_way = StaticExport(folder)
    with pytest.raises(OutputError):
        under_way.write(path, b"x")
    assert names(tmp_path) == [f"site/{MANIFEST}"]


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "site"
    outside.mkdir()
    (outside / "a").write_text("theirs")
    export(folder, topics__a=b"1", c=b"1")
    (folder / "topics" / "a").unlink()
    (folder / "topics").rmdir()
    (folder / "topics").symlink_to(outside)
    with pytest.raises(OutputError, match="symbolic link"):
        StaticExport(folder).write("topics/a", b"2")
    with pytest.raises(OutputError, match="symbolic link"):
        export(folder, c=b"1")
    assert (outside / "a").read_text() == "theirs"


@pytest.mark.parametrize("text", ["", "[]", '{"files": 3}', '{"files": ["../x"]}', '{"files": [3]}', "\ufffd{"])
def test_a_damaged_manifest_removes_nothing(tmp_path: Path, text: str) -> None:
    export(tmp_path, a=b"1")
    (tmp_path / MANIFEST).write_text(text, encoding="utf-8")
    with pytest.raises(OutputError):
        StaticExport(tmp_path)
    assert (tmp_path / "a").read_bytes() == b"1"


def test_an_export_that_never_finished_is_taken_over(tmp_path: Path) -> None:
    StaticExport(tmp_path).write("topics/a", b"1")
    (tmp_path / "topics" / ".feedhub-tmp-left").write_bytes(b"half")
    with (tmp_path / JOURNAL).open("a") as journal:
        journal.write("torn")
    assert export(tmp_path, b=b"2") == ["topics/a"]
    assert names(tmp_path) == [MANIFEST, "b"]


def test_no_permission_is_said(tmp_path: Path) -> None:
    export(tmp_path, a=b"1")
    (tmp_path / "topics").mkdir()
    (tmp_path / "topics" / "b").mkdir()
    (tmp_path / "a").unlink()
    (tmp_path / "a").mkdir()
    with pytest.raises(OutputError, match="cannot be written: is a directory"):
        StaticExport(tmp_path).write("a", b"2")
    with pytest.raises(OutputError, match="no export wrote it"):
        StaticExport(tmp_path).write("topics/b", b"2")


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file exists"):
        StaticExport(tmp_path / "file")


WRITER = """
import resource, signal, sys
from pathlib import Path
from feedhub.errors import OutputError
from feedhub.publish import StaticExport
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
export = StaticExport(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    export.write("big", b"x" * 5000)
except OutputError as error:
    print(error.what)
"""


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    export(tmp_path, big=b"old")
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(tmp_path)], capture_output=True, text=True, check=True, timeout=30
    )
    assert "cannot be written: file too large" in done.stdout
    assert names(tmp_path) == [MANIFEST, "big"]
    assert (tmp_path / "big").read_bytes() == b"old"


LOOP = """
import sys
from pathlib import Path
from feedhub.publish import StaticExport
n = 0
while True:
    n += 1
    export = StaticExport(Path(sys.argv[1]))
    for name in "abc":
        export.write(f"topics/{name}{n % 3}", str(n % 10).encode() * 200_000)
    export.finish()
    if n == 2:
        print("going", flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.013, 0.031])
def test_killed_at_any_instant_it_leaves_whole_files(tmp_path: Path, delay: float) -> None:
    process = subprocess.Popen([sys.executable, "-c", LOOP, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"going\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(delay)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    for path in (tmp_path / "topics").glob("[abc]*"):
        body = path.read_bytes()
        assert len(body) == 200_000
        assert len(set(body)) == 1
    export(tmp_path, done=b"1")
    assert names(tmp_path) == [MANIFEST, "done"]


def halves(body: bytes) -> dict[str, bytes]:
    """Stands for real codings: of what is long enough, the first half."""
    return {coding: coding.encode() + body[: len(body) // 2] for coding in ("gzip", "br", "zstd")} if body[9:] else {}


def test_compressed_forms_come_and_go_with_their_file(tmp_path: Path) -> None:
    under_way = StaticExport(tmp_path, halves)
    assert under_way.write("a.atom", b"long enough")
    assert under_way.write("b.conf", b"long enough", packed=False)
    under_way.finish()
    assert names(tmp_path) == [MANIFEST, "a.atom", "a.atom.br", "a.atom.gz", "a.atom.zst", "b.conf"]
    under_way = StaticExport(tmp_path, halves)
    under_way.write("a.atom", b"short")
    assert not (tmp_path / "a.atom.gz").exists(), "a server would send the old bytes"
    under_way.write("b.conf", b"long enough", packed=False)
    under_way.finish()
    assert names(tmp_path) == [MANIFEST, "a.atom", "b.conf"]


def test_forms_of_an_unchanged_file_are_not_made_again(tmp_path: Path) -> None:
    made: list[bytes] = []

    def counting(body: bytes) -> dict[str, bytes]:
        made.append(body)
        return halves(body)

    for _ in range(3):
        under_way = StaticExport(tmp_path, counting)
        under_way.write("a.atom", b"long enough")
        assert under_way.finish() == []
    assert made == [b"long enough"]
    (tmp_path / "a.atom.br").unlink()
    under_way = StaticExport(tmp_path, counting)
    assert not under_way.write("a.atom", b"long enough")
    under_way.finish()
    assert (tmp_path / "a.atom.br").read_bytes() == b"brlong "


def test_a_killed_export_leaves_no_old_form_beside_a_new_file(tmp_path: Path) -> None:
    """Forms first: whatever is written when it ends, the file is the last of them."""
    first = StaticExport(tmp_path, halves)
    first.write("a.atom", b"long enough")
    first.finish()

    def killed(body: bytes) -> dict[str, bytes]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        StaticExport(tmp_path, killed).write("a.atom", b"another text")
    assert (tmp_path / "a.atom").read_bytes() == b"long enough"
    again = StaticExport(tmp_path, halves)
    assert again.write("a.atom", b"another text")
    again.finish()
    assert (tmp_path / "a.atom.gz").read_bytes() == b"gzipanothe"


def test_what_is_kept_is_kept_with_its_forms(tmp_path: Path) -> None:
    first = StaticExport(tmp_path, halves)
    first.write("a.atom", b"long enough")
    first.finish()
    second = StaticExport(tmp_path, halves)
    second.keep("a.atom")
    assert second.finish() == []
