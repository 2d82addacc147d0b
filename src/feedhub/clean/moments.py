"""When an entry was published and updated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from feedhub.clean.context import CleanContext
from feedhub.clean.dates import can_be_meant, read_date, usual_moment
from feedhub.model import DateOrigin, RawEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    published: datetime
    updated: datetime
    origin: DateOrigin


def moment_of(raw: str, context: CleanContext, now: datetime, language: str = "") -> datetime | None:
    """A date in UTC with whole seconds; None when there is none that can be believed."""
    if not raw:
        return None
    if (usual := usual_moment(raw)) is not None:  # as read_date says it, without what else it says
        return usual if can_be_meant(usual, now) else None
    found = read_date(raw, language=language or context.language, zone=context.timezone, now=now)
    return found.at if found else None


def moments_of(raw: RawEntry, context: CleanContext, now: datetime, language: str = "", place: int = 0) -> Moments:
    """Published as stated, else as updated, else first seen (``now``). An update is never before publication.

    :param place: of the entry in its document. Without a date it is put as many seconds back: entries keep the order of
        their list, and no two have one moment, which validators object to.
    """
    published = moment_of(raw.published, context, now, language)
    updated = moment_of(raw.updated, context, now, language)
    first = published or updated
    if first is None:
        seen = now.astimezone(UTC).replace(microsecond=0) - timedelta(seconds=place)
        return Moments(published=seen, updated=seen, origin=DateOrigin.FIRST_SEEN)
    return Moments(published=first, updated=max(first, updated or first), origin=DateOrigin.STATED)
