"""What our hub asks of a callback, and what its answer means (WebSub, 5.2 and 5.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from feedhub.ports.hub import HubMode, HubRequest, HubSubscription

ROOM_FOR_LINE_END = 2


def question(request: HubRequest) -> str:
    """The address that asks whether the request was meant; parameters of the callback's own stay."""
    fields = {"hub.mode": request.mode.value, "hub.topic": request.topic, "hub.challenge": request.challenge}
    if request.mode is HubMode.SUBSCRIBE:
        fields["hub.lease_seconds"] = str(request.lease_seconds)
    return _joined(request.callback, fields)


def denial(callback: str, topic: str, reason: str) -> str:
    """The address that tells a callback that it is not, or not any more, subscribed."""
    return _joined(callback, {"hub.mode": "denied", "hub.topic": topic, "hub.reason": reason})


def _joined(callback: str, fields: dict[str, str]) -> str:
    return f"{callback}{'&' if '?' in callback else '?'}{urlencode(fields)}"


def was_meant(request: HubRequest, status: int, body: bytes) -> bool:
    """2xx and the challenge itself; a line end after it is forgiven, since so many scripts print one."""
    return 200 <= status < 300 and body.rstrip(b"\r\n") == request.challenge.encode()


def subscribed(request: HubRequest, before: HubSubscription | None, now: datetime) -> HubSubscription:
    """The subscription after its verification. A renewal keeps what was delivered, and takes the new lease and secret;
    who answers is alive, so that what failed before is tried at once."""
    lease_until = now + timedelta(seconds=request.lease_seconds)
    if before is not None and before.lease_until > now:
        fresh = replace(before, due_at=None, failures=0, failing_since=None, detail="")
        return replace(fresh, feed=request.feed, secret=request.secret, lease_until=lease_until, host=request.host)
    return HubSubscription(
        key=request.key,
        feed=request.feed,
        format=request.format,
        topic=request.topic,
        callback=request.callback,
        host=request.host,
        secret=request.secret,
        since=now,
        lease_until=lease_until,
        version=request.version,
    )
