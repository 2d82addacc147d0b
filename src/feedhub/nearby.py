"""Near copies of new entries among what is stored: marks propose, texts are compared, ``dedupe`` judges.

One object for one wave of a commit: what the database has to say of all its drafts is asked at once, texts only of those
candidates that share enough marks to be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, islice
from typing import Protocol

from feedhub.clean.html import html_to_line
from feedhub.dedupe import join, may_be_one
from feedhub.dedupe.nearness import Text, nearness
from feedhub.model import Draft, EntryId, Marked, SourceId, Story, Wording

MOST_STORIES = 5
"""Stories that may have one mark. What more have is furniture (``For more stories like this``): it says nothing."""
MOST_OF_A_MARK = 20
"""Entries of one story by which a mark is remembered: enough to find the story."""
ENOUGH_MARKS = 2
"""Marks that two texts must share before they are compared: one in common happens to strangers."""
MOST_COMPARED = 8
"""Candidates whose texts are compared with a new entry's, those first that share most marks."""

MOST_READ = 500
"""Texts that are read before they are asked for: a few kB each."""


class Asked(Protocol):
    """What of a :class:`feedhub.ports.Transaction` is needed here."""

    def marked(self, marks: Iterable[int]) -> Mapping[int, Sequence[Marked]]: ...
    def stories_named(self, clusters: Collection[EntryId]) -> Mapping[EntryId, Story]: ...
    def wordings(self, wanted: Collection[EntryId]) -> Mapping[EntryId, Wording]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """The story that an entry is a copy of, by which of its entries, and how much of the shorter text both have."""

    story: EntryId
    entry: EntryId
    share: float


def common_marks(marked: Mapping[int, Sequence[Marked]]) -> frozenset[int]:
    """Those that say nothing, because texts of many stories have them."""
    return frozenset(
        mark
        for mark, entries in marked.items()
        if len(entries) > MOST_STORIES and len({one.cluster for one in entries}) > MOST_STORIES
    )


def meeting(marks: Sequence[int], common: Collection[int]) -> Iterator[tuple[int, ...]]:
    """What two drafts have in common when they share enough marks to be compared."""
    return combinations(sorted(mark for mark in marks if mark not in common), ENOUGH_MARKS)


class NearCopies:
    """Finds the stories of new entries by their texts.

    :param known: what :meth:`Asked.marked` said of more marks than these drafts have, if nothing was written since.
    """

    def __init__(
        self, asked: Asked, drafts: Sequence[Draft], known: Mapping[int, Sequence[Marked]] | None = None
    ) -> None:
        self._asked = asked
        marks = {mark for draft in drafts for mark in draft.keys.marks}
        found = asked.marked(marks) if known is None else {mark: known[mark] for mark in marks if mark in known}
        self._common = common_marks(found)
        self._marked = {mark: entries for mark, entries in found.items() if mark not in self._common}
        clusters = {one.cluster for entries in self._marked.values() for one in entries}
        self._stories = asked.stories_named(clusters)
        self._sharing: dict[tuple[int, ...], list[tuple[Marked, int]]] = {}
        self._foreseen: Collection[EntryId] = self._likely(drafts)
        self._wordings: dict[EntryId, Wording] = {}  # read, and not compared yet
        self._texts: dict[EntryId, Text] = {}
        self._merged: set[EntryId] = set()  # in this wave: what they hold is not known before it is written

    def worth_keeping(self, draft: Draft) -> tuple[int, ...]:
        """The marks by which later copies shall find it: those that still tell something."""
        common, marked = self._common, self._marked
        if common.isdisjoint(draft.keys.marks) and marked.keys().isdisjoint(draft.keys.marks):
            return draft.keys.marks
        return tuple(
            [  # not a generator: looked at for each new entry
                mark for mark in draft.keys.marks if mark not in common and len(marked.get(mark, ())) < MOST_OF_A_MARK
            ]
        )

    def stories_of(
        self, draft: Draft, source: SourceId, now: datetime, beside: EntryId | None = None
    ) -> Sequence[Near]:
        """The stories of which an entry is a near copy: those with most in common first, then the oldest.

        :param beside: a story that needs no telling.
        """
        candidates = [one for one in self._candidates(draft, source, now) if one.cluster != beside]
        if not candidates:
            return ()
        self._read([one.entry for one in candidates])
        mine = Text(draft.entry.title, draft.entry.text or html_to_line(draft.entry.summary))
        found = [
            Near(story=one.cluster, entry=one.entry, share=share)
            for one in candidates
            if one.entry in self._texts and (share := nearness(mine, self._texts[one.entry]))
        ]
        best: dict[EntryId, Near] = {}
        for near in sorted(found, key=lambda near: (-near.share, near.story)):
            best.setdefault(near.story, near)
        return list(best.values())

    def same_as(self, story: EntryId, entry: EntryId, others: Iterable[Near]) -> tuple[EntryId, ...]:
        """Of stories that a new entry is a copy of, those that are one with the story it joins.

        Marks may have missed what two copies have in common until a third had some with each. Their texts are compared,
        so that an entry that holds two stories does not make them one.

        :param story: what it joins, by its likeness to ``entry``.
        """
        if story not in self._stories:
            self._stories = {**self._stories, **self._asked.stories_named([story])}
        if story not in self._stories or not (others := [one for one in others if one.story != story]):
            return ()
        self._read([entry])
        joined = [self._stories[story]]
        for one in others:
            texts = self._texts.get(entry), self._texts.get(one.entry)
            other = self._stories[one.story]
            if (
                not self._merged & {other.cluster, story}
                and all(may_be_one(before, other) for before in joined)
                and texts[0]
                and texts[1]
                and nearness(texts[0], texts[1])
            ):
                joined.append(other)
        merged = tuple(one.cluster for one in joined[1:])
        self._merged |= {story, *merged} if merged else set()
        return merged

    def _candidates(self, draft: Draft, source: SourceId, now: datetime) -> list[Marked]:
        fitting = [
            one
            for one, _ in self._sharers(draft.keys.marks)
            if (story := self._stories.get(one.cluster)) is not None
            and source not in story.sources
            and join(draft.entry, [story], now) is not None
        ]
        return fitting[:MOST_COMPARED]

    def _sharers(self, marks: tuple[int, ...]) -> Sequence[tuple[Marked, int]]:
        """Entries that have enough of these marks, and how many: those with most first, then the oldest."""
        if self._marked.keys().isdisjoint(marks):
            return ()
        if marks not in self._sharing:
            shared = Counter([one for mark in marks for one in self._marked.get(mark, ())])
            enough = [(one, count) for one, count in shared.items() if count >= ENOUGH_MARKS]
            self._sharing[marks] = sorted(enough, key=lambda item: (-item[1], item[0].entry))
        return self._sharing[marks]

    def _likely(self, drafts: Sequence[Draft]) -> set[EntryId]:
        """Entries whose texts will probably be compared."""
        return {one.entry for draft in drafts for one, _ in self._sharers(draft.keys.marks)[:MOST_COMPARED]}

    def _read(self, wanted: Sequence[EntryId]) -> None:
        """Texts are read together, as far as it can be foreseen, and taken apart when they are compared."""
        unread = {entry for entry in wanted if entry not in self._texts}
        if not unread <= self._wordings.keys():
            foreseen, self._foreseen = islice(self._foreseen, MOST_READ), frozenset()
            self._wordings.update(self._asked.wordings(unread.union(foreseen)))
        for entry in unread & self._wordings.keys():
            said = self._wordings.pop(entry)
            self._texts[entry] = Text(said.title, html_to_line(said.body))
