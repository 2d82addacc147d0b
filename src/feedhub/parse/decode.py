"""Bytes to text, by the evidence and not by what is declared alone.

A declaration is often wrong; bytes that are valid UTF-8 and not ASCII hardly ever are something else. So the order is:
byte order mark, valid UTF-8, HTTP charset, the document's own declaration, a guess, windows-1252. Names are read as the
WHATWG Encoding Standard reads them (``gb2312`` is gb18030, ``latin-1`` is windows-1252), and only codecs of that
standard are used: Python's ``unicode_escape`` or ``punycode`` are no encodings of documents.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

Guess = Callable[[bytes], str]

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = (
    (b"<\x00?\x00", "utf-16-le"),
    (b"\x00<\x00?", "utf-16-be"),
    (b"<\x00r\x00", "utf-16-le"),
    (b"\x00<\x00r", "utf-16-be"),
    (b"<\x00f\x00", "utf-16-le"),
    (b"\x00<\x00f", "utf-16-be"),
)
_WHATWG = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_EXTRA_NAMES = {
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ks_c_5601-1987": "cp949",
    "windows-949": "cp949",
    "x-gbk": "gb18030",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-euc-jp": "euc_jp",
    "x-x-big5": "big5hkscs",
    "windows-874": "cp874",
    "dos-874": "cp874",
    "iso-8859-8-i": "iso8859-8",
    "x-mac-cyrillic": "mac-cyrillic",
    "macintosh": "mac-roman",
}
_ALLOWED = frozenset(
    ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5hkscs", "euc_jp", "iso2022_jp", "cp932", "cp949"]
    + ["koi8-r", "koi8-u", "cp866", "cp874", "mac-roman", "mac-cyrillic", "hz"]
    + [f"cp125{n}" for n in range(9)]
    + [f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)]
)
_HTTP_DEFAULTS = frozenset(["cp1252"])
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_XML_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]{0,400}\?>", re.IGNORECASE)
_CONTROLS = bytes(code for code in range(0x20) if code not in (9, 10, 13))
_NONCHARACTERS = ("\ufffe", "\uffff")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# what is not plainly legal, so that the usual references need no look at each
_MAYBE_ILLEGAL = re.compile(
    "&#(?!(?:0{0,3}(?:9|10|13|3[2-9]|[4-9][0-9]|[1-9][0-9]{2,3}|[1-4][0-9]{4}|1[0-9]{5})"
    "|[xX]0{0,3}(?:[9aAdD]|[2-9a-fA-F][0-9a-fA-F]|[1-9a-fA-F][0-9a-fA-F]{2}|[1-9a-cA-C][0-9a-fA-F]{3}"
    "|1[0-9a-fA-F]{4}));)"
)
_NUMERIC = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,12})|([0-9]{1,12}));")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A document as text without byte order mark, XML declaration and characters XML forbids.

    ``broken`` counts byte sequences that had to become U+FFFD.
    """

    text: str
    encoding: str
    broken: int = 0


def decode(body: bytes, charset: str | None, guess: Guess) -> Decoded:
    """Decode ``body``; ``charset`` is the HTTP header's. Never fails: windows-1252 reads everything somehow."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return _with_replacements(body[len(mark) :], codec)
    for start, codec in _UNMARKED:
        if body.startswith(start):
            return _with_replacements(body, codec)
    return _by_evidence(body, charset, guess)


@lru_cache(maxsize=256)
def codec_of(name: str | None) -> str:
    """The Python codec that reads what the WHATWG standard means by ``name``; "" for names it does not know."""
    label = (name or "").strip().strip("\"'").lower()
    if label in _EXTRA_NAMES:
        return _EXTRA_NAMES[label]
    try:
        found = codecs.lookup(label).name if label else ""
    except (LookupError, ValueError):
        return ""
    found = _WHATWG.get(found, found)
    return found if found in _ALLOWED else ""


def _by_evidence(body: bytes, charset: str | None, guess: Guess) -> Decoded:
    declared = codec_of(_declaration(body))
    http = codec_of(charset)
    plain = body.isascii()
    if plain and "iso2022_jp" not in (http, declared) and "hz" not in (http, declared):
        return _finish(body.decode("ascii"), "utf-8", clean=_is_clean(body, ""))
    if not plain:
        text = _strictly(body, "utf-8")
        if text is not None:
            return _finish(text, "utf-8", clean=_is_clean(body, text))
        if _mostly_utf8(body, "utf-8" in (http, declared), bool(http or declared)):
            return _with_replacements(body, "utf-8")
    for codec in _candidates(body, http, declared, guess):
        text = _strictly(body, codec)
        if text is not None:
            return _finish(text, codec)
    return _with_replacements(body, _last_resort(http, declared))


def _candidates(body: bytes, http: str, declared: str, guess: Guess) -> Iterator[str]:
    """Charsets in order of trust. Servers send latin-1 for whatever they do not know, so it counts for little."""
    stated = [declared, http] if http in _HTTP_DEFAULTS else [http, declared]
    yield from (codec for codec in stated if codec and codec != "utf-8")
    guessed = codec_of(guess(body))
    if guessed:
        yield guessed
    yield "cp1252"


def _last_resort(http: str, declared: str) -> str:
    """Multi-byte text with some damage is still better read as what it says it is."""
    return next((codec for codec in (declared, http) if codec and codec != "utf-8"), "cp1252")


def _mostly_utf8(body: bytes, says_utf8: bool, says_something: bool) -> bool:
    """Whether damaged UTF-8 explains the bytes better than another encoding does.

    Multi-byte sequences of UTF-8 rarely come about by chance, so the more of them there are for each broken one, the
    surer it is; how many are asked for depends on what the document says of itself.
    """
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    valid = len(text) - len(text.encode("ascii", "ignore")) - broken
    needed = 1 if says_utf8 else 20 if says_something else 4
    return valid >= needed * broken


def _declaration(body: bytes) -> str:
    match = _DECLARED.match(body[:1000])
    return match[1].decode("ascii") if match else ""


def _strictly(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except (UnicodeError, LookupError):
        return None


def _with_replacements(body: bytes, codec: str) -> Decoded:
    text = body.decode(codec, "replace")
    return _finish(text, codec, text.count("\ufffd"), clean=codec == "utf-8" and _is_clean(body, text))


def _is_clean(body: bytes, text: str) -> bool:
    """Whether UTF-8 holds no character that XML forbids. Looking for one after the other is the quickest way."""
    return not any(map(body.__contains__, _CONTROLS)) and not any(map(text.__contains__, _NONCHARACTERS))


def _finish(text: str, encoding: str, broken: int = 0, *, clean: bool = False) -> Decoded:
    text = text.removeprefix("\ufeff")
    declaration = _XML_DECLARATION.match(text)
    if declaration:
        text = text[declaration.end() :]
    if not clean:
        text = _FORBIDDEN.sub("", text)
    if "&#" in text and _MAYBE_ILLEGAL.search(text):
        text = _NUMERIC.sub(_legal_reference, text)
    return Decoded(text=text, encoding=encoding, broken=broken)


def _legal_reference(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    legal = code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    return match[0] if legal else ""
