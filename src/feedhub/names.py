"""Identity of a name: what all spellings of one name have in common, and nothing more.

Case, quotes, hyphens, full stops and the placement of Vietnamese tones say nothing. Diacritics do: Huyền Trần and
Huyện Trân are two people; ``Huyen Tran`` is joined to one of them only by the configuration.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SAME = str.maketrans(
    dict.fromkeys("’‘ʼ`´ʹ′＇", "'") | dict.fromkeys("‐‑‒–—−﹣－", "-") | {"ð": "đ", ".": " ", ",": " "}
)
# hòa and hoà, khỏe and khoẻ, thúy and thuý: the tone on the first or on the second vowel of an open syllable.
_OLD_TONE = re.compile(
    "(o)([\u0300\u0301\u0303\u0309\u0323])([ae])(?![^\\W\\d_]|[\u0300-\u036f])|(u)([\u0300\u0301\u0303\u0309\u0323])(y)(?![^\\W\\d_]|[\u0300-\u036f])"
)


@lru_cache(maxsize=1024)  # one byline asks for the key of one name many times
def author_key(name: str) -> str:
    """The key by which names are compared: NFKC, case folded, quotes, hyphens and tones unified, diacritics kept."""
    visible = name if name.isascii() else "".join(each for each in name if unicodedata.category(each) != "Cf")
    text = unicodedata.normalize("NFKC", visible).casefold().translate(_SAME)
    if not text.isascii():
        text = _OLD_TONE.sub(_new_tone, unicodedata.normalize("NFD", text))
    return " ".join(unicodedata.normalize("NFC", text).split())


def one_tone(word: str) -> str:
    """A word in NFC, lower case, with its Vietnamese tone where the newer spelling has it: ``hòa`` becomes ``hoà``."""
    return unicodedata.normalize("NFC", _OLD_TONE.sub(_new_tone, unicodedata.normalize("NFD", word)))


def _new_tone(match: re.Match[str]) -> str:
    first, tone, second = (match[1], match[2], match[3]) if match[1] else (match[4], match[5], match[6])
    return first + second + tone
