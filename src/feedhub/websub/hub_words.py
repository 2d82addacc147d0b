"""How our own hub and the hubs of others stand, in sentences for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from feedhub.ports.hub import HubCensus, HubNote, HubSubscription, OtherHub
from feedhub.settings import Hub


def note_of_hub(hub: Hub, census: HubCensus, others: Sequence[OtherHub]) -> HubNote:
    """``words`` is "" when there is nothing to tell: no hub, and nobody who subscribed when there was one."""
    sentences = [_own(census, on=hub.own)] if hub.own or census.subscriptions else []
    sentences += [_other(one) for one in others if one.hub in hub.others]
    return HubNote(words=" ".join(sentences), census=census)


def _own(census: HubCensus, *, on: bool) -> str:
    count, domains = census.subscriptions, census.hosts
    told = f"{count} subscription{'' if count == 1 else 's'} of {domains} domain{'' if domains == 1 else 's'}"
    failing = f", {census.failing} of them failing" if census.failing else ""
    if on:
        return f"Our hub has {told}{failing}."
    return f"Our hub is off; {told} wait until it is on again or their leases end."


def _other(one: OtherHub) -> str:
    host = urlsplit(one.hub).hostname or "A hub"
    if one.failures:
        until = f", again at {one.due_at:%H:%M} UTC" if one.due_at else ""
        return f"{host} could not be told of changes{until}: {one.detail}"
    if one.pinged_at is None:
        return f"{host} will be told of changes."
    return f"{host} was told of changes last at {one.pinged_at:%Y-%m-%d %H:%M} UTC."


def subscription_words(one: HubSubscription, now: datetime) -> str:
    """How the deliveries to a subscriber go."""
    times = "once" if one.deliveries == 1 else f"{one.deliveries} times"
    said = f"Delivered {times}." if one.deliveries else "Nothing delivered yet."
    if one.lease_until <= now:
        return f"{said} Its lease has run out."
    if not one.failures:
        return said
    failed = "once" if one.failures == 1 else f"{one.failures} times in a row"
    return f"{said} Failed {failed}. {one.detail}"
