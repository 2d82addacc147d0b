"""Which entries a feed shows, and what must be written to make it so. Pure.

A feed shows one entry of a story. The one that is shown already stays, so that a list does not jump; else the first by
rank (``stories.show``), then the earliest published, and of equals the one stored first. A source's own feed shows all that the source said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Place(NamedTuple):
    """An entry's row in a feed."""

    sort_key: int
    source: int | None
    rule: str
    hidden: bool = False


class Member(NamedTuple):
    """What the choice needs to know of an entry. ``cluster`` names its story, ``rank`` is its place by ``stories.show``."""

    id: int
    cluster: int
    published: int  # seconds
    updated: int  # seconds
    rank: int = 0


Places = dict[int, dict[int, Place]]
"""Places by entry, then by feed."""


@dataclass(slots=True, kw_only=True)
class Difference:
    """Rows to remove and to add (a changed row is in both), and what that does to each feed."""

    remove: list[tuple[int, int]] = field(default_factory=list)  # entry, feed
    add: list[tuple[int, int, Place]] = field(default_factory=list)  # entry, feed, place
    newest: dict[int, int] = field(
        default_factory=dict
    )  # feed -> latest ``updated`` of the entries that came into view
    size: dict[int, int] = field(default_factory=dict)  # feed -> more or fewer entries in view
    touched: set[int] = field(default_factory=set)  # feeds whose visible list changed


def choose(
    members: Mapping[int, Member],
    wanted: Places,
    current: Places,
    unhiding: frozenset[int],
    unseen: Collection[int] = (),
) -> Places:
    """Settle ``hidden`` in all wanted places.

    :param wanted: none is hidden of an entry that has no place yet.
    :param unhiding: feeds that show everything.
    :param unseen: entries that came in this transaction: nobody saw them yet, so that they have no right to stay.
    """
    rivals: dict[tuple[int, int], list[int]] = {}
    settled = {entry: _shown(places) if entry in current else places for entry, places in wanted.items()}
    for telling in told_again(members, wanted):
        for entry in telling:
            settled[entry] = dict(settled[entry])
            for feed in wanted[entry].keys() - unhiding:
                rivals.setdefault((feed, members[entry].cluster), []).append(entry)
    seen = {entry: places for entry, places in current.items() if entry not in unseen}
    for (feed, _), entries in rivals.items():
        if len(entries) > 1:
            winner = _winner(feed, entries, members, seen)
            for entry in entries:
                if entry != winner:
                    settled[entry][feed] = settled[entry][feed]._replace(hidden=True)
    return settled


def told_again(members: Mapping[int, Member], wanted: Iterable[int]) -> list[list[int]]:
    """The entries of each story that more than one of them tells."""
    stories: dict[int, list[int]] = {}
    for entry in wanted:
        stories.setdefault(members[entry].cluster, []).append(entry)
    return [telling for telling in stories.values() if len(telling) > 1]


def _shown(places: Mapping[int, Place]) -> dict[int, Place]:
    shown = dict(places)
    for feed, place in places.items():
        if place.hidden:
            shown[feed] = place._replace(hidden=False)
    return shown


def _winner(feed: int, entries: Iterable[int], members: Mapping[int, Member], current: Places) -> int:
    def rank(entry: int) -> tuple[bool, int, int, int]:
        place, member = current.get(entry, {}).get(feed), members[entry]
        return (place is None or place.hidden, member.rank, member.published, entry)

    return min(entries, key=rank)


def differ(members: Mapping[int, Member], current: Places, settled: Places) -> Difference:
    """What must be written so that ``current`` becomes ``settled``. Entries missing in ``settled`` leave all feeds."""
    change = Difference()
    for entry in current.keys() | settled.keys():
        before, after = current.get(entry), settled.get(entry, {})
        if not before:
            _join(change, members[entry], after)
            continue
        for feed in before.keys() | after.keys():
            _compare(change, members[entry], feed, before.get(feed), after.get(feed))
    return change


def _join(change: Difference, member: Member, after: Mapping[int, Place]) -> None:
    """As :func:`_compare`, for an entry that is in no feed: nearly all of those that are written."""
    entry, updated, size, newest = member.id, member.updated, change.size, change.newest
    for feed, place in after.items():
        change.add.append((entry, feed, place))
        if not place.hidden:
            size[feed] = size.get(feed, 0) + 1
            if newest.get(feed, 0) <= updated:
                newest[feed] = updated
            change.touched.add(feed)


def _compare(change: Difference, member: Member, feed: int, before: Place | None, after: Place | None) -> None:
    entry = member.id
    if before == after:
        return
    if before is not None:
        change.remove.append((entry, feed))
    if after is not None:
        change.add.append((entry, feed, after))
    was, now = before is not None and not before.hidden, after is not None and not after.hidden
    if now and not was:
        change.newest[feed] = max(change.newest.get(feed, 0), member.updated)
    if was != now:
        change.size[feed] = change.size.get(feed, 0) + now - was
    if was != now or (was and before is not None and after is not None and before.sort_key != after.sort_key):
        change.touched.add(feed)
