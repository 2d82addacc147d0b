"""Where two readings of one document differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

MOST_DIFFERENCES = 20
"""Differences told of one document."""
_SHOWN = 80


def differing(sure: Any, other: Any, place: str = "") -> Iterator[str]:
    """Each field that is not the same, with its place and both values, shortened: ``.entries[3].id: 'a' | 'b'``."""
    if type(sure) is not type(other):
        yield f"{place}: {_short(sure)} | {_short(other)}"
    elif is_dataclass(sure):
        for field in fields(sure):
            yield from differing(getattr(sure, field.name), getattr(other, field.name), f"{place}.{field.name}")
    elif isinstance(sure, tuple) and len(sure) == len(other):
        for position, pair in enumerate(zip(sure, other, strict=True)):
            yield from differing(*pair, f"{place}[{position}]")
    elif sure != other:
        yield f"{place}: {_short(sure)} | {_short(other)}"


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{len(value)} values"
    return repr(value)[:_SHOWN]
