"""A segment parted at commas, conjunctions and dashes, and what each token is: a person, a role, an organisation."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

from feedhub.clean.people import lexicon
from feedhub.clean.people.lookup import Lexicon
from feedhub.clean.people.written import person_name
from feedhub.names import author_key

MAX_NAME = 80
"""Characters of a name; more is a sentence in the wrong place."""
_MAX_WORDS = 8

_MADE_SO = re.compile(r"(?P<name>.+\s\S+)\s+(?P<role>tổng hợp|dịch|lược dịch|biên dịch|ghi|thực hiện|lược ghi)")
_ROLE_AT = re.compile(r"(?P<role>.+?)\s+(?:at|bei|chez)\s+(?P<organisation>[^\W\d_a-z].*)")
_MADE_OF = frozenset(
    {
        "text",
        "texte",
        "texto",
        "fotos",
        "foto",
        "photos",
        "photo",
        "bilder",
        "bild",
        "video",
        "ảnh",
        "bài",
        "words",
        "pictures",
    }
)
_CONJUNCTIONS = r"and|und|et|y|e|và|với|и|og|och|oraz|dan|ve|with|mit|avec|con|com"
_COMMA = re.compile(r"\s*[,、，]\s*(?:(?:and|und|et|y|e|và|&)\s+)?")
_AND = re.compile(rf"\s+(?:{_CONJUNCTIONS})\s+(?=[^\W\d_a-z])|\s+en\s+(?=[A-Z]\S+\s+[A-Z])|\s*&\s*|\s+\+\s+")
_AND_ANY_CASE = re.compile(rf"\s+(?:{_CONJUNCTIONS})\s+|\s*&\s*", re.IGNORECASE)
_DASH = re.compile(r"\s+[-–—]+\s+|\s*—\s*|\s*/\s*")
_BRACKETS = re.compile(r"\s*[(\[（]([^()\[\]（）]*)[)\]）]\s*$")
_PLACE = re.compile(r"\s+(?:in|à|en|tại|из|aus|a|em)\s+[A-ZĐÀ-Ỹ][\w.-]*(?:[\s,]+[A-ZĐÀ-Ỹ][\w.-]*){0,3}$")
_WORKS_FOR = re.compile(
    r"^(?:special to|special for|exclusive to|for|of|from|at|with|của|für|pour|para)\s+(?P<organisation>(?:the\s+)?\S.*)$",
    re.IGNORECASE,
)
_INSIDE_WORKS_FOR = re.compile(r"^(?P<name>.+?)\s+(?:special to|for|of|at)\s+(?P<organisation>(?:[Tt]he\s+)?[A-ZĐ].*)$")
_SPECIAL_TO = re.compile(r"^(?:special|exclusive) (?:to|for)\s+(?P<organisation>(?:the\s+)?\S.*)$", re.IGNORECASE)
_STAFF_OF = re.compile(
    r"(?:the\s+)?(?P<organisation>.+?)\s+(?:staff|team|desk|newsroom|editors|editorial|reporters|correspondents|staff writers?)",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"[^\W\d_](?:\.[ -]?[^\W\d_])*\.")
_LAST_OF_LIST = re.compile(r"(?<=\.),?\s+(?:and|und|et|y|e|&)\s+")
_FIRM = re.compile(r"[A-Z][\w’']+ & [A-Z][\w’']+")
"""``Simon & Schuster``: two single words around the sign of firms. Two people are ``Ann and Bob``."""
_LETTER = re.compile(r"[^\W\d_]")


_COMPILED = frozenset({"th", "t.h", "t/h", "tổng hợp", "ghi", "dịch", "lược dịch"})
"""What Vietnamese bylines say in brackets of how a text was made."""


class Kind(Enum):
    PERSON = "person"
    ROLE = "role"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    role: str = ""
    organisation: str = ""


def read_tokens(text: str, lexicon_: Lexicon) -> list[Token]:
    """What a segment names, in order."""
    if lexicon_.is_placeholder(text):
        return []
    if match := _SPECIAL_TO.match(text):
        return [Token(Kind.ORGANISATION, match["organisation"])]
    if _FIRM.fullmatch(text):
        return [Token(Kind.ORGANISATION, text)]
    if lexicon_.is_organisation(text) and not _DASH.search(text) and "," not in text:
        return [Token(Kind.ORGANISATION, text)]
    if people := _by_surname(text):
        return people
    if _is_one_name_in_two_parts(text, lexicon_):
        return [Token(Kind.PERSON, text)]
    found: list[Token] = []
    for piece in _pieces(text, lexicon_):
        if not (lexicon_.is_place(piece) and (found or " " in text)):
            found.extend(_read(piece, lexicon_, alone=not found))
    return found


def _by_surname(text: str) -> list[Token]:
    """``Doe, J., Roe, A. B.``: the authors of a paper, each by surname and initials; none if it is anything else.

    In ``Jane Doe, R.N.`` letters are a degree: most surnames must be one word, but for particles.
    """
    parts = [part.strip() for part in _LAST_OF_LIST.sub(", ", text).split(",")]
    surnames, initials = parts[::2], parts[1::2]
    if len(surnames) != len(initials) or not all(map(_are_initials, initials)):
        return []
    if not all(_is_name(one) and not one.endswith(".") and len(one.split()) <= 4 for one in surnames):
        return []
    simple = [one for one in surnames if " " not in one or one.split()[0].casefold() in lexicon.PARTICLES]
    if 2 * len(simple) <= len(surnames):
        return []
    return [Token(Kind.PERSON, f"{given} {name}") for name, given in zip(surnames, initials, strict=True)]


def _are_initials(text: str) -> bool:
    return bool(_INITIALS.fullmatch(text)) and text.isupper() and not _continues(text)


def _is_one_name_in_two_parts(text: str, lexicon_: Lexicon) -> bool:
    """``Doe, Jane``: which part is the surname is not ours to guess, but two persons of one word each it is not."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or len(parts[0].split()) != 1 or not 1 <= len(parts[1].split()) <= 2:
        return False
    known = any(lexicon_.is_role(part) or lexicon_.is_organisation(part) or _continues(part) for part in parts)
    plain = all(
        part.replace("-", "").replace(" ", "").replace(".", "").isalpha() and part[0].isupper() for part in parts
    )
    return plain and not known and not lexicon_.is_acronym(parts[1]) and not _AND_ANY_CASE.search(text)


