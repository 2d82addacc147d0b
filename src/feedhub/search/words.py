"""Text as the full-text index keeps it, and as a query asks for it: one way for both, and for both databases. Pure.

::

    "Giá vàng, 中国 news"  ->  giá vàng 中国 国 news  ¶ _gia _vang  ¶ _中 _国

Words are runs of letters, digits and combining marks; case, width and the placement of Vietnamese tones say nothing
(hòa is hoà). Nothing is stemmed. After the words stand, marked with ``_``:

- stretches of words without diacritics, wherever a word has some: what is typed without any diacritics finds both,
  what is typed with them finds them exactly;
- each character once of scripts that write no spaces (and Korean), whose runs are cut into pairs of characters and the
  last one alone: any piece of a run is found.

The index itself only has to part tokens at spaces and to know their places.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import unescape
from itertools import compress
from typing import TypeVar

from feedhub.model import Indexed
from feedhub.names import one_tone
from feedhub.plain_words import plain_words

T = TypeVar("T")

VERSION = 1
"""Grows whenever the tokens of the same text change: an index made by another version is built anew."""

MOST_WORDS = 7_500
"""Tokens of one text that are kept. PostgreSQL knows 16,383 places in a document; a long article has 3,000."""
MOST_TITLE = 500
LONGEST_PHRASE = 16
"""Words of a phrase. Around each word with diacritics as many are kept without them as a phrase can reach."""
_TITLE_PLACES, _TEXT_PLACES = 50, 200
"""Places of one token, of the 255 that PostgreSQL keeps in both together; phrases do not reach later ones."""
_LONGEST = 64  # characters of a token

BREAK = "¶"
"""Stands between what does not follow each other; no query asks for it."""
BARE = "_"
"""Begins a token that is not a word as it was written."""

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    "\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff"  # Hangul letters, kana
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
# Python's \w leaves out combining marks, which would cut Hindi and Arabic words at their vowels.
_MARKS = "".join(chr(code) for code in range(0x0300, 0x3000) if unicodedata.category(chr(code)) in {"Mn", "Mc"})
_WORD = re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[\w{_MARKS}])+")
_SPACED_WORD = re.compile(rf"[\w{_MARKS}]+")  # several times as fast, for texts without those scripts
_ANY_UNSPACED = re.compile(f"[{_UNSPACED}]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")  # soft hyphens and joiners are inside words, not seen

# In safe HTML attribute values are in double quotes and may hold ">".
_INLINE = "a|abbr|b|bdi|bdo|cite|code|del|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|tt|u|var|wbr"
_INLINE_TAG = re.compile(rf'</?(?:{_INLINE})(?=[\s/>])(?:[^>"]|"[^"]*")*>', re.IGNORECASE)
_TAG = re.compile(r'<[a-z/!](?:[^>"]|"[^"]*")*>', re.IGNORECASE)
_TAG_NAME = re.compile(r"<([a-z!][a-z0-9]*)")
_PARTING = (
    "address|article|aside|blockquote|br|caption|center|dd|details|div|dl|dt|figcaption|figure|footer|h1|h2|h3|h4|h5|h6|header|"
    "hgroup|hr|img|li|main|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul|audio|video"
)
_CLEAR_TAGS = frozenset(f"{_INLINE}|{_PARTING}".split("|"))
"""Elements of which everybody says alike whether they part words."""


def indexed(title: str, summary: str, content: str, text: str | None = None) -> Indexed:
    """The tokens of an entry, from what is stored of it (title as text, summary and content as safe HTML).

    A summary that the content repeats is left out.

    :param text: the text of ``content``, where it is known: it saves reading the markup, and changes nothing.
    """
    return Indexed(
        " ".join(_stream(words_of(title), MOST_TITLE, _TITLE_PLACES)),
        " ".join(_stream(_body(summary, content, text), MOST_WORDS, _TEXT_PLACES)),
    )


def _body(summary: str, content: str, text: str | None) -> list[str]:
    if text is not None and not summary and _CLEAR_TAGS.issuperset(_TAG_NAME.findall(content)):
        return words_of(text)
    body, lead = _plain(content), _plain(summary)
    words = words_of(body)
    if lead.strip() in body:
        return words
    return [*words_of(lead), BREAK, *words] if words else words_of(lead)


def words_of(text: str) -> list[str]:
    """The words of a text in their one form: NFKC, case folded; a run of a script without spaces is one word."""
    plain = plain_words(text)
    return _words_of(text) if plain is None else _forms(plain, text)


def _words_of(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", text).casefold() if not text.isascii() else text.lower()
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    text = text.replace("_", " ")  # a word to Python, none to people
    found = (_WORD if _ANY_UNSPACED.search(text) else _SPACED_WORD).findall(text)
    return _forms(found, text)


def _forms(words: Iterable[str], text: str) -> list[str]:
    return list(words if text.isascii() else map(_exact.__getitem__, words))


def is_run(word: str) -> bool:
    """Whether a word is of a script that writes no spaces."""
    return not word.isascii() and _ANY_UNSPACED.match(word) is not None


class _Remembered(dict[str, T]):
    """What a function makes of words. Looking one up calls nothing of Python's once it was met; forgotten all at once."""

    def __init__(self, function: Callable[[str], T]) -> None:
        self._function = function

    def __missing__(self, word: str) -> T:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        made = self[word] = self._function(word)
        return made


