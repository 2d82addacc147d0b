"""One digest for everything an entry said, equal on every machine and Python version."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from typing import Any

from feedhub.model import Digest, RawEntry


def with_digest(entry: RawEntry) -> RawEntry:
    """The entry with its :attr:`RawEntry.digest` filled in: blake2b over all other fields."""
    parts: list[bytes] = []
    _serialise(replace(entry, digest=Digest(b"")) if entry.digest else entry, parts)
    return replace(entry, digest=Digest(hashlib.blake2b(b"".join(parts), digest_size=16).digest()))


_NAMES: dict[type[Any], tuple[tuple[str, bytes], ...]] = {}
"""The fields of each kind with their serialised names, looked up once."""


def _names(kind: type[Any]) -> tuple[tuple[str, bytes], ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple((field.name, b"s%d:%s" % (len(field.name), field.name.encode())) for field in fields(kind))
    return _NAMES[kind]


def _serialise(value: Any, parts: list[bytes]) -> None:
    """Each value is led by its kind and length, so that no two different values have one serialisation.

    Empty fields are left out: a field added to the model later does not change the digest of entries without it.
    """
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        parts.append(b"s%d:" % len(data))
        parts.append(data)
    elif isinstance(value, tuple):
        parts.append(b"t%d:" % len(value))
        for item in value:
            _serialise(item, parts)
    else:
        filled = [(name, item) for field, name in _names(type(value)) if (item := getattr(value, field))]
        parts.append(b"r%d:" % len(filled))
        for name, item in filled:
            parts.append(name)
            _serialise(item, parts)
