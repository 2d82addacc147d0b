"""What one part of a page says of one article, before the parts are laid over each other. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from feedhub.model import RawCategory, RawEntry, RawLink, RawPerson, RawText, TextType
from feedhub.raw_digests import digest_of

MAX_VALUES = 40
"""Authors, categories or images of one entry that are taken."""


@dataclass(slots=True, kw_only=True)
class Facts:
    """Everything is as written; ``link`` and ``images`` are absolute. ``paywalled``: the text is not all there.

    Not frozen, though nobody changes one: filling the fields of a frozen one takes five times as long, for each row.
    """

    title: str = ""
    link: str = ""
    id: str = ""
    summary: str = ""
    content: RawText | None = None
    published: str = ""
    updated: str = ""
    authors: tuple[RawPerson, ...] = ()
    categories: tuple[RawCategory, ...] = ()
    images: tuple[str, ...] = ()
    publisher: str = ""  # the original one
    language: str = ""
    rights: str = ""
    comments: str = ""
    paywalled: bool = False


def laid_over(parts: Iterable[tuple[str, Facts]]) -> tuple[Facts, tuple[str, ...]]:
    """The facts of all parts, the first that says something winning; and for each field which part that was."""
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    named = list(parts)
    for field in fields(Facts):
        for name, facts in named:
            value = getattr(facts, field.name)
            if value:
                values[field.name], origin[field.name] = value, name
                break
    return Facts(**values), tuple(f"{field}: {name}" for field, name in origin.items())


def entry_of(facts: Facts) -> RawEntry:
    """The raw entry that says these facts."""
    said: dict[str, Any] = {}  # in the order of RawEntry, in which a digest counts
    if facts.id:
        said["id"] = facts.id
    if facts.link:
        said["links"] = (RawLink(href=facts.link, type="text/html"),)
    if facts.title:
        said["title"] = RawText(value=facts.title, type=TextType.PLAIN)
    if facts.summary:
        said["summary"] = RawText(value=facts.summary, type=TextType.PLAIN)
    if facts.content:
        said["content"] = (facts.content,)
    for name in ("published", "updated"):
        if value := getattr(facts, name):
            said[name] = value
    for name in ("authors", "categories", "images"):
        if value := getattr(facts, name):
            said[name] = value[:MAX_VALUES]
    for name in ("rights", "language", "publisher", "comments"):
        if value := getattr(facts, name):
            said[name] = value
    return RawEntry(**said, digest=digest_of(said))
