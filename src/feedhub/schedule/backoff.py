"""What a failure means for the next poll: one row per family of failures (standards, "Answers")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from feedhub.model import Failure, Health, SourceState
from feedhub.schedule.moments import DAY, HOUR, WEEK, Dice
from feedhub.schedule.terms import Terms

CONFIRM_AFTER = timedelta(hours=20)
"""A second 410 counts as confirmation when the first failure is at least this old: a poll by hand confirms nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a family of failures is met.

    The delay starts at the longer of ``first`` and ``intervals`` times the normal interval, doubles with each failure up
    to ``cap``, is a week after ``weekly_after`` of failing, and there is none after ``off_after``.
    """

    health: Health
    first: timedelta = timedelta(0)
    intervals: float = 1
    doubling: bool = True
    cap: timedelta = DAY
    full_jitter: bool = False  # anything between the first delay and the doubled one
    weekly_after: timedelta | None = timedelta(days=30)
    off_after: timedelta | None = timedelta(days=180)
    off_count: int | None = None  # off after this many in a row
    off_health: Health | None = None  # when off; the same as before when None


TROUBLE = Plan(health=Health.FAILING, full_jitter=True)
BUSY = Plan(health=Health.FAILING, first=HOUR, intervals=2)
MISSING = Plan(
    health=Health.FAILING,
    first=HOUR,
    intervals=0,
    weekly_after=timedelta(days=14),
    off_after=timedelta(days=104),
    off_health=Health.GONE,
)
REFUSED = Plan(
    health=Health.BLOCKED,
    first=timedelta(hours=6),
    intervals=0,
    doubling=False,
    weekly_after=None,
    off_after=timedelta(days=30),
)
LOCKED = Plan(
    health=Health.NEEDS_CREDENTIALS,
    first=timedelta(hours=6),
    intervals=0,
    doubling=False,
    weekly_after=None,
    off_after=timedelta(days=30),
)
CHALLENGED = Plan(health=Health.BLOCKED, first=timedelta(hours=6), off_after=timedelta(days=180))
REMOVED = Plan(
    health=Health.MAYBE_GONE,
    first=DAY,
    intervals=0,
    doubling=False,
    weekly_after=None,
    off_after=CONFIRM_AFTER,
    off_health=Health.GONE,
)
FORBIDDEN_BY_LAW = Plan(
    health=Health.BLOCKED, first=DAY, intervals=0, doubling=False, weekly_after=None, off_after=None, off_count=3
)
UNREADABLE = Plan(health=Health.FAILING, first=HOUR)
NO_FEED = Plan(health=Health.NOT_A_FEED, first=HOUR)
GUARDED = Plan(health=Health.FAILING, first=timedelta(hours=6))

PLANS: Mapping[Failure, Plan] = {
    Failure.DNS: TROUBLE,
    Failure.CONNECT: TROUBLE,
    Failure.TLS: TROUBLE,
    Failure.TIMEOUT: TROUBLE,
    Failure.PROTOCOL: TROUBLE,
    Failure.SERVER: TROUBLE,
    Failure.HTTP: TROUBLE,
    Failure.EMPTY: TROUBLE,
    Failure.REDIRECT: UNREADABLE,
    Failure.TOO_LARGE: UNREADABLE,
    Failure.BAD_ENCODING: UNREADABLE,
    Failure.BROKEN: UNREADABLE,
    Failure.TOO_COMPLEX: UNREADABLE,
    Failure.NOT_A_FEED: NO_FEED,
    Failure.BLOCKED: CHALLENGED,
    Failure.NEEDS_CREDENTIALS: LOCKED,
    Failure.FORBIDDEN: REFUSED,
    Failure.NOT_FOUND: MISSING,
    Failure.GONE: REMOVED,
    Failure.LEGAL: FORBIDDEN_BY_LAW,
    Failure.RATE_LIMITED: BUSY,
    Failure.FORBIDDEN_ADDRESS: GUARDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``delay`` is None when the source is polled no more until the operator says so."""

    delay: timedelta | None
    health: Health


def plan_for(failure: Failure, status: int) -> Plan:
    """503 asks for patience as 429 does (RFC 9110, 15.6.4)."""
    return BUSY if status == 503 else PLANS[failure]


def after_failure(before: SourceState, after: SourceState, normal: timedelta, terms: Terms) -> Verdict:
    """What the failure that ``after`` records means.

    :param before: the state before this poll: a source is given up only for what it has said twice.
    :param normal: the interval if the source answered.
    """
    assert after.last_failure is not None
    plan = plan_for(after.last_failure, after.last_status)
    lasting = terms.now - after.failing_since if after.failing_since else timedelta(0)
    repeated = before.last_failure is not None and plan_for(before.last_failure, before.last_status) is plan
    if repeated and _over(plan, lasting, after.failures):
        return Verdict(delay=None, health=plan.off_health or plan.health)
    late = plan.weekly_after is not None and lasting >= plan.weekly_after
    if late:
        health = Health.MAYBE_GONE if plan is MISSING else plan.health
        return Verdict(delay=WEEK + HOUR * terms.dice(), health=health)
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
