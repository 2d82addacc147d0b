"""One digest for everything an entry said, equal on every machine and Python version."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any

from feedhub.model import Digest, RawEntry, RawPerson, TextType

_SURROGATES = "surrogatepass"
"""How lone surrogates, which JSON can say, are encoded: as they stand, so that two of them differ."""
_LONG = 1_000
"""Characters from which on a text that is not ASCII is not encoded a second time."""


def with_digest(entry: RawEntry) -> RawEntry:
    """The entry with its :attr:`RawEntry.digest` filled in: blake2b over all other fields."""
    names, values = _plan(RawEntry)
    return replace(entry, digest=_digest(names[:-1], values(entry)[:-1]))  # the digest is the last field


def digest_of(said: Mapping[str, Any]) -> Digest:
    """The digest of an entry whose fields are these, in the order of :class:`RawEntry`; those left out are empty."""
    return _digest(map(_name, said), said.values())


def _digest(names: Iterable[str], values: Iterable[Any]) -> Digest:
    parts: list[str | bytes] = []
    _add_record(parts, names, values)
    return Digest(hashlib.blake2b(_joined(parts), digest_size=16).digest())


def _joined(parts: list[str | bytes]) -> bytes:
    try:
        return "".join(parts).encode("utf-8", _SURROGATES)  # type: ignore[arg-type] # strings, as a rule
    except TypeError:
        return b"".join([one if isinstance(one, bytes) else one.encode("utf-8", _SURROGATES) for one in parts])


def _add(parts: list[str | bytes], value: Any) -> None:
    """Each value is led by its kind and length in UTF-8, so that no two different values have one serialisation."""
    kind = value.__class__
    if kind is tuple:
        parts.append(f"t{len(value)}:")
        for item in value:
            _add(parts, item)
    elif kind is RawPerson:
        parts.append(_person(value))
    elif kind is TextType:
        parts.append(_text_type(value))
    elif (known := _plans.get(kind)) is not None:
        _add_record(parts, known[0], known[1](value))
    elif isinstance(value, str):
        _add_text(parts, value)
    else:
        names, values = _plan(kind)
        _add_record(parts, names, values(value))


def _add_text(parts: list[str | bytes], text: str) -> None:
    """Text is encoded when all is put together; what is not ASCII must be here, too, to know its length."""
    if text.isascii():
        parts.append(f"s{len(text)}:{text}")
    else:
        data = text.encode("utf-8", _SURROGATES)
        parts += (f"s{len(data)}:", text if len(text) < _LONG else data)


def _add_record(parts: list[str | bytes], names: Iterable[str], values: Iterable[Any]) -> None:
    """Empty fields are left out: a field added to the model later does not change the digest of entries without it."""
    filled = [said for said in zip(names, values, strict=True) if said[1]]
    parts.append(f"r{len(filled)}:")
    for name, value in filled:
        if value.__class__ is str and value.isascii():  # most are: a call less
            parts.append(f"{name}s{len(value)}:{value}")
        else:
            parts.append(name)
            _add(parts, value)


@cache
def _text_type(value: TextType) -> str:
    return f"s{len(value)}:{value}"


@lru_cache(maxsize=1024)
def _person(person: RawPerson) -> str:
    """A site names the same few people again and again."""
    names, values = _plan(RawPerson)
    parts: list[str | bytes] = []
    _add_record(parts, names, values(person))
    return _joined(parts).decode("utf-8", _SURROGATES)


@cache
def _name(name: str) -> str:
    return f"s{len(name)}:{name}"


_Plan = tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]
_plans: dict[type[Any], _Plan] = {}  # kinds of records never change


def _plan(kind: type[Any]) -> _Plan:
    """The names of a record's fields as they are counted, and what reads the fields all at once."""
    known = _plans.get(kind)
    if known is None:
        names = tuple(field.name for field in fields(kind))
        known = _plans[kind] = tuple(map(_name, names)), attrgetter(*names)
    return known
