"""Names -> addresses by the system's resolver, in threads, within a time limit, remembered for a while."""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from feedhub.fetch.refusal import Refused
from feedhub.model import Failure

REMEMBERED = 300.0
"""Seconds an answer is used again."""
MANY = 10_000
"""Answers that are remembered."""
THREADS = 32
"""Look-ups at once. The loop's own pool has as few as six threads, which a handful of dead names would fill."""


class SystemResolver(AbstractResolver):
    """``getaddrinfo`` in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="feedhub-dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port, family)

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class RememberingResolver(AbstractResolver):
    """Another resolver with a memory and a time limit. Only answers are remembered, never failures."""

    def __init__(self, resolver: AbstractResolver, *, timeout: float, now: Callable[[], float]) -> None:
        self._resolver = resolver
        self.timeout = timeout
        self._now = now
        self._known: OrderedDict[tuple[str, int, int], tuple[float, list[ResolveResult]]] = OrderedDict()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """:raises OSError: the name has no address; also after the time limit."""
        key = (host, port, int(family))
        known = self._known.get(key)
        if known and known[0] > self._now():
            return known[1]
        try:
            async with asyncio.timeout(self.timeout):
                answer = await self._resolver.resolve(host, port, family)
        except TimeoutError as error:
            raise OSError(None, "the look-up took too long") from error
        if not answer:
            raise OSError(None, "the name has no address")
        self._remember(key, answer)
        return answer

    async def first_address(self, host: str, port: int) -> str:
        """The address that will be tried first.

        :raises Refused: ``DNS``.
        """
        try:
            return (await self.resolve(host, port))[0]["host"]
        except (OSError, UnicodeError) as error:
            raise Refused(Failure.DNS, f"The name {host} could not be resolved.") from error

    async def close(self) -> None:
        await self._resolver.close()

    def _remember(self, key: tuple[str, int, int], answer: list[ResolveResult]) -> None:
        self._known[key] = (self._now() + REMEMBERED, answer)
        self._known.move_to_end(key)
        while len(self._known) > MANY:
            self._known.popitem(last=False)


def _look_up(host: str, port: int, family: int) -> list[ResolveResult]:
    places = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    return [
        ResolveResult(hostname=host, host=str(place[0]), port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
        for kind, _, _, _, place in places
    ]
