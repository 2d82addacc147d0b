"""Which subscriptions to begin and which to leave, so that there is exactly one for each wish."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from feedhub.model import SourceId, Standing, Subscription
from feedhub.websub.discovery import Wish

OVER = frozenset({Standing.LEAVING, Standing.ENDED})
"""What is not wished any more; never taken up again: a new wish gets a new callback."""

Mint = Callable[[], str]
"""Unguessable text of 43 characters, another one at each call: a token, a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    begin: tuple[Subscription, ...] = ()
    leave: tuple[Subscription, ...] = ()


def plan(wishes: Mapping[SourceId, Wish], present: Iterable[Subscription], now: datetime, mint: Mint) -> Plan:
    """What to begin and what to leave. A changed hub, topic or public address is an old wish that ends and a new one."""
    current = [one for one in present if one.standing not in OVER]
    kept: dict[SourceId, Subscription] = {}
    for one in current:
        wish = wishes.get(one.source)
        if wish is not None and one.source not in kept and _fulfils(one, wish):
            kept[one.source] = one
    staying = {one.token for one in kept.values()}
    return Plan(
        begin=tuple(_new(wish, now, mint) for source, wish in wishes.items() if source not in kept),
        leave=tuple(one for one in current if one.token not in staying),
    )


def leave(subscription: Subscription, now: datetime) -> Subscription:
    """Not wished any more: to be ended at the hub, or at once when the hub never heard of it."""
    if subscription.standing in OVER:
        return subscription
    if subscription.asked_at is None:
        return ended(subscription, now)
    return replace(subscription, standing=Standing.LEAVING, pending="", failures=0, detail="", due_at=now)


def ended(subscription: Subscription, now: datetime) -> Subscription:
    return replace(subscription, standing=Standing.ENDED, pending="", due_at=None, lease_until=None, ended_at=now)


def _fulfils(one: Subscription, wish: Wish) -> bool:
    asked = (one.hub, one.topic, one.callback, bool(one.secret))
    return asked == (wish.hub, wish.topic, _callback(wish.base, one.token), wish.confidential)


def _new(wish: Wish, now: datetime, mint: Mint) -> Subscription:
    token = mint()
    return Subscription(
        token=token,
        source=wish.source,
        hub=wish.hub,
        topic=wish.topic,
        callback=_callback(wish.base, token),
        secret=mint() if wish.confidential else "",
        due_at=now,
    )


def _callback(base: str, token: str) -> str:
    return f"{base.rstrip('/')}/websub/{token}"
