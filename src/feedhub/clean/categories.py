"""Categories: split where a source crams several into one, without junk, each once.

=========================== ======================================================================================
``A > B`` (also ``»``, ``→``) a path: A, and B with the path as its term and ``B`` as its label
``A / B``, ``A | B``        a list; ``TCP/IP`` and ``AC/DC`` are names, because no space stands around the sign
``a; b``, ``a、b``          a list; so are paths with commas in between
``a, b, c``                 a list of short names; ``Arts, Culture and Media`` and ``Washington, D.C.`` are one name each
``#a #b``                   a list; ``C#`` and ``#1 hits`` are names
=========================== ======================================================================================

A list like ``Rock, Paper, Scissors`` cannot be told from three categories: it is taken for three, because feeds that
cram are many and names with two commas few.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from feedhub.category_paths import path_of, steps_of
from feedhub.clean.category_junk import JUNK, JUNK_BEGINNINGS, ROOTS
from feedhub.clean.text import tidy
from feedhub.model import Category, RawCategory

MAX_NAME = 200
"""Characters; a longer "category" is text in the wrong element and is dropped."""

_OUTSIDE = r"(?![^()]*\))"  # not within brackets
_ALTERNATIVES = re.compile(rf"(?:\s+/+\s+|\s*[|;；]+\s*){_OUTSIDE}")
_HASHTAGS = re.compile(r"(?:#[^\s#,;]+[\s,;]*){2,}")
_HASH = re.compile(r"^#+(?=\w*[^\W\d])")  # a tag has a letter: "#1 hits" is a name
_LIST = re.compile(r"\s*[,;，、；]\s*")
_LAST_WORD = re.compile(r"(?:and|or|und|oder|et|ou|y|o|e|và|hoặc|и|или|&)\s", re.IGNORECASE)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "‐": "-", "‑": "-"})


@lru_cache(maxsize=4096)
def category_key(name: str) -> str:
    """What two names of one category have in common: NFKC, case folded, quotes, hyphens and white space unified."""
    folded = unicodedata.normalize("NFKC", tidy(name)).casefold().translate(_QUOTES)
    return unicodedata.normalize("NFC", " ".join(folded.split()))


def clean_categories(raw: Iterable[RawCategory], added: Iterable[str] = ()) -> tuple[Category, ...]:
    """The categories of an entry in the source's order, then those that the configuration adds.

    A name is kept once for each scheme that it is said under; what is said without a scheme goes where one with a
    scheme says the same.
    """
    found: dict[tuple[str, str], Category] = {}
    for category in raw:
        for part in _parts(category.term, category.label, category.scheme):
            found.setdefault((part.key, part.scheme), part)
    for name in map(tidy, added) if added else ():
        if name:
            found.setdefault((category_key(name), ""), Category(key=category_key(name), term=name))
    schemed = {key for key, scheme in found if scheme}
    if not schemed:
        return tuple(found.values())
    return tuple(part for (key, scheme), part in found.items() if scheme or key not in schemed)


@lru_cache(maxsize=2048)  # a site files its entries under the same few names
def _parts(term: str, label: str, scheme: str) -> tuple[Category, ...]:
    return tuple(_found_in(tidy(html.unescape(term)), tidy(html.unescape(label)), tidy(scheme)))


def _found_in(term: str, label: str, scheme: str) -> Iterable[Category]:
    named = bool(label) and label != term
    parts = _split(label if named else term)
    for path in parts:
        if _is_name(path[-1]):
            own = named and path == parts[-1] and len(path) == len(parts)  # one name, or one path
            yield _category(path, scheme, term if own else "")


def _category(path: Sequence[str], scheme: str, term: str) -> Category:
    """``term``: what the source calls the last of the path, where it says so."""
    name = path[-1]
    term = term or path_of(path)
    return Category(key=category_key(name), term=term, scheme=scheme, label=name if term != name else "")


def _is_name(name: str) -> bool:
    return (
        0 < len(name) <= MAX_NAME
        and category_key(name) not in JUNK
        and not category_key(name).startswith(JUNK_BEGINNINGS)
        and any(char.isalnum() for char in name)
        and not name.startswith(("http://", "https://"))
    )


def split_names(text: str) -> list[str]:
    """The names in a crammed text: ``A > B`` gives A and B, ``#a #b`` gives a and b, a list its members."""
    return [path[-1] for path in _split(text)]


def _split(text: str) -> list[tuple[str, ...]]:
    """The categories in a text, each with those above it."""
    if _HASHTAGS.fullmatch(text + " "):
        return [path for part in text.split("#") if (name := part.strip("#,; ")) for path in _split(name)]
    return [path for part in _alternatives(text) for path in _paths(part)]


def _alternatives(text: str) -> list[str]:
    """Parts that stand beside each other, of which some may be paths."""
    pieces = _LIST.split(text) if "(" not in text else [text]
    if sum(len(steps_of(piece)) > 1 for piece in pieces) > 1:
        return pieces
    return _ALTERNATIVES.split(text)


def _paths(text: str) -> list[tuple[str, ...]]:
    steps = steps_of(text)
    while len(steps) > 1 and category_key(steps[0]) in ROOTS:
        steps = steps[1:]
    above = tuple(name for name in map(_untagged, steps[:-1]) if name)
    last = [(*above, name) for step in steps[-1:] for name in _listed(step)]
    return [*(above[: depth + 1] for depth in range(len(above))), *last]


def _untagged(name: str) -> str:
    return _HASH.sub("", name).strip(" ,;|")


def _listed(text: str) -> list[str]:
    """Members of a comma list. ``Arts, Culture and Media`` and ``Doe, Jane`` are names; ``a, b, c`` is a list."""
    parts = [_untagged(part) for part in _LIST.split(text) if part.strip("# ")]
    if len(parts) < 2:
        return parts
    joined = any(
        _LAST_WORD.match(part) or re.search(rf"\s{_LAST_WORD.pattern}", part, re.IGNORECASE) for part in parts[-1:]
    )
    if joined or "(" in text:
        return [text]
    unmistakable = re.search(r"[，、]", text) or all("#" in part for part in _LIST.split(text))
    short = all(len(part.split()) <= 4 for part in parts)
    listed = unmistakable or (len(parts) >= 3 and short) or (len(parts) == 2 and short and not _inverted(parts))
    return parts if listed else [text]


def _inverted(parts: list[str]) -> bool:
    """``Washington, D.C.`` or ``Doe, Jane``: two capitalised Latin parts may be one name."""
    return all(part[:1].isupper() and len(part.split()) == 1 for part in parts) or parts[1].rstrip(".").isupper()
