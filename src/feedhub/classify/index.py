"""Thousands of keywords in one pass: the words of a text are looked up in tables, not the keywords in the text.

One-word keywords are found by intersecting sets, phrases by the set of neighbouring pairs (one more search confirms
those of three words and more), prefixes by their first letters. Measured beside one regular expression per topic in
``benchmarks/topics.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from feedhub.classify.keywords import Keyword
from feedhub.classify.words import View, joined

K = TypeVar("K")
V = TypeVar("V")

_STEM = 3
"""Letters by which prefixes are tabled."""

Pair = tuple[str, str]
Tail = tuple[str, int]  # what to search in the joined words, and the keyword's number


@dataclass(frozen=True, slots=True)
class _Table:
    """The keywords of one view (with diacritics, or without)."""

    words: Mapping[str, tuple[int, ...]]
    pairs: Mapping[Pair, tuple[int, ...]]
    long: Mapping[Pair, tuple[Tail, ...]]  # three words and more
    starts: Mapping[str, tuple[Tail, ...]]  # two words, the last one a prefix
    stems: Mapping[str, tuple[Tail, ...]]  # one-word prefixes by their first letters

    def find(self, tokens: list[str], whole: str) -> Iterator[int]:
        distinct = set(tokens)
        for word in self.words.keys() & distinct:
            yield from self.words[word]
        for word in self.starts.keys() & distinct:
            yield from _confirmed(self.starts[word], whole)
        if self.stems:
            for stem in self.stems.keys() & {token[:size] for token in distinct for size in range(1, _STEM + 1)}:
                yield from _confirmed(self.stems[stem], whole)
        if self.pairs or self.long:
            neighbours = set(pairwise(tokens))
            for pair in self.pairs.keys() & neighbours:
                yield from self.pairs[pair]
            for pair in self.long.keys() & neighbours:
                yield from _confirmed(self.long[pair], whole)


def _confirmed(tails: Iterable[Tail], whole: str) -> Iterator[int]:
    return (number for tail, number in tails if tail in whole)


@dataclass(frozen=True, slots=True)
class KeywordIndex:
    """Literal keywords by number."""

    keywords: tuple[Keyword, ...]
    _folded: _Table
    _bare: _Table | None

    def find(self, view: View) -> set[int]:
        """The numbers of the keywords that stand in this text."""
        if not view.tokens:
            return set()
        found = set(self._folded.find(view.tokens, view.joined))
        if self._bare is not None:
            found.update(self._bare.find(view.bare, joined(view.bare)))
        doubtful = [number for number in found if self.keywords[number].needs_proof]
        found.difference_update(number for number in doubtful if not self.keywords[number].proven(view))
        return found


def build_index(keywords: Collection[Keyword]) -> KeywordIndex:
    numbered = tuple(keywords)
    bare = [(number, keyword) for number, keyword in enumerate(numbered) if keyword.bare]
    folded = [(number, keyword) for number, keyword in enumerate(numbered) if not keyword.bare]
    return KeywordIndex(numbered, _table(folded), _table(bare) if bare else None)


def _table(keywords: Iterable[tuple[int, Keyword]]) -> _Table:
    words: defaultdict[str, list[int]] = defaultdict(list)
    pairs: defaultdict[Pair, list[int]] = defaultdict(list)
    long: defaultdict[Pair, list[Tail]] = defaultdict(list)
    starts: defaultdict[str, list[Tail]] = defaultdict(list)
    stems: defaultdict[str, list[Tail]] = defaultdict(list)
    for number, keyword in keywords:
        for phrase in keyword.phrases:
            tail = joined(list(phrase))[: -1 if keyword.prefix else None], number
            match phrase:
                case (word,):
                    stems[word[:_STEM]].append(tail) if keyword.prefix else words[word].append(number)
                case (first, second):
                    starts[first].append(tail) if keyword.prefix else pairs[first, second].append(number)
                case _:
                    long[phrase[0], phrase[1]].append(tail)
    return _Table(_frozen(words), _frozen(pairs), _frozen(long), _frozen(starts), _frozen(stems))


def _frozen(table: Mapping[K, list[V]]) -> dict[K, tuple[V, ...]]:
    return {key: tuple(values) for key, values in table.items()}
