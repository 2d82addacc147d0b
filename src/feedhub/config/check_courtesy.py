"""Whether the bounds of polling are courteous to servers of others (standards, part 1) and can hold together. Pure.

Every bound may be changed within reason. What is beyond reason is allowed only where nobody else is bothered: when each
source is a literal address on loopback or on ``polling.allow_networks``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import reduce
from typing import Any

from feedhub.config.addresses import is_own_network, usable
from feedhub.config.nodes import Node
from feedhub.config.words import duration
from feedhub.errors import ConfigProblem
from feedhub.settings import Settings

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

LEAST: dict[tuple[str, ...], timedelta] = {
    ("host_gap",): timedelta(seconds=1),
    ("manual_gap",): 5 * MINUTE,
    ("refetch_gap",): DAY,
    ("no_validator_min",): 15 * MINUTE,
    ("hint_max",): HOUR,
    ("retry_after_max",): DAY,
    ("backoff", "busy"): 15 * MINUTE,
    ("backoff", "unreadable"): 15 * MINUTE,
    ("backoff", "missing"): 15 * MINUTE,
    ("backoff", "refused"): HOUR,
    ("backoff", "legal"): HOUR,
    ("backoff", "gone"): HOUR,
    ("backoff", "rare"): DAY,
    ("backoff", "host_pause"): 5 * MINUTE,
}
"""Below these a public server would feel it."""
MOST: dict[tuple[str, ...], int] = {("per_host",): 4, ("per_address",): 16, ("backoff", "host_failures"): 20}

ORDERS: tuple[tuple[str, str], ...] = (
    ("busy", "longest"),
    ("unreadable", "longest"),
    ("missing", "longest"),
    ("refused", "refused_off_after"),
    ("rare_after", "off_after"),
    ("missing_rare_after", "missing_off_after"),
)
"""Of each pair of ``polling.backoff`` the first may not be longer than the second: one of them would do nothing."""


def courtesy_problems(settings: Settings, tree: Node) -> Iterator[ConfigProblem]:
    """Bounds that servers of others would suffer from."""
    others = [
        source.slug
        for source in settings.sources
        if source.enabled and usable(source.url) and not is_own_network(source.url, settings.polling.allow_networks)
    ]
    if not others:
        return
    named = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    own = "or any when every source is a literal address on polling.allow_networks"
    for route, least in LEAST.items():
        if _bound(settings, route) < least:
            yield tree.nearest(("polling", *route)).problem(
                f"is too short for public sources ({named})", allowed=f"at least {duration(least)}, {own}"
            )
    for route, most in MOST.items():
        if _bound(settings, route) > most:
            yield tree.nearest(("polling", *route)).problem(
                f"is too much for public sources ({named})", allowed=f"at most {most}, {own}"
            )


def backoff_problems(settings: Settings, tree: Node) -> Iterator[ConfigProblem]:
    """Delays of which one makes another meaningless."""
    terms = settings.polling.backoff
    for first, second in ORDERS:
        short, long = getattr(terms, first), getattr(terms, second)
        if short > long:
            written = first if first in terms.model_fields_set else second
            yield tree.nearest(("polling", "backoff", written)).problem(
                f"{first} ({duration(short)}) is longer than {second} ({duration(long)})"
            )


def _bound(settings: Settings, route: tuple[str, ...]) -> Any:
    """A duration or a number."""
    return reduce(getattr, route, settings.polling)
