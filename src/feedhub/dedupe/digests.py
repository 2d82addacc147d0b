"""The digests by which entries are recognised. Changing anything here makes every stored key stale."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from feedhub.model import Entry, Key
from feedhub.plain_words import plain_words

_WORD = re.compile(r"\w+")


_NOTHING = hashlib.blake2b(digest_size=16)  # copying it takes a fraction of making another


def key_of(*parts: str) -> Key:
    """BLAKE2b-16 over the parts with their lengths, so that no two lists of parts look alike."""
    framed = b""
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        framed += b"%d:%b" % (len(data), data)
    digest = _NOTHING.copy()
    digest.update(framed)
    return Key(digest.digest())


def meaning_of(entry: Entry) -> tuple[str, ...]:
    """What tells two entries apart when they have no usable name: title, body and enclosures."""
    return (entry.title, entry.text, *(enclosure.url for enclosure in entry.enclosures))


def folded_words(text: str) -> str:
    """The words of a text without case, punctuation and spacing: equal for copies that differ only in typography."""
    words = plain_words(text)
    if words is not None:
        return " ".join(words)
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", text).casefold()))
