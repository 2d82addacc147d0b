"""A guess at an undeclared encoding. The one door to chardet."""

from __future__ import annotations

import chardet

SAMPLE = 200_000
"""Bytes looked at. More cost time and change the answer in none of the documents tried."""


def guess(body: bytes) -> str:
    """The name chardet gives to the encoding of ``body``; "" when it finds none."""
    return str(chardet.detect(body[:SAMPLE]).get("encoding") or "")
