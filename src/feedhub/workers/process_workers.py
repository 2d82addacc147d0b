"""Worker processes with limits, one duplex pipe each.

Not :mod:`concurrent.futures`: there one dead process breaks the whole pool. Here a worker that overruns or dies is
replaced alone, and its caller is told. Processes come from multiprocessing's *forkserver* (*spawn* where there is none),
so they hold nothing of the parent but their end of a pipe.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.util import Finalize
from time import sleep
from typing import Any, Generic, TypeVar, cast

from feedhub.ports import A, Overrun, R
from feedhub.workers.worker import Failed, Finished, Limits, NoMemory, OutOfTime, Ready, Reply, Taken, serve

S = TypeVar("S")

GRACE = 1.0
"""Seconds a worker gets to end by itself before it is killed."""
START = 60.0
"""Seconds a new process may take until it is ready."""
STUCK = 1.0
"""Seconds without a worker that was given back, after which one of the reserve is started. A document takes hundredths."""
BURIED = (0.1, 1.0)
"""Seconds to wait for the end of a fork server that was killed, before each further try to start a worker."""
RETRIES = 2
"""How often a job is handed on after a worker died before it took it."""


class JobFailed(RuntimeError):
    """The function raised something that cannot cross the process border; the message is its traceback."""


class WorkersClosed(RuntimeError):
    """A job came after :meth:`ProcessWorkers.close`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gone:
    """The process ended before it replied. ``taken``: it had taken the job, which may be why."""

    taken: bool


