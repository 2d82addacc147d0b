"""A fetcher for tests: loopback allowed, no pause between requests, short time limits."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

from aiohttp.abc import AbstractResolver, ResolveResult

from feedhub.fetch.aiohttp_fetcher import AiohttpFetcher
from feedhub.fetch.hosts import Hosts
from feedhub.model import Failure, Fetched, FetchFailed, FetchResult, NotModified
from feedhub.settings import Limits, Polling, Timeouts

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
QUICK = Timeouts(
    dns=timedelta(seconds=1),
    connect=timedelta(seconds=2),
    first_byte=timedelta(seconds=5),
    read=timedelta(seconds=5),
    total=timedelta(seconds=10),
)


def polling(
    *,
    timeouts: Timeouts = QUICK,
    limits: Limits | None = None,
    gap: float = 0,
    domain_gap: float = 0,
    allow: bool = True,
    per_host: int = 1,
) -> Polling:
    return Polling(
        allow_networks=LOOPBACK if allow else (),
        ports=("1-65535",),
        host_gap=timedelta(seconds=gap),
        domain_gap=timedelta(seconds=domain_gap),
        per_host=per_host,
        per_address=max(4, per_host),
        timeouts=timeouts,
        limits=limits or Limits(),
    )


@asynccontextmanager
async def fetcher(
    settings: Polling | None = None,
    *,
    clock: Callable[[], datetime] = lambda: NOW,
    contact: str = "https://hub.example/about",
    resolver: AbstractResolver | None = None,
    ssl_context: ssl.SSLContext | None = None,
    hosts: Hosts | None = None,
    own: frozenset[tuple[str, int]] = frozenset(),
) -> AsyncIterator[AiohttpFetcher]:
    made = AiohttpFetcher(
        settings or polling(),
        contact=contact,
        version="9.9",
        clock=clock,
        resolver=resolver,
        ssl_context=ssl_context,
        hosts=hosts,
        own_endpoints=own,
    )
    try:
        yield made
    finally:
        await made.close()


class FixedResolver(AbstractResolver):
    """Knows only what it is given. A name with several answers gives them one after another, the last one for ever."""

    def __init__(self, answers: Mapping[str, Sequence[str | Sequence[str]]]) -> None:
        self._answers = {name: list(values) for name, values in answers.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        values = self._answers.get(host)
        if not values:
            raise OSError(socket.EAI_NONAME, "no such name")
        value = values.pop(0) if len(values) > 1 else values[0]
        addresses = [value] if isinstance(value, str) else value
        return [_place(host, port, address) for address in addresses]

    async def close(self) -> None:
        return


def _place(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


def fetched(result: FetchResult) -> Fetched:
    assert isinstance(result, Fetched), result
    return result


def unchanged(result: FetchResult) -> NotModified:
    assert isinstance(result, NotModified), result
    return result


def failed(result: FetchResult, failure: Failure) -> FetchFailed:
    assert isinstance(result, FetchFailed), result
    assert result.failure is failure, result
    return result
