"""The folded words of plain text, found once for all who ask for them. Pure.

Texts of most languages are runs of letters and signs between white space, and most of those runs were met before. Their words are
remembered run by run, so that a text is folded, composed and cut by looking its runs up: a fifth of the time that doing it takes.
*Plain* is a text in which nothing depends on who asks: no combining marks, no signs with a compatibility form, no invisible ones,
no scripts without spaces. All others are None here, and whoever asks cuts them by rules of its own.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import chain
from sys import intern

MOST_RUNS = 30_000
"""Different runs that are remembered: some 6 MB. They are forgotten all at once."""

_WORD = re.compile(r"\w+")
_RANGES = ((0x21, 0x590), (0x1E00, 0x2000), (0x2010, 0x2028), (0x2030, 0x205F), (0x20A0, 0x20C0))
"""Latin, Greek, Cyrillic and Armenian letters, and the signs of their texts."""


def _is_plain(char: str) -> bool:
    """Whether a sign is the same in every normal form, before and after folding, and by itself, or is no part of any word."""
    folded, form = char.casefold(), unicodedata.normalize("NFKC", char)
    if "_" in form or any(unicodedata.category(one)[0] in "MC" for one in char + folded + form):
        return False
    same = form == char and unicodedata.normalize("NFKC", folded) == folded
    return same or not any(map(str.isalnum, char + form))


_PLAIN = frozenset(char for first, end in _RANGES for char in map(chr, range(first, end)) if _is_plain(char))


class _NotPlainError(LookupError):
    """A run with signs that not everybody reads alike."""


class _Runs(dict[str, tuple[str, ...]]):
    """The words of runs without white space."""

    def __missing__(self, run: str) -> tuple[str, ...]:
        if not _PLAIN.issuperset(run):
            raise _NotPlainError
        if len(self) >= MOST_RUNS:
            self.clear()
        folded = run.casefold()
        # Runs that differ in their signs only have one word in common: to find what is known of it no text is compared.
        words = (intern(folded),) if folded.isalnum() else tuple(map(intern, _WORD.findall(folded)))
        self[run] = words
        return words


_runs = _Runs()


@lru_cache(maxsize=128)  # the texts of a document are asked for by cleaning, by naming and for searching
def plain_words(text: str) -> tuple[str, ...] | None:
    """The words of a text: runs of letters and digits, case folded, in order; None when the text is not plain."""
    try:
        return tuple(chain.from_iterable(map(_runs.__getitem__, text.split())))
    except _NotPlainError:
        return None
