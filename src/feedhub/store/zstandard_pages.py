"""Pages and what articles said, packed for their columns."""

from __future__ import annotations

import zstandard

LEVEL = 6
MOST_KEPT = 5_000_000
"""Bytes of a page that is kept; of a larger one none is."""


def packed(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL).compress(body)


def unpacked(data: bytes) -> bytes:
    """What :func:`packed` made. Its size is told at its begin, and bounded by what was packed."""
    return zstandard.ZstdDecompressor().decompress(data)
