"""Elements of other vocabularies, checked by what :mod:`feedhub.extras` says of each. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from feedhub.clean.text import cut, tidy
from feedhub.clean.urls import web_link
from feedhub.extras import KINDS, LICENCE, Holds, Kind
from feedhub.model import Extra, RawEntry

LONGEST = 1_000
"""Bytes of a text or attribute."""
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_DEGREES = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,15})?")
_YES = frozenset({"yes", "true", "explicit"})
_NO = frozenset({"no", "false", "clean"})


def clean_extras(raw: RawEntry, bases: Sequence[str]) -> tuple[Extra, ...]:
    """What holds, each once, in the order of the document; a licence that a link names is one too."""
    said = [_checked(extra, bases) for extra in (*raw.extras, *_licences(raw))]
    return tuple(dict.fromkeys(extra for extra in said if extra is not None))


def _licences(raw: RawEntry) -> Iterable[Extra]:
    return (Extra(name=LICENCE, text=link.href) for link in raw.links if link.rel == "license")


def _checked(extra: Extra, bases: Sequence[str]) -> Extra | None:
    kind = KINDS[extra.name]
    text = _text(extra.text, kind.text, bases)
    given = {name.lower(): value for name, value in extra.attributes}
    told = {name: _attribute(name, given.get(name.lower(), ""), kind, bases) for name in kind.attributes}
    attributes = tuple((name, value) for name, value in told.items() if value)
    if text is None or any(not told[name] for name in kind.required) or not (text or attributes):
        return None
    return Extra(name=extra.name, text=text, attributes=attributes)


def _attribute(name: str, value: str, kind: Kind, bases: Sequence[str]) -> str:
    if name in kind.addresses or name == "accountUrl":
        return web_link(value, bases)
    return cut(tidy(value), LONGEST)


def _text(text: str, holds: Holds, bases: Sequence[str]) -> str | None:
    """The text as it may be; None when it is not what it ought to be."""
    text = cut(tidy(text), LONGEST)
    if holds is Holds.NOTHING:
        return ""
    if holds is Holds.NUMBER:
        return text if _NUMBER.fullmatch(text) else None
    if holds is Holds.PLACE:
        return _place(text)
    if holds is Holds.ADDRESS:
        return web_link(text, bases) or None
    if holds is Holds.YES_OR_NO:
        word = text.lower()
        return "true" if word in _YES else "false" if word in _NO else None
    return text


def _place(text: str) -> str | None:
    """Pairs of latitude and longitude, within their bounds."""
    parts = text.replace(",", " ").split()
    if not parts or len(parts) % 2 or not all(map(_DEGREES.fullmatch, parts)):
        return None
    inside = all(abs(float(part)) <= (180 if at % 2 else 90) for at, part in enumerate(parts))
    return " ".join(parts) if inside else None
