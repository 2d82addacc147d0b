"""Stories: entries of different sources that are one text.

A wrong join hides an entry, a missed one shows a story twice; the second is the smaller harm, so that every doubt
(language, publisher, age) keeps them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from feedhub.dedupe.digests import folded_words
from feedhub.model import DateOrigin, Entry, EntryId, Story

STORY_WINDOW = timedelta(days=14)
"""Two entries further apart are not one story (yearly greetings, reposts, series on one address)."""


def join(entry: Entry, stories: Sequence[Story], now: datetime) -> EntryId | None:
    """The story that a new entry joins: the oldest that shares a cluster key and is not kept apart, else None."""
    moment = now if entry.date_origin is DateOrigin.FIRST_SEEN else entry.published
    fitting = [story for story in stories if _fits(entry, moment, story)]
    oldest = min(fitting, key=lambda story: (story.published, story.cluster), default=None)
    return oldest.cluster if oldest else None


def _fits(entry: Entry, moment: datetime, story: Story) -> bool:
    return (
        abs(moment - story.published) <= STORY_WINDOW
        and _agree(_language(entry.language), _language(story.language))
        and _agree(folded_words(entry.publisher), folded_words(story.publisher))
    )


def may_be_one(one: Story, other: Story) -> bool:
    """Whether nothing but their texts could tell two stories apart, of which one entry is a copy."""
    return (
        abs(one.published - other.published) <= STORY_WINDOW
        and _agree(_language(one.language), _language(other.language))
        and _agree(folded_words(one.publisher), folded_words(other.publisher))
        and one.sources.isdisjoint(other.sources)
        and not (one.kept_apart or other.kept_apart)
    )


def _agree(one: str, other: str) -> bool:
    return not one or not other or one == other


def _language(tag: str) -> str:
    """The language without its region: a text does not change between en-GB and en."""
    return tag.lower().partition("-")[0]


def representative(cluster: Iterable[tuple[EntryId, datetime]], shown: EntryId | None = None) -> EntryId:
    """Which entry of a story a feed shows: the one already shown, else the earliest published, else the lowest id.

    :param cluster: id and published moment of the story's entries in this feed.
    :raises ValueError: the cluster is empty.
    """
    candidates = list(cluster)
    if any(entry == shown for entry, _ in candidates) and shown is not None:
        return shown
    return min(candidates, key=lambda candidate: (candidate[1], candidate[0]))[0]
