"""Paths of categories: ``Economy > Gold``, however the steps are parted. Rules and sources mean the same by them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SIGN = re.compile(r"\s*(?:[-=]?>+|»+|›+|→+)\s*|\s+::\s+")
_WRITTEN = " > "


def steps_of(text: str) -> list[str]:
    """The names on a path from the widest to the narrowest; one name when it is no path."""
    return [step for part in _SIGN.split(text) if (step := part.strip())]


def path_of(steps: Sequence[str]) -> str:
    """A path in the one form in which all are kept and compared."""
    return _WRITTEN.join(steps)
