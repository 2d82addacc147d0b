"""Telling hubs of others what changed: the form of ``hub.mode=publish``, and when to try again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from feedhub.model import FetchFailed, HubForm, HubReply
from feedhub.ports.hub import OtherHub

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=30), timedelta(hours=6)
MOST_TOPICS = 30
"""Topics in one request: ``hub.url`` may be repeated (PubSubHubbub Core 0.3, 7.1; WebSub leaves publishing to hubs)."""


def ping(hub: OtherHub, topics: Sequence[str]) -> HubForm:
    return HubForm(url=hub.hub, fields={"hub.mode": "publish"}, repeated=tuple(("hub.url", topic) for topic in topics))


def after_ping(hub: OtherHub, reply: HubReply, now: datetime, dice: Callable[[], float]) -> OtherHub:
    """How the hub stands; whether it was told is ``failures == 0``."""
    if not isinstance(reply, FetchFailed):
        return replace(hub, pings=hub.pings + 1, pinged_at=now, failures=0, detail="", due_at=None)
    wait = min(FIRST_RETRY * 2 ** min(hub.failures, 12), LONGEST_RETRY) * (1 + 0.2 * dice())
    due = max(now + wait, reply.freshness.retry_at or now)
    return replace(hub, failures=hub.failures + 1, detail=reply.detail, due_at=due)
