"""Our own hub: its nouns, and what its parts need of each other (W3C WebSub, the hub's side)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Protocol

from feedhub.model import Feed, FeedId, FetchFailed, Format


class HubMode(StrEnum):
    """What a subscriber wants."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"


def subscription_key(topic: str, callback: str) -> bytes:
    """16 bytes for what names a subscription: topic and callback together (WebSub, 5.1)."""
    return blake2b(f"{topic}\0{callback}".encode("utf-8", "surrogateescape"), digest_size=16).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class HubRequest:
    """A wish that was accepted and waits for its verification. ``challenge`` is random, and tells it from a later one."""

    key: bytes
    challenge: str = field(repr=False)
    mode: HubMode
    feed: FeedId
    format: Format
    topic: str  # as the subscriber wrote it
    callback: str = field(repr=False)
    host: str  # whom it counts for: the callback's registrable domain
    secret: str = field(default="", repr=False)
    lease_seconds: int = 0  # granted, when it is verified
    version: int = 0  # of the feed when it was asked for: what came later is owed
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSubscription:
    """A verified subscription at our hub, and how far its deliveries are."""

    key: bytes
    feed: FeedId
    format: Format
    topic: str
    callback: str = field(repr=False)
    host: str
    secret: str = field(default="", repr=False)
    since: datetime
    lease_until: datetime
    version: int = 0  # of the feed, delivered last
    etag: str = ""  # of the document, delivered last
    due_at: datetime | None = None  # no delivery before; None: at once
    failures: int = 0  # in a row
    failing_since: datetime | None = None
    deliveries: int = 0
    delivered_at: datetime | None = None
    detail: str = ""  # why the last delivery failed: one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A subscription that has not got its feed as it is now. ``feed`` is None when it is gone altogether."""

    subscription: HubSubscription
    feed: Feed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a delivery made of a subscription: as it was when the delivery began, and as it is now. None: it ends here."""

    before: HubSubscription
    after: HubSubscription | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCensus:
    """How many subscriptions run, of how many domains, and to how many deliveries fail."""

    subscriptions: int = 0
    hosts: int = 0
    failing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HubNote:
    """What is told of our hub to people and programs; ``words`` are sentences."""

    words: str = ""
    census: HubCensus = HubCensus()


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCaps:
    """Most subscriptions, and most wishes that wait for their verification, each counted together with the others."""

    feed: int
    host: int
    all: int
    waiting: int
    waiting_host: int


class Cap(StrEnum):
    """Which limit a wish ran into."""

    FEED = "feed"
    HOST = "host"
    ALL = "all"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherHub:
    """A hub of others, and how it takes what it is told."""

    hub: str
    due_at: datetime | None = None
    failures: int = 0  # in a row
    pings: int = 0
    pinged_at: datetime | None = None
    detail: str = ""


class HubLedger(Protocol):
    """What the hub remembers. Calls that change something come from the writer's thread and raise like
    :class:`feedhub.ports.Ledger`."""

    def hub_requests(self, limit: int) -> list[HubRequest]:
        """Those that wait for their verification, longest first."""
        ...

    def hub_subscription(self, key: bytes) -> HubSubscription | None: ...

    def hub_subscriptions(self) -> list[Owed]:
        """All of them with their feeds, owed or not, by topic and callback."""
        ...

    def hub_census(self, now: datetime) -> HubCensus: ...

    def keep_request(self, request: HubRequest, caps: HubCaps) -> Cap | None:
        """Write it, over an earlier one for the same subscription; or say which cap forbids it. A renewal, and an
        unsubscription, is only held to the caps on waiting."""
        ...

    def settle_request(self, request: HubRequest, after: HubSubscription | None, *, drop: bool = False) -> bool:
        """The request is done with: write the subscription ``after``, or ``drop`` it, or leave all as it was. False,
        and nothing is changed, when another request has taken this one's place."""
        ...

    def owed(self, now: datetime) -> list[Owed]:
        """Subscriptions whose lease runs, which are due and whose feed has changed since their last delivery."""
        ...

    def next_retry(self) -> datetime | None:
        """The earliest moment at which a subscription whose delivery failed is due."""
        ...

    def settle_deliveries(self, some: Iterable[Settled]) -> None:
        """Write what deliveries left behind, or drop what they end. Lease and secret stay as they are in the database, and
        what was dropped meanwhile stays so. Of what was renewed since the delivery began no failure counts, and under
        another secret no success either: its subscriber took the signature for a forgery."""
        ...

    def drop_subscription(self, key: bytes) -> bool:
        """Forget one; False: it is gone already, and whoever dropped it told its subscriber."""
        ...

    def drop_lapsed(self, now: datetime) -> int:
        """Forget subscriptions whose lease has run out; returns how many."""
        ...

    def generation(self) -> int: ...


class PingLedger(Protocol):
    """What hubs of others were told."""

    def adopt_hubs(self, hubs: Sequence[str]) -> None:
        """Exactly these. One that is new is told of what changes from now on."""
        ...

    def other_hubs(self) -> list[OtherHub]: ...

    def untold(self, hub: str, limit: int) -> list[Feed]:
        """Feeds that changed since the hub was told of them last; withdrawn ones too."""
        ...

    def settle_ping(self, hub: OtherHub, told: Iterable[Feed]) -> None: ...

    def generation(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to a callback. ``within``: seconds for all of it; ``most``: bytes of the answer that are read."""

    url: str = field(repr=False)
    method: str  # GET, POST
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    within: float
    most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What a callback answered, redirects too: none is followed."""

    status: int
    body: bytes = b""
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Whom a callback would be asked of."""

    host: str
    domain: str  # registrable


class Courier(Protocol):
    """Calls callbacks under the same guard as sources; whose turn it is the caller decides. Raises on cancellation only."""

    def addressee(self, url: str) -> Addressee | FetchFailed:
        """Judged as far as it can be without asking anybody: spelling, port, literal addresses."""
        ...

    async def call(self, call: Call) -> Called | FetchFailed: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAnswer:
    """What a subscriber is answered: a status and one sentence."""

    status: int
    words: str
    retry_after: int = 0  # seconds


class HubDoor(Protocol):
    """Where subscribers reach our hub: ``POST /hub``."""

    async def take(self, form: Sequence[tuple[str, str]]) -> HubAnswer: ...

    def figures(self) -> Mapping[str, int]:
        """Counts since the process began, by name."""
        ...
