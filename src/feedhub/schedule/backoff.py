"""What a failure means for the next poll: one row per family of failures (standards, "Answers")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, partial
from http import HTTPStatus

from feedhub.model import Failure, Health, SourceState
from feedhub.schedule.moments import HOUR, Dice
from feedhub.schedule.terms import Terms
from feedhub.settings import Backoff

CONFIRMS = 5 / 6
"""A second 410 counts as confirmation when the first failure is this share of ``gone`` old: a poll by hand confirms nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a family of failures is met.

    The delay starts at the longer of ``first`` and ``intervals`` times the normal interval, doubles with each failure up
    to ``cap``, is ``rare`` after ``rare_after`` of failing, and there is none after ``off_after``.
    """

    health: Health
    cap: timedelta
    first: timedelta = timedelta(0)
    intervals: float = 1
    doubling: bool = True
    full_jitter: bool = False  # anything between the first delay and the doubled one
    rare: timedelta
    rare_after: timedelta | None = None
    rare_health: Health | None = None  # once it is rare; the same as before when None
    off_after: timedelta | None = None
    off_count: int | None = None  # off after this many in a row
    off_health: Health | None = None  # when off; the same as before when None


@lru_cache(maxsize=8)
def plans_of(terms: Backoff) -> Mapping[Failure, Plan]:
    """One plan for each family of failures, under these terms."""
    lasting = partial(Plan, cap=terms.longest, rare=terms.rare, rare_after=terms.rare_after, off_after=terms.off_after)
    steady = partial(Plan, cap=terms.longest, rare=terms.rare, intervals=0, doubling=False)
    trouble = lasting(health=Health.FAILING, full_jitter=True)
    unreadable = lasting(health=Health.FAILING, first=terms.unreadable)
    plans = dict.fromkeys(TROUBLE, trouble) | dict.fromkeys(UNREADABLE, unreadable)
    return plans | {
        Failure.RATE_LIMITED: lasting(health=Health.FAILING, first=terms.busy, intervals=2),
        Failure.NOT_A_FEED: lasting(health=Health.NOT_A_FEED, first=terms.unreadable),
        Failure.BROKEN_SELECTOR: lasting(health=Health.BROKEN_SELECTOR, first=terms.unreadable),
        Failure.DISALLOWED: steady(health=Health.BLOCKED, first=terms.refused),
        Failure.BLOCKED: lasting(health=Health.BLOCKED, first=terms.refused),
        Failure.FORBIDDEN_ADDRESS: lasting(health=Health.FAILING, first=terms.refused),
        Failure.FORBIDDEN: steady(health=Health.BLOCKED, first=terms.refused, off_after=terms.refused_off_after),
        Failure.NEEDS_CREDENTIALS: steady(
            health=Health.NEEDS_CREDENTIALS, first=terms.refused, off_after=terms.refused_off_after
        ),
        Failure.NOT_FOUND: Plan(
            health=Health.FAILING,
            cap=terms.longest,
            first=terms.missing,
            intervals=0,
            rare=terms.rare,
            rare_after=terms.missing_rare_after,
            rare_health=Health.MAYBE_GONE,
            off_after=terms.missing_off_after,
            off_health=Health.GONE,
        ),
        Failure.GONE: steady(
            health=Health.MAYBE_GONE, first=terms.gone, off_after=terms.gone * CONFIRMS, off_health=Health.GONE
        ),
        Failure.LEGAL: steady(health=Health.BLOCKED, first=terms.legal, off_count=terms.legal_polls),
    }


OF_THE_DOCUMENT = frozenset(
    {Failure.NEEDS_CREDENTIALS, Failure.FORBIDDEN, Failure.NOT_FOUND, Failure.GONE, Failure.LEGAL}
)
TROUBLE = (
    Failure.DNS,
    Failure.CONNECT,
    Failure.TLS,
    Failure.TIMEOUT,
    Failure.PROTOCOL,
    Failure.SERVER,
    Failure.HTTP,
    Failure.EMPTY,
)
UNREADABLE = (
    Failure.REDIRECT,
    Failure.TOO_LARGE,
    Failure.BAD_ENCODING,
    Failure.BROKEN,
    Failure.TOO_COMPLEX,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``delay`` is None when the source is polled no more until the operator says so."""

    delay: timedelta | None
    health: Health


def plan_for(failure: Failure, status: int, terms: Backoff) -> Plan:
    """503 asks for patience as 429 does (RFC 9110, 15.6.4)."""
    return plans_of(terms)[Failure.RATE_LIMITED if status == HTTPStatus.SERVICE_UNAVAILABLE else failure]


def starts_anew(before: SourceState, failure: Failure, status: int, terms: Backoff) -> bool:
    """Whether this failure's time and number count from now on although the source failed before in another way.

    So it is for the statuses that speak of the document itself: what ends a source after 30 days of 403, or after two
    410, must not be the sum of a long outage and one such answer.
    """
    if before.last_failure is None or failure not in OF_THE_DOCUMENT:
        return False
    return plan_for(failure, status, terms) != plan_for(before.last_failure, before.last_status, terms)


def after_failure(before: SourceState, after: SourceState, normal: timedelta, terms: Terms) -> Verdict:
    """What the failure that ``after`` records means.

    :param before: the state before this poll: a source is given up only for what it has said twice.
    :param normal: the interval if the source answered.
    """
    assert after.last_failure is not None
    bounds = terms.polling.backoff
    plan = plan_for(after.last_failure, after.last_status, bounds)
    lasting = terms.now - after.failing_since if after.failing_since else timedelta(0)
    earlier = plan_for(before.last_failure, before.last_status, bounds) if before.last_failure is not None else None
    if earlier == plan and _over(plan, lasting, after.failures):
        return Verdict(delay=None, health=plan.off_health or plan.health)
    if plan.rare_after is not None and lasting >= plan.rare_after:
        return Verdict(delay=plan.rare + HOUR * terms.dice(), health=plan.rare_health or plan.health)
    return Verdict(delay=max(_delay(plan, after.failures, normal, terms.dice), terms.interval.min), health=plan.health)


def _over(plan: Plan, lasting: timedelta, failures: int) -> bool:
    by_time = plan.off_after is not None and lasting >= plan.off_after
    return by_time or (plan.off_count is not None and failures >= plan.off_count)


def _delay(plan: Plan, failures: int, normal: timedelta, dice: Dice) -> timedelta:
    first = max(plan.first, normal * plan.intervals)
    if not plan.doubling:
        return first + min(first / 10, HOUR) * dice()
    if plan.full_jitter:
        # The first failure doubles the interval; the dice choose between it and that, so that the sources of a
        # host that comes back do not come back all at once.
        longest = max(first, min(plan.cap, first * (1 << min(failures, 20))))
        return first + (longest - first) * dice()
    longest = max(first, min(plan.cap, first * (1 << min(failures - 1, 20))))
    return longest + min(longest / 10, HOUR) * dice()
