"""Polls asked for by hand: the server's wishes and a short memory still hold."""

from __future__ import annotations

from datetime import datetime, timedelta

from feedhub.model import SourceState


def may_poll_now(state: SourceState, now: datetime, manual_gap: timedelta) -> str | None:
    """None when the source may be polled by hand now; else one sentence why not."""
    if state.retry_at is not None and now < state.retry_at:
        return f"The server asked not to be polled before {state.retry_at:%Y-%m-%d %H:%M:%S} UTC (Retry-After)."
    if state.last_poll_at is None:
        return None
    age = now - state.last_poll_at
    if timedelta(0) <= age < manual_gap:
        ago, left = int(age.total_seconds()), int((manual_gap - age).total_seconds()) + 1
        return f"It was polled {ago} s ago; the next poll by hand is possible in {left} s."
    return None


def may_refetch_now(last: datetime | None, now: datetime, refetch_gap: timedelta) -> str | None:
    """None when the source may be asked without conditions now; else one sentence why not."""
    if last is None or not timedelta(0) <= now - last < refetch_gap:
        return None
    again = last + refetch_gap
    return f"It was asked without conditions at {last:%Y-%m-%d %H:%M:%S} UTC; again possible from {again:%Y-%m-%d %H:%M:%S}."


def is_as_it_was(present: SourceState, state: SourceState) -> bool:
    """Whether no poll came in between, and the operator did not switch the source off."""
    return present.enabled and (present.id, present.last_poll_at) == (state.id, state.last_poll_at)
