"""Whether a document shows what was agreed on, or its selectors broke. Pure.

A page never says that it changed: its list is empty, or another one, or its dates are words. That is no news and must
not look like "no news": what follows is the failure *broken selector*, in a sentence that says what was expected, what
the page shows, and what would find something.
"""

from __future__ import annotations

from collections.abc import Iterator

from feedhub.extract.rows import SourceReading, has
from feedhub.model import Failure, ParseFailed, RawEntry
from feedhub.settings import Expect, RowField

HALVED = 6
"""Entries a list must have had before half of them is told as a loss: shorter ones come and go."""
ACCEPTED_AFTER = 3
"""Polls in a row after which a shorter list is what the page has now."""


def broken(reading: SourceReading, expect: Expect | None) -> ParseFailed | None:
    """What one document tells by itself; None when it shows what was expected."""
    entries = reading.feed.entries
    expect = expect or Expect()
    if len(entries) < expect.min_items:
        few = _counted(len(entries), "entry was", "entries were")
        return failed(f"{few} found where at least {expect.min_items} should be", reading)
    plain = reading.memory.kind == "sitemap" and "fields" not in expect.model_fields_set  # most know no titles
    for name in (RowField.LINK,) if plain else expect.fields:
        missing = sum(not has(entry, name) for entry in entries)
        if missing * 2 > len(entries):
            return failed(f"{missing} of {len(entries)} entries have no {name}", reading)
    return None


def undatable(reading: SourceReading, unread: list[str], dated: int) -> ParseFailed | None:
    """Dates that the operator pointed at and nobody can read.

    :param unread: what stands where a date should, of the entries without one that can be believed.
    :param dated: entries with a date that can.
    """
    if not reading.dated or len(unread) < 2 or len(unread) <= dated:
        return None
    return failed(f"{len(unread)} of {len(unread) + dated} dates cannot be read, such as “{unread[0][:60]}”", reading)


def halved(listed: int, before: int, failures: int) -> str:
    """What is wrong when a list lost half of its entries from one poll to the next; "" when it did not.

    :param before: entries the last good poll listed.
    :param failures: polls in a row that found it so: the page may simply have become shorter.
    """
    if before < HALVED or listed * 2 > before or failures >= ACCEPTED_AFTER - 1:
        return ""
    return f"the list has {listed} entries, {before} before"


def failed(what: str, reading: SourceReading) -> ParseFailed:
    parts = [what, f"the document shows {reading.snippet}" if reading.snippet else "", reading.suggestion]
    return ParseFailed(failure=Failure.BROKEN_SELECTOR, detail="; ".join(part for part in parts if part))


def missing_fields(entries: tuple[RawEntry, ...]) -> Iterator[tuple[RowField, int]]:
    """Fields that some entries say and others do not, with how many lack them."""
    for name in RowField:
        lacking = sum(not has(entry, name) for entry in entries)
        if 0 < lacking < len(entries):
            yield name, lacking


def _counted(number: int, one: str, more: str) -> str:
    return f"{number or 'no'} {one if number == 1 else more}"
