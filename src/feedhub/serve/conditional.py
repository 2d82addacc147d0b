"""Conditional requests by the book (RFC 9110, section 13). Pure: headers and validators in, a verdict out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import Enum

from feedhub.model import EPOCH

_ENTITY_TAG = re.compile(r'\s*(?:,\s*)*((?:W/)?"[\x21\x23-\x7e\x80-\xff]*")\s*(?=,|$)')


class Verdict(Enum):
    """What to do with a GET or HEAD."""

    SEND = 200
    NOT_MODIFIED = 304
    FAILED = 412


def entity_tags(header: str) -> tuple[str, ...]:
    """The tags of an ``If-None-Match`` or ``If-Match`` list, as written; reading stops at the first damage."""
    tags, at = [], 0
    while match := _ENTITY_TAG.match(header, at):
        tags.append(match[1])
        at = match.end()
    return tuple(tags)


def opaque(tag: str) -> str:
    """A tag without its weakness: what weak comparison compares (8.8.3.2)."""
    return tag.removeprefix("W/")


def http_date(moment: datetime) -> str:
    """``Tue, 24 Nov 2026 04:00:00 GMT``."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def read_http_date(text: str) -> datetime | None:
    """A moment from any of the three spellings of HTTP; None for everything else."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def matched_tag(header: str, tags: Sequence[str]) -> str | None:
    """The first of our ``tags`` that an ``If-None-Match`` names, compared weakly; ``*`` names the first."""
    if header.strip() == "*":
        return tags[0]
    named = {opaque(tag) for tag in entity_tags(header)}
    return next((tag for tag in tags if opaque(tag) in named), None)


def _unmodified_since(headers: Mapping[str, str], name: str, modified: datetime) -> bool | None:
    """Whether nothing changed since the date in a header; None when header or date is missing or unreadable."""
    since = read_http_date(headers.get(name, ""))
    return None if since is None or modified == EPOCH else modified <= since


def evaluate(headers: Mapping[str, str], tags: Sequence[str], modified: datetime) -> tuple[Verdict, str]:
    """The verdict, and the tag to answer with.

    ``headers`` have lower-case names. ``tags`` are the strong tags of all encodings of the document, the one that
    would be sent first. The order of the questions is that of RFC 9110, 13.2.2: If-Match, If-Unmodified-Since,
    If-None-Match, and If-Modified-Since only where there is no If-None-Match.
    """
    chosen = tags[0]
    if (wanted := headers.get("if-match")) is not None:
        if wanted.strip() != "*" and not set(entity_tags(wanted)) & set(tags):
            return Verdict.FAILED, chosen
    elif _unmodified_since(headers, "if-unmodified-since", modified) is False:
        return Verdict.FAILED, chosen
    if (known := headers.get("if-none-match")) is not None:
        found = matched_tag(known, tags)
        return (Verdict.NOT_MODIFIED, found) if found else (Verdict.SEND, chosen)
    if _unmodified_since(headers, "if-modified-since", modified):
        return Verdict.NOT_MODIFIED, chosen
    return Verdict.SEND, chosen
