"""Whether a word is one syllable of Vietnamese, which writes a space after each. Pure."""

from __future__ import annotations

import re
import unicodedata

_ONSET = "b|ch?|d|gh?|gi|h|kh?|l|m|nh?|ngh?|ph?|qu|r|s|th?|tr|v|x"
_CLOSED = "(?:a|e|i|o|u|y|ie|ye|uo|oa|oe|uy|uye|ua|ue)(?:m|n|ng|nh|p|t|c|ch)"
_OPEN = "a|e|i|o|u|y|ai|ao|au|ay|eo|eu|ia|ieu|iu|oa|oai|oay|oe|oeo|oi|ua|ue|uai|uay|uau|ui|uo|uoi|uou|uu|uy|uya|uyu|yeu"
_SYLLABLE = re.compile(rf"(?:{_ONSET})?(?:{_CLOSED}|{_OPEN})")
_STOPPED = ("p", "t", "c", "ch")


def is_syllable(word: str) -> bool:
    """Whether a word could be one, by its letters: ``vàng``, ``AI``, ``THAI`` are, ``bank`` and ``IMF`` are not.

    A syllable that ends in p, t, c or ch always has a tone mark; without one the word is of another language.
    """
    folded = unicodedata.normalize("NFD", word.casefold().replace("đ", "d"))
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    if not bare.isascii() or _SYLLABLE.fullmatch(bare) is None:
        return False
    return not (word.isascii() and bare.endswith(_STOPPED))
