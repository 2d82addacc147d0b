"""A delivery to a subscriber: its head, and what its answer makes of the subscription (WebSub, 7 and 8)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from feedhub.model import FetchFailed
from feedhub.ports.hub import Called, HubSubscription
from feedhub.settings import Signature

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=10), timedelta(hours=6)
"""Wait after a delivery failed; doubled with each failure in a row, and never cut short by chance."""
GONE = 410
"""The subscriber ended it (WebSub, 7)."""
LONGEST_QUIET = timedelta(days=1)
"""A Retry-After of a subscriber is heard up to this."""


def delivery_headers(
    one: HubSubscription, body: bytes, media_type: str, link: str, method: Signature
) -> dict[str, str]:
    """The signature is made only where there is a secret: without one it would say nothing."""
    headers = {"Content-Type": media_type, "Link": link}
    if one.secret:
        digest = hmac.new(one.secret.encode("utf-8", "surrogateescape"), body, method.value).hexdigest()
        headers["X-Hub-Signature"] = f"{method.value}={digest}"
    return headers


def settled(
    one: HubSubscription,
    reply: Called | FetchFailed,
    version: int,
    etag: str,
    now: datetime,
    give_up_after: timedelta,
    dice: Callable[[], float],
) -> HubSubscription | None:
    """The subscription after a delivery of this version; None: it ends here."""
    if isinstance(reply, Called) and 200 <= reply.status < 300:
        return replace(caught_up(one, version, etag), deliveries=one.deliveries + 1, delivered_at=now)
    if isinstance(reply, Called) and reply.status == GONE:
        return None
    since = one.failing_since or now
    if now - since >= give_up_after:
        return None
    failures = one.failures + 1
    wait = min(FIRST_RETRY * 2 ** min(failures - 1, 16), LONGEST_RETRY) * (1 + 0.2 * dice())
    asked = reply.retry_at if isinstance(reply, Called) else reply.freshness.retry_at
    due = max(now + wait, min(asked, now + LONGEST_QUIET)) if asked else now + wait
    return replace(one, failures=failures, failing_since=since, due_at=due, detail=reason(reply))


def caught_up(one: HubSubscription, version: int, etag: str) -> HubSubscription:
    """It has this version: delivered, or the same document as the one delivered last."""
    return replace(one, version=version, etag=etag, due_at=None, failures=0, failing_since=None, detail="")


def reason(reply: Called | FetchFailed) -> str:
    """Why a delivery failed, in one sentence without anything of the subscriber's."""
    if isinstance(reply, FetchFailed):
        return reply.detail
    if 300 <= reply.status < 400:
        return f"The subscriber answered {reply.status}, and deliveries follow no redirect."
    return f"The subscriber answered {reply.status}."
