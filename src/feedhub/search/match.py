"""Clauses as the two databases want them: SQLite's FTS5 expressions and PostgreSQL's ``tsquery``. Pure.

Both ask for the same tokens at the same places, so that both find the same entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from feedhub.model import Indexed
from feedhub.search.query import Clause, Text
from feedhub.search.words import BARE, BREAK, bare, has_marks, is_run, tokens_of

_LAST_PLACE = 16_383  # of PostgreSQL's tsvector


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens that follow each other. With ``begins`` the last is the beginning of one."""

    tokens: tuple[str, ...]
    begins: bool = False
    in_title: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Clauses as tokens: of each group in ``present`` one phrase, of ``absent`` none."""

    present: tuple[tuple[Phrase, ...], ...] = ()
    absent: tuple[Phrase, ...] = ()


def wanted(clauses: Sequence[Clause]) -> Wanted:
    """Words with diacritics are exact; where no word of the whole query has any, each finds all its forms."""
    exact = any(has_marks(word) for clause in clauses for text in clause.texts for word in text.words)
    present = [clause for clause in clauses if not clause.negative]
    absent = [clause for clause in clauses if clause.negative]
    return Wanted(
        tuple(tuple(_phrases(clause.texts, exact)) for clause in present),
        tuple(phrase for clause in absent for phrase in _phrases(clause.texts, exact)),
    )


def _phrases(texts: Iterable[Text], exact: bool) -> Iterable[Phrase]:
    for text in texts:
        phrase = _phrase(text)
        yield phrase
        if not exact and not all(map(is_run, text.words)):
            yield replace(phrase, tokens=tuple(BARE + bare(token) for token in phrase.tokens))


def _phrase(text: Text) -> Phrase:
    last = text.words[-1]
    tokens = tuple(tokens_of(text.words))
    if not is_run(last):
        return Phrase(tokens, in_title=text.in_title)
    if len(last) > 1:
        return Phrase(tokens[:-1], in_title=text.in_title)  # its last character need not end a run of the text
    if len(tokens) == 1:
        return Phrase((BARE + last,), in_title=text.in_title)
    return Phrase(tokens, begins=True, in_title=text.in_title)


# ---------------------------------------------------------------- SQLite


def fts5(asked: Wanted) -> str:
    """For ``MATCH`` of a table with the columns ``title`` and ``text``. "" where nothing must be present."""
    return _joined(asked, _fts5_phrase, " AND ", " OR ", " NOT ")


def fts5_any(phrases: Sequence[Phrase]) -> str:
    return " OR ".join(map(_fts5_phrase, phrases))


def _fts5_phrase(phrase: Phrase) -> str:
    words = f'"{" ".join(phrase.tokens)}"' + (" *" if phrase.begins else "")
    return f"{{title}} : {words}" if phrase.in_title else words


# ---------------------------------------------------------------- PostgreSQL


def tsquery(asked: Wanted) -> str:
    """A ``tsquery`` literal for documents made by :func:`tsvector`. "" where nothing must be present."""
    return _joined(asked, _ts_phrase, " & ", " | ", " & !")


def tsquery_any(phrases: Sequence[Phrase]) -> str:
    return " | ".join(map(_ts_phrase, phrases))


def _ts_phrase(phrase: Phrase) -> str:
    weight = "A" if phrase.in_title else ""
    endings = [weight] * len(phrase.tokens)
    if phrase.begins:
        endings[-1] = "*" + weight
    lexemes = (f"'{token}'" + (f":{end}" if end else "") for token, end in zip(phrase.tokens, endings, strict=True))
    return f"({' <-> '.join(lexemes)})"


def tsvector(document: Indexed) -> str:
    """A ``tsvector`` literal: title with weight A, then the text, each token at its place."""
    places: dict[str, list[str]] = {}
    place = _place(document.title.split(" "), 1, "A", places)
    _place(document.text.split(" "), place + 1, "", places)
    return " ".join(f"'{token}':{','.join(where)}" for token, where in places.items())


def _place(tokens: Iterable[str], place: int, weight: str, places: dict[str, list[str]]) -> int:
    for token in filter(None, tokens):
        if token != BREAK:
            places.setdefault(token, []).append(f"{min(place, _LAST_PLACE)}{weight}")
        place += 1
    return place


def _joined(asked: Wanted, spell: Callable[[Phrase], str], and_: str, or_: str, not_: str) -> str:
    groups = [f"({or_.join(map(spell, group))})" for group in asked.present]
    if not groups:
        return ""
    absent = f"{not_}({or_.join(map(spell, asked.absent))})" if asked.absent else ""
    return and_.join(groups) + absent
