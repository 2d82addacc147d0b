"""Words of dates without case and marks, so that NFD, capitals and missing diacritics read alike."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans({"đ": "d", "ł": "l", "ø": "o", "ı": "i", "ё": "е", "’": "'", "–": "-", "—": "-", "−": "-"})


@lru_cache(maxsize=512)
def fold(text: str) -> str:
    """NFKC, case folded, marks taken off Latin and Greek letters (Cyrillic й, kana and Hangul stay whole)."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", "".join(_bare(char) for char in text))


def _bare(char: str) -> str:
    if char < "\u00c0" or "\u0400" <= char < "\u1e00" or char >= "\u2000":
        return char
    return "".join(part for part in unicodedata.normalize("NFD", char) if not unicodedata.combining(part))
