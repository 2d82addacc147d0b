"""Our own WebSub hub, and the hubs of others that are told what changed."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from feedhub.settings.values import Duration, HttpUrl, Section

OWN_HUB = "/hub"
"""Where our own hub is, below ``site.base_url``."""


class Signature(StrEnum):
    """Methods by which deliveries are signed (WebSub, 8)."""

    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


def _between(least: timedelta, most: timedelta, words: str) -> AfterValidator:
    def check(value: timedelta) -> timedelta:
        if not least <= value <= most:
            raise ValueError(words)
        return value

    return AfterValidator(check)


Lease = Annotated[Duration, _between(timedelta(minutes=5), timedelta(days=365), "between 5m and 365d")]


class HubLease(Section):
    """How long subscriptions hold before they must be renewed. Subscribers may ask for less or more within the bounds."""

    min: Lease = timedelta(hours=1)
    """The shortest; who asks for less gets this."""
    usual: Lease = timedelta(days=10)
    """For who does not ask for any."""
    max: Lease = timedelta(days=30)
    """The longest; who asks for more gets this."""


class Hub(Section):
    """Who is told when a public feed changes (W3C WebSub): subscribers at our own hub, at `/hub`, or hubs of others. Short forms: `off`, `own`, or a list of addresses of hubs."""

    own: bool = False
    """Be the hub of our own feeds: every public feed names it, and what changes is delivered within a second."""
    others: tuple[HttpUrl, ...] = ()
    """Hubs of others to be named in every public feed, and told of each change with `hub.mode=publish`."""
    signature: Signature = Signature.SHA256
    """Method of `X-Hub-Signature` for subscribers who gave a secret."""
    lease: HubLease = HubLease()
    """How long subscriptions hold."""
    per_feed: int = Field(1_000, ge=1)
    """Most subscriptions to one feed, all formats together."""
    per_host: int = Field(1_000, ge=1)
    """Most subscriptions of one registrable domain (`example.org` with all its hosts)."""
    most: int = Field(20_000, ge=1)
    """Most subscriptions in all."""
    concurrency: int = Field(50, ge=2, le=1_000)
    """Deliveries at once. Subscribers that failed or were slow the last time get half of the places at most."""
    host_concurrency: int = Field(4, ge=1, le=100)
    """Deliveries to one registrable domain at once."""
    timeout: Annotated[Duration, _between(timedelta(seconds=1), timedelta(minutes=1), "between 1s and 1m")] = timedelta(
        seconds=10
    )
    """How long a subscriber may take for a delivery or for the verification of its wish."""
    give_up_after: Annotated[Duration, _between(timedelta(minutes=1), timedelta(days=90), "between 1m and 90d")] = (
        timedelta(days=3)
    )
    """A subscriber whose deliveries have failed for so long is dropped."""

    @property
    def on(self) -> bool:
        """Whether anybody is told of changes."""
        return self.own or bool(self.others)
