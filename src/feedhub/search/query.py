"""The query language: what a person types, as a value, and its one canonical spelling. Pure.

::

    giá vàng              both words            "giá vàng"            one after the other
    vàng OR gold          one of them           -quảng                not this word
    title:vàng            in the title          in:title              all words in the title
    author:"Huyền Trần"   topic:gold   source:vnexpress   category:economy   lang:vi      and -author: …

Nothing that can be typed is an exception: what cannot be answered is a :class:`Faulty` that says where and what to do. A
quote that is not closed reaches to the end. A prefix that is none of ours (``12:30``, ``https://…``) is text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum

from feedhub.search.words import LONGEST_PHRASE, words_of

LONGEST = 500
"""Characters of a query."""
MOST_TERMS = 16
"""Words and phrases of a query."""
MOST_NAMES = 8
"""Names (``author:`` and the like) of a query."""
_LONGEST_RUN = 64


class Field(StrEnum):
    """What a name is of; the value is the prefix, and the parameter of an address."""

    AUTHOR = "author"
    TOPIC = "topic"
    SOURCE = "source"
    CATEGORY = "category"
    LANGUAGE = "lang"


@dataclass(frozen=True, slots=True)
class Text:
    """Words that follow each other; ``words`` in their one form (:func:`feedhub.search.words.words_of`)."""

    words: tuple[str, ...]
    in_title: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """One of these texts must be there; with ``negative`` the one text must not be."""

    texts: tuple[Text, ...]
    negative: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """A name as it was typed, white space folded; a language tag is in lower case."""

    field: Field
    value: str
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked. ``notes`` are for the person who typed it and no part of the question."""

    clauses: tuple[Clause, ...] = ()
    names: tuple[Named, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __bool__(self) -> bool:
        return bool(self.clauses or self.names)

    def narrowed(self, names: Iterable[Named]) -> Query:
        """The same, and these names too."""
        return replace(self, names=tuple(sorted({*self.names, *names})))


@dataclass(frozen=True, slots=True)
class Faulty:
    """A query that cannot be answered: ``place`` counts its characters from 0."""

    place: int
    what: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.what} (at character {self.place + 1}). {self.hint}".strip()


