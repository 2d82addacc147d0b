"""Whether a hub can be relied upon: what polls find that should have been pushed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from feedhub.model import Push, Standing, Subscription

DISTRUST_AFTER = 2
"""Polls in a row that found what was not pushed, after which the source is polled as if there were no hub."""
UNDERWAY = timedelta(minutes=10)
"""An entry younger than this may still be on its way through the hub when a poll finds it."""
PROVEN_AFTER = 10
"""Pushes after which a poll may even come later than half the source's list turns over."""


def on_duty(one: Subscription, now: datetime) -> bool:
    """Whether the hub has promised to push at this moment."""
    return one.standing is Standing.ACTIVE and one.lease_until is not None and now < one.lease_until


def push_of(one: Subscription | None, now: datetime) -> Push:
    """What the schedule may rely on."""
    if one is None or not on_duty(one, now) or one.missed >= DISTRUST_AFTER:
        return Push.NONE
    return Push.PROVEN if one.pushes >= PROVEN_AFTER and not one.missed else Push.TRUSTED


def found(
    one: Subscription, new: int, moments: Sequence[datetime], last_poll: datetime | None, now: datetime
) -> Subscription:
    """After a poll that read the source's list: entries that were new to us although the hub was on duty are counted.

    Only when it was on duty since the poll before: what came earlier was not its to push. And what a poll finds after
    the hub had said that there is news was announced.

    :param moments: of the new entries, as far as stated.
    """
    if not on_duty(one, now) or one.since is None or last_poll is None or last_poll < one.since:
        return one
    if one.last_ping_at is not None and one.last_ping_at >= last_poll:
        return one
    underway = sum(timedelta(0) <= now - moment < UNDERWAY for moment in moments)
    missed = one.missed + 1 if new > underway else one.missed if new or one.missed >= DISTRUST_AFTER else 0
    return replace(one, missed=missed) if missed != one.missed else one
