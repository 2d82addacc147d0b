"""The ``feedhub`` command as a process of its own, forked from one that has imported it already.

It has its own folder, environment, streams, signals and exit code, and runs the entry point of the installed command; what it spares is
the second that an interpreter takes to import everything, which was most of the time of tests that run a dozen commands each. What
depends on the start of an interpreter (its encodings, its import path, warnings) is for :mod:`support.installed`, which the acceptance tests use.
"""

from __future__ import annotations

import io
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from feedhub.cli.registry import modules
from support.installed import COMMAND, Daemon, address_of

WIDTH = {"COLUMNS": "200"}
LONGEST = 300.0
STOP_WITHIN = 30.0


def preload() -> None:
    """Start this process's fork server with the whole program imported. Without, or late, commands work and are slow."""
    multiprocessing.set_forkserver_preload(["feedhub.cli.app", "feedhub.store.alembic_steps", *modules()])
    multiprocessing.forkserver.ensure_running()


def feedhub(folder: Path, *arguments: str, check: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in ``folder``, as :func:`support.installed.feedhub` does."""
    with tempfile.TemporaryDirectory() as scratch:
        out, err = Path(scratch, "out"), Path(scratch, "err")
        process = _start(folder, arguments, WIDTH | environ, out, err)
        process.join(LONGEST)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise AssertionError(f"feedhub {' '.join(arguments)}: not done in {LONGEST} s\n{err.read_text()}")
        done = subprocess.CompletedProcess([*arguments], process.exitcode, out.read_text(), err.read_text())
        process.close()
    if check and done.returncode != 0:
        raise AssertionError(f"feedhub {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


class Forked:
    """A running command, with what :class:`subprocess.Popen` offers of it."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        assert process.pid is not None
        self.pid: int = process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("feedhub run", timeout or 0)
        return self._process.exitcode


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Daemon]:
    """``feedhub run`` in ``folder`` until the block ends, as :func:`support.installed.running` does."""
    log = folder / "daemon.log"
    log.write_text("")
    process = Forked(_start(folder, ["run", *arguments], {}, log, log))
    try:
        yield Daemon(process, folder, address_of(process, log), log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _start(
    folder: Path, arguments: Sequence[str], environ: Mapping[str, str], out: Path, err: Path
) -> ForkServerProcess:
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=_command, args=(folder, arguments, os.environ | environ, out, err))
    process.start()
    return process


def _command(folder: Path, arguments: Sequence[str], environ: Mapping[str, str], out: Path, err: Path) -> None:
    """In the forked process: become what the installed command would be."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    for number, path in ((1, out), (2, err)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8", line_buffering=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8", line_buffering=True)
    sys.argv = [str(COMMAND), *arguments]
    from feedhub.cli import main

    main()
