"""The inside of a worker process: take a job, run it under limits, answer, until the pipe closes."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import pickle
import resource
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

JOBS = 2000
"""Jobs after which a worker is replaced, so that what libraries leak stays small."""
AGAIN = 0.5
"""CPU seconds after which a job that swallowed its stop is stopped again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may take: seconds of CPU time, and bytes of address space beyond the ready worker's."""

    cpu_seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The process has been set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A job has arrived: what happens to this process from here on may be the job's doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The function returned; ``result`` is pickled. ``worn``: replace this worker."""

    result: bytes
    worn: bool = False

    def load(self) -> Any:
        return pickle.loads(self.result)  # noqa: S301 - from our own child


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The function raised; ``error`` is the pickled exception, empty when it cannot be pickled."""

    error: bytes
    traceback: str
    worn: bool = False

    def load(self) -> Exception | None:
        if not self.error:
            return None
        error = pickle.loads(self.error)  # noqa: S301 - from our own child
        return error if isinstance(error, Exception) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfTime:
    """The CPU limit passed and the job was stopped."""

    seconds: float
    worn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMemory:
    """The memory limit passed. The worker is replaced: what is left of it is not to be trusted."""

    worn: bool = True


Reply = Finished | Failed | OutOfTime | NoMemory


class _Stop(BaseException):
    """Raised by the CPU timer; no ``except Exception`` on the way catches it."""


def serve(
    pipe: Connection, limits: Limits, setup: Callable[[Any], None] | None, setup_argument: Any, jobs: int = JOBS
) -> None:
    """The life of a worker. The parent decides when it ends: signals of the terminal are not for it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, _stop)
    _leave_with_the_parent()
    try:
        if setup:
            setup(setup_argument)
    except Exception as error:  # it is handed to the parent
        pipe.send(_failed(error))
        return
    gc.freeze()  # a collection would write to what all workers share of their fork server, and each get a copy of its own
    start = _resident()
    _limit_memory(limits.memory_bytes)
    pipe.send(Ready())
    for done, job in enumerate(_jobs(pipe), start=1):
        with contextlib.suppress(OSError):
            pipe.send(Taken())
        reply = _run(job, limits, partial(_is_worn, done >= jobs, start + limits.memory_bytes // 4))
        del job
        with contextlib.suppress(OSError):  # the parent has gone: the next read ends the loop
            pipe.send(reply)


def _is_worn(by_age: bool, most_bytes: int) -> bool:
    return by_age or _resident() > most_bytes


def _jobs(pipe: Connection) -> Iterator[bytes]:
    while True:
        try:
            yield pipe.recv_bytes()
        except (EOFError, OSError):
            return


def _run(job: bytes, limits: Limits, worn: Callable[[], bool]) -> Reply:
    try:
        result = _timed(job, limits.cpu_seconds)
    except _Stop:
        return OutOfTime(seconds=limits.cpu_seconds, worn=worn())
    except MemoryError:
        return NoMemory()
    except BaseException as error:  # SystemExit too: a job does not end its worker
        return _failed(error, worn())
    return Finished(result=result, worn=worn())


def _timed(job: bytes, seconds: float) -> bytes:
    """Unpickle, run, pickle: all of it counts."""
    try:
        signal.setitimer(signal.ITIMER_PROF, seconds, AGAIN)
        function, argument = pickle.loads(job)  # noqa: S301 - from our own parent
        return pickle.dumps(function(argument), pickle.HIGHEST_PROTOCOL)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _failed(error: BaseException, worn: bool = False) -> Failed:
    text = "".join(traceback.format_exception(error))
    return Failed(error=_pickled(error), traceback=text, worn=worn)


def _pickled(error: BaseException) -> bytes:
    """The exception if it survives the journey; many classes pickle and then cannot be built again."""
    if not isinstance(error, Exception):
        return b""
    try:
        data = pickle.dumps(error)
        pickle.loads(data)  # noqa: S301 - made in the line above
    except Exception:  # whatever it is, the traceback goes as text
        return b""
    return data


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stop


def _leave_with_the_parent() -> None:
    """End this process when the parent ends, also in the middle of a job; killing a parent tells nobody."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="parent watch", daemon=True).start()


def _limit_memory(allowance: int) -> None:
    """Address space, because Linux enforces no limit on resident memory; allocations over it fail as MemoryError."""
    now = _pages(0)
    if now:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = now + allowance
        resource.setrlimit(resource.RLIMIT_AS, (soft if hard < 0 else min(soft, hard), hard))


def _resident() -> int:
    """Resident memory in bytes; 0 where the system does not tell."""
    return _pages(1)


def _pages(field: int) -> int:
    try:
        values = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(values[field]) * resource.getpagesize()
