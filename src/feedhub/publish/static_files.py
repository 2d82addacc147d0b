"""A folder of files that any web server can serve, written so that a reader or a crash never sees half a file.

Each file is written beside its place, flushed to the disk and renamed over it. Files with the same bytes are not
touched: their time stays, so that web servers go on answering 304. A manifest lists what an export wrote, a journal
what the export under way adds to it; only such files are ever removed.

Beside each file stand its compressed forms, where they are smaller. They are written before the file itself: a file that
holds the right bytes has the right ones beside it, and they are not made again.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from feedhub.errors import OutputError

MANIFEST = ".feedhub-export.json"
JOURNAL = ".feedhub-export.journal"
ENDINGS: Mapping[str, str] = {"gzip": ".gz", "br": ".br", "zstd": ".zst"}
"""Content codings, and how web servers look for files in them (nginx ``gzip_static``, Caddy ``precompressed``)."""
_TEMPORARY = ".feedhub-tmp-"
_MODE = 0o644
_NAME_BYTES = 255


class StaticExport:
    """One export into one folder: :meth:`write` every file, then :meth:`finish`.

    The folder is made if it is missing. A folder with files in it but without our manifest is refused: a forgotten
    dot in a path must not mix an export into somebody's work.

    :param compress: makes the compressed forms of a file, by content coding; the same bytes each time.
    :raises feedhub.errors.OutputError: when the folder cannot be used.
    """

    def __init__(self, folder: Path, compress: Callable[[bytes], Mapping[str, bytes]] = lambda _: {}) -> None:
        self._folder = folder
        self._compress = compress
        self._written: set[str] = set()
        self._changed: set[Path] = set()
        with _explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._root = folder.resolve(strict=True)
            if not (self._root / MANIFEST).is_file():
                self._refuse_foreign()
                self._keep(())
            self._earlier = self._listed()

    def write(self, path: str, body: bytes, *, packed: bool = True) -> bool:
        """Put a file in its place; whether it had to be written.

        :param path: relative, with slashes; a leading slash is dropped: ``/topics/ports.atom``.
        :param packed: with its compressed forms beside it.
        :raises feedhub.errors.OutputError: for a path that leaves the folder, no permission, a full disk. The file is
            then as it was before.
        """
        name = _checked(path)
        unchanged = self._stands(name, body)
        if packed and not (unchanged and self._keep_packed(name)):
            forms = self._compress(body)
            for coding, ending in ENDINGS.items():
                if coding in forms:
                    self._put(name + ending, forms[coding])
                else:
                    self._drop(name + ending)
        return self._put(name, body)

    def _put(self, name: str, body: bytes) -> bool:
        target = self._root / name
        with _explained(target):
            self._refuse_links(target)
            if name not in self._earlier:
                self._refuse_strange_file(target, name)
                self._claim(name)
            self._written.add(name)
            if _holds(target, body):
                return False
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, body)
            self._changed.add(target.parent)
            return True

    def _stands(self, name: str, body: bytes) -> bool:
        with _explained(self._root / name):
            return name in self._earlier and _holds(self._root / name, body)

    def _keep_packed(self, name: str) -> bool:
        """Leave the compressed forms of a file that did not change, if all are there."""
        forms = {name + ending for ending in ENDINGS.values()}
        if not (forms <= self._earlier and all((self._root / form).is_file() for form in forms)):
            return False
        self._written |= forms
        return True

    def _drop(self, name: str) -> None:
        """A form that the file has no more: a server would send the old bytes."""
        if name in self._earlier:
            with _explained(self._root / name):
                self._refuse_links(self._root / name)
                (self._root / name).unlink(missing_ok=True)

    def keep(self, path: str) -> None:
        """Leave a file as an earlier export wrote it, if one did: there is nothing better to put in its place now."""
        name = _checked(path)
        self._written |= {name, *(name + ending for ending in ENDINGS.values())} & self._earlier

    def finish(self) -> list[str]:
        """Remove what an earlier export wrote and this one did not; the paths that are gone, sorted.

        :raises feedhub.errors.OutputError: when a file cannot be removed.
        """
        gone = sorted(self._earlier - self._written)
        for name in gone:
            target = self._root / name
            with _explained(target):
                self._refuse_links(target)
                target.unlink(missing_ok=True)
                self._remove_empty(target.parent)
        with _explained(self._root):
            for folder in sorted(self._changed):
                _sync_folder(folder)
            self._keep(self._written)
            _sync_folder(self._root)  # the list must last before the journal goes
            (self._root / JOURNAL).unlink(missing_ok=True)
            self._remove_leftovers()
        self._changed.clear()
        self._earlier = set(self._written)
        return gone

    def _listed(self) -> set[str]:
        """What earlier exports wrote. The manifest is a file that anybody may have edited: its paths are checked too."""
        manifest = self._root / MANIFEST
        try:
            told = [*json.loads(manifest.read_bytes())["files"], *self._journalled()]
            return {_checked(name) for name in told}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutputError(
                f"{manifest} cannot be read as the list of an export's files.",
                "Remove it together with the exported files, or export to another folder.",
            ) from error

    def _journalled(self) -> list[str]:
        """What an export that never finished had begun to add. A torn last line named a file that was not written yet."""
        journal = self._root / JOURNAL
        return journal.read_text(encoding="utf-8").split("\n")[:-1] if journal.exists() else []

    def _claim(self, name: str) -> None:
        """Noted, and flushed, before the file exists: after a crash the next export still knows it as its own."""
        begun = (self._root / JOURNAL).exists()
        with (self._root / JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write(name + "\n")
            journal.flush()
            os.fsync(journal.fileno())
        if not begun:
            _sync_folder(self._root)
        self._earlier.add(name)

    def _keep(self, names: set[str] | tuple[str, ...]) -> None:
        listed = json.dumps({"files": sorted(names)}, ensure_ascii=False, indent=0).encode() + b"\n"
        if not _holds(self._root / MANIFEST, listed):
            _replace(self._root / MANIFEST, listed)

    def _refuse_foreign(self) -> None:
        # An export never writes hidden files, so a .git or .nojekyll is in nobody's way.
        strangers = [each.name for each in self._root.iterdir() if not each.name.startswith(".")]
        if strangers:
            raise OutputError(
                f"{self._folder} holds files that no export wrote ({min(strangers)}).",
                "Choose an empty folder or a new one.",
            )

    def _refuse_strange_file(self, target: Path, name: str) -> None:
        if os.path.lexists(target):
            raise OutputError(f"{target} exists and no export wrote it.", f"Move it away, or rename {name}.")

    def _refuse_links(self, target: Path) -> None:
        """A symbolic link on the way could lead out of the folder."""
        here = target
        while here != self._root:
            if here.is_symlink():
                raise OutputError(f"{here} is a symbolic link; an export does not follow it.", "Remove the link.")
            here = here.parent

    def _remove_empty(self, folder: Path) -> None:
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:
                return  # not empty, or gone already: somebody else's files keep their folder
            folder = folder.parent

    def _remove_leftovers(self) -> None:
        """Temporary files of exports that were killed."""
        for leftover in self._root.rglob(f"{_TEMPORARY}*"):
            leftover.unlink(missing_ok=True)


def _checked(path: str) -> str:
    """A relative path without ``..``, hidden parts or characters that some file system refuses."""
    parts = PurePosixPath(path.lstrip("/")).parts
    usual = all(
        part.isprintable() and "\\" not in part and not part.startswith(".") and len(part.encode()) <= _NAME_BYTES
        for part in parts
    )
    if not parts or not usual:
        raise OutputError(f"{path!r} is no path that an export may write.")
    return "/".join(parts)


def _holds(target: Path, body: bytes) -> bool:
    try:
        return target.stat().st_size == len(body) and target.read_bytes() == body
    except FileNotFoundError:
        return False


def _replace(target: Path, body: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fchmod(file.fileno(), _MODE)  # mkstemp makes files that a web server may not read
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Make a rename last (fsync(2): the folder's own entry needs it too)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"{target} cannot be written: {reason}.", "Check the folder's owner, its permissions and the free space."
        ) from error
