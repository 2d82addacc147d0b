"""A page for people, or any other text that is no feed -> its characters."""

from __future__ import annotations

import re

from feedhub.model import ParseFailed
from feedhub.parse.chardet_guess import guess
from feedhub.parse.decode import decode
from feedhub.parse.sniff import sniff_bytes

_META = re.compile(rb"""<meta\b[^>]{0,200}?\bcharset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_HEAD = 4_096
"""Bytes in which a page says its encoding; the HTML standard looks at 1,024, and many pages are later."""


def read_text(body: bytes, charset: str | None) -> str | ParseFailed:
    """The characters of a text.

    :param charset: charset of the answer; without one a page's own ``<meta charset>`` counts.
    """
    refused = sniff_bytes(body)
    if refused is not None:
        return refused
    match = None if charset else _META.search(body, 0, _HEAD)
    return decode(body, charset or (match[1].decode("ascii") if match else None), guess).text
