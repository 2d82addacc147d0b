"""Being told by hubs: our subscriptions, and the door through which deliveries come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from feedhub.model import HubQuestion, SourceState, Subscription


class Subscriptions(Protocol):
    """Our subscriptions at hubs. The last three calls come from the writer's thread and raise like :class:`Ledger`."""

    def subscriptions(self) -> list[Subscription]:
        """All of them, by source; also those that ended lately."""
        ...

    def subscription(self, token: str) -> Subscription | None: ...

    def publishers(self) -> list[SourceState]:
        """States of the enabled sources that name a hub."""
        ...

    def due_subscriptions(self, now: datetime, limit: int) -> list[Subscription]:
        """Those whose ``due_at`` has come, longest due first."""
        ...

    def keep_subscriptions(self, some: Iterable[Subscription]) -> None:
        """Write these, over what is stored under their tokens."""
        ...

    def change_subscription(
        self, token: str, how: Callable[[Subscription], Subscription | None]
    ) -> Subscription | None:
        """Read, change and write in one transaction. Returns what ``how`` made of it; None (of an unknown token, or by
        ``how``) changes nothing."""
        ...

    def drop_subscriptions(self, ended_before: datetime) -> int:
        """Forget subscriptions that ended before this moment; returns how many."""
        ...


class Receipt(StrEnum):
    """What became of a delivery at the door. Whether it is believed is found out afterwards."""

    TAKEN = "taken"
    UNKNOWN = "unknown"  # no subscription has this callback
    ENDED = "ended"  # it was left
    FULL = "full"  # too much is waiting already: the hub should try again
    TOO_LARGE = "too large"
    TOO_SLOW = "too slow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The head of a delivery: fields as the hub sent them, "" for those it did not."""

    content_type: str = ""
    signature: str = ""  # X-Hub-Signature
    link: str = ""
    length: int | None = None


class Pushes(Protocol):
    """Where hubs reach us: behind ``/websub/<token>``."""

    async def confirm(self, token: str, question: HubQuestion) -> Receipt:
        """TAKEN: agreed, answer with the challenge; ENDED or UNKNOWN: not what was asked for."""
        ...

    async def receive(self, token: str, arrival: Arrival, pieces: AsyncIterator[bytes]) -> Receipt:
        """Take a delivery, within bounds of size and time; what it is worth is found out after the answer."""
        ...
