"""One entry against what is stored: Insert, Update or Same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from feedhub.model import DateOrigin, Decision, Entry, Insert, Known, Same, SourceId, Update

MINOR_PARTS = frozenset(
    {"categories", "rights", "language", "comments", "image", "publisher", "contributors", "thread", "extras"}
)
"""Parts whose change is stored but not republished as an update: readers would see a story again for nothing.
A part that is not named here is major, so that a new kind of part is told too much rather than too little."""


def decide(
    entry: Entry, source: SourceId, matches: Sequence[Known], listed_ids: frozenset[str], now: datetime
) -> Decision:
    """What to do with an entry that came from ``source``. Deciding again after it was stored says Same.

    :param matches: what is stored under any of its own or shared keys, by strongest key first.
    :param listed_ids: original ids of all entries of the document.
    """
    known = _same_entry(entry, source, matches, listed_ids)
    if known is None:
        return Insert()
    if known.owner != source or known.digest == entry.digest:
        return Same(id=known.id)
    what = _changed(entry, known)
    significant = not MINOR_PARTS.issuperset(what)
    return Update(
        id=known.id,
        published=_published(entry, known),
        updated=_updated(entry, known, now) if significant else known.updated,
        significant=significant,
        what=what,
    )


def is_certain(entry: Entry, matches: Sequence[Known]) -> bool:
    """Whether :func:`decide` can be trusted with an entry of a mere part of a list, as hubs push it.

    An entry that is known by its link only may be the known one under another id, or another one beside it: the whole
    list tells, because it names both or one.
    """
    return not matches or any(
        known.digest == entry.digest or (entry.original_id and known.original_id == entry.original_id)
        for known in matches
    )


def _same_entry(entry: Entry, source: SourceId, matches: Sequence[Known], listed_ids: frozenset[str]) -> Known | None:
    """The best of the matches: of this source before others, the same id before a mere link."""
    candidates = [
        known
        for known in matches
        if not _stands_beside(entry, known, listed_ids) and not reuses_id(entry, known, source)
    ]
    return min(
        candidates,
        key=lambda known: (known.owner != source, known.original_id != entry.original_id),
        default=None,
    )


def reuses_id(entry: Entry, known: Known, source: SourceId) -> bool:
    """Whether a source gave the id of an earlier entry to another story: nothing of it is the same, its day neither.

    An edit changes a title, a text, or moves to another address; all three at once, under another date, is not the
    entry that readers know, and must not take its place.
    """
    if known.owner != source or not entry.original_id or known.original_id != entry.original_id:
        return False
    dated = entry.date_origin is DateOrigin.STATED and known.date_origin is DateOrigin.STATED
    if dated and entry.published == known.published:
        return False
    return {"title", "body", "link"}.issubset(_changed(entry, known))


def _stands_beside(entry: Entry, known: Known, listed_ids: frozenset[str]) -> bool:
    """Whether the document still lists the known entry under its other id: then this one only shares its link."""
    return known.original_id != entry.original_id and known.original_id in listed_ids


def _changed(entry: Entry, known: Known) -> tuple[str, ...]:
    names = entry.parts.keys() | known.parts.keys()
    return tuple(sorted(name for name in names if entry.parts.get(name) != known.parts.get(name)))


def _published(entry: Entry, known: Known) -> datetime:
    """The first stated moment stays for ever; one that was only "first seen" gives way to it."""
    replace = known.date_origin is not DateOrigin.STATED and entry.date_origin is DateOrigin.STATED
    return entry.published if replace else known.published


def _updated(entry: Entry, known: Known, now: datetime) -> datetime:
    """Later than before, in any case: what the source says when it is newer and not in the future, else now."""
    moment = entry.updated if known.updated < entry.updated <= now else now.replace(microsecond=0)
    return max(moment, known.updated + timedelta(seconds=1))
