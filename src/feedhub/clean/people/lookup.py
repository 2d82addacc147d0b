"""The built-in lexicons with the operator's additions, ready for asking."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from feedhub.clean.context import PeopleRules
from feedhub.clean.people import lexicon
from feedhub.names import author_key
from feedhub.organisations import LISTED, names_organisation

_GERMAN_ROLE = re.compile(r".{3,}(?:redakteur|korrespondent|reporter|journalist|fotograf|leiter|autor)(?:in)?")
_ACRONYM = re.compile(r"(?=.*[A-ZĐ])[A-ZĐ0-9&+]{2,8}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lexicon:
    """Everything is asked by the key of a name, so that case and typography do not matter. One is made for the same rules."""

    roles: frozenset[str]
    organisations: frozenset[str]
    placeholders: frozenset[str]

    def is_placeholder(self, text: str) -> bool:
        key = author_key(text).strip(" -:*_")
        return key in self.placeholders or key.removeprefix("the ") in self.placeholders

    def is_place(self, text: str) -> bool:
        """Whether it is a place that bylines name beside people."""
        return author_key(text).strip(" .,") in _PLACES

    def is_role(self, text: str) -> bool:
        """Whether a token on its own is a role: it is listed, ends in a head such as *reporter*, or begins with one."""
        key = author_key(text)
        if not key or len(text) > 80:
            return False
        if key in self.roles or key in _PREFIX_HEADS or key.startswith(_PREFIXES):
            return True
        last = key.split()[-1]
        return last in lexicon.SUFFIX_HEADS or bool(_GERMAN_ROLE.fullmatch(last))

    def is_organisation(self, text: str) -> bool:
        """Whether a token is an organisation for sure: it is listed, or says so by one of its words."""
        return names_organisation(text, self.organisations)

    def is_acronym(self, text: str) -> bool:
        """``AFP`` or ``dpa`` beside a person's name: where the person works."""
        return bool(_ACRONYM.fullmatch(text))


_PREFIX_HEADS = frozenset(map(author_key, lexicon.PREFIX_HEADS))
_PREFIXES = tuple(head + " " for head in _PREFIX_HEADS)
_PLACES = frozenset(map(author_key, lexicon.PLACES))
_PLACEHOLDERS = frozenset(map(author_key, lexicon.PLACEHOLDERS))


@lru_cache(maxsize=32)
def lexicon_of(rules: PeopleRules) -> Lexicon:
    return Lexicon(
        roles=frozenset(map(author_key, rules.roles)),
        organisations=LISTED | frozenset(map(author_key, rules.organisations)),
        placeholders=_PLACEHOLDERS | frozenset(map(author_key, rules.placeholders)),
    )
