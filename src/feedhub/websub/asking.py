"""What to ask of a hub, and when again: subscribing, renewing, trying again, giving up, leaving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from feedhub.model import FetchFailed, HubForm, Standing, Subscription
from feedhub.websub.planning import ended
from feedhub.websub.trust import on_duty

RENEW_AT = 0.8
"""Share of a lease after which it is renewed."""
LEAST_GAP = timedelta(minutes=1)
"""A hub is not asked about one topic more often, however short its leases are."""
VERIFY_WITHIN = timedelta(hours=1)
"""A hub that accepted a request and did not verify it within this time has failed; doubled with each failure."""
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=5), timedelta(hours=24)
"""Wait after a hub did not accept a request; doubled with each failure in a row."""
GIVE_UP_AFTER = 10
"""Failures in a row after which the source is polled only, and the hub asked once in ``SELDOM``."""
SELDOM = timedelta(days=7)
LEAVE_TRIES = 3
"""So often a hub is asked to end a subscription; afterwards its deliveries are answered with 410."""

UNVERIFIED = "The hub accepted the request but did not ask back; can it reach site.base_url?"

Dice = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to the hub. ``at`` tells its refusal from that of another one."""

    token: str = field(repr=False)
    mode: str
    at: datetime
    form: HubForm


def step(one: Subscription, now: datetime, lease: timedelta) -> tuple[Subscription, Ask | None]:
    """What is due now. The subscription comes back as it is when nothing is."""
    if one.due_at is None or one.due_at > now:
        return one, None
    if one.pending:
        one = replace(one, pending="", failures=one.failures + 1, detail=UNVERIFIED)
    if one.standing is Standing.ACTIVE and not on_duty(one, now):
        one = replace(one, standing=Standing.WANTED, detail=one.detail or "The lease ran out.")
    one = _given_up(one)
    if one.standing is Standing.LEAVING and one.failures >= LEAVE_TRIES:
        return ended(one, now), None
    mode = "unsubscribe" if one.standing is Standing.LEAVING else "subscribe"
    asked = replace(one, pending=mode, asked_at=now, due_at=_no_later_than_the_lease(one, now + _patience(one), now))
    return asked, Ask(token=one.token, mode=mode, at=now, form=_form(one, mode, lease))


def unsent(one: Subscription, now: datetime) -> Subscription:
    """The request was abandoned on its way: ask again at once, unless the hub has verified it already."""
    return replace(one, pending="", due_at=now) if one.pending else one


def rejected(one: Subscription, ask: Ask, reply: FetchFailed, now: datetime, dice: Dice) -> Subscription:
    """The hub did not take the request. Its verification may have come before: then nothing is changed."""
    if one.pending != ask.mode or one.asked_at != ask.at:
        return one
    if not reply.asked:  # its host rests: that is nobody's failure
        due = reply.freshness.retry_at or now + FIRST_RETRY
        return replace(one, pending="", due_at=_no_later_than_the_lease(one, due, now))
    one = _given_up(
        replace(one, pending="", failures=one.failures + 1, detail=f"Asking the hub failed: {reply.detail}")
    )
    wait = _patience(one) if one.standing in _SELDOM else _retry(one.failures, reply.status)
    due = max(now + wait * (1 + 0.1 * dice()), reply.freshness.retry_at or now)
    return replace(one, due_at=_no_later_than_the_lease(one, due, now))


def renewal(now: datetime, lease: timedelta, dice: Dice) -> datetime:
    """When to renew a lease that begins now: at 80 % of it, a little earlier by chance."""
    return now + max(lease * (RENEW_AT - 0.05 * dice()), LEAST_GAP)


_SELDOM = frozenset({Standing.REFUSED, Standing.GIVEN_UP})


def _given_up(one: Subscription) -> Subscription:
    if one.standing is Standing.WANTED and one.failures >= GIVE_UP_AFTER:
        return replace(one, standing=Standing.GIVEN_UP)
    return one


def _patience(one: Subscription) -> timedelta:
    """How long to wait for the hub's verification before it is asked again."""
    return SELDOM if one.standing in _SELDOM else min(VERIFY_WITHIN * 2 ** min(one.failures, 5), LONGEST_RETRY)


def _retry(failures: int, status: int) -> timedelta:
    """A hub that refuses the request as such (4xx) will not change its mind within minutes."""
    wait = min(FIRST_RETRY * 2 ** min(failures - 1, 12), LONGEST_RETRY)
    return LONGEST_RETRY if 400 <= status < 500 and status not in {408, 429} else wait


def _no_later_than_the_lease(one: Subscription, due: datetime, now: datetime) -> datetime:
    """The end of a lease is always a moment to look: from then on the source must be polled as usual."""
    if one.standing is Standing.ACTIVE and one.lease_until is not None:
        due = min(due, one.lease_until)
    return max(due, now + LEAST_GAP)


def _form(one: Subscription, mode: str, lease: timedelta) -> HubForm:
    fields = {"hub.callback": one.callback, "hub.mode": mode, "hub.topic": one.topic}
    if mode == "subscribe":
        fields["hub.lease_seconds"] = str(int(lease.total_seconds()))
        if one.secret:
            fields["hub.secret"] = one.secret
    return HubForm(url=one.hub, fields=fields, confidential="hub.secret" in fields)
