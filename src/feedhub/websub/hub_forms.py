"""What is posted to our hub: a form -> what is wished, or why it cannot be (WebSub, 5.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from feedhub.ports.hub import HubMode
from feedhub.settings import HubLease

LONGEST_SECRET = 199
"""Bytes: "less than 200" (WebSub, 5.1)."""
LONGEST_ADDRESS = 2048
MOST_DIGITS = 12
_KNOWN = frozenset({"hub.mode", "hub.topic", "hub.callback", "hub.lease_seconds", "hub.secret"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """A form that can be understood. ``lease_seconds`` is what was asked for, 0 when nothing was."""

    mode: HubMode
    topic: str
    callback: str = field(repr=False)
    secret: str = field(default="", repr=False)
    lease_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """Why a form is refused: a status of HTTP and a sentence for whoever wrote the subscriber."""

    status: int
    words: str


def wished(form: Sequence[tuple[str, str]]) -> Wished | Unfit:
    """Fields that are not of the recommendation are passed over, as it asks for."""
    counts = Counter(name for name, _ in form if name in _KNOWN)
    if twice := sorted(name for name, count in counts.items() if count > 1):
        return Unfit(status=400, words=f"{twice[0]} is given more than once.")
    told = {name: value for name, value in form if name in _KNOWN}
    mode = told.get("hub.mode", "")
    if mode == "publish":
        words = "This hub distributes the feeds of this site only, and knows by itself when they change."
        return Unfit(status=400, words=words)
    if mode not in HubMode._value2member_map_:
        return Unfit(status=400, words="hub.mode must be subscribe or unsubscribe.")
    for name in ("hub.topic", "hub.callback"):
        if problem := _address_problem(name, told.get(name, "")):
            return Unfit(status=400, words=problem)
    secret, lease = told.get("hub.secret", ""), told.get("hub.lease_seconds", "").strip()
    if len(secret.encode("utf-8", "surrogateescape")) > LONGEST_SECRET:
        return Unfit(status=400, words=f"hub.secret must have at most {LONGEST_SECRET} bytes.")
    if lease and not (lease.isascii() and lease.isdigit() and len(lease) <= MOST_DIGITS and int(lease)):
        return Unfit(status=400, words="hub.lease_seconds must be a positive whole number.")
    return Wished(
        mode=HubMode(mode),
        topic=told["hub.topic"],
        callback=told["hub.callback"],
        secret=secret,
        lease_seconds=int(lease or 0),
    )


def _address_problem(name: str, value: str) -> str:
    if not value:
        return f"{name} is missing."
    if len(value) > LONGEST_ADDRESS:
        return f"{name} must have at most {LONGEST_ADDRESS} characters."
    if not value.isprintable() or " " in value:
        return f"{name} is no address."
    if "#" in value:
        return f"{name} must have no fragment."
    if name == "hub.callback" and "@" in value.partition("://")[2].partition("/")[0]:
        return "hub.callback must have no user or password."
    return ""


def granted(asked: int, bounds: HubLease) -> timedelta:
    """The lease for who asks for so many seconds (0: for none): within the bounds of the operator."""
    if not asked:
        return bounds.usual
    return min(max(timedelta(seconds=min(asked, 10**9)), bounds.min), bounds.max)
