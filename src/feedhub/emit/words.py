"""Text made fit to be published: no character that XML forbids, and cuts that read well."""

from __future__ import annotations

import html
import re

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile(r"\r\n?")
_SPACE = re.compile(r"\s+")
_HIDDEN = re.compile(r"<(script|style|template)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_BLOCK = re.compile(
    r"</?(?:p|div|br|hr|li|ul|ol|dl|dt|dd|h[1-6]|tr|td|th|table|blockquote|pre|figure|figcaption|section|article|aside"
    r"|header|footer|details|summary)\b[^>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<!--.*?-->|</?[a-z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE | re.DOTALL)
_SENTENCE = re.compile(r"[.!?…。！？]+[\"'”’»)\]]*(?=\s|$)|[。！？]")
_LEAST = 3  # a sentence must fill at least one third of the room, or the cut is made at a word


def printable(text: str) -> str:
    """The text without characters that XML 1.0 forbids or discourages; line ends become line feeds."""
    return _FORBIDDEN.sub("", _BREAKS.sub("\n", text))


def line(text: str) -> str:
    """One line: printable, white space folded."""
    return _SPACE.sub(" ", printable(text)).strip()


def text_of(markup: str) -> str:
    """What safe HTML says, in one line. Inline tags join their words, block tags part them."""
    visible = _BLOCK.sub(" ", _HIDDEN.sub(" ", markup))
    return line(html.unescape(_TAG.sub("", visible)))


def paragraph(text: str) -> str:
    """Plain text as HTML; "" stays ""."""
    return f"<p>{html.escape(text, quote=False)}</p>" if text else ""


def cut_at_sentence(text: str, length: int) -> str:
    """At most ``length`` characters: whole sentences if they fill a third of it, else whole words and ``…``."""
    if len(text) <= length:
        return text
    ends = [match.end() for match in _SENTENCE.finditer(text[: length + 1]) if match.end() <= length]
    if ends and ends[-1] * _LEAST >= length:
        return text[: ends[-1]]
    return cut_at_word(text, length)


def cut_at_word(text: str, length: int) -> str:
    """At most ``length`` characters, the last of them ``…`` when something was cut."""
    if len(text) <= length:
        return text
    room = text[: length - 1]
    whole = room if text[length - 1].isspace() else room.rsplit(" ", 1)[0]
    return whole.rstrip(" ,;:–-") + "…"
