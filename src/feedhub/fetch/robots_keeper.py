"""robots.txt of the sites whose pages are read: asked for once a day, through the same fetcher as everything else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from feedhub.fetch.robots import Rules, read_robots
from feedhub.model import Failure, Fetched, FetchFailed, NotModified, Request, Validators
from feedhub.ports import Clock, Fetcher, Permission

KEPT = timedelta(hours=24)
"""How long rules are believed (RFC 9309, 2.4); then it is asked whether they changed."""
TRIED_AGAIN = timedelta(hours=1)
"""When a site whose robots.txt did not come is asked for it again, unless its Retry-After says later."""
MOST_SITES = 2_000
UNAVAILABLE = frozenset(
    {Failure.NOT_FOUND, Failure.GONE, Failure.FORBIDDEN, Failure.NEEDS_CREDENTIALS, Failure.LEGAL, Failure.EMPTY}
)
"""There is none, and everything may be asked (RFC 9309, 2.3.1.3); 429 is no such answer: it asks for quiet."""


@dataclass(slots=True)
class _Site:
    until: datetime
    rules: Rules | FetchFailed
    validators: Validators = field(default_factory=Validators)  # of the rules
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class RobotsKeeper:
    """Fills the port :class:`feedhub.ports.Robots`; what it knows lives as long as the process."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._sites: dict[str, _Site] = {}

    async def permission(self, url: str) -> Permission | FetchFailed:
        """What the site's robots.txt says of this address.

        While it cannot be had for a reason of the server or the network nothing else is asked (RFC 9309, 2.3.1.4).
        """
        rules = await self._rules(url)
        return rules.permission(url) if isinstance(rules, Rules) else rules

    async def sitemaps(self, url: str) -> tuple[str, ...]:
        """The sitemaps that the site's robots.txt names; none while it cannot be had."""
        rules = await self._rules(url)
        return rules.sitemaps if isinstance(rules, Rules) else ()

    async def _rules(self, url: str) -> Rules | FetchFailed:
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        known = self._sites.get(site)
        if known is None:
            self._make_room()
            known = self._sites.setdefault(site, _Site(self._clock(), Rules()))
        async with known.asking:
            if known.until <= self._clock():
                await self._ask(site, known)
        return known.rules

    async def _ask(self, site: str, known: _Site) -> None:
        result = await self._fetcher.fetch(Request(url=f"{site}/robots.txt", validators=known.validators))
        if isinstance(result, NotModified):
            known.validators, kept = result.validators, KEPT
        else:
            known.validators = result.validators if isinstance(result, Fetched) else Validators()
            known.rules, kept = self._read(result)
        known.until = self._clock() + kept

    def _read(self, result: Fetched | FetchFailed) -> tuple[Rules | FetchFailed, timedelta]:
        """What it means, and for how long."""
        if isinstance(result, Fetched):
            return read_robots(result.body), KEPT
        if result.failure in UNAVAILABLE or (400 <= result.status < 500 and result.status != 429):
            return Rules(), KEPT
        detail = f"its robots.txt did not come ({result.detail.rstrip('.')}), so that no page of it is asked for"
        if not result.asked and not result.status:
            return replace(result, detail=detail), timedelta(0)
        asked_for = result.freshness.retry_at - self._clock() if result.freshness.retry_at else timedelta(0)
        return replace(result, detail=detail), max(TRIED_AGAIN, asked_for)

    def _make_room(self) -> None:
        if len(self._sites) >= MOST_SITES:
            now = self._clock()
            self._sites = {name: site for name, site in self._sites.items() if site.until > now}
        if len(self._sites) >= MOST_SITES:
            self._sites.clear()
