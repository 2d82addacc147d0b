"""Workers: whatever a job does, its caller learns it, in time, and the others go on."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from multiprocessing import forkserver
from pathlib import Path

import pytest

from feedhub.ports import Overrun
from feedhub.workers import ProcessWorkers, WorkersClosed
from support import worker_jobs as jobs

CPU, WALL, MEMORY = 0.3, 60.0, 200_000_000


@pytest.fixture
async def workers() -> AsyncIterator[ProcessWorkers[str]]:
    pool = ProcessWorkers(
        2, cpu_seconds=CPU, wall_seconds=WALL, memory_bytes=MEMORY, setup=jobs.set_rules, setup_argument="old"
    )
    yield pool
    await pool.close()


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_results_go_to_their_callers(workers: ProcessWorkers[str]) -> None:
    assert await asyncio.gather(*(workers.run(jobs.double, n) for n in range(200))) == [2 * n for n in range(200)]


async def test_large_arguments_and_results_cross_the_border(workers: ProcessWorkers[str]) -> None:
    assert await workers.run(len, b"y" * 20_000_000) == 20_000_000
    assert await workers.run(jobs.big, 20_000_000) == b"x" * 20_000_000


@pytest.mark.parametrize("hog", [jobs.burn_cpu, jobs.burn_cpu_stubbornly])
async def test_a_job_that_burns_cpu_is_stopped_and_its_worker_lives_on(
    workers: ProcessWorkers[str], hog: Callable[[object], object]
) -> None:
    pids = {await workers.run(jobs.process_id, 0) for _ in range(4)}
    outcome = await workers.run(hog, None)
    assert isinstance(outcome, Overrun)
    assert "CPU" in outcome.reason
    assert {await workers.run(jobs.process_id, 0) for _ in range(4)} == pids


async def test_a_job_that_waits_is_killed_and_its_worker_replaced() -> None:
    pool: ProcessWorkers[str] = ProcessWorkers(2, cpu_seconds=5, wall_seconds=5, memory_bytes=MEMORY)
    before = {await pool.run(jobs.process_id, 0) for _ in range(4)}
    outcome = await pool.run(jobs.sleep, 60)
    assert outcome == Overrun(reason="it took longer than 5 s")
    after = {await pool.run(jobs.process_id, 0) for _ in range(4)}
    assert len(before & after) == 1
    await pool.close()


async def test_a_worker_of_the_reserve_is_started_when_the_others_are_stuck(tmp_path: Path) -> None:
    pool: ProcessWorkers[str] = ProcessWorkers(2, eager=1, cpu_seconds=60, wall_seconds=60, memory_bytes=MEMORY)
    assert len({await pool.run(jobs.process_id, 0) for _ in range(4)}) == 1
    mark = tmp_path / "begun"
    stuck = asyncio.create_task(pool.run(jobs.mark_and_sleep, (str(mark), 50)))
    await until(mark.exists)
    assert await pool.run(jobs.double, 2) == 4
    assert not stuck.done()
    assert pool.processes == 2
    await pool.close()
    assert isinstance(await stuck, Overrun)


async def test_what_cannot_be_handed_over_costs_no_worker() -> None:
    pool: ProcessWorkers[str] = ProcessWorkers(1, cpu_seconds=5, wall_seconds=60, memory_bytes=MEMORY)
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
        await pool.run(jobs.double, threading.Lock())  # type: ignore[arg-type]
    assert await pool.run(jobs.double, 2) == 4
    await pool.close()


async def test_a_job_that_eats_memory_is_told_so(workers: ProcessWorkers[str]) -> None:
    assert await workers.run(jobs.eat_memory, 10_000_000) == 10
    assert await workers.run(jobs.eat_memory, 2 * MEMORY) == Overrun(reason="it needed too much memory")
    assert await workers.run(jobs.double, 1) == 2


async def test_a_worker_that_dies_is_replaced_alone(workers: ProcessWorkers[str]) -> None:
    slow = asyncio.create_task(workers.run(jobs.sleep, 0.5))
    outcome = await workers.run(jobs.die, 7)
    assert outcome == Overrun(reason="its process died (exit code 7)")
    assert await slow == "slept"
    assert await workers.run(jobs.double, 4) == 8


async def test_an_idle_worker_that_was_killed_is_noticed(workers: ProcessWorkers[str]) -> None:
    pids = {await workers.run(jobs.process_id, 0) for _ in range(4)}
    for pid in pids:
        assert isinstance(pid, int)
        os.kill(pid, signal.SIGKILL)
    await until(lambda: not any(alive(pid) for pid in pids if isinstance(pid, int)))
    assert [await workers.run(jobs.double, n) for n in range(4)] == [0, 2, 4, 6]


async def test_exceptions_come_back_with_the_traceback_of_the_worker(workers: ProcessWorkers[str]) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        await workers.run(jobs.divide, 0)
    assert "return 1 / number" in "".join(caught.value.__notes__)


@pytest.mark.parametrize(
    ("function", "word"), [(jobs.unbuildable, "one two"), (jobs.leave, "SystemExit"), (jobs.unpicklable, "lambda")]
)
async def test_what_cannot_cross_the_border_comes_as_text(
    workers: ProcessWorkers[str], function: Callable[[object], object], word: str
) -> None:
    with pytest.raises(Exception, match=word):
        await workers.run(function, None)
    assert await workers.run(jobs.double, 4) == 8


async def test_a_cancelled_caller_confuses_nobody(workers: ProcessWorkers[str]) -> None:
    waiting = [asyncio.create_task(workers.run(jobs.sleep, 0.3)) for _ in range(6)]
    await asyncio.sleep(0.1)
    for task in waiting[::2]:
        task.cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError, str] * 3
    assert await asyncio.gather(*(workers.run(jobs.double, n) for n in range(20))) == [2 * n for n in range(20)]


async def test_each_process_is_set_up_before_its_first_job(workers: ProcessWorkers[str]) -> None:
    assert {await workers.run(jobs.rules_in_force, 0.0) for _ in range(4)} == {"old"}


async def test_closing_is_quick_and_ends_jobs_in_flight() -> None:
    pool: ProcessWorkers[str] = ProcessWorkers(1, cpu_seconds=60, wall_seconds=60, memory_bytes=MEMORY)
    pid = await pool.run(jobs.process_id, 0)
    running = asyncio.create_task(pool.run(jobs.sleep, 60))
    waiting = asyncio.create_task(pool.run(jobs.double, 1))
    await asyncio.sleep(0.1)
    start = time.monotonic()
    await pool.close()
    assert time.monotonic() - start < 20, "the job would have taken 60"
    assert await running == Overrun(reason="the program is stopping")
    with pytest.raises(WorkersClosed):
        await waiting
    with pytest.raises(WorkersClosed):
        await pool.run(jobs.double, 1)
    assert isinstance(pid, int)
    assert not alive(pid)


async def test_signals_of_the_terminal_leave_workers_alone(workers: ProcessWorkers[str]) -> None:
    pid = await workers.run(jobs.process_id, 0)
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGINT)
    assert {await workers.run(jobs.process_id, 0) for _ in range(4)} >= {pid}


def fork_server() -> int:
    pid = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]  # there is no other way to know it
    assert isinstance(pid, int)
    return pid


async def test_the_fork_server_outlives_the_end_of_a_service(workers: ProcessWorkers[str]) -> None:
    """systemd and terminals tell every process to stop; what is in flight may need another worker all the same."""
    await workers.run(jobs.process_id, 0)
    server = fork_server()
    os.kill(server, signal.SIGTERM)
    os.kill(server, signal.SIGINT)
    fresh: ProcessWorkers[str] = ProcessWorkers(1, cpu_seconds=CPU, wall_seconds=WALL, memory_bytes=MEMORY)
    assert await fresh.run(jobs.double, 4) == 8
    assert fork_server() == server
    await fresh.close()


async def test_a_fork_server_that_is_killed_while_it_starts_a_worker_is_replaced(workers: ProcessWorkers[str]) -> None:
    await workers.run(jobs.process_id, 0)
    server = fork_server()
    os.kill(server, signal.SIGSTOP)
    fresh: ProcessWorkers[str] = ProcessWorkers(1, cpu_seconds=CPU, wall_seconds=WALL, memory_bytes=MEMORY)
    asked = asyncio.create_task(fresh.run(jobs.double, 4))
    await until(lambda: fresh._starting == 1)
    await asyncio.sleep(0.1)  # it has most likely been asked by now; killed earlier it is replaced, too
    os.kill(server, signal.SIGKILL)
    assert await asked == 8
    assert fork_server() != server
    await fresh.close()


PARENT = """
import asyncio, sys
from feedhub.workers import ProcessWorkers
from support import worker_jobs as jobs

