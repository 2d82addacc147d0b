"""Text as words, in the three views that keywords ask for: without case, as written, without diacritics.

Words are runs of letters, digits and combining marks. White space and hyphens part words and are nothing else, so that
phrases cross no-break spaces, double spaces and hyphens; soft hyphens and other invisible signs are not there at all;
every other sign is a word of its own, so that phrases do not cross commas. Scripts that write no spaces (and Korean,
whose particles stick to words) are cut into single characters: there a keyword is found wherever its characters follow
each other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from html import unescape

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    "\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff"  # Hangul letters, kana
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Python's \w leaves out combining marks, which would cut Hindi and Arabic words at their vowels.
_MARKS = "".join(chr(code) for code in range(0x0300, 0x3000) if unicodedata.category(chr(code)) in {"Mn", "Mc"})
_JOINERS = "\u200c\u200d"
HYPHENS = "\u002d\u2010\u2011"
_TOKEN = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[\w{_MARKS}{_JOINERS}])+|[^\s{re.escape(HYPHENS)}]")
_ANY_UNSPACED = re.compile(f"[{_UNSPACED}]")
_WIDE = re.compile("[\uff01-\uffef]+")
_ORDINARY = frozenset(
    char
    for char in map(chr, range(0x3000))
    if char.isspace() or (re.fullmatch(r"\w", char) and char not in _MARKS and not _ANY_UNSPACED.match(char))
)
"""White space, and what words of most scripts are made of: a text of these and of signs is cut by ``split``."""
_MOST_SIGNS = 40
"""Kinds of signs up to which setting each apart is quicker than the regular expression."""

_APOSTROPHES = "’ʼ‘"
_INVISIBLE = "\u00ad\u200b\u2060\ufeff"  # soft hyphen, zero-width space, word joiner, byte order mark
SEPARATOR = rf"[\s{re.escape(HYPHENS)}]+"
"""What may stand between the words of a phrase, as a regular expression."""

# In safe HTML attribute values are in double quotes and may hold ">".
_INLINE = "a|abbr|b|bdi|bdo|cite|code|del|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|tt|u|var|wbr"
_INLINE_TAG = re.compile(rf'</?(?:{_INLINE})(?=[\s/>])(?:[^>"]|"[^"]*")*>', re.IGNORECASE)
_TAG = re.compile(r'<[a-z/!](?:[^>"]|"[^"]*")*>', re.IGNORECASE)


def written(text: str) -> str:
    """NFC with one kind of apostrophe, without invisible signs, full-width letters as others write them; the case stays."""
    text = _composed(text)
    return text if text.isascii() else _WIDE.sub(lambda wide: unicodedata.normalize("NFKC", wide[0]), text)


def _composed(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    for sign in _APOSTROPHES:  # far quicker than translate(), which looks at each character
        text = text.replace(sign, "'")
    for sign in _INVISIBLE:
        text = text.replace(sign, "")
    return text


def without_case(text: str) -> str:
    """Case folded; NFC again, because folding may take a letter apart.

    All four forms of the Turkish i are one letter: which one is the capital of which depends on the language, and
    capitals in headlines must not hide a word.
    """
    folded = unicodedata.normalize("NFC", text.casefold())
    return folded.replace("i\u0307", "i").replace("ı", "i")


# Points and accents that may be left out in writing. Others are letters: the vowels of Indic scripts and of Thai, and
# the marks that make another kana.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_STROKES = str.maketrans({"đ": "d", "ı": "i", "ł": "l", "ø": "o", "ħ": "h", "ŧ": "t"})


@lru_cache(maxsize=65_536)
def without_marks(word: str) -> str:
    """A case-folded word without diacritics: ``đường`` becomes ``duong``. Letters with strokes have no decomposition."""
    if word.isascii():
        return word
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", bare).translate(_STROKES)


def tokens_of(text: str) -> list[str]:
    """The words of a text, and its signs as words of one character."""
    return _cut(text, set(text) - _ORDINARY)


def _cut(text: str, unusual: set[str]) -> list[str]:
    """Setting the few kinds of signs apart and splitting takes a third of the time of a regular expression."""
    if len(unusual) > _MOST_SIGNS or not all(map(_is_sign, unusual)):
        return _TOKEN.findall(text)
    for sign in unusual:
        text = text.replace(sign, " " if sign in HYPHENS else f" {sign} ")
    return text.split()


@lru_cache(maxsize=4096)
def _is_sign(char: str) -> bool:
    """Whether a character is a word by itself, wherever it stands, or parts words."""
    return not (re.match(rf"[\w{_MARKS}{_JOINERS}]", char) or _ANY_UNSPACED.match(char))


def joined(tokens: Sequence[str]) -> str:
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

    def __init__(self, text: str, beginning: View | None = None) -> None:
        """:param beginning: a text, cut between two words, that this one continues and that is made ready already."""
        raw = _composed(text)
        folded = without_case(raw)
        unusual = set(folded) - _ORDINARY
        if any("\uff01" <= char <= "\uffef" for char in unusual):
            raw = written(raw)
            folded = without_case(raw)
            unusual = set(folded) - _ORDINARY
        tokens = _cut(folded, unusual)
        self.raw: str = beginning.raw + raw if beginning else raw
        self.folded: str = beginning.folded + folded if beginning else folded
        self.tokens: list[str] = beginning.tokens + tokens if beginning else tokens
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
            self._bare = list(map(without_marks, self.tokens))
        return self._bare
