"""What a hub delivers: believed when it is signed, a mere sign that there is news when it cannot be, else ignored."""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from feedhub.model import Subscription

ALGORITHMS = frozenset({"sha1", "sha256", "sha384", "sha512"})
"""Those of the recommendation (WebSub, 8)."""


class Verdict(StrEnum):
    CONTENT = "content"  # signed with our secret: as good as fetched
    PING = "ping"  # no content, or none that can be believed: reason to ask the source itself
    FORGED = "forged"  # a signature was due and is missing, unknown or wrong


def judge(secret: str, body: bytes, signature: str) -> Verdict:
    """Judge a delivery by its ``X-Hub-Signature`` (``method=hex``), in time that does not depend on how wrong it is."""
    if not secret:
        return Verdict.PING
    if not _is_signed(secret.encode(), body, signature):
        return Verdict.FORGED
    return Verdict.CONTENT if body.strip() else Verdict.PING


def _is_signed(secret: bytes, body: bytes, signature: str) -> bool:
    method, _, given = signature.strip().partition("=")
    method = method.strip().lower()
    if method not in ALGORITHMS:
        return False
    right = hmac.new(secret, body, method).hexdigest()
    return hmac.compare_digest(right.encode(), given.strip().lower().encode("utf-8", "surrogatepass"))


def pushed(one: Subscription, now: datetime) -> Subscription:
    """Its hub delivered something that was believed: it is trusted again."""
    return replace(one, pushes=one.pushes + 1, last_push_at=now, missed=0)


def pinged(one: Subscription, now: datetime) -> Subscription:
    """Its hub said that there is news, and the source is asked. Without a secret that is all a hub can do."""
    return replace(pushed(one, now), last_ping_at=now)


def forged(one: Subscription) -> Subscription:
    return replace(one, ignored=one.ignored + 1)