class _Fault(Exception):
    """Leaves the parser; never the module."""

    def __init__(self, place: int, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.faulty = Faulty(place, what, hint)


def parse(text: str) -> Query | Faulty:
    """Read a query; never raises."""
    try:
        return _Reading(text).query()
    except _Fault as fault:
        return fault.faulty


def named(field: Field, value: str) -> Named | Faulty:
    """A name that came as a parameter of an address."""
    try:
        return _name(field, value, False, 0)
    except _Fault as fault:
        return fault.faulty


def canonical(query: Query) -> str:
    """The one spelling of a query: reading it gives an equal query."""
    return " ".join([*map(_spell_clause, query.clauses), *map(spell_name, query.names)])


def spell_name(name: Named) -> str:
    plain = re.fullmatch(r'[^\s"()/][^\s"()]*', name.value)  # with a slash at once it would be read as an address
    return f"{'-' if name.negative else ''}{name.field.value}:{name.value if plain else _quoted(name.value)}"


def _spell_clause(clause: Clause) -> str:
    return ("-" if clause.negative else "") + " OR ".join(map(_spell_text, clause.texts))


def _spell_text(text: Text) -> str:
    words = text.words[0] if len(text.words) == 1 else _quoted(" ".join(text.words))
    return f"title:{words}" if text.in_title else words


def _quoted(text: str) -> str:
    return f'"{text}"'


# ---------------------------------------------------------------- reading

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_PIECE = re.compile(
    r"""[\s()]*(?P<not>-*)(?:(?P<prefix>[^\W\d_]+):(?=[^\s/]|$))?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s()"]+)|$)"""
)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_FIELDS = {one.value: one for one in Field} | {"language": Field.LANGUAGE}
_PREFIXES = (*_FIELDS, "title", "in")


@dataclass(frozen=True, slots=True)
class _Piece:
    place: int
    negative: bool
    prefix: str
    value: str
    quoted: bool


class _Reading:
    """One query being read."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise _Fault(LONGEST, f"The query has more than {LONGEST} characters", "Leave words out.")
        self._text = text.translate(_QUOTES)
        self._clauses: list[Clause] = []
        self._names: set[Named] = set()
        self._notes: list[str] = []
        self._joining = False  # an OR was read, its right side is due
        self._open = False  # whether the last clause may go on with OR
        self._all_in_title = False

    def query(self) -> Query:
        for piece in self._pieces():
            self._take(piece)
        if self._joining:
            self._word(Text(("or",)), False, len(self._text))  # an OR at the end is a word
        clauses = tuple(dict.fromkeys(self._placed(clause) for clause in self._clauses))
        if sum(len(clause.texts) for clause in clauses) > MOST_TERMS:
            raise _Fault(0, f"The query has more than {MOST_TERMS} words and phrases", "Leave some out.")
        if len(self._names) > MOST_NAMES:
            raise _Fault(0, f"The query has more than {MOST_NAMES} names", "Leave some out.")
        return Query(clauses, tuple(sorted(self._names)), tuple(self._notes))

    def _placed(self, clause: Clause) -> Clause:
        texts = (replace(text, in_title=True) if self._all_in_title else text for text in clause.texts)
        return replace(clause, texts=tuple(dict.fromkeys(texts)))

    def _pieces(self) -> Iterator[_Piece]:
        place = 0
        while place < len(self._text):
            match = _PIECE.match(self._text, place)
            if match is None or match.end() == place:
                place += 1
                continue
            phrase, word = match["phrase"], match["word"]
            value = phrase if phrase is not None else (word or "")
            prefix = match["prefix"] or ""
            if value or prefix:
                start = match.start("not")
                yield _Piece(start, bool(match["not"]), prefix, value, phrase is not None)
            place = match.end()

    def _take(self, piece: _Piece) -> None:
        prefix = piece.prefix.casefold()
        if prefix in _FIELDS:
            self._end_clause(piece.place)
            self._names.add(_name(_FIELDS[prefix], piece.value, piece.negative, piece.place))
        elif prefix == "in":
            self._where(piece)
        elif not prefix and not piece.quoted and not piece.negative and piece.value in {"OR", "|", "AND", "&"}:
            self._operator(piece)
        else:
            self._words(piece, prefix)

    def _end_clause(self, place: int) -> None:
        if self._joining:
            raise _Fault(place, "OR joins words and phrases only", "What must not be there, and names, stand alone.")
        self._open = False

    def _where(self, piece: _Piece) -> None:
        if piece.value.casefold() != "title" or piece.negative:
            raise _Fault(piece.place, "in: knows in:title only", "Words are looked for in title and text.")
        self._end_clause(piece.place)
        self._all_in_title = True

    def _operator(self, piece: _Piece) -> None:
        if piece.value in {"AND", "&"}:
            return  # all words must be there anyway
        if self._open and not self._joining:
            self._joining = True
        elif piece.value == "OR" and (self._clauses or self._names):
            raise _Fault(
                piece.place, "OR joins words and phrases only", "What must not be there, and names, stand alone."
            )
        elif piece.value == "OR":
            self._word(Text(("or",)), False, piece.place)  # with nothing before it, it is a word

    def _words(self, piece: _Piece, prefix: str) -> None:
        in_title = prefix == "title"
        written = piece.value if in_title or not prefix else f"{piece.prefix}:{piece.value}"
        words = _settled(written)
        if prefix and not in_title:
            close = get_close_matches(prefix, _PREFIXES, n=1, cutoff=0.75)
            hint = f" Did you mean {close[0]}: ?" if close else ""
            self._notes.append(f"{piece.prefix}: is no prefix of the query language and was taken as text.{hint}")
        if not words:
            return
        if len(words) > LONGEST_PHRASE or max(map(len, words)) > _LONGEST_RUN:
            raise _Fault(piece.place, f"A phrase has at most {LONGEST_PHRASE} words", "Shorten it.")
        self._word(Text(words, in_title), piece.negative, piece.place)

    def _word(self, text: Text, negative: bool, place: int) -> None:
        if self._joining:
            if negative:
                raise _Fault(
                    place, "OR joins words and phrases only", "What must not be there, and names, stand alone."
                )
            last = self._clauses[-1]
            self._clauses[-1] = replace(last, texts=(*last.texts, text))
        else:
            self._clauses.append(Clause((text,), negative))
        self._joining = False
        self._open = not negative


def _settled(text: str) -> tuple[str, ...]:
    """Words in a form that reading them again does not change: some letters fold in two steps."""
    words = words_of(text)
    for _ in range(4):
        again = words_of(" ".join(words))
        if again == words:
            break
        words = again
    return tuple(words)


def _name(field: Field, value: str, negative: bool, place: int) -> Named:
    printable = "".join(" " if unicodedata.category(sign) in {"Cc", "Cs"} or sign == '"' else sign for sign in value)
    name = " ".join(unicodedata.normalize("NFC", printable).split())
    if not name:
        raise _Fault(place, f"{field.value}: names nobody", f'Write {field.value}:name or {field.value}:"full name".')
    if field is Field.LANGUAGE:
        name = name.casefold().replace("_", "-")
        if not _LANGUAGE.fullmatch(name):
            raise _Fault(place, f"{name!r} is no language", "Write a tag such as lang:vi or lang:pt-br.")
    return Named(field, name, negative)
