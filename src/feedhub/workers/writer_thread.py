"""The one thread that writes to the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

R = TypeVar("R")


class WriterThread:
    """Fills :class:`feedhub.ports.Writer`: calls run one after the other, in the order in which they came."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="feedhub-writer")

    async def run(self, function: Callable[[], R]) -> R:
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._executor, function))

    def close(self) -> None:
        self._executor.shutdown(wait=True)
