"""One digest for everything an entry said, equal on every machine and Python version."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any

from feedhub.model import Digest, RawCategory, RawEntry, RawLink, RawPerson, RawText, TextType

_SURROGATES = "surrogatepass"
"""How lone surrogates, which JSON can say, are encoded: as they stand, so that two of them differ."""
_REMEMBERED = 1024


def with_digest(entry: RawEntry) -> RawEntry:
    """The entry with its :attr:`RawEntry.digest` filled in: blake2b over all other fields."""
    names, values = _plan(RawEntry)
    return replace(entry, digest=_hashed(_record(names[:-1], values(entry)[:-1])))  # the digest is the last field


def digest_of(said: Mapping[str, Any]) -> Digest:
    """The digest of an entry whose fields are these, in the order of :class:`RawEntry`; those left out are empty."""
    return _hashed(_record([_NAMES[name] for name in said], said.values()))


def _hashed(serialised: str) -> Digest:
    return Digest(hashlib.blake2b(serialised.encode("utf-8", _SURROGATES), digest_size=16).digest())


# Each value is led by its kind and length in UTF-8, so that no two different values have one serialisation.


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", _SURROGATES))


def _text(text: str) -> str:
    return f"s{_size(text)}:{text}"


def _tuple(values: tuple[Any, ...]) -> str:
    return f"t{len(values)}:{''.join([_SERIALS[value.__class__](value) for value in values])}"


def _record(names: Iterable[str], values: Iterable[Any]) -> str:
    """Empty fields are left out: a field added to the model later does not change the digest of entries without it."""
    pieces = [""]
    for name, value in zip(names, values, strict=True):
        if value:
            pieces.append(name)
            pieces.append(_SERIALS[value.__class__](value))
    pieces[0] = f"r{len(pieces) // 2}:"
    return "".join(pieces)


_NAMES: Mapping[str, str] = {field.name: _text(field.name) for field in fields(RawEntry)}


_Plan = tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]


def _plan(kind: type[Any]) -> _Plan:
    """The names of a record's fields as they are counted, and what reads the fields all at once."""
    names = tuple(field.name for field in fields(kind))
    return tuple(map(_text, names)), attrgetter(*names)


def _led_by_its_first(kind: type[Any]) -> Callable[[Any], str]:
    """For records whose first field is their own, while all others are mostly like those of other records.

    Texts and links are most of what is counted; their types, languages and bases are the same few again and again.
    """
    first, *rest = (field.name for field in fields(kind))
    own_of, others_of = attrgetter(first), attrgetter(*rest)
    names = tuple(map(_text, rest))

    @lru_cache(maxsize=_REMEMBERED)
    def around(others: tuple[Any, ...]) -> tuple[str, str, str]:
        """What stands before and after the first field, and all that there is if that is empty."""
        alone = _record(names, others)
        size, _, filled = alone[1:].partition(":")
        return f"r{int(size) + 1}:{_text(first)}s", filled, alone

    def serial(record: Any) -> str:
        own = own_of(record)
        before, after, alone = around(others_of(record))
        return f"{before}{len(own) if own.isascii() else _size(own)}:{own}{after}" if own else alone

    return serial


def _remembered(kind: type[Any]) -> Callable[[Any], str]:
    """For records that are like others as a whole: a site names the same few people and subjects again and again."""
    names, values_of = _plan(kind)

    @lru_cache(maxsize=_REMEMBERED)
    def whole(values: tuple[Any, ...]) -> str:
        return _record(names, values)

    return lambda record: whole(values_of(record))


def _plainly(kind: type[Any]) -> Callable[[Any], str]:
    names, values_of = _plan(kind)
    return lambda record: _record(names, values_of(record))


class _Serials(dict[type[Any], Callable[[Any], str]]):
    """What serialises values, by their kind."""

    def __missing__(self, kind: type[Any]) -> Callable[[Any], str]:
        found = self[kind] = _text if issubclass(kind, str) else _plainly(kind)
        return found


_SERIALS = _Serials(
    {
        str: _text,
        tuple: _tuple,
        TextType: cache(_text),
        RawText: _led_by_its_first(RawText),
        RawLink: _led_by_its_first(RawLink),
        RawPerson: _remembered(RawPerson),
        RawCategory: _remembered(RawCategory),
    }
)
