"""A byline as text: references decoded, markup and addresses out, spaces folded; and names put in their usual form."""

from __future__ import annotations

import html
import re

from feedhub.clean.people import lexicon
from feedhub.clean.text import tidy
from feedhub.names import author_key

MAX_BYLINE = 1_000
"""Characters read of a byline."""

_TAG = re.compile(r"</?[a-zA-Z][^<>@]*>")
_ADDRESS = re.compile(
    r"(?:mailto:)?[^\s<>()\[\]\"',;|]+(?:@|\s?\[at\]\s?|\(at\))[^\s<>()\[\]\"',;|]+|@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE
)
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HANDLE = re.compile(r"\(\s*@[\w.]+\s*\)|\[\s*@[\w.]+\s*\]|(?<=\S)\s+@[\w.]+")
_ONLY_BRACKETS = re.compile(
    r"\((?P<round>[^()]*)\)|（(?P<wide>[^（）]*)）|【(?P<lens>[^【】]*)】|\[(?P<square>[^\[\]]*)\]|\"(?P<quoted>[^\"]*)\""
)
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]|<\s*>|\"\s*\"")


def plain(name: str) -> str:
    """One line of text: references are decoded twice, since feeds escape bylines twice; addresses are taken out."""
    text = html.unescape(html.unescape(name[:MAX_BYLINE]))
    if "<" in text:
        text = _TAG.sub(" ", text)
    text = tidy(text.replace("\u00d0", "Đ"))
    if "@" in text or "[at]" in text or "(at)" in text:
        text = _without_addresses(text)
    if "://" in text or "www." in text:
        text = _URL.sub(" ", text)
    text = tidy(_EMPTY_BRACKETS.sub(" ", text))
    if whole := _ONLY_BRACKETS.fullmatch(text):
        text = tidy(next(part for part in whole.groups() if part is not None))
    text = _REDDIT.sub("", text, count=1) if text.startswith(("u/", "/u/")) else text
    return text.strip(' ,;|-–—:*_~<>"“”')


_REDDIT = re.compile(r"/?u/(?=\w)")


def _without_addresses(text: str) -> str:
    if text.startswith("@") and " " not in text:
        return text[1:] if "@" not in text[1:] else ""
    return _ADDRESS.sub(" ", _HANDLE.sub(" ", text))


def inverted(text: str) -> str:
    """``Doe, Jane; Roe, John, Jr.`` -> ``Jane Doe; John Roe, Jr.``"""
    return "; ".join(_upright(part.strip()) for part in text.split(";") if part.strip())


def _upright(name: str) -> str:
    parts = [part.strip() for part in name.split(",") if part.strip()]
    if len(parts) < 2:
        return name
    given, rest = parts[1], parts[2:]
    return ", ".join([f"{given} {parts[0]}", *rest])


def person_name(text: str) -> str:
    """A name without honorifics and degrees, said once, in mixed case."""
    text = _without_degrees(_without_honorifics(text.strip(' .,:;*-–—"“”') + ("." if text.endswith("r.") else "")))
    return _cased(_undoubled(text))


def _without_honorifics(text: str) -> str:
    while True:
        first, _space, rest = text.replace(".", ". ", 1).partition(" ") if _glued(text) else text.partition(" ")
        rest = rest.strip()
        if not rest or not _is_honorific(first, rest):
            return text
        text = rest


def _glued(text: str) -> bool:
    """``PGS.TS Lê`` and ``TS.Lê``: an honorific with no space behind its full stop."""
    head, stop, rest = text.partition(".")
    return bool(stop) and rest[:1].isalpha() and head.casefold() in lexicon.HONORIFICS and len(head) > 1


def _is_honorific(word: str, rest: str) -> bool:
    bare = word.strip(".").casefold()
    if bare not in lexicon.HONORIFICS:
        return False
    # "TS Eliot" and "Don Roe" are names: without a full stop only unmistakable words go, or Vietnamese ones before
    # a Vietnamese name.
    certain = {"dr", "prof", "professor", "mr", "mrs", "ms", "ths", "pgs", "herr", "frau", "mme", "mlle", "miss"}
    return word.endswith(".") or bare in certain or (bare in {"ts", "gs", "bs", "ks", "ls"} and not rest.isascii())


def _without_degrees(text: str) -> str:
    while True:
        head, _space, last = text.rpartition(" ")
        if (
            not head
            or last.replace(".", "").casefold() not in lexicon.DEGREES
            or not last.replace(".", "")[1:2].strip()
        ):
            return text
        bare = last.replace(".", "")
        if bare.casefold() in {"ma", "ba", "rd"} and not (bare.isupper() and not head.isupper()):
            return text  # a family name: Yo-Yo Ma
        if bare == bare.lower():
            return text
        text = head.rstrip(" ,")


def _undoubled(text: str) -> str:
    """``Lê Thu Hà Lê Thu Hà`` -> ``Lê Thu Hà``: the picture's alternative text before the link."""
    parts = text.split()
    for times in (3, 2):
        size, over = divmod(len(parts), times)
        if size and not over and size * times > 2 - (times == 2):
            first = author_key(" ".join(parts[:size]))
            copies = [author_key(" ".join(parts[at : at + size])) for at in range(0, len(parts), size)]
            if all(copy == first for copy in copies) and (size > 1 or times == 3):
                return " ".join(parts[-size:])
    if len(parts) == 1 and len(text) >= 4 and len(text) % 2 == 0 and text[0] >= "\u2e80":
        half = len(text) // 2
        return text[:half] if text[:half] == text[half:] else text
    return " ".join(parts)


def _cased(text: str) -> str:
    """Names in one case only get capitals, where there are at least two words to tell that it is no acronym."""
    parts = text.split()
    one_case = re.sub(r"\bMc(?=[A-Z]{2})", "MC", text)
    if len(parts) < 2 or not (one_case.isupper() or text.islower()) or text[0] >= "\u2e80":
        return text
    text, parts = one_case, one_case.split()
    return " ".join(_cased_word(word, first=not at, shouted=text.isupper()) for at, word in enumerate(parts))


def _cased_word(word: str, *, first: bool, shouted: bool) -> str:
    low = word.lower()
    bare = low.strip(".,")
    if bare in {"ii", "iii", "iv"}:
        return word.upper()
    if not first and bare in lexicon.PARTICLES:
        return low
    if (shouted and "." in word[:-1]) or len(bare) == 1:
        return word.upper()
    pieces = re.split(r"([-'’])", low)
    text = "".join(piece[:1].upper() + piece[1:] for piece in pieces)
    return "Mc" + text[2:3].upper() + text[3:] if low.startswith("mc") and len(low) > 4 else text
