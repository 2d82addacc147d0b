"""What a hub asks of a callback: agreed with only when it is what we asked for, word for word (WebSub, 5.2 and 5.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from feedhub.model import HubQuestion, Standing, Subscription
from feedhub.websub.asking import SELDOM, renewal
from feedhub.websub.planning import ended
from feedhub.websub.trust import on_duty

AGAIN_WITHIN = timedelta(hours=24)
"""A hub whose first verification was answered and lost on the way may repeat it so long after our request."""
LONGEST_LEASE = timedelta(days=90)
"""A longer lease is renewed as if it were of this length: hubs forget, too."""
LONGEST_REASON = 200
LONGEST_CHALLENGE = 4096


def confirm(
    one: Subscription, question: HubQuestion, wanted: timedelta, now: datetime, dice: Callable[[], float]
) -> Subscription | None:
    """What the subscription becomes when the hub's question is agreed with; None: it is not what we asked for (404).

    :param wanted: the lease that was asked for; it holds when the hub names none (as hubs before 2018 did).
    """
    if question.topic != one.topic or one.standing is Standing.ENDED:
        return None
    if question.mode == "denied":
        return _denied(one, question.reason, now)
    if not question.challenge or len(question.challenge) > LONGEST_CHALLENGE:
        return None
    if question.mode == "unsubscribe":
        return ended(one, now) if one.standing is Standing.LEAVING and one.pending == "unsubscribe" else None
    if question.mode != "subscribe" or not _asked_for(one, now):
        return None
    return _active(one, _lease(question.lease_seconds, wanted), now, dice)


def _asked_for(one: Subscription, now: datetime) -> bool:
    if one.standing is Standing.LEAVING:
        return False
    again = one.standing is Standing.ACTIVE and one.asked_at is not None and now - one.asked_at <= AGAIN_WITHIN
    return one.pending == "subscribe" or again


def _active(one: Subscription, lease: timedelta, now: datetime, dice: Callable[[], float]) -> Subscription:
    return replace(
        one,
        standing=Standing.ACTIVE,
        pending="",
        failures=0,
        detail="",
        since=one.since if on_duty(one, now) and one.since is not None else now,
        lease_until=now + lease,
        due_at=renewal(now, lease, dice),
    )


def _denied(one: Subscription, reason: str, now: datetime) -> Subscription:
    """A hub may deny what it was asked for, and end what it had agreed to, at any time. Everybody may read its reason."""
    if one.standing is Standing.LEAVING:
        return ended(one, now)
    for told in filter(None, (one.callback, one.topic, one.token, one.secret)):
        reason = reason.replace(told, "…")
    said = " ".join("".join(letter if letter.isprintable() else " " for letter in reason[:LONGEST_REASON]).split())
    detail = f"The hub refused: {said}." if said else "The hub refused and gave no reason."
    return replace(one, standing=Standing.REFUSED, pending="", lease_until=None, detail=detail, due_at=now + SELDOM)


def _lease(written: str, wanted: timedelta) -> timedelta:
    """The hub's word, in whole seconds; what is no positive number counts as not said."""
    digits = written.strip()
    if not (digits.isascii() and digits.isdigit()) or not digits.strip("0"):
        return min(wanted, LONGEST_LEASE)
    seconds = int(digits) if len(digits) < 12 else 10**11
    return min(timedelta(seconds=seconds), LONGEST_LEASE)
