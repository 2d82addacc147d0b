"""Thousands of keywords in one pass: the words of a text are looked up in tables, not the keywords in the text.

One-word keywords are found by intersecting sets, phrases by the set of neighbouring pairs (one more search confirms
those of three words and more), prefixes by their first letters. Measured beside one regular expression per topic in
``benchmarks/topics.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from feedhub.classify.keywords import Keyword
from feedhub.classify.words import View, joined

K = TypeVar("K")
V = TypeVar("V")

_STEM = 3
"""Letters by which prefixes are tabled."""

_MOST_MET = 100_000
"""Different words whose prefixes are remembered."""

Pair = tuple[str, str]
Tail = tuple[str, int]  # what to search in the joined words, and the keyword's number


class _Words:
    """Words in their order, joined only when something asks."""

    __slots__ = ("_whole", "tokens")

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self._whole = ""

    @property
    def whole(self) -> str:
        if not self._whole:
            self._whole = joined(self.tokens)
        return self._whole

    def confirmed(self, tails: Iterable[Tail]) -> Iterator[int]:
        whole = self.whole
        return (number for tail, number in tails if tail in whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """The keywords of one view (with diacritics, or without)."""

    words: Mapping[str, tuple[int, ...]]
    pairs: Mapping[Pair, tuple[int, ...]]
    long: Mapping[Pair, tuple[Tail, ...]]  # three words and more
    starts: Mapping[str, tuple[Tail, ...]]  # two words, the last one a prefix
    stems: Mapping[str, tuple[int, ...]]  # lengths of the one-word prefixes, by their first letters
    sizes: tuple[int, ...]  # of those first letters
    prefixes: Mapping[str, tuple[int, ...]]
    met: set[str] = field(default_factory=set, compare=False)  # words whose prefixes were looked for: only saves time
    begun: dict[str, tuple[int, ...]] = field(default_factory=dict, compare=False)  # those of them that have any
    twos: frozenset[Pair]  # the keys of pairs and long: a set is met by another without looking at each tuple twice

    def find(self, words: _Words) -> Iterator[int]:
        """The numbers of keywords whose words follow each other."""
        distinct = set(words.tokens)
        for word in self.words.keys() & distinct:
            yield from self.words[word]
        for word in self.starts.keys() & distinct:
            yield from words.confirmed(self.starts[word])
        if self.stems:
            yield from self._begun(distinct)
        if self.twos:
            for pair in self.twos.intersection(pairwise(words.tokens)):
                yield from self.pairs.get(pair, ())
                if pair in self.long:
                    yield from words.confirmed(self.long[pair])

    def _begun(self, distinct: set[str]) -> Iterator[int]:
        """Prefixes of these words. Most words were met before."""
        if len(self.met) > _MOST_MET:
            self.met.clear()
            self.begun.clear()
        for token in distinct - self.met:
            self.met.add(token)
            if found := tuple(self._prefixes_of(token)):
                self.begun[token] = found
        for token in self.begun.keys() & distinct:
            yield from self.begun[token]

    def _prefixes_of(self, token: str) -> Iterator[int]:
        for size in self.sizes:
            for length in self.stems.get(token[:size], ()):
                yield from self.prefixes.get(token[:length], ())


@dataclass(frozen=True, slots=True)
class KeywordIndex:
    """Literal keywords by number."""

    keywords: tuple[Keyword, ...]
    doubtful: frozenset[int]  # those for which finding their words is not enough
    longest: int  # words of the longest
    _folded: _Table
    _bare: _Table | None

    def find(self, view: View) -> set[int]:
        """The numbers of the keywords that stand in this text."""
        return self._proven(self._found(view.tokens, lambda: view.bare), view)

    def find_further(self, view: View, beginning: View, found: Set[int]) -> set[int]:
        """The same for a text of which a beginning, cut between two words, was searched already."""
        start = max(len(beginning.tokens) - self.longest + 1, 0)
        more = self._found(view.tokens[start:], lambda: view.bare[start:])
        return self._proven(more, view) | found

    def _found(self, tokens: Sequence[str], bare: Callable[[], Sequence[str]]) -> set[int]:
        if not tokens:
            return set()
        found = set(self._folded.find(_Words(tokens)))
        if self._bare is not None:
            found.update(self._bare.find(_Words(bare())))
        return found

    def _proven(self, found: set[int], view: View) -> set[int]:
        doubtful = found & self.doubtful
        return found - {number for number in doubtful if not self.keywords[number].proven(view)}


def build_index(keywords: Collection[Keyword]) -> KeywordIndex:
    numbered = tuple(keywords)
    bare = [(number, keyword) for number, keyword in enumerate(numbered) if keyword.bare]
    folded = [(number, keyword) for number, keyword in enumerate(numbered) if not keyword.bare]
    return KeywordIndex(
        keywords=numbered,
        doubtful=frozenset(number for number, keyword in enumerate(numbered) if keyword.needs_proof),
        longest=max((len(phrase) for keyword in numbered for phrase in keyword.phrases), default=1),
        _folded=_table(folded),
        _bare=_table(bare) if bare else None,
    )


def _table(keywords: Iterable[tuple[int, Keyword]]) -> _Table:
    words: defaultdict[str, list[int]] = defaultdict(list)
    pairs: defaultdict[Pair, list[int]] = defaultdict(list)
    long: defaultdict[Pair, list[Tail]] = defaultdict(list)
    starts: defaultdict[str, list[Tail]] = defaultdict(list)
    prefixes: defaultdict[str, list[int]] = defaultdict(list)
    stems: defaultdict[str, set[int]] = defaultdict(set)
    for number, keyword in keywords:
        for phrase in keyword.phrases:
            tail = joined(phrase)[: -1 if keyword.prefix else None], number
            match phrase:
                case (word,) if keyword.prefix:
                    prefixes[word].append(number)
                    stems[word[:_STEM]].add(len(word))
                case (word,):
                    words[word].append(number)
                case (first, _) if keyword.prefix:
                    starts[first].append(tail)
                case (first, second):
                    pairs[first, second].append(number)
                case _:
                    long[phrase[0], phrase[1]].append(tail)
    return _Table(
        words=_frozen(words),
        pairs=_frozen(pairs),
        long=_frozen(long),
        starts=_frozen(starts),
        stems={stem: tuple(sorted(lengths)) for stem, lengths in stems.items()},
        sizes=tuple({len(stem) for stem in stems}),
        prefixes=_frozen(prefixes),
        twos=frozenset([*pairs, *long]),
    )


def _frozen(table: Mapping[K, list[V]]) -> dict[K, tuple[V, ...]]:
    return {key: tuple(values) for key, values in table.items()}
