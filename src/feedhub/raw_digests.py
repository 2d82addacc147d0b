"""One digest for everything an entry said, equal on every machine and Python version."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import cache
from operator import attrgetter
from typing import Any

from feedhub.model import Digest, RawEntry


def with_digest(entry: RawEntry) -> RawEntry:
    """The entry with its :attr:`RawEntry.digest` filled in: blake2b over all other fields."""
    written, values = _plan(RawEntry)
    return replace(entry, digest=_digest(written[:-1], values(entry)[:-1]))  # the digest is the last field


def digest_of(said: Mapping[str, Any]) -> Digest:
    """The digest of an entry whose fields are these, in the order of :class:`RawEntry`; those left out are empty."""
    return _digest(tuple(map(_name, said)), tuple(said.values()))


def _digest(written: tuple[bytes, ...], values: tuple[Any, ...]) -> Digest:
    parts: list[bytes] = []
    _add_record(parts, written, values)
    return Digest(hashlib.blake2b(b"".join(parts), digest_size=16).digest())


def _add(parts: list[bytes], value: Any) -> None:
    """Each value is led by its kind and length, so that no two different values have one serialisation."""
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        parts.append(b"s%d:" % len(data))
        parts.append(data)
    elif isinstance(value, tuple):
        parts.append(b"t%d:" % len(value))
        for item in value:
            _add(parts, item)
    else:
        written, values = _plan(type(value))
        _add_record(parts, written, values(value))


def _add_record(parts: list[bytes], names: tuple[bytes, ...], values: tuple[Any, ...]) -> None:
    """Empty fields are left out: a field added to the model later does not change the digest of entries without it."""
    count_at = len(parts)
    parts.append(b"")
    filled = 0
    for name, value in zip(names, values, strict=True):
        if value:
            filled += 1
            if value.__class__ is str and value.isascii():  # most are: a call less
                parts += name, b"s%d:" % len(value), value.encode()
            else:
                parts.append(name)
                _add(parts, value)
    parts[count_at] = b"r%d:" % filled


@cache
def _name(name: str) -> bytes:
    data = name.encode()
    return b"s%d:" % len(data) + data


_Plan = tuple[tuple[bytes, ...], Callable[[Any], tuple[Any, ...]]]
_plans: dict[type[Any], _Plan] = {}  # kinds of records never change


def _plan(kind: type[Any]) -> _Plan:
    """The names of a record's fields as they are counted, and what reads the fields all at once."""
    if kind not in _plans:
        names = tuple(field.name for field in fields(kind))
        _plans[kind] = tuple(map(_name, names)), attrgetter(*names)
    return _plans[kind]
