"""First polls of many new sources, spread so that neither we nor any host feel a wave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from feedhub.model import SourceId, SourceState
from feedhub.schedule.moments import Dice, off_the_minute

SOURCES_A_SECOND = 10
"""A handful of sources starts at once; the whole spread is used from some thousands on."""
SECONDS_ON_A_HOST = 2
"""Time given to each source of one host."""


def first_polls(
    states: Sequence[SourceState], now: datetime, spread: timedelta, dice: Dice
) -> dict[SourceId, datetime]:
    """A moment for each source between now and ``spread`` later, even over the sources of a host."""
    hosts: defaultdict[str, list[SourceState]] = defaultdict(list)
    for state in states:
        hosts[_host(state.url)].append(state)
    most = max((len(group) for group in hosts.values()), default=0)
    wanted = timedelta(seconds=max(len(states) / SOURCES_A_SECOND, most * SECONDS_ON_A_HOST if most > 1 else 0))
    width = min(spread, wanted)
    return {
        state.id: off_the_minute(now + width * ((place + dice()) / len(group)), dice)
        for group in hosts.values()
        for place, state in enumerate(group)
    }


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url
