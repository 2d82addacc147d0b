"""Gaps to column values and back: as a row of ``gaps``, and as JSON beside the state of their source. Pure."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

from feedhub.model import Gap

_NAMES = tuple(field.name for field in fields(Gap))
_MOMENTS = ("after", "before", "noticed_at", "tried_at", "filled_at")


def gap_row(gap: Gap) -> dict[str, Any]:
    return {name: getattr(gap, name) for name in _NAMES}


def gap_of(row: RowMapping) -> Gap:
    return Gap(**{name: row[name] for name in _NAMES})


def pack_gap(gap: Gap | None) -> str | None:
    if gap is None:
        return None
    told = {name: value for name, value in gap_row(gap).items() if value}
    seconds = {name: int(told[name].timestamp()) for name in _MOMENTS if name in told}
    return json.dumps(told | seconds, ensure_ascii=False, separators=(",", ":"))


def unpack_gap(text: str | None) -> Gap | None:
    if text is None:
        return None
    told = json.loads(text)
    moments = {name: datetime.fromtimestamp(told[name], UTC) for name in _MOMENTS if name in told}
    return Gap(**(told | moments))
