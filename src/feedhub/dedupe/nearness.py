"""Whether two texts are copies of one: the judgement over what marks propose. Pure.

A copy may be cut, edited by a tenth, shuffled by paragraphs, and stand between a publisher's own furniture. What looks alike
and is not one story is made from a template: other figures, another subject in the same slots, another part of a series.
So overlap alone proves nothing. Three questions are asked, and every doubt keeps texts apart:

1. Do the figures agree? Numbers, weekdays and months of the one are those of the other, as far as both reach, and between
   the same words stand the same figures.
2. Is it the same subject? A word that a title names and its text repeats, or that a text says again and again, is on the
   other side too; where titles agree, it is enough that this holds one way (a text that was cut names less).
3. Do the runs of three words overlap enough, the more so where titles differ?
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import compress, count, filterfalse

from feedhub.dedupe.sketch import MIN_WORDS, words_of

MOST_COMPARED = 3_000
"""Words of a text that are compared."""
ENOUGH = 0.6
"""Share of the shorter text's runs that the other must hold, where the titles agree."""
ENOUGH_UNDER_OTHER_TITLE = 0.7
SAME_TITLE = 0.6
"""Share of the words of the shorter title that make two titles agree."""
SAME_FIGURES = 0.4
"""Share of the figures of the text with fewer that the other must name: furniture has figures of its own."""
OTHER_FIGURES = 0.2
"""Share of the places between the same words at which other figures may stand."""
CONTAINED = 0.9
"""Share of the shorter text from which it is contained in the other whole."""
REPEATED = 3
"""Times a word must stand in one text, and never in the other, to be a subject of its own."""

_FIGURE = re.compile(r"\d")
_WORD = re.compile(r"\w+")
_MAY_BE_UNSPACED = re.compile("[\u0e00-\u1dff\u2e80-\U0010ffff]")  # those scripts, and others between them
_DAYS = frozenset(
    [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "hai",
        "ba",
        "tư",
        "năm",
        "sáu",
        "bảy",
        "nhật",
        "montag",
        "dienstag",
        "mittwoch",
        "donnerstag",
        "freitag",
        "samstag",
        "sonntag",
        "lundi",
        "mardi",
        "mercredi",
        "jeudi",
        "vendredi",
        "samedi",
        "dimanche",
        "lunes",
        "martes",
        "miércoles",
        "jueves",
        "viernes",
        "sábado",
        "domingo",
    ]
)


class Text:
    """A text taken apart for comparing, each part when it is needed: most candidates have too little in common.

    :param body: text, no markup.
    """

    def __init__(self, title: str, body: str) -> None:
        self.title = tuple(words_of(title))
        self.words = _words(body)

    @cached_property
    def runs(self) -> frozenset[tuple[str, ...]]:
        return frozenset(zip(self.words, self.words[1:], self.words[2:], strict=False))

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        return frozenset(self.words)

    @cached_property
    def figures(self) -> frozenset[str]:
        return _figures(self.vocabulary)

    @cached_property
    def slots(self) -> Mapping[tuple[str, ...], frozenset[str]]:
        """The two words before and the two words after each figure, and which figures stand there."""
        return _slots(self.words, self.figures)


def _words(body: str) -> tuple[str, ...]:
    """As :func:`words_of`, in one step for what cannot be of a script without spaces."""
    if not body.isascii() and _MAY_BE_UNSPACED.search(body):
        return tuple(words_of(body, MOST_COMPARED))
    return tuple(_WORD.findall(unicodedata.normalize("NFC", body).casefold())[:MOST_COMPARED]) or ("",)


def _slots(words: Sequence[str], figures: frozenset[str]) -> Mapping[tuple[str, ...], frozenset[str]]:
    found: dict[tuple[str, ...], set[str]] = {}
    for place in compress(count(), map(figures.__contains__, words)) if figures else ():
        for side, around in (("<", words[max(place - 2, 0) : place]), (">", words[place + 1 : place + 3])):
            if len(around) == 2 and figures.isdisjoint(around):
                found.setdefault((side, *around), set()).add(words[place])
    return {slot: frozenset(there) for slot, there in found.items()}


def nearness(one: Text, other: Text) -> float:
    """The share of the shorter text that the other holds (0 to 1); 0.0 when they are not copies of one text."""
    if min(len(one.words), len(other.words)) < MIN_WORDS:
        return 0.0
    short, long = sorted((one, other), key=lambda text: len(text.runs))
    shared = len(short.runs & long.runs) / max(len(short.runs), 1)
    agree = _titles_agree(one.title, other.title)
    if shared < (ENOUGH if agree else ENOUGH_UNDER_OTHER_TITLE):
        return 0.0
    same = _same_subject(one, other, agree or shared > CONTAINED) and _figures_agree(one, other)
    return round(shared, 2) if same else 0.0


def _titles_agree(one: Sequence[str], other: Sequence[str]) -> bool:
    mine, others = set(one), set(other)
    return len(mine & others) >= SAME_TITLE * max(min(len(mine), len(others)), 1)


def _figures(words: Iterable[str]) -> frozenset[str]:
    """Most words are letters alone, which is told without looking for a figure in each."""
    words = frozenset(words)
    return (_DAYS & words).union(filter(_FIGURE.search, filterfalse(str.isalpha, words)))


def _figures_agree(one: Text, other: Text) -> bool:
    titles = _figures(one.title), _figures(other.title)
    if titles[0] - titles[1] - other.figures or titles[1] - titles[0] - one.figures:
        return False  # a figure that a title names is nowhere in the other
    if titles[0] and titles[1] and not (titles[0] <= titles[1] or titles[1] <= titles[0]):
        return False
    few, many = sorted((one.figures, other.figures), key=len)
    if len(few) > 2 and len(few & many) < SAME_FIGURES * len(few):
        return False
    both = one.slots.keys() & other.slots.keys()
    other_figures = sum(one.slots[slot].isdisjoint(other.slots[slot]) for slot in both)
    return other_figures <= OTHER_FIGURES * len(both)


def _same_subject(one: Text, other: Text, may_be_cut: bool) -> bool:
    """A text that was cut names less than the other: that is no doubt where titles agree or it is contained whole."""
    if may_be_cut:
        return not (_own_subject(one, other) and _own_subject(other, one))
    return not (_own_subject(one, other) or _own_subject(other, one))


def _own_subject(one: Text, other: Text) -> bool:
    """Whether it tells of something that the other never names: its title names it, or it comes back to it."""
    mine = one.vocabulary.difference(other.vocabulary, other.title)  # of copies a few
    told = Counter(filter(mine.__contains__, one.words)) if mine else {}
    return any(len(word) > 1 and (times >= REPEATED or word in one.title) for word, times in told.items())
