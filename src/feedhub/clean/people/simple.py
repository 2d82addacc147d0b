"""Bylines that are a person's name and nothing else, known as such without reading them.

Most are. A name of two to four words in Latin letters, each with a capital at its beginning and a small letter at its end, says no more
than itself as long as none of its words is one of those by which bylines are read: then no rule has anything to take hold of. Everything
else is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from feedhub import organisations
from feedhub.clean.people import lexicon
from feedhub.clean.people.lookup import Lexicon
from feedhub.clean.words import words as words_in
from feedhub.names import author_key

_LETTERS = "A-Za-zÀ-ÏÑ-ÖØ-öø-įĴ-ķĹ-ľŁ-ňŊ-žƠơƯưḀ-ỿ"
"""Latin letters that are one sign in every form; Ð is read as Đ, and so is not one of them."""
_NAME = re.compile(rf"[{_LETTERS}]{{2,}}(?: [{_LETTERS}]{{2,}}){{1,3}}")

_LISTS: tuple[Iterable[str], ...] = (
    lexicon.PLACEHOLDERS,
    lexicon.BY,
    lexicon.CREDITS,
    lexicon.SUFFIX_HEADS,
    lexicon.PREFIX_HEADS,
    lexicon.ROLE_WORDS,
    lexicon.DEGREES,
    lexicon.GENERATIONS,
    lexicon.PLACES,
    lexicon.HONORIFICS,
    organisations.LISTED,
    organisations.WORDS,
    organisations.STARTS,
)
_OF_RULES = words_in(
    """and und et y e và với og och oraz dan ve with mit avec con com en in à tại из aus a em at bei chez the tổng hợp dịch lược biên ghi
    thực hiện theo special exclusive to for of from của für pour para team desk newsroom staff editors editorial reporters correspondents
    by de di von par por contributed this report story article follow share comment comments subscribe photo min read last updated
    published posted modified cập nhật publié mis jour aktualisiert veröffentlicht actualizado publicado university universität
    université institute ministry department bank"""
)
"""Words that stand in the patterns of the rules themselves."""
_GERMAN_ROLE = re.compile(r"(?:redakteur|korrespondent|reporter|journalist|fotograf|leiter|autor)(?:in)?$")


def is_a_name(text: str, known: Lexicon) -> bool:
    """Whether a byline surely is the name of one person, as it is to be shown. False says nothing."""
    if not _NAME.fullmatch(text) or not all(part[0].isupper() and part[-1].islower() for part in text.split(" ")):
        return False
    words = author_key(text).split(" ")
    return len(set(words)) == len(words) and _speaking(known).isdisjoint(words) and not _GERMAN_ROLE.search(words[-1])


@lru_cache(maxsize=32)
def _speaking(known: Lexicon) -> frozenset[str]:
    """Every word that any list of the lexicon has, and every word of the rules."""
    lists = (*_LISTS, known.roles, known.organisations, known.placeholders)
    return _OF_RULES.union(word for names in lists for name in names for word in re.split(r"\W+", author_key(name)))
