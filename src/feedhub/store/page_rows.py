"""What is remembered of pages to column values and back. Pure."""

from __future__ import annotations

import hashlib
import json
import types
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from feedhub.model import PageMemory, PagePart, RawEntry, Validators


def link_digest(link: str) -> bytes:
    """16 bytes by which an article page is found."""
    return hashlib.blake2b(link.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def pack_memory(memory: PageMemory | None) -> str | None:
    if memory is None:
        return None
    told = {name: value for name, value in asdict(memory).items() if value}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def unpack_memory(text: str | None) -> PageMemory | None:
    """The inverse of :func:`pack_memory`."""
    if text is None:
        return None
    told = json.loads(text)
    parts = tuple(PagePart(**part | {"validators": Validators(**part["validators"])}) for part in told.pop("parts", ()))
    return PageMemory(**told, parts=parts)


# ---------------------------------------------------------------- entries as they were said


def pack_entry(entry: RawEntry) -> bytes:
    """An entry without its empty fields and its digest, as JSON."""
    return json.dumps(_plain(entry), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def unpack_entry(data: bytes) -> RawEntry:
    """The inverse of :func:`pack_entry`; fields that a newer FeedHub kept are passed over."""
    entry: RawEntry = _made(RawEntry, json.loads(data.decode("utf-8", "surrogatepass")))
    return entry


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        named = ((field.name, getattr(value, field.name)) for field in fields(value) if field.name != "digest")
        return {name: _plain(child) for name, child in named if child not in (None, "", ())}
    if isinstance(value, tuple):
        return [_plain(child) for child in value]
    return value


def _made(kind: Any, value: Any) -> Any:
    if get_origin(kind) in {Union, types.UnionType}:
        kind = next(part for part in get_args(kind) if part is not types.NoneType)
    if get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        return tuple(_made(inner, child) for child in value)
    if is_dataclass(kind) and isinstance(kind, type) and isinstance(value, Mapping):
        hints = get_type_hints(kind)
        return kind(**{name: _made(hints[name], child) for name, child in value.items() if name in hints})
    return kind(value) if isinstance(kind, type) and isinstance(value, str) else value
