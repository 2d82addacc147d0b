"""The next hop of a redirect, or why there is none. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin

from feedhub.fetch.refusal import Refused
from feedhub.fetch.urls import Target, may_share_secrets, target_of
from feedhub.model import Failure, Move

PERMANENT = frozenset({301, 308})
FOLLOWED = frozenset({301, 302, 303, 307, 308})
_UNSENDABLE = re.compile(r"[^\x21-\x7e]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """Where a request stands. ``loyal``: it never left the origin it began at, but for https."""

    start: Target
    target: Target
    written: str  # the URL of this hop as it was stored or as the Location said it
    visited: frozenset[str]
    permanent: bool = True
    loyal: bool = True

    @property
    def hops(self) -> int:
        return len(self.visited) - 1

    @property
    def move(self) -> Move | None:
        """What is to be remembered of the redirects that were followed."""
        if not self.hops:
            return None
        return Move(target=self.target.url, permanent=self.permanent, upgrade=_is_upgrade(self.start, self.target))


def begin(url: str) -> Journey:
    """:raises Refused: the URL may not be asked at all."""
    target = target_of(url)
    return Journey(start=target, target=target, written=url, visited=frozenset({target.url}))


def next_hop(journey: Journey, status: int, location: str | None, most: int) -> Journey:
    """The journey after one more redirect.

    Credentials that a Location carries are dropped: only the configuration gives credentials.

    :raises Refused: ``REDIRECT`` for no target, loops, more than ``most`` hops, https to http;
        ``FORBIDDEN_ADDRESS`` for a target that may not be asked.
    """
    if not location:
        raise _lost("The server redirected without saying where.", status)
    if journey.hops >= most:
        raise _lost(f"The server redirected more than {most} times.", status)
    target = _target(journey.target.url, location)
    if target.url in journey.visited:
        raise _lost("The server redirected in a circle.", status)
    if journey.target.scheme == "https" and target.scheme == "http":
        raise _lost("The server redirected from https to http.", status)
    return Journey(
        start=journey.start,
        target=target,
        written=target.url,
        visited=journey.visited | {target.url},
        permanent=journey.permanent and status in PERMANENT,
        loyal=journey.loyal and may_share_secrets(journey.start, target),
    )


def _target(base: str, location: str) -> Target:
    sendable = _UNSENDABLE.sub(lambda match: quote(match[0], safe="", errors="surrogateescape"), location)
    try:
        joined = urljoin(base, sendable if _is_relative(location) else location.strip())
    except ValueError as error:
        raise _lost("The server redirected to something that is no URL.", 0) from error
    return target_of(joined)


def _is_relative(location: str) -> bool:
    return not re.match(r"\s*([A-Za-z][A-Za-z0-9+.-]*:|//)", location)


def _is_upgrade(start: Target, end: Target) -> bool:
    if (start.scheme, end.scheme) != ("http", "https"):
        return False
    return start.host == end.host and start.path == end.path and (start.port, end.port) == (80, 443)


def _lost(detail: str, status: int) -> Refused:
    return Refused(Failure.REDIRECT, detail, status=status)