async def main():
    pool = ProcessWorkers(2, cpu_seconds=60, wall_seconds=60, memory_bytes=10**9)
    await asyncio.gather(pool.run(jobs.mark_and_sleep, (sys.argv[1], SECONDS)), pool.run(jobs.mark_and_sleep, (sys.argv[2], 0)))

if __name__ == "__main__":
    if len(sys.argv) > 3:
        import uvloop
        uvloop.run(main())
    else:
        asyncio.run(main())
"""


def start_parent(tmp_path: Path, seconds: int, *more: str) -> subprocess.Popen[bytes]:
    script = tmp_path / "parent.py"
    script.write_text(PARENT.replace("SECONDS", str(seconds)), encoding="utf-8")
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "busy"), str(tmp_path / "idle"), *more],
        env={**os.environ, "PYTHONPATH": path},
    )


async def test_workers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = start_parent(tmp_path, 60)
    marks = [tmp_path / "busy", tmp_path / "idle"]
    await until(lambda: all(mark.exists() and mark.read_text() for mark in marks), 30)
    pids = [int(mark.read_text()) for mark in marks]
    parent.kill()
    parent.wait()
    await until(lambda: not any(alive(pid) for pid in pids))


@pytest.mark.parametrize("loop", [[], ["uvloop"]])
async def test_a_program_that_forgets_to_close_still_ends(tmp_path: Path, loop: list[str]) -> None:
    parent = start_parent(tmp_path, 0, *loop)
    assert await asyncio.to_thread(parent.wait, 30) == 0


async def test_a_setup_that_fails_is_told_to_the_caller() -> None:
    pool = ProcessWorkers(
        1, cpu_seconds=1, wall_seconds=1, memory_bytes=MEMORY, setup=jobs.set_rules, setup_argument="bad"
    )
    with pytest.raises(ValueError, match="these rules are bad"):
        await pool.run(jobs.double, 1)
    await pool.close()
