"""How a source's ids behave, as far as the operator should know. Pure.

Nothing depends on it: entries are recognised by whatever behaves (:mod:`feedhub.dedupe.identity`). It explains why a
source's ids are not what its entries are known by.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from feedhub.model import Recognition, Trait

REMEMBERED = timedelta(days=30)
"""How long a trait is spoken of after it was seen last."""
FEW = 3
"""Known entries under other ids from which their ids can be said to change."""

SAID: Mapping[Trait, str] = {
    Trait.CHANGING_IDS: "its entries come under new ids again and again, so they are known by their links and texts",
    Trait.REPEATED_IDS: "it lists different entries under one id, so they are known by their links and texts",
    Trait.REUSED_IDS: "it gives ids of earlier entries to new ones, which are kept apart",
}


def traits_after(before: Mapping[Trait, datetime], seen: Recognition, now: datetime) -> Mapping[Trait, datetime]:
    """What is to be remembered after a document was read; what was not seen for a month is forgotten."""
    kept = {trait: at for trait, at in before.items() if now - at < REMEMBERED}
    if seen.by_other_id >= FEW and 2 * seen.by_other_id >= seen.known:
        kept[Trait.CHANGING_IDS] = now
    if seen.repeated:
        kept[Trait.REPEATED_IDS] = now
    if seen.reused:
        kept[Trait.REUSED_IDS] = now
    return kept


def said_of(traits: Mapping[Trait, datetime], now: datetime) -> str:
    """The traits as clauses of a sentence, each with its semicolon; "" when ids behave."""
    return "".join(f"; {SAID[trait]}" for trait in Trait if now - traits.get(trait, now - REMEMBERED) < REMEMBERED)
