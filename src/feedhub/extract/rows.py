"""What one row says, field by field, however its values were found -> RawEntry. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from feedhub.model import PageMemory, PagePart, RawCategory, RawEntry, RawFeed, RawLink, RawPerson, RawText, TextType
from feedhub.patterns import BadPattern, OperatorPattern, compile_pattern
from feedhub.raw_digests import with_digest
from feedhub.settings import Pick, RowField

Values = Mapping[RowField, tuple[str, ...]]
"""What a row says. Summaries and contents are HTML where they look like it."""

MOST_VALUES = 50
"""Authors or categories of one row."""
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+);")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReading:
    """What was read at an address that is no feed.

    ``snippet`` outlines what the document shows where rows were looked for, ``suggestion`` is what would find some;
    both are words for people, and neither holds any text of the page. ``children``: parts that must be asked for
    before the list is whole; then ``feed`` has only what this document lists itself.
    """

    feed: RawFeed
    memory: PageMemory
    steps: tuple[str, ...] = ()
    items: str = ""  # selectors that automatic reading found, for a configuration
    fields: Mapping[str, str] = field(default_factory=dict)
    snippet: str = ""
    suggestion: str = ""
    children: tuple[PagePart, ...] = ()
    dated: bool = False  # the operator says where the date stands


def first_given(picks: Sequence[Pick], read: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
    """The values of the first pick that gives any, at most :data:`MOST_VALUES`.

    :param read: the values at what a pick's ``get`` names.
    """
    for pick in picks:
        values = tuple(made for value in read(pick.get) if (made := _made(pick, value)))
        if values:
            return values[:MOST_VALUES]
    return ()


def _made(pick: Pick, value: str) -> str:
    value = value.strip()
    if value and pick.regex:
        pattern = _compiled(pick.regex)
        value = (pattern.find(value) or "") if pattern else ""
    return pick.template.replace("{}", value) if value and pick.template else value


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> OperatorPattern | None:
    try:
        return compile_pattern(pattern)
    except BadPattern:  # the configuration was checked: another version of the library, perhaps
        return None


def entry_of(values: Values, base: str = "") -> RawEntry:
    """The entry that a row is. ``base``: what its links are relative to."""
    one = {name: found[0] for name, found in values.items() if found}
    return with_digest(
        RawEntry(
            id=one.get(RowField.ID, ""),
            links=(RawLink(href=one[RowField.LINK], base=base),) if RowField.LINK in one else (),
            title=_text(one.get(RowField.TITLE, "")),
            summary=_text(one.get(RowField.SUMMARY, ""), base),
            content=tuple(text for text in [_text(one.get(RowField.CONTENT, ""), base)] if text),
            published=one.get(RowField.DATE, ""),
            updated=one.get(RowField.UPDATED, ""),
            authors=_people(values.get(RowField.AUTHOR, ()), values.get(RowField.ROLE, ())),
            categories=tuple(RawCategory(term=term) for term in values.get(RowField.CATEGORIES, ())),
            images=values.get(RowField.IMAGE, ()),
        )
    )


def _text(value: str, base: str = "") -> RawText | None:
    if not value:
        return None
    return RawText(value=value, type=TextType.HTML if _MARKUP.search(value) else TextType.PLAIN, base=base)


def _people(names: Sequence[str], roles: Sequence[str]) -> tuple[RawPerson, ...]:
    """A role belongs to the person at its place, one role for several people to the first."""
    padded = [*roles, *[""] * len(names)]
    return tuple(RawPerson(name=name, role=role) for name, role in zip(names, padded, strict=False))


def completed(entry: RawEntry, other: RawEntry, *, but: frozenset[RowField] = frozenset()) -> RawEntry:
    """``entry`` with what only ``other`` says, without the fields ``but``."""
    changes: dict[str, object] = {}
    for name, attribute in _ATTRIBUTES.items():
        if name not in but and not getattr(entry, attribute) and getattr(other, attribute):
            changes[attribute] = getattr(other, attribute)
    return with_digest(replace(entry, **changes)) if changes else entry  # type: ignore[arg-type]


_ATTRIBUTES = {
    RowField.TITLE: "title",
    RowField.DATE: "published",
    RowField.UPDATED: "updated",
    RowField.AUTHOR: "authors",
    RowField.SUMMARY: "summary",
    RowField.CONTENT: "content",
    RowField.IMAGE: "images",
    RowField.CATEGORIES: "categories",
    RowField.ID: "id",
}


def has(entry: RawEntry, name: RowField) -> bool:
    """Whether an entry says anything of this field."""
    if name is RowField.LINK:
        return bool(entry.links)
    if name is RowField.ROLE:
        return any(person.role for person in entry.authors)
    return bool(getattr(entry, _ATTRIBUTES[name]))