def _pieces(text: str, lexicon_: Lexicon) -> list[str]:
    pieces: list[str] = []
    for part in _DASH.split(text):
        for item in _COMMA.split(part.strip()):
            if _continues(item):
                _continue(pieces, item)
            elif item and not lexicon_.is_organisation(item) and not lexicon_.is_role(item):
                pieces.extend(one for one in _and_pattern(item).split(item) if one.strip())
            elif item:
                pieces.append(item)
    return [piece.strip(" ,.;:") if not piece.rstrip().endswith("r.") else piece.strip(" ,;:") for piece in pieces]


def _and_pattern(text: str) -> re.Pattern[str]:
    return _AND_ANY_CASE if text.isupper() or text.islower() else _AND


def _continues(item: str) -> bool:
    """``Jr.`` and ``PhD`` behind a comma belong to the name before it."""
    bare = item.replace(".", "").casefold()
    return bare in lexicon.GENERATIONS or bare in lexicon.DEGREES


def _continue(pieces: list[str], item: str) -> None:
    if pieces and item.replace(".", "").casefold() in lexicon.GENERATIONS:
        pieces[-1] += f", {item}"


def _read(text: str, lexicon_: Lexicon, *, alone: bool) -> list[Token]:
    text = text.strip()
    bracketed = _BRACKETS.search(text)
    if bracketed and bracketed.start():
        return _with_brackets(text[: bracketed.start()], bracketed[1], lexicon_, alone=alone)
    if lexicon_.is_placeholder(text) and (alone or not lexicon_.is_role(text)):
        return []
    if (match := _STAFF_OF.fullmatch(text)) and not lexicon_.is_role(text):
        return [Token(Kind.ORGANISATION, match["organisation"])]
    if text[:5].casefold() == "theo " and lexicon_.is_organisation(text[5:]):
        return [Token(Kind.ORGANISATION, text[5:])]
    if desk := _desk_of(text, lexicon_):
        return desk
    if match := _WORKS_FOR.match(text):
        return [Token(Kind.ORGANISATION, match["organisation"])]
    if lexicon_.is_organisation(text) or (not alone and lexicon_.is_acronym(text) and not lexicon_.is_role(text)):
        return [Token(Kind.ORGANISATION, text)]
    return _person_with_role(text, lexicon_)


def _with_brackets(name: str, inside: str, lexicon_: Lexicon, *, alone: bool) -> list[Token]:
    """``Jane Doe (Reuters)``, ``Jane Doe (Editor)``; anything else in brackets is a place or a nickname and goes."""
    tokens = _read(name, lexicon_, alone=alone)
    if not tokens or tokens[-1].kind is not Kind.PERSON:
        return tokens
    if lexicon_.is_role(inside) or author_key(inside) in _MADE_OF:
        tokens[-1] = replace(tokens[-1], role=tokens[-1].role or inside)
    elif author_key(inside) in _COMPILED:
        pass
    elif lexicon_.is_organisation(inside) or lexicon_.is_acronym(inside):
        tokens[-1] = replace(tokens[-1], organisation=inside)
    return tokens


def _desk_of(text: str, lexicon_: Lexicon) -> list[Token]:
    """``CNN Business``, ``AP Business Writer``, ``朝日新聞 山田太郎``: what begins with a listed organisation."""
    parts = text.split()
    for at in range(1, len(parts)):
        organisation, rest = " ".join(parts[:at]), " ".join(parts[at:])
        if author_key(organisation) not in lexicon_.organisations:
            continue
        if _is_plain_role(rest, lexicon_):
            return [Token(Kind.ROLE, rest), Token(Kind.ORGANISATION, organisation)]
        if rest[0] >= "\u2e80":
            return [*_person_with_role(rest, lexicon_), Token(Kind.ORGANISATION, organisation)]
        if all(part in lexicon.ROLE_WORDS for part in author_key(rest).split()):
            return [Token(Kind.ORGANISATION, text)]
    return []