_MOST_REMEMBERED = 20_000


def bare(word: str) -> str:
    """A word without diacritics: ``đường`` becomes ``duong``. й is a letter of its own; so are marks that spell vowels."""
    if word.isascii():
        return word
    apart = unicodedata.normalize("NFD", word.replace("й", "\ue000"))
    kept = "".join(sign for sign in apart if not "\u0300" <= sign <= "\u036f").replace("\ue000", "й")
    return unicodedata.normalize("NFC", kept).translate(_STROKES)


_exact = _Remembered(lambda word: word if word.isascii() else one_tone(word))
_is_marked = _Remembered(lambda token: bare(token) != token)
_bare = _Remembered(lambda token: BARE + bare(token))
_STROKES = str.maketrans({"đ": "d", "ı": "i", "ł": "l", "ø": "o", "ð": "d", "ħ": "h"})


def has_marks(word: str) -> bool:
    return not word.isascii() and not is_run(word) and bare(word) != word


def tokens_of(words: Iterable[str]) -> Iterator[str]:
    """Words as tokens: a run is cut into pairs, and its last character stands alone."""
    for word in words:
        if is_run(word):
            yield from (word[place : place + 2] for place in range(len(word)))
        else:
            yield word[:_LONGEST]


def _stream(words: Sequence[str], most: int, places: int) -> list[str]:
    words = words[:most]
    together = "".join(words)
    if together.isascii():
        return _bounded(_cut(words), places)
    runs = {word for word in set(words) if is_run(word)} if _ANY_UNSPACED.search(together) else set()
    tokens = list(tokens_of(words))[:most] if runs else _cut(words)
    found = _bounded(tokens + _without_marks(tokens), places)
    singles = sorted({character for word in runs for character in word})
    return [*found, BREAK, *(BARE + character for character in singles)] if singles else found


def _cut(words: Sequence[str]) -> list[str]:
    """Words without scripts that write no spaces, as tokens."""
    if max(map(len, words), default=0) <= _LONGEST:
        return list(words)
    return [word[:_LONGEST] for word in words]


def _without_marks(tokens: Sequence[str]) -> list[str]:
    """The stretches around words with diacritics, as wide as a phrase, each after a break."""
    marked = bytes(map(_is_marked.__getitem__, tokens))
    if 1 not in marked:
        return []
    kept = list(map(_bare.__getitem__, tokens))
    found: list[str] = []
    for start, end in _stretches(marked):
        found.append(BREAK)
        found += kept[start:end]
    return found


def _stretches(marked: bytes) -> Iterator[tuple[int, int]]:
    """The ranges of tokens that a phrase with one of those that are marked can reach; those that touch are one."""
    first, last = marked.find(1), marked.rfind(1)
    if bytes(2 * LONGEST_PHRASE - 1) not in marked[first:last]:  # most texts with diacritics are full of them
        yield max(0, first - LONGEST_PHRASE + 1), last + LONGEST_PHRASE
        return
    start, end = 0, -1
    for place in compress(range(len(marked)), marked):
        if place - LONGEST_PHRASE + 1 > end:
            if end > 0:
                yield start, end
            start = max(0, place - LONGEST_PHRASE + 1)
        end = place + LONGEST_PHRASE
    if end > 0:
        yield start, end


def _bounded(tokens: list[str], most: int) -> list[str]:
    """No token at more places than every database keeps."""
    if len(tokens) <= most or len(tokens) - len(set(tokens)) < most:  # however they are spread
        return tokens
    often = [token for token, count in Counter(tokens).items() if count > most and token != BREAK]
    for token in often:
        places = [place for place, one in enumerate(tokens) if one == token]
        for place in places[most:]:
            tokens[place] = BREAK
    return tokens


def _plain(html: str) -> str:
    """The text of safe HTML. Inline tags part no words, all others do. Never for making HTML safe."""
    if "<" in html:
        html = _TAG.sub(" ", _INLINE_TAG.sub("", html))
    return unescape(html) if "&" in html else html
