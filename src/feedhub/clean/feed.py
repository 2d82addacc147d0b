"""RawFeed -> CleanFeed: the feed itself, what it asks of pollers, and its entries one by one."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime

from feedhub.clean.context import CleanContext
from feedhub.clean.entry import NothingInIt, Surroundings, clean_entry
from feedhub.clean.languages import language_tag
from feedhub.clean.moments import moment_of
from feedhub.clean.people import read_bylines
from feedhub.clean.text import cut, text_of, tidy, title_of
from feedhub.clean.urls import web_link
from feedhub.model import CleanFeed, Digest, Entry, FeedInfo, PollHints, RawFeed, Rejected

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}
_LONGEST_TTL = 7 * 24 * 60
_LONGEST_SUBTITLE = 4_000
_INHERITING = ("atom", "json")
"""Formats whose feed-level author is the author of its entries; an RSS ``managingEditor`` is not."""
_EXACT = (*_INHERITING, "page", "article")
"""Formats whose titles are what they say they are: text of a page was decoded by the parser already."""


def clean_feed(
    raw: RawFeed, context: CleanContext, now: datetime, known: AbstractSet[Digest] = frozenset()
) -> CleanFeed:
    """Clean a whole document. Never raises: what cannot be cleaned is in ``rejected`` and costs nothing else.

    :param now: aware; dates that are missing or cannot be believed become this moment, each entry's a second before that of the one above it.
    :param known: raw digests of entries that are stored as they are: they come back in ``unchanged``.
    """
    loose = not raw.format.startswith(_EXACT)
    info = _info(raw, context, now, loose)
    inherited = info.authors if raw.format.startswith(_INHERITING) else ()
    around = Surroundings(context=context, info=info, now=now, loose=loose, inherited=inherited)
    entries: list[Entry] = []
    unchanged: list[Digest] = []
    rejected: list[Rejected] = []
    for position, one in enumerate(raw.entries):
        if one.digest and one.digest in known:
            unchanged.append(one.digest)
            continue
        try:
            entries.append(clean_entry(one, around, position))
        except NothingInIt as reason:
            rejected.append(Rejected(position=position, reason=str(reason)))
        except Exception as error:  # one bad entry never costs the others; the reason is stored and shown
            rejected.append(
                Rejected(position=position, reason=f"cleaning failed: {type(error).__name__}: {error}"[:500])
            )
    return CleanFeed(
        info=info, hints=_hints(raw), entries=tuple(entries), unchanged=tuple(unchanged), rejected=tuple(rejected)
    )


def _info(raw: RawFeed, context: CleanContext, now: datetime, loose: bool) -> FeedInfo:
    link = _link(raw, context, "alternate")
    bases = (link, context.final_url)
    return FeedInfo(
        title=title_of(raw.title, context.limits.title_bytes, loose=loose),
        id=raw.id.strip(),
        link=link,
        self_url=_link(raw, context, "self"),
        hub=_link(raw, context, "hub"),
        subtitle=cut(text_of(raw.subtitle, loose=loose), _LONGEST_SUBTITLE),
        updated=moment_of(raw.updated, context, now, language_tag(raw.language)),
        rights=tidy(raw.rights) or tidy(context.rights),
        language=language_tag(raw.language) or language_tag(context.language),
        image=web_link(raw.image, bases) or web_link(raw.icon, bases),
        authors=read_bylines(raw.authors, context.people),
        format=raw.format,
        older=_link(raw, context, "prev-archive") or _link(raw, context, "next"),
    )


def _link(raw: RawFeed, context: CleanContext, rel: str) -> str:
    found = (
        web_link(link.href, (link.base, context.final_url)) for link in raw.links if (link.rel or "alternate") == rel
    )
    return next((url for url in found if url), "")


def _hints(raw: RawFeed) -> PollHints:
    days = {day.strip().lower()[:3] for day in raw.skip_days}
    return PollHints(
        ttl=min(_whole(raw.ttl), _LONGEST_TTL),
        update_interval=_update_interval(raw),
        skip_hours=tuple(sorted({hour % 24 for hour in raw.skip_hours if 0 <= hour <= 24})),
        skip_days=tuple(at for at, name in enumerate(_DAYS) if name in days),
    )


def _whole(text: str) -> int:
    digits = text.strip().partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0


def _update_interval(raw: RawFeed) -> int:
    """Seconds between updates by the syndication module; 0 when it says nothing that can be believed."""
    if not raw.update_period and not raw.update_frequency:
        return 0
    period = _PERIODS.get(raw.update_period.strip().lower() or "daily", 0)
    return period // max(1, _whole(raw.update_frequency))
