"""Invented languages for benchmarks: thousands of words like English or Vietnamese ones, used as often as Zipf's law says.

The same seed makes the same words. Real texts could not be given away, and a short list of words makes strangers look alike.
"""

from __future__ import annotations

import random
from itertools import accumulate

ENGLISH_PARTS = "ar be con de er fla gro in jo ket lin mo nar or pre qua re sta ter un ver wo"
VIETNAMESE_ONSETS = "b c d đ g h kh l m n ng nh ph qu r s t th tr v x"
VIETNAMESE_RHYMES = "a ă â e ê i o ô ơ u ư"
VIETNAMESE_TONES = ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")
VIETNAMESE_ENDS = ("", "n", "ng", "t", "c", "m", "i")


class Language:
    """Words by a Zipf-like law, sentences, names and figures of one invented language.

    :param tag: ``en`` or ``vi``; Vietnamese words are in decomposed form (NFD).
    """

    def __init__(self, tag: str, seed: int) -> None:
        self.tag, dice = tag, random.Random(seed)
        made = _vietnamese(dice) if tag == "vi" else _english(dice)
        self.words = list(dict.fromkeys(made))
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(len(self.words))))
        self.names = [word.title() + dice.choice(("", "son", "co", "berg")) for word in dice.sample(self.words, 700)]

    def some(self, dice: random.Random, count: int) -> list[str]:
        """Words of a text, the first ones of the list most often."""
        return dice.choices(self.words, cum_weights=self._weights, k=count)

    def sentence(self, dice: random.Random, *told: str) -> str:
        """A sentence with these words somewhere in it, and in three of ten a figure."""
        words = self.some(dice, dice.randrange(8, 22))
        for one in told:
            words.insert(dice.randrange(len(words)), one)
        if dice.random() < 0.3:
            words.insert(dice.randrange(len(words)), figure(dice))
        return " ".join(words).capitalize() + "."


def _english(dice: random.Random) -> list[str]:
    parts = ENGLISH_PARTS.split()
    return ["".join(dice.choice(parts) for _ in range(dice.choice((1, 2, 2, 3, 3, 4)))) for _ in range(4000)]


def _vietnamese(dice: random.Random) -> list[str]:
    parts = (VIETNAMESE_ONSETS.split(), VIETNAMESE_RHYMES.split(), VIETNAMESE_TONES, VIETNAMESE_ENDS)
    return ["".join(dice.choice(part) for part in parts) for _ in range(2600)]


def figure(dice: random.Random) -> str:
    """A number as reports have them."""
    return dice.choice((f"{dice.randrange(2, 99)}%", f"{dice.randrange(100, 99999)}", f"{dice.random() * 90:.1f}"))
