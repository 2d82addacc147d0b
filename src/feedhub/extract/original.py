"""The publisher that a text was taken from: ``Theo Financial Times``, ``Source: …``, or its bare name as last line. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from feedhub.organisations import names_organisation

_SOURCE = re.compile(
    r"^\W*(?P<word>theo|source|sources|nguồn(?: tin)?|via|quelle|quellen|fuente|fonte|источник|出典|来源|來源|출처|المصدر|bron|källa)"
    r"(?P<sign>\s*[:：]\s*|\s+)(?P<name>[^.!?]{2,80}?)\W*$",
    re.IGNORECASE,
)
_NEEDS_SIGN = frozenset({"via", "source", "sources", "fonte", "fuente", "bron"})
_AUTHOR_AND = re.compile(
    r"^(?P<author>[^()（）]{2,60}?)\s*[(（]\s*(?:theo|nguồn|source|via|according to|lược dịch theo|dịch từ)\s*[:：]?\s*(?P<name>[^()（）]{2,80})[)）]$",
    re.IGNORECASE,
)
_CLOSING = 5
"""Last lines of a text in which the publisher is looked for."""
_SHORT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """``line`` is the whole line; it stays in the text."""

    name: str
    line: str
    author: str = ""


def find_origin(lines: Sequence[str], sites: frozenset[str] = frozenset()) -> Origin | None:
    """The original publisher that the last lines of a text name.

    :param sites: names of the site itself, folded: it is not its own source.
    """
    for line in reversed(lines[-_CLOSING:]):
        found = _read(line)
        if found and found.name.casefold() not in sites:
            return found
    return None


def _read(line: str) -> Origin | None:
    text = line.strip(" \t*_—–-")
    if match := _AUTHOR_AND.match(text):
        return Origin(name=match["name"].strip(), author=match["author"].strip(), line=line)
    if (match := _SOURCE.match(text)) and _is_name(match):
        return Origin(name=match["name"].strip(" ,;)"), line=line)
    bare = text.strip("()[]（）")
    if len(bare) <= _SHORT and len(bare.split()) <= 6 and text[-1:] not in ".!?:…" and names_organisation(bare):
        return Origin(name=bare, line=line)
    return None


def _is_name(match: re.Match[str]) -> bool:
    """``Theo ông Nam, giá vàng tăng`` is a sentence: without a colon the rest must be an organisation, or be capitalised."""
    name = match["name"]
    if len(name.split()) > 8:
        return False
    if match["sign"].strip():
        return True
    if match["word"].casefold() in _NEEDS_SIGN:
        return names_organisation(name)
    return names_organisation(name) or (all(not word[:1].islower() for word in name.split()) and "," not in name)
