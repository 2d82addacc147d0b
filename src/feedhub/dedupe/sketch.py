"""A few numbers that near copies of a text have in common: how candidates for a story are found among millions.

A text is cut into runs of three words (single characters for scripts that write none apart). Of every fourth run, told by
the hash of its first word, the smallest hashes are kept: its *marks*. Two texts share a mark with a probability that
follows their overlap (Broder's min-wise sampling, bottom-k form): at an overlap of one half, six marks miss it in one
case of sixty. One more mark is made from the title. Marks only propose; :mod:`feedhub.dedupe.nearness` decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from zlib import crc32

from feedhub.dedupe.digests import folded_words, key_of
from feedhub.plain_words import plain_words

MARKS = 6
MIN_WORDS = 25
"""Words below which a text proves nothing about a story."""
MOST_WORDS = 400
"""Words of a text that are looked at for marks: long texts cost no more, and copies begin alike."""
MIN_TITLE = 4
"""Words of a title below which it is no mark (``Daily report``)."""

_APART = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # kana, Han
)
"""Scripts without spaces between words: each character is a word of its own. Korean writes spaces."""
_HAS_APART = re.compile(f"[{_APART}]")
_WORD = re.compile(rf"[{_APART}]|[^\W{_APART}]+")

_MOST_NUMBERS = 20_000


_Number = tuple[int, int, int]


class _Numbers(dict[str, _Number]):
    """Numbers of words, equal in every process and on every machine; forgotten all at once.

    A word's number is two checksums side by side, never 0, multiplied so that middle bits depend on all of them. Kept is what it adds to
    a run as the first word, the second and the third: 3, 5 and 7 times the number, of which only those bits that a mark is made of, and
    those below. The first is 0 when no run is looked at that begins with the word.
    """

    def __missing__(self, word: str) -> _Number:
        if len(self) >= _MOST_NUMBERS:
            self.clear()
        data = word.encode("utf-8", "surrogatepass")
        value = crc32(data) << 32 | crc32(data, 0x5BD1E995) | 1 << 16
        number = value * 0x9E3779B97F4A7C15 & _BITS
        added = self[word] = (0 if number & 3 else number * 3 & _BITS, number * 5 & _BITS, number * 7 & _BITS)
        return added


_BITS = (1 << 87) - 1
_numbers = _Numbers()


def words_of(text: str, most: int | None = None) -> list[str]:
    """The folded words of a text, in order; at most ``most``."""
    return split_words(folded_words(text), most)


def split_words(folded: str, most: int | None = None) -> list[str]:
    """Words of a text that was folded already."""
    if _HAS_APART.search(folded):
        found = _WORD.findall(folded if most is None else folded[: 20 * most])
        return found if most is None else found[:most]
    return folded.split(" ") if most is None else folded.split(" ", most)[:most]


def marks_of(folded: str, title: str, known: Sequence[str] | None = None) -> tuple[int, ...]:
    """The marks of a text and its title, non-negative 63-bit numbers; () when there is too little of it.

    :param folded: the text, folded by :func:`feedhub.dedupe.digests.folded_words`.
    :param known: its words, where they were found already (:func:`feedhub.plain_words.plain_words`).
    """
    words = split_words(folded, MOST_WORDS) if known is None else known[:MOST_WORDS]
    if len(words) < MIN_WORDS:
        return ()
    return (*_title_mark(title), *_smallest(words))


def _smallest(words: Sequence[str]) -> list[int]:
    added = list(map(_numbers.__getitem__, words))
    # A sum's middle bits depend on all bits of all three words, which is all that the order needs.
    runs = {
        one[0] + two[1] + three[2] >> 24 & 0x7FFFFFFFFFFFFFFF
        for one, two, three in zip(added, added[1:], added[2:], strict=False)
        if one[0]
    }
    return sorted(runs)[:MARKS]


def _title_mark(title: str) -> tuple[int, ...]:
    plain = plain_words(title)
    words = words_of(title) if plain is None else plain
    if len(words) < MIN_TITLE:
        return ()
    return (int.from_bytes(key_of("title", *words)[:8]) >> 1,)
