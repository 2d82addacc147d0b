"""Which parts of a list a poll asks for (the sitemaps of an index), and what is remembered of them. Pure.

An index says when each of its parts changed, and a part is asked for only then: with what its server said the last time, the
newest first, a few in each poll. Where it does not say so, or only the day and that is today's, its server is asked whether
it changed. Parts that were old when the list was first read are old news and stay unread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import urljoin

from feedhub.model import PageMemory, PagePart, Validators

MOST_PARTS = 4
"""Parts that are asked for in one poll: those that changed last."""
MOST_KEPT = 32
"""Parts that are remembered, those that were read last."""
_A_DAY = len("2026-11-24")
_UNSURE = timedelta(days=2)
"""So long after its day a date without a time may still hide a change; the zone is not known."""


def may_have_changed(parts: Sequence[PagePart], memory: PageMemory | None, now: datetime) -> list[PagePart]:
    """The parts that are to be asked for, in their order, each with the validators of the last time.

    :param parts: as the index lists them, those that changed last first.
    :param memory: None: the list is read for the first time, or anew, and nothing is believed.
    """
    kept = {part.url: part for part in memory.parts} if memory else {}
    until = memory.until if memory else ""
    told = set(_telling(parts))
    wanted = []
    for part in parts:
        before = kept.get(part.url)
        is_told = memory is not None and part in told and not _is_of_today(part, now)
        if is_told and (before.lastmod == part.lastmod if before else part.lastmod <= until):
            continue
        wanted.append(replace(part, validators=before.validators if before else Validators()))
    return wanted


@dataclass(slots=True)
class PartsRead:
    """What came of the parts in one poll. ``is_first``: the list is read for the first time."""

    is_first: bool
    done: dict[str, PagePart] = field(default_factory=dict)  # read, or unchanged
    left: list[PagePart] = field(default_factory=list)  # for a later poll: they did not come, or were too many
    unsure: bool = False  # some have to be asked whether they changed, whatever the index says

    def remembered(self, parts: Sequence[PagePart], before: PageMemory | None) -> tuple[tuple[PagePart, ...], str]:
        """:attr:`PageMemory.parts` and :attr:`PageMemory.until` after this poll."""
        earlier = [part for part in (before.parts if before else ()) if part.url not in self.done]
        open_ones = [part.lastmod for part in self.left if part.lastmod]
        first_open = min(open_ones, default="")
        until = max(
            (part.lastmod for part in _telling(parts) if not first_open or part.lastmod < first_open), default=""
        )
        return (*self.done.values(), *earlier)[:MOST_KEPT], max(until, before.until if before else "")

    def is_settled(self, parts: Sequence[PagePart], now: datetime) -> bool:
        """Whether nothing has to be asked for while the index itself does not change."""
        told = set(_telling(parts))
        return not (self.left or self.unsure) and all(part in told and not _is_of_today(part, now) for part in parts)


def sitemap_of(url: str, named: Sequence[str]) -> str:
    """The sitemap that is read of a site: of those that its robots.txt names the one of its news, else the first, else the usual one."""
    told = [one for one in named if one.startswith(("http://", "https://"))]
    return next((one for one in told if "news" in one.lower()), told[0] if told else urljoin(url, "/sitemap.xml"))


def _telling(parts: Iterable[PagePart]) -> list[PagePart]:
    """Those whose ``lastmod`` says something: many programs write the time of their own run to all."""
    dated = [part for part in parts if part.lastmod]
    common = Counter(part.lastmod for part in dated).most_common(1)
    useless = common[0][0] if common and common[0][1] > 1 and common[0][1] * 2 >= len(dated) else ""
    return [part for part in dated if part.lastmod != useless]


def _is_of_today(part: PagePart, now: datetime) -> bool:
    """Whether only the day is said, and that is not over everywhere."""
    if len(part.lastmod) != _A_DAY:
        return False
    try:
        return date.fromisoformat(part.lastmod) >= (now - _UNSURE).date()
    except ValueError:
        return True  # no date: it says nothing
