"""Text: NFC, without characters that nobody sees, white space folded.

Entities are decoded exactly as often as a format says: the parser has decoded XML once; what is HTML is decoded once
more, what is text never. RSS leaves open which of the two a title is, so there markup and references are taken as
HTML only where they cannot be meant as text.
"""

from __future__ import annotations

import html
import re
import unicodedata

from feedhub.clean.html import html_to_text
from feedhub.model import RawText, TextType

_CONTROLS = bytes(sorted({*range(0x20), 0x7F} - {9, 10, 13}))
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_NEVER_SEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u202a-\u202e\u2066-\u206f\ufeff"
    "\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_JOINED = "\u034f"
"""The one of the invisible that is a mark to Unicode, and so counts as printable."""
_JOINERS = "\u200c\u200d"
_MARKS = "\u200e\u200f"
_JOINING_SCRIPTS = re.compile("[\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc]")
_PICTURES = re.compile("[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_BLACK_FLAG = "\U0001f3f4"
_STRAY_SLASH = re.compile("([<>][\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]*?)\u0338+")

_INLINE = "a|abbr|b|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|tt|u|var"
_BLOCK = "blockquote|center|div|h[1-6]|li|ol|p|pre|ul"
_PAIR = re.compile(
    rf"<({_INLINE}|{_BLOCK})(?:\s+[a-z][\w:-]*\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))*\s*>(.*?)</\1\s*>",
    re.IGNORECASE | re.DOTALL,
)
_VOID = re.compile(
    r"<(?:br|hr|wbr|img)(?:\s+[a-z][\w:-]*\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))*\s*/?>", re.IGNORECASE
)
_CODE = re.compile(r"<(script|style)\b[^>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_PAIR_ROUNDS = 8


def nfc(text: str) -> str:
    return text if text.isascii() or unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def tidy(text: str) -> str:
    """One line of NFC text: nothing invisible, single spaces, none at the ends.

    ZERO WIDTH JOINER and NON-JOINER stay between letters of scripts that are spelled with them and inside emoji.
    """
    if (not text.isprintable() or _JOINED in text) and _INVISIBLE.search(text):
        text = _INVISIBLE.sub(_visible, " ".join(text.split()))
    # Removing a character may bring a letter and its mark together: compose last.
    return nfc(" ".join(text.split()))


def _visible(match: re.Match[str]) -> str:
    char, text, at = match[0], match.string, match.start()
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if char in _JOINERS:
        joins = _JOINING_SCRIPTS.match(before) and _JOINING_SCRIPTS.match(after)
        picture = char == "\u200d" and _PICTURES.match(before) and _PICTURES.match(after)
        return char if joins or picture else ""
    if char in _MARKS:
        return char if _RIGHT_TO_LEFT.search(text) and _seen(before) and _seen(after) else ""
    if "\U000e0020" <= char <= "\U000e007f":  # the tags of a flag such as Scotland's
        return char if _BLACK_FLAG in text[max(0, at - 8) : at] else ""
    return ""


def _seen(char: str) -> bool:
    return bool(char) and not char.isspace() and not _INVISIBLE.match(char)


def scrub(markup: str) -> str:
    """Markup in NFC without characters that are never seen; its white space stays.

    A combining slash right behind ``<`` or ``>`` would compose with it and change the markup: it goes.
    """
    if markup.isascii():
        return markup.encode().translate(None, _CONTROLS).decode()
    if not markup.isprintable():  # a fifth of the pattern's time
        markup = _NEVER_SEEN.sub("", markup)
    if "\u0338" in markup:
        markup = _STRAY_SLASH.sub(r"\1", markup)
    return nfc(markup)


def cut(text: str, limit: int) -> str:
    """At most ``limit`` bytes of UTF-8, cut at a word and marked with an ellipsis."""
    if len(text) * 4 <= limit:
        return text
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return text
    kept = encoded[: max(0, limit - 3)].decode("utf-8", "ignore")
    words, space, _rest = kept.rpartition(" ")
    if space and len(words) > len(kept) // 2:
        kept = words
    return kept.rstrip() + "…"


def title_of(raw: RawText | None, limit: int, *, loose: bool = True) -> str:
    """A title as text of at most ``limit`` bytes.

    :param loose: the format does not say whether its titles are text or HTML (RSS): markup in pairs is dropped and
        well-formed references are decoded, ``1 < 2 && a<b`` stays. False: a text title is taken literally (Atom).
    """
    return cut(text_of(raw, loose=loose), limit)


def text_of(raw: RawText | None, *, loose: bool = True) -> str:
    """Any short text construct (title, subtitle, rights) as one line of text."""
    if raw is None or not raw.value:
        return ""
    if raw.type is not TextType.PLAIN:
        return tidy(html_to_text(raw.value))
    return tidy(_unescaped(raw.value)) if loose else tidy(raw.value)


def _unescaped(value: str) -> str:
    if "<" in value:
        value = _without_markup(value)
    return _REFERENCE.sub(lambda found: html.unescape(found[0]), value) if "&" in value else value


def _without_markup(value: str) -> str:
    value = _VOID.sub(" ", _CODE.sub(" ", value))
    for _round in range(_PAIR_ROUNDS):  # markup within markup
        stripped = _PAIR.sub(lambda found: _inside(found[1], found[2]), value)
        if stripped == value:
            break
        value = stripped
    return value


def _inside(tag: str, text: str) -> str:
    return text if re.fullmatch(_INLINE, tag, re.IGNORECASE) else f" {text} "
