"""What a value of the configuration may look like: durations, sizes, zones, addresses."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|kB|KB|MB|GB)?", re.ASCII)
_SIZES = {"B": 1, "kB": 1000, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000}


def _duration(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    match = _DURATION.fullmatch(str(value).strip())
    if not match:
        raise ValueError("a duration such as 90s, 15m, 6h, 7d")
    try:
        return timedelta(seconds=float(match[1]) * _UNITS[match[2] or "s"])
    except OverflowError as error:
        raise ValueError("a duration below a million years") from error


def _size(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    match = _SIZE.fullmatch(str(value).strip())
    if not match:
        raise ValueError("a size such as 500kB, 10MB")
    try:
        return int(float(match[1]) * _SIZES[match[2] or "B"])
    except OverflowError as error:
        raise ValueError("a size that a computer can have") from error


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError) as error:
        raise ValueError("a time zone of the IANA database such as Asia/Ho_Chi_Minh, Europe/Berlin, UTC") from error
    return value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    Field(ge=timedelta(0)),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?\s*(ms|s|m|h|d|w)?$"}, {"type": "number", "minimum": 0}]}
    ),
]
"""Seconds as a number, or a number with a unit: ``90s``, ``15m``, ``6h``, ``7d``, ``2w``."""

Size = Annotated[
    int,
    BeforeValidator(_size),
    Field(gt=0),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\d+(\.\d+)?\s*(B|kB|KB|MB|GB)?$"},
                {"type": "integer", "minimum": 1},
            ]
        }
    ),
]
"""Bytes as a number, or a number with a unit: ``500kB``, ``10MB``."""

ZoneName = Annotated[str, AfterValidator(_zone)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
HttpUrl = Annotated[str, Field(pattern=r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#]+\S*$", max_length=2048)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Network = IPv4Network | IPv6Network


class Section(BaseModel):
    """A part of the file: unknown keys are errors, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)
