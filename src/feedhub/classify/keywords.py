"""Keywords as operators write them.

======== =====================================================================
``word`` whole words, without regard to case, diacritics exact; phrases too
``=AI``  as written, case and all (Vietnamese *ai* is "who")
``~cafe`` without regard to diacritics
``bank*`` every word that begins so; in a phrase the last word
``/re/`` a regular expression, searched with a time limit
======== =====================================================================

Keywords with signs (``C++``, ``R&D``, ``.NET``) are found with exactly those signs: ``.NET`` is not in ``net`` and not
in ``sales. Net income``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from feedhub.classify.words import HYPHENS, SEPARATOR, View, joined, tokens_of, without_case, without_marks, written
from feedhub.patterns import OperatorPattern, compile_pattern

# Both placements of a Vietnamese tone mark are right (hòa, hoà): a keyword stands for both. Only at the end of a
# syllable; inside (hoàn) there is one.
_TONE_PAIRS = tuple(
    pair.split()
    for pair in (
        [
            "òa oà",
            "óa oá",
            "ỏa oả",
            "õa oã",
            "ọa oạ",
            "òe oè",
            "óe oé",
            "ỏe oẻ",
            "õe oẽ",
            "ọe oẹ",
            "ùy uỳ",
            "úy uý",
            "ủy uỷ",
            "ũy uỹ",
            "ụy uỵ",
        ]
    )
)

_MOST_TONES = 8
"""Words of a phrase whose tone marks are placed independently of each other; nobody writes a phrase with more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A literal keyword, ready for the index.

    ``phrases`` are its words in every spelling it stands for, in the view it is searched in.
    """

    source: str  # as the operator wrote it
    phrases: tuple[tuple[str, ...], ...]
    prefix: bool = False
    bare: bool = False  # searched without diacritics
    exact: str = ""  # the joined words as written; "" when case does not matter
    signs: re.Pattern[str] | None = None  # searched in the text itself when the keyword holds signs

    @property
    def needs_proof(self) -> bool:
        """Whether finding its words is not enough."""
        return bool(self.exact) or self.signs is not None

    def proven(self, view: View) -> bool:
        if self.exact and self.exact not in view.exact:
            return False
        return self.signs is None or self.signs.search(view.raw if self.exact else view.folded) is not None


def read_keyword(source: str) -> Keyword | OperatorPattern | None:
    """One keyword of the configuration; None when it holds nothing to look for.

    :raises feedhub.patterns.BadPattern: a ``/re/`` does not compile.
    """
    text = written(source.strip())
    if len(text) > 2 and text.startswith("/") and text.endswith("/"):
        return compile_pattern(text[1:-1])
    exact, bare = text.startswith("="), text.startswith("~")
    text = text[1:] if exact or bare else text
    prefix = len(text) > 1 and text.endswith("*") and not text.endswith("**")
    text = text[:-1] if prefix else text
    words = tokens_of(without_case(text))
    if not words:
        return None
    return Keyword(
        source=source,
        phrases=((tuple(without_marks(word) for word in words),) if bare else tuple(_spellings(tuple(words)))),
        prefix=prefix,
        bare=bare,
        exact=_exactly(text, prefix) if exact else "",
        signs=_with_signs(text if exact else without_case(text), prefix) if _holds_signs(words) and not bare else None,
    )


def _exactly(text: str, prefix: bool) -> str:
    whole = joined(tokens_of(text))
    return whole[:-1] if prefix else whole


def _spellings(words: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """The words as given, and with every tone mark placed in the other way, in all combinations."""
    ways = [tuple(dict.fromkeys((word, _placed(word, 0, 1), _placed(word, 1, 0)))) for word in words]
    if sum(len(way) > 1 for way in ways) <= _MOST_TONES:
        return product(*ways)
    return dict.fromkeys((words, *(tuple(_placed(w, *order) for w in words) for order in ((0, 1), (1, 0)))))


def _placed(word: str, here: int, there: int) -> str:
    for pair in _TONE_PAIRS:
        if word.endswith(pair[here]) and not word.endswith("q" + pair[here]):
            return word.removesuffix(pair[here]) + pair[there]
    return word


def _holds_signs(words: list[str]) -> bool:
    return any(len(word) == 1 and not word.isalnum() and word != "_" for word in words)


def _with_signs(text: str, prefix: bool) -> re.Pattern[str]:
    """The keyword literally, separators free, with the ends of a word where it ends in a word.

    A sign at an end must not go on (``C+`` is not in ``C++``), and one at the beginning must not follow a word
    (``.NET`` is not in ``example.net``).
    """
    pieces = [re.escape(piece) for piece in re.split(SEPARATOR, text) if piece]
    first, last = text.strip(HYPHENS + " ")[:1], text.rstrip(HYPHENS + " ")[-1:]
    before = r"(?<!\w)" if first.isalnum() else rf"(?<![\w{re.escape(first)}])"
    after = r"(?!\w)" if last.isalnum() else rf"(?!{re.escape(last)})"
    return re.compile(before + SEPARATOR.join(pieces) + ("" if prefix else after))
