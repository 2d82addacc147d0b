"""How a source's push stands, in one sentence for people."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from feedhub.model import PushNote, SourceState, Standing, Subscription
from feedhub.settings import Settings, Source
from feedhub.websub.discovery import why_not
from feedhub.websub.trust import DISTRUST_AFTER, on_duty


def note_of(
    state: SourceState, one: Subscription | None, source: Source | None, settings: Settings, now: datetime
) -> PushNote | None:
    """What to tell of a source's push; None when it names no hub and never had one."""
    if not state.hub and one is None:
        return None
    hub = urlsplit(one.hub if one else state.hub).hostname or "its hub"
    refusal = why_not(state, source, settings)
    if one is None or refusal:
        return PushNote(words=_unsubscribed(hub, refusal), hub=hub)
    return PushNote(
        words=_words(one, hub, now),
        standing=one.standing.value if one.standing is not Standing.ACTIVE or on_duty(one, now) else "lapsed",
        hub=hub,
        lease_until=one.lease_until,
        last_push_at=one.last_push_at,
        pushes=one.pushes,
        ignored=one.ignored,
    )


def _unsubscribed(hub: str, refusal: str) -> str:
    return f"Names the hub {hub}, which is not asked: {refusal}." if refusal else f"{hub} will be asked to push."


def _words(one: Subscription, hub: str, now: datetime) -> str:
    if on_duty(one, now):
        return f"{_active(one, hub)}{_ignored(one)}."
    if one.standing is Standing.ACTIVE:
        return f"What {hub} promised ran out; it is asked again."
    if one.standing is Standing.REFUSED:
        return f"{one.detail} Polled only; {hub} is asked again once a week."
    if one.standing is Standing.GIVEN_UP:
        return f"{hub} was asked {one.failures} times in vain. {one.detail} Polled only; asked again once a week."
    if one.pending:
        return f"{hub} was asked to push and has not verified it yet{_after(one)}"
    return f"{hub} will be asked to push{_after(one)}"


def _active(one: Subscription, hub: str) -> str:
    until = f"until {one.lease_until:%Y-%m-%d %H:%M} UTC" if one.lease_until else ""
    if one.missed >= DISTRUST_AFTER:
        return (
            f"{hub} promised to push {until}, but polls found what it kept back: polled as usual until it pushes again"
        )
    last = f", last {one.last_push_at:%Y-%m-%d %H:%M} UTC" if one.last_push_at else ""
    times = "once" if one.pushes == 1 else f"{one.pushes} times"
    what = "Pushed by" if one.secret else "Told of news (unsigned, so each time it is polled) by"
    return f"{what} {hub} {until}; {f'{times} so far{last}' if one.pushes else 'nothing so far'}"


def _ignored(one: Subscription) -> str:
    if not one.ignored:
        return ""
    return f"; {one.ignored} {'delivery' if one.ignored == 1 else 'deliveries'} with a wrong signature ignored"


def _after(one: Subscription) -> str:
    times = "once" if one.failures == 1 else f"{one.failures} times"
    return f"; it failed {times}. {one.detail}" if one.failures else f". {one.detail}" if one.detail else "."
