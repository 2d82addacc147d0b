"""What a source wrote, where cleaning made something else of it: kept beside the entry, so that it can be explained."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from feedhub.model import Entry, RawCategory, RawEntry, RawPerson

_MAIL = re.compile(r"[^\s<>()]+@[^\s<>()]+")
_LONGEST, _MOST = 300, 40
"""Characters of a value and values of a kind that are kept; what is cut off ends in an ellipsis."""


def said_of(raw: RawEntry, entry: Entry) -> Mapping[str, tuple[str, ...]]:
    """Raw values by what they became, for those that became something else. Never addresses of people's mail."""
    pairs: tuple[tuple[str, Iterable[str], Iterable[str]], ...] = (
        ("id", (raw.id,), (entry.original_id,)),
        ("link", (link.href for link in raw.links if link.rel in {"", "alternate"}), (entry.link,)),
        ("title", (raw.title.value if raw.title else "",), (entry.title,)),
        ("published", (raw.published,), ()),
        ("updated", (raw.updated,), ()),
        ("authors", map(_person, raw.authors), (author.name for author in entry.authors)),
        ("contributors", map(_person, raw.contributors), (one.name for one in entry.contributors)),
        ("categories", map(_category, raw.categories), (category.name for category in entry.categories)),
        ("language", (raw.language,), (entry.language,)),
        ("publisher", (raw.publisher,), (entry.publisher,)),
    )
    return {name: kept for name, values, became in pairs if (kept := _kept(values, became))}


def _kept(values: Iterable[str], became: Iterable[str]) -> tuple[str, ...]:
    told = list(filter(None, values))
    if not told or told == list(became):
        return ()
    cut = [value if len(value) <= _LONGEST else value[:_LONGEST] + "…" for value in told[:_MOST]]
    return (*cut, "…") if len(told) > _MOST else tuple(cut)


def _person(person: RawPerson) -> str:
    extra = ", ".join(part for part in (person.role, person.uri) if part)
    name = _MAIL.sub("(an address)", person.name) or ("(an address)" if person.email else "")
    return f"{name} ({extra})" if extra else name


def _category(category: RawCategory) -> str:
    label = category.label if category.label != category.term else ""
    told = f"{category.term} = {label}" if label and category.term else category.term or label
    return f"{told} ({category.scheme})" if category.scheme else told