@dataclass(slots=True)
class _Worker:
    """A living process."""

    process: Any
    pipe: Connection
    worn: bool = False
    stopped: str = ""  # why the parent killed it

    def stop(self, reason: str) -> None:
        self.stopped = self.stopped or reason
        self.process.kill()

    def exchange(self, job: bytes) -> Reply | _Gone:
        """Send a job and wait for its reply, or for the end of the process."""
        taken = False
        try:
            self.pipe.send_bytes(job)
            taken = isinstance(self.pipe.recv(), Taken)
            return cast("Reply", self.pipe.recv())
        except (EOFError, OSError):
            return _Gone(taken=taken)

    def retire(self) -> None:
        """End the process: an idle one sees its pipe close and leaves."""
        self.pipe.close()
        self.process.join(GRACE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()

    def last_words(self) -> str:
        self.process.join(GRACE)
        code = self.process.exitcode
        return f"its process died (exit code {code})"


class _Slot:
    """Room for one worker; empty until it is needed."""

    def __init__(self) -> None:
        self.worker: _Worker | None = None


class ProcessWorkers(Generic[S]):
    """The port :class:`feedhub.ports.Workers`, by processes of this machine.

    Callers wait for a free worker, so nothing queues up beyond them. To be used from one event loop.

    :param count: processes at most; each is started when it is first needed.
    :param eager: of these, as many work side by side as a rule. The others are for when all of them are stuck in a long job.
    :param cpu_seconds: CPU time of one job. The job is stopped inside the worker, which lives on.
    :param wall_seconds: time of one job by the clock. The worker is killed and replaced.
    :param memory_bytes: address space a worker may take beyond what it has when ready.
    :param setup: called once in each new process with ``setup_argument``, before its first job.
    """

    def __init__(
        self,
        count: int,
        *,
        eager: int | None = None,
        cpu_seconds: float,
        wall_seconds: float,
        memory_bytes: int,
        setup: Callable[[S], None] | None = None,
        setup_argument: S | None = None,
    ) -> None:
        self._limits = Limits(cpu_seconds=cpu_seconds, memory_bytes=memory_bytes)
        self._wall = wall_seconds
        self._setup = setup
        self._argument = setup_argument
        self._slots = [_Slot() for _ in range(count)]
        self._idle: asyncio.Queue[_Slot] = asyncio.Queue()
        self._reserve = self._slots[count if eager is None else eager :]
        for slot in self._slots[: count - len(self._reserve)]:
            self._idle.put_nowait(slot)
        self._freed = 0.0  # the loop's time at which a worker was last given back, or ready
        self._starting = 0
        self._threads = ThreadPoolExecutor(count + 1, thread_name_prefix="feedhub-worker")
        self._jobs: set[asyncio.Task[Any]] = set()
        self._closed = False
        # multiprocessing waits for its children at exit; these would not leave while their pipes are open
        Finalize(self, _kill_all, args=(self._slots,), exitpriority=10)

    @property
    def processes(self) -> int:
        """How many workers there are just now."""
        return sum(slot.worker is not None for slot in self._slots)

    async def run(self, function: Callable[[A], R], argument: A) -> R | Overrun:
        """Run ``function(argument)`` in a worker; both must be picklable, the function by its import path.

        A caller that is cancelled leaves at once; its job runs on to its end or limit and the result is dropped.

        :raises Exception: whatever the function raised, with its traceback in the worker as a note.
        :raises WorkersClosed: after :meth:`close`.
        """
        slot = await self._free_slot()
        try:  # not before: many wait, and each would hold its document twice
            job = pickle.dumps((function, argument), pickle.HIGHEST_PROTOCOL)
        except BaseException:
            self._give_back(slot)
            raise
        task = asyncio.ensure_future(self._serve(slot, job))
        self._jobs.add(task)
        task.add_done_callback(self._forget)
        reply = await asyncio.shield(task)
        return cast("R | Overrun", _result(reply))

    async def close(self) -> None:
        """End all processes within about two seconds; jobs in flight end as :class:`~feedhub.ports.Overrun`."""
        if self._closed:
            return
        self._closed = True
        if self._jobs:
            await asyncio.wait(self._jobs, timeout=GRACE)
        while self._jobs:
            for slot in self._slots:
                if slot.worker:
                    slot.worker.stop("the program is stopping")
            await asyncio.wait(self._jobs, timeout=0.1)
        workers = [slot.worker for slot in self._slots if slot.worker]
        await asyncio.gather(*(self._in_thread(worker.retire) for worker in workers))
        for slot in self._slots:
            slot.worker = None
        self._threads.shutdown(wait=False)

    async def _free_slot(self) -> _Slot:
        slot = None if self._closed else await self._next_slot()
        if slot is None or self._closed:
            if slot:
                self._give_back(slot)  # the next who waits is to learn it too
            raise WorkersClosed("the worker processes have been closed")
        return slot

    async def _next_slot(self) -> _Slot:
        """The next that is free; one of the reserve when nothing was given back for a while."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        while self._reserve:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STUCK):
                    return await self._idle.get()
            if self._reserve and not self._starting and clock() - max(begun, self._freed) >= STUCK:
                return self._reserve.pop()
        return await self._idle.get()

    def _give_back(self, slot: _Slot) -> None:
        self._freed = asyncio.get_running_loop().time()
        self._idle.put_nowait(slot)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._jobs.discard(task)
        if not task.cancelled():
            task.exception()  # a caller that was cancelled does not ask for it

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    async def _serve(self, slot: _Slot, job: bytes) -> Reply | Overrun:
        """One job in one slot. Always gives the slot back, with a worker that is fit or with none."""
        try:
            reply = await self._try(slot, job)
            for _ in range(RETRIES):
                if not isinstance(reply, _Gone):
                    break
                reply = await self._try(slot, job)  # an idle worker had died: the job is not to blame
            return Overrun(reason="its process died before it began") if isinstance(reply, _Gone) else reply
        finally:
            self._give_back(slot)

    async def _try(self, slot: _Slot, job: bytes) -> Reply | Overrun | _Gone:
        """Hand the job to the slot's worker; :class:`_Gone` when the worker ended without having taken it."""
        worker = await self._fit_worker(slot)
        timer = asyncio.get_running_loop().call_later(self._wall, worker.stop, f"it took longer than {self._wall:g} s")
        try:
            reply = cast("Reply | _Gone", await self._in_thread(worker.exchange, job))
        finally:
            timer.cancel()
        if not isinstance(reply, _Gone) and not worker.stopped:
            worker.worn = reply.worn
            return reply
        slot.worker = None
        reason = worker.stopped or await self._in_thread(worker.last_words)
        await self._in_thread(worker.retire)
        if isinstance(reply, Finished) or (isinstance(reply, _Gone) and not reply.taken and not worker.stopped):
            return reply
        return Overrun(reason=reason)

    async def _fit_worker(self, slot: _Slot) -> _Worker:
        worker = slot.worker
        if worker and (worker.worn or not worker.process.is_alive()):
            slot.worker = None
            await self._in_thread(worker.retire)
        if slot.worker is None:
            self._starting += 1
            try:
                slot.worker = await self._in_thread(self._start)
            finally:
                self._starting -= 1
                self._freed = asyncio.get_running_loop().time()
        return cast("_Worker", slot.worker)

    def _start(self) -> _Worker:
        """A new process, ready for jobs.

        :raises Exception: what the setup raised.
        """
        worker = self._born()
        ours, greeting = worker.pipe, None
        with contextlib.suppress(EOFError, OSError):
            greeting = ours.recv() if ours.poll(START) else None
        if isinstance(greeting, Ready):
            return worker
        worker.stop("it did not start")
        worker.retire()
        if isinstance(greeting, Failed):
            _raise(greeting)
        raise JobFailed("a worker process did not start")

    def _born(self) -> _Worker:
        """A new process. When the fork server was killed, the next try starts another, once the system has buried it."""
        for pause in BURIED:
            with contextlib.suppress(EOFError, ConnectionError):
                return self._forked()
            sleep(pause)
        return self._forked()

    def _forked(self) -> _Worker:
        context = _context(self._setup)
        ours, theirs = context.Pipe(duplex=True)
        job = theirs, self._limits, self._setup, self._argument
        # typeshed knows it on the concrete contexts only
        process = context.Process(target=serve, args=job, name="feedhub worker", daemon=True)  # type: ignore[attr-defined]
        try:
            process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return _Worker(process=process, pipe=ours)


def _kill_all(slots: list[_Slot]) -> None:
    for slot in slots:
        if slot.worker:
            with contextlib.suppress(ValueError):  # closed already
                slot.worker.process.kill()


def _context(setup: Callable[..., None] | None) -> BaseContext:
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    context.set_forkserver_preload(preloaded(setup))
    return context


def preloaded(setup: Callable[..., None] | None) -> list[str]:
    """What is imported once in the fork server and shared by all workers: they start in milliseconds."""
    return ["feedhub.workers.fork_server", "feedhub.workers.worker", *([setup.__module__] if setup else [])]


def _result(reply: Reply | Overrun) -> Any:
    match reply:
        case Overrun():
            return reply
        case Finished():
            return reply.load()
        case OutOfTime():
            return Overrun(reason=f"it took more than {reply.seconds:g} s of CPU time")
        case NoMemory():
            return Overrun(reason="it needed too much memory")
        case Failed():
            return _raise(reply)


def _raise(failed: Failed) -> Any:
    error = failed.load()
    if error is None:
        raise JobFailed(failed.traceback)
    error.add_note(failed.traceback)
    raise error
