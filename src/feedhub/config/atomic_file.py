"""Replacing a file in one step: readers see the old one or the new one, never a half, even after a power cut."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from feedhub.errors import OutputError


def replace_bytes(path: Path, data: bytes) -> None:
    """Write a new version beside the file, make it durable, and put it in the file's place with the file's mode.

    A symbolic link stays one: the file it leads to is replaced.

    :raises OutputError: nothing was changed.
    """
    target = Path(os.path.realpath(path))
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".new", dir=target.parent)
        scratch = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                _same_mode(stream.fileno(), target)
                os.fsync(stream.fileno())
            scratch.replace(target)
        except BaseException:
            scratch.unlink()
            raise
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.", "Nothing was changed.") from error
    _sync_folder(target.parent)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Whoever replaces a file within this block waits for the others who do. The lock is on its folder, which stays the same."""
    with ExitStack() as held:
        with suppress(OSError):  # a folder that may not be read, a file system without locks
            handle = os.open(Path(os.path.realpath(path)).parent, os.O_RDONLY)
            held.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _same_mode(handle: int, target: Path) -> None:
    status = target.stat()
    os.fchmod(handle, status.st_mode & 0o7777)
    if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()) and os.geteuid() == 0:
        os.fchown(handle, status.st_uid, status.st_gid)


def _sync_folder(folder: Path) -> None:
    """Make the new name durable. A file system that cannot do that has replaced the file all the same."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def stamp_of(file: Path) -> tuple[int, int, int] | None:
    """What tells one state of a file from another; None while an editor has it moved away."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
