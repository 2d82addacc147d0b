"""What a source wrote, where cleaning made something else of it: kept beside the entry, so that it can be explained."""

from __future__ import annotations

import re
from collections.abc import Mapping

from feedhub.model import Entry, RawCategory, RawEntry, RawPerson

_MAIL = re.compile(r"[^\s<>()]+@[^\s<>()]+")
_LONGEST, _MOST = 300, 40
"""Characters of a value and values of a kind that are kept; what is cut off ends in an ellipsis."""


def said_of(raw: RawEntry, entry: Entry) -> Mapping[str, tuple[str, ...]]:
    """Raw values by what they became, for those that became something else. Never addresses of people's mail."""
    told = (
        ("id", _one(raw.id, entry.original_id)),
        ("link", _several([link.href for link in raw.links if link.rel in {"", "alternate"}], [entry.link])),
        ("title", _one(raw.title.value if raw.title else "", entry.title)),
        ("published", _one(raw.published)),
        ("updated", _one(raw.updated)),
        ("authors", _several([_person(one) for one in raw.authors], [one.name for one in entry.authors])),
        (
            "contributors",
            _several([_person(one) for one in raw.contributors], [one.name for one in entry.contributors]),
        ),
        ("categories", _several([_category(one) for one in raw.categories], [one.name for one in entry.categories])),
        ("language", _one(raw.language, entry.language)),
        ("publisher", _one(raw.publisher, entry.publisher)),
    )
    return {name: kept for name, kept in told if kept}


def _one(value: str, became: str = "") -> tuple[str, ...]:
    """The value, as it is kept, if it is there and became another one; of dates every one did."""
    return (_cut(value),) if value and value != became else ()


def _several(values: list[str], became: list[str]) -> tuple[str, ...]:
    if values == became:
        return ()
    told = list(filter(None, values))
    if not told or told == became:
        return ()
    cut = tuple(map(_cut, told[:_MOST]))
    return (*cut, "…") if len(told) > _MOST else cut


def _cut(value: str) -> str:
    return value if len(value) <= _LONGEST else value[:_LONGEST] + "…"


def _person(person: RawPerson) -> str:
    if person.name and not (person.role or person.uri or "@" in person.name):  # as most are
        return person.name
    extra = ", ".join(part for part in (person.role, person.uri) if part)
    name = _MAIL.sub("(an address)", person.name) or ("(an address)" if person.email else "")
    return f"{name} ({extra})" if extra else name


def _category(category: RawCategory) -> str:
    label = category.label if category.label != category.term else ""
    told = f"{category.term} = {label}" if label and category.term else category.term or label
    return f"{told} ({category.scheme})" if category.scheme else told
