"""Text as words, in the three views that keywords ask for: without case, as written, without diacritics.

Words are runs of letters, digits and combining marks. White space and hyphens part words and are nothing else, so that
phrases cross no-break spaces, double spaces and hyphens; every other sign is a word of its own, so that phrases do
not cross commas. Scripts that write no spaces (and Korean, whose particles stick to words) are cut into single
characters: there a keyword is found wherever its characters follow each other.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html import unescape

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    "\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff"  # Hangul letters, kana
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Python's \w leaves out combining marks, which would cut Hindi and Arabic words at their vowels.
_MARKS = "".join(chr(code) for code in range(0x0300, 0x3000) if unicodedata.category(chr(code)) in {"Mn", "Mc"})
_HYPHENS = "\u002d\u00ad\u2010\u2011"
_TOKEN = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[\w{_MARKS}\u200c\u200d])+|[^\s{re.escape(_HYPHENS)}]")
# The same for texts without those scripts: no look at each character, several times as fast.
_SPACED_TOKEN = re.compile(rf"[\w{_MARKS}\u200c\u200d]+|[^\s{re.escape(_HYPHENS)}]")
_ANY_UNSPACED = re.compile(f"[{_UNSPACED}]")
_APOSTROPHES = "’ʼ‘"
SEPARATOR = rf"[\s{re.escape(_HYPHENS)}]+"
"""What may stand between the words of a phrase, as a regular expression."""

# In safe HTML attribute values are in double quotes and may hold ">".
_INLINE = "a|abbr|b|bdi|bdo|cite|code|del|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|tt|u|var|wbr"
_INLINE_TAG = re.compile(rf'</?(?:{_INLINE})(?=[\s/>])(?:[^>"]|"[^"]*")*>', re.IGNORECASE)
_TAG = re.compile(r'<[a-z/!](?:[^>"]|"[^"]*")*>', re.IGNORECASE)


def written(text: str) -> str:
    """NFC with one kind of apostrophe; the case stays."""
    text = unicodedata.normalize("NFC", text)
    for sign in _APOSTROPHES:  # far quicker than translate(), which looks at each character
        text = text.replace(sign, "'")
    return text


def without_case(text: str) -> str:
    """Case folded; NFC again, because folding may take a letter apart."""
    return unicodedata.normalize("NFC", text.casefold())


@lru_cache(maxsize=65_536)
def without_marks(word: str) -> str:
    """A case-folded word without diacritics: ``đường`` becomes ``duong``. ``đ`` has no decomposition."""
    if word.isascii():
        return word
    bare = "".join(c for c in unicodedata.normalize("NFD", word) if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", bare).replace("đ", "d").replace("ı", "i").replace("ł", "l").replace("ø", "o")


def tokens_of(text: str) -> list[str]:
    """The words of a text, and its signs as words of one character."""
    return (_TOKEN if has_unspaced(text) else _SPACED_TOKEN).findall(text)


def has_unspaced(text: str) -> bool:
    """Whether a text holds characters of a script without spaces."""
    return _ANY_UNSPACED.search(text) is not None


def joined(tokens: list[str]) -> str:
    """Words with one space around each, so that a phrase is found by a plain search."""
    return f" {' '.join(tokens)} "


def plain_text(html: str) -> str:
    """The text of safe HTML. Inline tags part no words, all others do. Never for making HTML safe."""
    if "<" in html:
        html = _TAG.sub(" ", _INLINE_TAG.sub("", html))
    return unescape(html) if "&" in html else html


class View:
    """One field of an entry, made ready for searching only as far as a keyword needs it."""

    __slots__ = ("_bare", "_exact", "_joined", "folded", "raw", "tokens")

    def __init__(self, text: str) -> None:
        self.raw = written(text)
        self.folded = without_case(self.raw)
        self.tokens = tokens_of(self.folded)
        self._joined: str | None = None
        self._exact: str | None = None
        self._bare: list[str] | None = None

    @property
    def joined(self) -> str:
        if self._joined is None:
            self._joined = joined(self.tokens)
        return self._joined

    @property
    def exact(self) -> str:
        """The words as written, joined."""
        if self._exact is None:
            self._exact = joined(tokens_of(self.raw))
        return self._exact

    @property
    def bare(self) -> list[str]:
        """The words without diacritics."""
        if self._bare is None:
            self._bare = [without_marks(token) for token in self.tokens]
        return self._bare