def _person_with_role(text: str, lexicon_: Lexicon) -> list[Token]:
    """A name with a role before or behind it and no sign between; or a role; or a name."""
    if text[:1] < "\u2e80" and lexicon_.is_role(text) and not any(word[:1].isupper() for word in text.split()[1:]):
        return [Token(Kind.ROLE, text)]
    if (match := _ROLE_AT.fullmatch(text)) and lexicon_.is_role(match["role"]):
        return [Token(Kind.ROLE, match["role"]), Token(Kind.ORGANISATION, match["organisation"])]
    if (match := _MADE_SO.fullmatch(text)) and match["name"][:1].isupper():
        return [Token(Kind.PERSON, person_name(match["name"]), role=match["role"])]
    whole, text = text, _PLACE.sub("", text)
    if whole != text and lexicon_.is_role(text) and not _role_before(text, lexicon_)[1]:
        return [Token(Kind.ROLE, whole)]
    organisation = ""
    if found := _organisation_and_role_before(text, lexicon_):
        return [found]
    if (match := _INSIDE_WORKS_FOR.match(text)) and lexicon_.is_organisation(match["organisation"]):
        text, organisation = match["name"], match["organisation"]
    name, role = _role_behind(text, lexicon_)
    if not role:
        name, role = _role_before(text, lexicon_)
    if not role and lexicon_.is_role(text):
        return [Token(Kind.ROLE, text)]
    if not organisation:
        name, organisation = _organisation_behind(name, lexicon_)
    name = person_name(name)
    if not _is_name(name) or lexicon_.is_placeholder(name):
        return [Token(Kind.ROLE, role)] if role else []
    return [Token(Kind.PERSON, name, role=role, organisation=organisation)]


def _is_name(text: str) -> bool:
    return (
        bool(_LETTER.search(text))
        and len(text) <= MAX_NAME
        and len(text.split()) <= _MAX_WORDS
        and (" " not in text or not any(char.isdigit() for char in text))
        and not text.endswith(("?", "!"))
    )


def _role_behind(text: str, lexicon_: Lexicon) -> tuple[str, str]:
    """The longest run of words of roles at the end that begins with a listed role or ends in a head."""
    parts = text.split()
    for at in range(1, len(parts)):
        name, role = " ".join(parts[:at]), " ".join(parts[at:])
        least = 1 if parts[0][0] >= "\u2e80" else 2
        if at >= least and _is_plain_role(role, lexicon_):
            return name, role
    return text, ""


def _role_before(text: str, lexicon_: Lexicon) -> tuple[str, str]:
    parts = text.split()
    for at in range(len(parts) - 1, 0, -1):
        role, name = " ".join(parts[:at]), " ".join(parts[at:])
        least = 1 if name[0] >= "\u2e80" else 2
        if len(parts) - at >= least and not _is_lower(name, text) and _is_plain_role(role, lexicon_):
            place = lexicon_.is_place(name)
            return ("", role) if place else (name, role)
    return text, ""


def _is_lower(name: str, text: str) -> bool:
    """Whether a name would be written small where other words are not: then it is none."""
    return (
        name[:1].islower()
        and not text.islower()
        and name.split(maxsplit=1)[0] not in lexicon.PARTICLES - {"a", "y", "e"}
    )


def _organisation_and_role_before(text: str, lexicon_: Lexicon) -> Token | None:
    """``Associated Press reporter Jane Doe``."""
    parts = text.split()
    for at in range(1, len(parts) - 2):
        organisation = " ".join(parts[:at])
        if author_key(organisation) not in lexicon_.organisations:
            continue
        for end in range(at + 1, len(parts) - 1):
            role, name = " ".join(parts[at:end]), " ".join(parts[end:])
            if _is_plain_role(role, lexicon_):
                return Token(Kind.PERSON, person_name(name), role=role, organisation=organisation)
    return None


def _is_plain_role(text: str, lexicon_: Lexicon) -> bool:
    """Whether *every* word is one of roles: without a separator nothing else can be told from a name."""
    key = author_key(text)
    if key in lexicon_.roles or key in _PLAIN_HEADS:
        return True
    parts = key.split()
    return lexicon_.is_role(text) and all(part in lexicon.ROLE_WORDS for part in parts)


_PLAIN_HEADS = frozenset(author_key(head) for head in lexicon.PREFIX_HEADS if not head.endswith((" of", " de")))


def _organisation_behind(text: str, lexicon_: Lexicon) -> tuple[str, str]:
    """``Jane Doe Associated Press``: only listed organisations, and only behind two words."""
    parts = text.split()
    for at in range(2, len(parts)):
        rest = " ".join(parts[at:])
        if author_key(rest) in lexicon_.organisations and not (len(rest) <= 4 and not rest.isupper()):
            return " ".join(parts[:at]), rest
    return text, ""
